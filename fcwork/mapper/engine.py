"""The engine: a plan on a frame in one pass a level, then the rows that failed set apart and told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from fcwork import frames
from fcwork.errors import MappingError
from fcwork.mapper import checks, levels, nodes, places, targets
from fcwork.mapper.evaluation import evaluate
from fcwork.mapper.found import Found
from fcwork.mapper.plan import Field, Fields, Items, Plan
from fcwork.names import did_you_mean

_SHOWN_COLUMNS = 30


@dataclass(frozen=True, eq=False)
class Outcome:
    """What became of a frame: ``mapped`` and ``rejected`` together hold each of its rows once.

    Attributes:
        found: the values behind it, for a single record.
    """

    mapped: pl.DataFrame
    rejected: pl.DataFrame
    issues: pl.DataFrame
    found: Found


def run(plan: Plan, rows: pl.DataFrame, *, at: datetime, strict_columns: bool = True) -> Outcome:
    """Map ``rows``.

    Args:
        plan: the mapping.
        rows: source rows with identity.
        at: the instant that issues bear.
        strict_columns: a column that the frame lacks is an error for a required field, and a warning for any other.

    Raises:
        MappingError: the column of a required field is not there.
    """
    tables: list[pl.DataFrame] = []
    if strict_columns and len(frames.without_identity(rows).columns):
        tables = missing_columns(plan, rows, at)
    taken, early = nodes.taken(plan.nodes, rows)
    found = evaluate(plan.fields, levels.top(taken))
    failed = [check for check in (*early, *found.all_checks()) if check.failed.any()]
    bad = checks.rejected(failed, rows.height)
    mapped = targets.as_frame(found)
    return Outcome(
        mapped=mapped if bad is None else mapped.filter(~bad),
        rejected=checks.described(rows, failed, bad),
        issues=frames.join_issues([*tables, *(check.issues(at) for check in failed)]),
        found=found,
    )


def missing_columns(plan: Plan, rows: pl.DataFrame, at: datetime) -> list[pl.DataFrame]:
    """Return a warning for each field whose source is no column of the rows.

    Raises:
        MappingError: one of those fields is required.
    """
    columns = {**dict(rows.schema), **{f"${node.name}": pl.Null() for node in plan.nodes}}
    scope = places.of_columns(columns)
    absent = [entry for entry in _from_columns(plan.fields) if not _is_there(entry, scope)]
    _refuse(absent, columns)
    source = rows[frames.SOURCE][0] if rows.height else ""
    return [_absent(entry, rows.columns, source, at) for entry in absent]


def _from_columns(fields: Fields) -> list[Field | Items]:
    """Return what takes its source from the record itself, and is no constant."""
    values = [field for field in fields.values if field.literal is None and field.sources and not field.within]
    return [*values, *(items for items in fields.items if not items.within and items.source.text)]


def _is_there(entry: Field | Items, scope: places.Scope) -> bool:
    wanted = entry.sources if isinstance(entry, Field) else (entry.source,)
    return any(scope.locate(path) for path in wanted)


def _refuse(absent: Sequence[Field | Items], columns: Mapping[str, pl.DataType]) -> None:
    known = [name for name in columns if name not in frames.IDENTITY]
    needed = [entry for entry in absent if entry.required and not entry.lenient and not _has_default(entry)]
    if not needed:
        return
    problems = [
        f"{entry.where}.source: the rows have no column {_source(entry)!r}{did_you_mean(_source(entry), known)}"
        for entry in needed
    ]
    shown = ", ".join(known[:_SHOWN_COLUMNS]) + (", …" if len(known) > _SHOWN_COLUMNS else "")
    context = "give context= for $context sources; else " if any(_source(entry)[:1] == "$" for entry in needed) else ""
    raise MappingError(
        "required columns are missing:\n" + "\n".join(f"  {problem}" for problem in problems),
        path=f"{needed[0].where}.source",
        known=known,
        problems=problems,
        hint=f"{context}name one of the columns there are: {shown or 'none'}",
    )


def _has_default(entry: Field | Items) -> bool:
    return isinstance(entry, Field) and entry.order == "mutation" and entry.default is not None


def _source(entry: Field | Items) -> str:
    return entry.source if isinstance(entry, Field) else entry.source.text


def _absent(entry: Field | Items, columns: Sequence[str], source: str, at: datetime) -> pl.DataFrame:
    default = entry.default if isinstance(entry, Field) else None
    stand_in = "it is left empty" if default is None else "its default stands in"
    name = _source(entry)
    return frames.frame_issue(
        stage="map",
        code="map.missing_column",
        message=f"the rows have no column {name!r}{did_you_mean(name, columns)}: {stand_in}",
        at=at,
        severity="warning",
        field=entry.label,
        source=source,
    )
