"""The GraphQL route: what comes in, what the fault script does to the answer, and which mutations took effect."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from graphql import FieldNode, GraphQLSyntaxError, OperationType, get_operation_ast, parse, value_from_ast_untyped

from fcwork.simulator.exchange import Call, RefusedError, Reply, json_body, refuse_unknown
from fcwork.simulator.ledger import Ledger
from fcwork.simulator.paging_faults import Cursors, empty_page, errors_of, short_page, with_errors

_FIELDS = ("query", "variables", "operationName")
_BACKWARD = re.compile(r"\blast\s*:")


class Executor(Protocol):
    """What answers queries."""

    def execute(self, query: str, variables: Mapping[str, Any] | None, operation_name: str | None) -> dict[str, Any]:
        """Return the body of the answer: data, errors, extensions."""
        ...


class Queries:
    """The GraphQL route.

    Args:
        executor: what answers queries.
        ledger: where mutations are noted.
    """

    def __init__(self, executor: Executor, *, ledger: Ledger) -> None:
        self._executor = executor
        self._ledger = ledger
        self._cursors = Cursors()

    def post(self, call: Call) -> Reply:
        """POST /graphql: a query or mutation; errors come with HTTP 200.

        Source: docs.fluentcommerce.com: graphql-query-limits (2 MB); SDK 0.1.56 (query, variables, operationName).

        Assumed:
            - another field in the body is refused with 400
            - a page holds at most 500 nodes, and both ends of a date range are included
            - syntax errors, unknown fields and wrong types carry the code C0159E
            - no workflow runs: what a mutation creates is CREATED, and only batches move a position's onHand
        """
        document = json_body(call)
        refuse_unknown(document, _FIELDS, "field")
        query, variables, operation = (document.get(name) for name in _FIELDS)
        if not isinstance(query, str) or not query.strip():
            raise RefusedError(400, "query is required and must be a text")
        if not isinstance(variables, dict | None) or not isinstance(operation, str | None):
            raise RefusedError(400, "variables must be an object and operationName a text")
        failing = call.due.first("graphql_errors")
        if failing and failing.details.get("data") is None:
            return Reply({"data": None, "errors": errors_of(failing.details)})
        answer = self._executor.execute(query, variables, operation)
        for field, arguments in _effects(query, variables, operation, answer):
            self._ledger.mutated(field, arguments)
        return Reply(self._misled(call, query, answer))

    def _misled(self, call: Call, query: str, answer: dict[str, Any]) -> dict[str, Any]:
        """Do to an answer what the fault script says."""
        due, backward = call.due, bool(_BACKWARD.search(query))
        if failing := due.first("graphql_errors"):
            answer = with_errors(answer, failing.details)
        if due.has("short_page"):
            answer = short_page(answer, backward=backward)
        if due.has("empty_page"):
            answer = empty_page(answer, backward=backward)
        if due.has("repeat_cursor"):
            answer = self._cursors.repeat(query, answer, backward=backward)
        self._cursors.remember(query, answer)
        return answer


def _effects(
    query: str, variables: Mapping[str, Any] | None, operation: str | None, answer: Mapping[str, Any]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the mutations that were answered with data, each with its arguments."""
    if "mutation" not in query or not answer.get("data"):
        return
    try:
        asked = get_operation_ast(parse(query), operation)
    except GraphQLSyntaxError:
        return
    if asked is None or asked.operation != OperationType.MUTATION:
        return
    for field in asked.selection_set.selections:
        if isinstance(field, FieldNode):
            shown = (field.alias or field.name).value
            if answer["data"].get(shown) is not None:
                given = {
                    one.name.value: value_from_ast_untyped(one.value, dict(variables or {}))
                    for one in field.arguments or ()
                }
                yield field.name.value, given
