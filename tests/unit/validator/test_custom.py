"""Checks of the caller's own."""

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

from fcwork.errors import ConfigError
from fcwork.validator import Validator

ROWS = [{"ref": "A", "qty": 5}, {"ref": "B", "qty": -5}, {"ref": "C", "qty": None}]


def told(check: Any, rows: Any = ROWS) -> dict[int, str]:
    """Return the messages of a custom check by row."""
    return {issue["row"]: issue["message"] for issue in Validator({"custom": [check]}).check(rows).issues}


def positive(record: dict[str, Any]) -> str | None:
    """Judge one record."""
    return "too few" if (record["qty"] or 0) < 0 else None


def numbered(record: dict[str, Any], at: int) -> str | None:
    """Judge one record, with its position."""
    return f"record {at}: {record['ref']}" if at else None


def negative(rows: pl.DataFrame) -> pl.Series:
    """Judge a frame by a truth a row."""
    return rows["qty"] < 0


def worded(rows: "pl.DataFrame") -> pl.Series:
    """Judge a frame by a message a row."""
    return rows.select(pl.when(pl.col("qty") < 0).then(pl.lit("below")).otherwise(pl.lit(""))).to_series()


def test_a_function_of_a_record_returns_a_message_or_a_truth() -> None:
    """A message or False refuses the record; None, True and empty text let it pass."""
    assert told(positive) == {2: "too few"}
    assert told(lambda record: record["ref"] != "B") == {2: "refused by the custom check number 1"}
    assert told(lambda record: "" if record["ref"] else None) == {}


def test_a_function_of_two_gets_the_position() -> None:
    """A second parameter gets the record's position from 0, as the SDK's custom validator did (SDK 0.1.56)."""
    assert told(numbered) == {2: "record 1: B", 3: "record 2: C"}


def test_a_function_of_a_frame_returns_a_truth_or_a_message_a_row() -> None:
    """False and null refuse a row, as does a message; true, null and empty messages let it pass."""
    refused = "refused by the custom check negative"
    assert told(negative) == {1: refused, 3: refused}
    assert told(worded) == {2: "below"}


@pytest.mark.parametrize("error", [KeyError("x"), ValueError("no"), RuntimeError("no"), ZeroDivisionError(), OSError()])
def test_what_a_record_function_raises_refuses_the_record(error: Exception) -> None:
    """P23: a check that fails on a record is an error of that row, never a pass."""

    def check(record: dict[str, Any]) -> None:
        if record["ref"] == "B":
            raise error

    messages = told(check)
    assert list(messages) == [2]
    assert messages[2].startswith(f"the custom check check could not judge this row: {type(error).__name__}")


def test_an_answer_that_is_none_refuses_the_record() -> None:
    """P23: an answer that is neither text nor a truth is an error of that row, never a pass."""
    assert told(lambda record: 0 if record["ref"] == "A" else None) == {
        1: "the custom check number 1 answered with int, neither text nor true or false"
    }


def frame_check(answer: Callable[[pl.DataFrame], Any]) -> Callable[[pl.DataFrame], Any]:
    """Return a check on a frame that answers so."""

    def check(rows: pl.DataFrame) -> Any:
        return answer(rows)

    return check


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (lambda rows: rows["nope"] > 0, "ColumnNotFoundError"),
        (lambda _rows: 1 / 0, "ZeroDivisionError"),
        (lambda _rows: True, "returned bool for 3 rows"),
        (lambda rows: rows["qty"], "returned a Series of 3 Int64 for 3 rows"),
        (lambda rows: rows["qty"].head(1) > 0, "returned a Series of 1 Boolean for 3 rows"),
        (lambda _rows: None, "returned NoneType"),
    ],
)
def test_a_frame_function_that_fails_stops_the_check(answer: Callable[[pl.DataFrame], Any], reason: str) -> None:
    """P23: a check that fails on a frame, or answers with something else, is a ConfigError, never a pass."""
    with pytest.raises(ConfigError, match=reason):
        told(frame_check(answer))


def test_a_check_gets_the_named_columns_or_all_but_identity() -> None:
    """A check sees the columns named for it, or all of the caller's; a single one is named as the issue's field."""
    seen: list[dict[str, Any]] = []
    Validator({"custom": [lambda record: seen.append(dict(record))]}).check(ROWS)
    assert seen == ROWS
    rules = {"custom": [{"check": lambda record: list(record) != ["qty"], "columns": ["qty"]}]}
    assert {issue["field"] for issue in Validator(rules).check(ROWS).issues} == {"qty"}


def test_an_absent_column_of_a_check_is_refused() -> None:
    """P23: a check that names a column which the frame lacks is a ConfigError, never a pass."""
    with pytest.raises(ConfigError, match=r"custom: the frame has no column Qty, did you mean 'qty'\?"):
        Validator({"custom": [{"check": positive, "columns": ["Qty"]}]}).check(ROWS)
