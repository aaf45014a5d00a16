"""How a connection inside a node is asked for again, for that node alone; chosen from the platform's schema.

The nearest object around the connection that the platform finds by its id or ref is looked up. Connections between the
two, and the paged one where there is no such object, are narrowed by ``ref:`` to the node that is meant.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property

from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_list_type,
    is_required_argument,
    is_required_input_field,
    print_ast,
)
from graphql.language import DocumentNode, FieldNode

from fcwork import schema
from fcwork.client.asked import Asked, Field
from fcwork.client.documents import Path

_KEPT = "_"


@dataclass(frozen=True)
class Key:
    """An argument of a look-up: its name, which is that of a field too, its type, and what the field is asked for."""

    name: str
    kind: str
    selection: str


@dataclass(frozen=True)
class Lookup:
    """A field of the platform that finds one object, and what it takes."""

    field: str
    keys: tuple[Key, ...]


@dataclass(frozen=True)
class Inner:
    """A connection inside the nodes of a connection, and the way to it.

    Attributes:
        chain: all fields from the platform itself to it.
        head: how many of them lead to a node.
        begin: how many of them are left out, as what they lead to is looked up; None where there is no way.
        lookup: what finds that; None where nothing is left out.
    """

    chain: tuple[Field, ...]
    head: int
    begin: int | None
    lookup: Lookup | None

    @property
    def place(self) -> Path:
        """Response keys from a node to it."""
        return tuple(field.key for field in self.chain[self.head :])

    @cached_property
    def selection(self) -> str:
        """What the connection is asked for, as text."""
        asked = [node.selection_set for node in self.chain[-1].nodes if node.selection_set]
        return " ".join(print_ast(selection) for held in asked for selection in held.selections)

    @cached_property
    def narrowed(self) -> list[int]:
        """Where in ``chain`` connections stand that have to be narrowed to one node."""
        return [] if self.begin is None else _connections(self.chain, self.begin)

    def held(self, at: int) -> int:
        """Return how many keys lead from a node to the object under ``chain[at]``."""
        return at + 1 - self.head


@dataclass(frozen=True)
class Addition:
    """What a query is asked for besides, so that objects in its answer can be looked up.

    Attributes:
        fields: where it is selected.
        selection: what.
        hidden: response keys from a node to it.
    """

    fields: tuple[FieldNode, ...]
    selection: str
    hidden: Path


def inner_connections(parsed: DocumentNode, path: Path) -> tuple[Inner, ...]:
    """Return the connections inside the nodes of a query's connection, at any depth."""
    asked = Asked(parsed)
    head = asked.along((*path, "edges", "node"))
    return tuple(_inner(chain, len(head)) for chain in _chains(asked, head))


def additions(parsed: DocumentNode, path: Path) -> list[Addition]:
    """Return what a query is to be asked for besides; what it asks for by itself is not among it."""
    asked = Asked(parsed)
    found = [
        Addition(holder.nodes, _on(holder, owner, f"{kept(name)}: {selection}"), hidden)
        for inner in inner_connections(parsed, path)
        for at, owner, wanted in _wanted(inner)
        for holder in (inner.chain[at],)
        for name, selection in wanted
        for hidden in ((*inner.place[: inner.held(at)], kept(name)),)
        if not _is_asked(asked, holder, selection)
    ]
    return list({addition.hidden: addition for addition in found}.values())


def kept(name: str) -> str:
    """Return the key under which a query is asked for a field that its author need not have asked for."""
    return _KEPT + name


def value_of(key: str, held: dict[str, object]) -> object:
    """Return a field that an object was asked for, by the query's author or besides."""
    return held.get(kept(key), held.get(key))


def _wanted(inner: Inner) -> Iterator[tuple[int, GraphQLNamedType | None, list[tuple[str, str]]]]:
    """Yield where in the chain objects must be known, as what type, and the fields by which they are."""
    if inner.lookup and inner.begin is not None:
        keys = [(key.name, key.selection) for key in inner.lookup.keys]
        yield inner.begin - 1, inner.chain[inner.begin].owner, keys
    for at in inner.narrowed:
        yield at + 2, inner.chain[at + 2].named, [("id", "id"), ("ref", "ref")]


def _is_asked(asked: Asked, holder: Field, selection: str) -> bool:
    field = asked.below(holder).get(selection)
    return field is not None and field.name == selection


