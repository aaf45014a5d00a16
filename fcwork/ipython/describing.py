"""What the schema says of a type, a field or an argument."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    is_introspection_type,
)

from fcwork.cards.table import table
from fcwork.errors import ConfigError
from fcwork.names import did_you_mean

DESCRIBED = pl.Schema({"name": pl.String, "type": pl.String, "arguments": pl.String})


_HIGH = "max-height:32em;overflow:auto"  # what is higher is scrolled


@dataclass(frozen=True, repr=False)
class Description:
    """What the schema says; it shows all its lines, where a frame shows ten.

    Attributes:
        frame: columns ``name``, ``type`` and ``arguments``: the fields of a type, the arguments of a field.
    """

    frame: pl.DataFrame

    def __repr__(self) -> str:
        rows = [self.frame.columns, *self.frame.rows()]
        name, kind = (max(len(row[at]) for row in rows) for at in (0, 1))
        lines = (f"{row[0]:{name}}  {row[1]:{kind}}  {row[2]}" for row in rows)
        return "\n".join(line.rstrip() for line in lines)

    def _repr_html_(self) -> str:
        return f'<div style="{_HIGH}">{table(self.frame, limit=self.frame.height, ours=True)}</div>'


def names(schema: GraphQLSchema, begun: str = "") -> list[str]:
    """Return what can be described: the types, and what may be asked of the platform itself; after a dot, fields."""
    owner, dot, _ = begun.partition(".")
    if dot:
        return [f"{owner}.{field}" for field in _fields(schema.type_map.get(owner))]
    types = [name for name, kind in schema.type_map.items() if not is_introspection_type(kind)]
    return [*_roots(schema), *types]


def described(schema: GraphQLSchema, name: str) -> Description:
    """Return a line for each part of what is named.

    Args:
        schema: of the platform.
        name: a type, such as ``Order``; a field of one, ``Order.items``; a query or mutation, ``orders``; nothing for
            all queries and mutations.

    Raises:
        ConfigError: there is nothing of that name; with the nearest that there is.
    """
    return Description(_described(schema, name))


def _described(schema: GraphQLSchema, name: str) -> pl.DataFrame:
    if not name:
        return _table(_roots(schema))
    owner, dot, field = name.partition(".")
    if dot:
        fields = _fields(_type(schema, owner))
        if field not in fields:
            raise ConfigError(
                f"{owner} has no {field!r}{did_you_mean(field, fields)}", hint=f"%fluent describe {owner} lists it"
            )
        return _of_field(fields[field])
    if name in _roots(schema):
        return _of_field(_roots(schema)[name])
    kind = _type(schema, name)
    if isinstance(kind, GraphQLEnumType):
        return pl.DataFrame([{"name": value, "type": kind.name, "arguments": ""} for value in kind.values], DESCRIBED)
    if isinstance(kind, GraphQLUnionType):
        return pl.DataFrame([{"name": one.name, "type": one.name, "arguments": ""} for one in kind.types], DESCRIBED)
    return _table(_fields(kind))


def _roots(schema: GraphQLSchema) -> dict[str, Any]:
    kinds = [kind for kind in (schema.query_type, schema.mutation_type) if kind]
    return {name: field for kind in kinds for name, field in kind.fields.items()}


def _type(schema: GraphQLSchema, name: str) -> Any:
    if name in schema.type_map:
        return schema.type_map[name]
    known = names(schema)
    raise ConfigError(
        f"the schema knows no {name!r}{did_you_mean(name, known)}",
        hint="%fluent describe lists what may be asked; name a type, a field such as Order.items, or a query",
    )


def _fields(kind: Any) -> Mapping[str, Any]:
    has_fields = isinstance(kind, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType)
    return kind.fields if has_fields else {}


def _of_field(field: Any) -> pl.DataFrame:
    """Return the arguments of a field and what it gives; of a field of an input its own parts."""
    answer = pl.DataFrame([{"name": "(answer)", "type": str(field.type), "arguments": ""}], DESCRIBED)
    return pl.concat([_table(field.args), answer]) if isinstance(field, GraphQLField) else answer


def _table(parts: Mapping[str, Any]) -> pl.DataFrame:
    lines = [
        {"name": name, "type": str(part.type), "arguments": ", ".join(getattr(part, "args", {}))}
        for name, part in parts.items()
    ]
    return pl.DataFrame(lines, DESCRIBED)
