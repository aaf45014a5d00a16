"""Explain: a mapping as a table, for people."""

from typing import Any

import polars as pl
import pytest

from fcwork.mapper import Mapper
from fcwork.redact import MASK


def explained(fields: dict[str, Any], **top: Any) -> list[dict[str, Any]]:
    """Return the lines of a mapping's table."""
    resolvers = {"own": lambda value: value, "column": column}
    context = top.pop("context", None)
    return Mapper({"fields": fields, **top}, resolvers=resolvers, context=context).explain().to_dicts()


def column(values: pl.Series) -> pl.Series:
    """Run on a whole column."""
    return values


def test_each_entry_has_a_line() -> None:
    """Values, lists and what is in them stand in the order of the mapping, objects only where they have a source."""
    inner = {"n": {"source": "a"}, "deep": {"source": "d", "isArray": True, "fields": {"m": {"source": "b"}}}}
    fields = {
        "a.b": {"source": "x", "required": True},
        "o": {"source": "p", "required": True, "fields": {"c": {"source": "y", "defaultValue": 1}}},
        "plain": {"fields": {"d": {"value": None}}},
        "l": {"source": "lines", "isArray": True, "required": True, "fields": inner},
    }
    assert [(line["target"], line["source"], line["required"], line["default"]) for line in explained(fields)] == [
        ("a.b", "x", True, None),
        ("o", "p", True, None),
        ("o.c", "y", False, "1"),
        ("plain.d", "literal null", False, None),
        ("l[]", "lines", True, None),
        ("l[].n", "a", False, None),
        ("l[].deep[]", "d", False, None),
        ("l[].deep[].m", "b", False, None),
    ]


@pytest.mark.parametrize(
    ("resolver", "shown", "runs"),
    [
        ("sdk.parseInt", "sdk.parseInt", "columnar"),
        (["sdk.trim", "sdk.parseInt"], "sdk.trim → sdk.parseInt", "columnar"),
        ("column", "column", "columnar"),
        ("own", "own", "row by row"),
        (["sdk.trim", "own"], "sdk.trim → own", "row by row"),
        ("sdk.parseJson", "sdk.parseJson", "row by row"),
    ],
)
def test_a_line_says_how_it_runs(resolver: Any, shown: str, runs: str) -> None:
    """What is called for each value is told from what runs on columns."""
    (line,) = explained({"x": {"source": "v", "resolver": resolver}})
    assert (line["resolver"], line["runs"]) == (shown, runs)


def test_notes_tell_what_has_no_effect() -> None:
    """P32: what a mapping says in vain, and what is lenient, is noted."""
    fields = {
        "a": {"source": "v", "required": True, "defaultValue": 1},
        "b": {"source": "v", "value": 1},
        "c": {"source": "v", "resolver": "sdk.trim", "lenient": True},
        "d": {"source": "l", "isArray": True, "resolver": "own", "fields": {"x": {"source": "y"}}},
        "e": {"source": "v"},
    }
    notes = {line["target"]: line["note"] for line in explained(fields)}
    assert notes["a"].startswith("required wins: an empty source rejects the row")
    assert notes["b"] == "value wins: source is never read"
    assert notes["c"] == "lenient: the SDK's answer stands, with a warning"
    assert notes["d[]"] == "resolver has no effect on a list, as in the SDK"
    assert notes["e"] is None


def test_several_sources_are_named() -> None:
    """Sources of which the first counts stand in their order."""
    assert explained({"x": {"source": ["a", "b.c"]}})[0]["source"] == "a or b.c"


def test_the_context_is_named_and_not_shown() -> None:
    """P9: what the context holds may be a secret: its name is shown, its value nowhere."""
    mapper = Mapper({"fields": {"x": {"source": "$context.token"}}}, context={"token": "geheim-4711"})
    assert mapper.explain()["source"][0] == "$context.token"
    shown = repr(mapper) + repr(mapper.plan) + mapper._repr_html_() + str(mapper.explain().to_dicts())
    assert "geheim" not in shown


def test_masked_constants_are_hidden() -> None:
    """P9: a literal or default of a masked target, in an object or an item too, is not shown."""
    fields = {
        "pin": {"value": "geheim1"},
        "who": {"fields": {"tax": {"source": "x", "defaultValue": "geheim2"}}},
        "l": {"source": "l", "isArray": True, "fields": {"y": {"source": "z", "defaultValue": "geheim3"}}},
        "open": {"value": "shown"},
    }
    lines = explained(fields, mask=["pin", "who", "l[].y"])
    assert "geheim" not in str(lines)
    assert lines[0]["source"] == f"literal {MASK}"
    assert (lines[1]["default"], lines[3]["default"]) == (MASK, MASK)
    assert lines[4]["source"] == 'literal "shown"'
    assert "geheim" not in repr(Mapper({"fields": fields, "mask": ["pin"]}).plan)


def test_constants_of_every_kind_are_shown_as_json() -> None:
    """A literal is shown as the mapping file has it."""
    for value, shown in [("é", '"é"'), (1.5, "1.5"), (True, "true"), ([1], "[1]"), ({"a": None}, '{"a": null}')]:
        assert explained({"x": {"value": value}})[0]["source"] == f"literal {shown}"


def test_a_mapping_in_a_notebook_is_its_table() -> None:
    """P25: a mapper's HTML is its table, and no markup of the mapping's own."""
    shown = Mapper({"name": "<i>", "fields": {"<b>": {"source": "<script>"}}})._repr_html_()
    assert "&lt;b&gt;" in shown
    assert not any(tag in shown for tag in ("<b>", "<i>", "<script>"))
