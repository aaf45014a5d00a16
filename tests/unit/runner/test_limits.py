import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fcwork import runner
from fcwork.errors import NotebookError
from fcwork.runner.limits import Limits, Overtime

Make = Callable[..., runner.Notebook]


class Watched:
    """A run that notes what is asked of it."""

    def __init__(self, *, stops: bool = True) -> None:
        self.asked: list[tuple[str, int | None]] = []
        self.stopped, self.killed, self._stops = threading.Event(), threading.Event(), stops

    def stop(self, limit: str, cell: int | None) -> bool:
        """Note what was asked."""
        self.asked.append((limit, cell))
        self.stopped.set()
        return self._stops


def test_the_run_s_limit_asks_first_and_then_ends() -> None:
    """At its limit a run is asked to stop, and when it is still there after the grace its kernel is ended."""
    run = Watched()
    with Overtime(Limits(timeout_seconds=0.01), run.stop, run.killed.set, grace_seconds=0.01):
        assert run.killed.wait(10)

    assert run.asked == [("the run's limit of 0.01 s", None)]


def test_a_cell_s_limit_names_its_cell() -> None:
    """Each cell has its limit anew, and the one that reaches it is named."""
    run = Watched()
    with Overtime(Limits(cell_timeout_seconds=0.2), run.stop, run.killed.set, grace_seconds=60) as overtime:
        overtime({"event": "cell.started", "cell": 1})
        overtime({"event": "cell.ended", "cell": 1})
        overtime({"event": "cell.started", "cell": 2})
        assert run.stopped.wait(10)

    assert run.asked == [("a cell's limit of 0.2 s", 2)]
    assert not run.killed.is_set()


def test_what_is_over_is_not_ended() -> None:
    """Where there was nothing left to stop nothing is ended, and after the run no timer is left."""
    run = Watched(stops=False)
    with Overtime(Limits(0.01, 60), run.stop, run.killed.set, grace_seconds=0) as overtime:
        overtime({"event": "cell.started", "cell": 1})
        assert run.stopped.wait(10)
        waiting = list(overtime._timers)

    for timer in waiting:
        timer.join(10)
    assert not [timer for timer in waiting if timer.is_alive()]
    assert not run.killed.is_set()


@pytest.mark.parametrize(("seconds", "words"), [(7200, "2 h"), (600, "10 min"), (90, "90 s"), (0.5, "0.5 s")])
def test_a_limit_is_told_in_the_largest_unit_that_fits(seconds: float, words: str) -> None:
    """A message names the limit as a person would."""
    from fcwork.runner.limits import _told

    assert _told(seconds) == words


@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf"), True, "2h"])
def test_what_is_no_limit_is_refused(make: Make, home: Path, value: Any) -> None:
    """P32: a limit that is no number above zero is refused before anything starts."""
    notebook = make("x = 1")

    with pytest.raises(NotebookError, match=r"cell_timeout_seconds is .*: nothing was run"):
        runner.run(notebook.path, cell_timeout_seconds=value)
    assert not (home / ".fcwork").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="a limit of memory is kept on Linux only")
def test_a_limit_of_memory_holds_for_the_process_and_what_it_starts() -> None:
    """P11: a process with a limit of memory cannot have more, and no limit that it had before is raised."""
    wait = "import sys; sys.stdin.read(1); bytearray(2_000_000_000)"
    with subprocess.Popen([sys.executable, "-c", wait], stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        Limits(memory_mb=500).keep_memory(process.pid)
        Limits(memory_mb=50_000).keep_memory(process.pid)
        _, said = process.communicate(b"x")

    assert b"MemoryError" in said


def test_elsewhere_a_limit_of_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """P32: where the system cannot keep a limit of memory it is refused, not forgotten."""
    monkeypatch.setattr("sys.platform", "darwin")

    with pytest.raises(NotebookError, match="memory_mb is kept on Linux only"):
        Limits(memory_mb=500)
