from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fcwork import runner
from fcwork.clock import ManualClock
from fcwork.errors import ConfigError, NotebookError
from fcwork.runner.folder import RunFolder
from fcwork.runner.journal import Journal
from fcwork.runner.starting import started

Make = Callable[..., runner.Notebook]


@pytest.fixture
def journal(home: Path) -> Journal:
    """A run of one cell."""
    del home
    return Journal(RunFolder("run-1"), 1, ManualClock())


def test_a_start_is_tried_three_times(journal: Journal) -> None:
    """P14: a kernel that does not start is tried three times, each in a folder of its own, with longer pauses."""
    seen: list[Path] = []
    clock = ManualClock()

    def attempt(private: Path) -> None:
        seen.append(private)
        (private / "kernel.log").write_text(f"words {len(seen)}", "utf-8")
        raise RuntimeError(f"no {len(seen)}")

    broke = started(attempt, journal, clock)

    assert broke is not None
    assert (str(broke[0]), broke[1]) == ("no 3", "words 3")
    assert len(set(seen)) == 3
    assert not [folder for folder in seen if folder.exists()]
    assert clock.sleeps == [0.5, 1.0]


@pytest.mark.parametrize("stopped", [True, False])
def test_once_a_kernel_answered_nothing_is_tried_again(journal: Journal, *, stopped: bool) -> None:
    """P11: what breaks after a kernel answered may have run a cell; and a run that is stopped begins no more."""
    tries: list[Path] = []

    def attempt(private: Path) -> None:
        tries.append(private)
        journal.cancel() if stopped else journal.kernel_started()
        raise RuntimeError

    assert started(attempt, journal, ManualClock())
    assert len(tries) == 1


def test_a_folder_that_cannot_be_written_is_told_at_once(journal: Journal) -> None:
    """P32: a run's folder that cannot be written is no trouble of the kernel's."""

    def attempt(private: Path) -> None:
        raise ConfigError(f"cannot write {private}")

    with pytest.raises(ConfigError, match="cannot write"):
        started(attempt, journal, ManualClock())


def test_only_what_is_safe_is_repeated(make: Make, home: Path) -> None:
    """P11: retries of a whole run are refused unless the caller or the notebook says that it is safe to repeat."""
    with pytest.raises(NotebookError, match="not known to be safe to repeat: nothing was run"):
        runner.run(make("x = 1").path, retries=1)
    assert not (home / ".fcwork").exists()


@pytest.mark.parametrize(
    ("metadata", "safe"),
    [({"safe_to_repeat": True}, True), ({"safe_to_repeat": "yes"}, False), ({}, False), ("x", False)],
)
def test_a_notebook_may_say_that_it_is_safe(make: Make, metadata: Any, *, safe: bool) -> None:
    """P11: a notebook's metadata may declare it safe to repeat, by true and nothing else."""
    assert make("x = 1", fcwork=metadata).safe_to_repeat is safe


@pytest.mark.parametrize("retries", [-1, True, 1.5, "2"])
def test_what_is_no_number_of_retries_is_refused(make: Make, retries: Any) -> None:
    """P32: a number of retries that is none is refused before anything starts."""
    with pytest.raises(NotebookError, match="retries is"):
        runner.run(make("x = 1").path, retries=retries, safe_to_repeat=True)


def test_an_id_too_long_for_a_retry_is_refused_before(make: Make, home: Path) -> None:
    """P32: a run id that would be too long for a later retry is refused before the first run."""
    with pytest.raises(NotebookError, match="is no run id"):
        runner.run(make("x = 1").path, run_id="r" * 150, retries=1, safe_to_repeat=True)
    assert not (home / ".fcwork").exists()
