"""Resolvers of the example mappings: change them, or write your own beside them.

A notebook that runs beside this folder takes them as ``RESOLVERS = "mappings.resolvers:resolvers"``; in code they are
given to the mapper: ``Mapper.load("mappings/products.json", resolvers=resolvers)``.
"""  # noqa: INP001 - a workspace is no package

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import polars as pl

AMOUNT = re.compile(r"[0-9]{1,13}(\.[0-9]{1,2})?")


def category_refs(column: pl.Series) -> pl.Series:
    """Return the references in texts such as ``SHOES|SALE``; the whole column at once."""
    return column.str.split("|").list.eval(pl.element().str.strip_chars().replace("", None)).list.drop_nulls()


def prices(value: str, record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the default price of a row, and its special price where it has one."""
    found = [_price("DEFAULT", value, record.get("price_default_currency"))]
    special = record.get("price_special_value")
    return [*found, _price("SPECIAL", special, record.get("price_special_currency"))] if special else found


def control_ref(value: str, record: Mapping[str, Any]) -> str:
    """Return what a control is called: ``CG:EXCLUSION:SKU``, or ``VC:QUANTITY_BUFFER:SKU:LOCATION``."""
    kind, product, location = value.upper(), record.get("productRef"), record.get("locationRef")
    if kind == "EXCLUSION":
        parts = [record.get("controlGroupRef"), kind, record.get("categoryRef") or product]
    elif kind == "QUANTITY_BUFFER":
        parts = [record.get("virtualCatalogueRef"), kind, product, *([location] if location else [])]
    else:
        raise ValueError(f"{value!r} is no type of control: EXCLUSION or QUANTITY_BUFFER")
    if not all(parts):
        raise ValueError(f"a control of type {kind} lacks its group, or the product or category that it is about")
    return ":".join(map(str, parts))


def other_fields(value: str, record: Mapping[str, Any], *, words: bool = False) -> list[dict[str, Any]]:
    """Return the fields of a record beside the one that names its order, as attributes of the platform.

    With ``words`` a text that is ``true`` or ``false`` counts as a boolean.
    """
    del value
    named = ("orderRef", "@orderRef", "_row", "_source")
    told = {name: field for name, field in record.items() if field is not None and name not in named}
    return [_attribute(name.removeprefix("@"), field, words=words) for name, field in told.items()]


def event_attributes(value: str, record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the attributes of a webhook's event as attributes of its entity, and which event it was last."""
    told = {**(record.get("attributes") or {}), "lastEvent": value, "lastEventId": record.get("id")}
    return [_attribute(name, field) for name, field in told.items() if field is not None]


def _attribute(name: str, value: Any, *, words: bool = False) -> dict[str, str]:
    """Return an attribute whose value is a text, as one column holds the values of all: JSON but for texts."""
    if words and value in ("true", "false"):
        value = value == "true"
    kinds = {bool: "BOOLEAN", int: "INTEGER", float: "FLOAT", Decimal: "FLOAT", str: "STRING"}
    text = str(value) if isinstance(value, str | Decimal) else json.dumps(value, ensure_ascii=False, default=str)
    return {"name": name, "type": kinds.get(type(value), "JSON"), "value": text}


def _price(kind: str, amount: str, currency: str | None) -> dict[str, Any]:
    if not AMOUNT.fullmatch(amount):
        raise ValueError(f"{amount!r} is no {kind.lower()} price: digits, at most two of them behind a point")
    if not currency:
        raise ValueError(f"the {kind.lower()} price has no currency")
    return {"type": kind, "currency": currency, "value": Decimal(amount)}


resolvers = {
    "custom.categoryRefs": category_refs,
    "custom.prices": prices,
    "custom.controlRef": control_ref,
    "custom.otherFields": other_fields,
    "custom.eventAttributes": event_attributes,
}