def _on(holder: Field, owner: GraphQLNamedType | None, selection: str) -> str:
    """Return a selection on an object, which may have a field only as one of several types."""
    return selection if owner is None or owner is holder.named else f"... on {owner.name} {{ {selection} }}"


def _chains(asked: Asked, above: list[Field]) -> Iterator[tuple[Field, ...]]:
    """Yield the ways to all connections below a field."""
    for field in asked.below(above[-1]).values():
        place = [*above, field]
        if not asked.is_connection(field):
            yield from _chains(asked, place)
            continue
        yield tuple(place)
        if node := asked.nodes_of(field):
            yield from _chains(asked, [*place, asked.below(field)["edges"], node])


def _inner(chain: tuple[Field, ...], head: int) -> Inner:
    for begin in range(len(chain) - 1, head - 1, -1):
        owner = chain[begin].owner
        lookup = lookup_of(owner.name) if owner else None
        if lookup and _can_be_walked(chain, begin):
            return Inner(chain, head, begin, lookup)
    return Inner(chain, head, 0 if _can_be_walked(chain, 0) else None, None)


def _can_be_walked(chain: tuple[Field, ...], begin: int) -> bool:
    """Say whether one object of each field leads to the last, from the first on."""
    connections = _connections(chain, begin)
    edges = {at + 1 for at in connections}
    lists = any(_is_list(chain[at]) for at in range(begin, len(chain) - 1) if at not in edges)
    return not lists and all(_can_be_narrowed(chain[at], chain[at + 2]) for at in connections)


def _connections(chain: tuple[Field, ...], begin: int) -> list[int]:
    return [at for at in range(begin, len(chain) - 2) if chain[at + 1].name == "edges"]


def _can_be_narrowed(connection: Field, node: Field) -> bool:
    known = _fields(connection.owner).get(connection.name)
    ref = known.args.get("ref") if known else None
    by_ref = ref is not None and is_list_type(get_nullable_type(ref.type)) and get_named_type(ref.type).name == "String"
    return by_ref and {"id", "ref"} <= _fields(node.named).keys()


def _is_list(field: Field) -> bool:
    return field.kind is None or is_list_type(get_nullable_type(field.kind))


@cache
def lookup_of(kind: str) -> Lookup | None:
    """Return how the platform finds one object of a type: by id, else by ref, else by ref and what it is unique in."""
    query, known = schema.platform().query_type, schema.platform().type_map.get(kind)
    found = [
        ([key.name for key in keys] != ["id"], len(keys), not keys[0].kind.endswith("!"), name, keys)
        for name, field in (query.fields.items() if query else ())
        if known is get_nullable_type(field.type) and (keys := _keys(field, known))
    ]
    return Lookup(*min(found, key=lambda one: one[:-1])[-2:]) if found else None


def _keys(field: GraphQLField, kind: GraphQLNamedType) -> tuple[Key, ...]:
    """Return the arguments that single out an object; none where the object does not have them all as fields."""
    needed = [name for name, argument in field.args.items() if is_required_argument(argument)]
    names = needed or [name for name in ("id", "ref") if name in field.args][:1]
    if not {"id", "ref"} & set(names):
        return ()
    keys = [_key(name, field.args[name], kind) for name in names]
    return tuple(key for key in keys if key) if all(keys) else ()


def _key(name: str, argument: GraphQLArgument, kind: GraphQLNamedType) -> Key | None:
    selection = _selection(name, argument.type, kind)
    return Key(name, str(argument.type), selection) if selection else None


def _selection(name: str, wanted: GraphQLInputType, kind: GraphQLNamedType) -> str:
    """Return how an object is asked for what an argument takes; nothing where it does not have it."""
    held, inner = _fields(kind).get(name), get_nullable_type(wanted)
    if held is None or is_list_type(inner):
        return ""
    if is_leaf_type(inner):
        return name if is_leaf_type(get_nullable_type(held.type)) else ""
    if not isinstance(inner, GraphQLInputObjectType):
        return ""
    needed = [(part, field.type) for part, field in inner.fields.items() if is_required_input_field(field)]
    parts = [_selection(part, of, get_named_type(held.type)) for part, of in needed]
    return f"{name} {{ {' '.join(parts)} }}" if parts and all(parts) else ""


def _fields(kind: GraphQLNamedType | None) -> dict[str, GraphQLField]:
    return dict(kind.fields) if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType) else {}
