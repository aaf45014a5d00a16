"""Nodes: parts of the source that are taken out, and perhaps parsed, before any field; ``$name`` leads to them."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from typing import Any

import polars as pl

from fcwork.mapper import custom, levels, places
from fcwork.mapper.checks import Check
from fcwork.mapper.door import enter
from fcwork.mapper.plan import Node
from fcwork.mapper.resolvers import parse_json
from fcwork.shapes import LEVELS


def taken(nodes: Sequence[Node], rows: pl.DataFrame) -> tuple[pl.DataFrame, list[Check]]:
    """Return the rows with a column ``$name`` for each node, and the checks of those."""
    checks: list[Check] = []
    for node in nodes:
        level = levels.top(rows)
        values, failures = _values(node, rows, level)
        told = pl.Series([failures.get(at) for at in range(rows.height)], dtype=pl.String)
        message = f"{node.parse or 'text'} that cannot be read: " + told.str.strip_prefix("ValueError: ")
        checks.append(Check(level, f"${node.name}", "map.node", message, told.is_not_null(), pl.lit(None)))
        if node.required:
            gone = values.is_null() & told.is_null()
            text = f"required, but there is nothing at {node.paths[0].text!r}"
            checks.append(Check(level, f"${node.name}", "map.required", text, gone, pl.lit(None)))
        rows = rows.with_columns(values.alias(f"${node.name}"))
    return rows, checks


def _values(node: Node, rows: pl.DataFrame, level: levels.Level) -> tuple[pl.Series, dict[int, str]]:
    place = next((place for path in node.paths if (place := level.scope.locate(path))), None)
    if place is None:
        return pl.Series([None] * rows.height, dtype=pl.Null), {}
    place = places.unwrapped(place)
    values = rows.select(place.value.alias("value")).to_series()
    if values.dtype != pl.String or not (node.parse or node.unescape):
        return values, {}
    call = custom.Call(node.name, _parser(node), "value")
    results, failures = custom.each_row(call, values.set(values == "", None))
    return enter([{"value": result} for result in results], "records")["value"], failures


def _parser(node: Node) -> Callable[[str | None], Any]:
    parsers: dict[str, Callable[[str], Any]] = {"xml": parse_xml, "json": parse_json, "": str}

    def read(text: str | None) -> Any:
        if text is None:
            return None
        return parsers[node.parse](html.unescape(text) if node.unescape else text)

    return read


def parse_xml(text: str) -> Any:
    """Return an XML text as a record: attributes as ``@name``, text beside them as ``#text``, repeated names as lists.

    Raises:
        ValueError: it is no XML, holds a DOCTYPE, or is nested too deeply.
    """
    from xml.etree.ElementTree import ParseError

    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        root = fromstring(text.strip(), forbid_dtd=True)
    except ParseError as error:
        raise ValueError(f"no XML: {error}") from error
    except DefusedXmlException as error:
        raise ValueError("a DOCTYPE or an entity of its own, which is not read") from error
    return {_local(root.tag): _element(root, 1)}


def _element(element: Any, level: int) -> Any:
    """Return an element as a record, or as its text; ``level`` is how deep it stands in the record of all."""
    if level >= LEVELS - 1:
        raise ValueError("nested too deeply")
    text = (element.text or "").strip()
    record: dict[str, Any] = {}
    for child in element:
        _add(record, _local(child.tag), _element(child, level + 1))
        text += (child.tail or "").strip()
    if not record and not element.attrib:
        return text or None
    if text:
        record["#text"] = text
    record.update({f"@{_local(name)}": value for name, value in element.attrib.items()})
    return record


def _add(record: dict[str, Any], name: str, value: Any) -> None:
    if name not in record:
        record[name] = value
    elif isinstance(record[name], list):
        record[name].append(value)
    else:
        record[name] = [record[name], value]


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]
