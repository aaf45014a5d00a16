"""What a panel does: one action at a time, in a thread of its own, so that the kernel stays free."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from traceback import TracebackException
from typing import Any, Literal

from fcwork.clock import SYSTEM, Clock
from fcwork.errors import FcworkError

Phase = Literal["idle", "running", "stopping", "done", "stopped", "failed"]
Action = Callable[["Turn"], str | None]
AT_WORK = ("running", "stopping")


class StoppedError(Exception):
    """Raised in an action whose panel was told to stop, where it next asks or tells."""


@dataclass(frozen=True)
class Standing:
    """Where the work of a panel stands.

    Attributes:
        phase: idle, running, stopping, done, stopped or failed.
        what: the action, as ``Testing the connection``.
        told: what it told last, or why it failed.
        hint: what to do about a failure.
        share: how much of it is done, from 0 to 1; None where that is not known.
        seconds: how long it took, once it has ended.
        refused: why something else that was asked for meanwhile was not done, and what to do about it.
    """

    phase: Phase = "idle"
    what: str = ""
    told: str = ""
    hint: str = ""
    share: float | None = None
    seconds: float = 0.0
    refused: tuple[str, str] = ("", "")

    @property
    def at_work(self) -> bool:
        """Whether an action is under way."""
        return self.phase in AT_WORK

    @property
    def not_done(self) -> tuple[str, str]:
        """Why what was asked for last was not done, and what to do about it; empty where it was."""
        return (self.told, self.hint) if self.began_nothing else self.refused

    @property
    def began_nothing(self) -> bool:
        """Whether what failed was no action, but the asking for one."""
        return self.phase == "failed" and not self.what


class Turn:
    """What an action is given: whether it goes on, and ways to tell how far it is and what it found."""

    def __init__(self, work: Work, put: Callable[..., None]) -> None:
        self._work, self._put = work, put
        self._stop = threading.Event()

    @property
    def is_stopped(self) -> bool:
        """Whether somebody asked the action to stop."""
        return self._stop.is_set()

    def stop(self) -> None:
        """Ask the action to stop."""
        self._stop.set()

    def check(self) -> None:
        """Go on, or not.

        Raises:
            StoppedError: somebody asked to stop.
        """
        if self.is_stopped:
            raise StoppedError

    def wait(self, seconds: float) -> None:
        """Let time pass, unless somebody asks to stop meanwhile.

        Raises:
            StoppedError: somebody asked to stop.
        """
        self._stop.wait(seconds)
        self.check()

    def tell(self, line: str, share: float | None = None) -> None:
        """Tell how far it is, and how much of it is done where that is known (0 to 1).

        Raises:
            StoppedError: somebody asked to stop.
        """
        self.check()
        self._work.told(self, line, share)

    def put(self, **facts: Any) -> None:
        """Hand facts to the panel.

        Raises:
            StoppedError: somebody asked to stop; nothing is taken over.
        """
        self.check()
        self._put(**facts)


class Work:
    """The work of one panel.

    Args:
        put: takes the facts of an action.
        changed: called after each change of ``standing``, from the thread that made it.
        clock: the time.
    """

    def __init__(self, put: Callable[..., None], changed: Callable[[], None], clock: Clock = SYSTEM) -> None:
        self._put, self._changed, self._clock = put, changed, clock
        self._lock = threading.Lock()
        self._turn: Turn | None = None
        self._thread: threading.Thread | None = None
        self._leaves = False
        self._started = 0.0
        self.standing = Standing()
        self.error: BaseException | None = None

    def start(self, what: str, action: Action, *, leave: bool = False) -> bool:
        """Begin an action, unless another one is under way.

        Args:
            what: what it does, as ``Testing the connection``.
            action: takes a ``Turn`` and may return what to say at its end. It runs in a thread: it changes the panel by
                the turn alone.
            leave: whether it may be left alone when it is to stop and does not at once, as it changes nothing; what it
                brings later is not taken over.

        Returns:
            Whether it was begun.

        Raises:
            RuntimeError: the system has no thread left for it.
        """
        with self._lock:
            if self._turn is not None:
                return False
            turn, before = Turn(self, self._put), self.standing
            run = contextvars.copy_context().run
            thread = threading.Thread(target=run, args=(self._run, turn, action), name="fcwork-panel", daemon=True)
            self._turn, self._leaves, self.error, self._started = turn, leave, None, self._clock.monotonic()
            self.standing = Standing("running", what, refused=before.not_done)
            try:
                thread.start()
            except BaseException:  # no thread can be had: nothing was begun
                self._turn, self.standing = None, before
                raise
            self._thread = thread
        self._changed()
        return True

    def stop(self) -> None:
        """Ask the action under way to stop."""
        turn = self._turn
        if turn is None:
            return
        turn.stop()
        if self._leaves:
            self._end(turn, "stopped", "")
            return
        with self._lock:
            if self._turn is not turn:
                return
            self.standing = replace(self.standing, phase="stopping")
        self._changed()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for the action under way, and those that follow from it; say whether none is under way any more."""
        waited = None
        while (thread := self._last_thread()) not in {None, waited, threading.current_thread()}:
            thread.join(seconds)
            waited = thread
        return self._turn is None

    def told(self, turn: Turn, line: str, share: float | None) -> None:
        """Take down what an action tells."""
        with self._lock:
            if self._turn is not turn:
                return
            self.standing = replace(self.standing, told=line, share=share)
        self._changed()

    def attempt(self, action: Callable[[], object]) -> None:
        """Do something at once; where it cannot be done, the panel says why until something else is asked for."""
        refused = any(self.standing.not_done)
        self._forgive()
        try:
            action()
        except Exception as error:  # noqa: BLE001 - a panel's edge: what breaks is told in one line
            if self.standing.at_work:
                self._refuse(*_reason(error))
            else:
                self.error = error
                self.standing = Standing("failed", "", *_reason(error))
            refused = True
        if refused:
            self._changed()

    def _forgive(self) -> None:
        with self._lock:
            before = self.standing
            self.standing = Standing() if before.began_nothing else replace(before, refused=("", ""))

    def _refuse(self, why: str, hint: str) -> None:
        with self._lock:
            self.standing = replace(self.standing, refused=(why, hint))

    def _last_thread(self) -> threading.Thread | None:
        with self._lock:
            return self._thread

    def _run(self, turn: Turn, action: Action) -> None:
        try:
            said = action(turn)
        except StoppedError:
            self._end(turn, "stopped", "")
        except BaseException as error:  # noqa: BLE001 - also a polars panic, or an exit: else it were at work for good
            self._end(turn, "failed", *_reason(error), error=error)
        else:
            self._end(turn, "done", said or "")

    def _end(self, turn: Turn, phase: Phase, told: str, hint: str = "", error: BaseException | None = None) -> None:
        with self._lock:
            if self._turn is not turn:  # it was left alone
                return
            self._turn, self.error = None, error
            seconds = self._clock.monotonic() - self._started
            self.standing = Standing(phase, self.standing.what, told, hint, None, seconds, self.standing.refused)
        self._changed()


def _reason(error: BaseException) -> tuple[str, str]:
    """Return why something failed, and what to do, each on one line."""
    if isinstance(error, FcworkError):
        return error.message, error.hint
    told = TracebackException(type(error), error, None)  # also of one that cannot say its own text
    return f"{type(error).__name__}: {told}", "raise panel.work.error shows where it broke"
