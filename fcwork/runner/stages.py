"""The job of a notebook: its stages, shown live where it runs and in the terminal of whoever runs it."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fcwork import settings
from fcwork.clock import SYSTEM, Clock
from fcwork.personal import hide, named
from fcwork.runner import shown
from fcwork.runner.display import STAGE_TYPE, in_kernel, show, table
from fcwork.runner.folder import new_id
from fcwork.stages import HowFar, facts, how_far

SHOWN_EVERY_SECONDS = 0.25


@dataclass
class _Stage:
    name: str
    message: str
    started: float
    seconds: float | None = None

    def row(self, now: float) -> tuple[str, str, str, str]:
        seconds = now - self.started if self.seconds is None else self.seconds
        return ("▸" if self.seconds is None else "✓"), self.name, self.message, f"{seconds:.1f} s"


class NotebookJob:
    """The stages of one notebook, one after the other, in a table that is updated in place.

    Attributes:
        id: the run's id in a headless run, else one of this job's own.
        folder: for what the notebook writes: the run's folder, else one of this job's own, made when it is written to.
    """

    def __init__(self, job_id: str, folder: Path, *, clock: Clock = SYSTEM) -> None:
        self.id, self.folder = job_id, folder
        self._clock = clock
        self._display_id = f"fcwork-{uuid.uuid4().hex}"
        self._stages: list[_Stage] = []
        self._shown_at: float | None = None
        self._untold: dict[str, Any] = {}

    def stage(self, name: str, message: str = "") -> None:
        """Begin a stage; the one before it ends."""
        self._close()
        self._stages.append(_Stage(name, message, self._clock.monotonic()))
        self._tell("started", message=message)

    def progress(self, progress: HowFar) -> None:
        """Show how far the stage is, of so many rows or of nobody knows how many.

        Called often, it shows four times a second at the most.
        """
        if not self._stages:
            return
        self._untold = facts(progress)
        self._stages[-1].message = how_far(**{**self._untold, "rate": progress.rate_per_second})
        shown_long_ago = self._shown_at is None or self._clock.monotonic() - self._shown_at >= SHOWN_EVERY_SECONDS
        if shown_long_ago or (progress.total is not None and progress.rows >= progress.total):
            self._tell_progress()

    def end(self) -> None:
        """End the last stage."""
        if self._close():
            self._show({})

    def __str__(self) -> str:
        now = self._clock.monotonic()
        return "\n".join(" ".join(stage.row(now)) for stage in self._stages) or f"Job {self.id}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        now = self._clock.monotonic()
        return table(stage.row(now) for stage in self._stages)

    def _close(self) -> bool:
        if not self._stages or self._stages[-1].seconds is not None:
            return False
        last = self._stages[-1]
        last.seconds = self._clock.monotonic() - last.started
        if self._untold:
            self._tell_progress()
        return True

    def _tell_progress(self) -> None:
        told, self._untold = self._untold, {}
        self._tell("progress", **told)

    def _tell(self, what: str, **facts: Any) -> None:
        self._show({STAGE_TYPE: {"what": what, "stage": self._stages[-1].name, **facts}})

    def _show(self, extra: dict[str, Any]) -> None:
        first, self._shown_at = self._shown_at is None, self._clock.monotonic()
        bundle = {"text/html": self._repr_html_(), "text/plain": str(self), **extra}
        show(bundle, display_id=self._display_id, update=not first)


_current: NotebookJob | None = None


def job(*, mask: str | Iterable[str] | None = None) -> NotebookJob:
    """Return the job of this notebook: the run's own in a headless run, a fresh one where a person runs the cells.

    Args:
        mask: columns and fields with personal data, hidden in all that the notebook shows from here on, beside those
            that ``FCWORK_MASK``, the workspace and mappings name.
    """
    global _current  # noqa: PLW0603 - one job a notebook, so that its last cell can end it
    settings.hide_personal_data()
    hide(named(mask))
    if in_kernel():
        shown.install()
    end_job()
    _current = _begun()
    return _current


def current() -> NotebookJob:
    """Return the job that this notebook has, or one that begins."""
    global _current  # noqa: PLW0603 - as above
    _current = _current or _begun()
    return _current


def end_job() -> None:
    """End the last stage of this notebook's job, if it has one."""
    if _current:
        _current.end()


def _begun() -> NotebookJob:
    run_id, folder = os.environ.get("FCWORK_RUN_ID"), os.environ.get("FCWORK_RUN_FOLDER")
    if run_id and folder:
        return NotebookJob(run_id, Path(folder))
    own_id = new_id("notebook", SYSTEM.now())
    return NotebookJob(own_id, settings.home() / "interactive" / own_id)
