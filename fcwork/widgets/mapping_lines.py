"""A mapping as lines, one for each target, and changes of single lines that leave all else as it is."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fcwork.mapper.entries import FIELD_KEYS, HARMLESS_KEYS, MUTATION_KEYS
from fcwork.mapper.resolvers import SDK_NAMES, TRANSFORMS

Place = tuple[str, ...]
"""The keys that lead from the whole mapping to an entry."""

_OWN_KEYS = {"source", "value", "resolver", "transform", "defaultValue", "fields", "mapping", "isArray"}


@dataclass(frozen=True)
class Line:
    """One target of a mapping.

    Attributes:
        target: as ``customer.firstName``; of a list ``items[]``, in one ``items[].ref``.
        place: where its entry stands.
        entry: what stands there.
        is_list: whether it is a list, which has lines of its own.
    """

    target: str
    place: Place
    entry: Any
    is_list: bool = False

    @property
    def source(self) -> str:
        """Where its value comes from, as a person writes it: a path, or ``=`` and a constant."""
        if isinstance(self.entry, str):
            return self.entry
        if "value" in self._said:
            return f"={constant_text(self._said['value'])}"
        return as_text(self._said.get("source"))

    @property
    def resolver(self) -> str:
        """What reads its value; several as JSON."""
        return as_text(self._said.get("resolver", self._said.get("transform")))

    @property
    def default(self) -> str:
        """What stands where there is no value."""
        return constant_text(self._said["defaultValue"]) if "defaultValue" in self._said else ""

    @property
    def required(self) -> bool:
        """Whether the mapping refuses a row without a value."""
        return self._said.get("required") is True

    @property
    def _said(self) -> Mapping[str, Any]:
        return self.entry if isinstance(self.entry, Mapping) else {}


def top_of(document: Mapping[str, Any]) -> str:
    """Return the key below which the targets of a mapping stand."""
    given = document.get("arguments")
    has_arguments = "fields" not in document or (isinstance(given, Mapping) and any(given.values()))
    return "arguments" if "mutation" in document and "arguments" in document and has_arguments else "fields"


def lines(document: Mapping[str, Any]) -> list[Line]:
    """Return a line for each target, in the file's order."""
    top = top_of(document)
    named = document.get(top)
    if not isinstance(named, Mapping):
        return []
    loose, mutation = top == "arguments", "mutation" in document
    kept = {name: entry for name, entry in named.items() if not (loose and str(name)[:1] == "_")}
    return list(_walked(kept, (top,), "", loose=loose, mutation=mutation))


def _walked(named: Mapping[str, Any], at: Place, above: str, *, loose: bool, mutation: bool) -> Iterator[Line]:
    for name, entry in named.items():
        target, place = above + str(name).removesuffix("[]"), (*at, name)
        children = _children(entry, loose=loose, mutation=mutation) if isinstance(entry, Mapping) else None
        if children is None:
            yield Line(target, place, entry)
            continue
        below, key = children
        is_list = str(name).endswith("[]") or bool(entry.get("isArray")) or entry.get("_array") is True
        if is_list:
            yield Line(f"{target}[]", place, entry, is_list=True)
        inner = (*place, key) if key else place
        yield from _walked(below, inner, f"{target}{'[]' if is_list else ''}.", loose=loose, mutation=mutation)


def _children(entry: Mapping[str, Any], *, loose: bool, mutation: bool) -> tuple[Mapping[str, Any], str] | None:
    """Return the entries in an entry and the key they stand below; None for a value."""
    keys = MUTATION_KEYS if mutation else FIELD_KEYS
    beside = {
        key: item
        for key, item in entry.items()
        if key not in keys and str(key)[:1] != "_" and _is_child(entry, key, item, loose=loose, mutation=mutation)
    }
    if "value" in entry and beside:
        is_holder = entry.get("_nested") or entry.get("isArray") or entry.get("_array")
        held = is_holder or any(isinstance(item, Mapping) for item in beside.values())
        beside = {**beside, "value": entry["value"]} if held else {}
    for key in ("fields", "mapping"):
        if isinstance(entry.get(key), Mapping) and (key == "fields" or mutation):
            return entry[key], key
    return (beside, "") if beside else None


def _is_child(entry: Mapping[str, Any], key: str, item: Any, *, loose: bool, mutation: bool) -> bool:
    if not loose:
        return mutation and not _OWN_KEYS & set(entry) and isinstance(item, Mapping)
    if isinstance(item, Mapping):
        return True
    if key == "comment" or (key in HARMLESS_KEYS and "source" in entry):
        return False
    is_holder = entry.get("_nested") or entry.get("isArray") or entry.get("_array")
    return isinstance(item, str) and (bool(is_holder) or "source" not in entry)


