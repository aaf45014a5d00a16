"""Texts as what the type rules say: a csv holds nothing else."""

from decimal import Decimal

import pandas as pd
import polars as pl
import pytest

from fcwork import frames
from fcwork.validator import Validator

RULES = {"types": {"qty": "integer", "price": "decimal", "on": "boolean", "ref": "string", "day": "date"}}
ROWS = pl.DataFrame(
    {
        "qty": ["5", None, "-12"],
        "price": ["1.10", "2", "0.125"],
        "on": ["true", "FALSE", None],
        "ref": ["1", "2", "3"],
        "day": ["2026-01-31"] * 3,
        "other": ["1", "2", "3"],
    }
)


def test_texts_become_what_the_rules_say() -> None:
    """Integers, decimals with all their digits and booleans are converted; other columns stay texts."""
    typed = Validator(RULES).typed(ROWS)
    assert typed["qty"].to_list() == [5, None, -12]
    assert typed["price"].to_list() == [Decimal("1.100"), Decimal(2), Decimal("0.125")]
    assert typed["on"].to_list() == [True, False, None]
    assert typed.select("ref", "day", "other").equals(ROWS.select("ref", "day", "other"))


def test_a_column_with_a_text_that_is_none_stays_as_it_is() -> None:
    """P27: nothing becomes null or zero: where one text cannot be converted the column is left alone."""
    rows = pl.DataFrame({"qty": ["5", "many"], "price": ["1e999", "x"]})
    assert Validator(RULES).typed(rows).equals(rows)


@pytest.mark.parametrize("kind", ["pandas", "pyarrow", "records", "lazy"])
def test_the_kind_of_frame_stays(kind: frames.Kind) -> None:
    """The same kind of frame comes back."""
    typed = Validator(RULES).typed(frames.leave(ROWS, kind))
    assert frames.kind_of(typed) == kind
    assert frames.enter(typed)["qty"].to_list() == [5, None, -12]


def test_numbers_stay_numbers() -> None:
    """A column that is no text is left alone, and so is one that only a condition types."""
    rows = pd.DataFrame({"qty": [1, 2], "n": ["1", "2"]})
    rules = {"when": [{"if": {"qty": {"range": {"min": 0}}}, "then": {"types": {"n": "integer"}}}]}
    typed = frames.enter(Validator({**rules, "types": {"qty": "integer"}}).typed(rows))
    assert typed["n"].to_list() == ["1", "2"]
    assert typed["qty"].to_list() == [1, 2]
