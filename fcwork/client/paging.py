"""Pages of a connection, one at a time, with the word whether they are all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

from fcwork import log
from fcwork.client.connections import Edge, check_form, connection_at, cursor_of, is_cut
from fcwork.client.flatten import Flattener, by_values
from fcwork.client.graphql import Errors, GraphQL, GraphQLResult
from fcwork.client.nested import NESTED, Follower, execute
from fcwork.client.queries import FORWARD, PagedQuery
from fcwork.errors import BadRequestError, ServerError

if TYPE_CHECKING:
    import polars as pl

UNFINISHED, MAX_PAGES, MAX_RECORDS = "unfinished", "max_pages", "max_records"
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
        errors: what went wrong beside it, with ``errors="partial"``: the platform's entries, whose ``path`` leads to
            what is missing and whose ``message`` says why.
        query: which query it is a page of; it knows the types of ``frame``.
    """

    number: int
    nodes: list[dict[str, Any]] = field(repr=False)
    cursor: str | None = None
    errors: tuple[Mapping[str, Any], ...] = ()
    query: PagedQuery | None = field(default=None, repr=False, compare=False)

    @property
    def frame(self) -> pl.DataFrame:
        """The nodes as a frame, one row a node; see ``Flattener``."""
        return (self.query.flattener if self.query else by_values(self.nodes)).frame(self.nodes)

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
    - ``nested_truncated: PATH``: a connection inside a node has more than was asked of it, and is not followed, or the
      platform has no way to look it up, or errors came instead.
    - ``nested_empty_page``, ``nested_no_cursor``, ``nested_repeated_cursor``, ``nested_no_page_info``: as above, of a
      connection inside a node that is followed.
    - ``nested_gone: PATH``: the object that holds it was not found again.

    A query that the platform refuses as too complex is asked for with half as many nodes a page, down to one, and the
    paging goes on where it was; unless ``shrinks`` is False, where the refusal is raised.
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
        shrinks: bool = True,
    ) -> None:
        for name, limit in ((MAX_PAGES, max_pages), (MAX_RECORDS, max_records), *query.sizes.items()):
            if limit is not None and not (isinstance(limit, int) and limit > 0):
                raise BadRequestError(f"{name} is {limit!r}", hint="it is a whole number above zero")
        self.query = query
        self._graphql = graphql
        self._given = variables
        self._shrinks = shrinks
        self._variables = {**variables, **query.sizes}
        self._follower = Follower(graphql, query, self._variables, errors) if query.follows else None
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
    def ended(self) -> bool:
        """Whether the last page was handed out, complete or not."""
        return UNFINISHED not in self._reasons

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

    @property
    def flattener(self) -> Flattener:
        """What makes frames of the nodes: its ``schema`` is that of every frame, as far as the platform's is known."""
        return self.query.flattener

    def frames(self) -> Iterator[pl.DataFrame]:
        """Yield each page as a frame."""
        for page in self:
            yield page.frame

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
        if any(reason.startswith(NESTED) for reason in missing):
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
        answer = self._answer(cursor)
        if answer.errors:
            self._reasons["errors"] = None
        connection = connection_at(answer.data, self.query.path)
        if connection is None:
            end = _COMPLETE if number == 1 else "no_connection"
            return Page(number, [], None, answer.errors, self.query), "errors" if answer.errors else end
        check_form(connection, self.query.path)
        info = connection.get("pageInfo") or {}
        told = info.get(self.query.way.more)
        answered = connection.get("edges") or []
        edges, more = self._cut([edge for edge in answered if edge], told if isinstance(told, bool) else None)
        nodes = [node for edge in edges if (node := edge.get("node")) is not None]
        if None in answered or len(nodes) < len(edges):
            self._reasons["null_nodes"] = None
        self._handed_out += len(nodes)
        errors = (*answer.errors, *self._look_inside(nodes))
        return Page(number, nodes, cursor_of(edges, info, forward=self._forward), errors, self.query), more

    def _answer(self, cursor: Any) -> GraphQLResult:
        """Return the answer for the page after a cursor, in smaller pages from here on where one is too complex."""
        size = self.query.size
        while True:
            at = {} if cursor is None else {self.query.cursor: cursor}
            may_halve = self._shrinks and isinstance(self.query.size, int) and self.query.size > 1
            values = {**self._variables, **at}
            answer = execute(self._graphql, self.query.text, values, errors=self._errors, or_less=may_halve)
            if answer is not None:
                break
            self._resize(self.query.size // 2)
        if size != self.query.size:
            _logger.warning("pages.smaller", page_size=self.query.size, asked=size, reason="too complex")
        return answer

    def _resize(self, size: int) -> None:
        self.query = self.query.resized(size, self._given)
        self._variables = {**self._variables, **self.query.sizes}

    def _cut(self, edges: list[Edge], more: More) -> tuple[list[Edge], More]:
        """Return the edges to hand out, and whether there are more or what ends the paging."""
        left = len(edges) if self._max_records is None else self._max_records - self._handed_out
        if len(edges) <= left:
            return edges, more
        return edges[:left] if self._forward else edges[-left:], MAX_RECORDS

    def _look_inside(self, nodes: list[dict[str, Any]]) -> list[Mapping[str, Any]]:
        """Complete the connections inside nodes, or note those that are not whole; return the errors of doing so."""
        if self._follower:
            return self._follower.follow(nodes, self._reasons)
        for path, way in list(self._unseen.items()):
            if any(is_cut(node, path, way.more) for node in nodes):
                self._reasons[f"{NESTED}: {'.'.join((*self.query.path, 'edges', 'node', *path))}"] = None
                del self._unseen[path]
        return []

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
