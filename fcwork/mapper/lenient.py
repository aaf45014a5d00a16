"""Lenient fields: where a strict reading finds nothing, the SDK's own answer stands, with a warning."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import polars as pl

from fcwork.mapper.cells import empty, shared_type
from fcwork.mapper.custom import column_of, fault_of
from fcwork.mapper.javascript import UNDEFINED
from fcwork.mapper.plan import Step
from fcwork.mapper.resolvers import text

# whose strict answer, where there is one, is the SDK's as well
_AGREE = ("parseInt", "parseFloat", "number", "formatDate", "formatDateShort", "parseDate", "toISO8601", "toDate")
_ON_TEXT = ("toString", "toJson")


@dataclass(frozen=True)
class Leniently:
    """What a step gave.

    Attributes:
        values: the answers.
        changed: where the answer is not the strict one, or that is an issue.
        undefined: where the SDK would write nothing.
    """

    values: pl.Series
    changed: pl.Series
    undefined: pl.Series


def answers(step: Step, given: pl.Series, strict: pl.Series, *, undefined: pl.Series) -> Leniently:
    """Return what the SDK gives.

    Args:
        step: a resolver of the SDK's.
        given: what it is given.
        strict: what it gives strictly.
        undefined: where there is no value at all, not even null.
    """
    nothing = empty(given, given.dtype)
    kind = step.name.removeprefix("sdk.")
    if kind in _AGREE:
        asked = strict.is_null() | nothing
    elif kind in _ON_TEXT and given.dtype == pl.String:
        asked = given.is_null() if kind == "toString" else nothing
    else:
        asked = pl.repeat(value=True, n=len(given), eager=True)
    if not asked.any() or step.lenient is None:
        none = pl.repeat(value=False, n=len(given), eager=True)
        return Leniently(strict, none, undefined & given.is_null())
    answer = _held(step.lenient) if kind == "parseJson" else step.lenient
    found = _asked(answer, given.filter(asked), undefined.filter(asked))
    gone = pl.Series([value is UNDEFINED for value in found], dtype=pl.Boolean)
    mine = column_of([None if value is UNDEFINED else value for value in found])
    values = _merged(strict, mine, asked)
    changed = _differs(strict, values)
    if step.expected:  # a row that is rejected strictly is told, even where the SDK too has no value
        changed |= strict.is_null() & ~nothing
    return Leniently(values, changed, _spread(gone, asked))


def _asked(function: Callable[[Any], Any], given: pl.Series, undefined: pl.Series) -> list[Any]:
    """Return the SDK's answers, each distinct value asked for once."""
    values = [UNDEFINED if no else value for value, no in zip(given.to_list(), undefined.to_list(), strict=True)]
    if given.dtype.is_nested():
        return [function(value) for value in values]
    known: dict[Any, Any] = {value: function(value) for value in dict.fromkeys(values)}
    return [known[value] for value in values]


def _held(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return a function that gives what it is given where no column can hold its answer, as where there is none."""

    def held(value: Any) -> Any:
        answer = function(value)
        return value if fault_of(None if answer is UNDEFINED else answer) else answer

    return held


def _merged(strict: pl.Series, mine: pl.Series, asked: pl.Series) -> pl.Series:
    if mine.null_count() == len(mine):
        return strict.set(asked, None) if asked.any() else strict
    kind = mine.dtype if asked.all() else shared_type(strict.dtype, mine.dtype) or shared_type(mine.dtype, strict.dtype)
    if kind is None:
        strict, mine, kind = _texts(strict), _texts(mine), pl.String()
    if asked.all():
        return mine.alias(strict.name)
    return strict.cast(kind).zip_with(~asked, _spread(mine.cast(kind), asked))


def _texts(values: pl.Series) -> pl.Series:
    return values.alias("v").to_frame().select(text(pl.col("v"), values.dtype)).to_series()


def _differs(strict: pl.Series, values: pl.Series) -> pl.Series:
    if strict.dtype != values.dtype:
        return _texts(strict).ne_missing(_texts(values))
    return strict.ne_missing(values)


def _spread(values: pl.Series, asked: pl.Series) -> pl.Series:
    """Return values at the rows that were asked, nothing (false) elsewhere."""
    at = asked.cast(pl.Int64).cum_sum() - 1
    spread = values.gather(at.clip(0, None)) if len(values) else values.extend_constant(None, len(asked))
    return spread & asked if values.dtype == pl.Boolean and not values.null_count() else spread
