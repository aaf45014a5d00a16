"""Jobs and stages as frames, and which of the jobs somebody wants to see."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

import polars as pl

from fcwork.errors import JobError
from fcwork.frames import UTC_TIME
from fcwork.jobs.record import MOVES, JobRecord
from fcwork.names import did_you_mean

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
        "updated_at": UTC_TIME,
        "heartbeat_at": UTC_TIME,
        "counts": pl.String(),  # JSON: by stage, {"read": {"rows": 100}}
        "details": pl.String(),  # JSON
    }
)
STAGES = pl.Schema(
    {
        "stage": pl.String(),
        "message": pl.String(),
        "started_at": UTC_TIME,
        "ended_at": UTC_TIME,
        "duration_seconds": pl.Float64(),
        "counts": pl.String(),  # JSON
    }
)


@dataclass(frozen=True)
class Wanted:
    """Which jobs to see; what is None is not asked.

    Raises:
        JobError: a name that is no text, an instant without an offset, or a limit that is none.
    """

    name: str | None = None
    statuses: frozenset[str] | None = None
    since: datetime | None = None
    until: datetime | None = None
    limit: int | None = None

    def __post_init__(self) -> None:
        if self.name is not None and not isinstance(self.name, str):
            raise JobError(f"name={self.name!r} is no name of jobs", hint="give a text or a pattern, or None for all")
        _require_instant("since", self.since)
        _require_instant("until", self.until)
        if self.limit is not None and (type(self.limit) is not int or self.limit < 0):
            raise JobError(f"limit={self.limit!r} is no number of jobs", hint="give a whole number, or None for all")

    def among(self, records: Iterable[JobRecord]) -> list[JobRecord]:
        """Return those of the records that are wanted, the newest first."""
        found = [record for record in records if self._holds(record)]
        found.sort(key=lambda record: (record.created_at, record.id), reverse=True)
        return found[: self.limit]

    def _holds(self, record: JobRecord) -> bool:
        named = self.name is None or record.name == self.name or fnmatchcase(record.name, self.name)
        of_status = self.statuses is None or record.status in self.statuses
        began = self.since is None or record.created_at >= self.since
        return named and of_status and began and (self.until is None or record.created_at < self.until)


def statuses(status: Any) -> frozenset[str] | None:
    """Return one status or several as a set; None is all.

    Raises:
        JobError: there is no such status.
    """
    if status is None:
        return None
    wanted = list(status) if isinstance(status, Iterable) and not isinstance(status, str) else [status]
    for one in wanted:
        if not isinstance(one, str) or one not in MOVES:
            raise JobError(
                f"{one!r} is no status of a job{did_you_mean(str(one), MOVES)}", hint=f"one of {', '.join(MOVES)}"
            )
    return frozenset(wanted)


def jobs_frame(records: Sequence[JobRecord]) -> pl.DataFrame:
    """Return records in the columns of ``JOBS``, in their order."""
    return pl.DataFrame([{name: _cell(record, name) for name in JOBS} for record in records], schema=JOBS)


def stages_frame(record: JobRecord) -> pl.DataFrame:
    """Return a record's stages in the columns of ``STAGES``, in their order."""
    others = [name for name in STAGES if name != "stage"]
    rows = [{"stage": stage.name, **{name: _cell(stage, name) for name in others}} for stage in record.stages]
    return pl.DataFrame(rows, schema=STAGES)


def _cell(record: object, name: str) -> Any:
    value = getattr(record, name)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value


def _require_instant(name: str, value: Any) -> None:
    if value is not None and not (isinstance(value, datetime) and value.utcoffset() is not None):
        raise JobError(
            f"{name}={value!r} is no instant", hint="give a datetime with its time zone, such as datetime.now(UTC)"
        )
