"""Targets: evaluated values put together, as columns of a frame or as one record."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any, TypeAlias

import polars as pl

from fcwork import frames
from fcwork.mapper import levels, places
from fcwork.mapper.cells import shared_type
from fcwork.mapper.found import Found
from fcwork.mapper.plan import Field, Items, Part, Target
from fcwork.mapper.resolvers import text

_Leaf: TypeAlias = "Field | Items"
_Tree: TypeAlias = "dict[str | int, _Leaf | _Tree]"


def as_frame(found: Found) -> pl.DataFrame:
    """Return the targets as columns in the mapping's order, dotted ones as objects; then the identity."""
    columns = list(_columns(found))
    return pl.DataFrame([*columns, *(found.level.rows[name] for name in frames.IDENTITY)])


def as_record(found: Found, row: int = 0) -> dict[str, Any]:
    """Return one row as a dict; what has no value is left out, but of lenient fields only what is undefined."""
    record: dict[str, Any] = {}
    for entry in found.fields.order:
        _write(found, entry, row, record)
    return record


def as_records(mapped: pl.DataFrame, found: Found) -> list[dict[str, Any]]:
    """Return the rows that were mapped as dicts, as ``as_record`` gives them."""
    if any(part.lenient for part in found.parts) or found.undefined or any(items.lenient for items in found.lists):
        failed = found.failed.to_list() if found.failed is not None else [False] * found.height
        return [as_record(found, row) for row, fault in enumerate(failed) if not fault]
    rows = frames.without_identity(mapped).to_dicts()
    return [{name: _held(value) for name, value in row.items() if value is not None} for row in rows]


def _columns(found: Found) -> Iterator[pl.Series]:
    tree: _Tree = {}
    for entry in found.fields.order:
        if not isinstance(entry, Part):
            branch: Any = tree
            for step in entry.target[:-1]:
                branch = branch.setdefault(step, {})
            branch[entry.target[-1]] = entry
    there = {part.target: seen for part, seen in found.parts.items() if part.lenient}
    for name, branch in tree.items():
        yield _column(found, branch, (name,), there).alias(str(name))


def _column(found: Found, branch: _Leaf | _Tree, target: Target, there: dict[Target, pl.Series | None]) -> pl.Series:
    if isinstance(branch, Field):
        unknown = branch in found.untyped and any(isinstance(step, int) for step in target)
        return levels.same([None], pl.Null(), found.height) if unknown else found.values[branch]
    if isinstance(branch, Items):
        return _list(found, branch)
    inner = {step: _column(found, below, (*target, step), there) for step, below in branch.items()}
    if all(isinstance(step, int) for step in inner):
        return _slots({int(step): values for step, values in inner.items()}, found.height)
    columns = [values.alias(str(step)) for step, values in inner.items()]
    held = pl.select(pl.any_horizontal(values.is_not_null() for values in columns)).to_series()
    if target in there:
        seen = there[target]
        held = held | (seen if seen is not None else ~found.never())
    table = pl.DataFrame(columns)
    if held.all():  # an object without any value is none
        return table.to_struct()
    return table.select(pl.when(pl.lit(held)).then(pl.struct(pl.all()))).to_series()


def _list(found: Found, items: Items) -> pl.Series:
    inner = found.lists[items]
    held = levels.gathered(pl.DataFrame(list(_columns(inner.found))).to_struct(), inner.counts)
    return levels.only(held, inner.there)


def _slots(inner: dict[int, pl.Series], height: int) -> pl.Series:
    """Return columns as the items of lists, by position; what they have of different types becomes text.

    A list ends with its last item that is something; before it, an object without a value stands as an empty one.
    """
    kind: pl.DataType = pl.Null()
    for values in inner.values():
        kind = _merged(kind, values.dtype) or pl.String()
    kind = _typed(kind)
    slots = [
        _cast(inner[at], kind) if at in inner else levels.same([None], kind, height) for at in range(max(inner) + 1)
    ]
    table = pl.DataFrame([values.alias(str(at)) for at, values in enumerate(slots)])
    columns = [pl.col(name) for name in table.columns]
    count = pl.max_horizontal(pl.when(column.is_not_null()).then(at) for at, column in enumerate(columns, 1))
    filled = [pl.struct(_or_empty(column, kind).alias("v")) for column in columns]  # lists themselves would be joined
    items = pl.concat_list(filled).list.head(count).list.eval(pl.element().struct.field("v"))
    return table.select(pl.when(count.is_not_null()).then(items)).to_series()


