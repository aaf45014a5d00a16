"""The peak memory of one piece of work on a frame, in sizes of that frame, each measured in a process of its own."""

import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl

FORMS: dict[str, Callable[[pl.DataFrame], Any]] = {
    "polars": lambda rows: rows,
    "pyarrow": pl.DataFrame.to_arrow,
    "pandas": pl.DataFrame.to_pandas,
}


def peak(script: str, name: str, frame: Any) -> str:
    """Run a script on one case in a process of its own, and return what it printed."""
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/rows.arrow"
        pl.DataFrame(frame).write_ipc_stream(path)
        command = [sys.executable, script, name, path]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def tell(name: str, path: str, work: Callable[[Any], Any], few: Any) -> None:
    """Print the peak of a work on a stored frame, which is read into a process that has held nothing else.

    Args:
        name: of the case; what stands before its comma is the kind of frame.
        path: of the stored frame.
        work: what is measured.
        few: a few rows, on which it runs first: what is loaded once is no part of the figure.
    """
    work(few)
    before = resident("VmRSS")
    given = FORMS[name.partition(",")[0]](pl.read_ipc_stream(path))
    size = resident("VmRSS") - before
    Path("/proc/self/clear_refs").write_text("5", "ascii")  # Linux counts its high-water mark anew
    before = resident("VmRSS")
    work(given)
    print(f"{1 + (resident('VmHWM') - before) / size:.1f}")


def resident(which: str) -> int:
    """Return a figure of this process's memory in bytes."""
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(which))
