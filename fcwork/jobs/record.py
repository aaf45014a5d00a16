"""The record of a job: its statuses, its stages, and its form in the store."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, asdict, dataclass, field, fields, replace
from datetime import UTC, datetime
from typing import Any, Literal, TypeVar

from fcwork import cards
from fcwork.errors import JobError

Status = Literal["queued", "processing", "completed", "completed_with_errors", "failed", "cancelled"]
Shown = Literal[Status, "lost"]  # a job that is processing, by a process that gives no sign any more
MOVES: dict[Shown, tuple[Status, ...]] = {
    "queued": ("processing", "failed", "cancelled"),
    "processing": ("processing", "completed", "completed_with_errors", "failed", "cancelled"),
    "completed": (),
    "completed_with_errors": (),
    "failed": (),
    "cancelled": (),
    "lost": ("processing", "completed", "completed_with_errors", "failed", "cancelled"),
}
_Record = TypeVar("_Record")


@dataclass(frozen=True)
class StageRecord:
    """One stage of a job; ``counts`` are whole numbers by name, such as the rows that were read."""

    name: str
    message: str
    started_at: datetime
    ended_at: datetime | None = None
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def duration_seconds(self) -> float | None:
        """Seconds from its start to its end; None before that."""
        return _seconds(self.started_at, self.ended_at)


@dataclass(frozen=True, repr=False)
class JobRecord:
    """A job as it stands.

    Attributes:
        status: where it is. ``lost`` is not stored: it is how a job is shown that is processing and whose heartbeat has
            stopped.
        stage, message: what it does, or did last.
        stages: all that it did, in order.
        details: facts of the caller's own, as JSON-like data.
        error, traceback: why it failed; known secrets are masked.
        lost_after_seconds: how long without a heartbeat is too long; None for a job that keeps none.
        heartbeat_at: the last heartbeat of a job that is processing, as ``get`` found it; it is not stored here.
        holder: the token of the worker that started it, or took it over; empty where none did.
        held_at: when that was.
    """

    id: str
    name: str
    created_at: datetime
    updated_at: datetime
    status: Shown = "queued"
    stage: str = ""
    message: str = ""
    stages: tuple[StageRecord, ...] = ()
    started_at: datetime | None = None
    ended_at: datetime | None = None
    triggered_by: str = "manual"
    details: dict[str, Any] = field(default_factory=dict)
    error: str = ""
    traceback: str = ""
    lost_after_seconds: float | None = None
    heartbeat_at: datetime | None = None
    holder: str = ""
    held_at: datetime | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing more can happen to it."""
        return not MOVES[self.status]

    @property
    def duration_seconds(self) -> float | None:
        """Seconds from its start to its end; None before that."""
        return _seconds(self.started_at, self.ended_at)

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        """The counts by stage, of those that have any; stages of one name give theirs together, the later ones last."""
        found: dict[str, dict[str, int]] = {}
        for stage in self.stages:
            if stage.counts:
                found[stage.name] = {**found.get(stage.name, {}), **stage.counts}
        return found

    def to_dict(self) -> dict[str, Any]:
        """Return the job as JSON-like data, as it is shown: instants as ISO 8601 in UTC, durations in seconds."""
        stages = [{**asdict(stage), "duration_seconds": stage.duration_seconds} for stage in self.stages]
        shown = {**asdict(self), "duration_seconds": self.duration_seconds, "stages": stages}
        values: dict[str, Any] = json.loads(json.dumps(shown, default=datetime.isoformat))
        return values

    def __str__(self) -> str:
        doing = f", {self.stage}: {self.message}" if self.stage else ""
        return cards.line(f"{self.name} {self.id}: {self.status}{doing}{f' ({self.error})' if self.error else ''}")

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from fcwork.jobs import page

        return page.fragment(self)


def begin_stage(record: JobRecord, name: str, message: str, now: datetime) -> JobRecord:
    """Return the record with one stage more, the one before it ended."""
    ended = end_stage(record, now)
    return replace(ended, stage=name, message=message, stages=(*ended.stages, StageRecord(name, message, now)))


def end_stage(record: JobRecord, now: datetime) -> JobRecord:
    """Return the record with its last stage ended, if it was open."""
    if not record.stages or record.stages[-1].ended_at is not None:
        return record
    return replace(record, stages=(*record.stages[:-1], replace(record.stages[-1], ended_at=now)), updated_at=now)


