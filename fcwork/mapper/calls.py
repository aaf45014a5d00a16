"""The mutations of a frame: its mapped rows as requests, the others told, and the answers brought back to rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fcwork import cards, frames
from fcwork.clock import SYSTEM, Clock
from fcwork.errors import MappingError
from fcwork.mapper import targets
from fcwork.mapper.engine import Traced
from fcwork.mapper.plan import Plan
from fcwork.mutations import (
    PER_REQUEST,
    MutationOutcome,
    MutationRequest,
    Operation,
    join,
    parse,
    requests,
    typed,
)


@dataclass(frozen=True, repr=False, eq=False)
class Mutations:
    """The rows of a frame as requests, or rejected: each row that was read once.

    Attributes:
        requests: the requests, in the order of the rows; every mapped row stands in exactly one.
        rejected, issues: as of a ``MapResult``.
        counts: ``read``, ``mapped`` and ``rejected`` rows, ``requests``, and ``too_large`` of them.
    """

    requests: list[MutationRequest]
    rejected: Any
    issues: Any
    counts: Mapping[str, int]

    def parse(self, answers: Sequence[Any], *, clock: Clock = SYSTEM) -> MutationOutcome:
        """Return what the platform's answers say of each row.

        Args:
            answers: one for each request, in their order: the answer's JSON, a ``GraphQLResult``, the ``ApiError`` that
                came instead, or None where nothing came.
            clock: stamps the issues.

        Raises:
            ValueError: there are not as many answers as requests.
        """
        if len(answers) != len(self.requests):
            raise ValueError(f"{len(self.requests):,} requests have as many answers, not {len(answers):,}")
        return join(
            [parse(answer, request, clock=clock) for answer, request in zip(answers, self.requests, strict=True)]
        )

    def __iter__(self) -> Iterator[MutationRequest]:
        return iter(self.requests)

    def __len__(self) -> int:
        return len(self.requests)

    def __str__(self) -> str:
        told = f"{self.counts['mapped']:,} of {self.counts['read']:,} rows in {self.counts['requests']:,} requests"
        large = f", {self.counts['too_large']:,} too large to be taken" if self.counts["too_large"] else ""
        return cards.line(f"{told}{large}, {self.counts['rejected']:,} rejected")

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return cards.Card(line=str(self), below=[cards.pre(one.document) for one in self.requests[:1]]).html()


def operation_of(plan: Plan, schema: Any) -> Operation:
    """Return the operation of a plan, its types from the schema where there is one.

    Raises:
        MappingError: the mapping is of no mutation, or the schema has nothing that fits it.
    """
    if plan.operation is None:
        raise MappingError(
            "this mapping is of no mutation", hint='name one: "mutation": "createLocation" beside fields or arguments'
        )
    if schema is None:
        return plan.operation
    from fcwork import schema as schemas

    return typed(plan.operation, schemas.load(schema))


def call_of(plan: Plan, outcome: Traced, schema: Any) -> MutationRequest:
    """Return the request of a single record."""
    operation = operation_of(plan, schema)
    (request,) = requests(operation, [_arguments(plan, targets.as_record(outcome.found))])
    return request


def calls_of(plan: Plan, outcome: Traced, kind: frames.Kind, *, per_request: int | None, schema: Any) -> Mutations:
    """Return the requests of the rows that could be mapped."""
    operation = operation_of(plan, schema)
    values = [_arguments(plan, record) for record in targets.as_records(outcome.mapped, outcome.found)]
    size = per_request if per_request is not None else plan.per_request or PER_REQUEST
    if size < 1:
        raise MappingError(f"a request holds at least 1 mutation, not {size}", hint="mutations(frame, per_request=5)")
    made = requests(operation, values, rows=outcome.mapped, per_request=size)
    counts = {
        "read": outcome.mapped.height + outcome.rejected.height,
        "mapped": outcome.mapped.height,
        "rejected": outcome.rejected.height,
        "requests": len(made),
        "too_large": sum(request.too_large for request in made),
    }
    return Mutations(made, frames.leave(outcome.rejected, kind), frames.leave(outcome.issues, kind), counts)


def _arguments(plan: Plan, record: dict[str, Any]) -> dict[str, Any]:
    if plan.whole_input:
        return {"input": record}
    objects: dict[str, Any] = {part.label: {} for part in plan.fields.parts if len(part.target) == 1}
    return {**objects, **record}  # an object without a value is still an argument
