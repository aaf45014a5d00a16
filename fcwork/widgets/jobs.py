"""``JobBoard``: what the tracked jobs are doing, by state and stage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import polars as pl

from fcwork.errors import ConfigError
from fcwork.jobs import JobTracker
from fcwork.jobs.history import JOBS
from fcwork.jobs.record import MOVES
from fcwork.names import did_you_mean
from fcwork.widgets.panel import LOOK, Panel
from fcwork.widgets.picture import Picture
from fcwork.widgets.presence import is_live
from fcwork.widgets.words import counted

if TYPE_CHECKING:
    from fcwork.jobs import JobRecord
    from fcwork.widgets.jobs_view import JobsView
    from fcwork.widgets.work import Turn

ALL = ""
MOST = 500  # jobs, the newest
EVERY_SECONDS = 2.0
WATCH = "Watch"
WAITS, WORKS, TROUBLE = ("queued",), ("processing",), ("failed", "lost", "completed_with_errors")
_TIME = "%Y-%m-%d %H:%M:%S"


class JobBoard(Panel):
    """Shows the tracked jobs by state and stage, and one of them whole; ``value`` is the job that is chosen.

    Args:
        tracker: whose jobs; that of the settings unless given.
        status: only jobs of that status; empty for all.
        jobs: only jobs of that name; a star stands for any letters.
        name: tells panels apart.

    Raises:
        ConfigError: there is no such status.
    """

    title: ClassVar[str] = "Jobs"

    def __init__(self, tracker: JobTracker | None = None, *, status: str = ALL, jobs: str = "", name: str = "") -> None:
        if status and status not in MOVES:
            raise ConfigError(
                f"{status!r} is no status of a job{did_you_mean(status, MOVES)}", hint=f"one of {', '.join(MOVES)}"
            )
        super().__init__(
            name=name,
            choices={"status": status, "jobs": jobs},
            facts={"found": None, "job": "", "record": None},
        )
        self._tracker = tracker
        if is_live():
            self._look_again()

    @property
    def value(self) -> JobRecord | None:
        """The job that is chosen, as it stood when it was last looked at."""
        return self["record"]  # type: ignore[no-any-return]  # a record, or none

    @property
    def found(self) -> pl.DataFrame:
        """The jobs as they stood when they were last looked at, the newest first, in the columns of ``history``."""
        looked = self["found"]
        return JOBS.to_frame() if looked is None else looked

    @property
    def shown(self) -> pl.DataFrame:
        """Those of them that are of the chosen status."""
        return self.found.filter(pl.col("status") == self["status"]) if self["status"] else self.found

    @property
    def tracker(self) -> JobTracker:
        """Whose jobs they are; the store is opened when it is first asked."""
        if self._tracker is None:
            self._tracker = JobTracker()
        return self._tracker

    def statuses(self) -> list[tuple[str, str]]:
        """Return the statuses that may be chosen, with how many jobs each has."""
        counts = dict(self.found.group_by("status").len().iter_rows())
        return [(f"all ({self.found.height:,})", ALL), *((f"{one} ({counts.get(one, 0):,})", one) for one in MOVES)]

    def board(self) -> pl.DataFrame:
        """Return how many jobs there are of each state and stage, and when one of them last moved."""
        stage = pl.col("stage").fill_null("")
        order = {status: at for at, status in enumerate(MOVES)}
        return (
            self.found.group_by("status", stage)
            .agg(pl.len().alias("jobs"), pl.col("updated_at").max().dt.strftime(_TIME).alias("last moved (UTC)"))
            .sort(pl.col("status").replace_strict(order, default=len(order)), "jobs", descending=[False, True])
        )

    def refresh(self) -> None:
        """Look at the jobs once."""
        self.begin(LOOK, self._look, leave=True)

    def watch_jobs(self) -> None:
        """Look at the jobs again and again, until it is stopped."""
        self.begin(WATCH, self._watch, leave=True)

    def choose(self, name: str, value: Any) -> None:
        """Take what was chosen; a job is looked at, and other names are other jobs."""
        self.put(**{name: value, **({"record": None} if name == "job" else {})})
        if name in {"job", "jobs"}:
            self._look_again()

    def picture(self) -> Picture:
        """Return the board, and the newest jobs."""
        looked = self["found"] is not None
        tables = [("by state and stage", self.board()), ("jobs", told(self.shown))] if self.found.height else []
        summary = counted(self.found.height, "job") if looked else "not looked at"
        return Picture(title=self.title, summary=summary, facts=[("status", self["status"] or "all")], tables=tables)

    def new_view(self) -> JobsView:
        """Return its controls."""
        from fcwork.widgets.jobs_view import JobsView

        return JobsView(self)

    def _look_again(self) -> None:
        """Look at what is chosen now; what is looked at for what was chosen before is left, and a watch goes on."""
        standing = self.work.standing
        if standing.at_work and standing.what == WATCH:
            self.stop()
            self.watch_jobs()
        else:
            self.refresh()

    def _look(self, turn: Turn) -> str:
        found = self.tracker.history(self["jobs"] or None, limit=MOST)
        known = self["job"] in found["id"]
        turn.put(found=found, record=self.tracker.get(self["job"]) if known else None, job=self["job"] if known else "")
        return counted(found.height, "job")

    def _watch(self, turn: Turn) -> str:
        while True:
            turn.tell(self._look(turn))
            turn.wait(EVERY_SECONDS)


def told(jobs: pl.DataFrame) -> pl.DataFrame:
    """Return jobs as people read them."""
    doing = pl.concat_str(pl.col("stage").fill_null(""), pl.col("message").fill_null(""), separator=": ")
    return jobs.select(
        "status",
        "name",
        pl.col("created_at").dt.strftime(_TIME).alias("created (UTC)"),
        pl.col("duration_seconds").round(1).alias("seconds"),
        pl.when(pl.col("error").fill_null("") != "")
        .then("error")
        .otherwise(doing.str.strip_chars(": "))
        .alias("doing"),
        "id",
    )
