"""One GraphQL request and its answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import orjson

from fcwork.client import answer_card, failures
from fcwork.client.calls import Answer, Call, encoded
from fcwork.client.codes import is_warning
from fcwork.client.documents import is_mutation
from fcwork.client.http import Http
from fcwork.client.variables import given, written
from fcwork.errors import ApiError, BadRequestError, GraphQLError, OutcomeUnknownError, ServerError
from fcwork.retry import Pace

Errors = Literal["raise", "partial"]
Entries = tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class GraphQLResult:
    """What a query was answered with.

    Attributes:
        data: the answer, nested as the query asks for it; None where there is none.
        errors: only with ``errors="partial"``: what went wrong beside the data.
        extensions: what the platform adds.
        warnings: entries of ``errors`` whose platform code only warns.
    """

    data: Any
    errors: tuple[Mapping[str, Any], ...] = ()
    extensions: Mapping[str, Any] | None = None
    warnings: tuple[Mapping[str, Any], ...] = ()

    def __str__(self) -> str:
        return answer_card.told(self)

    def __repr__(self) -> str:
        return f"GraphQLResult({self})"

    def _repr_html_(self) -> str:
        return answer_card.card(self).html()


class GraphQL:
    """Sends operations. Queries are repeated where that helps; a mutation never happens twice.

    Args:
        http: what sends.
        pace: how fast, together with others that have the same.
    """

    def __init__(self, http: Http, *, pace: Pace | None = None) -> None:
        self._http = http
        self._pace = pace

    def paced(self, pace: Pace | None) -> GraphQL:
        """Return one that sends no faster than a pace allows."""
        return GraphQL(self._http, pace=pace) if pace else self

    def execute(
        self,
        query: str,
        variables: Mapping[str, Any] | None = None,
        *,
        operation_name: str | None = None,
        errors: Errors = "raise",
    ) -> GraphQLResult:
        """Carry out one operation; see ``FluentClient.graphql``."""
        if errors not in ("raise", "partial"):  # a set would ask for its hash
            raise BadRequestError(f"errors={errors!r} is not known", hint="errors is 'raise' or 'partial'")
        named = given(variables)
        values = orjson.Fragment(written(named)) if named else None
        request = {"query": query, "variables": values, "operationName": operation_name}
        body = encoded({name: value for name, value in request.items() if value}, "the request")
        if self._pace:
            self._pace.wait()
        call = Call("POST", "/graphql", "once" if is_mutation(query, operation_name) else "none", body=body)
        answer = self._http.send(call, judge=partial(_judged, partial_is_fine=errors == "partial"))
        faults, warnings = faults_and_warnings(answer.data)
        return GraphQLResult(answer.data.get("data"), faults, answer.data.get("extensions"), warnings)


def unreadable(call: Call, answer: Answer) -> ApiError | None:
    """Return the error of an answer that is none of GraphQL's."""
    if isinstance(answer.data, Mapping) and {"data", "errors"} & set(answer.data):
        return None
    kind = ServerError if call.effect == "none" else OutcomeUnknownError
    return kind("the query was answered with neither data nor errors", hint="check base_url", **answer.facts())


def _judged(call: Call, answer: Answer, *, partial_is_fine: bool) -> ApiError | None:
    """Return the error that an answer is, if it is one."""
    if error := unreadable(call, answer):
        return error
    faults, _ = faults_and_warnings(answer.data)
    data = answer.data.get("data")
    if not faults or (partial_is_fine and data is not None):
        return None
    error = failures.of_graphql(call, answer, faults)
    return None if partial_is_fine and isinstance(error, GraphQLError) else error


def faults_and_warnings(answer: Mapping[str, Any]) -> tuple[Entries, Entries]:
    """Return the errors of an answer and its warnings."""
    entries = answer.get("errors")
    if not entries:
        return (), ()
    listed: Sequence[Any] = entries if isinstance(entries, list) else [entries]
    known = [entry if isinstance(entry, Mapping) else {"message": str(entry)} for entry in listed]
    return tuple(e for e in known if not is_warning(e)), tuple(e for e in known if is_warning(e))