def put(document: Any, place: Place, entry: Any) -> Any:
    """Return the mapping with another entry at a place; nothing of what is given changes."""
    if not place:
        return entry
    key, *rest = place
    held = document if isinstance(document, Mapping) else {}
    return {**held, key: put(held.get(key, {}), tuple(rest), entry)}


def without(document: Mapping[str, Any], place: Place) -> dict[str, Any]:
    """Return the mapping without the entry at a place, and without what only held it."""
    key, *rest = place
    if not rest:
        return {name: item for name, item in document.items() if name != key}
    below = without(document[key], tuple(rest))
    is_bare = key not in {"fields", "mapping", "arguments"} and set(below) <= {"_nested"}
    emptied = len(place) > 2 and (is_bare or not below)  # noqa: PLR2004 - the top and the argument stay
    return without(document, (key,)) if emptied else {**document, key: below}


def place_of(document: Mapping[str, Any], target: str) -> Place:
    """Return where the entry of a target goes: into the object or list around it, where that is there."""
    top = top_of(document)
    at: Place = (top,)
    rest, named = target.split("."), document.get(top, {})
    loose, mutation = top == "arguments", "mutation" in document
    while len(rest) > 1 and isinstance(named, Mapping):
        step = next(
            (name for name in (rest[0], rest[0].removesuffix("[]")) if isinstance(named.get(name), Mapping)), ""
        )
        entry = named.get(step)
        if not isinstance(entry, Mapping):
            break
        held = _children(entry, loose=loose, mutation=mutation) or ({}, "fields" if not loose else "")
        at, named, rest = (*at, step, *([held[1]] if held[1] else [])), held[0], rest[1:]
    return (*at, ".".join(rest).removesuffix("[]"))


def sourced(entry: Any, text: str, columns: Collection[str], *, as_number: bool) -> Any:
    """Return an entry with what was written as its source; None where it says nothing any more.

    Args:
        entry: of the mapping; None for a new one.
        text: a path, ``=`` and a constant, or several paths as a JSON list.
        columns: the names that are there: one that begins with ``=`` is no constant.
        as_number: whether a constant that looks like a number is one.
    """
    said = {"source": entry} if isinstance(entry, str) else dict(entry or {})
    key, value = _given(text.strip() if text not in columns else text, columns, as_number=as_number)
    if not key:
        left = {name: item for name, item in said.items() if name not in {"source", "value"}}
        return left if _gives(left) else None
    if isinstance(entry, str) and key == "source":
        return value
    if key in said:
        return {name: value if name == key else item for name, item in said.items()}
    return {key: value, **{name: item for name, item in said.items() if name not in {"source", "value"}}}


def resolved(entry: Any, text: str) -> Any:
    """Return an entry that is read by a resolver, or by none."""
    said = {"source": entry} if isinstance(entry, str) else dict(entry or {})
    named = _listed(text.strip())
    key = "transform" if "transform" in said and "resolver" not in said and named in TRANSFORMS else "resolver"
    if text.strip():
        return {
            **{name: item for name, item in said.items() if name not in {"resolver", "transform"} - {key}},
            key: named,
        }
    return {name: item for name, item in said.items() if name not in {"resolver", "transform"}}


def defaulted(entry: Any, text: str, *, as_number: bool) -> Any:
    """Return an entry with what stands where there is no value, or with nothing for it."""
    said = {"source": entry} if isinstance(entry, str) else dict(entry or {})
    if text.strip():
        return {**said, "defaultValue": constant(text.strip(), as_number=as_number)}
    return {name: item for name, item in said.items() if name != "defaultValue"}


def constant(text: str, *, as_number: bool) -> Any:
    """Return the constant that a text stands for: JSON where it is in quotes or brackets, or a number is wanted."""
    if not (as_number or text[:1] in '"[{'):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def constant_text(value: Any) -> str:
    """Return a constant as it would be written."""
    is_plain = isinstance(value, str) and value.strip() == value and value[:1] not in {'"', "[", "{"}
    return str(value) if is_plain else json.dumps(value, ensure_ascii=False, default=str)


def as_text(said: Any) -> str:
    """Return a name or a path as it is, several as JSON."""
    return said if isinstance(said, str) else "" if said is None else json.dumps(said, ensure_ascii=False, default=str)


def _given(text: str, columns: Collection[str], *, as_number: bool) -> tuple[str, Any]:
    if text.startswith("=") and text not in columns:
        return "value", constant(text[1:].strip(), as_number=as_number)
    return ("source", text if text in columns else _listed(text)) if text else ("", None)


def _gives(left: Mapping[str, Any]) -> bool:
    """Say whether an entry without a source still gives something: a default, an inner one, a resolver of one's own."""
    own = left.get("resolver")
    is_own = own is not None and own not in SDK_NAMES and own not in TRANSFORMS
    return "defaultValue" in left or is_own or any(isinstance(item, Mapping) and item for item in left.values())


def _listed(text: str) -> Any:
    if text[:1] not in {"[", "{"}:
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
