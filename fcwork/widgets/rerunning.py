"""A run made again in a process of its own: a kernel that is restarted does not end it, and Stop ends it honestly."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import polars as pl

from fcwork import runner, settings
from fcwork.errors import FcworkError, NotebookError
from fcwork.widgets.words import short

if TYPE_CHECKING:
    from fcwork.runner import PastRun
    from fcwork.widgets.work import Turn

LOOK_SECONDS = 0.5
GRACE_SECONDS = 20.0  # a run has ten to write down how it ended


def rerun(turn: Turn, run: PastRun, texts: Mapping[str, str]) -> PastRun:
    """Make a run again, wait for its end, and return it.

    Args:
        turn: is told how it stands.
        run: the earlier one.
        texts: what differs this time, as typed in a shell.

    Raises:
        StoppedError: somebody asked to stop; the run was stopped.
        FcworkError: it could not be begun.
    """
    known = set(_made_of(run)["run_id"])
    with _process(run, texts) as process:
        said = _wait(turn, process, run, known)
    new = _newest(run, known)
    if new is None:
        raise FcworkError(_last_line(said), hint=f"`fcwork runs rerun {run.run_id}` in a terminal says more")
    return runner.past(new)


def texts_of(written: str, run: PastRun, *, dry: bool) -> dict[str, str]:
    """Return the values that differ, of lines ``NAME VALUE``; a dry run stays one unless a line says otherwise.

    Raises:
        NotebookError: a line has no value, or names no parameter of the run.
    """
    found: dict[str, str] = {"DRY_RUN": "true"} if dry and "DRY_RUN" in run.parameters else {}
    for line in filter(None, map(str.strip, written.splitlines())):
        name, _, value = line.partition(" ")
        if not value.strip():
            raise NotebookError(f"the line {short(line, 60)!r} has no value", hint="write NAME VALUE, one a line")
        if name not in run.parameters:
            known = ", ".join(run.parameters) or "none"
            raise NotebookError(f"{run.name} ran without a parameter {short(name, 60)!r}", hint=f"it had: {known}")
        found[name] = value.strip()
    return found


def _wait(turn: Turn, process: subprocess.Popen[str], run: PastRun, known: set[str]) -> str:
    """Wait for the end, and return what the process said."""
    while True:
        with suppress(subprocess.TimeoutExpired):
            return process.communicate(timeout=LOOK_SECONDS)[0]
        new = _newest(run, known)
        turn.tell(_stands(runner.past(new)) if new else "starting")


@contextmanager
def _process(run: PastRun, texts: Mapping[str, str]) -> Iterator[subprocess.Popen[str]]:
    parameters = [part for name, text in texts.items() for part in ("-p", name, text)]
    places = {"FCWORK_STORE": str(settings.store_place()), "FCWORK_HOME": str(settings.home())}
    process = subprocess.Popen(
        [sys.executable, "-m", "fcwork", "runs", "rerun", str(run.folder), *parameters],
        env={**os.environ, **places},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,  # what interrupts or ends the kernel is not meant for it
    )
    try:
        yield process
    finally:
        _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    """Tell a process that is there yet to stop, and wait while its run writes down how it ended."""
    if process.poll() is None:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=GRACE_SECONDS)
    if process.poll() is None:
        process.kill()
        process.wait()
    if process.stdout:
        process.stdout.close()


def _made_of(run: PastRun) -> pl.DataFrame:
    return runner.history(run.name or None).filter(pl.col("rerun_of") == run.run_id)


def _newest(run: PastRun, known: set[str]) -> str | None:
    new = [run_id for run_id in _made_of(run)["run_id"] if run_id not in known]
    return new[0] if new else None


def _stands(run: PastRun) -> str:
    stages = run.stages
    return f"{run.run_id} is {run.state}" + (f": {stages[-1].message or stages[-1].name}" if stages else "")


def _last_line(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return short(" ".join(lines[-2:]) if lines else "it ended before it began", 300)
