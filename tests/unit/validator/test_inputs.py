"""Rules from a GraphQL input type."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest

import fcwork
from fcwork import frames
from fcwork.errors import ConfigError
from fcwork.validator import Validator

PLATFORM = Path(fcwork.__file__).with_name("fluent.graphql")
SDL = """
scalar DateTime
scalar Json
scalar Money
enum Kind { STORE WAREHOUSE }
input Shop {
  ref: String!
  kind: Kind
  count: Int
  share: Float
  open: Boolean
  id: ID
  at: DateTime
  more: Json
  price: Money
  limit: Int! = 5
  address: Address
  parts: [Part!]
  names: [String]
  grid: [[Int!]!]
  within: Shop
}
input Address { city: String!, street: String }
input Part { ref: String!, qty: Int, parts: [Part] }
"""
HOURS = {f"{day}{end}": 800 for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun") for end in ("Start", "End")}
LOCATION: dict[str, Any] = {
    "ref": "L1",
    "type": "STORE",
    "name": "Shop",
    "retailer": {"id": "1"},
    "primaryAddress": {"ref": "L1", "latitude": 41.9, "longitude": 12.5, "city": "Rome"},
    "openingSchedule": {"allHours": False, **HOURS},
}


@pytest.fixture(scope="module")
def shops() -> Validator:
    """Return the rules of Shop."""
    return Validator.from_schema(SDL, "Shop")


def found(validator: Validator, frame: Any) -> set[tuple[Any, ...]]:
    """Return row, place and code of each finding; the place has the items' numbers in it."""
    issues = frames.enter(validator.check(frame).issues)
    return {(i["row"], i["message"].partition(" is ")[0], i["code"]) for i in issues.to_dicts()}


@pytest.mark.parametrize("kind", ["polars", "lazy", "pandas", "pyarrow", "records"])
def test_a_location_is_an_input_of_its_type(kind: frames.Kind) -> None:
    """P23: rows that are such inputs are valid in every kind of frame, and each fault in them is found."""
    validator = Validator.from_schema(PLATFORM, "CreateLocationInput")
    bad = {
        **LOCATION,
        "name": None,
        "primaryAddress": {**LOCATION["primaryAddress"], "latitude": None},
        "openingSchedule": {**LOCATION["openingSchedule"], "monEnd": 2**31},
    }
    given = frames.leave(frames.enter([LOCATION, bad, {**LOCATION, "primaryAddress": None}]), kind)
    assert found(validator, given) == {
        (2, "name", "check.required"),
        (2, "primaryAddress.latitude", "check.required"),
        (2, "openingSchedule.monEnd", "check.type"),
        (3, "primaryAddress", "check.required"),
    }


@pytest.mark.parametrize(
    ("field", "values", "refused"),
    [
        ("count", [5, -(2**31), 2**31 - 1, None], []),
        ("count", [2**31, -(2**31) - 1], [1, 2]),
        ("count", [5.0, 5.5], [2]),
        ("count", [Decimal("5.0"), Decimal("5.5")], [2]),
        ("count", ["5"], [1]),
        ("count", [True], [1]),
        ("share", [1.5, 2.0, None], []),
        ("share", [5], []),
        ("share", ["1.5"], [1]),
        ("share", [float("inf")], [1]),
        ("ref", ["", "a"], []),
        ("ref", [5], [1]),
        ("ref", [date(2026, 1, 1)], [1]),
        ("open", [True, None], []),
        ("open", ["true"], [1]),
        ("open", [1], [1]),
        ("id", ["a", "5"], []),
        ("id", [5], []),
        ("id", [5.5], [1]),
        ("id", [True], [1]),
        ("kind", ["STORE", None], []),
        ("kind", ["store", "SHOP", ""], [1, 2, 3]),
        ("kind", [5], [1]),
        ("at", ["2026-01-31T08:30:00Z", "2026-01-31T08:30:00.000+01:00", "2026-01-31"], []),
        ("at", ["31.01.2026", "2026-02-30T00:00:00Z", "soon", ""], [1, 2, 3, 4]),
        ("at", [datetime(2026, 1, 31, tzinfo=UTC)], []),
        ("at", [date(2026, 1, 31)], []),
        ("at", [1738310400], [1]),
        ("more", [{"any": [1]}, None], []),
        ("address", ["Rome"], [1]),
        ("address", [["Rome"]], [1]),
        ("names", ["a"], [1]),
        ("names", [{"a": 1}], [1]),
        ("names", [["a", None], [], None], []),
        ("names", [[5]], [1]),
        ("grid", [[[1], [2, 3]], [], [[]]], []),
        ("grid", [[[1, None]], [None]], [1, 2]),
        ("parts", [[{"ref": "a"}, None]], [1]),
        ("count", [[1]], [1]),
        ("count", [{"a": 1}], [1]),
        ("limit", [None, 5], []),
    ],
)
def test_values_are_of_their_type(shops: Validator, field: str, values: list[Any], refused: list[int]) -> None:
    """P27: a value passes where GraphQL would take it as the type; text is no number, an enum is its own values."""
    base = {} if field == "ref" else {"ref": "x"}
    result = shops.check([{**base, field: value} for value in values])
    assert sorted({issue["row"] for issue in result.issues if issue["severity"] == "error"}) == refused


