"""Nodes as a frame: nested objects become columns such as ``catalogue.ref``, lists stay lists."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

import polars as pl

from fcwork.client.documents import Path

_EXACT = 2**53  # whole numbers up to here are floats without loss
_NONE = type(None)
Tree = dict[str, Any]  # from a field's name to the tree of what it is asked for


def flatten(nodes: list[dict[str, Any]], columns: Iterable[Path]) -> pl.DataFrame:
    """Return one row a node.

    The columns are those that the query asks for, in its order, whatever the nodes hold. A column has one type over
    all nodes: whole numbers and fractions together are floats, other mixtures are text. A connection inside a node is
    the list of its nodes. Dates stay the texts that the platform writes.

    Args:
        nodes: of a query's pages.
        columns: the paths that it asks for.
    """
    tree: Tree = {}
    for path in columns:
        below = tree
        for name in path:
            below = below.setdefault(name, {})
    return pl.DataFrame(
        [series for name in tree for series in _columns(name, [n.get(name) for n in nodes], tree[name])]
    )


def _columns(name: str, values: list[Any], asked: Tree) -> Iterator[pl.Series]:
    kinds = _kinds(values)
    if kinds == {dict} and not asked:
        values, asked = _opened(values)
        kinds = _kinds(values)
    if asked and kinds <= {dict}:
        for child, below in asked.items():
            yield from _columns(f"{name}.{child}", [None if v is None else v.get(child) for v in values], below)
    else:
        fitted, dtype = _fitted(values)
        yield pl.Series(name, fitted, dtype=dtype)


def _opened(values: list[Any]) -> tuple[list[Any], Tree]:
    """Return connections as lists of their nodes; or free-form objects as they are, with the names in them."""
    if all(v is None or isinstance(v.get("edges"), list) for v in values):
        return [_without_edges(v) for v in values], {}
    return values, {name: {} for v in values if v for name in v}


def _without_edges(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_edges(item) for item in value]
    if not isinstance(value, dict):
        return value
    if isinstance(value.get("edges"), list):
        return [_without_edges(edge.get("node")) for edge in value["edges"] if edge]
    return {name: _without_edges(item) for name, item in value.items()}


def _fitted(values: list[Any]) -> tuple[list[Any], pl.DataType]:
    """Return the values with the type that holds them all; what shares no type becomes text, nested too."""
    kinds = _kinds(values)
    if kinds == {dict}:
        return _fitted_objects(values)
    if kinds == {list}:
        items, inner = _fitted([item for v in values if v is not None for item in v])
        given = iter(items)
        return [None if v is None else [next(given) for _ in v] for v in values], pl.List(inner)
    if kinds == {bool}:
        return values, pl.Boolean()
    if kinds == {float} or (kinds == {int, float} and _are_exact(values)):
        return values, pl.Float64()
    if kinds == {int}:
        wide = any(v is not None and not -(2**63) <= v < 2**63 for v in values)
        return values, pl.Int128() if wide else pl.Int64()
    return [v if v is None or isinstance(v, str) else _text(v) for v in values], pl.String()


def _fitted_objects(values: list[Any]) -> tuple[list[Any], pl.DataType]:
    names = list(dict.fromkeys(name for v in values if v for name in v))
    fitted = [_fitted([None if v is None else v.get(name) for v in values]) for name in names]
    rows = zip(*(column for column, _ in fitted), strict=True) if names else iter([()] * len(values))
    objects = [None if v is None else dict(zip(names, row, strict=True)) for v, row in zip(values, rows, strict=True)]
    return objects, pl.Struct({name: dtype for name, (_, dtype) in zip(names, fitted, strict=True)})


def _kinds(values: list[Any]) -> set[type]:
    return set(map(type, values)) - {_NONE}


def _are_exact(values: list[Any]) -> bool:
    return all(v is None or isinstance(v, float) or -_EXACT <= v <= _EXACT for v in values)


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
