"""What a load looked like: how many rows, where they are of, and how much of them is zero or empty."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import Any

import polars as pl

from fcwork import frames
from fcwork.errors import ConfigError
from fcwork.names import did_you_mean
from fcwork.personal import covers

MOST_FIELDS = 200  # of a profile; a frame has rarely a fifth of them
MOST_LOCATIONS = 5_000  # by name; of more it is not known which
_DEEP = 3  # structs within structs
_LOCATIONS = frozenset({"location", "locationref", "locationid", "store", "storeref", "storeid"})
_QUANTITIES = frozenset({"qty", "quantity", "onhand", "stock", "available", "soh"})  # also where they are texts
_Value = tuple[pl.Expr, pl.DataType]
_Leaf = tuple[str, _Value]


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
        masked: columns whose values are for nobody's eyes: none of them is kept by name, nor what is hidden everywhere.

    Raises:
        ConfigError: there is no such column, or it holds no texts or numbers.
    """
    leaves = dict(_leaves(_columns(rows)))
    where = _location(leaves, location)
    hidden = where is not None and (covers(where) or not {where, where.partition(".")[0]}.isdisjoint(masked))
    if not rows.height:
        return Profile(0, locations=() if where and not hidden else None)
    looked_at = islice(leaves.items(), MOST_FIELDS)
    looks = {name: (_is_zero(name, value, kind), _is_empty(value, kind)) for name, (value, kind) in looked_at}
    zero = rows.select(is_zero.mean().alias(name) for name, (is_zero, _) in looks.items() if is_zero is not None)
    empty = rows.select(is_empty.mean().alias(name) for name, (_, is_empty) in looks.items())
    return Profile(
        rows.height,
        zeros=_rounded(zero),
        empty=_rounded(empty),
        locations=None if where is None or hidden else _distinct(rows, leaves[where][0]),
    )


def _leaves(fields: Iterable[tuple[str, pl.Expr, pl.DataType]], deep: int = 0) -> Iterator[_Leaf]:
    """Yield the fields that are no structs, and those within structs by their dotted names."""
    for name, value, kind in fields:
        if isinstance(kind, pl.Struct) and deep < _DEEP:
            inner = ((f"{name}.{own.name}", value.struct.field(own.name), _kind(own)) for own in kind.fields)
            yield from _leaves(inner, deep + 1)
        else:
            yield name, (value, kind)


def _columns(rows: pl.DataFrame) -> Iterator[tuple[str, pl.Expr, pl.DataType]]:
    """Yield the columns that are not of ours."""
    for name, kind in frames.without_identity(rows.head(0)).schema.items():
        yield name, pl.col(name), kind


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


def _location(leaves: Mapping[str, _Value], named: str | None) -> str | None:
    """Return the column that tells the location."""
    if named is None:
        names = (name for name, (_, kind) in leaves.items() if _is_a_name(kind))
        return next((name for name in names if _plain(name) in _LOCATIONS), None)
    if named not in leaves:
        raise ConfigError(
            f"expect names the location {named!r}, and no such column is sent{did_you_mean(named, leaves)}",
            hint=f"the columns are {', '.join(islice(leaves, MOST_FIELDS))}",
        )
    if not _is_a_name(leaves[named][1]):
        raise ConfigError(
            f"expect names the location {named!r}, and that holds {leaves[named][1]}", hint="name a column of texts"
        )
    return named


def _is_a_name(kind: pl.DataType) -> bool:
    """Say whether values of a type can be told as texts."""
    return not kind.is_nested() and kind not in (pl.Object, pl.Binary)


def _distinct(rows: pl.DataFrame, where: pl.Expr) -> tuple[str, ...] | None:
    found = rows.select(where.cast(pl.String).drop_nulls().unique().sort().alias("location"))["location"]
    return None if found.len() > MOST_LOCATIONS else tuple(found)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z]", "", name.rpartition(".")[2].lower())


def _rounded(shares: pl.DataFrame) -> dict[str, float]:
    return {name: round(share or 0.0, 6) for name, share in shares.row(0, named=True).items()} if shares.width else {}
