"""The mutation route: a send's rows as GraphQL mutations, several in a request, each told of in its answer."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from fcwork.client.by_reference import ByReference
from fcwork.client.existing import Existing, Node, created_at
from fcwork.client.mutation_form import MutationForm
from fcwork.client.mutation_sender import Going, MutationSender, Told
from fcwork.client.upsert import LEFT, Upsert
from fcwork.mutations import INPUT, MAX_BYTES, fitting
from fcwork.routes import OUTCOME_SCHEMA, Findings, Limits, Receipt

_DONE = Told("delivered")
_UNDATED = "it is there, and the platform does not tell since when"
_SHARED = "it is there once, and several rows would have created it"
_CHANGED = "it is there, and the platform does not tell whether it was updated to what the row says"
_SKEW = timedelta(seconds=10)  # how far the platform's clock may be behind
_READ_BACK = pl.Schema({name: dtype for name, dtype in OUTCOME_SCHEMA.items() if name != "receipt"})


class MutationRoute:
    """Rows as mutations; see ``FluentClient.mutations``.

    Args:
        sender: sends.
        form: what a request says of its rows.
        target: whose platform.
        per_request: the most mutations in one request.
        existing: finds what the rows create, where that can be looked for.
        upsert: sends where rows are looked up first: something is done about those that exist, or all of them do.
        repeat_safe, rate_per_second: as of a route.
    """

    verifiable = True

    def __init__(
        self,
        sender: MutationSender,
        form: MutationForm,
        *,
        target: str,
        per_request: int,
        existing: Existing | None,
        upsert: Upsert | ByReference | None,
        repeat_safe: bool,
        rate_per_second: float | None,
    ) -> None:
        self._sender, self._form = sender, form
        self._existing, self._upsert = existing, upsert
        self.name = f"mutation {form.operation.mutation}"
        self.target = target
        self.limits = Limits(max_rows=fitting(form.operation, per_request), max_bytes=MAX_BYTES)
        self.repeat_safe = repeat_safe
        self.rate_per_second = rate_per_second

    def __repr__(self) -> str:
        return f"MutationRoute({self._form.operation.mutation} to {self.target}, {self.limits.max_rows} a request)"

    def entity_ref(self, rows: pl.DataFrame) -> pl.Series:
        """Return each row's key, or a digest of what it says where it has none.

        Raises:
            ConfigError: a column is no argument of the mutation, or would be lost in an update.
        """
        self._form.check(rows)
        if self._upsert:
            self._upsert.check(rows)
        return pl.Series("ref", list(map(self._form.ref, self._form.values(rows))), dtype=pl.String)

    def pack(self, rows: pl.DataFrame) -> bytes:
        """Return the body of a request with these rows."""
        return self._form.body(rows)

    def post(self, body: bytes, rows: int) -> Receipt:
        """Send a body once, and read from its answer what became of each row.

        Where something is done about rows that exist, they are looked up first, and those that do go as updates in the
        same request. Rows that name what they change by a reference are refused where it is not there.

        Raises:
            ApiError: the request as a whole was refused or lost, by the rules of ``Route.post``.
        """
        given = self._form.values_in(body, rows)
        going = [Going(at, self._form.numbered(at + 1), values) for at, values in enumerate(given)]
        told = (self._upsert or self._sender).send(body, going)
        lines = [(self._form.ref(values), told[at]) for at, values in enumerate(given)]
        details = {
            "delivered": [ref for ref, became in lines if became == _DONE],
            "others": [[ref, *became] for ref, became in lines if became != _DONE],
        }
        return Receipt(uuid.uuid4().hex, rows, details, told=True)

    def outcomes(self, receipts: Sequence[Receipt]) -> Findings:
        """Return what the answers told; nobody is asked."""
        lines: list[tuple[Any, ...]] = []
        for receipt in receipts:
            lines += [(receipt.id, ref, *_DONE) for ref in receipt.details["delivered"]]
            lines += [(receipt.id, *line) for line in receipt.details["others"]]
        return Findings(pl.DataFrame(lines, schema=OUTCOME_SCHEMA, orient="row"))

    def read_back(self, rows: pl.DataFrame, refs: pl.Series, since: datetime) -> pl.DataFrame:
        """Look once for what rows of unknown end were to create; see ``routes.ReadsBack``.

        What is there and was created since, on the platform's clock, is ``delivered``, unless several of the rows
        would have created it. What was there before is ``unknown``, or delivered where rows that exist are left as they
        are. Where they are updated all that is there is ``unknown``: since when it is there proves no update. Rows of
        other mutations are not found.

        Raises:
            ApiError: the platform could not be asked.
        """
        if self._existing is None:
            return _READ_BACK.to_frame()
        found = self._existing.find([values.get(INPUT) or {} for values in self._form.values(rows)])
        seen = zip(refs, found, refs.is_duplicated(), strict=True)
        lines = [(ref, *self._seen(node, since, is_shared=shared)) for ref, node, shared in seen if node]
        return pl.DataFrame(lines, schema=_READ_BACK, orient="row")

    def _seen(self, node: Node, since: datetime, *, is_shared: bool) -> Told:
        created = created_at(node)
        if self._upsert and not self._upsert.leaves:
            return Told("unknown", None, _CHANGED)
        if is_shared and not self._upsert:
            return Told("unknown", None, _SHARED)
        if created and created >= since:
            return Told("delivered", None, f"it is there, created at {created.isoformat()}")
        if created and created >= since - _SKEW and not self._upsert:
            return Told("unknown", None, f"it is there, created at {created.isoformat()}, about when this was sent")
        if self._upsert:
            return LEFT
        before = created and f"it is there, and was before this was sent: created at {created.isoformat()}"
        return Told("unknown", None, before or _UNDATED)
