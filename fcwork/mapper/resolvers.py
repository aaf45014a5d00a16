"""The sixteen ``sdk.*`` resolvers of SDK 0.1.56 and its nine transforms as polars expressions, strict where it guesses.

Null stays null, and an empty text is no value to the resolvers that read numbers, booleans and dates. What one of
those cannot read becomes null too, and the engine makes an issue of it: never 0, never an epoch date.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import polars as pl

from fcwork.frames import UTC_TIME
from fcwork.mapper import dates, numbers
from fcwork.mapper.dates import ISO_IN_UTC, DateReading
from fcwork.mapper.javascript.notation import no_constant
from fcwork.mapper.javascript.values import SPACES
from fcwork.mapper.numbers import PLAIN, PRECISION, SCALE, NumberFormat
from fcwork.shapes import LEVELS, check_depth

Read = tuple[pl.Expr, pl.DataType]
_YES, _NO = ("true", "1", "yes", "y"), ("false", "0", "no", "n")
_INT64 = range(-(2**63), 2**63)
_LONGEST = 20  # digits of those, with a sign


@dataclass(frozen=True)
class Reading:
    """What a mapping states about the texts that it reads.

    Attributes:
        format: how numbers are written.
        date: how dates are written, and the zone of those that name none.
        exact: whether numbers with decimals become decimals instead of floats.
        scale: how many decimal places those have.
    """

    format: NumberFormat = PLAIN
    date: DateReading = ISO_IN_UTC
    exact: bool = False
    scale: int = SCALE


@dataclass(frozen=True)
class SdkResolver:
    """One resolver: how it reads a column of some type, and what it expects where it can fail."""

    read: Callable[[pl.Expr, pl.DataType], Read]
    expected: str = ""


def text(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Return a column as text without loss: ``5`` for 5.0, ISO 8601 for times, JSON for objects, base64 for bytes."""
    if dtype.is_float():
        whole = pl.when(value == value.floor()).then(value).cast(pl.Int64, strict=False)
        return pl.coalesce(whole.cast(pl.String), value.cast(pl.String).str.replace("inf", "Infinity", literal=True))
    if dtype == pl.Duration:
        return value.dt.to_string("iso")
    if dtype == pl.Binary:
        return value.bin.encode("base64")
    if isinstance(dtype, pl.Datetime):
        return ISO_IN_UTC.in_utc(value, dtype).dt.strftime(_INSTANT)
    return _json(value, dtype) if dtype.is_nested() else value.cast(pl.String)


def parse_json(value: Any) -> Any:
    """Return the value that a JSON text holds; whole numbers past 64 bits stay text.

    Raises:
        ValueError: the text is no JSON.
    """
    if not isinstance(value, str):
        return value
    if not value:
        return None
    try:
        found = json.loads(value, parse_int=_whole, parse_float=_finite, parse_constant=no_constant)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if value.count("[") + value.count("{") >= LEVELS:
        check_depth(found, 1)
    if "\\ud" in value.lower():
        _check_characters(found)
    return found


def _whole(digits: str) -> int | str:
    number = int(digits) if len(digits) <= _LONGEST else None  # Python reads only so many
    return number if number is not None and number in _INT64 else digits


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError(f"{digits} is larger than a number can be")
    return number


