"""What a cell says of its result: one line, and while it works one that moves."""

from __future__ import annotations

import html
import sys
from contextlib import suppress
from typing import Any

from IPython import display

from fcwork.clock import SYSTEM, Clock
from fcwork.ipython import reasons
from fcwork.ipython.asking import Answer
from fcwork.redact import mask
from fcwork.unseen import spelt_out

_FIRST_AFTER, _THEN_EVERY = 0.4, 0.5  # seconds: what is done at once needs no word


class Line:
    """A line that shows itself as text and as HTML in which nothing of the data's is live."""

    def __init__(self, text: str, *, warns: bool = False) -> None:
        self.text = spelt_out(mask(text))
        self._warns = warns

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        sign = "⚠ " if self._warns else ""
        return f'<div style="overflow-wrap: anywhere"><small>{sign}{html.escape(self.text)}</small></div>'


def of_answer(answer: Answer, target: str, name: str) -> Line:
    """Return the line of an answer: where it is from, how much it is, whether it is all, and how long it took."""
    height = answer.rows.height
    parts = [f"{height:,} row{'' if height == 1 else 's'}{f' of {answer.of}' if answer.of else ''}"]
    if answer.pages:
        parts.append(f"{answer.pages:,} page{'' if answer.pages == 1 else 's'}")
    parts.append("complete" if answer.complete else f"incomplete: {'; '.join(map(reasons.told, answer.reasons))}")
    if answer.beside:
        parts.append(f"not in the frame: {', '.join(answer.beside)}")
    parts.append(f"{answer.seconds:.1f} s")
    named = f" → {name}" if name else ""
    return Line(f"{target}: {' · '.join(parts)}{named}", warns=not answer.limited)


class Progress:
    """A line that tells how far a query is: it comes when there is something to wait for, and its place is reused.

    Args:
        target: where the rows are from.
        in_notebook: whether a front end can change what it was given; else a terminal's line is written anew.
    """

    def __init__(self, target: str, *, in_notebook: bool, clock: Clock = SYSTEM) -> None:
        self._target = target
        self._in_notebook = in_notebook
        self._clock = clock
        self._next = clock.monotonic() + _FIRST_AFTER
        self._started = clock.monotonic()
        self._handle: Any = None
        self._written = 0

    def __call__(self, rows: int, pages: int) -> None:
        """Tell of rows and pages so far, if it is time to."""
        now = self._clock.monotonic()
        if now < self._next:
            return
        self._next = now + _THEN_EVERY
        self._show(f"{self._target}: {rows:,} rows · {pages:,} pages · {now - self._started:.0f} s …")

    def end(self, line: Line) -> None:
        """Put the last word in the place of the line."""
        if self._handle is not None:
            self._handle.update(line)
            return
        self._wipe()
        self._display(line)

    def stop(self) -> None:
        """Leave nothing behind, as an error follows."""
        if self._handle is not None:
            self._handle.update(Line(f"{self._target}: stopped", warns=True))
        self._wipe()

    @staticmethod
    def _display(line: Line, **how: Any) -> Any:
        show: Any = display.display  # IPython types it halfway
        return show(line, **how)

    def _show(self, text: str) -> None:
        line = Line(text)
        if self._in_notebook and self._handle is not None:
            self._handle.update(line)
        elif self._in_notebook:
            self._handle = self._display(line, display_id=True)
        elif sys.stderr.isatty():
            self._wipe()
            self._written = len(line.text)
            sys.stderr.write(f"\r{line.text}")
            sys.stderr.flush()

    def _wipe(self) -> None:
        if self._written:
            with suppress(OSError):
                sys.stderr.write(f"\r{' ' * self._written}\r")
                sys.stderr.flush()
            self._written = 0


def in_notebook(shell: Any) -> bool:
    """Say whether a kernel runs this, and not a terminal."""
    return getattr(shell, "kernel", None) is not None
