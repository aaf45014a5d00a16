"""Reading XML against the SDK's own answers (0.1.56); the table says where it differs and why."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from fcwork.errors import SourceError
from fcwork.sources.elements import Reader
from fcwork.sources.encodings import Block
from fcwork.sources.options import Options

DATA = Path(__file__).parents[2] / "data"
VECTORS = json.loads((DATA / "vectors" / "xml.json").read_text("utf-8"))
ROWS = yaml.safe_load((DATA / "deviations.yml").read_text("utf-8"))["xml"]
WHY = {(row["area"], row["case"]): row["why"] for row in ROWS}
REFUSED = "refused"


def records(content: str, path: str) -> Any:
    """Return the records of a file, by the name of its root."""
    try:
        reader = Reader(Options(path=path), "a.xml")
        found = reader.feed(Block(content.encode(), last=True))
    except SourceError:
        return REFUSED
    return {reader._steps[0]: found}


def ours(vector: dict[str, Any]) -> Any:
    """Return what fcwork makes of a vector's input, as the SDK would give it."""
    area, given = vector["area"].removeprefix("parser.xml."), vector["input"]
    if area == "validate":
        return records(given, "$") != REFUSED
    content, options = given["content"], given.get("options", {})
    if not isinstance(content, str):
        return "no file"
    selector = vector["case"].split(" ")[0]
    found = records(content, "$" if area == "parse" else options.get("itemPath", selector))
    if found == REFUSED:
        return found
    [(root, items)] = found.items()
    if area != "parse":
        return items
    return items[0] if "rootElement" in options else {root: items[0]}


def told(answer: Any) -> Any:
    """Return an answer with its nulls left out and its numbers and truths as texts."""
    if isinstance(answer, dict):
        return {name: told(item) for name, item in answer.items() if item is not None}
    if isinstance(answer, list):
        return [told(item) for item in answer]
    return answer if isinstance(answer, str | None) else json.dumps(answer)


def theirs(vector: dict[str, Any]) -> Any:
    """Return the SDK's answer."""
    answer = vector["output"]
    if vector["area"] == "parser.xml.validate":
        return answer["valid"]
    return REFUSED if "__throws__" in answer else answer


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: f"{vector['area']} {vector['case']}")
def test_a_vector_agrees_or_the_table_says_why(vector: dict[str, Any]) -> None:
    """P27: records have the SDK's shape; each difference stands in the table with its reason, and is real."""
    same = told(ours(vector)) == told(theirs(vector))
    assert same is ((vector["area"], vector["case"]) not in WHY)


def test_the_table_has_no_strangers() -> None:
    """Each row is of one vector and gives its reason in a sentence."""
    assert set(WHY) <= {(vector["area"], vector["case"]) for vector in VECTORS}
    assert len(WHY) == len(ROWS)
    assert [row for row in ROWS if not row["why"].endswith(".")] == []
