"""Queries and mutations against a world, answered as the platform does: HTTP 200 with ``data`` and ``errors``."""

import functools
from collections.abc import Mapping, Sequence
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    NonNullTypeNode,
    OperationDefinitionNode,
    execute_sync,
    get_operation_ast,
    parse,
    validate,
)

from fcwork.clock import Clock
from fcwork.simulator import instants
from fcwork.simulator.graphql.codes import Code, PlatformError
from fcwork.simulator.graphql.complexity import MAX_COMPLEXITY, complexity
from fcwork.simulator.graphql.paging import MAX_SIZE
from fcwork.simulator.graphql.resolvers import Request, plain
from fcwork.simulator.graphql.schema import schema
from fcwork.simulator.world import World

_DOCUMENTS = 64  # parsed and checked ones that are kept, as clients send the same few again and again


class GraphQLService:
    """Answers GraphQL.

    Args:
        world: what is read and changed.
        clock: stamps what mutations change.
        max_size: the most nodes that one page may ask for.
        max_complexity: the most queries that one operation may be; see ``complexity``.
    """

    def __init__(
        self, world: World, *, clock: Clock, max_size: int = MAX_SIZE, max_complexity: int = MAX_COMPLEXITY
    ) -> None:
        self._world = world
        self._clock = clock
        self._max_size = max_size
        self._max_complexity = max_complexity

    def execute(
        self, query: str, variables: Mapping[str, Any] | None = None, operation_name: str | None = None
    ) -> dict[str, Any]:
        """Return the body of the answer: ``data``, which may be partial, and ``errors`` where there are any."""
        given = dict(variables or {})
        document, errors = _document(query)
        if document is None:
            return _body(None, errors)
        operation = get_operation_ast(document, operation_name)
        if operation and (refusal := self._refusal(document, operation, given)):
            return _body(None, [refusal])
        return self._executed(document, given, operation_name)

    def _refusal(
        self, document: DocumentNode, operation: OperationDefinitionNode, variables: Mapping[str, Any]
    ) -> PlatformError | None:
        missing = [name for name in _required(operation) if variables.get(name) is None]
        if missing:
            return PlatformError(Code.MISSING, f"these variables are required: {', '.join(missing)}")
        cost = complexity(schema(), document, operation, variables)
        if cost > self._max_complexity:
            return PlatformError(
                Code.TOO_COMPLEX, f"a complexity of {cost} is over the limit of {self._max_complexity}"
            )
        return None

    def _executed(
        self, document: DocumentNode, variables: dict[str, Any], operation_name: str | None
    ) -> dict[str, Any]:
        with self._world.lock:
            request = Request(self._world, instants.to_ms(self._clock.now()), self._max_size)
            result = execute_sync(
                schema(),
                document,
                context_value=request,
                variable_values=variables,
                operation_name=operation_name,
                field_resolver=plain,
            )
        return _body(result.data, result.errors or ())


@functools.lru_cache(maxsize=_DOCUMENTS)
def _document(query: str) -> tuple[DocumentNode | None, Sequence[GraphQLError]]:
    """Return a query's document where it is a valid one, or what is wrong with it."""
    try:
        document = parse(query)
        errors = validate(schema(), document)
    except RecursionError:
        return None, [PlatformError(Code.TOO_COMPLEX, "the query is nested too deeply")]
    except GraphQLError as error:
        return None, [error]
    return (None, errors) if errors else (document, ())


def _required(operation: OperationDefinitionNode) -> list[str]:
    return [
        node.variable.name.value
        for node in operation.variable_definitions or ()
        if isinstance(node.type, NonNullTypeNode) and node.default_value is None
    ]


def _body(data: Mapping[str, Any] | None, errors: Sequence[GraphQLError]) -> dict[str, Any]:
    """Return an answer in which every error has a code: its own, or one for a bad request or a failed field."""
    shown = []
    for error in errors:
        usual = Code.FAILED if error.path else Code.BAD_REQUEST
        shown.append({**error.formatted, "extensions": {"code": usual.value, **(error.extensions or {})}})
    return {"data": data, "errors": shown} if shown else {"data": data}
