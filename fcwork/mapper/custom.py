"""Resolvers of the user's own: found out by their signature, called on columns or row by row.

A function whose first parameter is annotated ``pl.Series`` gets the whole column and returns one of the same length.
Any other gets one value, or the value and its source record where it takes two.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

from fcwork import frames
from fcwork.redact import mask

Resolver = Callable[..., Any]
Way = Literal["column", "value", "record"]
SCALARS: dict[type, type[pl.DataType]] = {str: pl.String, int: pl.Int64, float: pl.Float64, bool: pl.Boolean}
_SHOWN = 200  # characters of an exception's text
_ANY_NUMBER = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
_BY_POSITION = (
    inspect.Parameter.POSITIONAL_ONLY,
    inspect.Parameter.POSITIONAL_OR_KEYWORD,
    inspect.Parameter.VAR_POSITIONAL,
)


@dataclass(frozen=True)
class Call:
    """A resolver that is called: how, and the code of the issues that it raises."""

    name: str
    function: Resolver
    way: Way
    code: str = "map.resolver"


@dataclass(frozen=True)
class Answers:
    """What a call gave: a value a row, and what went wrong by the row's position."""

    values: pl.Series
    failures: Mapping[int, str]


def way_of(function: Any) -> Way:
    """Return how a resolver is called.

    Raises:
        TypeError: it cannot be called as a resolver; the text says why.
    """
    if not callable(function):
        raise TypeError(f"a resolver is a function, not {type(function).__name__}")
    if inspect.iscoroutinefunction(function):
        raise TypeError("an async function cannot be a resolver: give a plain one")
    parameters = _parameters(function)
    filled = [item for item in parameters if item.kind in _BY_POSITION]
    needed = [item for item in parameters if item.default is item.empty and item.kind not in _ANY_NUMBER]
    if not filled or needed[2:] or any(item.kind is item.KEYWORD_ONLY for item in needed):
        raise TypeError("a resolver takes (value), (value, record) or (column: pl.Series)")
    if _is_series(filled[0].annotation) and not needed[1:]:
        return "column"
    return "record" if needed[1:] else "value"


def run(call: Call, values: pl.Series, records: pl.DataFrame, skipped: pl.Series) -> Answers:
    """Call a resolver on a column; an exception of its own becomes a failure of its row, or of all for a column.

    Args:
        call: the resolver.
        values: what its source and default gave.
        records: the source rows, without identity.
        skipped: true for each row that failed before.
    """
    answers = _whole_column(call, values) if call.way == "column" else _asked(call, values, records, skipped)
    found = answers.values.cast(pl.String) if answers.values.dtype == pl.Null else answers.values
    return Answers(found.fill_nan(None) if found.dtype.is_float() else found, answers.failures)


def _parameters(function: Resolver) -> list[inspect.Parameter]:
    for eval_str in (True, False):  # a text may name what only a type checker imports
        try:
            found = inspect.signature(function, eval_str=eval_str).parameters.values()
        except (NameError, AttributeError, SyntaxError, TypeError, ValueError):
            continue
        return list(found)
    return [inspect.Parameter("value", inspect.Parameter.POSITIONAL_ONLY)]  # some built-in functions do not tell


def _is_series(annotation: Any) -> bool:
    text = annotation if isinstance(annotation, str) else ""
    return annotation is pl.Series or text.startswith(("pl.Series", "polars.Series"))


def _asked(call: Call, values: pl.Series, records: pl.DataFrame, skipped: pl.Series) -> Answers:
    """Call row by row, but for the skipped rows."""
    if not skipped.any():
        results, failures = _each_row(call, values, records)
        return Answers(_column(results), failures)
    results, failures = _each_row(call, values.filter(~skipped), records.filter(~skipped) if records.width else records)
    kept, given = (~skipped).arg_true().to_list(), iter(results)
    spread = [None if skip else next(given) for skip in skipped.to_list()]
    return Answers(_column(spread), {kept[at]: told for at, told in failures.items()})


def _each_row(call: Call, values: pl.Series, records: pl.DataFrame) -> tuple[list[Any], dict[int, str]]:
    arguments: list[Iterable[Any]] = [values.to_list()]
    if call.way == "record":
        arguments.append(records.iter_rows(named=True) if records.width else ({} for _ in values))
    answers = map(call.function, *arguments)  # goes on with the next row after an exception
    results: list[Any] = []
    failures: dict[int, str] = {}
    while len(results) < len(values):
        failure: Exception = StopIteration()  # which ends the map as well, if the function raises it
        try:
            results.extend(answers)
        except Exception as error:  # noqa: BLE001 - a user's function may raise anything, and one row never stops the rest
            failure = error
        if len(results) < len(values):
            failures[len(results)] = _said(failure)
            results.append(None)
    return results, failures


def _whole_column(call: Call, values: pl.Series) -> Answers:
    try:
        result = call.function(values)
    except Exception as error:  # noqa: BLE001 - as above
        return _all_failed(values, _said(error))
    if not isinstance(result, pl.Series):
        return _all_failed(values, f"it gave {type(result).__name__} instead of a polars Series")
    if len(result) != len(values):
        return _all_failed(values, f"it gave {len(result):,} values for {len(values):,} rows")
    return Answers(result.rechunk() if result.dtype != pl.Object else _column(result.to_list()), {})


def _all_failed(values: pl.Series, message: str) -> Answers:
    nothing = pl.Series([None] * len(values), dtype=pl.String)
    return Answers(nothing, dict.fromkeys(range(len(values)), message))


def _said(error: Exception) -> str:
    told = mask(str(error))[:_SHOWN]
    return f"{type(error).__name__}: {told}" if told else type(error).__name__


def _column(results: list[Any]) -> pl.Series:
    kinds = set(map(type, results)) - {type(None)}
    if len(kinds) == 1 and (kind := kinds.pop()) in SCALARS:
        try:
            return pl.Series(results, dtype=SCALARS[kind], strict=True)
        except (TypeError, OverflowError):  # whole numbers past 64 bits
            pass
    return frames.enter([{"value": result} for result in results])["value"] if results else pl.Series(dtype=pl.String)
