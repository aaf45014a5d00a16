"""The sixteen ``sdk.*`` resolvers of SDK 0.1.56 as polars expressions, strict where the SDK guesses.

Null stays null, and an empty text is no value to the resolvers that read numbers, booleans and dates. What one of
those cannot read becomes null too, and the engine makes an issue of it: never 0, never an epoch date.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import polars as pl

from fcwork.frames import UTC_TIME
from fcwork.mapper import dates

Read = tuple[pl.Expr, pl.DataType]
# what String.prototype.trim of ECMAScript removes; a byte order mark and the no-break space are among it
_SPACES = "\t\n\v\f\r \xa0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff" + "".join(map(chr, range(0x2000, 0x200B)))
_YES, _NO = ("true", "1", "yes", "y"), ("false", "0", "no", "n")
EXACT = 2**53 - 1  # past it, a float no longer holds every whole number
LEVELS = 50  # of nesting in one value
_INT64 = range(-(2**63), 2**63)


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
        return _format_date(value, dtype)[0]
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
        found = json.loads(value, parse_int=_whole, parse_constant=_no_constant)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if value.count("[") + value.count("{") > LEVELS:
        check_depth(found)
    return found


def check_depth(value: Any, level: int = 0) -> None:
    """Refuse a value nested too deeply for a column: polars and pyarrow break down on those.

    Raises:
        ValueError: there are more than ``LEVELS`` levels.
    """
    if level > LEVELS:
        raise ValueError("nested too deeply")
    if isinstance(value, list | dict):
        for item in value.values() if isinstance(value, dict) else value:
            check_depth(item, level + 1)


def _whole(digits: str) -> int | str:
    number = int(digits)
    return number if number in _INT64 else digits


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


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
    return value.str.strip_chars(_SPACES)


def _parse_int(value: pl.Expr, dtype: pl.DataType) -> Read:
    if dtype == pl.String:
        value = _stripped(value)
    elif dtype.is_float():
        value = pl.when((value == value.floor()) & (value.abs() <= EXACT)).then(value)
    elif dtype.is_decimal():
        value = pl.when(value.cast(pl.Int64, strict=False).cast(dtype, strict=False) == value).then(value)
    elif not dtype.is_integer():
        value = pl.lit(None)
    return value.cast(pl.Int64, strict=False), pl.Int64()


def _parse_float(value: pl.Expr, dtype: pl.DataType) -> Read:
    if dtype.is_integer():
        return value, dtype
    if dtype == pl.String:
        number = _stripped(value).cast(pl.Float64, strict=False)
        return pl.when(number.abs() <= EXACT).then(number), pl.Float64()
    if dtype.is_numeric():
        number = value.cast(pl.Float64)
        return pl.when(number.is_finite()).then(number), pl.Float64()
    return pl.lit(None, dtype=pl.Float64), pl.Float64()


def _boolean(value: pl.Expr, dtype: pl.DataType) -> Read:
    if dtype == pl.Boolean:
        return value, dtype
    if dtype == pl.String:
        word = _stripped(value).str.to_lowercase()
        yes, no = word.is_in(_YES), word.is_in(_NO)
    elif dtype.is_numeric():
        yes, no = value == 1, value == 0
    else:
        yes = no = pl.lit(value=False)
    return pl.when(yes).then(pl.lit(value=True)).when(no).then(pl.lit(value=False)), pl.Boolean()


def _parse_date(value: pl.Expr, dtype: pl.DataType) -> Read:
    if dtype == pl.String:
        return dates.instants(_stripped(value)), UTC_TIME
    if dtype == pl.Date or isinstance(dtype, pl.Datetime):
        return dates.in_utc(value, dtype), UTC_TIME
    return pl.lit(None, dtype=UTC_TIME), UTC_TIME


def _format_date(value: pl.Expr, dtype: pl.DataType) -> Read:
    return _parse_date(value, dtype)[0].dt.strftime("%Y-%m-%dT%H:%M:%S%.3fZ"), pl.String()


def _format_date_short(value: pl.Expr, dtype: pl.DataType) -> Read:
    return _parse_date(value, dtype)[0].dt.strftime("%Y-%m-%d"), pl.String()


def _to_string(value: pl.Expr, dtype: pl.DataType) -> Read:
    return text(value, dtype), pl.String()


def _to_json(value: pl.Expr, dtype: pl.DataType) -> Read:
    if dtype.is_numeric():
        return text(value, dtype), pl.String()
    if dtype.is_temporal() or dtype == pl.Binary:
        value, dtype = text(value, dtype), pl.String()
    return _json(value, dtype), pl.String()


_NUMBER = SdkResolver(_parse_float, "a finite decimal number such as -12.5 or 1e3, within 2^53")
SDK: dict[str, SdkResolver] = {
    "sdk.uppercase": SdkResolver(_on_text(lambda value: value.str.to_uppercase())),
    "sdk.lowercase": SdkResolver(_on_text(lambda value: value.str.to_lowercase())),
    "sdk.trim": SdkResolver(_on_text(_stripped)),
    "sdk.parseInt": SdkResolver(_parse_int, "a whole number in digits, within 64 bits"),
    "sdk.parseFloat": _NUMBER,
    "sdk.number": _NUMBER,
    "sdk.formatDate": SdkResolver(_format_date, dates.EXPECTED),
    "sdk.formatDateShort": SdkResolver(_format_date_short, dates.EXPECTED),
    "sdk.parseDate": SdkResolver(_parse_date, dates.EXPECTED),
    "sdk.boolean": SdkResolver(_boolean, "true, 1, yes, y, false, 0, no or n"),
    "sdk.toString": SdkResolver(_to_string),
    "sdk.default": SdkResolver(_unchanged),
    "sdk.toJson": SdkResolver(_to_json),
    "sdk.identity": SdkResolver(_unchanged),
    "sdk.coalesce": SdkResolver(_unchanged),
}
PARSE_JSON = "sdk.parseJson"  # its result has no type until it is read, so it runs row by row
SDK_NAMES = (*SDK, PARSE_JSON)
