"""The record of a job: its statuses, its stages, and its form in the store."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

import polars as pl

from fcwork.frames import UTC_TIME

Status = Literal["queued", "processing", "completed", "completed_with_errors", "failed", "cancelled"]
MOVES: dict[Status, tuple[Status, ...]] = {
    "queued": ("processing", "failed", "cancelled"),
    "processing": ("processing", "completed", "completed_with_errors", "failed", "cancelled"),
    "completed": (),
    "completed_with_errors": (),
    "failed": (),
    "cancelled": (),
}
JOBS = pl.Schema(
    {
        "id": pl.String(),
        "name": pl.String(),
        "status": pl.String(),
        "stage": pl.String(),
        "message": pl.String(),
        "created_at": UTC_TIME,
        "started_at": UTC_TIME,
        "ended_at": UTC_TIME,
        "duration_seconds": pl.Float64(),
        "triggered_by": pl.String(),
        "error": pl.String(),
    }
)


@dataclass(frozen=True)
class StageRecord:
    """One stage of a job."""

    name: str
    message: str
    started_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True)
class JobRecord:
    """A job as it stands.

    Attributes:
        stage, message: what it does, or did last.
        stages: all that it did, in order.
        details: facts of the caller's own, as JSON-like data.
        error, traceback: why it failed; known secrets are masked.
    """

    id: str
    name: str
    created_at: datetime
    updated_at: datetime
    status: Status = "queued"
    stage: str = ""
    message: str = ""
    stages: tuple[StageRecord, ...] = ()
    started_at: datetime | None = None
    ended_at: datetime | None = None
    triggered_by: str = "manual"
    details: dict[str, Any] = field(default_factory=dict)
    error: str = ""
    traceback: str = ""

    @property
    def ended(self) -> bool:
        """Whether nothing more can happen to it."""
        return not MOVES[self.status]

    @property
    def duration_seconds(self) -> float | None:
        """Seconds from its start to its end; None before that."""
        if self.started_at is None or self.ended_at is None:
            return None
        return (self.ended_at - self.started_at).total_seconds()

    def __str__(self) -> str:
        doing = f", {self.stage}: {self.message}" if self.stage else ""
        return f"{self.name} {self.id}: {self.status}{doing}{f' ({self.error})' if self.error else ''}"


def begin_stage(record: JobRecord, name: str, message: str, now: datetime) -> JobRecord:
    """Return the record with one stage more, the one before it ended."""
    ended = end_stage(record, now)
    return replace(ended, stage=name, message=message, stages=(*ended.stages, StageRecord(name, message, now)))


def end_stage(record: JobRecord, now: datetime) -> JobRecord:
    """Return the record with its last stage ended, if it was open."""
    if not record.stages or record.stages[-1].ended_at is not None:
        return record
    return replace(record, stages=(*record.stages[:-1], replace(record.stages[-1], ended_at=now)), updated_at=now)


def next_statuses(record: JobRecord) -> str:
    """Return what the record's job may become, for people."""
    return " or ".join(status for status in MOVES[record.status] if status != record.status)


def to_json(record: JobRecord) -> dict[str, Any]:
    """Return the record as the store keeps it; halves of characters, which no file takes, are question marks."""
    text = json.dumps(asdict(record), default=datetime.isoformat, ensure_ascii=False)
    values: dict[str, Any] = json.loads(text.encode("utf-8", "replace"))
    return values


def from_json(values: Mapping[str, Any]) -> JobRecord:
    """Return a record that the store kept."""
    stages = tuple(StageRecord(**_with_times(stage)) for stage in values["stages"])
    return JobRecord(**{**_with_times(values), "stages": stages})


def _with_times(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: datetime.fromisoformat(value) if name.endswith("_at") and value else value
        for name, value in values.items()
    }
