"""The start of a kernel: in a folder of its own each time, and again where it failed before any cell ran."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from pathlib import Path

from fcwork import passing
from fcwork.clock import Clock
from fcwork.errors import ConfigError
from fcwork.runner.journal import Journal
from fcwork.runner.parameters import VARIABLE

STARTS = 3  # of a machine under load one in some hundreds fails
PAUSE_SECONDS = 0.5  # before the second start; it doubles
KERNEL_LOG = "kernel.log"


def started(attempt: Callable[[Path], None], journal: Journal, clock: Clock) -> tuple[Exception, str] | None:
    """Attempt a run, again while no kernel ever answered: then no cell ran, and it is the same as the first time.

    Args:
        attempt: runs the cells, with a folder that only this user can enter.
        journal: knows whether a kernel answered, or somebody asked to stop.
        clock: waits between two starts.

    Returns:
        What broke it at last and what the kernel had said; None where nothing broke.

    Raises:
        ConfigError: the run's folder cannot be written, so that nothing can be told there.
    """
    number = 1
    while (broke := _attempted(attempt)) and number < STARTS and not (journal.has_kernel or journal.stop):
        seconds = pause(number)
        journal.note("kernel.start_failed", start=number, why=str(broke[0]), again_in_seconds=seconds)
        clock.sleep(seconds)
        number += 1
    return broke


def inherited() -> dict[str, str]:
    """Return the variables that a kernel has of this process: all but the parameters of this run."""
    mine = {name: text for name, text in os.environ.items() if not name.startswith(VARIABLE)}
    return {**mine, "FCWORK_HEADLESS": "1"}


def pause(number: int) -> float:
    """Return the seconds to wait after so many attempts."""
    return float(PAUSE_SECONDS * 2 ** (number - 1))


def _attempted(attempt: Callable[[Path], None]) -> tuple[Exception, str] | None:
    with passing.folder() as private:
        try:
            attempt(private)
        except ConfigError:
            raise
        except Exception as error:  # noqa: BLE001 - the runner's edge: whatever breaks, the run has an end
            log = private / KERNEL_LOG
            return error, log.read_text("utf-8", "replace") if log.is_file() else ""
        finally:
            _close_loop()
    return None


def _close_loop() -> None:
    """Close the event loop that Jupyter's libraries made for this thread; the main thread's goes with the process."""
    from jupyter_core.utils import ensure_event_loop

    if threading.current_thread() is threading.main_thread():
        return
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        ensure_event_loop().close()
        asyncio.set_event_loop(None)
