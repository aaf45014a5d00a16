"""The runs of a sweep: begun in order, so many at a time, each written down before it begins and when it ended."""

from __future__ import annotations

import os
import signal
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fcwork import log
from fcwork.clock import Clock
from fcwork.errors import ConfigError
from fcwork.runner.folder import BEGINNING, RESULT, read_json, runs
from fcwork.runner.history import LOST, RUNNING, UNFINISHED, told
from fcwork.runner.journal import Listener
from fcwork.runner.notebook import Notebook
from fcwork.runner.past import PastRun
from fcwork.runner.signals import GRACE_SECONDS, stoppable
from fcwork.runner.sweeping.local import Engine, Request, Trouble
from fcwork.runner.sweeping.outcome import Swept
from fcwork.runner.sweeping.record import BEGUN, ENDED, Record
from fcwork.runner.sweeping.standing import NOT_RUN, Standing, facts_of, run_of

if TYPE_CHECKING:
    from fcwork.store import Held

GLANCE_SECONDS = 0.2
PATIENCE_SECONDS = GRACE_SECONDS + 5  # a run's own grace ends before
END_SECONDS = 20.0  # for what a run writes that was stopped at once
TWICE = 2  # asked to stop again, a run ends its kernel
Do = Callable[[], Trouble | None]
_logger = log.get("sweep")


@dataclass
class Sweeping:
    """A sweep under way.

    Attributes:
        record: of it, which nobody else works at.
        notebook: that is run.
        options: of ``runner.run``.
        engine: where rows are run.
        parallel: how many may be run at once.
        clock: the time.
        held: the lease on the record.
        on_event: told of each row that begins and ends.
        asked: how often somebody asked it to stop.
        why_not: why no more rows are begun.
    """

    record: Record
    notebook: Notebook
    options: Mapping[str, Any]
    engine: Engine
    parallel: int
    clock: Clock
    held: Held
    on_event: Listener | None = None
    asked: int = 0
    why_not: str = ""
    _heard: int = 0
    _kill_at: float | None = None
    _under_way: dict[Future[Trouble | None], Standing] = field(default_factory=dict)

    def all(self, standings: Sequence[Standing]) -> Swept:
        """Run the rows that are not done, and return how all of them stand then."""
        ends = {one.row.number: one for one in standings}
        waiting = deque(_in_turn(standings))
        with ThreadPoolExecutor(self.parallel) as pool, stoppable(self._ask, self._ask, grace_seconds=PATIENCE_SECONDS):
            self._begin(pool, waiting)
            while self._under_way:
                for one, trouble in self._ended():
                    ends[one.row.number] = self._closed(one, trouble)
                self._pass_on()
                self._begin(pool, waiting)
        return Swept(self.record, tuple(ends.values()), stopped=bool(self.asked), why_not=self.why_not)

    def _begin(self, pool: ThreadPoolExecutor, waiting: deque[Standing]) -> None:
        """Begin rows until as many are under way as may be, unless there is a reason not to."""
        while waiting and len(self._under_way) < self.parallel and not self._is_over():
            found = self._next(waiting.popleft())
            if found:
                self._under_way[pool.submit(found[1])] = found[0]

    def _is_over(self) -> bool:
        if self.asked and not self.why_not:
            self.why_not = "the sweep was stopped"
        elif self.held.lost and not self.why_not:
            self.why_not = "another process took the sweep over"
        return bool(self.why_not)

    def _next(self, one: Standing) -> tuple[Standing, Do] | None:
        """Return what is to be done for a row: wait for the run that outlived its sweep, or run it."""
        plan = self.record.plan
        if one.state == RUNNING:
            return one, partial(self._wait, plan.run_id(one.row, one.attempt))
        attempt = one.next_attempt
        run_id = plan.run_id(one.row, attempt)
        try:
            self._note(BEGUN, row=one.row.number, attempt=attempt, run_id=run_id)
        except ConfigError as error:
            self.why_not = error.message
            return None
        name, path, text = self.notebook.name, str(self.notebook.path), self.notebook.text
        request = Request(name, path, text, one.row.values, run_id, dict(self.options))
        return Standing(one.row, attempt), partial(self._run, request)

    def _run(self, request: Request) -> Trouble | None:
        there = (runs() / request.run_id).exists()
        trouble = None if there else self.engine.run(request)
        if trouble is None:
            self._wait(request.run_id)
        return trouble

    def _wait(self, run_id: str) -> None:
        """Wait for a run that another process is at, and tell that process what the sweep was told."""
        heard = 0
        while (folder := run_of(run_id)).is_dir() and told(folder)["state"] == RUNNING:
            while heard < min(self.asked, TWICE):
                heard += 1
                _terminate(folder)
            if self.asked > TWICE:
                return
            time.sleep(GLANCE_SECONDS)

    def _ended(self) -> Iterator[tuple[Standing, Trouble | None]]:
        for future in wait(self._under_way, GLANCE_SECONDS, FIRST_COMPLETED).done:
            yield self._under_way.pop(future), future.result()

    def _closed(self, one: Standing, trouble: Trouble | None) -> Standing:
        """Return how a row ended, written down."""
        if trouble and trouble.for_all:
            self.why_not = self.why_not or trouble.error
        folder = run_of(self.record.plan.run_id(one.row, one.attempt))
        facts = told(folder) if folder.is_dir() else {"state": NOT_RUN}
        if trouble and not (folder / RESULT).is_file():
            is_lost = trouble.began or (facts["state"] == UNFINISHED and trouble.is_over)
            state = LOST if is_lost else facts["state"]
            facts = {**facts, "state": state, "ename": "", "evalue": trouble.error}
        closed = Standing(one.row, one.attempt, PastRun(folder.name, folder, facts))
        if closed.state not in {RUNNING, UNFINISHED}:
            try:
                ids = {"row": one.row.number, "run_id": self.record.plan.run_id(one.row, one.attempt)}
                self._note(ENDED, **{**facts_of(facts), **ids})
            except ConfigError as error:
                self.why_not = self.why_not or error.message
        _logger.info("sweep.row_ended", row=one.row.number, run=folder.name, state=closed.state)
        return closed

    def _note(self, event: str, **facts: Any) -> None:
        self.record.note(event, self.clock, **facts)
        if self.on_event:
            with suppress(OSError):  # a terminal that went away stops no sweep
                self.on_event({"event": event, "rows": len(self.record.plan.rows), **facts})

    def _ask(self) -> None:
        self.asked += 1

    def _pass_on(self) -> None:
        """Tell the runs what the sweep was told: to stop, to stop at once, and in the end that they are over."""
        while self._heard < min(self.asked, TWICE):
            self._heard += 1
            self.engine.stop()
        if self._heard == TWICE and self._kill_at is None:
            self._kill_at = time.monotonic() + END_SECONDS
        if self._kill_at is not None and time.monotonic() > self._kill_at:
            self.engine.kill()


def _terminate(folder: Path) -> None:
    """Give the process that is at a run a SIGTERM, if it is one of this machine."""
    from fcwork.store.workers import process_of

    process = process_of(str(read_json(folder / BEGINNING).get("runner")))
    if process is not None:
        with suppress(OSError):
            os.kill(process, signal.SIGTERM)


def _in_turn(standings: Sequence[Standing]) -> list[Standing]:
    """Return the rows that there is something to do for: first those that outlived their sweep."""
    outlived = [one for one in standings if one.state == RUNNING]
    return outlived + [one for one in standings if not one.is_done and one.state not in {RUNNING, UNFINISHED}]
