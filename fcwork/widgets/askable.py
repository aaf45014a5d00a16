"""What may be asked of the platform by its schema: where to begin, which fields there are, and which filters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_list_type,
    is_required_argument,
    is_required_input_field,
)

from fcwork.errors import ConfigError
from fcwork.names import did_you_mean

PAGING = ("first", "last", "before", "after")
USUAL = ("ref", "type", "status")  # what is asked for until somebody chooses
DEEPEST = 6  # levels of fields
_DEEPEST_FILTER = 4


@dataclass(frozen=True)
class Filter:
    """A value that narrows a query.

    Attributes:
        path: the argument, and where in it, as ``createdOn.from``.
        kind: its type in the schema.
        required: whether nothing can be asked without it.
    """

    path: str
    kind: Any
    required: bool

    @property
    def options(self) -> tuple[str, ...]:
        """The values it may have, where they are a few."""
        named = get_named_type(self.kind)
        if isinstance(named, GraphQLEnumType):
            return tuple(named.values)
        return ("true", "false") if named.name == "Boolean" else ()


@dataclass(frozen=True)
class Level:
    """The fields of one type on the way into a query.

    Attributes:
        path: the way to it from the rows; empty for the rows themselves.
        kind: the name of its type.
        plain: the fields that hold a value, with their types.
        inner: the fields that hold further fields, with their types.
    """

    path: str
    kind: str
    plain: Mapping[str, str]
    inner: Mapping[str, str]

    def below(self, name: str) -> str:
        """Return the path of one of its fields."""
        return f"{self.path}.{name}" if self.path else name


class Askable:
    """Looks into a schema.

    Args:
        schema: of the platform.
    """

    def __init__(self, schema: GraphQLSchema) -> None:
        self._roots: Mapping[str, GraphQLField] = schema.query_type.fields if schema.query_type else {}
        self._levels: dict[tuple[str, str], Level] = {}

    def roots(self) -> list[str]:
        """Return what may be asked for: what has fields to choose from."""
        return sorted(name for name, field in self._roots.items() if _fields(_rows_of(field.type)))

    def root(self, name: str) -> GraphQLField:
        """Return what may be asked for by its name.

        Raises:
            ConfigError: the schema has none of that name; with the nearest one.
        """
        if name in self._roots:
            return self._roots[name]
        raise ConfigError(
            f"{name!r} cannot be asked for{did_you_mean(name, self._roots)}",
            hint="name one such as orders or locations",
        )

    def is_paged(self, root: str) -> bool:
        """Say whether its rows come in pages."""
        return is_connection(self.root(root).type)

    def level(self, root: str, path: str = "") -> Level:
        """Return the fields at the end of a path.

        Raises:
            ConfigError: the path leads nowhere; with the nearest field.
        """
        if (root, path) not in self._levels:
            self._levels[root, path] = self._level(root, path)
        return self._levels[root, path]

    def usual(self, root: str) -> tuple[str, ...]:
        """Return the fields to begin with."""
        values = self.level(root).plain
        return tuple(name for name in USUAL if name in values) or tuple(values)[:1]

    def check_field(self, root: str, path: str) -> None:
        """Refuse a path that leads to no value.

        Raises:
            ConfigError: with the nearest field.
        """
        above, _, name = path.rpartition(".")
        level = self.level(root, above)
        if name in level.plain:
            return
        if name in level.inner:
            raise ConfigError(
                f"{path} is no value but a {level.inner[name]}", hint=f"name a field in it, such as {path}.ref"
            )
        raise _no_field(level.kind, name, (*level.plain, *level.inner))

    def filters(self, root: str) -> dict[str, Filter]:
        """Return the filters of what is asked for by their paths; those that are needed first."""
        found: list[Filter] = []
        for name, argument in self.root(root).args.items():
            if not (name in PAGING and self.is_paged(root)):
                found += _narrowing(name, argument.type, needed=is_required_argument(argument))
        return {one.path: one for one in sorted(found, key=lambda one: not one.required)}

    def filter(self, root: str, path: str) -> Filter:
        """Return a filter by its path.

        Raises:
            ConfigError: there is none; with the nearest one.
        """
        known = self.filters(root)
        if path not in known:
            raise ConfigError(
                f"{root} has no filter {path!r}{did_you_mean(path, known)}", hint=f"it has {', '.join(known) or 'none'}"
            )
        return known[path]

    def _level(self, root: str, path: str) -> Level:
        kind = _rows_of(self.root(root).type)
        for name in filter(None, path.split(".")):
            kind = _rows_of(field_of(kind, name).type)
        usable = {name: field for name, field in _fields(kind).items() if _needs_nothing(field)}
        inner = {name: field for name, field in usable.items() if _fields(_rows_of(field.type))}
        values = {
            name: str(field.type) for name, field in usable.items() if not hasattr(_rows_of(field.type), "fields")
        }
        below = (
            {name: str(_rows_of(field.type)) for name, field in inner.items()} if path.count(".") < DEEPEST - 2 else {}
        )
        return Level(path, str(kind), values, below)


def is_connection(kind: Any) -> bool:
    """Say whether a type is a Relay connection."""
    return "edges" in _fields(get_named_type(kind))


def field_of(kind: Any, name: str) -> GraphQLField:
    """Return a field of a type.

    Raises:
        ConfigError: it has none of that name; with the nearest one.
    """
    fields = _fields(kind)
    if name not in fields:
        raise _no_field(str(kind), name, tuple(fields))
    return fields[name]


def _no_field(kind: str, name: str, known: tuple[str, ...]) -> ConfigError:
    return ConfigError(f"{kind} has no field {name!r}{did_you_mean(name, known)}", hint=f"%fluent describe {kind}")


def _fields(kind: Any) -> Mapping[str, GraphQLField]:
    return kind.fields if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType) else {}


def _rows_of(kind: Any) -> Any:
    """Return the type of what is one row: of a connection its nodes."""
    named = get_named_type(kind)
    edges = _fields(named).get("edges")
    node = _fields(get_named_type(edges.type)).get("node") if edges else None
    return get_named_type(node.type) if node else named


def _needs_nothing(field: GraphQLField) -> bool:
    return not any(is_required_argument(argument) for argument in field.args.values())


def _narrowing(path: str, kind: Any, *, needed: bool, depth: int = 1) -> Iterator[Filter]:
    bare = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
    if not isinstance(bare, GraphQLInputObjectType) or is_list_type(bare) or depth == _DEEPEST_FILTER:
        yield Filter(path, kind, needed)
        return
    for name, field in bare.fields.items():
        inner = needed and is_required_input_field(field)
        yield from _narrowing(f"{path}.{name}", field.type, needed=inner, depth=depth + 1)
