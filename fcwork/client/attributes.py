"""Attributes of entities: each says of what kind its value is, and a column holds the values of all kinds as texts.

On the wire a value is JSON of its kind (the platform's schema: ``AttributeInput.value`` is ``Json``). A text that is no
value of the kind that stands beside it is sent as it is: the platform tells what it makes of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from typing import Any

import orjson
import polars as pl

_NUMBER = rb"-?(?:0|[1-9]\d*)"
_KINDS = {
    b"BOOLEAN": re.compile(rb"true|false"),
    b"INTEGER": re.compile(_NUMBER),
    b"FLOAT": re.compile(_NUMBER + rb"(?:\.\d+)?(?:[eE][+-]?\d+)?"),
}
_OBJECT = re.compile(rb"[\[{].*", re.DOTALL)
_TYPE = rb'"type":"(?P<kind>BOOLEAN|INTEGER|FLOAT|JSON)"'
_VALUE = rb'"value":(?P<text>"(?:[^"\\]|\\.)*")'
_PLACES = {("type", "value"): re.compile(_TYPE + b"," + _VALUE), ("value", "type"): re.compile(_VALUE + b"," + _TYPE)}


def of_their_kinds(text: bytes, rows: pl.DataFrame) -> bytes:
    """Write the values of attributes as JSON of the kinds that they say they are.

    Args:
        text: the rows as JSON; inside a JSON text a quote has a backslash, so what is found is never part of a value.
        rows: whose columns say where attributes are: objects of ``name``, ``type`` and ``value``.
    """
    orders = {order for dtype in rows.schema.values() for order in _orders(dtype)}
    for order in sorted(orders):
        text = _PLACES[order].sub(partial(_written, order), text)
    return text


def _orders(dtype: Any) -> Iterator[tuple[str, str]]:
    """Yield in which order attributes have type and value."""
    if isinstance(dtype, pl.List | pl.Array):
        yield from _orders(dtype.inner)
    elif isinstance(dtype, pl.Struct):
        names = [item.name for item in dtype.fields]
        if sorted(names) == ["name", "type", "value"] and {item.dtype for item in dtype.fields} == {pl.String()}:
            yield from (pair for pair in pairwise(names) if pair in _PLACES)
        for item in dtype.fields:
            yield from _orders(item.dtype)


def _written(order: tuple[str, str], found: re.Match[bytes]) -> bytes:
    value = _of_kind(found["kind"], orjson.loads(found["text"]).encode())
    if value is None:
        return found[0]
    parts = {"type": b'"type":"%b"' % found["kind"], "value": b'"value":%b' % value}
    return b",".join(parts[name] for name in order)


def _of_kind(kind: bytes, text: bytes) -> bytes | None:
    """Return a text as JSON of its kind; None where it is none."""
    if kind in _KINDS:
        return text if _KINDS[kind].fullmatch(text) else None
    try:
        return orjson.dumps(orjson.loads(text)) if _OBJECT.match(text) else None
    except ValueError:
        return None
