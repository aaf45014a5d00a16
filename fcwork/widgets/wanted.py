"""What a mapping may fill: the fields of what the platform takes, and which of them it needs."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLInputObjectType, GraphQLNonNull, GraphQLSchema, is_list_type, is_required_input_field

from fcwork.errors import ConfigError
from fcwork.names import did_you_mean
from fcwork.validator.entities import ENTITIES

_DEEPEST = 5
_NUMBERS = ("Int", "Float", "Boolean", "integer", "decimal", "boolean")
_READERS = {
    "Int": "sdk.parseInt",
    "integer": "sdk.parseInt",
    "Float": "sdk.parseFloat",
    "decimal": "sdk.parseFloat",
    "Boolean": "sdk.boolean",
    "boolean": "sdk.boolean",
    "DateTime": "sdk.formatDate",
}


@dataclass(frozen=True)
class Target:
    """A field that may be filled.

    Attributes:
        path: as lines of a mapping call it: ``customer.firstName``, ``items[].ref``, of a list ``items[]``.
        kind: its type, as the schema has it.
        needed: whether it must be there wherever what holds it is.
        optional: what holds it and may be missing: only where each of these has something is it needed.
    """

    path: str
    kind: str
    needed: bool
    optional: tuple[str, ...] = ()

    @property
    def bare(self) -> str:
        """Its type without marks."""
        return self.kind.strip("[]!")

    @property
    def is_number(self) -> bool:
        """Whether a constant of it is a number, or true or false."""
        return self.bare in _NUMBERS

    @property
    def reader(self) -> str:
        """The resolver that reads texts for it, if one is usual."""
        return "" if self.kind.startswith("[") else _READERS.get(self.bare, "")

    def is_missed(self, filled: Collection[str]) -> bool:
        """Say whether it is needed, and none of the targets that are filled does for it."""
        if not self.needed or _is_filled(self.path, filled):
            return False
        return all(_is_begun(above, filled) for above in self.optional)


def names(schema: GraphQLSchema) -> list[str]:
    """Return what a mapping may be for: entities of loads, and mutations."""
    mutations = schema.mutation_type.fields if schema.mutation_type else {}
    return [*(name.lower() for name in ENTITIES), *mutations]


def targets(schema: GraphQLSchema, name: str, *, arguments: bool = False) -> list[Target]:
    """Return the fields of what a mapping is for.

    Args:
        schema: of the platform.
        name: an entity of loads, a mutation, or an input type; nothing is known of none.
        arguments: whether the mapping names the arguments of its mutation too.

    Raises:
        ConfigError: there is none of that name; with the nearest one.
    """
    if not name:
        return []
    if name.upper() in ENTITIES:
        return list(_of_entity(ENTITIES[name.upper()]))
    if isinstance(found := schema.type_map.get(name), GraphQLInputObjectType):
        return list(_of_input(found, "", ()))
    mutations = schema.mutation_type.fields if schema.mutation_type else {}
    if name not in mutations:
        known = names(schema)
        raise ConfigError(
            f"{name!r} is nothing to map to{did_you_mean(name, known)}",
            hint="name an entity such as inventory, a mutation such as createOrder, or an input type",
        )
    return list(_of_mutation(mutations[name].args, arguments=arguments))


def _of_mutation(given: Mapping[str, Any], *, arguments: bool) -> Iterator[Target]:
    for name, argument in given.items():
        bare = _bare(argument.type)
        if isinstance(bare, GraphQLInputObjectType):
            yield from _of_input(bare, f"{name}." if arguments else "", ())
        elif arguments:
            yield Target(name, str(argument.type), isinstance(argument.type, GraphQLNonNull))


def _of_entity(rules: Mapping[str, Any]) -> Iterator[Target]:
    needed, kinds = rules["required"], rules.get("types", {})
    lengths = rules.get("length", {})
    for path in dict.fromkeys([*needed, *kinds, *lengths]):
        yield Target(path, kinds.get(path, "string"), path in needed)


def _of_input(kind: GraphQLInputObjectType, above: str, optional: tuple[str, ...], depth: int = 1) -> Iterator[Target]:
    for name, field in kind.fields.items():
        path, needed = above + name, is_required_input_field(field)
        bare = _bare(field.type)
        inner = bare
        while is_list_type(inner) or isinstance(inner, GraphQLNonNull):
            inner = inner.of_type
        if not isinstance(inner, GraphQLInputObjectType):
            yield Target(path, str(field.type), needed, optional)
            continue
        is_list = is_list_type(bare)
        if is_list:
            yield Target(f"{path}[]", str(field.type), needed, optional)
        if depth < _DEEPEST:
            within = f"{path}[]" if is_list else path
            may_miss = (*optional, within) if is_list or not needed else optional
            yield from _of_input(inner, f"{within}.", may_miss, depth + 1)


def _bare(kind: Any) -> Any:
    return kind.of_type if isinstance(kind, GraphQLNonNull) else kind


def _is_filled(path: str, filled: Collection[str]) -> bool:
    """Say whether a field is filled itself, as a whole with what holds it, or by its parts."""
    steps = path.split(".")
    wholes = {".".join(steps[:depth]) for depth in range(1, len(steps) + 1)}
    if wholes & set(filled) - {above for above in wholes if above.endswith("[]") and above != path}:
        return True
    plain = path.removesuffix("[]")
    return any(one == plain or one.startswith((f"{plain}[", f"{plain}.")) for one in filled)


def _is_begun(above: str, filled: Collection[str]) -> bool:
    return any(one == above or one.startswith(f"{above}.") for one in filled)
