import json
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fcwork.client.packing import pack_lines

KINDS = ("STRING", "BOOLEAN", "INTEGER", "FLOAT", "JSON")


def packed(attributes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a row's attributes as they leave."""
    line = pack_lines(pl.DataFrame({"ref": ["A"], "attributes": [attributes]}))[0]
    found: list[dict[str, Any]] = json.loads(line)["attributes"]
    return found


@pytest.mark.parametrize(
    ("kind", "text", "sent"),
    [
        ("BOOLEAN", "true", True),
        ("BOOLEAN", "yes", "yes"),
        ("INTEGER", "-12", -12),
        ("INTEGER", "007", "007"),
        ("INTEGER", "9223372036854775808", 9223372036854775808),
        ("FLOAT", "1.50", 1.5),
        ("FLOAT", "1e3", 1000.0),
        ("FLOAT", "NaN", "NaN"),
        ("JSON", '{"a": [1, "\\"x\\""]}', {"a": [1, '"x"']}),
        ("JSON", "[not json", "[not json"),
        ("STRING", "true", "true"),
        ("STRING", "12", "12"),
    ],
)
@pytest.mark.parametrize("names", [("name", "type", "value"), ("value", "type", "name")])
def test_a_value_leaves_as_the_kind_that_its_attribute_says(
    kind: str, text: str, sent: object, names: tuple[str, ...]
) -> None:
    """P27: An attribute's value is sent as JSON of its type, and a text that is not of that type as it stands."""
    attribute = {"name": "a", "type": kind, "value": text}
    [found] = packed([{name: attribute[name] for name in names}])
    assert found["value"] == sent
    assert type(found["value"]) is type(sent)


def test_attributes_inside_of_items_have_their_kinds_too() -> None:
    """Attributes are found at any depth of a row, beside instants and decimals too."""
    item = {"ref": "1", "attributes": [{"name": "gift", "type": "BOOLEAN", "value": "false"}]}
    line = pack_lines(pl.DataFrame({"ref": ["A"], "price": ["1.10"], "items": [[item]]}))[0]
    assert json.loads(line)["items"][0]["attributes"][0]["value"] is False


@given(st.lists(st.tuples(st.sampled_from(KINDS), st.text()), min_size=1, max_size=4))
def test_no_text_is_taken_for_another_s(pairs: list[tuple[str, str]]) -> None:
    """Whatever the values hold, each attribute keeps its name, type and, as a text or of its kind, its value."""
    given_ones = [{"name": str(at), "type": kind, "value": text} for at, (kind, text) in enumerate(pairs)]
    for before, after in zip(given_ones, packed(given_ones), strict=True):
        assert (before["name"], before["type"]) == (after["name"], after["type"])
        assert after["value"] == before["value"] or json.loads(before["value"]) == after["value"]


def test_a_text_that_looks_like_an_attribute_stays_one() -> None:
    """Text that spells an attribute inside of a value is left alone."""
    text = '"type":"BOOLEAN","value":"true"'
    assert packed([{"name": "a", "type": "STRING", "value": text}])[0]["value"] == text
