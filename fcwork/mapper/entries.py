"""The entries of a mapping, read in any of its dialects: a value, an object of entries, or a list of items.

The dialects of SDK 0.1.56, and what each calls things:

=============  ==============================  =================================  ==================================
               ``fields``                      mutation with ``fields``           mutation with ``arguments``
=============  ==============================  =================================  ==================================
an object      ``fields``, perhaps ``source``  ``fields``                         entries beside each other, ``_nested``
a list         ``isArray`` and ``fields``      also ``name[]``                    ``isArray`` or ``_array``, entries
in an item     sources are the item's          ``$.x`` is, others the record's    sources are the item's
order          required, default, resolver     resolver, default, required        resolver, default, required
also known     ``sdk.*``                       and nine transforms                and ``"name": "path"``
=============  ==============================  =================================  ==================================
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import polars as pl

from fcwork import frames
from fcwork.mapper import constants, paths
from fcwork.mapper.chains import Chains
from fcwork.mapper.mistakes import Mistakes, kind_of
from fcwork.mapper.paths import Path
from fcwork.mapper.plan import Field, Fields, Items, Order, Part, Target
from fcwork.names import did_you_mean, nearest
from fcwork.shapes import LEVELS

FIELD_KEYS = ("source", "value", "resolver", "required", "defaultValue", "fields", "isArray", "params", "lenient")
MUTATION_KEYS = (*FIELD_KEYS, "transform", "autoWrap", "validation", "mapping")
HARMLESS_KEYS = ("comment", "description")  # notes: the SDK ignores whatever it does not know
PROTOTYPE_NAMES = ("__proto__", "prototype", "constructor")  # a target of that name breaks readers in JavaScript
BOUNDS = ("minItems", "maxItems")
MOST_INDEX = 999
_SEGMENT = re.compile(r"(?P<name>[^\[\]]+)(?P<indexes>(?:\[\d+\])*)")
_OWN_KEYS = {"source", "value", "resolver", "transform", "defaultValue", "fields", "mapping", "isArray"}
_KINDS: dict[str, tuple[type | tuple[type, ...], str]] = {
    "source": ((str, list), "the path of a source column, as text, or a list of such paths"),
    "resolver": ((str, list, dict), "the name of a resolver, as text, or a list of such names"),
    "transform": (str, "the name of a transform, as text"),
    "required": (bool, "true or false"),
    "lenient": (bool, "true or false"),
    "isArray": (bool, "true or false"),
    "autoWrap": (bool, "true or false"),
    "fields": (dict, "an object of fields"),
    "mapping": (dict, "an object of fields"),
    "params": (dict, "an object of params by name"),
    "validation": (dict, "an object with minItems or maxItems"),
}


@dataclass(frozen=True)
class Dialect:
    """How entries are written.

    Attributes:
        order: in which order a value is worked out.
        whose: whose the sources of an item's fields are.
        loose: whether an object's entries stand beside its other keys, and a text is a source.
    """

    order: Order = "fields"
    whose: Literal["item", "record"] = "item"
    loose: bool = False

    @property
    def keys(self) -> tuple[str, ...]:
        """What an entry may say."""
        return FIELD_KEYS if self.order == "fields" else MUTATION_KEYS


UNIVERSAL = Dialect()
MUTATION_FIELDS = Dialect("mutation", "record")
ARGUMENTS = Dialect("mutation", loose=True)


@dataclass(frozen=True)
class _Place:
    """Where an entry stands: in the file, in the target, and in the source."""

    where: str
    target: Target
    within: tuple[Path, ...] = ()
    lenient: bool = False

    def below(self, name: str) -> str:
        return f"{self.where}.{name}"


class Entries:
    """Reads the entries of one mapping; what is wrong with them goes to ``mistakes``."""

    def __init__(
        self,
        dialect: Dialect,
        chains: Chains,
        mistakes: Mistakes,
        *,
        context: Mapping[str, Any] | None = None,
        nodes: tuple[str, ...] = (),
    ) -> None:
        self._dialect, self._chains, self._mistakes = dialect, chains, mistakes
        self._context, self._nodes = context, nodes

    def read(self, named: Mapping[str, Any], where: str, *, lenient: bool = False) -> Fields:
        """Return what a record is made of."""
        return Fields.of(list(self._all(named, _Place(where, (), lenient=lenient), top=True)))

    def one(self, config: Any, where: str, name: str, *, lenient: bool = False) -> list[Field | Part | Items]:
        """Return what a single entry, such as an argument, stands for."""
        return list(self._entry(name, config, _Place(where, (), lenient=lenient), top=True))

    def _all(self, named: Mapping[str, Any], place: _Place, *, top: bool = False) -> Iterator[Field | Part | Items]:
        for name, config in named.items():
            yield from self._entry(str(name), config, place, top=top)

    def _entry(self, name: str, config: Any, place: _Place, *, top: bool) -> Iterator[Field | Part | Items]:
        here = place.below(name) if place.where else name
        plural = name.endswith("[]")
        steps = self._target(name.removesuffix("[]"), here, top=top and not place.target)
        inner = replace(place, where=here, target=(*place.target, *steps))
        if isinstance(config, str) and self._dialect.loose:
            config = {"source": config}
        if not isinstance(config, Mapping):
            example = f'; write {{"source": {json.dumps(config)}}}' if isinstance(config, str) else ""
            self._mistakes.add(here, f"a field is an object, not {kind_of(config)}{example}")
        elif len(inner.target) > LEVELS:
            self._mistakes.add(here, f"nested deeper than {LEVELS} levels")
        else:
            yield from self._described(config, inner, plural=plural)

    def _described(self, config: Mapping[str, Any], place: _Place, *, plural: bool) -> Iterator[Field | Part | Items]:
        before = len(self._mistakes)
        sound, children = self._sorted(config, place, plural=plural)
        place = replace(place, lenient=sound.get("lenient", place.lenient))
        listed = plural or sound.get("isArray") or config.get("_array") is True
        if children is None or (not children and self._dialect.loose and "source" in sound):
            field = self._field(sound, place)
            if len(self._mistakes) == before:  # else what is missing may only be misspelt
                self._check(field)
            yield field
        elif not children:
            below = place.below("fields") if "fields" in config else place.where
            self._mistakes.add(below, "an object with at least one target")
        elif listed:
            yield from self._items(sound, config, children, place)
        else:
            yield from self._object(sound, children, place)

    def _sorted(
        self, config: Mapping[str, Any], place: _Place, *, plural: bool
    ) -> tuple[dict[str, Any], Mapping[str, Any] | None]:
        """Return what an entry says of itself, and the entries in it, where there are any."""
        sound: dict[str, Any] = {}
        loose: dict[str, Any] = {}
        for key, value in config.items():
            if key in _KINDS and key in self._dialect.keys and not isinstance(value, _KINDS[key][0]):
                if not (key in {"isArray", "autoWrap"} and value is None):
                    self._mistakes.add(place.below(key), f"{_KINDS[key][1]}, not {kind_of(value)}")
            elif key in self._dialect.keys:
                sound[key] = value
            elif str(key)[:1] == "_" and key not in PROTOTYPE_NAMES:
                continue
            elif self._is_loose(config, key, value, plural=plural):
                loose[key] = value
            elif key not in HARMLESS_KEYS:
                what = "key" if not isinstance(value, Mapping) else "key (what an object holds stands below 'fields')"
                self._mistakes.unknown(place.below(str(key)), what, str(key), self._dialect.keys)
        named = sound.get("fields", sound.get("mapping"))
        if "value" in sound and loose:
            loose = self._beside_value(sound, loose, holder=plural or _is_holder(config))
        if named is None and not loose:
            holder = self._dialect.loose and not {"source", "value", "resolver", "transform", "defaultValue"} & set(
                sound
            )
            return sound, {} if holder else None
        return sound, {**loose, **(named or {})}

    def _is_loose(self, config: Mapping[str, Any], key: Any, value: Any, *, plural: bool) -> bool:
        """Say whether a key is the name of an entry: in an object of ``arguments`` all are that mean nothing else."""
        if key in PROTOTYPE_NAMES:
            return False
        if not self._dialect.loose:  # in a mutation's fields, an object that says nothing of itself
            bare = self._dialect.order == "mutation" and not _OWN_KEYS & set(config)
            return bare and isinstance(value, Mapping)
        if isinstance(value, Mapping):
            return True
        if key == "comment" or (key in HARMLESS_KEYS and "source" in config):
            return False
        leaf = "source" in config and not (plural or _is_holder(config))
        return isinstance(value, str) and not leaf

    def _beside_value(self, sound: dict[str, Any], loose: dict[str, Any], *, holder: bool) -> dict[str, Any]:
        """Return the entries of an object of which one is called ``value``; none where that is its literal value."""
        if not holder and not any(isinstance(entry, Mapping) for entry in loose.values()):
            return {}
        return {**loose, "value": sound.pop("value")}

    def _object(
        self, config: dict[str, Any], children: Mapping[str, Any], place: _Place
    ) -> Iterator[Field | Part | Items]:
        source = config.get("source")
        path = None if source is None else self._path(source, place.below("source"))
        counts = path if path and (self._dialect.whose == "item" or path.text.startswith("$")) else None
        yield Part(
            target=place.target,
            where=place.where,
            within=place.within,
            source=counts,
            required=bool(config.get("required")),
            lenient=place.lenient,
            whose=self._dialect.whose,
        )
        within = (*place.within, path) if path else place.within
        base = place.below("fields") if "fields" in config else place.where
        yield from self._all(children, replace(place, where=base, within=within))

    def _items(
        self, config: dict[str, Any], given: Mapping[str, Any], children: Mapping[str, Any], place: _Place
    ) -> Iterator[Items]:
        source = config.get("source")
        path = None if source is None else self._path(source, place.below("source"))
        if path is None:
            if source is None:
                self._mistakes.add(place.where, "a list needs a source: the path of the list in the rows")
            path = paths.parse("")
        base = place.below("fields") if "fields" in config else place.where
        bounds = self._bounds(config.get("validation") or given.get("_validation"), place)
        name = given.get("_resolver", config.get("resolver"))
        own = (
            self._chains.own(name, config.get("params") or {}, place.where)
            if self._dialect.order == "mutation"
            else None
        )
        yield Items(
            target=place.target,
            where=place.where,
            source=path,
            fields=Fields.of(list(self._all(children, _Place(base, (), lenient=place.lenient)))),
            within=place.within,
            required=bool(config.get("required")),
            fewest=bounds[0],
            most=bounds[1],
            step=own,
            whose=self._dialect.whose,
            lenient=place.lenient,
            note="" if own or not name else "resolver has no effect on a list, as in the SDK",
        )

    def _bounds(self, given: Any, place: _Place) -> tuple[int, int | None]:
        if not isinstance(given, Mapping):
            return 0, None
        for key in map(str, given):
            if key not in BOUNDS and nearest(key, BOUNDS, cutoff=0.8):  # others, the SDK does without
                self._mistakes.unknown(f"{place.below('validation')}.{key}", "key", key, BOUNDS)
        found = [given.get(key) for key in BOUNDS]
        if any(isinstance(item, bool) or not isinstance(item, int | None) or (item or 0) < 0 for item in found):
            self._mistakes.add(place.below("validation"), "minItems and maxItems are whole numbers from 0")
            return 0, None
        if found[0] and found[1] is not None and found[0] > found[1]:
            self._mistakes.add(place.below("validation"), f"minItems {found[0]} is more than maxItems {found[1]}")
        return found[0] or 0, found[1]

    def _field(self, config: Mapping[str, Any], place: _Place) -> Field:
        written = config.get("source")
        texts = [written] if isinstance(written, str) else written or []
        sources = [path for text in texts if text != "" and (path := self._path(text, place.below("source")))]
        literal = self._constant(config, "value", place)
        default = None
        if place.lenient or config.get("defaultValue") is not None:
            default = self._constant(config, "defaultValue", place)
        among = [path.text for path in sources if path.text.startswith(constants.CONTEXT)]
        if among and len(sources) > 1 and self._context is not None:
            text = f"{among[0]!r} holds for all rows and cannot be one of several sources: let it stand alone"
            self._mistakes.add(place.below("source"), text)
        if literal is None and len(sources) == 1 and self._context is not None:
            optional = default is not None and not config.get("required")
            literal = self._from_context(sources[0].text, place.below("source"), optional=optional)
        return Field(
            target=place.target,
            where=place.where,
            within=place.within,
            sources=tuple(sources),
            literal=literal,
            default=default,
            steps=self._chains.steps(config, place.where),
            required=config.get("required", False),
            order=self._dialect.order,
            whose=self._dialect.whose,
            lenient=place.lenient,
            note=_note(config, self._dialect),
        )

    def _check(self, field: Field) -> None:
        own = any(step.call for step in field.steps)
        if not (field.sources or own) and field.literal is None and field.default is None:
            text = "gives no value: name a source, a value, a defaultValue or a resolver of your own"
            self._mistakes.add(field.where, text)
        from_rows = field.sources and field.literal is None
        if field.needs_source and not from_rows and constants.is_empty(field.literal):
            self._mistakes.add(field.where, "required, and no row can have a value: name a source")
        if field.lenient:
            return
        given = bool(field.sources) and field.sources[0].text.startswith(constants.CONTEXT)
        for key, column in (("source" if given else "value", field.literal), ("defaultValue", field.default)):
            passed = field.order == "mutation" and key == "defaultValue"  # no resolver sees it
            expected = "" if column is None or passed else constants.unread(column, next(iter(field.steps), None))
            if column is not None and expected:
                shown = "what the context holds" if key == "source" else repr(column[0])  # it may be a secret
                text = f"{field.steps[0].name} cannot read {shown}: it expects {expected}"
                self._mistakes.add(f"{field.where}.{key}", text)

    def _target(self, name: str, where: str, *, top: bool) -> Target:
        steps: list[str | int] = []
        for text in name.split("."):
            segment = _SEGMENT.fullmatch(text)
            if not segment:
                rule = "a name, or names joined by single dots, each perhaps with an index such as [0]"
                self._mistakes.add(where, f"a target is {rule}")
                return (name,)
            indexes = [int(index) for index in re.findall(r"\d+", segment["indexes"])]
            if any(index > MOST_INDEX for index in indexes):
                self._mistakes.add(where, f"an index of a target is at most {MOST_INDEX}: a longer list takes isArray")
            steps += [segment["name"], *(min(index, MOST_INDEX) for index in indexes)]
        for step in {*steps} & {*PROTOTYPE_NAMES}:
            self._mistakes.add(where, f"{step!r} cannot be a target")
        if top and steps[0] in frames.OWN:
            self._mistakes.add(where, f"{steps[0]!r} is a column of fcwork's own: choose another target")
        return tuple(steps)

    def _path(self, text: Any, where: str) -> Path | None:
        if not isinstance(text, str) or not text:
            self._mistakes.add(where, f"{_KINDS['source'][1]}, not {kind_of(text) if text != '' else 'an empty one'}")
            return None
        path = paths.parse(text)
        if len(path.steps) > paths.MOST:
            self._mistakes.add(where, f"a path has at most {paths.MOST} steps, not {len(path.steps):,}")
        head = path.steps[0].name if isinstance(path.steps[0], paths.Key) else ""
        known = ("$context", "$root", "$record", "$item", *(f"${name}" for name in self._nodes))
        if head[:1] == "$" and self._nodes and head not in {"$", *known}:
            self._mistakes.add(where, f"there is no node {head!r}{did_you_mean(head, known)}", known)
        return path

    def _constant(self, config: Mapping[str, Any], key: str, place: _Place) -> pl.Series | None:
        if key not in config:
            return None
        try:
            value = config[key]
            return constants.constant(value if self._dialect.order == "fields" else constants.from_environment(value))
        except ValueError as error:
            self._mistakes.add(place.below(key), str(error))
            return None

    def _from_context(self, source: str, where: str, *, optional: bool) -> pl.Series | None:
        if not source.startswith(constants.CONTEXT):
            return None
        try:
            return constants.from_context(source, self._context or {})
        except LookupError as error:
            if optional:
                return pl.Series([None], dtype=pl.Null)
            self._mistakes.add(where, str(error.args[0]))
        except ValueError as error:
            self._mistakes.add(where, str(error))
        return None


def _is_holder(config: Mapping[str, Any]) -> bool:
    """Say whether an entry of ``arguments`` is marked as an object or a list of entries."""
    return bool(config.get("_nested") or config.get("isArray") or config.get("_array"))


def _note(config: Mapping[str, Any], dialect: Dialect) -> str:
    if (
        dialect.order == "fields"
        and config.get("required")
        and config.get("defaultValue") is not None
        and config.get("source")
    ):
        return "required wins: an empty source rejects the row, and defaultValue is never used"
    if "value" in config and config.get("source"):
        return "value wins: source is never read"
    return ""
