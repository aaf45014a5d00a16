"""GraphQL documents, read with a parser: which operation is carried out, and what it selects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from graphql import GraphQLSyntaxError, parse
from graphql.language import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
)

from fcwork.errors import BadRequestError

Path = tuple[str, ...]


@lru_cache(maxsize=64)
def document(query: str) -> DocumentNode:
    """Return the parsed document.

    Raises:
        BadRequestError: it is no GraphQL; line and column are named. Nothing was sent.
    """
    parsed = _parsed(query)
    if isinstance(parsed, str):
        raise BadRequestError(f"the query is no GraphQL: {parsed}", hint="mend the query; nothing was sent")
    return parsed


def operation(query: str, name: str | None) -> OperationDefinitionNode:
    """Return the operation that the platform will carry out.

    Raises:
        BadRequestError: no GraphQL, no operation of that name, several and no name, or a subscription.
    """
    return operation_of(document(query), name)


def operation_of(parsed: DocumentNode, name: str | None) -> OperationDefinitionNode:
    """Return the operation of a parsed document. Raises as ``operation``."""
    known = [node for node in parsed.definitions if isinstance(node, OperationDefinitionNode)]
    fitting = [node for node in known if name is None or (node.name and node.name.value == name)]
    if len(fitting) != 1:
        asked = f"operation {name!r} is not in the query" if name else f"the query holds {len(known)} operations"
        names = ", ".join(node.name.value for node in known if node.name) or "none with a name"
        raise BadRequestError(asked, hint=f"give operation_name; there are: {names}")
    if fitting[0].operation is OperationType.SUBSCRIPTION:
        raise BadRequestError("the platform takes no subscriptions", hint="send a query, or use webhooks")
    return fitting[0]


def is_mutation(query: str, name: str | None) -> bool:
    """Say whether the operation that will be carried out changes something. Raises as ``operation``."""
    return operation(query, name).operation is OperationType.MUTATION


def key_of(field: FieldNode) -> str:
    """Return the name under which a field is answered."""
    return (field.alias or field.name).value


class Selections:
    """Looks into the selections of a document, with fragments put in their place.

    Args:
        parsed: the document.
    """

    def __init__(self, parsed: DocumentNode) -> None:
        self._fragments = {
            node.name.value: node.selection_set
            for node in parsed.definitions
            if isinstance(node, FragmentDefinitionNode)
        }

    def fields(self, selections: SelectionSetNode | None) -> Iterator[FieldNode]:
        """Yield the fields of one level."""
        for selection in selections.selections if selections else ():
            if isinstance(selection, FieldNode):
                yield selection
            elif isinstance(selection, InlineFragmentNode):
                yield from self.fields(selection.selection_set)
            elif isinstance(selection, FragmentSpreadNode):
                yield from self.fields(self._fragments.get(selection.name.value))

    def below(self, fields: Iterable[FieldNode], name: str) -> list[FieldNode]:
        """Return the fields that are answered under their own name ``name``, one level below ``fields``."""
        found = (child for field in fields for child in self.fields(field.selection_set))
        return [child for child in found if child.name.value == name and child.alias is None]

    def is_connection(self, field: FieldNode) -> bool:
        """Say whether a field is a Relay connection: it is asked for edges."""
        return bool(self.below([field], "edges"))

    def node_fields(self, connection: FieldNode) -> list[FieldNode]:
        """Return what is asked of a connection's nodes."""
        nodes = self.below(self.below([connection], "edges"), "node")
        return [child for node in nodes for child in self.fields(node.selection_set)]

    def connections(self, fields: Iterable[FieldNode], above: Path = ()) -> Iterator[tuple[Path, FieldNode]]:
        """Yield the outermost connections at or below ``fields``, with their paths."""
        for field in fields:
            place = (*above, key_of(field))
            if self.is_connection(field):
                yield place, field
            else:
                yield from self.connections(self.fields(field.selection_set), place)

    def inner_connections(self, connection: FieldNode, above: Path = ()) -> Iterator[tuple[Path, FieldNode]]:
        """Yield the connections inside a connection's nodes, with their paths from the node, at any depth."""
        for place, inner in self.connections(self.node_fields(connection), above):
            yield place, inner
            yield from self.inner_connections(inner, (*place, "edges", "node"))


def _parsed(query: Any) -> DocumentNode | str:
    if not isinstance(query, str):
        return f"it is {type(query).__name__}, not a text"
    try:
        return parse(query)
    except GraphQLSyntaxError as error:
        where = error.locations[0] if error.locations else None
        return f"{error.message} (line {where.line}, column {where.column})" if where else error.message
    except RecursionError:
        return "it is nested too deeply"
