"""``RunBrowser``: the runs that there were: looked at, told apart, made again, shared, scheduled."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, ClassVar

import polars as pl

from fcwork import runner
from fcwork.errors import ConfigError, FcworkError
from fcwork.runner.history import LOST, RUNNING, SHOWN_STATES, UNFINISHED
from fcwork.widgets import planned
from fcwork.widgets.panel import LOOK, Panel
from fcwork.widgets.picture import Picture
from fcwork.widgets.presence import is_live
from fcwork.widgets.rerunning import rerun, texts_of
from fcwork.widgets.words import counted

if TYPE_CHECKING:
    from fcwork.runner import PastRun
    from fcwork.widgets.runs_view import RunsView
    from fcwork.widgets.work import Turn

ALL = NONE = ""
MOST = 2_000  # runs, the latest
LARGEST_PAGE = 4_000_000  # characters; more is no use in a cell
SIGNS = {"SUCCEEDED": "✓", "SKIPPED": "✓", "COMPLETED_WITH_ERRORS": "!", "CANCELLED": "■"} | {
    RUNNING: "…",
    LOST: "?",
    UNFINISHED: "?",
}  # any other state is ✗
_TIME = "%Y-%m-%d %H:%M:%S"
_FIGURES = ("read", "delivered", "rejected", "unknown", "written")
_OF_SCHEDULE = {"schedule_name": NONE, "cron": "0 2 * * *", "zone": "UTC"}


class RunBrowser(Panel):
    """Shows the runs, and one of them whole; ``value`` is the run that is chosen.

    Args:
        notebook: only runs of notebooks of that name; a star stands for any letters.
        state: only runs of that state.
        day: only runs that began on that day, in UTC: ``2026-01-15``.
        share_to: the folder that runs are shared to.
        name: tells panels apart.

    Raises:
        ConfigError: there is no such state.
    """

    title: ClassVar[str] = "Runs"

    def __init__(
        self, *, notebook: str = ALL, state: str = ALL, day: str = ALL, share_to: str = "shared", name: str = ""
    ) -> None:
        if state and state not in SHOWN_STATES:
            raise ConfigError(f"{state!r} is no state of a run", hint=f"one of {', '.join(SHOWN_STATES)}")
        wanted = {"notebook": notebook, "state": state, "day": day, "share_to": share_to}
        asked = {"other": NONE, "changes": "", "dry_run": True, **_OF_SCHEDULE}
        facts = {"found": None, "run": NONE, "past": None, "difference": None, "page": None}
        super().__init__(name=name, choices={**wanted, **asked}, facts=facts)
        if is_live() and not self.work.standing.at_work:
            self.work.start(LOOK, self._look, leave=True)

    @property
    def value(self) -> PastRun | None:
        """The run that is chosen, as it stood when it was last looked at."""
        return self["past"]  # type: ignore[no-any-return]  # a run, or none

    @property
    def found(self) -> pl.DataFrame:
        """The runs as they stood when they were last looked at, the latest first, in the columns of ``history``."""
        looked = self["found"]
        return _NO_RUNS.clear() if looked is None else looked

    @property
    def shown(self) -> pl.DataFrame:
        """Those of them that are wanted."""
        return self._wanted("notebook", "state", "day")

    def notebooks(self) -> list[tuple[str, str]]:
        """Return the names that may be chosen, with how many runs each has."""
        return self._counted("name", self._wanted("state", "day"))

    def states(self) -> list[tuple[str, str]]:
        """Return the states that may be chosen, with how many runs each has."""
        return self._counted("state", self._wanted("notebook", "day"))

    def days(self) -> list[tuple[str, str]]:
        """Return the days that may be chosen, with how many runs each has."""
        return self._counted("day", self._wanted("notebook", "state"))

    def refresh(self) -> None:
        """Look at the runs once."""
        self.begin(LOOK, self._look, leave=True)

    def choose(self, name: str, value: Any) -> None:
        """Take what was chosen; another run is looked at, and what was shown of the one before goes."""
        if name == "run":
            self._choose_run(value)
            if self.work.standing.at_work and self.work.standing.what == LOOK:  # it would put the one before back
                self.refresh()
        elif name == "other":
            self.put(other=value, difference=None)
        else:
            self.put(**{name: value})

    def compare(self) -> None:
        """Tell the chosen run from another.

        Raises:
            ConfigError: one of the two is not chosen.
            NotebookError: one of them is gone.
        """
        chosen = self._chosen()
        if not self["other"]:
            raise ConfigError("nothing is chosen to compare with", hint="choose another run")
        self.put(difference=runner.compare(self["other"], chosen))

    def open(self) -> None:
        """Show the page of the chosen run, or put it away.

        Raises:
            ConfigError: none is chosen, it has no page, or the page is too large to be shown here.
        """
        chosen = self._chosen()
        if self["page"] is not None:
            self.put(page=None)
            return
        if chosen.page is None:
            raise ConfigError(f"run {chosen.run_id} has no page", hint=f"its files are in {chosen.folder}")
        content = chosen.page.read_text("utf-8", "replace")
        if len(content) > LARGEST_PAGE:
            raise ConfigError(
                f"the page has {len(content):,} characters, too many to be shown here", hint=f"it is {chosen.page}"
            )
        self.put(page=content)

    def rerun(self) -> None:
        """Make the chosen run again, in a process of its own, with what is to differ.

        Raises:
            ConfigError: no run is chosen.
            NotebookError: what is to differ is no parameter of the run.
        """
        chosen = self._chosen()
        texts = texts_of(self["changes"], chosen, dry=self["dry_run"])

        def again(turn: Turn) -> str:
            try:
                new = rerun(turn, chosen, texts)
            finally:
                self.put(found=_history())
            self._choose_run(new.run_id)
            self.put(other=chosen.run_id)
            return _ended(new)

        self.begin("Rerun", again)

    def share(self) -> None:
        """Write the page of the chosen run where others can read it.

        Raises:
            ConfigError: no run or no folder is chosen.
        """
        chosen, folder = self._chosen(), self["share_to"].strip()
        if not folder:
            raise ConfigError("no folder is named", hint="write where to, such as shared or s3://bucket/reports")
        self.begin("Share", lambda _: str(runner.share(chosen.folder, folder)))

    def schedule(self) -> None:
        """Have the chosen run's notebook run by the clock, with the values of that run.

        Raises:
            ConfigError: no run is chosen.
        """
        chosen = self._chosen()
        asked = {"name": self["schedule_name"].strip(), "cron": self["cron"], "zone": self["zone"].strip()}

        def add(_: Turn) -> str:
            made = planned.planned(chosen, **asked)
            return planned.keep(made, changes_nothing=chosen.parameters.get("DRY_RUN") is True)

        self.begin("Schedule", add)

    def picture(self) -> Picture:
        """Return the wanted runs."""
        looked = self["found"] is not None
        facts = [(name, self[name]) for name in ("notebook", "state", "day") if self[name]]
        tables = [("runs", told(self.shown))] if self.shown.height else []
        summary = counted(self.shown.height, "run") if looked else "not looked at"
        return Picture(title=self.title, summary=summary, facts=facts, tables=tables)

    def new_view(self) -> RunsView:
        """Return its controls."""
        from fcwork.widgets.runs_view import RunsView

        return RunsView(self)

    def _chosen(self) -> PastRun:
        if self["past"] is None:
            raise ConfigError("no run is chosen", hint="choose one of the list")
        return self["past"]  # type: ignore[no-any-return]  # a run

    def _choose_run(self, run_id: str) -> None:
        past = runner.past(runner.runs() / run_id) if run_id else None
        self.put(run=run_id, past=past, difference=None, page=None)

    def _look(self, turn: Turn) -> str:
        found = _history()
        chosen = self["run"] if self["run"] in found["run_id"] else NONE
        past = runner.past(runner.runs() / chosen) if chosen else None
        turn.put(found=found, run=chosen, past=past)
        return counted(found.height, "run")

    def _wanted(self, *names: str) -> pl.DataFrame:
        found = self.found
        if "notebook" in names and self["notebook"]:
            known = found["name"].drop_nulls().unique()
            found = found.filter(pl.col("name").is_in([one for one in known if _is(one, self["notebook"])]))
        for name in {"state", "day"} & set(names):
            found = found.filter(pl.col(name) == self[name]) if self[name] else found
        return found

    def _counted(self, column: str, found: pl.DataFrame) -> list[tuple[str, str]]:
        by = found.filter(pl.col(column).is_not_null()).group_by(column).len().sort(column, descending=column == "day")
        return [(f"all ({found.height:,})", ALL), *((f"{one} ({count:,})", one) for one, count in by.iter_rows())]


def told(runs: pl.DataFrame) -> pl.DataFrame:
    """Return runs as people read them: the state with a sign, and nothing that no run has."""
    state = pl.col("state")
    figures = [name for name in _FIGURES if runs[name].is_not_null().any()]
    return runs.select(
        pl.concat_str(state.replace_strict(SIGNS, default="✗", return_dtype=pl.String), state, separator=" ").alias(
            "state"
        ),
        pl.col("name").alias("notebook"),
        pl.col("started_at").dt.strftime(_TIME).alias("began (UTC)"),
        pl.col("duration_seconds").round(1).alias("seconds"),
        *(["target"] if (runs["target"].fill_null("") != "").any() else []),
        *figures,
        "run_id",
    )


def _history() -> pl.DataFrame:
    return runner.history(limit=MOST).with_columns(day=pl.col("started_at").dt.strftime("%Y-%m-%d"))


def _ended(run: PastRun) -> str:
    if run.state not in {"SUCCEEDED", "SKIPPED"}:
        why = f": {run.reason}" if run.reason else ""
        raise FcworkError(f"{run.run_id} ended as {run.state}{why}", hint="it is chosen now: Open shows its page")
    return f"{run.run_id} ended as {run.state}"


def _is(name: str, wanted: str) -> bool:
    return name == wanted or fnmatchcase(name, wanted)


_TEXTS = ("run_id", "name", "state", "target", "schedule", "rerun_of")
_NO_RUNS = pl.DataFrame(
    schema={
        **dict.fromkeys(_TEXTS, pl.String()),
        **dict.fromkeys(("started_at", "ended_at"), pl.Datetime("us", "UTC")),
        "duration_seconds": pl.Float64(),
        **dict.fromkeys(("read", "mapped", "rejected", "delivered", "unknown", "ready", "written"), pl.Int64()),
        "folder": pl.String(),
        "day": pl.String(),
    }
)
