"""Progress in the terminal: one bar for people, a line now and then where nobody watches."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from fcwork.cli import terminal

if TYPE_CHECKING:
    from fcwork.runner.journal import Listener
    from fcwork.stages import HowFar

LINE_EVERY_SECONDS = 5.0
STARTING = "starting the kernel"
CONNECTING = "connecting"
_BAR = "{percentage:3.0f}% {bar:24} {elapsed}  {desc}"
_WITHOUT_SHARE = "{elapsed}  {desc}"


@contextmanager
def shown(*, quiet: bool, shares: bool = True) -> Iterator[Listener | None]:
    """Give what a run tells its events to, for the time of the run.

    Args:
        quiet: tell nobody.
        shares: whether it can be known which share of the run is done.
    """
    if quiet:
        yield None
    elif sys.stderr.isatty():
        with _bar(*((_BAR, STARTING) if shares else (_WITHOUT_SHARE, CONNECTING))) as bar:
            yield bar
    else:
        yield _Lines()


@contextmanager
def _bar(form: str, words: str) -> Iterator[Listener]:
    from tqdm import tqdm

    with tqdm(total=1.0, desc=words, bar_format=form, file=sys.stderr, leave=False, dynamic_ncols=True) as bar:
        position = _Position(words)

        def update(event: Mapping[str, Any]) -> None:
            bar.n = position.after(event)
            bar.set_description_str(position.words, refresh=True)

        yield update


class Watch:
    """Tells of a load or an extraction as the events of a run would."""

    def __init__(self, listener: Listener | None) -> None:
        self._listener = listener
        self._stage = ""

    def stage(self, name: str, message: str) -> None:
        """Take notice of a stage."""
        self._stage = name
        self._tell("stage.started", message=message)

    def progress(self, progress: HowFar) -> None:
        """Take notice of how far it is."""
        from fcwork.stages import facts

        self._tell("stage.progress", **facts(progress))

    def _tell(self, event: str, **facts: Any) -> None:
        if self._listener:
            self._listener({"event": event, "stage": self._stage, **facts})


class _Position:
    """Where a run is: its cells share the bar evenly, a stage moves within its cell."""

    def __init__(self, words: str) -> None:
        self.words = words
        self._cell, self._cells = 1, 1

    def after(self, event: Mapping[str, Any]) -> float:
        """Take notice of an event and return the share that is done."""
        kind, within = event["event"], 0.0
        if kind == "cell.started":
            self._cell, self._cells = event["cell"], event["cells"]
            self.words = event["step"] or event["line"]
        elif kind == "stage.started":
            self.words = event.get("message") or event["stage"]
        elif kind == "stage.progress":
            self.words = told(event)
            within = event["done"] / event["total"] if event["total"] else 0.0
        elif kind == "cell.ended":
            within = 1.0
        return min((self._cell - 1 + within) / max(self._cells, 1), 1.0)


class _Lines:
    """Writes a line a stage, and of a long one a line every few seconds."""

    def __init__(self) -> None:
        self._written_at = time.monotonic()

    def __call__(self, event: Mapping[str, Any]) -> None:
        now = time.monotonic()
        if event["event"] == "stage.started":
            self._write(f"{event['stage']}: {event['message']}" if event.get("message") else event["stage"], now)
        elif event["event"] == "stage.progress" and now - self._written_at >= LINE_EVERY_SECONDS:
            self._write(told(event), now)

    def _write(self, line: str, now: float) -> None:
        self._written_at = now
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()


def told(event: Mapping[str, Any]) -> str:
    """Return a stage's progress in words."""
    from fcwork.stages import how_far

    words = how_far(event["done"], event["total"], event.get("pages"), event.get("rate"), event.get("trouble", ""))
    return terminal.visible(f"{event['stage']}: {words}")