def test_a_required_field_is_required_where_its_object_is(shops: Validator) -> None:
    """What an object must have is asked of the objects that are there, in each item of a list by itself."""
    rows = [
        {"ref": "a", "address": {"city": None, "street": "s"}, "parts": [{"ref": "p"}, {"ref": None}]},
        {"ref": "b", "address": None, "parts": []},
        {"ref": None, "address": {"city": "Rome"}, "parts": None},
    ]
    assert found(shops, rows) == {
        (1, "address.city", "check.required"),
        (1, "parts[1].ref", "check.required"),
        (3, "ref", "check.required"),
    }


def test_a_type_that_holds_itself_ends(shops: Validator) -> None:
    """A type that holds itself is followed as deep as the rows go."""
    row = {
        "ref": "a",
        "within": {"ref": "b", "within": {"ref": None, "kind": "X"}},
        "parts": [{"ref": "p", "parts": [{"ref": "q", "qty": 2**40}]}],
    }
    assert found(shops, [row]) == {
        (1, "within.within.ref", "check.required"),
        (1, "within.within.kind", "check.type"),
        (1, "parts[0].parts[0].qty", "check.type"),
    }


def test_columns_with_dots_are_together_an_object(shops: Validator) -> None:
    """Columns such as address.city are an address, which is there where any of them holds a value."""
    rows = pl.DataFrame(
        {
            "ref": ["a", "b", "c"],
            "address.city": ["Rome", None, None],
            "address.street": [None, "s", None],
            "address.zip": [None, None, None],
        }
    )
    result = shops.check(rows)
    assert set(result.issues.select("row", "field", "code").iter_rows()) == {
        (2, "address.city", "check.required"),
        (None, "address.zip", "check.unknown_field"),
    }
    required = Validator.from_schema("input A { b: B! } input B { c: String!, d: Int }", "A")
    assert found(required, pl.DataFrame({"b.d": [1, None]})) == {
        (1, "b.c", "check.required"),
        (2, "b", "check.required"),
    }


def test_what_the_type_does_not_know_is_a_warning(shops: Validator) -> None:
    """P32: an unknown column or field is one warning with the nearest name, an unknown scalar one as well."""
    result = shops.check([{"ref": "a", "cuont": 1, "price": 5, "address": {"city": "x", "stret": "y"}}])
    assert result.ok
    told = {issue["field"]: (issue["code"], issue["message"]) for issue in result.issues}
    assert told == {
        "cuont": ("check.unknown_field", "cuont is no field of Shop, did you mean 'count'?"),
        "address.stret": ("check.unknown_field", "address.stret is no field of Address, did you mean 'street'?"),
        "price": (
            "check.unknown_scalar",
            "price is of the scalar Money, whose values are not known here: they were not judged",
        ),
    }


def test_an_absent_required_field_rejects_every_row(shops: Validator) -> None:
    """A required field that no row has is missing in every row."""
    result = shops.check([{"kind": "STORE"}, {"kind": None}])
    assert (result.rejected_count, result.counts) == (2, {"check.required": 2})


def test_whole_numbers_that_pandas_made_floats_are_whole(shops: Validator) -> None:
    """P23: a column of whole numbers with a null is of floats in pandas, and as whole as elsewhere."""
    rows = pd.DataFrame({"ref": ["a", "b"], "count": [5, None], "open": [True, None]})
    assert shops.check(rows).ok


def test_more_rules_may_be_given() -> None:
    """Rules of one's own are judged beside those of the type."""
    validator = Validator.from_schema(SDL, "Shop", rules={"unique": ["ref"], "pattern": {"ref": "^[A-Z]+$"}})
    assert validator.check([{"ref": "A"}, {"ref": "A"}, {"ref": "b"}, {"ref": 5}]).counts == {
        "check.pattern": 2,
        "check.duplicate": 1,
    }
    with pytest.raises(ConfigError, match="unknown rule 'uniq'"):
        Validator.from_schema(SDL, "Shop", rules={"uniq": ["ref"]})


def test_an_unknown_type_is_refused() -> None:
    """P32: a type that the schema has not is a ConfigError with the nearest name, as is what is no schema."""
    with pytest.raises(ConfigError, match="did you mean 'Shop'"):
        Validator.from_schema(SDL, "Shoop")
    with pytest.raises(ConfigError, match="no schema"):
        Validator.from_schema("input Shop {", "Shop")


def test_numbers_beside_text_are_text_and_no_numbers(shops: Validator) -> None:
    """P23: values that share no type are text in every kind of frame, and text is no number in any of its rows."""
    rows = [{"ref": "a", "parts": [{"ref": "p", "qty": 1}]}, {"ref": "b", "parts": [{"ref": "q", "qty": "x"}]}]
    assert found(shops, rows) == {(1, "parts[0].qty", "check.type"), (2, "parts[0].qty", "check.type")}


def test_an_empty_frame_is_an_input_of_any_type(shops: Validator) -> None:
    """A frame without rows breaks no rule of a type."""
    assert shops.check([]).ok
    assert repr(shops) == "Validator(1 rule)"
