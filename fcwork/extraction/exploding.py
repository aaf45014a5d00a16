"""Lists inside the nodes as rows: one for each item, beside what the node itself says."""

from __future__ import annotations

import polars as pl

from fcwork.errors import ConfigError
from fcwork.names import nearest


def explode(rows: pl.DataFrame, columns: tuple[str, ...]) -> pl.DataFrame:
    """Return one row for each item of a list column, its fields as ``column.field``.

    An empty list gives a row of nulls, so that no node is lost.

    Args:
        rows: the nodes.
        columns: the lists, one after the other; a later one may be a column that came out of an earlier one.

    Raises:
        ConfigError: there is no such column, or it is no list.
    """
    for name in columns:
        kind = rows.schema.get(name)
        if not isinstance(kind, pl.List):
            lists = [column for column, dtype in rows.schema.items() if isinstance(dtype, pl.List)]
            near = nearest(name, lists)
            told = f"did you mean {near!r}? " if near else ""
            what = "is no list" if kind else "is no column"
            raise ConfigError(
                f"{name!r} cannot be exploded: it {what}", hint=f"{told}lists: {', '.join(lists) or 'none'}"
            )
        rows = unnest(rows.explode(name, empty_as_null=True, keep_nulls=True), name)
    return rows


def unnest(rows: pl.DataFrame, name: str) -> pl.DataFrame:
    """Return the rows with an object column as columns of its fields, and so on for objects in it."""
    kind = rows.schema[name]
    if not isinstance(kind, pl.Struct):
        return rows
    names = [f"{name}.{inner.name}" for inner in kind.fields]
    rows = rows.with_columns(pl.col(name).struct.rename_fields(names)).unnest(name)
    for inner in names:
        rows = unnest(rows, inner)
    return rows
