"""Creates what does not exist yet; what does is updated in the same request, or left as it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import polars as pl

from fcwork import log
from fcwork.client.existing import Existing, Node, Updates
from fcwork.client.mutation_form import MutationForm, body_of
from fcwork.client.mutation_sender import Going, MutationSender, Told
from fcwork.errors import ApiError
from fcwork.mutations import INPUT, Operation

LEFT = Told("delivered", None, "it exists already and was left as it is")
_MEANWHILE = Told("retryable", None, "it came into being meanwhile: sent again, it is updated")
_OTHER = "the platform says that it exists already, and does not list it under this identity"

_logger = log.get("client")


class Upsert:
    """What is done about rows that exist already.

    Args:
        sender: sends the mutations.
        existing: finds what exists.
        creates: the mutation that creates.
        form: of the one that updates; None leaves what exists as it is.
        updates: makes the update's input.
    """

    def __init__(
        self,
        sender: MutationSender,
        existing: Existing,
        *,
        creates: Operation,
        form: MutationForm | None,
        updates: Updates,
    ) -> None:
        self._sender, self._existing, self._creates = sender, existing, creates
        self._form, self._updates = form, updates

    @property
    def leaves(self) -> bool:
        """Whether what exists is left as it is."""
        return self._form is None

    def check(self, rows: pl.DataFrame) -> None:
        """Refuse rows whose fields would be lost in an update. Raises as ``Updates.check``."""
        if self._form:
            self._updates.check(rows)

    def send(self, body: bytes, creating: Sequence[Going]) -> dict[int, Told]:
        """Look up what exists, send the rest and the updates, and return what became of the row at each place.

        Raises:
            ApiError: nothing could be looked up, so nothing was done; or as ``MutationSender.send``.
        """
        found = self._found(creating)
        new = [way for way in creating if way.at not in found]
        going = [*new, *self._changing(creating, found)]
        told = dict.fromkeys(found, LEFT)
        if going:
            told |= self._sender.send(self._body(going) if found else body, going)
        told |= self._second_look([way for way in new if told[way.at].is_twin], told)
        _logger.info("mutation.upserted", rows=len(creating), found=len(found), changed=len(going) - len(new))
        return told

    def _body(self, going: Iterable[Going]) -> bytes:
        return body_of(self._creates, [(way.part, way.values) for way in going])

    def _changing(self, creating: Iterable[Going], found: Mapping[int, Node]) -> list[Going]:
        """Return the updates of what was found; none where that is left as it is."""
        if self._form is None:
            return []
        part, made = self._form.numbered, self._updates.input
        return [
            Going(way.at, part(way.at + 1), {INPUT: made(way.values[INPUT], found[way.at])})
            for way in creating
            if way.at in found
        ]

    def _second_look(self, refused: Sequence[Going], told: Mapping[int, Told]) -> dict[int, Told]:
        """Return what became of creates that were refused as existing, though they had not been found before."""
        try:
            found = self._found(refused) if refused else {}
        except ApiError as error:  # the others of the request are done: their end must not be lost
            why = f"it exists already, and could not be looked up: {error.message}"
            return {way.at: told[way.at]._replace(outcome="retryable", message=why) for way in refused}
        there = LEFT if self.leaves else _MEANWHILE
        return {way.at: there if way.at in found else told[way.at]._replace(message=_OTHER) for way in refused}

    def _found(self, going: Sequence[Going]) -> dict[int, Node]:
        nodes = self._existing.find([way.values.get(INPUT) or {} for way in going])
        return {way.at: node for way, node in zip(going, nodes, strict=True) if node}
