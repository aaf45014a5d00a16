import json

import pytest

from fcwork import personal
from fcwork.personal.records import cell
from fcwork.redact import MASK


def test_values_are_hidden_by_their_paths() -> None:
    """What stands under a hidden name is replaced, whatever it is in; null stays null, the caller's record is whole."""
    personal.hide(["email", "customer.phone"])
    record = {
        "email": None,
        "customer": {"phone": 5, "all": [{"email": "a"}, {"email": ["b"]}], "n": (1, {"email": "c"})},
        "phone": 7,
        "payload": '{"customer": {"phone": 1}, "phone": 2}',
        "attributes": [{"name": "email", "type": "S", "value": "v"}, {"name": "size", "value": "L"}],
    }
    before = json.dumps(record)
    assert personal.hidden(record) == {
        "email": None,
        "customer": {"phone": MASK, "all": [{"email": MASK}, {"email": MASK}], "n": (1, {"email": MASK})},
        "phone": 7,
        "payload": f'{{"customer": {{"phone": "{MASK}"}}, "phone": 2}}',
        "attributes": [{"name": "email", "type": "S", "value": MASK}, {"name": "size", "value": "L"}],
    }
    assert json.dumps(record) == before


@pytest.mark.parametrize("text", ['{"a": 1', '{"a": 1} {"email": "x"}', "[" * 100_000 + '"email": "x"'])
def test_a_text_that_is_no_json_is_gone_through_as_text(text: str) -> None:
    """P24: a broken or bottomless JSON is no reason to show what stands in it."""
    personal.hide("email")
    assert '"x"' not in cell(text)


def test_a_json_text_without_something_to_hide_stays_letter_by_letter() -> None:
    """A text is written anew only where something in it is hidden."""
    personal.hide("email")
    text = '{"email":null , "n":1.0}'
    assert cell(text) == text
