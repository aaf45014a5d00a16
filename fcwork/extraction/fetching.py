"""Fetches the parts of an extraction, several at once, page by page into the spool."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fcwork.client import FluentClient
from fcwork.client.graphql import Errors
from fcwork.client.paging import UNFINISHED
from fcwork.client.queries import Direction
from fcwork.clock import Clock
from fcwork.extraction.alike import untyped
from fcwork.retry import Pace

if TYPE_CHECKING:
    from fcwork.client.paging import Page, Pages
    from fcwork.extraction.spool import Part


@dataclass(frozen=True)
class Fetched:
    """How far an extraction has come.

    Attributes:
        rows, pages: fetched so far, those of an earlier run that it goes on with included.
        total: None, as the platform does not tell how many there are.
        rate_per_second: rows a second of this run.
    """

    rows: int
    pages: int
    rate_per_second: float
    total: int | None = None


Watch = Callable[[Fetched], object]


@dataclass(frozen=True, kw_only=True)
class Fetching:
    """How pages are fetched.

    Attributes:
        query, path: as in ``FluentClient.pages``.
        page_size, max_pages, max_records: of each part.
        direction: of the paging.
        errors: ``raise``, or ``partial`` to keep pages that come with errors.
        workers: how many parts at once.
        pace: how fast all of them together may ask.
    """

    client: FluentClient
    query: str
    path: str
    page_size: int
    max_pages: int | None
    max_records: int | None
    direction: Direction
    errors: Errors
    workers: int
    pace: Pace
    clock: Clock

    def run(self, parts: Sequence[Part], variables: Sequence[Mapping[str, Any]], on_progress: Watch | None) -> None:
        """Fetch what is missing of each part.

        Raises:
            ApiError: a page could not be had; what was fetched is kept.
        """
        stop = threading.Event()
        told = _Told(parts, on_progress, self.clock)
        missing = [(part, values) for part, values in zip(parts, variables, strict=True) if not part.ended]
        if len(missing) < 2 or self.workers == 1:  # noqa: PLR2004 - one part needs no other thread
            for part, values in missing:
                self._fetch(part, values, stop, told)
            return
        with ThreadPoolExecutor(self.workers, thread_name_prefix="extract") as pool:
            tasks = [pool.submit(copy_context().run, self._fetch, part, own, stop, told) for part, own in missing]
            try:
                for task in tasks:
                    task.result()
            except BaseException:
                stop.set()
                pool.shutdown(cancel_futures=True)
                raise

    def _fetch(self, part: Part, variables: Mapping[str, Any], stop: threading.Event, told: _Told) -> None:
        """Fetch a part from where it stands."""
        pages = self.client.pages(
            self.query,
            variables,
            path=self.path,
            page_size=self.page_size,
            direction=self.direction,
            errors=self.errors,
            nested="follow",
            start=part.cursor,
            pace=self.pace,
            max_pages=_left(self.max_pages, part.pages),
            max_records=_left(self.max_records, part.rows),
        )
        try:
            for page in pages:
                self._keep(part, page, pages)
                told()
                if stop.is_set():
                    return
        finally:
            part.close()

    def _keep(self, part: Part, page: Page, pages: Pages) -> None:
        reasons = tuple(reason for reason in pages.reasons if reason != UNFINISHED)
        rows = untyped(page.frame, pages.flattener.unknown)
        part.append(rows, page.cursor, last=pages.ended, reasons=reasons, troubles=list(page.errors))


def _left(limit: int | None, done: int) -> int | None:
    return None if limit is None else limit - done


class _Told:
    """Tells of the progress of all parts together."""

    def __init__(self, parts: Sequence[Part], on_progress: Watch | None, clock: Clock) -> None:
        self._parts, self._on_progress, self._clock = parts, on_progress, clock
        self._began, self._before = clock.monotonic(), sum(part.rows for part in parts)
        self._lock = threading.Lock()

    def __call__(self) -> None:
        if not self._on_progress:
            return
        with self._lock:
            rows, pages = sum(part.rows for part in self._parts), sum(part.pages for part in self._parts)
            seconds = self._clock.monotonic() - self._began
            rate = (rows - self._before) / seconds if seconds > 0 else 0.0
            self._on_progress(Fetched(rows, pages, rate))
