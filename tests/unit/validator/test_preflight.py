"""The options of the SDK's PreflightValidator."""

from typing import Any

import polars as pl
import pytest

from fcwork.errors import ConfigError
from fcwork.validator import Validator

STOCK = {"locationRef": "L1", "skuRef": "S1", "type": "LAST_ON_HAND", "qty": 1}


def test_the_options_are_taken_as_they_are() -> None:
    """Each option of the SDK does what it says, beside rules of our own."""
    options = {
        "entityType": "INVENTORY",
        "requiredFields": ["ref"],
        "checkDuplicates": True,
        "maxBatchSize": 3,
        "validateTypes": True,
        "customValidator": lambda _record, at: "odd" if at == 3 else None,
        "length": {"ref": {"max": 1}},
    }
    rows = [{"ref": "A", "qty": 1}, {"ref": "A", "qty": "x"}, {"ref": "", "qty": 1}, {"ref": "BB", "qty": None}]
    result = Validator(options).check(rows)
    assert {(issue["row"], issue["field"], issue["code"], issue["severity"]) for issue in result.issues} == {
        (None, None, "check.max_rows", "error"),
        (2, "qty", "check.type", "error"),
        (2, "ref", "check.duplicate", "warning"),
        (3, "ref", "check.required", "error"),
        (4, "ref", "check.length", "error"),
        (4, None, "check.custom", "error"),
    }


def test_the_key_of_stock_is_location_sku_and_type() -> None:
    """A duplicate of stock is one of location, sku and type; where the frame has not all of these, of ref."""
    options = {"entityType": "INVENTORY", "checkDuplicates": True}
    rows = [STOCK, {**STOCK, "type": "DELTA"}, {**STOCK, "qty": 5}]
    issues = Validator(options).check(rows).issues
    assert [(issue["row"], issue["field"]) for issue in issues] == [(3, "locationRef, skuRef, type")]
    assert issues[0]["message"].endswith("L1:S1:LAST_ON_HAND is already in row 1")
    assert Validator(options).check([{"ref": "A"}, {"ref": "A"}]).counts == {"check.duplicate": 1}


def test_without_a_key_the_result_says_so() -> None:
    """P23: where the frame has no key to look for, that is a warning, not a silent pass."""
    result = Validator({"checkDuplicates": True}).check([{"sku": "A"}])
    assert [issue["message"] for issue in result.issues] == [
        "the frame has no column ref; without it duplicates were not looked for"
    ]


def test_a_duplicate_may_be_an_error() -> None:
    """A duplicate is a warning as in the SDK, and an error where that is asked for."""
    options = {"checkDuplicates": True, "severity": {"unique": "error"}}
    assert Validator(options).check([{"ref": "A"}, {"ref": "A"}]).rejected_count == 1


def test_an_empty_batch_is_refused() -> None:
    """A batch without records is refused, as by the SDK; without these options an empty frame is not."""
    result = Validator({"requiredFields": ["ref"]}).check([])
    assert (result.ok, result.counts) == (False, {"check.min_rows": 1})
    assert str(result) == "no rows to check; the frame has no rows, below the minimum 1"
    assert Validator({"required": ["ref"]}).check([]).ok


def test_min_rows_is_a_rule_of_its_own() -> None:
    """Fewer rows than min_rows is one issue of the frame, as grave as its severity."""
    rows = pl.DataFrame({"ref": ["A"]})
    assert Validator({"min_rows": 2}).check(rows).counts == {"check.min_rows": 1}
    assert Validator({"min_rows": 2, "severity": {"min_rows": "warning"}}).check(rows).ok
    assert Validator({"min_rows": 1}).check(rows).ok


@pytest.mark.parametrize("item", [None, 5, "text", ["ref", "A"], True])
def test_an_item_that_is_no_record_is_rejected(item: Any) -> None:
    """P26: an item of a list that is no record is an error of its row; the others are judged as ever."""
    result = Validator({"required": ["ref"], "unique": ["ref"]}).check([{"ref": "A"}, item, {"ref": ""}])
    assert [(issue["row"], issue["code"]) for issue in result.issues] == [(2, "check.record"), (3, "check.required")]
    assert (result.valid_count, result.rejected_count) == (1, 2)
    assert result.rejected[0]["_errors"].startswith("the record is ")
    assert Validator({}).peek([item, {"ref": "A"}]).rejected_count == 1


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"requiredFields": "ref"}, "requiredFields takes a list of fields, not 'ref'"),
        ({"checkDuplicates": "yes"}, "checkDuplicates is true or false, not 'yes'"),
        ({"maxBatchSize": "5"}, "maxBatchSize takes a number of records, not '5'"),
        ({"maxBatchSize": -1}, "maxBatchSize takes"),
        ({"maxBatchSize": 1.5}, "maxBatchSize takes"),
        ({"validateTypes": 1}, "validateTypes is true or false, not 1"),
        ({"customValidator": "(rec) => null"}, "customValidator: custom check number 1 is '(rec) => null', not"),
        ({"entityType": 5}, "entityType is text, not 5"),
        ({"requiredField": ["ref"]}, "unknown rule 'requiredField', did you mean 'requiredFields'?"),
    ],
)
def test_a_wrong_option_is_named(options: dict[str, Any], told: str) -> None:
    """P32: an option that cannot be is a ConfigError that names it."""
    with pytest.raises(ConfigError) as caught:
        Validator(options)
    assert told in caught.value.message
