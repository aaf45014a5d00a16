"""``BatchMonitor``: rows on their way to the platform, watched, paused, stopped and gone on with."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import polars as pl

from fcwork import frames, recovery
from fcwork.clock import SYSTEM
from fcwork.errors import ConfigError
from fcwork.ingestion import IngestPlan
from fcwork.recovery.callables import as_route
from fcwork.recovery.listing import CHECKPOINTS
from fcwork.widgets import sending
from fcwork.widgets.course import Course, Stoppable, as_frame
from fcwork.widgets.panel import Panel
from fcwork.widgets.picture import Picture
from fcwork.widgets.presence import is_live
from fcwork.widgets.words import counted, short

if TYPE_CHECKING:
    from fcwork.recovery import Progress
    from fcwork.widgets.monitor_view import MonitorView
    from fcwork.widgets.work import Turn

NONE = ""
LOOK = "Look"
SHOWN = ("row", "message", "key", "code")  # of what was not delivered; what tells most first
PILES = ("delivered", "rejected", "unknown")
RESUMABLE = ("interrupted", "incomplete")
_OF_RESUME = frozenset(inspect.signature(recovery.resume).parameters)
_DRY = ("this is a dry run: nothing is sent", "run the cell again with dry_run=False")


class BatchMonitor(Panel):
    """Sends rows when its button is pressed, and shows what became of them; ``value`` is the result.

    What was not sent when it is stopped, or when its kernel goes away, is in a checkpoint: the same rows sent again
    go on there, and so does ``resume``.

    Args:
        what: the rows, as a frame of any kind, or a plan of ``fw.ingest``; None to look after checkpoints only.
        deliver: a route, such as ``client.batches()``, or a function; a plan has its own.
        dry_run: whether its buttons send nothing.
        checkpoint: a name of one's own for these rows; made of what they hold unless given.
        name: tells panels apart.
        **terms: of ``recovery.send``, such as ``workers``.

    Raises:
        ConfigError: rows are given without a way to send them, or a term is none.
        TypeError: ``what`` is neither rows nor a plan.
    """

    title: ClassVar[str] = "Batch monitor"

    def __init__(
        self,
        what: Any = None,
        deliver: Any = None,
        *,
        dry_run: bool = True,
        checkpoint: str = NONE,
        name: str = "",
        **terms: Any,
    ) -> None:
        sending.check(what, deliver, terms)
        course = {"progress": None, "points": (), "result": None, "sent": False}
        facts = {**course, "paused": False, "found": None, "dry_run": dry_run}
        super().__init__(name=name, choices={"kept": checkpoint}, facts=facts)
        if not hasattr(self, "_goes_on"):
            self._goes_on, self._what = threading.Event(), None
        if not self.work.standing.at_work and not sending.same(self._what, what):
            self.put(**course)
        self._what, self._deliver, self._terms, self._own = what, deliver, terms, checkpoint
        self.put(dry_run=dry_run)
        if is_live():
            self.look()

    @property
    def value(self) -> Any:
        """The result of the last send or resume that ended; None before, and when other rows are given."""
        return self["result"]

    @property
    def course(self) -> pl.DataFrame:
        """How far the send was at which instant: ``at, phase, rows, delivered, rejected, unknown, requests``."""
        return as_frame(self["points"])

    @property
    def found(self) -> pl.DataFrame:
        """The checkpoints as they stood when they were last looked at, those touched last first."""
        looked = self["found"]
        return CHECKPOINTS.to_frame() if looked is None else looked

    @property
    def resumable(self) -> pl.DataFrame:
        """Those of them that this panel can go on with: begun over the same way to the same platform."""
        open_ones = self.found.filter(pl.col("state").is_in(RESUMABLE))
        if self._deliver is None:
            return open_ones.clear()
        route = as_route(self._deliver)
        return open_ones.filter(pl.col("route") == route.name, pl.col("target") == route.target)

    @property
    def total(self) -> int | None:
        """How many rows are to go; None where that is not known before."""
        if isinstance(self._what, IngestPlan):
            return self._what.ready.height
        return None if self._what is None or isinstance(self._what, pl.LazyFrame) else len(self._what)

    @property
    def has_rows(self) -> bool:
        """Whether there is something to send."""
        return self._what is not None

    @property
    def target(self) -> str:
        """Whose platform; empty where a function of the caller's takes the rows."""
        if isinstance(self._what, IngestPlan):
            return self._what.target
        return "" if self._deliver is None else as_route(self._deliver).target

    def piles(self) -> dict[str, int]:
        """Return how many rows are on which pile: as the result says, else as far as it came."""
        told = self["result"].counts if self["result"] is not None else _settled(self["progress"])
        return {pile: told.get(pile, 0) for pile in PILES}

    def look(self) -> None:
        """Look at the checkpoints."""
        self.work.start(LOOK, self._look, leave=True)

    def send(self) -> None:
        """Send the rows, or what is left of them.

        Raises:
            ConfigError: there is nothing to send, it was sent, or this is a dry run.
        """
        self._refuse_dry()
        what, result = self._what, self["result"]
        if what is None:
            raise ConfigError("there are no rows to send", hint="BatchMonitor(rows, client.batches()), or a plan")
        if self["sent"] and not result.checkpoint:
            raise ConfigError(
                "these rows were sent, and nothing of them is left to do",
                hint="give other rows; fw.widgets.forget() lets these be sent once more",
            )
        go = partial(sending.apply, what) if isinstance(what, IngestPlan) else partial(self._deliver_rows, what)
        self._begin("Send", go, self._terms, lambda: True)

    def resume(self) -> None:
        """Go on with the checkpoint that is chosen.

        Raises:
            ConfigError: none is chosen, there is no way to send it, or this is a dry run.
        """
        self._refuse_dry()
        if self._deliver is None:
            raise ConfigError(
                "there is no way to the platform to resume over",
                hint="BatchMonitor(None, client.batches()) has one; a plan goes on by Send",
            )
        if not self["kept"]:
            raise ConfigError("no checkpoint is chosen", hint="choose one of the list")
        terms = {name: value for name, value in self._terms.items() if name in _OF_RESUME}
        rows, name = self._what, self["kept"]
        self._begin("Resume", partial(recovery.resume, name, self._deliver), terms, lambda: self._is_of(rows, name))

    def pause(self) -> None:
        """Let nothing more leave until it goes on; what is on its way arrives."""
        if self.work.standing.at_work:
            self._goes_on.clear()
            self.put(paused=True)

    def go_on(self) -> None:
        """Go on after a pause."""
        self._goes_on.set()
        self.put(paused=False)

    def picture(self) -> Picture:
        """Return how far it is, what is left, and the first rows that were not delivered."""
        result, progress = self["result"], self["progress"]
        summary = result.summary if result is not None else _told(progress, self.total, dry_run=self["dry_run"])
        facts = [("to", self.target or "a function of this notebook"), *self.piles().items()]
        return Picture(title=self.title, summary=summary, facts=facts, tables=self._tables())

    def issues(self) -> pl.DataFrame:
        """Return what was found about rows that were not delivered."""
        return frames.no_issues() if self["result"] is None else frames.enter_issues(self["result"].issues)

    def new_view(self) -> MonitorView:
        """Return its controls."""
        from fcwork.widgets.monitor_view import MonitorView

        return MonitorView(self)

    def _tables(self) -> list[tuple[str, pl.DataFrame]]:
        issues, left = self.issues(), self.resumable
        tables = [("not delivered", issues.select(SHOWN))] if issues.height else []
        return [*tables, *([("kept to be resumed", kept(left))] if left.height else [])]

    def _refuse_dry(self) -> None:
        if self["dry_run"]:
            raise ConfigError(_DRY[0], hint=_DRY[1])

    def _deliver_rows(self, rows: Any, **how: Any) -> Any:
        """Send rows; the checkpoint is named in the thread that sends, as all of them are read for that."""
        return recovery.send(rows, self._deliver, checkpoint=self._checkpoint_of(rows), **how)

    def _checkpoint_of(self, rows: Any) -> str:
        return self._own or sending.name_of(rows, self._deliver)

    def _is_of(self, rows: Any, checkpoint: str) -> bool:
        """Say whether a checkpoint holds the rows that are given."""
        return rows is not None and not isinstance(rows, IngestPlan) and self._checkpoint_of(rows) == checkpoint

    def _begin(self, what: str, go: Callable[..., Any], terms: Mapping[str, Any], own: Callable[[], bool]) -> None:
        if self.work.standing.what == LOOK:
            self.work.stop()
        if self.work.standing.at_work:
            return
        self._goes_on.set()
        self.put(paused=False)
        self.work.start(what, partial(self._run, go, terms, own, self._what))

    def _run(
        self, go: Callable[..., Any], terms: Mapping[str, Any], own: Callable[[], bool], given: Any, turn: Turn
    ) -> str:
        clock = Stoppable(turn, terms.get("clock", SYSTEM))
        course = Course(turn, self._goes_on, clock)
        try:
            result = go(on_progress=course, **{**terms, "clock": clock})
            # Its rows went: who asked to stop meanwhile came too late, and is told what became of them.
            if sending.same(given, self._what):  # else its cell was run with other rows meanwhile
                self.put(result=result, sent=own())
        finally:
            self.put(paused=False, progress=course.last or self["progress"], found=_checkpoints())
            self.put(kept=self._likely())
        return sending.ended(result)

    def _likely(self) -> str:
        """Return which checkpoint is chosen: what was, else the only one, where it can be gone on with."""
        names = self.resumable["name"].to_list()
        return self["kept"] if self["kept"] in names else names[0] if len(names) == 1 else NONE

    def _look(self, turn: Turn) -> str:
        turn.put(found=_checkpoints())
        turn.put(kept=self._likely())
        left = self.resumable
        return f"{counted(left.height, 'send')} kept to be resumed" if left.height else "nothing is kept to be resumed"


def kept(checkpoints: pl.DataFrame) -> pl.DataFrame:
    """Return checkpoints as people read them."""
    return checkpoints.select(
        "name",
        "state",
        "rows",
        *PILES,
        pl.col("open").alias("not settled"),
        pl.col("updated_at").dt.strftime("%Y-%m-%d %H:%M:%S").alias("touched (UTC)"),
    )


def _checkpoints() -> pl.DataFrame:
    return recovery.checkpoints().reverse()


def _settled(progress: Progress | None) -> dict[str, int]:
    return {} if progress is None else {pile: getattr(progress, pile) for pile in PILES}


def _told(progress: Progress | None, total: int | None, *, dry_run: bool) -> str:
    if progress is not None:
        return f"{progress.rows:,} of {counted(progress.total, 'row')} went"
    rows = "rows" if total is None else counted(total, "row")
    return short(f"{rows} to send; {'a dry run: nothing is sent' if dry_run else 'not sent yet'}")
