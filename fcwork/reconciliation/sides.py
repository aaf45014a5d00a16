"""One side of a reconciliation: a row a key, and what is wrong with those that cannot be compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from fcwork import frames
from fcwork.reconciliation import quantities
from fcwork.reconciliation.asked import Columns, Duplicates, SideName

NO_KEY, DUPLICATE, NO_QUANTITY, NO_NUMBER = "no_key", "duplicate", "no_quantity", "no_number"
_TOLD = {
    NO_KEY: "a part of the key is empty",
    NO_QUANTITY: "there is no quantity",
    NO_NUMBER: f"this is no plain number of at most {quantities.BEFORE} digits before the point",
    DUPLICATE: "another row has the same key",
}


@dataclass(frozen=True)
class Side:
    """The rows of one side.

    Attributes:
        name: left or right.
        frame: the rows as they came, with ``_row`` and ``_source``.
        rows: a row a key: ``k0`` … (the key), ``f0`` … (the quantities), ``s0`` … (as the side says them, where
            something is taken off them), ``at`` (its first row in ``frame``), ``n`` (how many rows it stands for),
            ``code``, ``about`` and ``value`` of what is wrong with it.
        keyless: the rows without a key, in the same columns.
        issues: a line for each row that cannot be compared.
    """

    name: SideName
    frame: pl.DataFrame
    rows: pl.DataFrame
    keyless: pl.DataFrame
    issues: pl.DataFrame


def side_of(
    name: SideName,
    frame: pl.DataFrame,
    keys: Sequence[pl.Series],
    *,
    columns: Columns,
    duplicates: Duplicates,
    at: datetime,
) -> Side:
    """Judge the rows of one side.

    Args:
        name: left or right.
        frame: its rows.
        keys: the columns of its key, comparable with those of the other side.
        columns: which are compared.
        duplicates: what becomes of rows that share a key.
        at: the instant of the issues.
    """
    key_names, fields = columns.names(name)
    less = columns.less if name == "left" else ()
    table = _table(name, frame, keys, fields, less)
    k = _named("k", len(key_names))
    has_key = pl.all_horizontal(pl.col(part).is_not_null() for part in k)
    keyless = table.filter(~has_key)
    keyless = keyless.with_columns(code=pl.lit(NO_KEY), about=pl.lit(key_names[0]), value=pl.lit(None, pl.String))
    amounts = [name for letter in "fs" for name in _named(letter, len(fields)) if name in table.columns]
    rows, repeated = _one_a_key(table.filter(has_key), k, amounts, duplicates)
    bad = pl.concat([keyless, table.filter(has_key & pl.col("code").is_not_null()), repeated], how="diagonal")
    return Side(name, frame, rows, keyless, _issues(name, frame, bad, key_names, at))


def _table(
    name: SideName, frame: pl.DataFrame, keys: Sequence[pl.Series], fields: Sequence[str], less: Sequence[str]
) -> pl.DataFrame:
    taken = {column: quantities.read(frame[column], f"{column} of the {name}") for column in (*fields, *less)}
    off = [taken[column] for column in less]
    values = [_less(taken[field], off) for field in fields]
    table = pl.DataFrame(
        [_without_blanks(key.alias(f"k{place}")) for place, key in enumerate(keys)]
        + [value.alias(f"f{place}") for place, value in enumerate(values)]
        + [taken[field].alias(f"s{place}") for place, field in enumerate(fields) if less]
    )
    return table.with_columns(
        *_wrong({column: (frame[column], taken[column]) for column in (*fields, *less)}),
        at=pl.int_range(pl.len(), dtype=pl.UInt32),
        n=pl.lit(1, pl.UInt32),
    )


def _wrong(columns: dict[str, tuple[pl.Series, pl.Series]]) -> list[pl.Expr]:
    """Return ``code``, ``about`` and ``value`` of what is wrong with each row: no number, before what is missing.

    Args:
        columns: by their names, as they came and as they were read.
    """
    code = pl.lit(None, pl.String)
    about, value = code, code
    for kind in (NO_QUANTITY, NO_NUMBER):
        for column, (came, read) in reversed(columns.items()):
            missing = _missing(came)
            bad = read.is_null() & (missing if kind == NO_QUANTITY else ~missing)
            code = pl.when(bad).then(pl.lit(kind)).otherwise(code)
            about = pl.when(bad).then(pl.lit(column)).otherwise(about)
            value = pl.when(bad).then(frames.as_text(pl.lit(came))).otherwise(value)
    return [code.alias("code"), about.alias("about"), value.alias("value")]


def _less(value: pl.Series, off: Sequence[pl.Series]) -> pl.Series:
    for taken in off:
        one, other = quantities.alike([value, taken])
        value = one - other
    return value


def _missing(column: pl.Series) -> pl.Series:
    if column.dtype == pl.String:
        return column.is_null() | (column.str.strip_chars() == "")
    return column.fill_nan(None).is_null() if column.dtype.is_float() else column.is_null()


def _without_blanks(key: pl.Series) -> pl.Series:
    """Return a key without texts that are empty."""
    return key.set(key.str.strip_chars() == "", None) if key.dtype == pl.String else key


def _one_a_key(
    table: pl.DataFrame, k: Sequence[str], amounts: Sequence[str], duplicates: Duplicates
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return a row a key, and the rows that share theirs without leave."""
    shared = table.select(pl.struct(k).is_duplicated()).to_series()
    several = table.filter(shared)
    if not several.height:
        return table, several
    alone = table.filter(~shared)
    no_number = pl.col("code").eq_missing(NO_NUMBER)
    worst = [
        pl.coalesce(pl.col(name).filter(no_number).first(), pl.col(name).drop_nulls().first()).alias(name)
        for name in ("code", "about", "value")
    ]
    one = "last" if duplicates == "last" else "first"
    grouped = several.group_by(k, maintain_order=True).agg(
        *[_merged(pl.col(name), duplicates).alias(name) for name in amounts],
        *worst,
        getattr(pl.col("at"), one)(),
        n=pl.len().cast(pl.UInt32),
    )
    if duplicates != "refuse":
        return pl.concat([alone, grouped.select(alone.columns)]).sort("at"), several.clear()
    nothing = pl.lit(None, pl.String)
    refused = grouped.with_columns(code=pl.lit(DUPLICATE), about=nothing, value=nothing)
    repeated = several.filter(pl.col("code").is_null()).with_columns(code=pl.lit(DUPLICATE))
    return pl.concat([alone, refused.select(alone.columns)]).sort("at"), repeated


