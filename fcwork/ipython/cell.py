"""A cell of the magic, read: what its line says, its query, and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass, field

from graphql import DocumentNode, GraphQLSchema, OperationDefinitionNode, OperationType

from fcwork.client.documents import Selections, key_of
from fcwork.ipython import checking, words
from fcwork.ipython.pointing import Mistake


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
