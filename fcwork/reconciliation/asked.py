"""What a caller asks of a reconciliation, read strictly: key and quantities, of both sides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, TypeAlias, get_args

import polars as pl

from fcwork import frames
from fcwork.errors import ConfigError
from fcwork.names import did_you_mean

SideName: TypeAlias = Literal["left", "right"]
Names: TypeAlias = str | Sequence[str] | Mapping[str, str]
Duplicates: TypeAlias = Literal["refuse", "sum", "min", "max", "first", "last"]
Within: TypeAlias = Literal["update", "none"]
Beyond: TypeAlias = Literal["review", "update"]
OnlyLeft: TypeAlias = Literal["create", "review", "none"]
OnlyRight: TypeAlias = Literal["zero", "remove", "review", "none"]
SIDES: tuple[SideName, ...] = get_args(SideName)
RESULTS = ("field", "old", "new", "difference", "percent", "kept_back", "action", "code", "reason", "approve")


@dataclass(frozen=True)
class Columns:
    """Which columns are compared, by what the left calls them.

    Attributes:
        keys, fields: the names on each side: left to right.
        less: columns of the left that are taken off its quantities.
    """

    keys: dict[str, str]
    fields: dict[str, str]
    less: tuple[str, ...] = ()

    def names(self, side: SideName) -> tuple[list[str], list[str]]:
        """Return the key's columns and the quantities of a side."""
        of_left = side == "left"
        return tuple(list(names) if of_left else list(names.values()) for names in (self.keys, self.fields))  # type: ignore[return-value]


@dataclass(frozen=True)
class Terms:
    """How differences are judged.

    Attributes:
        percent, absolute: the thresholds; None for none.
        rule: whether a difference is within them when it is within all, or within any.
        within, beyond: what it leads to then, and else.
        only_left, only_right: what a key leads to that is on one side alone.
        allow_negative: whether a quantity may be below zero.
        floors: whether quantities of which something was kept back end at zero.
    """

    percent: Decimal | None
    absolute: Decimal | None
    rule: Literal["all", "any"]
    within: Within
    beyond: Beyond
    only_left: OnlyLeft
    only_right: OnlyRight
    allow_negative: bool
    floors: bool


def columns_of(left: pl.DataFrame, right: pl.DataFrame, key: Names, compare: Names | None, less: Any) -> Columns:
    """Return the columns that a call names, all of them there.

    Raises:
        ConfigError: one is missing, named twice or named like a column of the result, or there is nothing to compare.
    """
    keys = _pairs("key", key)
    taken = _listed(less)
    fields = _numeric(left, right, [*keys, *keys.values(), *taken]) if compare is None else _pairs("compare", compare)
    if not keys or not fields:
        what = "the key names no column" if not keys else "there is no quantity to compare"
        raise ConfigError(what, hint="name them: key=['locationRef', 'skuRef'], compare={'counted': 'onHand'}")
    _there("left", left, [*keys, *fields, *taken])
    _there("right", right, [*keys.values(), *fields.values()])
    both = [*keys, *fields]
    twice = sorted(
        {name for names in (both, [*keys.values(), *fields.values()]) for name in names if names.count(name) > 1}
    )
    if twice:
        raise ConfigError(f"{', '.join(twice)}: named twice", hint="a column is part of the key, or one quantity")
    if own := [name for name in keys if name in (*RESULTS, *frames.OWN)]:
        raise ConfigError(
            f"the key cannot have a column {own[0]}: the differences have one of that name", hint="rename it"
        )
    return Columns(keys, fields, taken)


def known(**choices: tuple[Any, Any]) -> None:
    """Judge arguments that take one of some words.

    Raises:
        ConfigError: another was given.
    """
    for name, (given, words) in choices.items():
        if given not in get_args(words):
            raise ConfigError(f"{name}={given!r} is not known", hint=f"known: {', '.join(get_args(words))}")


def both_sides(duplicates: Duplicates | Mapping[str, Duplicates]) -> dict[SideName, Duplicates]:
    """Return what becomes of duplicates, by side."""
    if isinstance(duplicates, Mapping) and (strangers := set(duplicates) - set(SIDES)):
        raise ConfigError(f"duplicates has no side {min(map(str, strangers))}", hint="known: left, right")
    given: Any = duplicates if isinstance(duplicates, Mapping) else dict.fromkeys(SIDES, duplicates)
    found: dict[SideName, Duplicates] = {side: given.get(side, "refuse") for side in SIDES}
    for side in SIDES:
        known(duplicates=(found[side], Duplicates))
    return found


def _pairs(what: str, names: Names) -> dict[str, str]:
    pairs = dict(names) if isinstance(names, Mapping) else {name: name for name in _listed(names)}
    if any(not isinstance(name, str) for pair in pairs.items() for name in pair):
        raise ConfigError(f"{what}={names!r} names no columns", hint="a name, a list of names, or {left: right}")
    return pairs


def _listed(names: Any) -> tuple[str, ...]:
    return tuple(names or ()) if isinstance(names, list | tuple | None) else (names,)


def _numeric(left: pl.DataFrame, right: pl.DataFrame, keys: list[str]) -> dict[str, str]:
    """Return the columns of numbers that both sides have."""
    ours = [name for name, kind in left.schema.items() if kind.is_numeric() and name not in (*keys, *frames.OWN)]
    return {name: name for name in ours if name in right.columns and right.schema[name].is_numeric()}


def _there(side: SideName, frame: pl.DataFrame, names: list[str]) -> None:
    for name in names:
        if name not in frame.columns:
            columns = [column for column in frame.columns if column not in frames.OWN]
            near = did_you_mean(name, columns)
            raise ConfigError(
                f"the {side} has no column {name!r}{near}",
                hint=f"it has {', '.join(columns[:20])}; names that differ are given as {{left: right}}",
            )
