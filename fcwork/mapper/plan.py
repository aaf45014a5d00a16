"""The plan of a mapping: what will be worked out, whichever dialect the file is written in."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import polars as pl

from fcwork.mapper.custom import Call
from fcwork.mapper.paths import Path
from fcwork.mapper.resolvers import SdkResolver

if TYPE_CHECKING:
    from fcwork.mutations import Operation

Target: TypeAlias = "tuple[str | int, ...]"
Order: TypeAlias = Literal["fields", "mutation"]
Whose: TypeAlias = Literal["item", "record"]


@dataclass(frozen=True, eq=False)
class Step:
    """One resolver of a chain.

    Attributes:
        name: as the mapping calls it.
        sdk: how it reads a column, where it is one of the SDK's.
        call: the function, where it is one of the user's own.
        lenient: the SDK's own answer on one value, where the SDK has the resolver.
        mark: the decimal mark of the texts that it reads.
    """

    name: str
    sdk: SdkResolver | None = None
    call: Call | None = None
    lenient: Any = None
    mark: str = "."

    @property
    def expected(self) -> str:
        """What it expects, where there is something that it cannot read."""
        return self.sdk.expected if self.sdk else ""


@dataclass(frozen=True, eq=False, kw_only=True)
class Entry:
    """What a value, an object and a list of a target have in common.

    Attributes:
        target: the target's path; a number is a position in a list.
        where: the entry's place in the mapping file.
        within: the sources of the objects around it, the outermost first: its own are taken from there.
        required: whether a row without it is rejected.
        whose: whether sources are the ``item``'s, or the ``record``'s first unless they begin with ``$.``.
        lenient: whether the SDK's answer stands where a strict one is an issue.
    """

    target: Target
    where: str
    within: tuple[Path, ...] = ()
    required: bool = False
    whose: Whose = "item"
    lenient: bool = False

    @property
    def label(self) -> str:
        """The target as the mapping spells it: dotted."""
        return label_of(self.target)


@dataclass(frozen=True, eq=False, kw_only=True)
class Field(Entry):
    """One value of a target and how it is come by; required, it is never empty.

    Attributes:
        sources: paths of which the first with a value counts.
        literal: the value itself, one item, instead of a source.
        default: what stands in for an empty value, one item.
        steps: resolvers, each given what the one before it gave.
        order: ``fields``: required, default, resolver; ``mutation``: resolver, default, required.
        masked: whether issues hide its values.
        note: what a reader of the mapping should know about it.
    """

    sources: tuple[Path, ...] = ()
    literal: pl.Series | None = dataclasses.field(default=None, repr=False)  # it may come from the context
    default: pl.Series | None = dataclasses.field(default=None, repr=False)
    steps: tuple[Step, ...] = ()
    order: Order = "fields"
    masked: bool = False
    note: str = ""

    @property
    def source(self) -> str:
        """The sources as a message shows them."""
        return " or ".join(path.text for path in self.sources)

    @property
    def resolver(self) -> str:
        """The names of the resolvers."""
        return " → ".join(step.name for step in self.steps)

    @property
    def needs_source(self) -> bool:
        """Whether a row without a value is rejected before default and resolver: required, and not left to these."""
        if not self.required or self.order == "mutation":
            return False
        return bool(self.sources) or self.literal is not None or not self.steps

    @property
    def origin(self) -> str:
        """Where the value comes from, in words for a message."""
        place = (
            "its literal value" if self.literal is not None else " or ".join(repr(path.text) for path in self.sources)
        )
        return " through ".join(filter(None, [place, self.resolver]))


@dataclass(frozen=True, eq=False, kw_only=True)
class Part(Entry):
    """An object that a mapping writes with ``fields``: there even without a value, or missing with its source.

    Attributes:
        source: what its fields are taken from; None for what surrounds it.
    """

    source: Path | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class Items(Entry):
    """A list whose items are mapped one by one; required, it has at least one.

    Attributes:
        source: the list, or the one object that stands for a list of one.
        fields: of an item.
        fewest, most: how many items there may be.
        step: a resolver of the user's own that gives the list.
        masked, note: as of a field.
    """

    source: Path
    fields: Fields
    fewest: int = 0
    most: int | None = None
    step: Step | None = None
    masked: bool = False
    note: str = ""


@dataclass(frozen=True, eq=False)
class Fields:
    """What a record or an item is made of, in the order of the mapping."""

    values: tuple[Field, ...] = ()
    parts: tuple[Part, ...] = ()
    items: tuple[Items, ...] = ()
    order: tuple[Field | Part | Items, ...] = ()

    @classmethod
    def of(cls, entries: list[Field | Part | Items]) -> Fields:
        """Return the entries sorted by their kind."""
        return cls(
            tuple(entry for entry in entries if isinstance(entry, Field)),
            tuple(entry for entry in entries if isinstance(entry, Part)),
            tuple(entry for entry in entries if isinstance(entry, Items)),
            tuple(entries),
        )

    def everywhere(self) -> Iterator[Field | Items]:
        """Yield the values and lists, those of items too."""
        yield from self.values
        for items in self.items:
            yield items
            yield from items.fields.everywhere()


@dataclass(frozen=True)
class Node:
    """A part of the source that is taken out, and perhaps parsed, before any field: ``$name`` is a path to it.

    Attributes:
        name: without the dollar.
        paths: where it may stand, the first that holds something counts.
        unescape: whether the text's entities (``&lt;``) are undone first.
        parse: ``xml`` or ``json``; empty for what needs no parsing.
        required: whether a row without it is rejected.
    """

    name: str
    where: str
    paths: tuple[Path, ...]
    unescape: bool = False
    parse: str = ""
    required: bool = False


@dataclass(frozen=True, eq=False)
class Plan:
    """What a mapping says, checked.

    Attributes:
        fields: what a row is made of.
        fingerprint: the SHA-256 of the mapping as JSON, in hexadecimal digits.
        nodes: what is taken out of a source row first.
        operation: of a mutation's mapping, what is called with which arguments.
        whole_input: whether a mapped row is the mutation's ``input``, not its arguments by name.
        per_request: how many mutations the mapping wants in one request.
        name, version, description: as the mapping gives them.
        mask: targets whose values issues hide.
        lenient: whether all fields are.
    """

    fields: Fields
    fingerprint: str
    nodes: tuple[Node, ...] = ()
    operation: Operation | None = None
    whole_input: bool = False
    per_request: int | None = None
    name: str = ""
    version: str = ""
    description: str = ""
    mask: tuple[str, ...] = ()
    lenient: bool = False

    @property
    def types_known(self) -> bool:
        """Whether the types of the result follow from those of the source, and not from its values."""
        entries = list(self.fields.everywhere())
        given = any(entry.step for entry in entries if isinstance(entry, Items))
        lenient = any(entry.lenient and entry.steps for entry in entries if isinstance(entry, Field))
        typed = all(call.gives is not None for call in self._calls())
        return typed and not (self.nodes or given or lenient)

    @property
    def calls_functions(self) -> bool:
        """Whether functions of the user's own are called."""
        return any(self._calls())

    def _calls(self) -> Iterator[Call]:
        fields = (entry for entry in self.fields.everywhere() if isinstance(entry, Field))
        yield from (step.call for field in fields for step in field.steps if step.call)


