"""The answer to a request of mutations, row by row: what happened, what was refused, and what nobody can say."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import orjson
import polars as pl

from fcwork import frames
from fcwork.clock import SYSTEM, Clock
from fcwork.errors import ApiError, GraphQLError, RejectedError, RetryableError
from fcwork.mutations.outcome import OUTCOME, MutationOutcome
from fcwork.mutations.packing import MutationRequest
from fcwork.mutations.platform_errors import (
    Entry,
    broke_off,
    code_of,
    entries,
    field_of,
    message_of,
    path_of,
    turned_away,
    variable_in,
)

Became = Literal["delivered", "rejected", "retryable", "unknown"]

_CODES: Mapping[str, str] = {
    "delivered": "send.partial",
    "rejected": "send.rejected",
    "retryable": "send.not_done",
    "unknown": "send.unknown",
}
_LOOK = "it may have happened: look before sending it again"
_NO_ANSWER = f"no answer came: {_LOOK}"
_NOTHING_TOLD = f"the answer tells nothing of it: {_LOOK}"
_OTHERS = "nothing was done, as another mutation of the request made the platform refuse it whole"
_NULL = f"it was answered with null and no error: {_LOOK}"

_NO_ISSUES = frames.no_issues()


@dataclass(frozen=True)
class _Verdict:
    """What became of one row, why, and the entries that say so."""

    became: Became
    data: Any = None
    why: str = ""
    entries: tuple[Entry, ...] = ()
    code: str = ""  # of the issue, where it is not the usual one

    @property
    def message(self) -> str:
        texts = dict.fromkeys(map(message_of, self.entries))
        return ": ".join(filter(None, (self.why, "; ".join(texts))))


def parse(answer: Any, request: MutationRequest, *, clock: Clock = SYSTEM) -> MutationOutcome:
    """Return what an answer says of each row of its request.

    - A mutation that was answered with a value happened, even where a field of the answer failed; 0 and false are
      values.
    - One that was answered with null and an error of its own was rejected; if the platform turned it away for the
      moment, it can be sent again (``retryable``). If the error tells that the platform failed while at it, or sits
      below the mutation, which then was done, the outcome is unknown.
    - So it is where there is null without an error, or no word at all.
    - Where the request was refused as a whole, all its rows were. If the refusal names the variables of some, those
      are rejected, and the others, to which nothing was done, are ``retryable``.

    Source: spec.graphql.org/October2021, 6 Execution and 7 Response.

    Args:
        answer: the JSON object with ``data`` and ``errors``, or what has attributes of these names; an ``ApiError``
            that was raised instead; or None where no answer came.
        request: what was sent.
        clock: the time that issues bear.

    Raises:
        TypeError: this is no answer.
    """
    if answer is None:
        return _concluded(request, [_Verdict("unknown", why=_NO_ANSWER)] * len(request), clock=clock)
    if isinstance(answer, ApiError) and not isinstance(answer, GraphQLError):
        return _concluded(request, [_of_error(answer)] * len(request), clock=clock)
    read = _Answer(answer, request)
    verdicts = [read.verdict(alias, used) for alias, used in zip(request.aliases, request.used, strict=True)]
    outcome = _concluded(request, verdicts, clock=clock, errors=read.errors)
    return dataclasses.replace(outcome, opaque=read.opaque)


def not_sent(request: MutationRequest, *, clock: Clock = SYSTEM) -> MutationOutcome:
    """Return the outcome of a request that stays here: rejected if it is too large, else ``retryable``."""
    verdict = _Verdict("retryable", why="it was not sent", code="send.not_sent")
    if request.too_large:
        text = f"it takes {request.size:,} bytes, more than one request may hold, and was not sent"
        verdict = _Verdict("rejected", why=text, code="send.too_large")
    return _concluded(request, [verdict] * len(request), clock=clock, attempts=0)


class _Answer:
    """An answer, its errors sorted by the mutation they belong to.

    Args:
        answer: what came.
        request: what was sent.
    """

    def __init__(self, answer: Any, request: MutationRequest) -> None:
        data, errors = _held(answer)
        self.data: Mapping[str, Any] = data if isinstance(data, Mapping) else {}
        self._own: dict[str, list[Entry]] = {alias: [] for alias in request.aliases}
        whole: list[Entry] = []
        for entry in errors:
            first = next(iter(path_of(entry)), None)
            (self._own[first] if isinstance(first, str) and first in self._own else whole).append(entry)
        self.errors = tuple(whole)
        self._began = any(alias in self.data or own for alias, own in self._own.items())
        ours = {name for used in request.used for name in used}
        named = any(variable_in(entry) in ours for entry in whole)
        touched = any(own or self.data.get(alias) is not None for alias, own in self._own.items())
        self._others_are_at_fault = named and not touched and not any(map(broke_off, whole))
        self.opaque = bool(whole) and not touched and not self._others_are_at_fault

    def verdict(self, alias: str, used: Sequence[str]) -> _Verdict:
        """Return what became of one mutation, which uses some variables."""
        value, own = self.data.get(alias), tuple(self._own[alias])
        if value is not None:
            return _Verdict("delivered", value, entries=own)
        if own:
            return _failed(own, below=all(len(path_of(entry)) > 1 for entry in own))
        if self._began and alias not in self.data:
            return _Verdict("unknown", why=_NOTHING_TOLD, entries=self.errors)
        if not self.errors:
            return _Verdict("unknown", why=_NULL if alias in self.data else _NOTHING_TOLD)
        mine = tuple(entry for entry in self.errors if variable_in(entry) in used)
        if self._others_are_at_fault and not mine:
            return _Verdict("retryable", why=_OTHERS, entries=self.errors)
        return _failed(mine or self.errors)


def _failed(entries: tuple[Entry, ...], *, below: bool = False) -> _Verdict:
    """Return what became of a mutation that was answered with null and errors; ``below``: all in what it answers."""
    if below or any(map(broke_off, entries)):
        return _Verdict("unknown", why=_LOOK, entries=entries)
    return _Verdict("retryable" if all(map(turned_away, entries)) else "rejected", entries=entries)


def _of_error(error: ApiError) -> _Verdict:
    """Return what an error that was raised instead of an answer says of every row."""
    entry = {"message": error.message, "code": error.code}
    if isinstance(error, RetryableError | RejectedError):
        return _Verdict("retryable" if isinstance(error, RetryableError) else "rejected", entries=(entry,))
    return _Verdict("unknown", why=_LOOK, entries=(entry,))


def _held(answer: Any) -> tuple[Any, list[Entry]]:
    """Return the data and errors of an answer of any form."""
    if isinstance(answer, Mapping):
        return answer.get("data"), entries(answer.get("errors"))
    if not hasattr(answer, "data") or not hasattr(answer, "errors"):
        raise TypeError(f"an answer has data and errors; {type(answer).__name__} has not")
    warnings = getattr(answer, "warnings", ())  # the client holds these apart
    return answer.data, [*entries(answer.errors), *entries(warnings)]


def _concluded(
    request: MutationRequest,
    verdicts: Sequence[_Verdict],
    *,
    clock: Clock,
    errors: tuple[Entry, ...] = (),
    attempts: int = 1,
) -> MutationOutcome:
    lines = zip(request.rows, request.sources, request.aliases, request.keys, map(_line, verdicts), strict=True)
    frame = pl.DataFrame([(*named, *became) for *named, became in lines], schema=OUTCOME, orient="row")
    issues = _issues(frame, verdicts, clock=clock, attempts=attempts)
    if errors and not any(entry in errors for verdict in verdicts for entry in verdict.entries):
        issues = frames.join_issues([issues, *(_beside(entry, clock) for entry in errors)])
    return MutationOutcome(frame, issues, errors)


def _line(verdict: _Verdict) -> tuple[Any, ...]:
    """Return the columns of ``OUTCOME`` from ``ok`` on."""
    held = verdict.data if isinstance(verdict.data, Mapping) else {}
    known = [None if held.get(name) is None else str(held[name]) for name in ("id", "ref")]
    data = None if verdict.data is None else _json(verdict.data)
    code = next(filter(None, map(code_of, verdict.entries)), None)
    return verdict.became == "delivered", verdict.became, *known, data, code, verdict.message or None


def _json(data: Any) -> str:
    try:
        return orjson.dumps(data).decode()
    except TypeError:  # whole numbers of more than 64 bits, say
        return json.dumps(data, default=str)


def _issues(frame: pl.DataFrame, verdicts: Sequence[_Verdict], *, clock: Clock, attempts: int) -> pl.DataFrame:
    """Return a line for each error of a row, and one for each row of which no error speaks."""
    faults = [
        (at, code, severity, field, text)
        for at, verdict in enumerate(verdicts)
        for code, severity, field, text in _faults(verdict)
    ]
    if not faults:
        return _NO_ISSUES
    names = {"at": pl.UInt32, "code": pl.String, "severity": pl.String, "field": pl.String, "message": pl.String}
    table = pl.DataFrame(faults, schema=names, orient="row")
    rows = frame.select(*frames.IDENTITY, "key")[table["at"]].hstack(table.drop("at"))
    return frames.issues(
        rows,
        stage="send",
        field=pl.col("field"),
        code=pl.col("code"),
        message=pl.col("message"),
        key=pl.col("key"),
        attempts=attempts,
        at=clock.now(),
    ).with_columns(severity=rows["severity"])


def _faults(verdict: _Verdict) -> list[tuple[str, str, str, str]]:
    code = verdict.code or _CODES[verdict.became]
    severity = "warning" if verdict.became == "delivered" else "error"
    if verdict.became != "delivered" and not verdict.entries:
        return [(code, severity, "", verdict.why)]
    return [(code, severity, field_of(entry), _text(verdict.why, entry)) for entry in verdict.entries]


def _text(why: str, entry: Entry) -> str:
    """Return why, the platform's code and its message in one line."""
    code, message = code_of(entry), message_of(entry)
    return ": ".join(filter(None, (why, code if code not in message else "", message)))


def _beside(entry: Entry, clock: Clock) -> pl.DataFrame:
    """Return the line of an error that explains no row."""
    return frames.frame_issue(
        stage="send",
        code="send.partial",
        severity="warning",
        message=_text("", entry),
        attempts=1,
        at=clock.now(),
    )
