"""What findings quote of rows is hidden: told by their field, and by the values that their rows hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from fcwork.personal.names import below, covers, hidden_names
from fcwork.personal.texts import may_hold, text
from fcwork.redact import MASK

QUOTING = ("key", "value", "message")
NOT_SHOWN = "not shown, as it quotes a masked value"
_SHORT = 3  # a shorter value would be found in any word: it is looked for in quotes
_BEGINNING = 30  # of a longer value a message may quote no more than its beginning


def issues(found: pl.DataFrame, *rows: pl.DataFrame) -> pl.DataFrame:
    """Return issues that show nothing that is hidden.

    Args:
        found: in the columns of the issues table.
        rows: those that the issues are about, with ``_row`` and ``_source``, as they were read, as they were mapped.
    """
    if not (hidden_names() and found.height):
        return found
    found = found.with_columns(_by_field(found, any_hidden=any(map(_holds_hidden, rows))))
    for frame in rows:
        found = _unquoted(found, frame, ("source", "row"), QUOTING)
    return _by_name(found, QUOTING)


def errors(rows: pl.DataFrame, *others: pl.DataFrame, column: str = "_errors") -> pl.DataFrame:
    """Return rows with a text of ours on each that quotes nothing of theirs that is hidden.

    Args:
        rows: with the text.
        others: the same rows as they were before, which the text may quote too.
        column: the text.
    """
    if not (hidden_names() and rows.height and column in rows.columns):
        return rows
    for frame in (rows, *others):
        rows = _unquoted(rows, frame, ("_source", "_row"), (column,))
    return _by_name(rows, (column,))


def _by_field(found: pl.DataFrame, *, any_hidden: bool) -> pl.Expr:
    """Return the values without those of hidden fields, and without lines of a source that has hidden columns."""
    fields = found["field"].unique().drop_nulls()
    covered = [field for field in fields if any(map(covers, field.split(", ")))]
    line = pl.col("stage") == "read" if any_hidden else pl.lit(value=False)
    quotes = (pl.col("field").is_in(covered) | line) & pl.col("value").is_not_null()
    return pl.when(quotes).then(pl.lit(MASK)).otherwise("value").alias("value")


def _by_name(found: pl.DataFrame, columns: tuple[str, ...]) -> pl.DataFrame:
    """Return texts without what they quote with its name."""
    pattern = may_hold(hidden_names()).pattern
    return found.with_columns(
        pl.when(pl.col(name).str.contains(pattern))
        .then(pl.col(name).map_batches(lambda texts: _each(texts, pattern), return_dtype=pl.String))
        .otherwise(name)
        .alias(name)
        for name in columns
    )


def _each(texts: pl.Series, pattern: str) -> pl.Series:
    at = texts.str.contains(pattern).fill_null(value=False).arg_true()
    return texts.scatter(at, pl.Series([text(one) for one in texts.gather(at)], dtype=pl.String)) if len(at) else texts


def _unquoted(found: pl.DataFrame, rows: pl.DataFrame, on: tuple[str, str], columns: tuple[str, ...]) -> pl.DataFrame:
    """Return texts without the hidden values of their rows."""
    if not (_holds_hidden(rows) and {"_source", "_row"} <= set(rows.columns)):
        return found
    source, row = on
    identity = [pl.col("_source").alias(source), pl.col("_row").alias(row)]
    own = rows.join(
        found.select(pl.col(source).alias("_source"), pl.col(row).alias("_row")),
        on=["_source", "_row"],
        how="semi",
        nulls_equal=True,
    )
    values = own.select(*identity, _values(own).alias("_hidden")).unique([source, row], keep="first")
    told = found.join(values, on=[source, row], how="left", nulls_equal=True, maintain_order="left")
    most: Any = told["_hidden"].list.len().max() or 0
    for at in range(most):
        value = told["_hidden"].list.get(at, null_on_oob=True)
        told = told.with_columns(_without(told[name], value) for name in columns)
    return told.drop("_hidden")


def _without(texts: pl.Series, values: pl.Series) -> pl.Series:
    """Return texts without values: one that is the value, or quotes no more than its beginning, is gone as a whole."""
    text, value = pl.col("text"), pl.col("value")
    both = pl.DataFrame({"text": texts, "value": values})
    quotes = text.str.contains(value.str.slice(0, _BEGINNING), literal=True)
    at = both.select(quotes.fill_null(value=False)).to_series().arg_true()
    if not len(at):
        return texts
    wanted = pl.when(value.str.len_chars() < _SHORT).then(pl.format("'{}'", value)).otherwise(value)
    left = text.str.split(wanted).list.join(MASK)
    begun = (value.str.len_chars() > _BEGINNING) & left.str.contains(value.str.slice(0, _BEGINNING), literal=True)
    gone = pl.lit(MASK if texts.name in {"key", "value"} else NOT_SHOWN)
    shown = pl.when(text == value).then(pl.lit(MASK)).when(begun).then(gone).otherwise(left)
    return texts.scatter(at, both[at].select(shown).to_series())


def _values(rows: pl.DataFrame) -> pl.Series:
    """Return the hidden values of each row as texts, the longest first, as one may be a part of another."""
    of_row = pl.int_range(rows.height, dtype=pl.UInt32, eager=True).alias("at")
    plain = [column for column in rows if covers(column.name) and not column.dtype.is_nested()]
    tables = [
        pl.DataFrame({"at": of_row, "text": column.cast(pl.String)})
        for column in plain
        if column.dtype not in (pl.Binary, pl.Object)
    ]
    nested = [column for column in rows if column.dtype.is_nested() and _holds(column.name, column.dtype)]
    if nested:
        texts = [list(_of_record(row)) for row in pl.DataFrame(nested).iter_rows(named=True)]
        tables.append(pl.DataFrame({"at": of_row, "text": pl.Series(texts, dtype=pl.List(pl.String))}).explode("text"))
    if not tables:
        return pl.repeat(None, rows.height, dtype=pl.List(pl.String), eager=True)
    length = pl.col("text").str.len_chars()
    found = pl.concat(tables).filter(length > 0).sort("at", length, descending=[False, True])
    by_row = found.group_by("at", maintain_order=True).agg("text")
    return of_row.to_frame().join(by_row, on="at", how="left", maintain_order="left")["text"]


def _holds_hidden(rows: pl.DataFrame) -> bool:
    return any(_holds(name, kind) for name, kind in rows.schema.items())


def _holds(path: str, kind: Any) -> bool:
    """Say whether a column of this type is hidden, or something in it."""
    if covers(path):
        return True
    if isinstance(kind, pl.Struct):
        return any(_holds(below(path, field.name), field.dtype) for field in kind.fields)
    return isinstance(kind, pl.List | pl.Array) and _holds(path, kind.inner)


def _of_record(value: Any, path: str = "", *, inside: bool = False) -> Iterator[str]:
    inside = inside or (bool(path) and covers(path))
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _of_record(item, below(path, name), inside=inside)
    elif isinstance(value, list):
        for item in value:
            yield from _of_record(item, path, inside=inside)
    elif inside and value is not None:
        yield str(value)
