"""Asking the platform, and what it gave: rows, with the word whether they are all and why not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from fcwork.client import FluentClient, Pages
from fcwork.client.columns import Column, fields
from fcwork.client.flatten import Flattener
from fcwork.client.paging import UNFINISHED
from fcwork.clock import SYSTEM, Clock
from fcwork.errors import FcworkError, GraphQLError, ServerError
from fcwork.ipython import reasons
from fcwork.ipython.cell import Cell

HowFar = Callable[[int, int], object]
"""Called with rows and pages so far."""


@dataclass(frozen=True)
class Answer:
    """What came of a query.

    Attributes:
        rows: what there is.
        pages: how many were fetched; 0 where the query is not paged.
        reasons: why it is not all; empty where it is.
        errors: the platform's, beside the rows.
        seconds: how long it took.
        cut_off: what ended it before its time: Ctrl-C, or an error.
        of: the connection that was paged, where it stands inside something else.
        beside: what was asked for too, and is not in the rows.
    """

    rows: pl.DataFrame
    pages: int
    reasons: tuple[str, ...]
    errors: tuple[Mapping[str, Any], ...]
    seconds: float
    cut_off: KeyboardInterrupt | FcworkError | None = None
    of: str = ""
    beside: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether nothing is missing."""
        return not self.reasons

    @property
    def limited(self) -> bool:
        """Whether nothing is missing but what was not asked for."""
        return set(self.reasons) <= reasons.LIMITS


def ask(
    client: FluentClient, cell: Cell, variables: Mapping[str, Any], how_far: HowFar, *, clock: Clock = SYSTEM
) -> Answer:
    """Carry out a cell. What came before Ctrl-C or an error is kept.

    Raises:
        FcworkError, KeyboardInterrupt: nothing came at all.
    """
    paged = cell.is_paged
    answer = _paged(client, cell, variables, how_far, clock) if paged else _once(client, cell, variables, clock)
    if answer.errors and answer.rows.is_empty():
        raise GraphQLError(errors=answer.errors, hint="nothing came beside this")
    return answer


def not_whole(answer: Answer) -> ServerError:
    """Return the error of an answer that should have been whole."""
    return ServerError(
        f"the answer is not whole: {'; '.join(map(reasons.told, answer.reasons))}",
        hint="what is there is shown above; try again later",
    )


def _paged(client: FluentClient, cell: Cell, variables: Mapping[str, Any], how_far: HowFar, clock: Clock) -> Answer:
    """Page through a connection: the first page, all of them, or as far as wanted."""
    started, said = clock.monotonic(), cell.said
    pages = client.pages(
        cell.query,
        variables,
        path=said.path,
        page_size=said.page_size,
        max_pages=None if said.everything or said.max_records else 1,
        max_records=said.max_records,
        errors="partial",
        nested="follow",
    )
    nodes, errors, count, cut_off = _walked(pages, how_far)
    if cut_off is not None and not count:
        raise cut_off
    rows = pages.flattener.frame(nodes)
    seconds, path = clock.monotonic() - started, pages.query.path
    of = ".".join(path) if len(path) > 1 else ""
    beside = tuple(cell.beside(path))
    found = _reasons(pages, cut_off) + (reasons.NOT_PAGED,) * cell.holds_unpaged
    return Answer(rows, count, found, tuple(errors), seconds, cut_off, of, beside)


def _once(client: FluentClient, cell: Cell, variables: Mapping[str, Any], clock: Clock) -> Answer:
    """Carry out what has no pages: an object, a list, a mutation."""
    started = clock.monotonic()
    result = client.graphql(cell.query, variables, errors="partial")
    rows, left_out = _of_one(result.data or {}, fields(cell.query))
    wrong = {reasons.ERRORS: result.errors, reasons.NOT_PAGED: cell.holds_unpaged, reasons.NULL_ITEMS: left_out}
    return Answer(
        rows, 0, tuple(reason for reason, holds in wrong.items() if holds), result.errors, clock.monotonic() - started
    )


def _walked(
    pages: Pages, how_far: HowFar
) -> tuple[list[dict[str, Any]], list[Mapping[str, Any]], int, KeyboardInterrupt | FcworkError | None]:
    nodes: list[dict[str, Any]] = []
    errors: list[Mapping[str, Any]] = []
    count = 0
    try:
        for page in pages:
            nodes += page.nodes
            errors += page.errors
            count = page.number
            how_far(len(nodes), count)
    except (KeyboardInterrupt, FcworkError) as stopped:
        return nodes, errors, count, stopped
    return nodes, errors, count, None


def _reasons(pages: Pages, cut_off: BaseException | None) -> tuple[str, ...]:
    found = tuple(reason for reason in pages.reasons if cut_off is None or reason != UNFINISHED)
    if cut_off is None:
        return found
    return (reasons.INTERRUPTED if isinstance(cut_off, KeyboardInterrupt) else reasons.AN_ERROR, *found)


def _of_one(data: Mapping[str, Any], roots: Iterable[Column]) -> tuple[pl.DataFrame, bool]:
    """Return an answer as a frame: an object or a list of them under a single name as rows, several names as one.

    Returns:
        The frame, and whether entries of the list are left out of it, as they are null.
    """
    known = list(roots)
    columns = [column for column in known if column.name != "__typename"] or known
    if len(columns) != 1:
        return Flattener(tuple(columns)).frame([dict(data)]), False
    (column,) = columns
    held = data.get(column.name)
    items = held if isinstance(held, list) else [held]
    if not column.below or not all(isinstance(item, dict | None) for item in items):
        return Flattener((column,)).frame([dict(data)]), False
    there = [item for item in items if item is not None]
    return Flattener(column.below).frame(there), isinstance(held, list) and len(there) < len(held)
