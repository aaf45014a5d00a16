"""A query, asked page by page: what came so far, and what is still to come."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import polars as pl

from fcwork.client.columns import columns, fields
from fcwork.client.flatten import Flattener
from fcwork.client.paging import MAX_PAGES, UNFINISHED
from fcwork.errors import GraphQLError
from fcwork.widgets.building import Built
from fcwork.widgets.words import counted

if TYPE_CHECKING:
    from fcwork.client import FluentClient

_PASSING = (UNFINISHED, MAX_PAGES)  # what a further page mends
_Take = Callable[["Found"], None]


@dataclass(frozen=True)
class Found:
    """What came of a query so far.

    Attributes:
        query: what was asked.
        client: who was asked, and is for further pages, as a cursor is one platform's own.
        nodes: what came, of which the first ``count`` count.
        count: how many rows.
        pages: how many pages.
        cursor: where the next one begins.
        reasons: why it is not all; empty where it is.
        errors: what the platform said beside it.
    """

    query: Built
    client: FluentClient = field(repr=False)
    nodes: Sequence[dict[str, Any]] = field(default=(), repr=False)
    count: int = 0
    pages: int = 0
    cursor: str | None = None
    reasons: tuple[str, ...] = (UNFINISHED,)
    errors: tuple[Mapping[str, Any], ...] = ()

    @property
    def has_more(self) -> bool:
        """Whether a further page can be asked for."""
        return self.query.paged and bool({UNFINISHED, MAX_PAGES} & set(self.reasons))

    @property
    def summary(self) -> str:
        """How much there is, and whether it is all, in one line."""
        pages = f" · {counted(self.pages, 'page')}" if self.query.paged else ""
        if not self.reasons:
            state = "complete"
        elif set(self.reasons) <= {UNFINISHED, MAX_PAGES}:
            state = "there is more"
        else:
            state = f"not whole: {'; '.join(reason for reason in self.reasons if reason != MAX_PAGES)}"
        return f"{counted(self.count, 'row')}{pages} · {state}"

    def rows(self, first: int, most: int) -> pl.DataFrame:
        """Return some of the rows as a frame."""
        return flattener(self.query).frame(list(self.nodes[first : min(first + most, self.count)]))

    @cached_property
    def frame(self) -> pl.DataFrame:
        """All rows."""
        return self.rows(0, self.count)


def walk(found: Found, most_pages: int | None, take: _Take) -> Found:
    """Go on from where a query stands.

    Args:
        found: what came so far.
        most_pages: how many further pages; None for all.
        take: is given what there is after each page.

    Returns:
        What there is at the end.

    Raises:
        FcworkError: nothing came, or the platform could not be asked.
    """
    if found.query.paged:
        return _paged(found, most_pages, take)
    return _once(found, take)


def _paged(found: Found, most_pages: int | None, take: _Take) -> Found:
    """Go on from where a query stands; each page is taken when it is there."""
    query, nodes = found.query, list(found.nodes[: found.count])
    pages = found.client.pages(
        query.text,
        query.variables,
        path=query.root,
        page_size=query.page_size,
        max_pages=most_pages,
        errors="partial",
        nested="follow",
        start=found.cursor,
    )
    errors, before = list(found.errors), tuple(reason for reason in found.reasons if reason not in _PASSING)
    step = found
    for page in pages:
        nodes += page.nodes
        errors += page.errors
        reasons = tuple(dict.fromkeys((*before, *pages.reasons)))
        told = (len(nodes), found.pages + page.number, page.cursor, reasons, tuple(errors))
        step = Found(query, found.client, nodes, *told)
        take(step)
    if step.errors and not step.count:
        raise GraphQLError(errors=step.errors, hint="nothing came beside this")
    return step


def _once(found: Found, take: _Take) -> Found:
    """Ask for what has no pages."""
    query = found.query
    result = found.client.graphql(query.text, query.variables, errors="partial")
    held = (result.data or {}).get(query.root)
    nodes = [node for node in (held if isinstance(held, list) else [held]) if node is not None]
    if result.errors and not nodes:
        raise GraphQLError(errors=result.errors, hint="nothing came beside this")
    step = Found(query, found.client, nodes, len(nodes), 0, None, ("errors",) if result.errors else (), result.errors)
    take(step)
    return step


def flattener(query: Built) -> Flattener:
    """Return what makes a frame of a query's rows."""
    if query.paged:
        return Flattener(columns(query.text, (query.root,)))
    (root,) = fields(query.text)
    return Flattener(root.below)
