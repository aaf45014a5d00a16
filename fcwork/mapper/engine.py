"""The engine: a plan on a frame in one pass a level, then the rows that failed set apart and told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import polars as pl

from fcwork import frames
from fcwork.errors import MappingError
from fcwork.mapper import checks, levels, nodes, places, targets
from fcwork.mapper.cells import located, within
from fcwork.mapper.evaluation import evaluate
from fcwork.mapper.found import Found
from fcwork.mapper.paths import Path
from fcwork.mapper.places import Scope
from fcwork.mapper.plan import Field, Fields, Items, Part, Plan
from fcwork.names import did_you_mean
from fcwork.personal import findings

_SHOWN_COLUMNS = 30


@dataclass(frozen=True, eq=False)
class Outcome:
    """What became of a frame: ``mapped`` and ``rejected`` together hold each of its rows once."""

    mapped: pl.DataFrame
    rejected: pl.DataFrame
    issues: pl.DataFrame


@dataclass(frozen=True, eq=False)
class Traced(Outcome):
    """An outcome with the values behind it."""

    found: Found


def run(plan: Plan, rows: pl.DataFrame, *, at: datetime, strict_columns: bool = True) -> Traced:
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
    if strict_columns:
        tables = missing_columns(plan, rows, at)
    taken, early = nodes.taken(plan.nodes, rows)
    found = evaluate(plan.fields, levels.top(taken))
    failed = [check for check in (*early, *found.all_checks()) if check.failed.any()]
    found.failed = bad = checks.rejected(failed, rows.height)
    mapped = targets.as_frame(found)
    return Traced(
        mapped=mapped if bad is None else mapped.filter(~bad),
        rejected=checks.described(rows, failed, bad),
        issues=findings.issues(frames.join_issues([*tables, *(check.issues(at) for check in failed)]), rows),
        found=found,
    )


class _Absent(NamedTuple):
    """What is taken from a place that no row has, and where that was looked for."""

    entry: Field | Part | Items
    scope: Scope
    items: Items | None
    label: str


def missing_columns(plan: Plan, rows: pl.DataFrame, at: datetime) -> list[pl.DataFrame]:
    """Return a warning for each source that the rows have no column or field for.

    Raises:
        MappingError: it is a column of the rows, and required.
    """
    if not frames.without_identity(rows).columns:
        return []
    columns = {**dict(rows.schema), **{f"${node.name}": pl.Null() for node in plan.nodes}}
    absent = list(_absent(plan.fields, places.of_columns(columns)))
    _refuse([one.entry for one in absent if one.items is None and not one.entry.within], columns)
    source = rows[frames.SOURCE][0] if rows.height else ""
    return [_told(one, source, at) for one in absent]


def _absent(fields: Fields, scope: Scope, items: Items | None = None, above: str = "") -> Iterator[_Absent]:
    for entry in fields.order:
        inner, _ = within(scope, entry)
        place = next((place for path in _sources(entry) if (place := located(path, entry, scope, inner))), None)
        if place is None and _sources(entry):
            yield _Absent(entry, inner, items, above + entry.label)
        elif isinstance(entry, Items) and place is not None and entry.step is None:
            below = places.of_items(place, scope.root or scope, called=entry.source.last_name)
            yield from _absent(entry.fields, below, entry, f"{above}{entry.label}[].")


def _sources(entry: Field | Part | Items) -> tuple[Path, ...]:
    """Return what an entry is taken from; nothing for a constant."""
    if isinstance(entry, Field):
        return entry.sources if entry.literal is None else ()
    return (entry.source,) if entry.source and entry.source.text else ()


def _refuse(absent: Sequence[Field | Part | Items], columns: Mapping[str, pl.DataType]) -> None:
    known = [name for name in columns if name not in frames.IDENTITY]
    needed = [entry for entry in absent if entry.required and not entry.lenient and not _has_default(entry)]
    if not needed:
        return
    problems = [
        f"{entry.where}.source: the rows have no column {_source(entry)!r}{did_you_mean(_source(entry), known)}"
        for entry in needed
    ]
    shown = ", ".join(known[:_SHOWN_COLUMNS]) + (", …" if len(known) > _SHOWN_COLUMNS else "")
    context = (
        "give a context (context= or -c) for $context sources; else "
        if any(_source(entry)[:1] == "$" for entry in needed)
        else ""
    )
    raise MappingError(
        "required columns are missing:\n" + "\n".join(f"  {problem}" for problem in problems),
        path=f"{needed[0].where}.source",
        known=known,
        problems=problems,
        hint=f"{context}name one of the columns there are: {shown or 'none'}",
    )


def _has_default(entry: Field | Part | Items) -> bool:
    return isinstance(entry, Field) and entry.order == "mutation" and entry.default is not None


def _source(entry: Field | Part | Items) -> str:
    return entry.source if isinstance(entry, Field) else entry.source.text if entry.source else ""


def _told(absent: _Absent, source: str, at: datetime) -> pl.DataFrame:
    entry, name = absent.entry, _source(absent.entry)
    default = entry.default if isinstance(entry, Field) else None
    stand_in = "it is left empty" if default is None else "its default stands in"
    where = "the rows have no column"
    if entry.within:
        where = f"{entry.within[-1].text!r} has no field"
    elif absent.items is not None:
        where = f"the items of {absent.items.source.text!r} have no field"
    return frames.frame_issue(
        stage="map",
        code="map.missing_column",
        message=f"{where} {name!r}{did_you_mean(name, absent.scope.fields)}: {stand_in}",
        at=at,
        severity="warning",
        field=absent.label,
        source=source,
    )
