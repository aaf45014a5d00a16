"""Rows that share a key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

import polars as pl

from fcwork import frames
from fcwork.validator.columns import Column

Keep = Literal["first", "last", "none"]
KEEPS: tuple[Keep, ...] = get_args(Keep)
_ABOUT: dict[Keep, tuple[pl.Expr, str]] = {
    "first": (pl.col(frames.ROW).first(), "{} {} is already in row {}"),
    "last": (pl.col(frames.ROW).last(), "{} {} comes again in row {}"),
    "none": (pl.len().cast(pl.Int64), "{} {} is in {} rows"),
}


@dataclass(frozen=True)
class Repeats:
    """What a key's search found, over all rows of the frame.

    Attributes:
        shared: which rows share their key with another row.
        fails: which of them are one too many.
        note: a number for each of them that the message ends with.
    """

    shared: pl.Series
    fails: pl.Series
    note: pl.Series


@dataclass(frozen=True)
class Unique:
    """A key of one or several columns stands in one row only; a key with a null in it is none.

    Attributes:
        columns: what the key is made of.
        keep: which of the rows that share a key stays valid.
    """

    columns: tuple[str, ...]
    keep: Keep = "first"
    name: ClassVar[str] = "unique"
    code: ClassVar[str] = "check.duplicate"
    skippable: ClassVar[bool] = False

    @property
    def field(self) -> str:
        """What issues name as the field."""
        return ", ".join(self.columns)

    def shared(self, rows: pl.DataFrame, parts: Sequence[Column]) -> pl.Series:
        """Say which rows share their key with another row.

        Keys whose hashes differ do, so that only those few are compared whose hashes stand several times.
        """
        marks = pl.repeat(value=False, n=rows.height, dtype=pl.Boolean, eager=True)
        hashes = rows.select(pl.when(_whole(parts)).then(_key(parts).hash()).alias("hash"))["hash"]
        ordered = hashes.sort()
        several = ordered.filter(ordered == ordered.shift()).unique()
        if not len(several):
            return marks
        at = hashes.is_in(several.implode()).arg_true()
        columns = rows.select(part.value.alias(str(place)) for place, part in enumerate(parts))[at]
        return marks.scatter(at.filter(columns.is_duplicated()), True)  # noqa: FBT003 - polars' own signature

    def repeats(self, rows: pl.DataFrame, shared: pl.Series, parts: Sequence[Column]) -> Repeats:
        """Say which of the rows that share a key are one too many, and which row they repeat."""
        key, at = _key(parts), shared.arg_true()
        kept = {"first": key.is_first_distinct(), "last": key.is_last_distinct(), "none": pl.lit(value=False)}[
            self.keep
        ]
        found = rows[at].with_columns(kept.alias("kept"), _ABOUT[self.keep][0].over(key).alias("about"))
        note = pl.repeat(None, rows.height, dtype=pl.Int64, eager=True).scatter(at, found["about"])
        fails = pl.repeat(False, rows.height, dtype=pl.Boolean, eager=True).scatter(at, ~found["kept"])  # noqa: FBT003
        return Repeats(shared, fails, note)

    def message(self, parts: Sequence[Column], note: pl.Expr) -> pl.Expr:
        """Return such as ``ref A-1 is already in row 3``."""
        return pl.format(_ABOUT[self.keep][1], pl.lit(self.field), key_text(parts), note)


def key_text(parts: Sequence[Column]) -> pl.Expr:
    """Return the key's values joined by a colon, a null as nothing."""
    return pl.concat_str([part.text().fill_null("") for part in parts], separator=":")


def _key(parts: Sequence[Column]) -> pl.Expr:
    if len(parts) == 1:
        return parts[0].value
    return pl.struct(part.value.alias(str(at)) for at, part in enumerate(parts))


def _whole(parts: Sequence[Column]) -> pl.Expr:
    """Say which rows have a key: one with a null in it is none."""
    return pl.all_horizontal(part.value.is_not_null() for part in parts)
