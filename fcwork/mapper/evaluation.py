"""Evaluation: all fields of one level worked out in a single query; what must be called, called; then its lists."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from fcwork import frames
from fcwork.mapper import custom, levels, paths, places
from fcwork.mapper.cells import cell, listed, within
from fcwork.mapper.checks import Check
from fcwork.mapper.found import Found, Listed
from fcwork.mapper.levels import Level
from fcwork.mapper.places import Place
from fcwork.mapper.plan import Field, Fields, Items, Part
from fcwork.mapper.work import SEVERAL, Work


def evaluate(fields: Fields, level: Level) -> Found:
    """Work out all fields on all rows of a level, and of the levels below."""
    works = [Work(at, cell(entry, level.scope)) for at, entry in enumerate(fields.values)]
    wanted = [pl.col(name) for name in frames.IDENTITY]
    for work in works:
        wanted += work.expressions()
    for at, items in enumerate(fields.items):
        place, there = listed(items, level.scope)
        asked = {"l": place.value, "m": there, "n": place.several}
        wanted += [expression.alias(f"{name}{at}") for name, expression in asked.items() if expression is not None]
    for at, part in enumerate(fields.parts):
        wanted += _part(at, part, level)
    table = level.rows.lazy().select(wanted).collect()  # lazy: what two fields share is worked out once
    found = Found(level, fields)
    for work in works:
        work.finish(found, table)
    for at, part in enumerate(fields.parts):
        _take_part(found, part, table, at)
    for at, items in enumerate(fields.items):
        there, several = (table.get_column(f"{name}{at}", default=None) for name in "mn")
        if several is not None:
            several = several.fill_null(value=False) if there is None else several.fill_null(value=False) & there
            severity: frames.Severity = "warning" if items.lenient else "error"
            _check_list(found, items, "map.several", SEVERAL, several, severity=severity)
            if not items.lenient:
                there = ~several if there is None else there & ~several
        _take_list(found, items, table[f"l{at}"], there)
    return found


def _part(at: int, part: Part, level: Level) -> Iterator[pl.Expr]:
    if part.source is None and not part.within:
        return
    scope, there = within(level.scope, part)
    if there is not None:
        yield there.alias(f"o{at}")
    if part.source is not None:
        place = scope.locate(part.source)
        yield (place.value.is_not_null() if place and place.dtype != pl.Null else pl.lit(value=False)).alias(f"p{at}")


def _take_part(found: Found, part: Part, table: pl.DataFrame, at: int) -> None:
    outer, own = table.get_column(f"o{at}", default=None), table.get_column(f"p{at}", default=None)
    if part.required and own is not None:
        gone = ~own if outer is None else ~own & outer.fill_null(value=False)
        message = f"required, but {part.source.text if part.source else ''!r} gives no object"
        found.checks.append(Check(found.level, part.label, "map.required", message, gone, pl.lit(None)))
    sides = [side for side in (outer, own) if side is not None]
    found.parts[part] = None if not sides else sides[0] if len(sides) == 1 else sides[0] & sides[1]


def _take_list(found: Found, items: Items, given: pl.Series, there: pl.Series | None) -> None:
    """Take a list from what its source gave, work out its items, and count them."""
    if items.step is not None and items.step.call is not None:
        given = _resolved(found, items, items.step.call, given)
    place = places.as_list(Place(pl.col("given"), given.dtype))
    lists = given.alias("given").to_frame().select(place.value.alias(items.label)).to_series()
    if len(lists) != found.height:  # a constant: of a source that is nowhere, no item
        lists = levels.same([[]], lists.dtype, found.height)
    needs_record = _needs_record(items)
    inner, counts = levels.below(
        found.level, levels.only(lists, there), items.label, called=items.source.last_name, needs_record=needs_record
    )
    found.lists[items] = Listed(evaluate(items.fields, inner), counts, there)
    _check_counts(found, items, counts, there)


def _resolved(found: Found, items: Items, call: custom.Call, given: pl.Series) -> pl.Series:
    """Return the list that a resolver of the user's own gives for the source."""
    records = frames.without_identity(found.level.rows) if call.way == "record" else pl.DataFrame()
    answers = custom.run(call, given, records, found.never())
    told = pl.Series([answers.failures.get(at) for at in range(found.height)], dtype=pl.String)
    if items.masked:
        told = told.str.extract(r"^(\w+)")  # an exception's text may quote the value
    _check_list(found, items, call.code, f"{call.name} failed: " + told, told.is_not_null())
    return answers.values


def _check_counts(found: Found, items: Items, counts: pl.Series, there: pl.Series | None) -> None:
    needed = items.required and not items.lenient
    gone = counts == 0 if there is None else (counts == 0) & there.fill_null(value=False)
    if needed:
        _check_list(found, items, "map.required", f"required, but {items.source.text!r} gives no item", gone)
    if items.fewest:  # as in the SDK, a list that is not there does not have too few items
        few = (counts < items.fewest) & (counts > 0)
        _check_list(found, items, "map.items", f"at least {items.fewest} items are wanted", few)
    if items.most is not None:
        _check_list(found, items, "map.items", f"at most {items.most} items are wanted", counts > items.most)


def _check_list(
    found: Found,
    items: Items,
    code: str,
    message: str | pl.Series,
    failed: pl.Series,
    *,
    severity: frames.Severity = "error",
) -> None:
    found.checks.append(Check(found.level, items.label, code, message, failed, pl.lit(None), items.masked, severity))


def _needs_record(items: Items) -> bool:
    """Say whether the record itself is wanted below: for ``$root``, or where sources are the record's."""
    if items.whose == "record":
        return True
    rooted = any(path.text.startswith(paths.ROOT) for entry in items.fields.order for path in _paths(entry))
    return rooted or any(_needs_record(inner) for inner in items.fields.items)


def _paths(entry: Field | Part | Items) -> tuple[paths.Path, ...]:
    """Return all paths that an entry is taken by."""
    sources = entry.sources if isinstance(entry, Field) else (entry.source,) if entry.source else ()
    return (*entry.within, *sources)
