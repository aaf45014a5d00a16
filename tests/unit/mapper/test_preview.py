"""A preview: what stands in the source beside what becomes of it."""

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

from fcwork import frames
from fcwork.errors import MappingError
from fcwork.mapper import Mapper
from fcwork.redact import MASK

FIELDS: dict[str, Any] = {
    "ref": {"source": "sku", "required": True},
    "type": {"value": "T"},
    "qty": {"source": "q", "resolver": "sdk.parseInt"},
    "o.either": {"source": ["nope", "q"], "defaultValue": "d"},
    "lines": {"source": "l", "isArray": True, "fields": {"n": {"source": "a", "resolver": "sdk.parseInt"}}},
}
ROWS = [
    {"sku": "A", "q": "1", "l": [{"a": "1"}, {"a": "x"}]},
    {"sku": "", "q": "x", "l": []},
    {"sku": "C", "q": None, "l": None},
]


def seen(rows: Any, at: int, target: str, **top: Any) -> tuple[Any, ...]:
    """Return source, from, to and issue of one line."""
    lines = pl.DataFrame(Mapper({"fields": FIELDS, **top}).preview(rows))
    line = lines.filter((pl.col("_row") == at) & (pl.col("target") == target))
    return line.select("source", "from", "to", "issue").row(0)


def test_each_row_and_target_has_a_line() -> None:
    """A preview has a line for each row and target, in the order of both."""
    lines = Mapper({"fields": FIELDS}).preview(ROWS)
    assert list(lines[0]) == ["_row", "source", "from", "target", "to", "issue"]
    assert [(line["_row"], line["target"]) for line in lines] == [(row, name) for row in (1, 2, 3) for name in FIELDS]


def test_a_line_shows_source_and_target() -> None:
    """What stands in the source is shown beside what becomes of it; constants and lists are named as such."""
    assert seen(ROWS, 1, "ref") == ("sku", "A", "A", None)
    assert seen(ROWS, 1, "type") == ("(a constant)", "T", "T", None)
    assert seen(ROWS, 3, "o.either") == ("nope or q", None, "d", None)
    assert seen(ROWS, 2, "lines") == ("l", None, "0 items", None)


def test_a_line_says_why_its_value_failed() -> None:
    """P32: a value that cannot be mapped has its issue in its line, that of a list's item in the list's."""
    cannot = "sdk.parseInt cannot read it: expected a whole number in digits, within 64 bits"
    assert seen(ROWS, 2, "ref") == ("sku", "", "", "required, but 'sku' gives no value")
    assert seen(ROWS, 2, "qty") == ("q", "x", None, cannot)
    assert seen(ROWS, 1, "lines") == ("l", None, "2 items", cannot)


def test_a_node_that_failed_has_a_line_of_its_own() -> None:
    """P32: what cannot be parsed before any field is worked out is shown too."""
    config = {"nodes": {"doc": {"extract": "x", "parse": "json"}}, "fields": {"a": {"source": "$doc.a"}}}
    lines = Mapper(config).preview([{"x": "{bad"}, {"x": '{"a": 1}'}])
    assert [(line["_row"], line["target"], line["to"]) for line in lines] == [
        (1, "$doc", None),
        (1, "a", None),
        (2, "a", "1"),
    ]
    assert lines[0]["issue"].startswith("json that cannot be read: ")


@pytest.mark.parametrize("value", ["T", 5, 1.5, True, [1, 2], {"a": 1}, None, ""])
def test_constants_of_every_kind_can_be_shown(value: Any) -> None:
    """A literal is shown in every row, whatever it is."""
    lines = Mapper({"fields": {"x": {"value": value}, "y": {"source": "sku"}}}).preview(ROWS)
    assert len(lines) == 6
    assert {str(line["to"]) for line in lines if line["target"] == "x"} == {str(lines[0]["from"])}


def test_masked_targets_are_hidden_on_both_sides() -> None:
    """P9: neither what a masked target is made of nor what it becomes is shown, a list's items included."""
    config = {"mask": ["who", "type", "lines"], "fields": {**FIELDS, "who.pin": {"source": "sku", "defaultValue": "d"}}}
    lines = Mapper(config).preview(ROWS)
    hidden = [line for line in lines if line["target"] in {"who.pin", "type", "lines"}]
    assert len(hidden) == 9
    assert {line[side] for line in hidden for side in ("from", "to")} <= {MASK, None}


def test_a_preview_is_of_the_kind_that_came(kind: str, make_frame: Callable[[Any], Any]) -> None:
    """Every kind of frame is previewed as itself, and only its first rows are."""
    lines = Mapper({"fields": FIELDS}).preview(make_frame(ROWS), rows=2)
    assert frames.kind_of(lines) == kind
    assert frames.enter(lines).height == 2 * len(FIELDS)


def test_rows_keep_their_numbers() -> None:
    """A row that knows its line in the source is shown with it."""
    lines = Mapper({"fields": {"x": {"source": "v"}}}).preview([{"v": 1, "_row": 17}])
    assert lines[0]["_row"] == 17


def test_what_cannot_be_previewed_is_told() -> None:
    """P32: a preview of no rows, of a frame without a required column, or of no frame, is a mistake of the call."""
    mapper = Mapper({"fields": FIELDS})
    with pytest.raises(MappingError, match="a preview has at least 1 row, not 0"):
        mapper.preview(ROWS, rows=0)
    with pytest.raises(MappingError, match="no column 'sku'"):
        mapper.preview([{"SKU": 1}])
    with pytest.raises(TypeError, match="give a pandas or polars DataFrame"):
        mapper.preview("stock.csv")  # type: ignore[arg-type]
    assert mapper.preview([]) == []


def test_a_mapping_of_objects_alone_shows_nothing() -> None:
    """Objects have no line: their fields do."""
    lines = Mapper({"fields": {"o": {"fields": {"x": {"source": "sku"}}}}}).preview(ROWS, rows=1)
    assert [line["target"] for line in lines] == ["o.x"]


def test_rows_of_the_same_number_from_two_sources_are_told_apart() -> None:
    """An issue stands in the line of its own row, whatever number a row of another source bears."""
    rows = [
        {"sku": "A", "q": "x", "_row": 1, "_source": "a.csv"},
        {"sku": "B", "q": "2", "_row": 1, "_source": "b.csv"},
    ]
    config = {"fields": {"ref": {"source": "sku"}, "qty": {"source": "q", "resolver": "sdk.parseInt"}}}
    lines = [(line["from"], line["to"], line["issue"] is None) for line in Mapper(config).preview(rows)]
    assert lines == [("A", "A", True), ("x", None, False), ("B", "B", True), ("2", "2", True)]
