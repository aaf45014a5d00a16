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


def high(values: pl.Series) -> pl.Series:
    """Judge a column by a truth a value."""
    return values > 0


def named(values: "pl.Series") -> pl.Series:
    """Judge a column by a message a value."""
    return pl.select(pl.when(values < 0).then(pl.format("{} is below", values))).to_series()


def test_an_expression_judges_the_rows() -> None:
    """An expression is a truth or a message a row; null is no yes, and its own columns are the issue's field."""
    rules = {"custom": [{"check": pl.col("qty") >= pl.col("min"), "message": "too few"}, pl.col("ref") != "C"]}
    rows = [{"ref": "A", "qty": 5, "min": 5}, {"ref": "B", "qty": 4, "min": 5}, {"ref": "C", "qty": None, "min": 5}]
    assert [(issue["row"], issue["field"], issue["message"]) for issue in Validator(rules).check(rows).issues] == [
        (2, "qty, min", "too few"),
        (3, "qty, min", "too few"),
        (3, "ref", "refused by the custom check number 2"),
    ]
    worded = pl.when(pl.col("qty") < 0).then(pl.lit("below"))
    assert told(worded) == {2: "below"}


def test_an_expression_may_look_at_the_whole_column() -> None:
    """An expression may compare each row with the others."""
    assert told(pl.col("qty") <= pl.col("qty").mean().over(pl.lit(1)), [{"qty": 1}, {"qty": 9}]) == {
        2: "refused by the custom check number 1"
    }


def test_an_expression_reads_fields_of_structs() -> None:
    """A dotted path in an expression leads into a struct, as in any other rule."""
    rows = [{"to": {"city": "Rome"}}, {"to": {"city": ""}}]
    assert list(told(pl.col("to.city") != "", rows)) == [2]


@pytest.mark.parametrize(
    ("check", "reason"),
    [
        (pl.col("nope") > 0, "custom: the frame has no column nope"),
        (pl.col("ref") > 0, "the custom check number 1 failed"),
        (pl.col("qty").sum() > 0, "returned a Series of 1 Boolean for 3 rows"),
        (pl.col("qty") + 1, "returned a Series of 3 Int64"),
    ],
)
def test_an_expression_that_cannot_judge_stops_the_check(check: pl.Expr, reason: str) -> None:
    """P23: an expression on columns that the frame lacks, or with no answer a row, is a ConfigError, never a pass."""
    with pytest.raises(ConfigError, match=reason):
        told(check)


def test_a_function_of_a_column_is_called_with_each_of_its_columns() -> None:
    """A function annotated with Series judges each of the columns named for it, and each is its issues' field."""
    rows = [{"a": 1, "b": -1}, {"a": None, "b": 5}]
    issues = Validator({"custom": [{"check": high, "columns": ["a", "b"]}]}).check(rows).issues
    assert [(issue["row"], issue["field"]) for issue in issues] == [(1, "b"), (2, "a")]
    issues = Validator({"custom": [{"check": named, "columns": ["b"], "message": "not used"}]}).check(rows).issues
    assert [issue["message"] for issue in issues] == ["-1 is below"]


def test_a_function_of_a_column_needs_one() -> None:
    """P32: a function of a column without columns is a mistake that says how to name them."""
    with pytest.raises(ConfigError, match=r'the custom check high takes a column: name it, \{"check": high, "columns"'):
        Validator({"custom": [high]})


def test_a_message_is_said_of_the_rows_refused() -> None:
    """The message of an entry is said where a check answers false, and a check's own message comes first."""
    rules = {"custom": [{"check": lambda record: record["ref"] == "A", "message": "only A"}, {"check": positive}]}
    assert [issue["message"] for issue in Validator(rules).check(ROWS).issues] == ["only A", "too few", "only A"]


def test_nan_is_null_to_a_check_in_every_kind_of_frame() -> None:
    """P23: a check of one's own is given null for NaN, whichever columns it is given."""
    seen: list[object] = []
    rows = pl.DataFrame({"x": [1.5, float("nan")]})
    for columns in ({}, {"columns": ["x"]}):
        Validator({"custom": [{"check": lambda record: seen.append(record["x"]), **columns}]}).check(rows)
    assert seen == [1.5, None] * 2


@pytest.mark.parametrize("text", ["pl.col('qty') > 0", "__import__('os').system('true')"])
def test_text_is_never_a_check(text: str) -> None:
    """A check is never made of text, so that a rule file can run nothing."""
    for entry in (text, {"check": text}, {"check": text, "columns": ["qty"]}):
        with pytest.raises(ConfigError, match="not a function or expression given in Python"):
            Validator({"custom": [entry]})


def test_rows_without_a_column_are_judged_as_well() -> None:
    """P23: a check of one's own judges each row, also where no row has any field."""
    assert told(lambda _record: "no", [{}, {}]) == {1: "no", 2: "no"}
