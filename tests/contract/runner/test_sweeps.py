"""Sweeps with real kernels: fates of rows, bounds, resume, signals and kills as processes meet them, and Dask."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
import psutil
import pytest

from fcwork import runner
from fcwork.errors import ConfigError
from fcwork.runner.sweeping.cluster import Where, run_here
from fcwork.runner.sweeping.local import Request

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(os.name == "nt", reason="a run there is not stopped by a signal"),
]
WAIT_SECONDS = 90.0
CELL = "ROW: int\nDO: str = ''\nSECONDS: float = 0.0"
SOURCE = """\
import os, pathlib, signal, time
with open(f"begun-{ROW}", "a") as file:
    file.write(os.environ["FCWORK_RUN_ID"] + " " + os.environ["FCWORK_SHARED_BY"] + "\\n")
if DO == "once" and not pathlib.Path("mended").exists():
    raise ValueError("not mended yet")
if DO == "die":
    os.kill(os.getpid(), signal.SIGKILL)
if DO == "runner":
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(60)
try:
    time.sleep(SECONDS)
finally:
    pathlib.Path(f"finally-{ROW}").touch()
print(ROW)
"""
Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def notebook(home: Path) -> Path:
    """Write a notebook whose rows have different fates."""
    usual: dict[str, Any] = {"cell_type": "code", "outputs": [], "execution_count": None}
    cells = [
        {**usual, "id": "p", "metadata": {"tags": ["parameters"]}, "source": CELL},
        {**usual, "id": "c", "metadata": {}, "source": SOURCE},
    ]
    file = home / "row.ipynb"
    file.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}), "utf-8")
    return file


@pytest.fixture
def start(home: Path, notebook: Path) -> Iterator[Start]:
    """Start `fcwork run` in a process of its own; what is left of it and of its runs is ended."""
    started: list[subprocess.Popen[str]] = []

    def process(*arguments: str, **options: Any) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "fcwork", "run", str(notebook), *arguments]
        pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        environment = {**os.environ, "FCWORK_HOME": str(home / ".fcwork")}
        started.append(subprocess.Popen(command, cwd=home, env=environment, text=True, **pipes, **options))
        return started[-1]

    yield process
    for one in [*started, *processes(home)]:
        one.kill()
    for one in started:
        one.communicate()


def processes(home: Path) -> list[psutil.Process]:
    """Return the processes of a folder's runs: those that run rows, and their kernels."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("FCWORK_HOME") == str(home / ".fcwork") and process.status() != "zombie":
                found.append(process)
        except psutil.Error:
            continue
    return found


