"""Resolvers of the user's own: found out by their signature, called on columns or row by row.

A function whose first parameter is annotated ``pl.Series`` gets the whole column and returns one of the same length.
Any other gets one value, or the value and its source record where it takes two. What the mapping gives as ``params``
comes in by name.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any, Literal, TypeVar
from uuid import UUID

import polars as pl

from fcwork import frames, shapes
from fcwork.redact import mask

Resolver = Callable[..., Any]
_Function = TypeVar("_Function", bound=Resolver)
Way = Literal["column", "value", "record"]
Gives = type[pl.DataType] | None
SCALARS: dict[Any, type[pl.DataType]] = {str: pl.String, int: pl.Int64, float: pl.Float64, bool: pl.Boolean}
_HELD = (str, int, float, Decimal, date, time, timedelta, bytes, UUID, pl.Series)  # what a column can hold
_FOREIGN = ("numpy", "pandas")  # whose values frames know
_SHOWN = 200  # characters of an exception's text
_AT_ONCE = 4_096  # rows: what they take stays in the processor's cache
_ANY_NUMBER = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
_BY_POSITION = (
    inspect.Parameter.POSITIONAL_ONLY,
    inspect.Parameter.POSITIONAL_OR_KEYWORD,
    inspect.Parameter.VAR_POSITIONAL,
)
_BY_NAME = (inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
REGISTERED: dict[str, Resolver] = {}


@dataclass(frozen=True)
class Call:
    """A resolver that is called.

    Attributes:
        name: as the mapping calls it.
        function: what is called, its params given.
        way: on a column, on a value, or on a value and its record.
        code: the code of the issues that it raises.
        gives: the type of its values, where it says so.
    """

    name: str
    function: Resolver = field(repr=False)  # it may hold params
    way: Way
    code: str = "map.resolver"
    gives: Gives = None


@dataclass(frozen=True)
class Answers:
    """What a call gave: a value a row, and what went wrong by the row's position."""

    values: pl.Series
    failures: Mapping[int, str]


def resolver(name: str) -> Callable[[_Function], _Function]:
    """Make a function known to every mapping under a name such as ``custom.size``.

    Annotate its first parameter ``pl.Series`` to be given the whole column at once::

        @fw.resolver("custom.size")
        def size(value: str) -> str:
            return value.strip().upper()

    A resolver that is given to a ``Mapper`` under the same name goes before. To name another function so replaces the
    one before it, so that a cell can be run again.

    Raises:
        ValueError: the name begins with ``sdk.``, or is none.
        TypeError: the function cannot be called as a resolver.
    """
    check_name(name)

    def register(function: _Function) -> _Function:
        signature_of(function)
        REGISTERED[name] = function
        return function

    return register


def check_name(name: Any) -> None:
    """Refuse what cannot be the name of a resolver of the user's own.

    Raises:
        ValueError: it is no text, or one of the SDK's.
    """
    if not isinstance(name, str) or not name or name.startswith("sdk."):
        raise ValueError("the name of a resolver of your own is text that does not begin with 'sdk.'")


@dataclass(frozen=True)
class Signature:
    """How a resolver is called, and which params it takes and needs."""

    way: Way
    takes: frozenset[str]
    needs: frozenset[str]
    any_name: bool
    gives: Gives


def signature_of(function: Any) -> Signature:
    """Return how a resolver is called.

    Raises:
        TypeError: it cannot be called as one; the text says why.
    """
    if not callable(function):
        raise TypeError(f"a resolver is a function, not {type(function).__name__}")
    if any(_is_async(item) for item in (function, getattr(function, "__call__", None))):  # noqa: B004 - its code
        raise TypeError("an async function cannot be a resolver: give a plain one")
    parameters, returned = _parameters(function)
    by_position = [item for item in parameters if item.kind in _BY_POSITION]
    if not by_position:
        raise TypeError("a resolver takes (value), (value, record) or (column: pl.Series), and its params by name")
    on_column = _is_series(by_position[0].annotation)
    second = by_position[1:2] if by_position[1:] and by_position[1].kind not in _ANY_NUMBER else []
    with_record = bool(second) and second[0].default is inspect.Parameter.empty and not on_column
    own = {by_position[0].name, *([second[0].name] if with_record else [])}
    named = [item for item in parameters if item.kind in _BY_NAME and item.name not in own]
    return Signature(
        way="column" if on_column else "record" if with_record else "value",
        takes=frozenset(item.name for item in named),
        needs=frozenset(item.name for item in named if item.default is item.empty),
        any_name=any(item.kind is item.VAR_KEYWORD for item in parameters),
        gives=SCALARS.get(_plain_type(returned)),
    )


