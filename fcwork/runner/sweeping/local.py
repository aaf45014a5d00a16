"""Processes of this machine that run the rows of a sweep: as many as may run side by side, each used again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

COMMAND = (sys.executable, "-m", "fcwork.runner.sweeping.child")
END_SECONDS = 10.0  # for a process that has nothing to do any more


@dataclass(frozen=True)
class Request:
    """A row to be run.

    Attributes:
        name, path, text: of the notebook, as it was read when the sweep was planned.
        values: parameters, as JSON has them.
        run_id: of the run.
        options: of ``runner.run``.
    """

    name: str
    path: str
    text: str
    values: dict[str, Any]
    run_id: str
    options: dict[str, Any]


@dataclass(frozen=True)
class Trouble:
    """What kept a row from being run to its end, or from being run at all.

    Attributes:
        error: in words.
        is_over: whether nobody is at the row any more, as far as can be told.
        for_all: whether the next rows would meet it too.
        began: whether the notebook had begun.
    """

    error: str
    is_over: bool = True
    for_all: bool = False
    began: bool = False


class Engine(Protocol):
    """Where rows are run."""

    def run(self, request: Request) -> Trouble | None:
        """Run a row and return when it is over; what became of it stands in its folder."""
        ...

    def stop(self) -> None:
        """Ask all rows that are being run to stop; those that are asked again are stopped at once."""
        ...

    def kill(self) -> None:
        """End the rows that are being run; they leave what they wrote so far, and no result."""
        ...

    def close(self) -> None:
        """Let go of what was used."""
        ...


class Local:
    """Runs rows in processes of this machine; safe to use from as many threads as are to run at once.

    Args:
        folder: where relative paths are taken from.
        variables: of the environment, beside those of this process.
    """

    def __init__(self, folder: str, variables: Mapping[str, str]) -> None:
        self._folder, self._environment = folder, {**os.environ, **variables}
        self._lock = threading.Lock()
        self._idle: list[subprocess.Popen[str]] = []
        self._busy: set[subprocess.Popen[str]] = set()
        self._stopped = False

    def run(self, request: Request) -> Trouble | None:
        """Run a row in a process, and keep the process for the next."""
        try:
            process = self._taken()
        except OSError as error:
            return Trouble(f"its process did not start: {error.strerror or error}")
        trouble = _asked(process, request)
        with self._lock:
            self._busy.discard(process)
            if trouble is None:
                self._idle.append(process)
        if trouble is not None:
            _ended(process)
        return trouble

    def stop(self) -> None:
        """Give the processes that are running a row a SIGTERM, as which each ends its run and saves what there is."""
        with self._lock:
            self._stopped = True
            busy = list(self._busy)
        for process in busy:
            process.terminate()

    def kill(self) -> None:
        """End the processes that are running a row; their kernels go with them."""
        with self._lock:
            busy = list(self._busy)
        for process in busy:
            process.kill()

    def close(self) -> None:
        """End the processes that wait for a row."""
        with self._lock:
            idle, self._idle = self._idle, []
        for process in idle:
            _ended(process)

    def _taken(self) -> subprocess.Popen[str]:
        with self._lock:
            process = self._idle.pop() if self._idle else self._started()
            self._busy.add(process)
            if self._stopped:
                process.terminate()
            return process

    def _started(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            COMMAND,
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            start_new_session=True,  # Ctrl-C in the terminal is ours; we tell them
        )


def _asked(process: subprocess.Popen[str], request: Request) -> Trouble | None:
    """Ask a process to run a row, and return what it answers once that is over."""
    asks, answers = process.stdin, process.stdout
    assert asks is not None  # noqa: S101 - both are pipes
    assert answers is not None  # noqa: S101
    try:
        asks.write(json.dumps({**vars(request), "parent": os.getpid()}) + "\n")
        asks.flush()
        line = answers.readline()
        told = json.loads(line) if line else {"error": _death(process)}
    except (OSError, ValueError) as error:
        return Trouble(str(error))
    return Trouble(**told) if told else None


def _death(process: subprocess.Popen[str]) -> str:
    with suppress(subprocess.TimeoutExpired):
        process.wait(END_SECONDS)
    code = process.returncode
    if code is not None and code < 0:
        return f"the process that ran it was ended by signal {-code}"
    return "the process that ran it went away"


def _ended(process: subprocess.Popen[str]) -> None:
    """Wait for a process that is asked no more; one that does not go is ended."""
    for pipe in (process.stdin, process.stdout):
        with suppress(OSError):
            if pipe:
                pipe.close()
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