def _check_characters(value: Any) -> None:
    """Refuse half a surrogate pair, which no column holds."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise ValueError("it holds half a character (of a surrogate pair)") from error


def _json(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    if _holds_bytes(dtype):  # which polars cannot write
        return value.map_batches(_json_texts, return_dtype=pl.String)
    wrapped = pl.struct(value.alias("v")).struct.json_encode()
    return pl.when(value.is_not_null()).then(wrapped.str.strip_prefix('{"v":').str.strip_suffix("}"))


def _holds_bytes(dtype: Any) -> bool:
    if isinstance(dtype, pl.Struct):
        return any(_holds_bytes(field.dtype) for field in dtype.fields)
    return _holds_bytes(dtype.inner) if isinstance(dtype, pl.List | pl.Array) else dtype == pl.Binary


def _json_texts(values: pl.Series) -> pl.Series:
    texts = [None if value is None else json.dumps(value, default=_plain) for value in values.to_list()]
    return pl.Series(values.name, texts, dtype=pl.String)


def _plain(value: Any) -> str:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)


def _unchanged(value: pl.Expr, dtype: pl.DataType) -> Read:
    return value, dtype


def _on_text(change: Callable[[pl.Expr], pl.Expr]) -> Callable[[pl.Expr, pl.DataType], Read]:
    def read(value: pl.Expr, dtype: pl.DataType) -> Read:
        return (change(value) if dtype == pl.String else value), dtype

    return read


def _stripped(value: pl.Expr) -> pl.Expr:
    return value.str.strip_chars(SPACES)


def _parse_int(reading: Reading) -> SdkResolver:
    def read(value: pl.Expr, dtype: pl.DataType) -> Read:
        if dtype == pl.String:
            return numbers.wholes(value, reading.format), pl.Int64()
        return numbers.whole(value, dtype), pl.Int64()

    stated = "" if reading.format == PLAIN else f", written as in {reading.format}"
    return SdkResolver(read, f"a whole number in digits{stated}, within 64 bits")


def _parse_float(reading: Reading) -> SdkResolver:
    def read(value: pl.Expr, dtype: pl.DataType) -> Read:
        if reading.exact:
            kind = pl.Decimal(PRECISION, reading.scale)
            return numbers.decimal(value, dtype, kind, reading.format), kind
        if dtype == pl.String:
            return numbers.floats(value, reading.format), pl.Float64()
        if dtype.is_integer() or dtype.is_decimal():
            return value, dtype
        if dtype.is_float():
            return pl.when(value.is_finite()).then(value), pl.Float64()
        return numbers.nothing(pl.Float64()), pl.Float64()

    if reading.exact:
        return SdkResolver(read, f"a decimal number with at most {reading.scale} decimals")
    if reading.format != PLAIN:
        return SdkResolver(read, f"a number written as in {reading.format}, all of whose digits a float holds")
    return SdkResolver(read, "a finite decimal number such as -12.5 or 1e3, all of whose digits a float holds")


def _boolean(more: tuple[str, ...] = ()) -> Callable[[pl.Expr, pl.DataType], Read]:
    def read(value: pl.Expr, dtype: pl.DataType) -> Read:
        if dtype == pl.Boolean:
            return value, dtype
        if dtype == pl.String:
            return value.map_batches(lambda texts: dates.once_each(texts, words), return_dtype=pl.Boolean), pl.Boolean()
        if not dtype.is_numeric():
            return numbers.nothing(pl.Boolean()), pl.Boolean()
        yes = (value != 0) if more else (value == 1)
        return pl.when(yes | (value == 0)).then(yes), pl.Boolean()

    def words(texts: pl.Series) -> pl.Series:
        word = texts.str.strip_chars(SPACES).str.to_lowercase()
        yes = word.is_in([*_YES, *more[:1]])
        return yes.set(~(yes | word.is_in([*_NO, *more[1:]])), None)

    return read


def _parse_date(reading: Reading) -> SdkResolver:
    def read(value: pl.Expr, dtype: pl.DataType) -> Read:
        return _instants(value, dtype, reading.date, lambda instants: instants, UTC_TIME), UTC_TIME

    return SdkResolver(read, reading.date.expected)


def _format_date(reading: Reading) -> SdkResolver:
    def read(value: pl.Expr, dtype: pl.DataType) -> Read:
        told = _instants(value, dtype, reading.date, lambda instants: instants.dt.strftime(_INSTANT), pl.String())
        return told, pl.String()

    return SdkResolver(read, reading.date.expected)


def _format_date_short(reading: Reading) -> SdkResolver:
    def read(value: pl.Expr, dtype: pl.DataType) -> Read:
        def day(instants: pl.Series) -> pl.Series:
            return reading.date.local(instants).dt.strftime("%Y-%m-%d")

        return _instants(value, dtype, reading.date, day, pl.String()), pl.String()

    return SdkResolver(read, reading.date.expected)


def _instants(
    value: pl.Expr,
    dtype: pl.DataType,
    reading: DateReading,
    told: Callable[[pl.Series], pl.Series],
    into: pl.DataType,
) -> pl.Expr:
    """Return a column's dates, told in some form; null where there are none."""

    def read(texts: pl.Series) -> pl.Series:
        return told(reading.instants(texts.str.strip_chars(SPACES)))

    if dtype == pl.String:
        return value.map_batches(lambda texts: dates.once_each(texts, read), return_dtype=into)
    if dtype == pl.Date or isinstance(dtype, pl.Datetime):
        return reading.in_utc(value, dtype).map_batches(told, return_dtype=into)
    return numbers.nothing(into)


