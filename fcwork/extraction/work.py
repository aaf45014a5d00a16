"""One extraction at work: fetch into the spool, then map and write, and only then move the watermark."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import polars as pl

from fcwork import frames, log, passing, settings, sources
from fcwork.client import FluentClient
from fcwork.client.queries import plan
from fcwork.clock import Clock
from fcwork.errors import LeaseTakenError, ValidationError
from fcwork.extraction import asking, keeping, marks, spool, windows
from fcwork.extraction.delivering import SLICE_ROWS, Delivery
from fcwork.extraction.result import ExtractResult
from fcwork.extraction.spool import Head, Part, Spool
from fcwork.extraction.telling import LIMITS, Run, Telling
from fcwork.store import Held, Store, hold

if TYPE_CHECKING:
    from fcwork.extraction.asking import Question
    from fcwork.extraction.fetching import Fetching, Watch
    from fcwork.extraction.marks import Watermark
    from fcwork.extraction.windows import Mode, Window
    from fcwork.sources import Written
    from fcwork.stages import Stages

PARTIAL = ("errors", "null_nodes", "no_connection", "nested_truncated", "nested_gone")  # what errors leave out
CLAIM_SECONDS = 30.0  # a worker on another machine that is dead for so long loses its claim
OTHER_QUESTION = "it stands for another query or other filters: what these alone find before it is not fetched"
STAMP = "%Y%m%dT%H%M%SZ"
_logger = log.get("extraction")


@dataclass(frozen=True)
class Sink:
    """Where the rows go: a URI that may be a template, and how they are written."""

    uri: str
    form: str | None
    options: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Work:
    """One extraction.

    Attributes:
        question: what is asked.
        fetching: how pages are fetched.
        delivery: what makes rows of them.
        sink: where the rows go; None for a frame.
        engine: the kind of the frames of the result.
        watermark: its name; empty for none.
        mode, since, until, overlap, lag: as in ``windows.choose`` and ``windows.moved``.
        slices: in how many windows the one is asked for.
        moves: whether the watermark moves.
        resumes: whether pages of a run that was cut off are used.
    """

    client: FluentClient
    question: Question
    fetching: Fetching
    delivery: Delivery
    sink: Sink | None
    engine: frames.Kind
    watermark: str
    mode: Mode | None
    since: Any
    until: Any
    overlap: float
    lag: float
    slices: int
    moves: bool
    resumes: bool
    stages: Stages
    clock: Clock

    def check(self) -> None:
        """Refuse what could not be exploded, mapped or written, before anything is fetched.

        Raises:
            ConfigError: a list to explode, or a column that the mapping needs, is not among those asked for.
            SourceError: what is wrong with the sink.
        """
        columns = plan(self.question.query, {}, path=self.question.path).flattener
        if not columns.unknown:
            replace(self.delivery, rejected=[], issues=[], unwritten=[]).empty(columns.schema)
        if self.sink:
            now = self.clock.now()
            window = windows.Window("range", now, now, now)
            names = self._names(self._head(window), window)
            sources.check(self.sink.uri, self.sink.form, fields=names, **self.sink.options)

    def run(self, on_progress: Watch | None) -> ExtractResult:
        """Extract; a worker that finds another at it skips."""
        if not (self.sink or self.watermark):
            return self._run(None, None, on_progress)
        store = marks.store_of(self.client.target)
        with ExitStack() as holding:
            try:
                held = holding.enter_context(hold(store, self._claim, ttl=CLAIM_SECONDS, outlive=True))
            except LeaseTakenError as taken:
                return self._telling.without_pages("SKIPPED", reason=f"another worker is at it: {taken.message}")
            return self._run(store, held, on_progress)

    def look(self) -> ExtractResult:
        """Fetch the first page of each part, map it, and write nothing."""
        target = self.client.target
        mark = marks.read(marks.store_of(target), target, self.watermark) if self.watermark else None
        window = self._window(mark)
        with passing.folder() as folder:
            variables = self._variables(window)
            run = Run(Spool(folder, self._head(window), len(variables)), window, mark)
            self.stages.begin("fetch", f"Looking at {self.question.entity} of {target}")
            replace(self.fetching, max_pages=1).run(run.parts, variables, None)
            self.stages.counted(sum(part.rows for part in run.parts))
            self.stages.begin("deliver", "Mapping the first page", sum(part.rows for part in run.parts))
            return self._deliver(run, self._kept(run, None), None, dry_run=True)

    def _run(self, store: Store | None, held: Held | None, on_progress: Watch | None) -> ExtractResult:
        target = self.client.target
        mark = marks.read(store, target, self.watermark) if store and self.watermark else None
        if mark and mark.asked not in {"", self._question_hash}:
            _logger.warning("watermark.other_question", name=self.watermark, hint=OTHER_QUESTION)
        with self._spool(self._window(mark), mark) as (pages, window):
            run = Run(pages, window, mark)
            self.stages.begin("fetch", f"Fetching {self.question.entity} from {target}")
            self.fetching.run(run.parts, self._variables(window), on_progress)
            self.stages.counted(sum(part.rows for part in run.parts))
            if self._missing(run.parts):
                pages.remove()  # what is wrong with its pages would be wrong again
                return self._telling.of(run, state="FAILED")
            self.stages.begin("deliver", "Mapping and writing", sum(part.rows for part in run.parts))
            kept = self._kept(run, mark)
            result = self._deliver(run, kept, self.sink)
            moves = self.moves and result.complete and result.state != "FAILED" and windows.joins(mark, run.window)
            if store and self.watermark and moves:
                at = self._move(store, held, run, kept, result.rows)
                result = replace(result, watermark=at, moved=mark is None or at != mark.at)
            pages.remove()
            return result

    def _kept(self, run: Run, mark: Watermark | None) -> keeping.Kept:
        return keeping.kept(run.parts, has_id=self.question.has_id, mark=mark, limit=self.fetching.max_records)

    def _deliver(self, run: Run, kept: keeping.Kept, sink: Sink | None, **told: Any) -> ExtractResult:
        """Map and write what was fetched; without a sink it is a frame."""
        try:
            if sink is None:
                frame = frames.leave(self._frame(run, kept), self.engine)
                return self._telling.of(run, kept=kept, frame=frame, **told)
            files = self._write(sink, run, kept)
        except ValidationError as invalid:
            return self._telling.of(run, kept=kept, state="FAILED", reason=invalid.message, **told)
        return self._telling.of(run, kept=kept, files=files, **told)

    def _write(self, sink: Sink, run: Run, kept: keeping.Kept) -> Written:
        names = self._names(run.pages.head, run.window)
        return sources.write(self._rows(run, kept), sink.uri, sink.form, fields=names, **sink.options)

    def _names(self, head: Head, window: Window) -> dict[str, str]:
        """Return what may stand in the sink's name: of a run that was cut off the same as when it began."""
        return {
            "date": f"{head.begun_at:%Y-%m-%d}",
            "time": f"{head.begun_at:{STAMP}}",
            "from": f"{window.since:{STAMP}}" if window.since else "start",
            "to": f"{window.until or head.begun_at:{STAMP}}",
            "run": head.run_id,
            "entity": self.question.entity,
        }

    def _frame(self, run: Run, kept: keeping.Kept) -> pl.DataFrame:
        return pl.concat(list(self._rows(run, kept)), how="vertical_relaxed")

    def _rows(self, run: Run, kept: keeping.Kept) -> Iterator[pl.DataFrame]:
        """Yield the rows; where there are none, one frame that has the columns."""
        schema, some = keeping.common(run.parts), False
        for rows in self.delivery.frames(keeping.batches(run.parts, kept.mask, schema=schema, rows=SLICE_ROWS)):
            some = True
            yield rows
        if not some:
            yield self.delivery.empty(schema)

    def _move(self, store: Store, held: Held | None, run: Run, kept: keeping.Kept, rows: int) -> datetime:
        """Move the watermark after a complete run, and return where it stands."""
        unwritten_since = None if self.delivery.on_invalid == "drop" else self.delivery.unwritten_since
        at = windows.moved(run.mark, run.window, newest=kept.newest, unwritten_since=unwritten_since, lag=self.lag)
        since = windows.before(at, max(self.overlap, self.lag))
        near = keeping.near(run.parts, since, self.delivery.unwritten)
        marks.write(
            store,
            self.client.target,
            self.watermark,
            replace(marks.near(at, near), run_begun_at=run.pages.head.begun_at, asked=self._question_hash),
            run_id=run.pages.head.run_id,
            rows=rows,
            clock=self.clock,
            held=held,
        )
        return at

    @property
    def _telling(self) -> Telling:
        return Telling(
            entity=self.question.entity,
            target=self.client.target,
            watermark=self.watermark,
            delivery=self.delivery,
            engine=self.engine,
            stages=self.stages,
            clock=self.clock,
        )

    def _window(self, mark: Watermark | None) -> Window:
        return windows.choose(
            self.mode,
            since=self.since,
            until=self.until,
            overlap=self.overlap,
            named=self.watermark,
            mark=mark,
            now=self.clock.now(),
        )

    def _variables(self, window: Window) -> list[dict[str, Any]]:
        """Return the variables of each part: of each of the question's, in each slice of the window."""
        if not window.asked:
            return list(self.question.parts)
        whole = [(window.since, window.until)]
        if self.slices > 1 and window.since and window.until:
            whole = list(asking.cut(window.since, window.until, self.slices))
        asked = [asking.bounds(since, until) for since, until in whole]
        return [{**own, self.question.window: bounds} for own in self.question.parts for bounds in asked]

    @contextmanager
    def _spool(self, window: Window, mark: Watermark | None) -> Iterator[tuple[Spool, Window]]:
        """Yield the spool of this extraction and its window: that of a run that was cut off, where there is one.

        One whose run has moved the watermark is done with: its rows are known, and would be missing from its file.
        """
        count = len(self._variables(window))
        if not (self.sink or self.watermark) or self.client.target == marks.EMBEDDED:
            with passing.folder() as folder:
                yield Spool(folder, self._head(window), count), window
            return
        folder = settings.home() / spool.FOLDER / self._folder_name
        head = self._head(window)
        found = spool.left_over(folder, head.asked, window.now) if self.resumes else None
        done = found and mark and mark.run_begun_at == found.begun_at
        if found is None or done or found.since != head.since:
            spool.begin(folder, head, claim=self._claim)
            yield Spool(folder, head, count), window
            return
        pages = Spool(folder, found, count)
        _logger.info("extraction.resumed", entity=self.question.entity, pages=sum(part.pages for part in pages.parts))
        yield pages, replace(window, until=asking.instant(found.until or None, "until"), now=found.begun_at)

    def _head(self, window: Window) -> Head:
        how = self.fetching
        limits = [how.max_pages, how.max_records, how.direction, how.errors]
        what = [self.question.query, self.question.parts, self.question.path]
        asked = spool.digest(self.client.target, what, limits, self.slices, window.mode, str(self.until))
        since, until = (asking.wire(at) if at else "" for at in (window.since, window.until))
        run_id = os.environ.get("FCWORK_RUN_ID") or f"{window.now:{STAMP}}-{secrets.token_hex(3)}"
        return Head(asked, since, until, window.now, run_id)

    @property
    def _question_hash(self) -> str:
        return spool.digest(self.question.query, self.question.path, self.question.parts)

    @property
    def _claim(self) -> str:
        return f"extraction:{self.client.target}:{self._folder_name}"

    @property
    def _folder_name(self) -> str:
        what: list[Any] = [self.watermark]
        if not self.watermark:
            what = [
                self.question.query,
                self.question.parts,
                str(self.since),
                str(self.until),
                self.sink and self.sink.uri,
            ]
        name = re.sub(r"[^A-Za-z0-9_-]+", "-", self.watermark or self.question.entity)[:60]
        return f"{name}-{spool.digest(self.client.target, what)[:12]}"

    def _missing(self, parts: Sequence[Part]) -> set[str]:
        """Return why the extraction is no good: reasons that the caller did not ask for."""
        told = {reason for part in parts for reason in part.reasons} - LIMITS
        return {reason for reason in told if not (self.fetching.errors == "partial" and reason.startswith(PARTIAL))}
