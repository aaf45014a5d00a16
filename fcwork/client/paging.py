"""Pages of a connection, one at a time, with the word whether they are all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from fcwork import log
from fcwork.client.documents import Path
from fcwork.client.graphql import Errors, GraphQL
from fcwork.client.queries import FORWARD, PagedQuery
from fcwork.errors import BadRequestError, ServerError

UNFINISHED, MAX_PAGES, MAX_RECORDS = "unfinished", "max_pages", "max_records"
_NESTED = "nested_truncated"
_COMPLETE = ""
_EMPTY_PAGES = 10  # in a row, with a cursor that moves: a platform that never comes to an end

More = bool | str | None
"""Whether the platform says that there is more, or the reason for which the paging ends."""

_logger = log.get("client")


@dataclass(frozen=True)
class Page:
    """One page.

    Attributes:
        number: from 1.
        nodes: in the platform's order; fewer than were answered where ``max_records`` cut it.
        cursor: of its last node in the direction of paging; the next page begins after it.
        errors: what went wrong beside it, with ``errors="partial"``.
    """

    number: int
    nodes: list[dict[str, Any]] = field(repr=False)
    cursor: str | None = None
    errors: tuple[Mapping[str, Any], ...] = ()

    def __len__(self) -> int:
        return len(self.nodes)

    def __repr__(self) -> str:
        return f"Page({self.number}, {len(self.nodes)} nodes, cursor={self.cursor!r}, {len(self.errors)} errors)"


class Pages(Iterator[Page]):
    """The pages of a query, each fetched when it is asked for.

    ``complete`` is True only when the platform said that there is no more and nothing of it is missing. Otherwise
    ``reason`` names why, several joined by ``; ``:

    - ``unfinished``: not iterated to the end, or an error was raised.
    - ``max_pages``, ``max_records``: the caller's limit, and there is more.
    - ``errors``: a page came with errors.
    - ``no_page_info``: the platform does not say whether there is more.
    - ``no_cursor``, ``empty_pages``, ``repeated_cursor``: it says that there is more and gives no way to it.
    - ``no_connection``: a later page came without the connection.
    - ``null_nodes``: entries without a node were left out.
    - ``nested_truncated: PATH``: a connection inside a node has more than was asked of it.
    """

    def __init__(
        self,
        graphql: GraphQL,
        query: PagedQuery,
        variables: Mapping[str, Any],
        *,
        max_pages: int | None = None,
        max_records: int | None = None,
        errors: Errors = "raise",
    ) -> None:
        for name, limit in ((MAX_PAGES, max_pages), (MAX_RECORDS, max_records), *query.sizes.items()):
            if limit is not None and not (isinstance(limit, int) and limit > 0):
                raise BadRequestError(f"{name} is {limit!r}", hint="it is a whole number above zero")
        self.query = query
        self._graphql = graphql
        self._variables = {**variables, **query.sizes}
        self._max_pages = max_pages
        self._max_records = max_records
        self._handed_out = 0
        self._errors: Errors = errors
        self._reasons: dict[str, None] = {UNFINISHED: None}
        self._unseen = dict(query.nested)  # nested connections not yet found cut
        self._forward = query.way is FORWARD
        self._walk = self._pages()

    def __next__(self) -> Page:
        return next(self._walk)

    def __repr__(self) -> str:
        return f"Pages({'.'.join(self.query.path)}, {'complete' if self.complete else self.reason})"

    @property
    def complete(self) -> bool:
        """Whether every node of the connection was handed out, whole."""
        return not self._reasons

    @property
    def reason(self) -> str:
        """Why ``complete`` is False; empty where it is True."""
        return "; ".join(self._reasons)

    @property
    def reasons(self) -> tuple[str, ...]:
        """The single reasons of ``reason``."""
        return tuple(self._reasons)

    def raise_if_incomplete(self, *, limited: bool = False) -> None:
        """Raise unless all is there.

        Args:
            limited: the caller asked for no more than ``max_pages`` or ``max_records``: that there is more is only
                logged.

        Raises:
            BadRequestError: a connection inside a node holds more than the query asks of it.
            ServerError: anything else is missing.
        """
        limits = {MAX_PAGES, MAX_RECORDS} if limited else set()
        missing = [reason for reason in self._reasons if reason not in limits]
        if self._reasons and not missing:
            _logger.info("pages.limited", nodes=self._handed_out, reason=self.reason)
        if not missing:
            return
        message = f"the answer is not whole: {'; '.join(missing)}"
        if any(reason.startswith(_NESTED) for reason in missing):
            hint = (
                "ask the inner connection for more with first:, or page it on its own; client.pages gives what is there"
            )
            raise BadRequestError(message, hint=hint)
        raise ServerError(message, hint="try again later; client.pages gives what is there")

    def _pages(self) -> Iterator[Page]:
        cursor, empty = self.query.start, 0
        seen = {cursor}
        for number in count(1):
            page, more = self._fetch(number, cursor)
            empty = 0 if page.nodes else empty + 1
            end = self._end(page, more, seen, empty)
            if end is not None:
                self._close(end)
            yield page
            if end is not None:
                return
            cursor = page.cursor
            seen.add(cursor)

    def _fetch(self, number: int, cursor: Any) -> tuple[Page, More]:
        """Return a page, and whether there is more or what ends the paging."""
        at = {} if cursor is None else {self.query.cursor: cursor}
        answer = self._graphql.execute(self.query.text, {**self._variables, **at}, errors=self._errors)
        if answer.errors:
            self._reasons["errors"] = None
        connection = _at(answer.data, self.query.path)
        if connection is None:
            end = _COMPLETE if number == 1 else "no_connection"
            return Page(number, [], None, answer.errors), "errors" if answer.errors else end
        _check_form(connection, self.query.path)
        info = connection.get("pageInfo") or {}
        told = info.get(self.query.way.more)
        answered = connection.get("edges") or []
        edges, more = self._cut([edge for edge in answered if edge], told if isinstance(told, bool) else None)
        nodes = [node for edge in edges if (node := edge.get("node")) is not None]
        if None in answered or len(nodes) < len(edges):
            self._reasons["null_nodes"] = None
        self._handed_out += len(nodes)
        self._look_inside(nodes)
        return Page(number, nodes, _cursor(edges, info, forward=self._forward), answer.errors), more

    def _cut(self, edges: list[dict[str, Any]], more: More) -> tuple[list[dict[str, Any]], More]:
        """Return the edges to hand out, and whether there are more or what ends the paging."""
        left = len(edges) if self._max_records is None else self._max_records - self._handed_out
        if len(edges) <= left:
            return edges, more
        return edges[:left] if self._forward else edges[-left:], MAX_RECORDS

    def _look_inside(self, nodes: list[dict[str, Any]]) -> None:
        for path, flag in list(self._unseen.items()):
            if any(_is_cut(node, path, flag) for node in nodes):
                self._reasons[f"{_NESTED}: {'.'.join((*self.query.path, 'edges', 'node', *path))}"] = None
                del self._unseen[path]

    def _end(self, page: Page, more: More, seen: set[Any], empty: int) -> str | None:
        """Return why this page is the last, ``""`` for a good end, or None where it is not."""
        if isinstance(more, str):
            return more
        if not more:
            return "no_page_info" if more is None else _COMPLETE
        ends = {
            MAX_RECORDS: self._handed_out == self._max_records,
            MAX_PAGES: page.number == self._max_pages,
            "empty_pages": empty > (0 if page.cursor is None else _EMPTY_PAGES),
            "no_cursor": page.cursor is None,
            "repeated_cursor": page.cursor in seen,
        }
        return next((reason for reason, holds in ends.items() if holds), None)

    def _close(self, end: str) -> None:
        del self._reasons[UNFINISHED]
        if end:
            self._reasons[end] = None


def _at(data: Any, path: Path) -> dict[str, Any] | None:
    """Return the connection; None where it or what it is in is null."""
    found = _object(data, path)
    for key in path:
        found = None if found is None else _object(found.get(key), path)
    return found


def _object(value: Any, path: Path) -> dict[str, Any] | None:
    if isinstance(value, list):
        raise BadRequestError(
            f"{'.'.join(path)} is a list of connections, which have no cursor in common",
            hint="ask for one of them by its id or ref and page that",
        )
    if not isinstance(value, dict | None):
        raise _malformed(path)
    return value


def _check_form(connection: Mapping[str, Any], path: Path) -> None:
    """Refuse what no connection looks like, before a part of it is taken for the whole."""
    edges, info = connection.get("edges"), connection.get("pageInfo")
    are_edges = isinstance(edges, list | None) and all(map(_is_edge, edges or ()))
    if not (are_edges and isinstance(info, dict | None)):
        raise _malformed(path)


def _is_edge(edge: Any) -> bool:
    return edge is None or (
        isinstance(edge, dict)
        and isinstance(edge.get("node"), dict | None)
        and isinstance(edge.get("cursor"), str | int | None)
    )


def _malformed(path: Path) -> ServerError:
    message = f"{'.'.join(path)} was answered with something that is no connection"
    return ServerError(message, hint="check base_url, and with graphql what the platform answers")


def _cursor(edges: list[dict[str, Any]], info: Mapping[str, Any], *, forward: bool) -> str | None:
    """Return the last cursor in the direction of paging; the platform gives cursors of edges only."""
    edge = edges[-1 if forward else 0].get("cursor") if edges else None
    return edge or info.get("endCursor" if forward else "startCursor")


def _is_cut(value: Any, path: Path, flag: str) -> bool:
    if isinstance(value, list):
        return any(_is_cut(item, path, flag) for item in value)
    if not isinstance(value, dict):
        return False
    if path:
        return _is_cut(value.get(path[0]), path[1:], flag)
    return bool((value.get("pageInfo") or {}).get(flag))