def _merged(value: pl.Expr, duplicates: Duplicates) -> pl.Expr:
    """Return one quantity of several; none where one of those that it is made of is missing."""
    made = {"sum": value.sum(), "min": value.min(), "max": value.max()}.get(duplicates)
    if made is None:
        return value.last() if duplicates == "last" else value.first()
    return pl.when(value.is_not_null().all()).then(made)


def _issues(
    name: SideName, frame: pl.DataFrame, bad: pl.DataFrame, key_names: Sequence[str], at: datetime
) -> pl.DataFrame:
    """Return a line for each row that is refused, and a warning for one of the right that has no quantity yet."""
    of_right = pl.lit(name == "right") & (pl.col("code") == NO_QUANTITY)
    rows = bad.with_columns(frame.select(frames.IDENTITY)[bad["at"]])
    code, side = pl.col("code"), pl.lit(name)
    told: dict[str, Any] = {
        "field": pl.col("about").fill_null(", ".join(key_names)),
        "value": pl.col("value"),
        "key": frames.key_text(_named("k", len(key_names))),
    }
    why = code.replace_strict(_TOLD, return_dtype=pl.String)
    refused = frames.issues(
        rows.filter(~of_right),
        stage="reconcile",
        code=pl.format("reconcile.{}.{}", side, code),
        message=pl.format("the row of the {} is refused: {}", side, why),
        at=at,
        **told,
    )
    unknown = frames.issues(
        rows.filter(of_right),
        stage="reconcile",
        code="reconcile.old.missing",
        message="the right has the key and no quantity",
        at=at,
        severity="warning",
        **told,
    )
    return frames.join_issues([refused, unknown])


def _named(letter: str, count: int) -> list[str]:
    return [f"{letter}{place}" for place in range(count)]