def _is_async(function: Any) -> bool:
    plain = function.func if isinstance(function, functools.partial) else function
    return inspect.iscoroutinefunction(plain) or inspect.isasyncgenfunction(plain)


def call_of(name: str, function: Resolver, params: Mapping[str, Any]) -> Call:
    """Return a resolver with its params given.

    Args:
        name: as the mapping calls it.
        function: the resolver.
        params: what is given by name, all of which it takes.

    Raises:
        TypeError: it needs more; the text says which.
    """
    found = signature_of(function)
    missing = sorted(found.needs - set(params))
    if missing:
        raise TypeError(f"{name} needs params: {', '.join(missing)}")
    given = functools.partial(function, **params) if params else function
    return Call(name, given, found.way, gives=found.gives)


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


def _parameters(function: Resolver) -> tuple[list[inspect.Parameter], Any]:
    for eval_str in (True, False):  # a text may name what only a type checker imports
        try:
            found = inspect.signature(function, eval_str=eval_str)
        except (NameError, AttributeError, SyntaxError, TypeError, ValueError):
            continue
        return list(found.parameters.values()), found.return_annotation
    return [inspect.Parameter("value", inspect.Parameter.POSITIONAL_ONLY)], None  # some built-in functions do not tell


def _plain_type(annotation: Any) -> Any:
    """Return ``str`` for ``str``, ``str | None`` and their texts."""
    if isinstance(annotation, str):
        named = {kind.__name__: kind for kind in SCALARS}
        return named.get(annotation.replace("| None", "").replace("None |", "").strip())
    inner = [kind for kind in getattr(annotation, "__args__", ()) if kind is not type(None)]
    return (
        inner[0]
        if len(inner) == 1 and annotation not in SCALARS and not hasattr(annotation, "__origin__")
        else annotation
    )


def _is_series(annotation: Any) -> bool:
    text = annotation if isinstance(annotation, str) else ""
    return annotation is pl.Series or text.startswith(("pl.Series", "polars.Series"))


def _asked(call: Call, values: pl.Series, records: pl.DataFrame, skipped: pl.Series) -> Answers:
    """Call row by row, but for the skipped rows; so many at once that they stay near."""
    parts: list[pl.Series | list[Any]] = []
    failures: dict[int, str] = {}
    for start in range(0, len(values), _AT_ONCE):
        given, left_out = values.slice(start, _AT_ONCE), skipped.slice(start, _AT_ONCE)
        results, failed = _some(call, given, records.slice(start, _AT_ONCE) if records.width else records, left_out)
        scalars = _scalars(results, call.gives)
        if scalars is None:
            results = _sound(results, call.gives, failed)
            scalars = _scalars(results, call.gives)
        failures.update({start + at: told for at, told in failed.items()})
        parts.append(results if scalars is None else scalars)
    return Answers(_joined(parts, call.gives), failures)


def _sound(results: list[Any], gives: Gives, failures: dict[int, str]) -> list[Any]:
    """Return answers without those that a column cannot hold, or that are not of the type given; these are failures."""
    sound: list[Any] = []
    for at, result in enumerate(results):
        value = result.item() if type(result).__module__ == "numpy" and getattr(result, "shape", None) == () else result
        fault = fault_of(value, gives)
        if fault:
            failures.setdefault(at, fault)
        sound.append(None if fault else float(value) if gives is pl.Float64 and value is not None else value)
    return sound


