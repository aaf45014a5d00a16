"""A query beside its own grammar and the schema: what is wrong, where, and what was probably meant."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    OperationType,
    parse,
    validate,
)

from fcwork.client.documents import Selections, key_of
from fcwork.errors import BadRequestError, GraphQLError
from fcwork.ipython import pointing
from fcwork.ipython.pointing import Mistake

NOTHING_SENT = "nothing was sent"
_MEANT = re.compile(r"\s*Did you mean (.*)\?$", re.DOTALL)
_ABORTED = "Validation aborted."  # after a hundred mistakes, or where the query is too deep
_TOO_MUCH = Mistake(
    "the query is too long or nested too deeply to be compared with the schema", hint="ask for less in one cell"
)
_FIELDS_SHOWN = 12


def parsed(query: str) -> tuple[DocumentNode, OperationDefinitionNode]:
    """Return the parsed cell and its one operation.

    Raises:
        BadRequestError: it is no GraphQL, or not one operation; with the place.
    """
    try:
        document = parse(query)
    except GraphQLSyntaxError as error:
        raise pointing.told(query, [_unreadable(query, error)], NOTHING_SENT) from None
    except RecursionError:
        raise BadRequestError("the query is nested too deeply", hint=NOTHING_SENT) from None
    return document, _operation(query, document)


def against_schema(schema: GraphQLSchema, document: DocumentNode) -> list[Mistake]:
    """Return what the schema has against a query, in the query's order."""
    try:
        found = validate(schema, document)
    except RecursionError:
        return [_TOO_MUCH]
    told = [_mistake(schema, error) for error in found if not error.message.endswith(_ABORTED)]
    return told or [_TOO_MUCH] * bool(found)


def from_platform(query: str, document: DocumentNode, error: GraphQLError, known: Sequence[Mistake]) -> BadRequestError:
    """Return the platform's errors with the places that they speak of.

    Args:
        query: the cell.
        document: parsed.
        error: of the platform.
        known: what our schema has against the query: its places are better than those in the platform's text.
    """
    mistakes = [_placed(entry, document, known) for entry in error.errors] or [Mistake(error.message)]
    told = pointing.told(query, mistakes, error.hint)
    facts = {**error.facts(), "hint": told.hint}
    return GraphQLError(told.message, **facts)  # type: ignore[return-value]


def _unreadable(query: str, error: GraphQLSyntaxError) -> Mistake:
    """Return what the parser stumbled over; where the text ends too early, at its last line."""
    told = error.message.removeprefix("Syntax Error: ")
    if not re.sub(r"#.*|[\s,\ufeff]", "", query):
        return Mistake("there is no query in the cell", hint="%fluent describe lists what may be asked")
    if "<EOF>" in told:
        lines = query.rstrip().split("\n")
        return Mistake("the query ends here and is not whole", len(lines), len(lines[-1]) + 1, hint="is a } missing?")
    place = error.locations[0] if error.locations else None
    text = f"this is no GraphQL: {told}"
    return Mistake(text, place.line, place.column) if place else Mistake(text)


def _operation(query: str, document: DocumentNode) -> OperationDefinitionNode:
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    if len(operations) != 1:
        mistakes = [pointing.at(node, "one operation too many") for node in operations[1:]]
        text = f"the cell holds {len(operations)} operations"
        raise pointing.told(
            query, mistakes or [Mistake(text)], f"write one operation in a cell, and its fragments; {NOTHING_SENT}"
        )
    if operations[0].operation is OperationType.SUBSCRIPTION:
        raise pointing.told(
            query, [pointing.at(operations[0], "the platform takes no subscriptions")], f"ask a query; {NOTHING_SENT}"
        )
    return operations[0]


def _mistake(schema: GraphQLSchema, error: Any) -> Mistake:
    text, meant = _MEANT.sub("", error.message), _MEANT.search(error.message)
    hint = f"did you mean {meant[1]}?" if meant else _there_are(schema, error.message)
    node = (error.nodes or [None])[0]
    return pointing.at(node, text, hint) if node is not None else Mistake(text, hint=hint)


def _there_are(schema: GraphQLSchema, message: str) -> str:
    """Return the fields that a type has, where a message speaks of one that it has not."""
    found = re.search(r"^Cannot query field .* on type '(\w+)'", message)
    kind = schema.type_map.get(found[1]) if found else None
    if not isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
        return ""
    names = list(kind.fields)
    more = ", …" if len(names) > _FIELDS_SHOWN else ""
    return f"it has {', '.join(names[:_FIELDS_SHOWN])}{more}"


def _placed(entry: Mapping[str, Any], document: DocumentNode, known: Sequence[Mistake]) -> Mistake:
    """Return an error of the platform with its place: by the names in its text, else by its path."""
    message = str(entry.get("message") or entry)
    names = set(re.findall(r"\w+", message))
    for mistake in known:
        quoted = re.search(r"'([^']+)'", mistake.text)
        if quoted and quoted[1].split(".")[-1] in names:
            return Mistake(message, mistake.line, mistake.column, mistake.length, mistake.hint)
    field = _field(document, entry.get("path"))
    return pointing.at(field, message) if field else Mistake(message)


def _field(document: DocumentNode, path: Any) -> Any:
    """Return the field that a path of an answer leads to, or as far as it does."""
    selections, found = Selections(document), None
    (acted,) = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    below = acted.selection_set
    for key in [part for part in path if isinstance(part, str)] if isinstance(path, list) else ():
        field = next(_under(selections, below, key), None)
        if field is None:
            break
        found, below = field, field.selection_set
    return found


def _under(selections: Selections, below: Any, key: str) -> Iterator[Any]:
    return (field for field in selections.fields(below) if key_of(field) == key)