def masked_columns(fields: Fields) -> tuple[str, ...]:
    """Return the columns, of the source and of what is made, that hold a masked value, alone or among others."""
    names: list[str] = []
    for entry in fields.everywhere():
        if entry.masked:
            paths = (entry.source,) if isinstance(entry, Items) else entry.sources
            names += [entry.label, entry.label.partition(".")[0], *(name for path in paths for name in _names(path))]
    return tuple(dict.fromkeys(filter(None, names)))


def masked_paths(fields: Fields, above: str = "") -> Iterator[str]:
    """Yield the paths of what is masked, in what is made and in the source."""
    for entry in fields.order:
        if not isinstance(entry, Part):
            label = f"{above}{entry.label}"
            if entry.masked:
                yield from (
                    label,
                    *(path.text for path in (entry.sources if isinstance(entry, Field) else (entry.source,))),
                )
            if isinstance(entry, Items):
                yield from masked_paths(entry.fields, f"{label}[].")


def _names(path: Path) -> list[str]:
    """Return what a column may be called that holds what a path leads to."""
    return [path.text, re.split(r"[.\[]", path.text.removeprefix("$."))[0], path.last_name]


def label_of(target: Target) -> str:
    """Return a target as the mapping spells it: ``attributes.size``, ``items[0].ref``."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in target)
    return text.removeprefix(".")
