"""What asks a run to stop, and what ends it when asking did not help."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fcwork.runner.journal import Journal

if TYPE_CHECKING:
    from fcwork.runner.engine import Client


class Stoppable:
    """A run that can be stopped, from a signal or another thread, whether its kernel is there yet or not.

    Attributes:
        journal: told first, so that what the interrupt breaks is known for what it is.
        client: of the kernel, once there is one.
    """

    journal: Journal
    client: Client | None = None

    def stop(self) -> None:
        """Stop, as somebody asked for it."""
        self.journal.cancel()
        self._interrupt()

    def time_out(self, limit: str, cell: int | None) -> bool:
        """Stop, as a limit was reached; return whether there was anything left to stop."""
        stopped = self.journal.time_out(limit, cell)
        if stopped:
            self._interrupt()
        return stopped

    def kill(self) -> None:
        """End the kernel at once."""
        if self.client:
            self.client.kill()

    def _interrupt(self) -> None:
        if self.client:
            self.client.interrupt()


class Reach:
    """Passes on what asks a run to stop, also when it is asked before there is a run."""

    def __init__(self) -> None:
        self._run: Stoppable | None = None
        self._asked = False

    def stop(self) -> None:
        """Ask the run to stop: now, or as soon as it is found."""
        self._asked = True
        if self._run:
            self._run.stop()

    def kill(self) -> None:
        """End the run's kernel."""
        if self._run:
            self._run.kill()

    def found(self, run: Stoppable) -> None:
        """Take notice of the run that is to be stopped."""
        self._run = run
        if self._asked:
            run.stop()
