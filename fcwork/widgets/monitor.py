"""``BatchMonitor``: rows on their way to the platform, watched, paused, stopped and gone on with."""

from __future__ import annotations

import threading
from collections.abc import Mapping
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
from fcwork.widgets.panel import LOOK, Panel
from fcwork.widgets.picture import Picture
from fcwork.widgets.presence import is_live
from fcwork.widgets.words import counted, short

if TYPE_CHECKING:
    from fcwork.recovery import Progress
    from fcwork.widgets.monitor_view import MonitorView
    from fcwork.widgets.work import Turn

NONE = ""
SHOWN = ("row", "message", "key", "code")  # of what was not delivered; what tells most first
PILES = ("delivered", "rejected", "unknown")
RESUMABLE = ("interrupted", "incomplete")
_SENDS = ("Send", "Resume")
_COURSE: Mapping[str, Any] = {"progress": None, "points": (), "result": None}  # of a send
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
        facts = {**_COURSE, "sent": False, "paused": False, "found": None, "dry_run": dry_run}
        super().__init__(name=name, choices={"kept": checkpoint}, facts=facts)
        load = sending.Load(what, deliver, checkpoint, terms)
        if not hasattr(self, "_load"):
            self._load, self._goes_on, self._changing = load, threading.Event(), threading.Lock()
            self._settled: set[str] = set()  # the marks of the rows that were sent to their end
            self._marks: dict[str, str] = {}  # those of the rows under each checkpoint that was begun here
        self._take(load)
        self.put(dry_run=dry_run)
        if is_live():
            self.work.start(LOOK, self._look, leave=True)  # beside a send it is not needed

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
        if self._load.deliver is None:
            return open_ones.clear()
        route = as_route(self._load.deliver)
        return open_ones.filter(pl.col("route") == route.name, pl.col("target") == route.target)

    @property
    def total(self) -> int | None:
        """How many rows are to go; None where that is not known before."""
        what = self._load.what
        if isinstance(what, IngestPlan):
            return what.ready.height
        return None if what is None or self._load.is_read_late else len(what)

    @property
    def has_rows(self) -> bool:
        """Whether there is something to send."""
        return self._load.what is not None

    @property
    def sends(self) -> bool:
        """Whether a send is under way."""
        return self.work.standing.at_work and self.work.standing.what in _SENDS

    @property
    def target(self) -> str:
        """Whose platform; empty where a function of the caller's takes the rows."""
        return self._load.whose[1]

    def piles(self) -> dict[str, int]:
        """Return how many rows are on which pile: as the result says, else as far as it came."""
        told = self["result"].counts if self["result"] is not None else _settled(self["progress"])
        return {pile: told.get(pile, 0) for pile in PILES}

    def look(self) -> None:
        """Look at the checkpoints."""
        self.begin(LOOK, self._look, leave=True)

    def send(self) -> None:
        """Send the rows, or what is left of them.

        Raises:
            ConfigError: there is nothing to send, it was sent, this is a dry run, or another send is under way.
        """
        self._refuse_dry()
        load = self._load
        if load.what is None:
            raise ConfigError("there are no rows to send", hint="BatchMonitor(rows, client.batches()), or a plan")
        if self["sent"]:
            raise _nothing_left()
        self.begin("Send", partial(self._run, load, NONE))

    def resume(self) -> None:
        """Go on with the checkpoint that is chosen.

        Raises:
            ConfigError: none is chosen, there is no way to send it, this is a dry run, or a send is under way.
        """
        self._refuse_dry()
        load, name = self._load, self["kept"]
        if load.deliver is None:
            raise ConfigError(
                "there is no way to the platform to resume over",
                hint="BatchMonitor(None, client.batches()) has one; a plan goes on by Send",
            )
        if not name:
            raise ConfigError("no checkpoint is chosen", hint="choose one of the list")
        self.begin("Resume", partial(self._run, load, name))

    def pause(self) -> None:
        """Let nothing more leave until it goes on; what is on its way arrives."""
        if self.sends:
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

    def _take(self, load: sending.Load) -> None:
        """Have this to send from now on; what became of other rows is nothing of it."""
        with self._changing:
            before, self._load = self._load, load
            if not sending.same(before, load):
                self.put(**_COURSE, sent=False)
            elif load.is_read_late:
                self.put(sent=False)

    def _refuse_dry(self) -> None:
        if self["dry_run"]:
            raise ConfigError(_DRY[0], hint=_DRY[1])

    def _run(self, load: sending.Load, resumed: str, turn: Turn) -> str:
        self.go_on()
        mark = self._judged(load, resumed)
        clock, result, before = Stoppable(turn, load.terms.get("clock", SYSTEM)), None, self._course()
        course = Course(turn, self._goes_on, clock)
        self.put(**_COURSE)
        try:
            result = load.go(mark, clock=clock, on_progress=course, resumed=resumed)
            # Its rows went: who asked to stop meanwhile came too late, and is told what became of them.
            if sending.is_settled(result):
                self._settled.add(mark)
        finally:
            began = course.last is not None or result is not None
            if began and not resumed:
                self._marks[load.checkpoint or mark] = mark
            self._tell_end(load, mark, {"progress": course.last, "result": result} if began else before)
            self.put(paused=False, found=_checkpoints())
            self.put(kept=self._likely())
        return sending.ended(result)

    def _judged(self, load: sending.Load, resumed: str) -> str:
        """Return the mark of the rows that are to go: in the thread that sends, as all of them are read for it.

        A checkpoint without a name of the caller's has the mark of its rows as its name.
        """
        if resumed:
            return load.mark() if load.is_kept_as(resumed) else self._marks.get(resumed, resumed)
        mark = load.mark()
        if mark in self._settled:
            raise _nothing_left()
        return mark

    def _course(self) -> dict[str, Any]:
        return {name: self[name] for name in _COURSE}

    def _tell_end(self, load: sending.Load, mark: str, course: Mapping[str, Any]) -> None:
        """Tell what became of rows, as far as they are those that the cell gives, also where it is run meanwhile."""
        while True:
            given = self._load
            became = self._became(load, given, mark, course)  # it may read all rows
            with self._changing:
                if self._load is given:
                    self.put(**became)
                    return

    def _became(self, load: sending.Load, given: sending.Load, mark: str, course: Mapping[str, Any]) -> dict[str, Any]:
        """Return what there is to be told of the rows that are given."""
        if not sending.same(load, given):
            return dict(_COURSE)
        if self["sent"] or given.what is None or given.is_read_late or mark not in self._settled:
            return dict(course)
        return {**course, "sent": given.mark() == mark}

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


def _nothing_left() -> ConfigError:
    return ConfigError(
        "these rows were sent, and nothing of them is left to do",
        hint="give other rows; fw.widgets.forget() lets these be sent once more",
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
