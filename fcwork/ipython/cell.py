"""A cell of the magic, read: what its line says, its query, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    Visitor,
    visit,
)

from fcwork.client.documents import Path, Selections, key_of
from fcwork.ipython import checking, words
from fcwork.ipython.pointing import Mistake

_OF_A_CONNECTION = {"edges", "pageInfo", "__typename"}


@dataclass(frozen=True)
class Cell:
    """A query below ``%%fluent``.

    Attributes:
        said: the line of the magic.
        query: the text below it.
        document, operation: parsed.
        unknown: what is not as the schema has it.
    """

    said: words.Query
    query: str
    document: DocumentNode = field(repr=False)
    operation: OperationDefinitionNode = field(repr=False)
    unknown: tuple[Mistake, ...] = ()

    @property
    def writes(self) -> bool:
        """Whether it is a mutation."""
        return self.operation.operation is OperationType.MUTATION

    @property
    def is_paged(self) -> bool:
        """Whether it asks for a connection, so that there may be further pages."""
        selections = Selections(self.document)
        return not self.writes and any(selections.connections(selections.fields(self.operation.selection_set)))

    @property
    def holds_unpaged(self) -> bool:
        """Whether it asks for connections that are taken as they come: in a mutation, or their edges renamed."""
        selections = Selections(self.document)
        fields = selections.fields(self.operation.selection_set)
        return (self.writes and any(selections.connections(fields))) or "edges" in _renamed(self.document)

    def beside(self, path: Path) -> Iterator[str]:
        """Yield what it asks for beside the connection at a path: the frame of its nodes does not hold it."""
        selections, above = Selections(self.document), ""
        below: SelectionSetNode | None = self.operation.selection_set
        for key in path:
            fields = list(selections.fields(below))
            yield from (f"{above}{key_of(field)}" for field in fields if key_of(field) not in (key, "__typename"))
            below = next(field.selection_set for field in fields if key_of(field) == key)
            above += f"{key}."
        others = {key_of(field) for field in selections.fields(below)} - _OF_A_CONNECTION
        yield from (f"{above}{key}" for key in sorted(others))

    @property
    def roots(self) -> list[str]:
        """What it asks of the platform itself."""
        return [key_of(node) for node in Selections(self.document).fields(self.operation.selection_set)]


def read(line: str, query: str, schema: GraphQLSchema) -> Cell:
    """Read a cell.

    Raises:
        ConfigError: the line of the magic says something that is not known.
        BadRequestError: the query is no GraphQL, or not one operation; with the place.
    """
    said = words.query(line)
    document, operation = checking.parsed(query)
    return Cell(said, query, document, operation, tuple(checking.against_schema(schema, document)))


class _Names(Visitor):
    """Gathers the names of fields that are answered under another name."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        if node.alias is not None and node.alias.value != node.name.value:
            self.found.add(node.name.value)


def _renamed(document: DocumentNode) -> set[str]:
    names = _Names()
    visit(document, names)
    return names.found
