"""Sends a body of mutations once, and reads from the answer what became of each row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from fcwork.client import failures
from fcwork.client.calls import Answer, Call
from fcwork.client.codes import advise, code_of
from fcwork.client.graphql import faults_and_warnings, unreadable
from fcwork.client.http import Http
from fcwork.client.mutation_form import Values
from fcwork.errors import ApiError, AuthError, OutcomeUnknownError
from fcwork.mutations import MutationOutcome, MutationRequest, Numbered, parse

_EXISTS = "it exists already"
_TWINS = ("C0121", "C0123")  # docs.fluentcommerce.com: error-codes


class Told(NamedTuple):
    """What became of a row: one of ``routes.OUTCOMES``, the platform's code, and why."""

    outcome: str
    code: str | None = None
    message: str | None = None

    @property
    def is_twin(self) -> bool:
        """Whether the row was refused because what it creates exists already."""
        return self.outcome == "rejected" and (self.code or "")[:5].upper() in _TWINS


class Going(NamedTuple):
    """A row on its way: its place in the request, and its mutation with what that is given."""

    at: int
    part: Numbered
    values: Values


class MutationSender:
    """Sends bodies of mutations.

    Args:
        http: what sends.
        mutation: what they are called.
        repeat_safe: whether a second arrival of the same body has no further effect.
    """

    def __init__(self, http: Http, mutation: str, *, repeat_safe: bool) -> None:
        self._http = http
        self._mutation = mutation
        self._repeat_safe = repeat_safe

    def send(self, body: bytes, going: Sequence[Going]) -> dict[int, Told]:
        """Send a body once, and return what became of the row at each place.

        Raises:
            ApiError: the request as a whole was refused or lost, by the rules of ``Route.post``.
        """
        call = Call("POST", "/graphql", "repeatable" if self._repeat_safe else "once", body=body)
        answer = self._http.attempt(call, judge=unreadable)
        if isinstance(answer, ApiError):
            raise answer
        outcome = parse(answer.data, self._request(body, going), clock=self._http.clock)
        if error := _of_all(call, answer, outcome):
            raise error
        lines = outcome.frame.select("outcome", "code", "message").rows()
        return {way.at: _told(*line) for way, line in zip(going, lines, strict=True)}

    def _request(self, body: bytes, going: Sequence[Going]) -> MutationRequest:
        """Return what the answer is read by; what was sent stands in the body."""
        return MutationRequest(
            self._mutation,
            document="",
            variables={},
            rows=tuple(way.at + 1 for way in going),
            sources=("",) * len(going),
            aliases=tuple(way.part.alias for way in going),
            used=tuple(tuple(way.part.variables.values()) for way in going),
            keys=(None,) * len(going),
            size=len(body),
        )


def _of_all(call: Call, answer: Answer, outcome: MutationOutcome) -> ApiError | None:
    """Return the error that an answer is for all rows of its request: no word of any, or rights that are missing."""
    faults, _ = faults_and_warnings(answer.data)
    if not faults:
        return None
    advices = [advise(code_of(fault), str(fault.get("message") or "")) for fault in faults]
    barred = all(advice and advice.kind is AuthError for advice in advices)
    nothing_done = (outcome.frame["outcome"] == "rejected").all()
    if not (outcome.opaque or (barred and nothing_done)):
        return None
    error = failures.of_graphql(call, answer, faults)
    broke_off = call.effect == "once" and (outcome.frame["outcome"] == "unknown").all()
    if broke_off and not isinstance(error, OutcomeUnknownError):  # to cut it and send the halves could do it twice
        return OutcomeUnknownError(error.message, **{**answer.facts(), "code": error.code, "hint": failures.LOOK})
    return error


def _told(outcome: str, code: str | None, message: str | None) -> Told:
    told = Told(outcome, code, message and message[: failures.SHOWN])
    return told._replace(message=f"{_EXISTS}: {told.message}") if told.is_twin else told
