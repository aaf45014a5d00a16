"""Checks of the caller's own: a function on a frame, or on one record."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import polars as pl

from fcwork.errors import ConfigError

FORM = "a function of a polars DataFrame (annotated so) that returns a Series, or of a record that returns a message"
RECORD_AND_POSITION = 2
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
        check: the function.
        title: what messages call it.
        takes: ``frame``, ``record``, or ``indexed`` for a record and its position from 0.
        columns: what it is given; empty for all columns.
    """

    check: Callable[..., Any]
    title: str
    takes: str
    columns: tuple[str, ...] = ()
    name: ClassVar[str] = "custom"
    code: ClassVar[str] = "check.custom"
    skippable: ClassVar[bool] = False

    @classmethod
    def of(cls, check: Any, position: int, columns: tuple[str, ...] = ()) -> Custom:
        """Look at a function's parameters and take it as a check.

        Raises:
            TypeError, ValueError: it is no function that could be one; the text says why.
        """
        title = getattr(check, "__name__", "<lambda>")
        title = f"number {position}" if title == "<lambda>" else title
        if not callable(check):
            raise TypeError(f"custom check number {position} is {check!r:.60}, not {FORM}")
        return cls(check, title, _takes(check, title), columns)

    def messages(self, rows: pl.DataFrame) -> pl.Series:
        """Return a message for each row that fails, null for the others.

        Raises:
            ConfigError: a function on a frame failed, or returned something else than one answer a row.
        """
        return self._of_frame(rows) if self.takes == "frame" else self._of_records(rows)

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

    def _of_frame(self, rows: pl.DataFrame) -> pl.Series:
        try:
            answer = self.check(rows)
        except FAILURES as error:
            raise ConfigError(
                f"the custom check {self.title} failed: {type(error).__name__}: {error}",
                hint="nothing was checked; mend the function, or check the columns it reads first",
            ) from error
        if isinstance(answer, pl.Series) and len(answer) == rows.height:
            if answer.dtype == pl.String:
                return answer.replace("", None)
            if answer.dtype == pl.Boolean:  # null is no yes
                return pl.select(pl.when(~answer.fill_null(value=False)).then(pl.lit(self._refusal))).to_series()
        came = f"a Series of {len(answer)} {answer.dtype}" if isinstance(answer, pl.Series) else type(answer).__name__
        raise ConfigError(
            f"the custom check {self.title} returned {came} for {rows.height} rows",
            hint="return a polars Series: for each row true where it is good, or a message, null where it is good",
        )

    @property
    def _refusal(self) -> str:
        return f"refused by the custom check {self.title}"


def _takes(check: Callable[..., Any], title: str) -> str:
    parameters = list(_signature(check).parameters.values())
    needed = [p for p in parameters if p.default is p.empty and p.kind not in {p.VAR_POSITIONAL, p.VAR_KEYWORD}]
    annotation = next((p.annotation for p in parameters), None)
    if annotation is pl.DataFrame or annotation in {"pl.DataFrame", "polars.DataFrame"}:
        takes, most = "frame", 1
    elif "DataFrame" in str(annotation):
        raise ValueError(f"the custom check {title} takes a {annotation}: annotate it with polars.DataFrame")
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
