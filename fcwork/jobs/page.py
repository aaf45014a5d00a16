"""A job for a notebook: what it is, its stages, its details and why it failed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime

import polars as pl

from fcwork import cards
from fcwork.jobs.history import stages_frame
from fcwork.jobs.record import JobRecord

_TIME = "%Y-%m-%d %H:%M:%S"
_TONES: Mapping[str, cards.Tone] = {
    "queued": "calm",
    "processing": "calm",
    "completed": "good",
    "completed_with_errors": "doubt",
    "cancelled": "doubt",
}  # any other is bad


def fragment(record: JobRecord) -> str:
    """Return a record as a card, without script or a live tag of the data's."""
    return cards.Card(
        line=str(record),
        state=record.status,
        tone=_TONES.get(record.status, "bad"),
        facts={"When": ", ".join(_times(record))},
        below=list(_below(record)),
    ).html()


def _below(record: JobRecord) -> Iterator[str]:
    if record.stages:
        yield cards.table(stages(record), limit=len(record.stages), caption="stages", ours=True)
    if record.details:
        table = pl.DataFrame({"name": list(record.details), "value": list(map(_shown, record.details.values()))})
        yield cards.table(table, caption="details")
    if record.traceback:
        yield f"<details><summary>traceback</summary>{cards.pre(record.traceback)}</details>"


def stages(record: JobRecord) -> pl.DataFrame:
    """Return the stages as people read them."""
    return stages_frame(record).select(
        "stage",
        "message",
        pl.col("started_at").dt.strftime(_TIME).alias("began (UTC)"),
        pl.col("duration_seconds").round(1).alias("seconds"),
        pl.col("counts").replace("{}", ""),
    )


def _times(record: JobRecord) -> Iterator[str]:
    yield f"created {_told(record.created_at)} by {record.triggered_by}"
    if record.started_at:
        yield f"started {_told(record.started_at)}"
    if record.ended_at:
        took = "" if record.duration_seconds is None else f" after {record.duration_seconds:,.1f} s"
        yield f"ended {_told(record.ended_at)}{took}"
    if record.status == "lost":
        yield f"no sign of life since {_told(record.heartbeat_at or record.updated_at)}"


def _told(at: datetime) -> str:
    return f"{at:{_TIME}} UTC"


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
