"""What a query asks for, field by field, with the types that the platform's schema gives it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from graphql import (
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    TypeNameMetaFieldDef,
    get_named_type,
)
from graphql.language import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    SelectionSetNode,
    VariableDefinitionNode,
)

from fcwork import schema
from fcwork.client.documents import Path, key_of, operation_of


@dataclass(frozen=True)
class Field:
    """What stands under one key of an answer.

    Attributes:
        key: the field's alias, else its name.
        nodes: where the query asks for it; it may do so several times.
        owner: the type that it is asked of; None where the schema does not know it.
        kind: its type, lists and all; None where the schema does not know it.
    """

    key: str
    nodes: tuple[FieldNode, ...]
    owner: GraphQLNamedType | None
    kind: GraphQLOutputType | None

    @property
    def name(self) -> str:
        """Its name in the schema."""
        return self.nodes[0].name.value

    @property
    def named(self) -> GraphQLNamedType | None:
        """Its type without lists and exclamation marks."""
        return get_named_type(self.kind) if self.kind else None


class Asked:
    """Walks through a query of one operation.

    Args:
        parsed: the query; the fields that are found are its nodes.
    """

    def __init__(self, parsed: DocumentNode) -> None:
        self._schema: GraphQLSchema = schema.platform()
        self._acted = operation_of(parsed, None)
        self.fragments = {
            node.name.value: node for node in parsed.definitions if isinstance(node, FragmentDefinitionNode)
        }

    @property
    def variables(self) -> dict[str, VariableDefinitionNode]:
        """The variables of its operation, by name."""
        return {node.variable.name.value: node for node in self._acted.variable_definitions or ()}

    def roots(self) -> dict[str, Field]:
        """Return what is asked of the platform itself, by key."""
        return _merged(self._fields(self._acted.selection_set, self._schema.query_type))

    def below(self, field: Field) -> dict[str, Field]:
        """Return what is asked of a field, by key."""
        return _merged(found for node in field.nodes for found in self._fields(node.selection_set, field.named))

    def along(self, path: Path) -> list[Field]:
        """Return the fields on the way from the platform itself to a path."""
        fields: list[Field] = []
        for key in path:
            fields.append((self.below(fields[-1]) if fields else self.roots())[key])
        return fields

    def nodes_of(self, connection: Field) -> Field | None:
        """Return the field ``edges { node }`` of a connection; None for what is no connection."""
        edges = self.below(connection).get("edges")
        return self.below(edges).get("node") if edges and edges.name == "edges" else None

    def is_connection(self, field: Field) -> bool:
        """Say whether a field is asked for edges."""
        edges = self.below(field).get("edges")
        return edges is not None and edges.name == "edges"

    def _fields(self, selections: SelectionSetNode | None, owner: GraphQLNamedType | None) -> Iterator[Field]:
        for selection in selections.selections if selections else ():
            if isinstance(selection, FieldNode):
                yield Field(key_of(selection), (selection,), owner, _kind(owner, selection.name.value))
                continue
            held: InlineFragmentNode | FragmentDefinitionNode | None = None
            if isinstance(selection, InlineFragmentNode):
                held = selection
            elif isinstance(selection, FragmentSpreadNode):
                held = self.fragments.get(selection.name.value)
            if held:
                condition = held.type_condition
                inner = self._schema.type_map.get(condition.name.value) if condition else owner
                yield from self._fields(held.selection_set, inner)


def _kind(owner: GraphQLNamedType | None, name: str) -> GraphQLOutputType | None:
    if name == "__typename":
        return TypeNameMetaFieldDef.type
    known = owner.fields.get(name) if isinstance(owner, GraphQLObjectType | GraphQLInterfaceType) else None
    return known.type if known else None


def _merged(fields: Iterable[Field]) -> dict[str, Field]:
    """Return fields by key; one that is asked of types that disagree on it has no type."""
    merged: dict[str, Field] = {}
    for field in fields:
        held = merged.get(field.key)
        merged[field.key] = field if held is None else _together(held, field)
    return merged


def _together(one: Field, other: Field) -> Field:
    agree = str(one.kind).replace("!", "") == str(other.kind).replace("!", "")
    return Field(one.key, (*one.nodes, *other.nodes), one.owner, one.kind if agree else None)
