"""Frames at the door and the declared shapes of public frames.

Inside, everything is eager polars. ``enter`` takes what a caller has (pandas, polars eager or lazy, a pyarrow Table, a
list of dicts) and ``leave`` gives the same kind back. Identity travels in two columns, ``_row`` and ``_source``, which
every stage carries and nothing sends.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from numbers import Real
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

import polars as pl

from fcwork import alike, shapes
from fcwork.cards.table import texts

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    Frame: TypeAlias = pl.DataFrame | pl.LazyFrame | pd.DataFrame | pa.Table | Sequence[Mapping[str, Any]]

Kind = Literal["polars", "lazy", "pandas", "pyarrow", "records"]
Stage = Literal["read", "map", "check", "send", "extract", "reconcile"]
Severity = Literal["error", "warning"]

ROW, SOURCE = "_row", "_source"
IDENTITY = (ROW, SOURCE)
OF_RESULTS = ("_errors", "_stage", "_key", "_code", "_message", "_attempts")  # what results say of rows
OWN = (*IDENTITY, *OF_RESULTS)  # columns that fcwork adds to a caller's
_LONGEST = 200  # characters of a value as text
UTC_TIME = pl.Datetime("us", "UTC")

ISSUES = pl.Schema(
    {
        "source": pl.String(),  # where the row came from: a URI, or empty for a frame of the caller's
        "row": pl.Int64(),  # 1-based line or item in the source; null for an issue of the whole frame
        "key": pl.String(),
        "stage": pl.String(),  # read, map, check, send, extract, reconcile
        "field": pl.String(),
        "code": pl.String(),  # lowercase words with dots, such as map.required
        "severity": pl.String(),  # error, warning
        "value": pl.String(),
        "message": pl.String(),
        "attempts": pl.Int64(),
        "at": UTC_TIME,
    }
)


def kind_of(frame: Any) -> Kind:
    """Name the kind of ``frame``; anything that is no frame is a ``TypeError``."""
    if isinstance(frame, pl.DataFrame):
        return "polars"
    if isinstance(frame, pl.LazyFrame):
        return "lazy"
    library = type(frame).__module__.partition(".")[0]
    if library == "pandas" and type(frame).__name__ == "DataFrame":
        return "pandas"
    if library == "pyarrow" and type(frame).__name__ in {"Table", "RecordBatch"}:
        return "pyarrow"
    if isinstance(frame, Sequence) and not isinstance(frame, str | bytes):
        strangers = [type(item).__name__ for item in frame if not isinstance(item, Mapping)]
        if not strangers:
            return "records"
        message = f"a list given as a frame holds dicts, one a row; this one holds {strangers[0]}"
        raise TypeError(message)
    message = (
        f"{type(frame).__name__} is no frame: give a pandas or polars DataFrame, a polars LazyFrame, "
        "a pyarrow Table or a list of dicts"
    )
    raise TypeError(message)


def enter(frame: Any) -> pl.DataFrame:
    """Return ``frame`` as eager polars, its values unchanged and the caller's own frame untouched.

    A column whose values share no type (a Python list or pandas column of numbers and text) comes in as text, so that
    nothing is lost; whole numbers and floats share one as long as no digit is lost. Nested values get every field that
    any of them has, a single value beside lists is a list of one, and a text beside objects their ``#text``. NaN in
    pandas and in records comes in as null, and so do NA and NaT of pandas.

    Raises:
        TypeError: this is no frame, two columns share a name, a text is no Unicode, or a value is nested too deeply.
    """
    kind = kind_of(frame)
    if kind == "polars":
        return _plain(frame)
    if kind == "lazy":
        return _plain(frame.collect())
    if kind == "pyarrow":
        _refuse_twins(frame.schema.names)
        return _plain(cast("pl.DataFrame", pl.from_arrow(frame)))
    if kind == "pandas":
        return _plain(_from_pandas(frame))
    return _plain(_from_records(frame))


def enter_issues(frame: Any) -> pl.DataFrame:
    """Return issues that were given as any kind of frame; an empty list of dicts has lost its columns."""
    entered = enter(frame)
    return entered.cast(ISSUES) if entered.width else no_issues()


def leave(frame: pl.DataFrame, kind: Kind) -> Any:
    """Return a polars frame as ``kind``, which is what the caller came with."""
    if kind == "polars":
        return frame
    if kind == "lazy":
        return frame.lazy()
    if kind == "pyarrow":
        return frame.to_arrow()
    if kind == "pandas":
        return _to_pandas(frame)
    return frame.to_dicts()


def head(frame: Any, rows: int) -> Any:
    """Return the first rows of a frame, as the same kind."""
    kind = kind_of(frame)
    if kind == "records":
        return frame[:rows]
    return frame.slice(0, rows) if kind == "pyarrow" else frame.head(rows)


def with_identity(frame: pl.DataFrame, source: str = "") -> pl.DataFrame:
    """Return ``frame`` with ``_row`` (its 1-based position, where it has none) and ``_source``."""
    added: list[pl.Expr | pl.Series] = []  # in one step: after a first, polars copies frames that come in chunks
    if ROW not in frame.columns:
        added.append(pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias(ROW))
    elif frame.schema[ROW] != pl.Int64:
        added.append(_whole(frame[ROW]))
    if SOURCE not in frame.columns:
        added.append(pl.lit(source).alias(SOURCE))
    return frame.with_columns(added) if added else frame


def without_identity(frame: pl.DataFrame) -> pl.DataFrame:
    """Return ``frame`` without the columns that begin with an underscore and belong to fcwork."""
    ours = [name for name in frame.columns if name in OWN]
    return frame.drop(ours) if ours else frame


def key_text(columns: Iterable[str]) -> pl.Expr:
    """Return an expression for a row's key: the columns' texts joined by a colon, a null as nothing."""
    return pl.concat_str([pl.col(name).cast(pl.String).fill_null("") for name in columns], separator=":")


def issues(
    rows: pl.DataFrame,
    *,
    stage: Stage,
    field: str | pl.Expr,
    code: str | pl.Expr,
    message: str | pl.Expr,
    at: datetime,
    value: pl.Expr | None = None,
    key: pl.Expr | None = None,
    severity: Severity = "error",
    attempts: int | pl.Expr = 0,
) -> pl.DataFrame:
    """Return one line of ``ISSUES`` for each of ``rows``; texts are constants, expressions are taken from the rows.

    Args:
        rows: the rows at fault, with ``_row`` and ``_source``.
    """
    nothing = pl.lit(None, dtype=pl.String)
    columns = {
        "source": pl.col(SOURCE),
        "row": pl.col(ROW),
        "key": nothing if key is None else key,
        "stage": pl.lit(stage),
        "field": _expr(field),
        "code": _expr(code),
        "severity": pl.lit(severity),
        "value": nothing if value is None else as_text(value),
        "message": _expr(message),
        "attempts": pl.lit(attempts) if isinstance(attempts, int) else attempts,
        "at": pl.lit(at).cast(UTC_TIME),
    }
    return rows.select([expr.cast(ISSUES[name]).alias(name) for name, expr in columns.items()])


def frame_issue(*, stage: Stage, code: str, message: str, at: datetime, **columns: Any) -> pl.DataFrame:
    """Return the one line of ``ISSUES`` that concerns a whole frame: its ``row`` is null."""
    line = {
        "source": "",
        "severity": "error",
        "attempts": 0,
        "stage": stage,
        "code": code,
        "message": message,
        "at": at,
    }
    return pl.DataFrame([{**dict.fromkeys(ISSUES), **line, **columns}], schema=ISSUES)


def no_issues() -> pl.DataFrame:
    """Return an empty issues table."""
    return pl.DataFrame(schema=ISSUES)


def join_issues(tables: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """Return the tables as one, in the order of source and row, issues of whole frames first."""
    kept = [table for table in tables if table.height]
    return pl.concat(kept).sort("source", "row", maintain_order=True) if kept else no_issues()


def as_text(value: pl.Expr) -> pl.Expr:
    """Return an expression for how a value is shown: at most 200 characters, nested values as JSON."""
    return value.map_batches(lambda values: texts(values).str.slice(0, _LONGEST), return_dtype=pl.String)


def number_text(value: Decimal) -> str:
    """Return a decimal as a JSON number with all its digits, and no more.

    Raises:
        TypeError: it is no finite number.
    """
    if not value.is_finite():
        message = f"{value} is no JSON number"
        raise TypeError(message)
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _whole(rows: pl.Series) -> pl.Series:
    try:
        return rows.cast(pl.Int64)
    except pl.exceptions.PolarsError as error:
        message = f"the column {ROW} numbers the rows of a source and holds whole numbers, not {rows.dtype}"
        raise TypeError(message) from error


def _expr(value: str | pl.Expr) -> pl.Expr:
    return value if isinstance(value, pl.Expr) else pl.lit(value)


def _plain(frame: pl.DataFrame) -> pl.DataFrame:
    """Replace the column types that have no meaning outside their library."""
    changes = []
    for name, dtype in frame.schema.items():
        if dtype in (pl.Null, pl.Categorical, pl.Enum):
            changes.append(frame[name].cast(pl.String))
        elif dtype == pl.Object:
            changes.append(_series(name, frame[name].to_list(), as_text=True))
    return frame.with_columns(changes) if changes else frame


def _from_records(records: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    names = {name: str(name) for record in records for name in record}
    _refuse_twins(names.values())
    if not names:  # a frame without columns has no rows either
        return pl.DataFrame({ROW: range(1, len(records) + 1)}, schema={ROW: pl.Int64}) if records else pl.DataFrame()
    return pl.DataFrame([_series(text, [record.get(name) for record in records]) for name, text in names.items()])


def _from_pandas(frame: pd.DataFrame) -> pl.DataFrame:
    names = [str(name) for name in frame.columns]
    _refuse_twins(names)
    return pl.DataFrame([_pandas_series(name, frame.iloc[:, at]) for at, name in enumerate(names)])


def _refuse_twins(names: Iterable[str]) -> None:
    twice = sorted(name for name, times in Counter(names).items() if times > 1)
    if twice:
        message = f"two columns share a name: {', '.join(twice)}"
        raise TypeError(message)


def _pandas_series(name: str, values: pd.Series[Any]) -> pl.Series:
    import pandas as pd
    import pyarrow as pa

    if values.dtype != object and not isinstance(values.dtype, pd.PeriodDtype | pd.IntervalDtype):
        try:
            return pl.from_pandas(values.reset_index(drop=True), nan_to_null=True).alias(name)
        except (pa.ArrowException, pl.exceptions.PolarsError, TypeError, ValueError, OverflowError):
            pass
    return _series(name, values.astype(object).where(values.notna(), None).tolist())


def _series(name: str, values: list[Any], *, as_text: bool = False) -> pl.Series:
    nested = not as_text and any(isinstance(value, shapes.NESTED) for value in values)
    made = alike.column(name, values) if nested else None
    return series(name, values, as_text=as_text) if made is None else made


def series(name: str, values: list[Any], *, as_text: bool = False) -> pl.Series:
    """Return the values of a column as polars, whatever they are: those that share no type come as text.

    Raises:
        TypeError: a text is no Unicode, or a value is nested too deeply.
    """
    known = shapes.known(values)
    if not as_text and any(isinstance(value, shapes.NESTED) for value in known):
        known = _alike(name, known)
    typed = None if as_text else _typed(name, known)
    if typed is not None:
        return typed
    try:
        return pl.Series(name, [None if v is None else shapes.loose_text(v) for v in known], dtype=pl.String)
    except UnicodeEncodeError as error:
        message = f"the column {name} holds a text that is no Unicode (half a surrogate pair): {error.object[:40]!r}"
        raise TypeError(message) from error


def _alike(name: str, values: list[Any]) -> list[Any]:
    try:
        return shapes.alike(values)
    except RecursionError:
        told = shapes.TOO_DEEP
    except ValueError as error:
        told = str(error)
    message = f"the column {name} holds a value that is {told}"
    raise TypeError(message)


def _typed(name: str, values: list[Any]) -> pl.Series | None:
    """Return the values as a column of one type, or None where one of them would lose something by it."""
    import pyarrow as pa

    kinds = {type(value) for value in values if value is not None}
    mixed = len(kinds) > 1
    if Decimal in kinds and not all(value.is_finite() for value in values if isinstance(value, Decimal)):
        return None  # polars panics on an infinite one
    if kinds == {datetime}:  # an instant beside a wall clock's time
        mixed = len({value.tzinfo is None for value in values if value is not None}) > 1
    numbers = all(issubclass(kind, Real) and not issubclass(kind, bool) for kind in kinds)
    nested = any(kind in (dict, list) or kind.__name__ == "ndarray" for kind in kinds)  # pandas keeps lists as arrays
    try:
        if nested or (mixed and numbers):  # polars would cut each to the shape of the first
            return pl.Series(name, pl.from_arrow(pa.array(values)))
        return None if mixed else pl.Series(name, values, strict=True)
    except (pa.ArrowException, pl.exceptions.PolarsError, TypeError, ValueError, OverflowError, RuntimeError):
        return None


def _to_pandas(frame: pl.DataFrame) -> pd.DataFrame:
    import pandas as pd
    import pyarrow as pa

    widths = ("Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64")
    nullable = {getattr(pa, width.lower())(): getattr(pd, f"{width}Dtype")() for width in widths}
    nullable[pa.bool_()] = pd.BooleanDtype()
    table = frame.to_arrow()
    left = cast("pd.DataFrame", table.to_pandas())
    for name, column in zip(table.column_names, table.columns, strict=True):
        if column.null_count and column.type in nullable:  # numpy would turn whole numbers with a null into floats
            left[name] = column.to_pandas(types_mapper=nullable.get)
    return left