def fault_of(value: Any, gives: Gives = None) -> str:
    """Return what keeps an answer out of its column, or nothing."""
    if value is None:
        return ""
    if gives is not None and not _is_given(value, gives):
        promised = next(kind.__name__ for kind, dtype in SCALARS.items() if dtype is gives)
        return f"it gave {type(value).__name__}, where its annotation says {promised}"
    try:
        shapes.check_depth(value, 1)
    except ValueError:
        return f"it gave what is nested deeper than {shapes.LEVELS} levels"
    try:
        strange = next((kind for kind in _kinds(value) if kind), "")
    except UnicodeEncodeError:
        return "it gave a text with half a character (of a surrogate pair)"
    return f"it gave {strange}, which no column holds: give a text, number, date, list or dict" if strange else ""


def _is_given(value: Any, gives: type[pl.DataType]) -> bool:
    if isinstance(value, bool) or gives is pl.Boolean:
        return isinstance(value, bool) and gives is pl.Boolean
    if gives is pl.Int64:
        return isinstance(value, int) and -(2**63) <= value < 2**63
    return isinstance(value, str if gives is pl.String else (int, float))


def _kinds(value: Any) -> Iterator[str]:
    """Yield the kind of each value in an answer that no column holds."""
    if value is None:
        return
    if isinstance(value, str):
        value.encode()
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _kinds(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _kinds(item)
    elif not isinstance(value, _HELD) and type(value).__module__.partition(".")[0] not in _FOREIGN:
        yield type(value).__name__


def _some(call: Call, values: pl.Series, records: pl.DataFrame, skipped: pl.Series) -> tuple[list[Any], dict[int, str]]:
    if not skipped.any():
        return each_row(call, values, records)
    results, failures = each_row(call, values.filter(~skipped), records.filter(~skipped) if records.width else records)
    kept, given = (~skipped).arg_true().to_list(), iter(results)
    spread = [None if skip else next(given) for skip in skipped.to_list()]
    return spread, {kept[at]: told for at, told in failures.items()}


def _joined(parts: list[pl.Series | list[Any]], gives: Gives) -> pl.Series:
    """Return the parts as one column, of one type where they share it."""
    typed = [part for part in parts if isinstance(part, pl.Series)]
    kinds = {part.dtype for part in typed} - {pl.Null()}
    if len(typed) < len(parts) or len(kinds) > 1:
        return column_of([value for part in parts for value in part])
    kind = kinds.pop() if kinds else gives or pl.String
    return pl.concat([part.cast(kind) for part in typed]) if typed else pl.Series(dtype=kind)


def each_row(call: Call, values: pl.Series, records: pl.DataFrame | None = None) -> tuple[list[Any], dict[int, str]]:
    """Call a resolver on each value, and return its answers and what went wrong by the row's position."""
    records = pl.DataFrame() if records is None else records
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
    if result.dtype != pl.Object:
        return Answers(result.rechunk(), {})
    failures: dict[int, str] = {}
    return Answers(column_of(_sound(result.to_list(), None, failures)), failures)


def _all_failed(values: pl.Series, message: str) -> Answers:
    nothing = pl.Series([None] * len(values), dtype=pl.String)
    return Answers(nothing, dict.fromkeys(range(len(values)), message))


def _said(error: Exception) -> str:
    told = mask(str(error))[:_SHOWN]
    return f"{type(error).__name__}: {told}" if told else type(error).__name__


def column_of(results: list[Any]) -> pl.Series:
    """Return Python values as a column."""
    scalars = _scalars(results, None)
    if scalars is not None and scalars.dtype != pl.Null:
        return scalars
    return frames.enter([{"value": result} for result in results])["value"] if results else pl.Series(dtype=pl.String)


def _scalars(results: list[Any], gives: Gives) -> pl.Series | None:
    """Return values of one of the plain types as a column; None where they differ, or are not of the type given.

    Where all are null, and no type is given, the column is of type Null.
    """
    kind: Gives = gives
    if gives is not pl.String:  # of texts, polars itself refuses all that is none
        kinds = set(map(type, results)) - {type(None)}
        if not kinds:
            return pl.Series(results, dtype=gives or pl.Null)
        kind = SCALARS.get(kinds.pop()) if len(kinds) == 1 else None
        if kind is None or (gives is not None and kind != gives):
            return None
    try:
        return pl.Series(results, dtype=kind, strict=True)
    except (TypeError, ValueError, OverflowError):  # whole numbers past 64 bits, half a character
        return None