def wait_for(what: Callable[[], Any]) -> Any:
    """Return what comes to be true."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        if found := what():
            return found
        time.sleep(0.1)
    raise AssertionError("waited in vain")


def write(home: Path, *rows: dict[str, Any]) -> None:
    """Write the rows of a sweep."""
    (home / "rows.json").write_text(json.dumps(rows), "utf-8")


def begun(home: Path, row: int) -> list[str]:
    """Return the runs that a row had."""
    file = home / f"begun-{row}"
    return [line.split()[0] for line in file.read_text("utf-8").splitlines()] if file.is_file() else []


def ends(frame: pl.DataFrame) -> list[tuple[Any, ...]]:
    """Return the state and the run of each row."""
    return frame.select("state", "run_id").rows()


def test_each_row_has_its_own_end_and_only_some_go_on(home: Path, notebook: Path) -> None:
    """P14: each row has a run and an end of its own, whatever another does; going on runs only what is not done."""
    rows = [
        {"ROW": 1},
        {"ROW": 2, "DO": "once"},
        {"ROW": 3, "DO": "die"},
        {"ROW": 4, "DO": "runner"},
        {"ROW": 5, "run": "last"},
    ]
    told: list[str] = []

    first = runner.sweep(notebook, rows, sweep_id="s", max_parallel=2, on_event=lambda one: told.append(one["event"]))

    assert ends(first) == [
        ("SUCCEEDED", "s-1"),
        ("FAILED", "s-2"),
        ("KERNEL_DIED", "s-3"),
        ("LOST", "s-4"),
        ("SUCCEEDED", "s-5-last"),
    ]
    assert first["reason"][3] == "the process that ran it was ended by signal 9"
    assert sorted(told) == ["row.begun"] * 5 + ["row.ended"] * 5
    shared = {(home / f"begun-{row}").read_text("utf-8").split()[1] for row in range(1, 6)}
    assert shared == {"2"}
    assert runner.history()["run_id"].sort().to_list() == ["s-1", "s-2", "s-3", "s-4", "s-5-last"]

    (home / "mended").touch()
    second = runner.sweep(resume="s", max_parallel=3)
    assert ends(second)[:3] == [("SUCCEEDED", "s-1"), ("SUCCEEDED", "s-2-again1"), ("KERNEL_DIED", "s-3-again1")]
    assert second["attempt"].to_list() == [1, 2, 2, 2, 1]
    assert [len(begun(home, row)) for row in range(1, 6)] == [1, 2, 2, 2, 1]
    assert second.equals(pl.read_parquet(home / ".fcwork" / "sweeps" / "s" / "runs.parquet"))
    wait_for(lambda: not processes(home))


def test_ctrl_c_stops_every_run_and_begins_no_other(home: Path, start: Start) -> None:
    """P12: at Ctrl-C the runs under way are CANCELLED with their finally, no row is begun, and the exit code is 130."""
    write(home, {"ROW": 1, "SECONDS": 80}, {"ROW": 2, "SECONDS": 80}, {"ROW": 3})
    sweep = start("--sweep", "rows.json", "--sweep-id", "s", "--parallel", "2", start_new_session=True)
    wait_for(lambda: begun(home, 1) and begun(home, 2))

    os.killpg(sweep.pid, signal.SIGINT)
    said, _ = sweep.communicate(timeout=WAIT_SECONDS)

    assert sweep.returncode == 130
    assert ends(runner.swept("s")) == [("CANCELLED", "s-1"), ("CANCELLED", "s-2"), ("NOT_RUN", None)]
    assert sorted(file.name for file in home.glob("finally-*")) == ["finally-1", "finally-2"]
    assert "no more rows were begun: the sweep was stopped" in said
    assert "sweep s of row: 2 CANCELLED, 1 NOT_RUN" in said
    assert not processes(home)


def test_a_sweep_that_was_killed_goes_on_and_no_row_is_run_twice_at_once(home: Path, start: Start) -> None:
    """P14: after kill -9 what was under way runs on, is waited for and counted, and the rest is run; nothing twice."""
    write(home, {"ROW": 1}, {"ROW": 2, "SECONDS": 20}, {"ROW": 3})
    sweep = start("--sweep", "rows.json", "--sweep-id", "s", "--parallel", "1")
    wait_for(lambda: begun(home, 2))
    sweep.kill()
    sweep.wait()

    assert ends(runner.swept("s")) == [("SUCCEEDED", "s-1"), ("RUNNING", "s-2"), ("NOT_RUN", None)]
    again = start("--sweep", "rows.json", "--sweep-id", "s", "--parallel", "2")
    beside = start("--resume", "s")
    said = beside.communicate(timeout=WAIT_SECONDS)[0] + again.communicate(timeout=WAIT_SECONDS)[0]

    assert sorted((beside.returncode, again.returncode)) in ([0, 2], [0, 0])
    assert "the sweep s is under way" in said or "3 SUCCEEDED" in said
    assert ends(runner.swept("s")) == [("SUCCEEDED", f"s-{row}") for row in (1, 2, 3)]
    assert [begun(home, row) for row in (1, 2, 3)] == [[f"s-{row}"] for row in (1, 2, 3)]


def test_what_outlived_its_sweep_is_stopped_with_the_next(home: Path, start: Start) -> None:
    """P12: Ctrl-C stops what an earlier process of the sweep had begun, too."""
    write(home, {"ROW": 1, "SECONDS": 80})
    sweep = start("--sweep", "rows.json", "--sweep-id", "s")
    wait_for(lambda: begun(home, 1))
    sweep.kill()
    sweep.wait()
    again = start("--resume", "s")
    steps = home / ".fcwork" / "sweeps" / "s" / "steps.jsonl"
    wait_for(lambda: steps.read_text("utf-8").count("sweep.begun") == 2)
    time.sleep(1)

    again.send_signal(signal.SIGINT)
    again.communicate(timeout=WAIT_SECONDS)

    assert again.returncode == 130
    assert ends(runner.swept("s")) == [("CANCELLED", "s-1")]
    assert (home / "finally-1").exists()


def test_a_disk_that_is_full_is_told_of_the_row_and_ends_the_sweep(home: Path, start: Start) -> None:
    """P32: a row whose run cannot be written has FAILED with the reason, and no more rows are begun."""
    write(home, {"ROW": 1}, {"ROW": 2}, {"ROW": 3})
    small = partial(resource.setrlimit, resource.RLIMIT_FSIZE, (150_000, resource.RLIM_INFINITY))
    sweep = start("--sweep", "rows.json", "--sweep-id", "s", "--parallel", "1", preexec_fn=small)
    said, _ = sweep.communicate(timeout=WAIT_SECONDS)

    assert sweep.returncode == 1
    assert ends(runner.swept("s")) == [("FAILED", "s-1"), ("NOT_RUN", None), ("NOT_RUN", None)]
    assert "row 1 FAILED: ConfigError: cannot write" in said
    assert "no more rows were begun: cannot write" in said
    assert (len(begun(home, 1)), begun(home, 2)) == (1, [])


def test_dask_runs_rows_on_its_workers(home: Path, notebook: Path) -> None:
    """With a client of Dask rows are run by its workers, with the ends and the frame that processes here would give."""
    distributed = pytest.importorskip("distributed")
    rows = [{"ROW": 1}, {"ROW": 2, "DO": "once"}, {"ROW": 3, "DO": "runner"}]
    with (
        distributed.LocalCluster(n_workers=1, threads_per_worker=2, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        told = runner.sweep(notebook, rows, engine=client, max_parallel=2, sweep_id="d")

    assert ends(told) == [("SUCCEEDED", "d-1"), ("FAILED", "d-2"), ("LOST", "d-3")]
    assert told["reason"][2] == "the process that ran it was ended by signal 9"
    assert told.equals(runner.swept("d"))
    assert not (home / "begun-4").exists()


def test_a_worker_of_dask_without_the_folders_is_told(notebook: Path) -> None:
    """P32: a worker that does not see the run-time folder says so, and the row was not run."""
    request = Request("row", str(notebook), "", {}, "x-1", {})
    trouble = run_here(request, Where("/nowhere/sweeps/x", str(notebook.parent), {}, "x"))
    assert trouble
    assert trouble.error.startswith("/nowhere/sweeps/x is not there on ")


def test_without_dask_its_extra_is_named(notebook: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """P32: engine="dask" without Dask names the extra, and nothing is run."""
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ConfigError, match="which is not installed") as told:
        runner.sweep(notebook, [{"ROW": 1}], engine="dask", sweep_id="d")
    assert "fcwork[dask]" in str(told.value)
    assert not (notebook.parent / ".fcwork").exists()
