"""What a record of an inventory batch may hold: the platform's fields, or those of the SDK's own sample module."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

Dialect = Literal["platform", "module6"]

MAX_TEXT = 255  # docs.fluentcommerce.com: graphql-query-limits; that it holds for batches too is assumed
_SIGNED_TYPES = frozenset({"DELTA", "CORRECTION"})  # only a change may be negative: assumed
_HIGHEST = 2**31 - 1  # GraphQL's Int, in which quantities are read back; that it holds for batches too is assumed
_SHOWN = 60


@dataclass(frozen=True)
class _Kind:
    label: str
    fits: Callable[[Any], bool]


@dataclass(frozen=True)
class _Shape:
    fields: Mapping[str, _Kind]
    required: frozenset[str]


def _is_text(value: Any) -> bool:
    return type(value) is str and 0 < len(value) <= MAX_TEXT


def _is_whole(value: Any) -> bool:
    return type(value) is int and abs(value) <= _HIGHEST


def _is_instant(value: Any) -> bool:
    try:
        datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return False
    return True


_TEXT = _Kind(f"a text of 1 to {MAX_TEXT} characters", _is_text)
_WHOLE = _Kind("a whole number of 32 bits", _is_whole)
_ID = _Kind("an id", lambda value: _is_text(value) or _is_whole(value))
_INSTANT = _Kind("an ISO 8601 date or time", _is_instant)
_ATTRIBUTES = _Kind("an object or a list of objects", lambda value: isinstance(value, dict | list))

# SDK 0.1.56, FluentInventoryBatchEntity; docs.fluentcommerce.com: inventory-batches has inventoryId, reservedQty,
# parentRef and storageAreaRef; condition and expectedOn as in the platform's GraphQL.
_PLATFORM = _Shape(
    {
        **dict.fromkeys(("locationRef", "skuRef", "type", "status"), _TEXT),
        **dict.fromkeys(("qty", "correctedQty", "reservedQty"), _WHOLE),
        **dict.fromkeys(("ref", "uom", "lot", "parentRef", "storageAreaRef", "condition"), _TEXT),
        **dict.fromkeys(("retailerId", "inventoryId"), _ID),
        **dict.fromkeys(("expiry", "effectiveFrom", "expectedOn"), _INSTANT),
        "attributes": _ATTRIBUTES,
    },
    frozenset({"locationRef", "skuRef", "qty", "type", "status"}),
)
# The hand-written schema of the SDK's module 6; which of its fields are required is assumed.
_MODULE6 = _Shape(
    {
        **dict.fromkeys(("ref", "productRef", "locationRef", "type", "status", "condition"), _TEXT),
        "qty": _WHOLE,
        "attributes": _ATTRIBUTES,
    },
    frozenset({"ref", "productRef", "locationRef", "qty"}),
)
_SHAPES: Mapping[Dialect, _Shape] = {"platform": _PLATFORM, "module6": _MODULE6}


def problem(entities: Sequence[Any], dialect: Dialect) -> str:
    """Return what is wrong with the first bad record and which it is, from 1; nothing where all are good."""
    shape = _SHAPES[dialect]
    for number, entity in enumerate(entities, 1):
        if wrong := _problem(entity, shape):
            return f"entity no. {number} {wrong}"
    return ""


def in_platform_fields(entities: Sequence[dict[str, Any]], dialect: Dialect) -> Sequence[dict[str, Any]]:
    """Return checked records under the platform's names; type and status of the other dialect default (assumed)."""
    if dialect == "platform":
        return entities
    usual = {"type": "LAST_ON_HAND", "status": "ACTIVE"}
    return [{**usual, **entity, "skuRef": entity["productRef"]} for entity in entities]


def refs_of(entity: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names that a fault script may call a record by."""
    place = f"{entity['skuRef']}:{entity['locationRef']}"
    return entity.get("ref") or "", entity["skuRef"], place, f"{place}:{entity['type']}"


def all_refs(entities: Collection[Mapping[str, Any]]) -> set[str]:
    """Return every name of every record."""
    return {ref for entity in entities for ref in refs_of(entity)}


def _problem(entity: Any, shape: _Shape) -> str:
    if not isinstance(entity, dict):
        return "is no object"
    if missing := shape.required - entity.keys():
        return f"lacks {', '.join(sorted(missing))}"
    for name, value in entity.items():
        kind = shape.fields.get(name)
        if kind is None:
            return f"has an unknown field {name!r}; known: {', '.join(sorted(shape.fields))}"
        if not kind.fits(value) and (value is not None or name in shape.required):
            return f"has {name} = {str(value)[:_SHOWN]!r}, which is not {kind.label}"
    if entity["qty"] < 0 and entity.get("type") not in _SIGNED_TYPES:
        return f"has qty = {entity['qty']}, and only {' and '.join(sorted(_SIGNED_TYPES))} may be below zero"
    return ""
