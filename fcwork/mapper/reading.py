"""Reading a mapping: a plan, or every mistake in it at once, each with its place and the nearest known name."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from fcwork.documents import Document
from fcwork.errors import MappingError
from fcwork.mapper import paths
from fcwork.mapper.chains import SETTINGS, Chains
from fcwork.mapper.custom import Resolver
from fcwork.mapper.entries import ARGUMENTS, MUTATION_FIELDS, PROTOTYPE_NAMES, UNIVERSAL, Dialect, Entries
from fcwork.mapper.mistakes import Mistakes, kind_of
from fcwork.mapper.plan import Field, Fields, Items, Node, Part, Plan, Target, label_of
from fcwork.mutations import Argument, Operation
from fcwork.names import nearest
from fcwork.personal.names import covers_everywhere

TOP_KEYS = ("fields", "arguments", "mutation", "nodes", "name", "version", "description", "mask", "lenient", *SETTINGS)
MUTATION_KEYS = ("operationName", "returnFields", "aliasBatching", "sourceFormat")
BATCHING_KEYS = ("mutationsPerBatch", "maxMutationsPerBatch", "enabled")
NODE_KEYS = ("extract", "unescape", "parse", "required")
PARSERS = ("xml", "json")
FORMATS = ("xml", "json", "jsonl", "csv")
NO_NODES = ("context", "root", "record", "item")
FALLBACKS = ("completeData", "body")  # where the SDK looks for a node as well
_NODE_NAME = re.compile("[A-Za-z_][A-Za-z0-9_]*")


def read(
    given: Document,
    *,
    resolvers: Mapping[str, Resolver],
    context: Mapping[str, Any] | None,
    lenient: bool | None = None,
) -> Plan:
    """Return the plan of a mapping.

    Args:
        given: the mapping, a JSON object.
        resolvers: functions of the user's by name.
        context: what ``$context.x`` is taken from; None leaves such sources to the rows.
        lenient: goes before what the mapping says.

    Raises:
        MappingError: with every mistake in ``problems``.
    """
    mistakes = Mistakes()
    for name, place in zip(given.twice, given.twice_at or [""] * len(given.twice), strict=True):
        mistakes.add(place, f"the name {name!r} stands twice in one object, and only one can count")
    reader = _Reader(mistakes, resolvers, context, lenient=lenient)
    plan = reader.plan(given.content)
    if plan is None:
        raise mistakes.error(given.origin)
    return plan


class _Reader:
    """Walks the top of one mapping."""

    def __init__(
        self,
        mistakes: Mistakes,
        resolvers: Mapping[str, Resolver],
        context: Mapping[str, Any] | None,
        *,
        lenient: bool | None,
    ) -> None:
        self._mistakes, self._resolvers, self._context, self._lenient = mistakes, resolvers, context, lenient

    def plan(self, config: Any) -> Plan | None:
        """Return the plan of a whole mapping, or None where it has mistakes."""
        if not isinstance(config, Mapping):
            self._mistakes.add("", f"a mapping is an object with the key 'fields', not {kind_of(config)}")
            return None
        if half := _half_a_character(config):
            self._mistakes.add("", f"it holds half a character, {half!r}: write the whole one")
            return None
        self._keys(config)
        kind = "arguments" if "mutation" in config and _has_arguments(config) else "fields"
        named = config.get(kind)
        if not isinstance(named, Mapping) or (not named and kind == "fields"):
            alone = "arguments" in config and "mutation" not in config
            other = "; 'arguments' need a 'mutation' beside them" if alone else ""
            found = "an empty one" if named == {} else kind_of(named)
            self._mistakes.add(kind, f"an object with at least one target, not {found}{other}", TOP_KEYS)
            return None
        dialect = UNIVERSAL if "mutation" not in config else ARGUMENTS if kind == "arguments" else MUTATION_FIELDS
        return self._read(config, named, kind, dialect)

    def _read(self, config: Mapping[str, Any], named: Mapping[str, Any], kind: str, dialect: Dialect) -> Plan | None:
        settings = {key: config[key] for key in SETTINGS if key in config}
        chains = Chains(self._resolvers, settings, self._mistakes, transforms=dialect is not UNIVERSAL)
        named_nodes = config.get("nodes", {})
        nodes = tuple(self._nodes(named_nodes))
        names = tuple(map(str, named_nodes)) if isinstance(named_nodes, Mapping) else ()  # unsound ones too are known
        entries = Entries(dialect, chains, self._mistakes, context=self._context, nodes=names)
        lenient = self._flag(config, "lenient") if self._lenient is None else self._lenient
        if dialect is ARGUMENTS:
            named = {name: item for name, item in named.items() if str(name)[:1] != "_"}
        fields = entries.read(named, kind, lenient=lenient)
        self._collisions(fields)
        fields = _masked(fields, self._masked(config.get("mask", []), fields))
        operation = self._operation(config, named, dialect) if dialect is not UNIVERSAL else None
        per_request = self._per_request(config.get("aliasBatching"))
        texts = {key: str(config[key]) for key in ("name", "version", "description") if config.get(key) is not None}
        fingerprint = self._fingerprint(config)
        if self._mistakes.problems:
            return None
        return Plan(
            fields=fields,
            fingerprint=fingerprint,
            nodes=nodes,
            operation=operation,
            whole_input=dialect is MUTATION_FIELDS,
            per_request=per_request,
            mask=tuple(config.get("mask", ())) if isinstance(config.get("mask", ()), list | tuple) else (),
            lenient=lenient,
            **texts,
        )

    def _keys(self, config: Mapping[str, Any]) -> None:
        known = (*TOP_KEYS, *MUTATION_KEYS) if "mutation" in config else TOP_KEYS
        for key in map(str, config):
            close = nearest(key, known, cutoff=0.8)
            if key in PROTOTYPE_NAMES or (close and key not in known):
                self._mistakes.unknown(key, "key", key, known)

    def _fingerprint(self, config: Mapping[str, Any]) -> str:
        try:
            return hashlib.sha256(json.dumps(config, default=str).encode()).hexdigest()
        except (RecursionError, TypeError, ValueError):
            self._mistakes.add("", "it is nested too deeply, or within itself, or has keys that are no text")
            return ""

    def _flag(self, config: Mapping[str, Any], key: str) -> bool:
        value = config.get(key, False)
        if not isinstance(value, bool):
            self._mistakes.add(key, f"true or false, not {kind_of(value)}")
        return value is True

    def _operation(self, config: Mapping[str, Any], named: Mapping[str, Any], dialect: Dialect) -> Operation | None:
        arguments = None
        if dialect is ARGUMENTS:
            arguments = tuple(Argument(str(name), _type_of(item)) for name, item in named.items())
        shape = config.get("sourceFormat")
        if shape is not None and (not isinstance(shape, str) or shape.lower() not in FORMATS):
            self._mistakes.add("sourceFormat", f"one of {', '.join(FORMATS)}, not {shape!r}", FORMATS)
        returns, name = config.get("returnFields"), config.get("operationName", "")
        if returns is not None and not isinstance(returns, list):
            self._mistakes.add("returnFields", f"a list of fields to return, not {kind_of(returns)}")
            returns = None
        if not isinstance(name, str):
            self._mistakes.add("operationName", f"a name, as text, not {kind_of(name)}")
            name = ""
        given = {"arguments": arguments} if arguments is not None else {}
        try:
            return Operation(config["mutation"], returns=tuple(returns) if returns else None, name=name, **given)
        except MappingError as error:
            for problem in error.problems:
                where, _, text = problem.partition(": ")
                self._mistakes.add(where, text)
            return None

    def _per_request(self, given: Any) -> int | None:
        if given is None:
            return None
        if not isinstance(given, Mapping):
            self._mistakes.add("aliasBatching", f"an object with mutationsPerBatch, not {kind_of(given)}")
            return None
        for key in map(str, given):
            if key not in BATCHING_KEYS and nearest(key, BATCHING_KEYS, cutoff=0.8):
                self._mistakes.unknown(f"aliasBatching.{key}", "key", key, BATCHING_KEYS)
        found = {key: given[key] for key in BATCHING_KEYS[:2] if given.get(key) is not None}
        for key, number in found.items():
            if isinstance(number, bool) or not isinstance(number, int) or number < 1:
                self._mistakes.add(f"aliasBatching.{key}", f"a whole number from 1, not {number!r}")
                return None
        return min(found.values(), default=None)

    def _nodes(self, named: Any) -> Iterator[Node]:
        if not isinstance(named, Mapping):
            self._mistakes.add("nodes", f"an object of nodes, not {kind_of(named)}")
            return
        for name, config in named.items():
            where = f"nodes.{name}"
            before = len(self._mistakes)
            self._check_node(str(name), config, where)
            if len(self._mistakes) == before:
                extract = config["extract"]
                places = [extract, *(f"{outer}.{extract}" for outer in FALLBACKS)]
                flags = {key: config.get(key) is True for key in ("unescape", "required")}
                yield Node(str(name), where, tuple(map(paths.parse, places)), parse=config.get("parse", ""), **flags)

    def _check_node(self, name: str, config: Any, where: str) -> None:
        if not _NODE_NAME.fullmatch(name):
            self._mistakes.add(where, "a node's name is letters, digits and underscores, the first no digit")
        if name in NO_NODES:
            self._mistakes.add(where, f"'${name}' means something else in a source: choose another name")
        if not isinstance(config, Mapping):
            self._mistakes.add(where, f"a node is an object, not {kind_of(config)}")
            return
        if not isinstance(config.get("extract"), str) or not config["extract"]:
            self._mistakes.add(
                f"{where}.extract", f"the path of what is taken out, as text, not {kind_of(config.get('extract'))}"
            )
        if config.get("parse", "xml") not in PARSERS:
            self._mistakes.add(f"{where}.parse", f"one of {', '.join(PARSERS)}, not {config['parse']!r}", PARSERS)
        for key, value in config.items():
            if key in {"unescape", "required"} and not isinstance(value, bool):
                self._mistakes.add(f"{where}.{key}", f"true or false, not {kind_of(value)}")
            elif key not in (*NODE_KEYS, "comment", "description") and str(key)[:1] != "_":
                self._mistakes.unknown(f"{where}.{key}", "key", str(key), NODE_KEYS)

    def _masked(self, names: Any, fields: Fields) -> set[str]:
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            self._mistakes.add("mask", "a list of target names")
            return set()
        targets = sorted(_labels(fields))
        for name in names:
            if name not in targets:
                close = nearest(name, targets)
                meant = f": did you mean {close!r}?" if close else ""
                self._mistakes.add("mask", f"{name!r} is no target of this mapping{meant}", targets)
        return set(names)

    def _collisions(self, fields: Fields) -> None:
        taken: dict[Target, Field | Items] = {}
        leaves = [entry for entry in fields.order if not isinstance(entry, Part)]
        for entry in leaves:
            if entry.target in taken:
                told = f"the target {entry.label!r} is filled by {taken[entry.target].where} already"
                self._mistakes.add(entry.where, told)
            taken.setdefault(entry.target, entry)
        kinds: dict[Target, tuple[type, str]] = {}
        for entry in leaves:
            for depth in range(1, len(entry.target)):
                above, step = entry.target[:depth], entry.target[depth]
                if above in taken:
                    other = taken[above]
                    what = "a list" if isinstance(other, Items) else "a value"
                    self._mistakes.add(
                        entry.where, f"{other.label!r} is {what} ({other.where}) and cannot hold fields too"
                    )
                kind, first = kinds.setdefault(above, (type(step), entry.where))
                if kind is not type(step):
                    self._mistakes.add(
                        entry.where, f"{label_of(above)!r} is a list in one place and an object in another ({first})"
                    )
        for items in fields.items:
            self._collisions(items.fields)


def _half_a_character(config: Mapping[str, Any]) -> str:
    """Return half of a surrogate pair that stands in some text of a mapping, or nothing."""
    try:
        json.dumps(config, default=str, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        return error.object[error.start : error.end]
    except (RecursionError, TypeError, ValueError):  # told where it is met
        return ""
    return ""


def _has_arguments(config: Mapping[str, Any]) -> bool:
    """Say whether a mapping is written with ``arguments``; beside ``fields``, they count where they say anything."""
    given = config.get("arguments")
    return "arguments" in config and ("fields" not in config or (isinstance(given, Mapping) and any(given.values())))


def _type_of(config: Any) -> str:
    found = config.get("_type", "") if isinstance(config, Mapping) else ""
    return found if isinstance(found, str) else repr(found)


def _labels(fields: Fields, above: str = "") -> set[str]:
    """Return the targets that ``mask`` may name: of values, of the objects around them, and of items as ``a[].b``."""
    found = set()
    for entry in fields.order:
        found |= {above + label_of(entry.target[:depth]) for depth in range(1, len(entry.target) + 1)}
    for items in fields.items:
        found |= _labels(items.fields, f"{above}{items.label}[].")
    return found


def _masked(fields: Fields, names: set[str], above: str = "") -> Fields:
    """Return the fields, marked those that ``mask`` names, or whose object or list it names, or are hidden anyway."""
    return Fields.of([_marked(entry, names, above) for entry in fields.order])


def _marked(entry: Field | Part | Items, names: set[str], above: str) -> Field | Part | Items:
    hidden = any(above + label_of(entry.target[:depth]) in names for depth in range(1, len(entry.target) + 1))
    if isinstance(entry, Part):
        return entry
    sources = entry.sources if isinstance(entry, Field) else (entry.source,)
    hidden = hidden or any(map(covers_everywhere, [above + entry.label, *(path.text for path in sources)]))
    if isinstance(entry, Field):
        return dataclasses.replace(entry, masked=hidden)
    below = f"{above}{entry.label}[]."
    every = {below + label for label in _labels(entry.fields)} if hidden else set()
    return dataclasses.replace(entry, masked=hidden, fields=_masked(entry.fields, names | every, below))
