"""Values of an event in filters and names."""

from pathlib import PurePosixPath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fcwork.errors import ConfigError
from fcwork.reactions import naming

EVENT: dict[str, Any] = {
    "id": "e-1",
    "entityRef": "../../etc/passwd",
    "entityId": 7,
    "rootEntityRef": None,
    "attributes": {"carrier": "DHL", "express": True},
}


def test_values_stand_in_a_sink_as_names() -> None:
    """What an event says is one name in the sink's folder; what an extraction fills in stays as it is."""
    sink = naming.sink_of("lake://out/{date}/{attributes.carrier}/{entityRef}-{entityId}-{id}-{to}.xml", EVENT)
    assert sink == "lake://out/{date}/DHL/%2E.%2F..%2Fetc%2Fpasswd-7-e-1-{to}.xml"


def test_braces_that_are_meant_stay() -> None:
    """A brace that is written twice is a brace."""
    assert naming.sink_of("out/{{id}}.csv", EVENT) == "out/{{id}}.csv"


@given(st.text(min_size=1))
def test_any_text_is_one_segment(text: str) -> None:
    """Whatever an event says is one plain segment: no folder, no hidden file, no option, no brace, no control sign."""
    name = naming.segment(text)
    assert PurePosixPath(name).name == name
    assert name.isascii()
    assert name.isprintable()
    assert not set(name) & set('/\\{}:*?"<>| ')
    assert name[0] not in ".-~"
    assert len(name) <= naming.MOST + 9


def test_segments_tell_texts_apart() -> None:
    """Different references never share a file."""
    texts = ["A/B", "A-B", "A%2FB", "A\\B", "a" * 200, "a" * 201, ".", "..", "%2E"]
    assert len({naming.segment(text) for text in texts}) == len(texts)


def test_a_lone_surrogate_is_a_name_too() -> None:
    """A text that no encoding has is still one segment."""
    assert naming.segment("\ud800x")


def test_filters_take_values_as_they_are() -> None:
    """A filter that is nothing but a name in braces is the event's value; any other text is what it is."""
    filters = {"ref": ["{entityRef}"], "status": "{status}s", "order": {"id": "{entityId}"}, "first": 5}
    assert naming.filters_of(filters, EVENT) == {
        "ref": ["../../etc/passwd"],
        "status": "{status}s",
        "order": {"id": 7},
        "first": 5,
    }


@pytest.mark.parametrize("name", ["rootEntityRef", "attributes", "attributes.express", "entityReff", "id.x"])
def test_what_the_event_does_not_say_is_told(name: str) -> None:
    """A value that is missing, or no text and no number, is never written as None or a dict."""
    with pytest.raises(ConfigError, match="the event has no value") as caught:
        naming.sink_of(f"out/{{{name}}}.csv", EVENT)
    assert "entityRef" in str(caught.value)
