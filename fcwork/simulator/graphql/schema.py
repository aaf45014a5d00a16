"""The schema with a resolver at each field that is more than a look into its row."""

import functools
from importlib import resources

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    get_named_type,
)

from fcwork.simulator.graphql import resolvers
from fcwork.simulator.graphql.mutations import mutation
from fcwork.simulator.world import KINDS

_SPECIAL: dict[tuple[str, str], resolvers.Resolver] = {
    ("Query", "me"): resolvers.me,
    ("Query", "prices"): resolvers.prices,
    ("InventoryPosition", "product"): resolvers.product_of_position,
    ("InventoryPosition", "location"): resolvers.address_of_position,
}


@functools.cache
def schema() -> GraphQLSchema:
    """Return the platform's schema, ready to execute with a ``resolvers.Request`` as context."""
    text = resources.files("fcwork").joinpath("fluent.graphql").read_text(encoding="utf-8")
    built = build_schema(text)
    for kind in built.type_map.values():
        if isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__"):
            for name, field in kind.fields.items():
                field.resolve = _resolver(built, kind.name, name, field)
    return built


def _resolver(built: GraphQLSchema, parent: str, name: str, field: GraphQLField) -> resolvers.Resolver | None:
    named = get_named_type(field.type)
    if (parent, name) in _SPECIAL:
        return _SPECIAL[parent, name]
    if parent == "Mutation":
        return mutation(name, field)
    if named.name.endswith("Connection"):
        return _connection(parent, name, named.name.removesuffix("Connection"), field)
    if parent == "Query":
        return resolvers.single(_kinds(built, named))
    if named.name == "DateTime":
        return resolvers.instant
    is_entity = named.name in KINDS or isinstance(named, GraphQLInterfaceType)
    return resolvers.reference if is_entity and not parent.endswith("Edge") else None


def _connection(parent: str, name: str, kind: str, field: GraphQLField) -> resolvers.Resolver:
    return resolvers.every(kind, field.args) if parent == "Query" else resolvers.nested(parent, name, kind, field.args)


def _kinds(built: GraphQLSchema, named: GraphQLNamedType) -> tuple[str, ...]:
    if isinstance(named, GraphQLInterfaceType):
        return tuple(kind.name for kind in built.get_possible_types(named))
    return (named.name,)
