"""Reading a mapping: a plan, or every mistake in it at once, each with its place and the nearest known name."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from fcwork.errors import MappingError
from fcwork.frames import IDENTITY
from fcwork.mapper import constants
from fcwork.mapper.custom import Call, Resolver, way_of
from fcwork.mapper.names import did_you_mean, nearest
from fcwork.mapper.plan import Field, Plan
from fcwork.mapper.resolvers import LEVELS, PARSE_JSON, SDK_NAMES, parse_json

FIELD_KEYS = ("source", "value", "resolver", "required", "defaultValue", "fields")
TOP_KEYS = ("fields", "name", "version", "description", "mask")
HARMLESS_KEYS = ("comment", "description")  # notes: the SDK ignores whatever it does not know
RESERVED_TARGETS = (*IDENTITY, "_errors", "_stage")
PROTOTYPE_NAMES = ("__proto__", "prototype", "constructor")  # a target of that name breaks readers in JavaScript
_KINDS: dict[str, tuple[type, str]] = {
    "source": (str, "the path of a source column, as text"),
    "resolver": (str, "the name of one resolver, as text"),
    "required": (bool, "true or false"),
    "fields": (dict, "an object of fields"),
}
_MEND = "mend the mapping at the places named; nothing was mapped"


@dataclass(frozen=True)
class Loaded:
    """A mapping as it was given: what messages call it, and the names that stand twice in one of its objects."""

    config: Any
    origin: str = "the mapping"
    twice: tuple[str, ...] = ()


def load(path: str | Path) -> Loaded:
    """Return the mapping in a file.

    Raises:
        MappingError: there is no such file, it cannot be read, or it is no JSON.
    """
    file = Path(path)
    twice: list[str] = []
    try:
        text = file.read_bytes().decode("utf-8-sig")
        config = json.loads(text, object_pairs_hook=lambda pairs: _once(pairs, twice), parse_constant=_refuse)
    except FileNotFoundError:
        close = did_you_mean(file.name, (item.name for item in file.parent.glob("*.json")))
        hint = f"paths are taken from {Path.cwd()}"
        raise MappingError(f"there is no mapping file {file}{close}", hint=hint) from None
    except IsADirectoryError:
        raise MappingError(f"{file} is a folder", hint="give the path of a JSON file in it") from None
    except OSError as error:
        raise MappingError(f"{file} cannot be read: {error.strerror}", hint="see to its permissions") from None
    except UnicodeDecodeError as error:
        raise MappingError(f"{file} is no UTF-8 text (byte {error.start})", hint="save it as UTF-8") from None
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise MappingError(f"{file} is no JSON: {place}: {error.msg}", hint="mend the file there") from None
    except (RecursionError, ValueError) as error:
        why = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise MappingError(f"{file} is no JSON: {why}", hint="mend the file") from None
    return Loaded(config, f"the mapping {file}", tuple(twice))


def read(given: Loaded, *, resolvers: Mapping[str, Resolver], context: Mapping[str, Any] | None) -> Plan:
    """Return the plan of a mapping.

    Args:
        given: the mapping, a JSON object.
        resolvers: functions of the user's by name.
        context: what ``$context.x`` is taken from; None leaves such sources to the rows.

    Raises:
        MappingError: with every mistake in ``problems``.
    """
    reader = _Reader(resolvers, context)
    for name in given.twice:
        reader.mistake("", f"the name {name!r} stands twice in one object, and only one can count")
    config = given.config
    fields = tuple(reader.top(config))
    if reader.problems:
        raise reader.error(given.origin)
    texts = {key: str(config[key]) for key in ("name", "version", "description") if config.get(key) is not None}
    fingerprint = hashlib.sha256(json.dumps(config, default=str).encode()).hexdigest()
    return Plan(fields, fingerprint, mask=tuple(config.get("mask", ())), **texts)


class _Reader:
    """Walks one mapping and gathers its mistakes."""

    def __init__(self, resolvers: Mapping[str, Resolver], context: Mapping[str, Any] | None) -> None:
        self.problems: list[str] = []
        self.first: tuple[str, tuple[str, ...]] = ("", ())
        self._context = context
        self._resolver_names = (*SDK_NAMES, *map(str, resolvers))
        self._calls = {PARSE_JSON: Call(PARSE_JSON, parse_json, "value", code="map.type")}
        for name, function in resolvers.items():
            self._take(name, function)

    def mistake(self, where: str, text: str, known: Iterable[str] = ()) -> None:
        """Note one mistake, its place and what is known there."""
        if not self.problems:
            self.first = (where, tuple(known))
        self.problems.append(f"{where}: {text}" if where else text)

    def error(self, origin: str) -> MappingError:
        """Return all mistakes as one error."""
        count = "1 mistake" if len(self.problems) == 1 else f"{len(self.problems)} mistakes"
        text = f"{origin} has {count}:\n" + "\n".join(f"  {problem}" for problem in self.problems)
        where, known = self.first
        return MappingError(text, path=where, known=list(known), problems=self.problems, hint=_MEND)

    def top(self, config: Any) -> list[Field]:
        """Return the fields of a whole mapping."""
        if not isinstance(config, Mapping):
            self.mistake("", f"a mapping is an object with the key 'fields', not {_kind(config)}")
            return []
        for key in map(str, config):
            close = nearest(key, TOP_KEYS, cutoff=0.8)
            if key in PROTOTYPE_NAMES or (close and key not in TOP_KEYS):
                self.mistake(key, "unknown key" + did_you_mean(key, TOP_KEYS), TOP_KEYS)
        named = config.get("fields")
        if not isinstance(named, Mapping) or not named:
            other = "; 'arguments' is of a GraphQL mutation mapping" if "arguments" in config else ""
            self.mistake(
                "fields",
                f"an object with at least one target, not {'an empty one' if named == {} else _kind(named)}{other}",
                TOP_KEYS,
            )
            return []
        fields = list(self._fields(named, "fields", ()))
        self._collisions(fields)
        masked = self._masked(config.get("mask", []), fields)
        return [
            dataclasses.replace(item, masked=any(item.target[: len(path)] == path for path in masked))
            for item in fields
        ]

    def _take(self, name: Any, function: Any) -> None:
        where = f"resolvers[{name!r}]"
        if not isinstance(name, str) or name.startswith("sdk."):
            self.mistake(where, "the name of a resolver of your own is text that does not begin with 'sdk.'")
            return
        try:
            self._calls[name] = Call(name, function, way_of(function))
        except TypeError as error:
            self.mistake(where, str(error))

    def _masked(self, names: Any, fields: list[Field]) -> set[tuple[str, ...]]:
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            self.mistake("mask", "a list of target names")
            return set()
        paths = {item.target[:depth] for item in fields for depth in range(1, len(item.target) + 1)}
        targets = sorted(".".join(path) for path in paths)
        for name in names:
            if name not in targets:
                self.mistake("mask", f"{name!r} is no target of this mapping{did_you_mean(name, targets)}", targets)
        return {tuple(name.split(".")) for name in names}

    def _collisions(self, fields: list[Field]) -> None:
        taken: dict[tuple[str, ...], Field] = {}
        for item in fields:
            if item.target in taken:
                self.mistake(item.where, f"the target {item.label!r} is filled by {taken[item.target].where} already")
            taken.setdefault(item.target, item)
        for item in fields:
            for depth in range(1, len(item.target)):
                other = taken.get(item.target[:depth])
                if other:
                    self.mistake(item.where, f"{other.label!r} is a value ({other.where}) and cannot hold fields too")

    def _fields(self, named: Mapping[str, Any], where: str, above: tuple[str, ...]) -> Iterator[Field]:
        for name, config in named.items():
            place = f"{where}.{name}"
            target = (*above, *self._target(str(name), place, top=not above))
            if not isinstance(config, Mapping):
                example = f'; write {{"source": {json.dumps(config)}}}' if isinstance(config, str) else ""
                self.mistake(place, f"a field is an object, not {_kind(config)}{example}")
            elif len(target) > LEVELS:
                self.mistake(place, f"nested deeper than {LEVELS} levels")
            elif config.get("isArray") is True:
                self.mistake(f"{place}.isArray", "lists of objects are not mapped item by item")
            else:
                yield from self._described(config, place, target)

    def _target(self, name: str, where: str, *, top: bool) -> tuple[str, ...]:
        path = tuple(name.split("."))
        if not all(path):
            self.mistake(where, "a target is a name, or names joined by single dots")
        if "[" in name:
            self.mistake(where, "a target cannot hold an index: a list comes from its source as a whole")
        for segment in {*path} & {*PROTOTYPE_NAMES}:
            self.mistake(where, f"{segment!r} cannot be a target")
        if top and path[0] in RESERVED_TARGETS:
            self.mistake(where, f"{path[0]!r} is a column of fcwork's own: choose another target")
        return path

    def _described(self, config: Mapping[str, Any], where: str, target: tuple[str, ...]) -> Iterator[Field]:
        before = len(self.problems)
        sound = {}
        for key, value in config.items():
            if key in _KINDS and not isinstance(value, _KINDS[key][0]):
                self.mistake(f"{where}.{key}", f"{_KINDS[key][1]}, not {_kind(value)}")
            elif not _is_known(key):
                self.mistake(f"{where}.{key}", "unknown key" + did_you_mean(str(key), FIELD_KEYS), FIELD_KEYS)
            else:
                sound[key] = value
        if "fields" in sound:
            yield from self._object(sound, where, target)
            return
        field = self._field(sound, where, target)
        if len(self.problems) == before:  # else what is missing may only be misspelt
            self._check(field)
        yield field

    def _object(self, config: Mapping[str, Any], where: str, target: tuple[str, ...]) -> Iterator[Field]:
        for key in FIELD_KEYS:
            if key == "source" and key in config:
                text = f"an object takes its fields from the whole row: write their full paths, {config[key]}.… each"
                self.mistake(f"{where}.{key}", text)
            elif key in config and key != "fields":
                self.mistake(f"{where}.{key}", "has no effect beside 'fields': set it on those fields")
        if not config["fields"]:
            self.mistake(f"{where}.fields", "an object with at least one target")
        yield from self._fields(config["fields"], f"{where}.fields", target)

    def _field(self, config: Mapping[str, Any], where: str, target: tuple[str, ...]) -> Field:
        source, resolver = config.get("source", ""), config.get("resolver", "")
        required = config.get("required", False)
        default = self._constant(config, "defaultValue", where)
        literal = self._constant(config, "value", where)
        if literal is None and source.startswith(constants.CONTEXT) and self._context is not None:
            literal = self._from_context(source, f"{where}.source", optional=default is not None and not required)
        if resolver and resolver not in self._resolver_names:
            text = f"unknown resolver {resolver!r}{did_you_mean(resolver, self._resolver_names)}"
            self.mistake(f"{where}.resolver", text, self._resolver_names)
        return Field(
            target=target,
            where=where,
            source=source,
            literal=literal,
            default=default,
            resolver=resolver,
            call=self._calls.get(resolver),
            required=required,
            note=_note(config),
        )

    def _check(self, field: Field) -> None:
        own = field.resolver and field.resolver not in SDK_NAMES
        if not (field.source or own) and field.literal is None and field.default is None:
            text = "gives no value: name a source, a value, a defaultValue or a resolver of your own"
            self.mistake(field.where, text)
        if "[*]" in field.source:
            self.mistake(f"{field.where}.source", "a source is one value: [*] is not read, an index such as [0] is")
        from_rows = field.source and field.literal is None
        if field.needs_source and not from_rows and constants.is_empty(field.literal):
            self.mistake(field.where, "required, and no row can have a value: name a source")
        literal_at = "source" if field.source.startswith(constants.CONTEXT) else "value"
        for key, column in ((literal_at, field.literal), ("defaultValue", field.default)):
            expected = "" if column is None else constants.unread(column, field.resolver)
            if column is not None and expected:
                text = f"{field.resolver} cannot read {column[0]!r}: it expects {expected}"
                self.mistake(f"{field.where}.{key}", text)

    def _constant(self, config: Mapping[str, Any], key: str, where: str) -> pl.Series | None:
        if key not in config or (key == "defaultValue" and config[key] is None):
            return None
        try:
            return constants.constant(config[key])
        except ValueError as error:
            self.mistake(f"{where}.{key}", str(error))
            return None

    def _from_context(self, source: str, where: str, *, optional: bool) -> pl.Series | None:
        try:
            return constants.from_context(source, self._context or {})
        except LookupError as error:
            if optional:
                return pl.Series([None], dtype=pl.Null)
            self.mistake(where, str(error.args[0]))
        except ValueError as error:
            self.mistake(where, str(error))
        return None


def _is_known(key: Any) -> bool:
    if key in PROTOTYPE_NAMES:
        return False
    return key in FIELD_KEYS or key in HARMLESS_KEYS or key == "isArray" or str(key).startswith("_")


def _note(config: Mapping[str, Any]) -> str:
    if config.get("required") and config.get("defaultValue") is not None and config.get("source"):
        return "required wins: an empty source rejects the row, and defaultValue is never used"
    if "value" in config and config.get("source"):
        return "value wins: source is never read"
    return ""


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "text", bool: "true or false", type(None): "nothing"}
    return names.get(type(value), "a number" if isinstance(value, int | float) else type(value).__name__)


def _once(pairs: list[tuple[str, Any]], twice: list[str]) -> dict[str, Any]:
    twice.extend(name for name, times in Counter(name for name, _ in pairs).items() if times > 1)
    return dict(pairs)


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no JSON value")
