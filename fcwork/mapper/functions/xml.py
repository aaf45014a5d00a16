"""What parsed XML holds: attributes, texts and custom attributes, in the spellings of the usual parsers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fcwork.mapper.functions.records import coalesce

_TEXTS = ("_", "#text", "value")


def get_xml_attribute(element: Any, name: str, default: Any = None) -> Any:
    """Return an attribute of a parsed element; an empty text, 0 and false are values of it.

    Args:
        element: the element; what is no object has no attributes.
        name: the attribute's name without a mark.
        default: what is returned where there is none, or where it is null.
    """
    if not isinstance(element, Mapping):
        return default
    places = (
        element.get(f"${name}"),
        _member(element.get("$"), name),
        element.get(f"@{name}"),
        _member(element.get("@"), name),
        element.get(name),
        _member(element.get("_attributes"), name),
    )
    return next((found for found in places if found is not None), default)


def get_xml_text_content(element: Any, default: Any = None) -> Any:
    """Return the text of a parsed element; what is no object is its own text.

    Args:
        element: the element.
        default: what is returned for null, a list and an element without a text.
    """
    if element is None or isinstance(element, list):
        return default
    if not isinstance(element, Mapping):
        return element
    return next((element[key] for key in _TEXTS if element.get(key) is not None), default)


def extract_custom_attribute(attributes: Any, attribute_id: str, default: Any = None) -> Any:
    """Return the value of the custom attribute with an id; an empty text, 0 and false are values of it.

    Args:
        attributes: a list of custom attributes, a single one, or an object of values by id.
        attribute_id: the id, as in ``attribute-id`` or ``attributeId``.
        default: what is returned where there is none, or where it is null.
    """
    found = next((item for item in _listed(attributes) if _is_named(item, attribute_id)), None)
    if found is not None:
        return coalesce(found.get("#text"), found.get("value"), default)
    return coalesce(_member(attributes, attribute_id), default)


def _listed(attributes: Any) -> list[Any]:
    return attributes if isinstance(attributes, list) else [attributes]


def _is_named(attribute: Any, attribute_id: str) -> bool:
    return attribute_id in {_member(attribute, "@attribute-id"), _member(attribute, "attributeId")}


def _member(holder: Any, name: str) -> Any:
    return holder.get(name) if isinstance(holder, Mapping) else None
