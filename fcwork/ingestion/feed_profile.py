"""What a load looked like: how many rows, where they are of, and how much of them is zero or empty."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

import polars as pl

from fcwork import frames
from fcwork.errors import ConfigError
from fcwork.names import did_you_mean

MOST_FIELDS = 200  # of a profile; a frame has rarely a fifth of them
MOST_LOCATIONS = 5_000  # by name; of more it is not known which
_DEEP = 3  # structs within structs
_LOCATIONS = frozenset({"location", "locationref", "locationid", "store", "storeref", "storeid"})
_QUANTITIES = frozenset({"qty", "quantity", "onhand", "stock", "available", "soh"})  # also where they are texts


@dataclass(frozen=True)
class Profile:
    """What a load looked like.

    Attributes:
        rows: how many it had.
        zeros: of each column of numbers, in what share of the rows it is zero.
        empty: of each field, in what share of the rows there is nothing.
        locations: which there were; None where no column tells, its values are masked, or there are too many.
        at: when it was loaded, as ISO text.
        run_id: by which run.
        sha256: of what was loaded.
    """

    rows: int
    zeros: dict[str, float] = field(default_factory=dict)
    empty: dict[str, float] = field(default_factory=dict)
    locations: tuple[str, ...] | None = None
    at: str = ""
    run_id: str = ""
    sha256: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return it as the store keeps it."""
        return {**asdict(self), "locations": None if self.locations is None else list(self.locations)}

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Profile:
        """Return what was kept."""
        locations = kept.get("locations")
        return cls(**{**kept, "locations": None if locations is None else tuple(locations)})


def profile_of(rows: pl.DataFrame, *, location: str | None = None, masked: Collection[str] = ()) -> Profile:
    """Return the profile of rows as they are sent; it takes a look at each column, and none at each row.

    Args:
        rows: those of the load.
        location: the column with the location; found by its name unless given.
        masked: columns whose values are for nobody's eyes: none of them is kept by name.

    Raises:
        ConfigError: there is no such column.
    """
    leaves = dict(_leaves(rows))
    where = _location(leaves, location)
    hidden = where is not None and not {where, where.partition(".")[0]}.isdisjoint(masked)
    if not rows.height:
        return Profile(0, locations=() if where and not hidden else None)
    looks = {name: (_is_zero(name, value, kind), _is_empty(value, kind)) for name, (value, kind) in leaves.items()}
    zero = rows.select(is_zero.mean().alias(name) for name, (is_zero, _) in looks.items() if is_zero is not None)
    empty = rows.select(is_empty.mean().alias(name) for name, (_, is_empty) in looks.items())
    return Profile(
        rows.height,
        zeros=_rounded(zero),
        empty=_rounded(empty),
        locations=None if where is None or hidden else _distinct(rows, leaves[where][0]),
    )


def _leaves(rows: pl.DataFrame) -> Iterator[tuple[str, tuple[pl.Expr, pl.DataType]]]:
    """Yield the columns that are not of ours, and the fields of those that are structs, by their dotted names."""
    left = [(name, pl.col(name), kind, 0) for name, kind in frames.without_identity(rows.head(0)).schema.items()]
    found = 0
    while left and found < MOST_FIELDS:
        name, value, kind, deep = left.pop(0)
        if isinstance(kind, pl.Struct) and deep < _DEEP:
            left = [
                (f"{name}.{own.name}", value.struct.field(own.name), _kind(own), deep + 1) for own in kind.fields
            ] + left
        else:
            found += 1
            yield name, (value, kind)


def _kind(own: pl.Field) -> pl.DataType:
    return own.dtype if isinstance(own.dtype, pl.DataType) else own.dtype()


def _is_zero(name: str, value: pl.Expr, kind: pl.DataType) -> pl.Expr | None:
    """Say of each row whether a number is zero; None for a column that holds no numbers."""
    if kind.is_numeric():
        return (value == 0).fill_null(value=False)
    if kind == pl.String and _plain(name) in _QUANTITIES:
        return (value.cast(pl.Float64, strict=False) == 0).fill_null(value=False)
    return None


def _is_empty(value: pl.Expr, kind: pl.DataType) -> pl.Expr:
    if kind == pl.String:
        return value.is_null() | (value.str.len_bytes() == 0)
    if isinstance(kind, pl.List):
        return value.is_null() | (value.list.len() == 0)
    return value.is_null()


def _location(leaves: Collection[str], named: str | None) -> str | None:
    if named is None:
        return next((name for name in leaves if _plain(name) in _LOCATIONS), None)
    if named not in leaves:
        raise ConfigError(
            f"expect names the location {named!r}, and no such column is sent{did_you_mean(named, leaves)}",
            hint=f"the columns are {', '.join(leaves)}",
        )
    return named


def _distinct(rows: pl.DataFrame, where: pl.Expr) -> tuple[str, ...] | None:
    found = rows.select(where.cast(pl.String).drop_nulls().unique().sort().alias("location"))["location"]
    return None if found.len() > MOST_LOCATIONS else tuple(found)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z]", "", name.rpartition(".")[2].lower())


def _rounded(shares: pl.DataFrame) -> dict[str, float]:
    return {name: round(share or 0.0, 6) for name, share in shares.row(0, named=True).items()} if shares.width else {}
