"""What really happened in a run: noted by us, cell by cell, never read back from what the notebook says."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from fcwork.clock import Clock
from fcwork.redact import mask, mask_values
from fcwork.runner.folder import EVENTS, RunFolder

State = Literal[
    "SUCCEEDED",  # every cell ran to its end, or the notebook declared an early exit
    "COMPLETED_WITH_ERRORS",  # it ran, and its recorded result tells of rows that did not arrive
    "SKIPPED",  # it recorded that there was nothing to do
    "REFUSED",  # it recorded that a gate stopped it before anything was sent
    "FAILED",  # a cell failed
    "INCOMPLETE",  # it left in the middle without having said so
    "KERNEL_DIED",
    "CANCELLED",
    "TIMEOUT",  # it, or one of its cells, took longer than it was allowed to
]
RECORDABLE: tuple[State, ...] = ("SUCCEEDED", "COMPLETED_WITH_ERRORS", "SKIPPED", "REFUSED", "FAILED")
STATES: tuple[State, ...] = get_args(State)

Listener = Callable[[Mapping[str, Any]], None]
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_LIVE = frozenset({"stage.progress"})  # told to listeners, too many to keep


@dataclass(frozen=True)
class Ending:
    """How a run ended.

    Attributes:
        state: what it comes to.
        cell: the cell that failed or left, counted from 1 as ``In [n]`` counts.
        ename, evalue: the error's type, and its text or what else is to be said.
    """

    state: State
    cell: int | None = None
    ename: str = ""
    evalue: str = ""


@dataclass
class Journal:
    """The facts of one run, each also a line in its events file.

    Attributes:
        folder: where the events go; None for nowhere.
        cells: how many cells there are to run.
        clock: stamps the events.
        listeners: told of each event as it happens.
        ended: how many cells ran to their end.
        record: what the notebook recorded as its result.
        strict: whether a run in which a known secret was masked is a failure.
        masked: where one was.
        stop: how a run ends that was asked to stop before its last cell had ended.
        has_kernel: whether the kernel ever answered.
    """

    folder: RunFolder | None
    cells: int
    clock: Clock
    listeners: Sequence[Listener] = ()
    ended: int = 0
    record: dict[str, Any] = field(default_factory=dict)
    strict: bool = False
    masked: list[str] = field(default_factory=list)
    stop: Ending | None = None
    has_kernel: bool = False
    _failure: Ending | None = None
    _death: Ending | None = None
    _left_in: int | None = None
    _cell: int | None = None

    def note(self, event: str, **facts: Any) -> None:
        """Write one event and tell the listeners."""
        line = mask_values({"at": self.clock.now().isoformat(), "event": event, **facts})
        if self.folder and event not in _LIVE:
            self.folder.append(EVENTS, line)
        for listen in self.listeners:
            with suppress(OSError):  # a terminal that went away does not stop a load
                listen(line)

    def kernel_started(self) -> None:
        """Note that the kernel answers."""
        self.has_kernel = True
        self.note("kernel.started")

    def cell_started(self, number: int, step: str, source: str) -> None:
        """Note that a cell of a step was handed to the kernel."""
        self._cell = number
        self.note("cell.started", cell=number, cells=self.cells, step=step, line=first_line(source))

    def cell_ended(self, number: int) -> None:
        """Note that a cell ran to its end."""
        self._cell = None
        self.ended += 1
        self.note("cell.ended", cell=number, cells=self.cells)

    def cell_failed(self, number: int, ename: str, evalue: str) -> None:
        """Note that a cell raised; leaving with status 0 is no failure, nor is an interrupt that we sent."""
        self._cell = None
        evalue = mask(_ANSI.sub("", evalue))
        left = ename == "SystemExit" and evalue in {"", "0", "None"}
        self._left_in = number if left else None
        if not left and not self.stop:
            self._failure = Ending("FAILED", number, ename, evalue)
        self.note("cell.left" if left else "cell.failed", cell=number, ename=ename, evalue=evalue)

    def kernel_died(self, why: str, *, cell: int | None = None) -> None:
        """Note that the kernel went away in a cell, or never came."""
        self._death = Ending("KERNEL_DIED", cell, evalue=mask(why))
        self.note("kernel.died", cell=cell, why=why)

    def broke(self, error: Exception) -> None:
        """Note that what runs the notebook failed, not the notebook."""
        self._failure = Ending("FAILED", None, type(error).__name__, mask(str(error)))
        self.note("run.broke", ename=type(error).__name__, evalue=str(error))

    def cancel(self) -> None:
        """Note that somebody asked the run to stop."""
        self._stopped("run.cancelled", "CANCELLED", "stopped by a signal")

    def time_out(self, limit: str, cell: int | None = None) -> bool:
        """Note that the run, or this cell of it, reached a limit; return whether it is that which stops it."""
        if cell is not None and cell != self._cell:
            return False
        return self._stopped("run.timed_out", "TIMEOUT", f"it took longer than {limit}")

    def recorded(self, record: Mapping[str, Any]) -> None:
        """Keep what the notebook recorded; a later record replaces it."""
        self.record = mask_values(record)
        self.note("result.recorded", state=record.get("state"))

    def masked_output(self) -> None:
        """Note that a known secret was masked in what a cell put out."""
        self.masked_in(f"the output of cell [{self._cell}]")

    def masked_in(self, place: str) -> None:
        """Note where a known secret was masked."""
        if place not in self.masked:
            self.masked.append(place)
            self.note("secret.masked", place=place)

    @property
    def left_early(self) -> bool:
        """Whether the notebook left before its last cell, and had declared it."""
        return self._left_in is not None and bool(self.record.get("early_exit"))

    def ending(self) -> Ending:
        """Return the ending that the facts allow; a strict run that showed a secret has failed."""
        ending = self._ending()
        if self.strict and self.masked and ending.state in RECORDABLE and ending.state != "FAILED":
            why = f"a known secret was masked in {', '.join(self.masked)}: this strict run is not to be published"
            return Ending("FAILED", evalue=why)
        return ending

    def _ending(self) -> Ending:
        if self._failure:
            return self._failure
        if self.left_early:
            return self._recorded_ending()
        if self.stop:  # also where its last cell swallowed the interrupt and went on to its end
            return self.stop
        if self.ended == self.cells:
            return self._recorded_ending()
        if self._death:
            return self._death
        return Ending("INCOMPLETE", self._left_in, evalue=f"it left after {self.ended} of {self.cells} cells")

    def _stopped(self, event: str, state: State, why: str) -> bool:
        """Note why the run is to stop, unless it is done or was stopped before."""
        if self.stop or self.ended == self.cells:
            return False
        self.stop = Ending(state, self._cell, evalue=f"{why} after {self.ended} of {self.cells} cells")
        self.note(event, cell=self._cell, why=self.stop.evalue)
        return True

    def _recorded_ending(self) -> Ending:
        said = self.record.get("state", "SUCCEEDED")
        if said not in RECORDABLE:
            return Ending("FAILED", evalue=f"the recorded state {said!r} is none")
        return Ending(said)


def first_line(source: str) -> str:
    """Return the first line of a cell that is no comment, cut to 80 characters."""
    lines = [line.strip() for line in source.splitlines() if line.strip() and not line.strip().startswith("#")]
    return lines[0][:80] if lines else ""