def _typed(dtype: pl.DataType) -> pl.DataType:
    """Return a type with text where nothing is known of it."""
    if isinstance(dtype, pl.Struct):
        return pl.Struct({name: _typed(inner) for name, inner in places.fields_of(dtype).items()})
    if isinstance(dtype, pl.List):
        return pl.List(_typed(places.inner_of(dtype)))
    return pl.String() if dtype == pl.Null else dtype


def _or_empty(column: pl.Expr, kind: pl.DataType) -> pl.Expr:
    fields = places.fields_of(kind)
    if not fields:
        return column
    empty = pl.struct(pl.lit(None, dtype=dtype).alias(name) for name, dtype in fields.items())
    return pl.when(column.is_null()).then(empty).otherwise(column)


def _merged(one: pl.DataType, other: pl.DataType) -> pl.DataType | None:
    if isinstance(one, pl.Struct) and isinstance(other, pl.Struct):
        fields = dict(places.fields_of(one))
        for name, dtype in places.fields_of(other).items():
            fields[name] = (_merged(fields[name], dtype) or pl.String()) if name in fields else dtype
        return pl.Struct(fields)
    if isinstance(one, pl.List) and isinstance(other, pl.List):
        return pl.List(_merged(places.inner_of(one), places.inner_of(other)) or pl.String())
    return shared_type(one, other) or shared_type(other, one)


def _cast(values: pl.Series, kind: pl.DataType) -> pl.Series:
    if values.dtype == kind:
        return values
    if values.null_count() == len(values):
        return levels.same([None], kind, len(values))
    if isinstance(kind, pl.List) and isinstance(values.dtype, pl.List):
        items = values.explode(empty_as_null=False, keep_nulls=False)
        lists = levels.gathered(_cast(items, places.inner_of(kind)), levels.counted(values))
        return levels.only(lists, values.is_not_null())
    whole = values.alias("v").to_frame()
    if not isinstance(kind, pl.Struct) or not isinstance(values.dtype, pl.Struct):
        told = text(pl.col("v"), values.dtype) if kind == pl.String else pl.col("v").cast(kind)
        return whole.select(told).to_series()
    own = places.fields_of(values.dtype)
    table = pl.DataFrame(
        [
            (_cast(values.struct.field(name), dtype) if name in own else levels.same([None], dtype, len(values))).alias(
                name
            )
            for name, dtype in places.fields_of(kind).items()
        ]
    )
    return levels.only(table.to_struct(), values.is_not_null())


def _write(found: Found, entry: Field | Part | Items, row: int, record: dict[str, Any]) -> None:
    if isinstance(entry, Part):
        seen = found.parts[entry]
        if entry.lenient and (seen is None or seen[row]):
            _set(record, entry.target, {})
        return
    if isinstance(entry, Items):
        inner = found.lists[entry]
        if inner.there is None or inner.there[row]:
            first = inner.starts[row]
            items = [as_record(inner.found, at) for at in range(first, first + int(inner.counts[row]))]
            _set(record, entry.target, items)
        return
    value = found.values[entry][row]
    value = value.to_list() if isinstance(value, pl.Series) else value
    if value is not None:
        _set(record, entry.target, value if entry.lenient else _held(value))
    elif entry.lenient and _is_written(found, entry, row):
        _set(record, entry.target, None)


def _is_written(found: Found, entry: Field, row: int) -> bool:
    if entry.within and not all(_there(found, entry, row)):
        return False
    undefined = found.undefined.get(entry)
    return undefined is None or not undefined[row]


def _there(found: Found, entry: Field, row: int) -> Iterator[bool]:
    for part, seen in found.parts.items():
        if part.target == entry.target[: len(part.target)] and seen is not None:
            yield bool(seen[row])


def _set(record: dict[str, Any], target: Target, value: Any) -> None:
    here: Any = record
    for step, after in pairwise(target):
        here = _child(here, step, [] if isinstance(after, int) else {})
    last = target[-1]
    if isinstance(last, int):
        _pad(here, last, objects=isinstance(value, dict))
    if isinstance(value, dict) and not value and not isinstance(last, int) and last in here:
        return
    here[last] = value


def _child(here: Any, step: str | int, new: Any) -> Any:
    if isinstance(step, int):
        _pad(here, step, objects=True)
        if here[step] is None or (here[step] == {} and isinstance(new, list)):
            here[step] = new
        return here[step]
    return here.setdefault(step, new)


def _pad(items: list[Any], at: int, *, objects: bool) -> None:
    """Make a list reach to a position; an object that is skipped stands as an empty one, as in the SDK."""
    while len(items) <= at:
        items.append({} if objects and len(items) < at else None)


def _held(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _held(item) for name, item in value.items() if item is not None}
    return [_held(item) for item in value] if isinstance(value, list) else value