def count(record: JobRecord, counts: Mapping[str, int]) -> JobRecord:
    """Return the record with counts of the last stage that was begun; those of the same name are replaced.

    Raises:
        JobError: no stage was begun.
    """
    if not counts:
        return record
    if not record.stages:
        raise JobError(
            f"job {record.id!r} has no stage that these counts could be of: {', '.join(counts)}",
            hint="begin one: job.stage(name, counts=…); facts of the whole job are details",
            job_id=record.id,
        )
    last = record.stages[-1]
    return replace(record, stages=(*record.stages[:-1], replace(last, counts={**last.counts, **counts})))


def next_statuses(record: JobRecord) -> str:
    """Return what the record's job may become, for people."""
    return " or ".join(status for status in MOVES[record.status] if status != record.status)


def to_json(record: JobRecord) -> dict[str, Any]:
    """Return the record as the store keeps it; halves of characters, which no file takes, are question marks."""
    kept = {name: value for name, value in asdict(record).items() if name != "heartbeat_at"}
    text = json.dumps(kept, default=datetime.isoformat, ensure_ascii=False)
    values: dict[str, Any] = json.loads(text.encode("utf-8", "replace"))
    return values


def from_json(job_id: str, values: Any) -> JobRecord:
    """Return a record that the store kept: fields that an older fcwork did not know have their defaults.

    Raises:
        JobError: it is no record of a job.
    """
    try:
        return _read(JobRecord, values)
    except (TypeError, ValueError) as error:
        raise JobError(
            f"the record of job {job_id!r} cannot be read: {error}",
            hint="it is damaged, or of a newer fcwork; the other jobs are not touched by it",
            job_id=job_id,
        ) from error


def instant(value: Any) -> datetime:
    """Return an instant that the store kept as a text.

    Raises:
        TypeError: it is no text.
        ValueError: the text is no instant, or has no offset.
    """
    at = datetime.fromisoformat(value)
    if at.tzinfo is None:
        message = f"{value!r} has no offset"
        raise ValueError(message)
    return at.astimezone(UTC)


def _seconds(started_at: datetime | None, ended_at: datetime | None) -> float | None:
    return (ended_at - started_at).total_seconds() if started_at and ended_at else None


def _read(kind: Callable[..., _Record], values: Any) -> _Record:
    """Return a dataclass of what a store kept, each field judged by its annotation; what is unknown is left out."""
    known = _of(dict, values)
    declared: tuple[Any, ...] = fields(kind)  # type: ignore[arg-type]  # both kinds are dataclasses
    given = {item.name: _by_name(item.name, _READERS[item.type], known) for item in declared if item.name in known}
    lacking = [item.name for item in declared if _is_needed(item) and item.name not in known]
    if lacking:
        message = f"it lacks {', '.join(lacking)}"
        raise ValueError(message)
    return kind(**given)


def _is_needed(item: Field[Any]) -> bool:
    return item.default is MISSING and item.default_factory is MISSING


def _by_name(name: str, read: Callable[[Any], Any], known: Mapping[str, Any]) -> Any:
    try:
        return read(known[name])
    except (TypeError, ValueError) as error:
        message = f"{name}: {error}"
        raise ValueError(message) from error


def _of(kind: type | tuple[type, ...], value: Any) -> Any:
    if not isinstance(value, kind) or isinstance(value, bool):
        message = f"{str(value)[:40]!r} is not of the right type"
        raise TypeError(message)
    return value


def _text(value: Any) -> str:
    text: str = _of(str, value)
    text.encode()  # half a character has no place in a frame
    return text


def _status(value: Any) -> Status:
    if value not in MOVES or value == "lost":
        message = f"{str(value)[:40]!r} is no status"
        raise ValueError(message)
    status: Status = value
    return status


def _details(value: Any) -> dict[str, Any]:
    details: dict[str, Any] = _of(dict, value)
    json.dumps(details, ensure_ascii=False, allow_nan=False).encode()
    return details


_READERS: dict[str, Callable[[Any], Any]] = {
    "str": _text,
    "Shown": _status,
    "datetime": instant,
    "datetime | None": lambda value: None if value is None else instant(value),
    "float | None": lambda value: None if value is None else float(_of((int, float), value)),
    "dict[str, Any]": _details,
    "dict[str, int]": lambda value: {_text(name): _of(int, number) for name, number in _of(dict, value).items()},
    "tuple[StageRecord, ...]": lambda value: tuple(_read(StageRecord, stage) for stage in _of(list, value)),
}
