"""Checks of the caller's own: an expression, or a function on a column, a frame or one record."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import polars as pl

from fcwork.errors import ConfigError

FORM = (
    "a function of a polars DataFrame or Series (annotated so) that returns a Series, or of a record that returns a "
    "message, or a polars expression"
)
RECORD_AND_POSITION = 2
WHOLE = {pl.DataFrame: "frame", pl.Series: "series"}
# What a function of the caller's raises on data it did not expect; anything beyond is no matter of a row.
FAILURES = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    pl.exceptions.PolarsError,
)


@dataclass(frozen=True)
class Custom:
    """A check of the caller's own.

    Attributes:
        check: the function or expression.
        title: what messages call it.
        takes: ``expression``, ``frame``, ``series``, ``record``, or ``indexed`` for a record and its position from 0.
        columns: what it is given; empty for all columns.
        refusal: the message for a row that it says no to.
    """

    check: Any
    title: str
    takes: str
    columns: tuple[str, ...] = ()
    refusal: str = ""
    name: ClassVar[str] = "custom"
    code: ClassVar[str] = "check.custom"
    skippable: ClassVar[bool] = False

    @property
    def field(self) -> str | None:
        """What issues name as the field."""
        return ", ".join(self.columns) or None

    @property
    def row_by_row(self) -> bool:
        """Whether it is called for each record."""
        return self.takes in {"record", "indexed"}

    def messages(self, rows: pl.DataFrame) -> pl.Series:
        """Return a message for each row that fails, null for the others.

        Raises:
            ConfigError: a check of whole columns failed, or returned something else than one answer a row.
        """
        return self._of_records(rows) if self.row_by_row else self._of_columns(rows)

    def _of_records(self, rows: pl.DataFrame) -> pl.Series:
        records = enumerate(rows.iter_rows(named=True))
        answers = [self._of_record((record, at) if self.takes == "indexed" else (record,)) for at, record in records]
        return pl.Series("message", answers, dtype=pl.String)

    def _of_record(self, arguments: tuple[Any, ...]) -> str | None:
        try:
            answer = self.check(*arguments)
        except FAILURES as error:
            return f"the custom check {self.title} could not judge this row: {type(error).__name__}: {error}"
        if answer is None or answer is True:
            return None
        if answer is False:
            return self._refusal
        if isinstance(answer, str):
            return answer or None
        return f"the custom check {self.title} answered with {type(answer).__name__}, neither text nor true or false"

    def _of_columns(self, rows: pl.DataFrame) -> pl.Series:
        answer = self._answer(rows)
        if isinstance(answer, pl.Series) and len(answer) == rows.height:
            if answer.dtype == pl.String:
                return answer.replace("", None)
            if answer.dtype == pl.Boolean:  # null is no yes
                good = answer.fill_null(value=False)
                return pl.select(pl.when(~good).then(pl.lit(self._refusal))).to_series()
        came = f"a Series of {len(answer)} {answer.dtype}" if isinstance(answer, pl.Series) else type(answer).__name__
        raise ConfigError(
            f"the custom check {self.title} returned {came} for {rows.height} rows",
            hint="return a polars Series: for each row true where it is good, or a message, null where it is good",
        )

    def _answer(self, rows: pl.DataFrame) -> Any:
        try:
            return self._asked(rows)
        except FAILURES as error:
            failure = error
        bare = _untyped(rows)
        if bare is not None:
            with contextlib.suppress(*FAILURES):
                return self._asked(bare)
        raise ConfigError(
            f"the custom check {self.title} failed: {type(failure).__name__}: {failure}",
            hint="nothing was checked; mend the check, or check the columns it reads first",
        ) from failure

    def _asked(self, rows: pl.DataFrame) -> Any:
        if self.takes == "expression":
            return rows.select(self.check.alias("answer")).to_series()
        return self.check(rows.to_series() if self.takes == "series" else rows)

    @property
    def _refusal(self) -> str:
        return self.refusal or f"refused by the custom check {self.title}"


@dataclass(frozen=True)
class Record(Custom):
    """Each row is a record; broken by the items of a list that are something else."""

    name: ClassVar[str] = "record"
    code: ClassVar[str] = "check.record"


def customs(check: Any, position: int, columns: tuple[str, ...] = (), message: str = "") -> list[Custom]:
    """Look at an expression or a function's parameters and take it as a check, or as one for each of its columns.

    Raises:
        TypeError, ValueError: it is nothing that could be a check; the text says why.
    """
    number = f"number {position}"
    if isinstance(check, pl.Expr):
        read = columns or tuple(dict.fromkeys(check.meta.root_names()))
        return [Custom(check, number, "expression", read, message)]
    if isinstance(check, str):
        raise TypeError(f"custom check {number} is {check!r:.60}, not a function or expression given in Python")
    if not callable(check):
        raise TypeError(f"custom check {number} is {check!r:.60}, not {FORM}")
    title = getattr(check, "__name__", "<lambda>")
    title = number if title == "<lambda>" else title
    takes = _takes(check, title)
    if takes != "series":
        return [Custom(check, title, takes, columns, message)]
    if not columns:
        raise ValueError(f'the custom check {title} takes a column: name it, {{"check": {title}, "columns": […]}}')
    return [Custom(check, title, takes, (name,), message) for name in columns]


def _untyped(rows: pl.DataFrame) -> pl.DataFrame | None:
    """Return the rows with columns of nulls that have no type, as some kinds of frame have none for them."""
    empty = [one.name for one in rows if one.dtype == pl.String and one.null_count() == rows.height]
    return rows.with_columns(pl.lit(None).alias(name) for name in empty) if empty else None


def _takes(check: Callable[..., Any], title: str) -> str:
    parameters = list(_signature(check).parameters.values())
    needed = [p for p in parameters if p.default is p.empty and p.kind not in {p.VAR_POSITIONAL, p.VAR_KEYWORD}]
    annotation = next((p.annotation for p in parameters), None)
    whole = {f"{module}.{kind.__name__}": takes for kind, takes in WHOLE.items() for module in ("pl", "polars")}
    if annotation in WHOLE or annotation in whole:
        takes, most = WHOLE.get(annotation) or whole[str(annotation)], 1
    elif "DataFrame" in str(annotation) or "Series" in str(annotation):
        raise ValueError(f"the custom check {title} takes a {annotation}: annotate it with polars.DataFrame or Series")
    else:
        takes, most = ("indexed" if len(needed) == RECORD_AND_POSITION else "record"), RECORD_AND_POSITION
    if not parameters or len(needed) > most or any(p.kind is p.KEYWORD_ONLY for p in needed):
        raise ValueError(f"the custom check {title} cannot be called: give it {FORM}")
    return takes


def _signature(check: Callable[..., Any]) -> inspect.Signature:
    try:
        return inspect.signature(check, eval_str=True)
    except NameError:  # a name that is imported for type checkers only
        return inspect.signature(check)
