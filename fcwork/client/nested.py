"""Connections inside nodes, followed to their end by requests of their own, several nodes in one."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from fcwork import log
from fcwork.client.again import Request, Wanted
from fcwork.client.codes import code_of, is_too_complex
from fcwork.client.connections import Edge, check_form, cursor_of
from fcwork.client.documents import Path, document
from fcwork.client.graphql import Errors, GraphQL, GraphQLResult
from fcwork.client.lookups import Inner, inner_connections
from fcwork.client.queries import FORWARD, PagedQuery
from fcwork.errors import ApiError

AT_ONCE = 20
"""Connections in one request; fewer where the platform finds them too complex."""
NESTED = "nested_truncated"

_logger = log.get("client")

Where = tuple[str | int, ...]


@dataclass(frozen=True)
class _Cut:
    """A connection inside a node that has more: what is wanted of it, its place in the page, its cursors so far."""

    wanted: Wanted
    where: Where
    seen: set[Any] = field(repr=False)

    @property
    def connection(self) -> dict[str, Any]:
        """The connection as it is so far."""
        return self.wanted.trail[-1]


class Follower:
    """Fetches what is left of the connections inside nodes and puts it into them.

    Args:
        graphql: what asks.
        query: the query, which ``follows``.
        variables: its variables.
        errors: whether errors are raised, or kept beside what there is.
    """

    def __init__(self, graphql: GraphQL, query: PagedQuery, variables: Mapping[str, Any], errors: Errors) -> None:
        self._graphql = graphql
        self._query = query
        self._variables = variables
        self._on_errors: Errors = errors
        self._at_once = AT_ONCE
        self._ways = dict(query.nested)
        found = inner_connections(document(query.text), query.path)
        self._inner = [inner for inner in found if inner.place in self._ways]
        self._reasons: dict[str, None] = {}
        self._errors: list[Mapping[str, Any]] = []

    def follow(self, nodes: list[dict[str, Any]], reasons: dict[str, None]) -> list[Mapping[str, Any]]:
        """Complete the connections inside nodes, in place.

        Args:
            nodes: of one page.
            reasons: takes why something could not be completed.

        Returns:
            The errors of the requests, each with the path of its connection among ``nodes``.
        """
        self._reasons, self._errors = reasons, []
        base = (*self._query.path, "edges")
        waiting = deque(
            cut
            for inner in self._inner
            for at, node in enumerate(nodes)
            for cut in self._cuts(inner, node, (), (*base, at, "node"))
        )
        while waiting:
            group = [waiting.popleft() for _ in range(min(self._at_once, len(waiting)))]
            waiting.extend(self._next_pages(group))
        for node in nodes:
            for path in self._query.hidden:
                _drop(node, path)
        return self._errors

    def _cuts(self, inner: Inner, value: Any, trail: tuple[dict[str, Any], ...], where: Where) -> Iterator[_Cut]:
        """Yield the connections of one kind in a value that have more; ``trail`` leads to the value."""
        if isinstance(value, list):
            for at, item in enumerate(value):
                yield from self._cuts(inner, item, trail, (*where, at))
        if not isinstance(value, dict):
            return
        trail, place = (*trail, value), inner.place
        if len(trail) <= len(place):
            key = place[len(trail) - 1]
            yield from self._cuts(inner, value.get(key), trail, (*where, key))
        elif cut := self._cut(inner, trail, where):
            yield cut

    def _cut(self, inner: Inner, trail: tuple[dict[str, Any], ...], where: Where) -> _Cut | None:
        """Return what is left of a connection; None where there is nothing, or no way to it."""
        connection, way = trail[-1], self._ways[inner.place]
        check_form(connection, _named(where))
        if not (connection.get("pageInfo") or {}).get(way.more):
            return None
        cut = _Cut(Wanted(inner, way, trail, None), where, set())
        if cut.wanted.known() is None:
            self._tell(NESTED, inner)
            return None
        return self._further(cut, [edge for edge in connection.get("edges") or () if edge])

    def _further(self, cut: _Cut, edges: list[Edge]) -> _Cut | None:
        """Return a cut connection with the place where it goes on, after ``edges``."""
        wanted, info = cut.wanted, cut.connection.get("pageInfo") or {}
        cursor = cursor_of(edges, info, forward=wanted.way is FORWARD)
        ends = {"empty_page": not edges, "no_cursor": cursor is None, "repeated_cursor": cursor in cut.seen}
        for reason, holds in ends.items():
            if holds:
                self._tell(f"nested_{reason}", wanted.inner)
                return None
        cut.seen.add(cursor)
        return replace(cut, wanted=replace(wanted, cursor=cursor))

    def _tell(self, reason: str, inner: Inner) -> None:
        place = (*self._query.path, "edges", "node", *inner.place)
        self._reasons[f"{reason}: {'.'.join(place)}"] = None

    def _next_pages(self, group: list[_Cut]) -> Iterator[_Cut]:
        """Ask for the next pages of several connections; yield those that have still more, also what is new in them."""
        answer = self._answer(group)
        if answer is None:
            yield from group
            return
        for number, cut in enumerate(group):
            found = cut.wanted.found(answer.data or {}, number)
            if isinstance(found, dict):
                check_form(found, _named(cut.where))
                yield from self._joined(cut, found)
            else:
                self._tell(NESTED if answer.errors else "nested_gone", cut.wanted.inner)

    def _answer(self, group: list[_Cut]) -> GraphQLResult | None:
        """Return the answer of one request; None where it is to be asked for less at once."""
        request = Request(self._query.text, self._variables)
        for cut in group:
            request.add(cut.wanted)
        text, values = request.built()
        answer = execute(self._graphql, text, values, errors=self._on_errors, or_less=len(group) > 1)
        if answer is None:
            self._at_once = len(group) // 2
            _logger.info("pages.fewer_at_once", connections=self._at_once, reason="too complex")
        elif answer.errors:
            self._reasons["errors"] = None
            self._errors += [_placed(error, group) for error in answer.errors]
        return answer

    def _joined(self, cut: _Cut, page: dict[str, Any]) -> Iterator[_Cut]:
        """Put a page into its connection; yield the connection if it has more, and what is cut in the new nodes."""
        held, edges = cut.connection, [edge for edge in page.get("edges") or () if edge]
        forward, info = cut.wanted.way is FORWARD, page.get("pageInfo") or {}
        held["edges"] = [edge for edge in held.get("edges") or () if edge]
        held["edges"][len(held["edges"]) if forward else 0 : 0] = edges
        held["pageInfo"] = info
        for inner in self._inner:
            if _is_inside(inner, cut.wanted.inner):
                yield from self._cuts(inner, edges, cut.wanted.trail, (*cut.where, "edges"))
        more = info.get(cut.wanted.way.more)
        if more and (further := self._further(cut, edges)):
            yield further
        elif more is None:
            self._tell("nested_no_page_info", cut.wanted.inner)


def execute(
    graphql: GraphQL, text: str, variables: Mapping[str, Any], *, errors: Errors, or_less: bool
) -> GraphQLResult | None:
    """Return the answer to a query; None where it is too complex, if ``or_less`` can be asked for."""
    try:
        answer = graphql.execute(text, variables, errors=errors)
    except ApiError as error:
        if or_less and is_too_complex(error.code):
            return None
        raise
    refused = answer.data is None and any(is_too_complex(code_of(error)) for error in answer.errors)
    return None if refused and or_less else answer


def _placed(error: Mapping[str, Any], group: list[_Cut]) -> Mapping[str, Any]:
    """Return an error of a request of its own with the path of the connection in the page that was asked for."""
    path = error.get("path")
    number = str(path[0])[1:] if isinstance(path, list) and path else ""
    return {**error, "path": list(group[int(number)].where)} if number.isdecimal() else error


def _is_inside(inner: Inner, outer: Inner) -> bool:
    return len(inner.place) > len(outer.place) and inner.place[: len(outer.place)] == outer.place


def _named(where: Where) -> list[str]:
    return [part for part in where if isinstance(part, str)]


def _drop(value: Any, path: Path) -> None:
    """Take away what was asked for only to look things up."""
    if isinstance(value, list):
        for item in value:
            _drop(item, path)
    elif isinstance(value, dict):
        if len(path) == 1:
            value.pop(path[0], None)
        else:
            _drop(value.get(path[0]), path[1:])