def _to_string(value: pl.Expr, dtype: pl.DataType) -> Read:
    return text(value, dtype), pl.String()


def _to_json(value: pl.Expr, dtype: pl.DataType) -> Read:
    if dtype.is_numeric():
        return text(value, dtype), pl.String()
    if dtype.is_temporal() or dtype == pl.Binary:
        value, dtype = text(value, dtype), pl.String()
    return _json(value, dtype), pl.String()


def _plainly(read: Callable[[pl.Expr, pl.DataType], Read], expected: str = "") -> Callable[[Reading], SdkResolver]:
    resolver = SdkResolver(read, expected)
    return lambda _: resolver


_INSTANT = "%Y-%m-%dT%H:%M:%S%.3fZ"
_UPPER = _plainly(_on_text(lambda value: value.str.to_uppercase()))
_LOWER = _plainly(_on_text(lambda value: value.str.to_lowercase()))
_TRIM = _plainly(_on_text(_stripped))
_SAME = _plainly(_unchanged)
_TEXT = _plainly(_to_string)
SDK: dict[str, Callable[[Reading], SdkResolver]] = {
    "sdk.uppercase": _UPPER,
    "sdk.lowercase": _LOWER,
    "sdk.trim": _TRIM,
    "sdk.parseInt": _parse_int,
    "sdk.parseFloat": _parse_float,
    "sdk.number": _parse_float,
    "sdk.formatDate": _format_date,
    "sdk.formatDateShort": _format_date_short,
    "sdk.parseDate": _parse_date,
    "sdk.boolean": _plainly(_boolean(), "true, 1, yes, y, false, 0, no or n"),
    "sdk.toString": _TEXT,
    "sdk.default": _SAME,
    "sdk.toJson": _plainly(_to_json),
    "sdk.identity": _SAME,
    "sdk.coalesce": _SAME,
}
PARSE_JSON = "sdk.parseJson"  # its result has no type until it is read, so it runs row by row
SDK_NAMES = (*SDK, PARSE_JSON)
TRANSFORMS: dict[str, Callable[[Reading], SdkResolver]] = {
    "parseInt": _parse_int,
    "parseFloat": _parse_float,
    "toString": _TEXT,
    "toUpperCase": _UPPER,
    "toLowerCase": _LOWER,
    "trim": _TRIM,
    "toBoolean": _plainly(_boolean(("on", "off")), "true, 1, yes, y, on, false, 0, no, n, off or a number"),
    "toISO8601": _format_date,
    "toDate": _parse_date,
}
PARAMS = {
    "numberFormat": ("sdk.parseInt", "sdk.parseFloat", "sdk.number", "parseInt", "parseFloat"),
    "exact": ("sdk.parseFloat", "sdk.number", "parseFloat"),
    "scale": ("sdk.parseFloat", "sdk.number", "parseFloat"),
    "zone": ("sdk.formatDate", "sdk.formatDateShort", "sdk.parseDate", "toISO8601", "toDate"),
    "dateFormat": ("sdk.formatDate", "sdk.formatDateShort", "sdk.parseDate", "toISO8601", "toDate"),
}
