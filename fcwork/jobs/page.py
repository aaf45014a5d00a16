"""A job for a notebook: what it is, its stages, its details and why it failed."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator
from datetime import datetime

import polars as pl

from fcwork import cards
from fcwork.jobs.history import stages_frame
from fcwork.jobs.record import JobRecord

_TIME = "%Y-%m-%d %H:%M:%S"


def fragment(record: JobRecord) -> str:
    """Return a record as HTML, without style, script or a live tag of the data's."""
    return "".join(_parts(record))


def _parts(record: JobRecord) -> Iterator[str]:
    yield f"<p><b>{html.escape(str(record))}</b></p>"
    yield f"<p>{html.escape(', '.join(_times(record)))}</p>"
    if record.stages:
        yield cards.table(_stages(record), limit=len(record.stages), caption="stages", ours=True)
    if record.details:
        table = pl.DataFrame({"name": list(record.details), "value": list(map(_shown, record.details.values()))})
        yield cards.table(table, caption="details", ours=True)
    if record.traceback:
        yield f"<details><summary>traceback</summary><pre>{html.escape(record.traceback)}</pre></details>"


def _stages(record: JobRecord) -> pl.DataFrame:
    """Return the stages as people read them."""
    return stages_frame(record).with_columns(
        pl.col("started_at", "ended_at").dt.strftime(_TIME),
        pl.col("duration_seconds").round(1),
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
