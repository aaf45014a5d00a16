"""One record at a time."""

import pickle
from typing import Any

import pytest

from fcwork import redact
from fcwork.errors import MappingError
from fcwork.mapper import Mapper


def test_a_record_gives_its_targets_without_the_empty_ones(inventory: Mapper) -> None:
    """Targets without a value are left out, and identity never stands among them."""
    assert inventory.map({"sku": "A", "quantity": " 5 ", "condition": ""}) == {
        "ref": "A",
        "type": "INVENTORY_POSITION",
        "qty": 5,
        "condition": "NEW",
    }
    assert Mapper({"fields": {"a.b": {"source": "x"}, "c": {"source": "y"}}}).map({"y": [None, 1]}) == {"c": [None, 1]}


def test_a_record_that_cannot_be_mapped_says_why(inventory: Mapper) -> None:
    """P32: every fault of a record is told, a key that is not there included."""
    with pytest.raises(MappingError) as caught:
        inventory.map({"quantity": "1,234"})
    assert [(issue["field"], issue["code"]) for issue in caught.value.issues] == [
        ("ref", "map.required"),
        ("qty", "map.type"),
    ]
    assert "ref: required, but 'sku' gives no value" in str(caught.value)
    assert pickle.loads(pickle.dumps(caught.value)).issues == caught.value.issues  # noqa: S301 - our own error


def test_an_empty_record_is_one() -> None:
    """A record without keys still gets its literals and defaults."""
    assert Mapper({"fields": {"a": {"value": 1}, "b": {"source": "x", "defaultValue": 2}}}).map({}) == {"a": 1, "b": 2}


@pytest.mark.parametrize("record", [[{"sku": "A"}], "A", None])
def test_map_takes_one_record(inventory: Mapper, record: Any) -> None:
    """Anything but a dict is refused with what apply is for."""
    with pytest.raises(TypeError, match="apply takes frames"):
        inventory.map(record)


def test_the_error_of_a_masked_value_does_not_hold_it() -> None:
    """P9: a masked target's value stands neither in the error nor in its issues."""
    mapper = Mapper({"mask": ["x"], "fields": {"x": {"source": "v", "resolver": "sdk.parseInt"}}})
    with pytest.raises(MappingError) as caught:
        mapper.map({"v": "4111-1111"})
    assert caught.value.issues[0]["value"] == redact.MASK
    assert "4111" not in repr(caught.value.facts())
