import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from fcwork import runner
from fcwork.errors import ConfigError, NotebookError
from fcwork.jobs import JobTracker
from fcwork.runner.limits import Overtime

pytestmark = pytest.mark.kernel
Situation = Callable[..., runner.RunResult]


def statuses(result: runner.RunResult) -> list[str]:
    """Return what the executed notebook says of each code cell."""
    cells = json.loads((result.folder / "notebook.ipynb").read_text("utf-8"))["cells"]
    return [cell["metadata"]["papermill"]["status"] for cell in cells if cell["cell_type"] == "code"]


def printed(result: runner.RunResult) -> str:
    """Return all that the cells printed."""
    cells = json.loads((result.folder / "notebook.ipynb").read_text("utf-8"))["cells"]
    streams = [output for cell in cells for output in cell.get("outputs", []) if output["output_type"] == "stream"]
    return "".join("".join(stream["text"]) for stream in streams)


def events(result: runner.RunResult, name: str) -> list[dict[str, Any]]:
    """Return the events of this name."""
    lines = map(json.loads, (result.folder / "events.jsonl").read_text("utf-8").splitlines())
    return [line for line in lines if line["event"] == name]


def test_a_run_leaves_what_it_did(situation: Situation) -> None:
    """P10: a run that goes well leaves notebook, page, parameters, events and result, and its values arrive typed."""
    result = situation("records", {"COUNT": 3, "NOTE": 'it\'s "x"\\', "SINCE": date(2026, 1, 15)})

    kept = json.loads((result.folder / "result.json").read_text("utf-8"))
    assert (result.state, result.ok, result.target) == ("SUCCEEDED", True, "EXAMPLE")
    assert {name: kept[name] for name in ("state", "target", "read", "delivered", "rejected", "ready")} == {
        "state": "SUCCEEDED",
        "target": "EXAMPLE",
        "read": 3,
        "delivered": 2,
        "rejected": 1,
        "ready": 0,
    }
    assert kept["notebook"]["sha256"] == runner.find(kept["notebook"]["path"]).sha256
    assert printed(result) == f"3 'it\\'s \"x\"\\\\' 2026-01-15 {result.run_id}\n"
    assert json.loads((result.folder / "parameters.json").read_text("utf-8")) == {
        "COUNT": 3,
        "STATE": "SUCCEEDED",
        "NOTE": 'it\'s "x"\\',
        "SINCE": "2026-01-15",
    }
    assert set(statuses(result)) == {"completed"}
    assert "SUCCEEDED" in (result.folder / "notebook.html").read_text("utf-8")
    assert runner.history()["run_id"].to_list() == [result.run_id]
    job = JobTracker().get(result.run_id)
    assert (job.status, [stage.name for stage in job.stages]) == ("completed", ["read", "send"])


def test_stages_reach_the_events_and_whoever_listens(situation: Situation) -> None:
    """The stages of the notebook's job are events of the run, told while it runs."""
    heard: list[str] = []
    result = situation(
        "records", {"COUNT": 1}, on_event=lambda event: heard.append(event.get("stage") or event["event"])
    )

    lines = (result.folder / "events.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line).get("stage") or json.loads(line)["event"] for line in lines] == heard
    assert heard.index("read") < heard.index("send") < heard.index("result.recorded")
    assert heard[0] == "run.started"
    assert heard[-1] == "run.ended"


@pytest.mark.parametrize("state", ["COMPLETED_WITH_ERRORS", "REFUSED"])
def test_the_recorded_state_is_the_run_s(situation: Situation, state: str) -> None:
    """P33: what the notebook records as its end is the run's end, and no success."""
    result = situation("records", {"COUNT": 3, "STATE": state})

    assert (result.state, result.ok) == (state, False)


def test_a_notebook_of_one_s_own_needs_no_parameters_and_no_record(situation: Situation) -> None:
    """A plain notebook, of an older format and another kernel's name, succeeds when all its cells ran."""
    result = situation("plain")

    assert (result.state, printed(result)) == ("SUCCEEDED", "2\n")
    assert result.figures == {}


def test_a_failed_cell_is_told_and_what_follows_did_not_run(situation: Situation) -> None:
    """A failed cell fails the run; the cells after it say that they did not run, and the page shows text as text."""
    result = situation("fails")

    assert (result.state, result.failed_cell, result.ename) == ("FAILED", 2, "ValueError")
    assert JobTracker().get(result.run_id).status == "failed"
    assert result.evalue == "boo <b>bold</b>"
    assert statuses(result) == ["completed", "failed", "not run"]
    assert printed(result) == "before\n"
    assert "<b>bold</b>" not in (result.folder / "notebook.html").read_text("utf-8")


@pytest.mark.parametrize("name", ["exits", "quits"])
def test_leaving_in_the_middle_is_incomplete(situation: Situation, name: str) -> None:
    """P13: sys.exit(0) in the middle is not SUCCEEDED, whatever was recorded before; nor is Jupyter's quit()."""
    result = situation(name)

    assert (result.state, result.failed_cell, result.ok) == ("INCOMPLETE", 2, False)
    assert statuses(result)[-1] == "not run"


def test_a_declared_early_exit_ends_as_recorded(situation: Situation) -> None:
    """P13: an early exit that was declared ends the run as the notebook recorded."""
    result = situation("exits_early")

    assert (result.state, result.ok, result.result["reason"]) == ("SKIPPED", True, "no new file")
    assert statuses(result) == ["completed", "completed", "not run"]


def test_a_killed_kernel_is_told_and_its_output_kept(situation: Situation) -> None:
    """P11: a kernel killed in a cell is KERNEL_DIED; later cells are not completed and the output so far is there."""
    result = situation("dies")

    assert (result.state, result.failed_cell) == ("KERNEL_DIED", 2)
    assert statuses(result) == ["completed", "interrupted", "not run"]
    assert printed(result) == "partial\n"
    assert result.reason == "the kernel went away, in cell [2]"


@pytest.fixture
def signalled() -> Iterator[Callable[..., Callable[[Any], None]]]:
    """Make a listener that sends this process signals once the cell that waits has begun."""
    timers: list[threading.Timer] = []

    def listen(cell: int, *signals: tuple[float, signal.Signals]) -> Callable[[Any], None]:
        def hear(event: Any) -> None:
            if event["event"] == "cell.started" and event["cell"] == cell:
                for seconds, number in signals:
                    timers.append(threading.Timer(seconds, os.kill, (os.getpid(), number)))
                    timers[-1].start()

        return hear

    yield listen
    for timer in timers:
        timer.cancel()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_interrupts_the_cell_and_saves(situation: Situation, signalled: Any, number: signal.Signals) -> None:
    """P12: SIGINT and SIGTERM interrupt the kernel, its finally runs, what it printed is saved: CANCELLED."""
    before = signal.getsignal(number)
    result = situation("waits", on_event=signalled(2, (1.0, number)))

    assert result.state == "CANCELLED"
    assert result.duration_seconds < 30
    assert printed(result) == "started\ncleaned up\n"
    assert statuses(result) == ["completed", "interrupted", "not run"]
    assert signal.getsignal(number) is before


def test_a_run_that_is_stopped_before_its_first_cell_is_cancelled(situation: Situation) -> None:
    """P12: a signal that comes before there is a kernel is not lost, and no cell is run."""

    def hear(event: Any) -> None:
        if event["event"] == "run.started":
            os.kill(os.getpid(), signal.SIGTERM)

    result = situation("plain", on_event=hear)

    assert result.state == "CANCELLED"
    assert set(statuses(result)) == {"not run"}


def test_a_signal_at_the_end_waits_until_the_run_is_written_down(situation: Situation) -> None:
    """P12: a signal that comes while a run is written down is answered after it: run and job are what they came to."""

    def hear(event: Any) -> None:
        if event["event"] == "run.ended":
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        situation("plain", run_id="written", on_event=hear)

    assert runner.past("written").state == "SUCCEEDED"
    assert JobTracker().get("written").status == "completed"


def test_a_second_signal_ends_a_stubborn_kernel(situation: Situation, signalled: Any) -> None:
    """P12: a cell that will not stop is ended by the second signal."""
    result = situation("stubborn", on_event=signalled(1, (1.0, signal.SIGINT), (3.0, signal.SIGINT)))

    assert result.state == "CANCELLED"
    assert "not yet" in printed(result)
    assert result.duration_seconds < 30


@pytest.mark.parametrize(
    ("limits", "limit"),
    [
        ({"timeout_seconds": 6}, "the run's limit of 6 s"),
        ({"cell_timeout_seconds": 1, "timeout_seconds": 60}, "a cell's limit of 1 s"),
    ],
)
def test_a_run_that_takes_too_long_is_stopped(situation: Situation, limits: dict[str, float], limit: str) -> None:
    """At a time limit the cell is interrupted, its finally runs, what it printed is saved: TIMEOUT, with the cell."""
    result = situation("waits", **limits)

    assert (result.state, result.ok, result.failed_cell) == ("TIMEOUT", False, 2)
    assert result.reason == f"it took longer than {limit} after 1 of 3 cells, in cell [2]"
    assert result.duration_seconds < 30
    assert printed(result) == "started\ncleaned up\n"
    assert statuses(result) == ["completed", "interrupted", "not run"]
    assert JobTracker().get(result.run_id).status == "failed"


def test_a_cell_that_will_not_stop_is_ended_after_the_grace(
    situation: Situation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kernel that goes on after its limit is killed when the grace is over, and the state is TIMEOUT all the same."""
    monkeypatch.setitem(Overtime.__init__.__kwdefaults__, "grace_seconds", 2.0)
    result = situation("stubborn", cell_timeout_seconds=1)

    assert (result.state, result.failed_cell) == ("TIMEOUT", 1)
    assert printed(result) == "started\nnot yet\n"
    assert not _kernels_of(result)


@pytest.mark.skipif(sys.platform != "linux", reason="a limit of memory is kept on Linux only")
def test_a_cell_that_asks_for_more_memory_than_allowed_fails(situation: Situation) -> None:
    """P11: a cell that asks for more than the memory limit fails with the limit in the reason; what is below is had."""
    result = situation("hungry", memory_mb=1000)

    assert (result.state, result.failed_cell, result.ename) == ("FAILED", 2, "MemoryError")
    assert result.reason == "MemoryError in cell [2]: the run's memory limit is 1000 MB"
    assert statuses(result) == ["completed", "failed", "not run"]


def test_the_kernel_is_reached_by_private_sockets_only(
    situation: Situation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P14: the kernel's sockets stand in a folder of mode 0700 that goes with the run, and no TCP port is open."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    seen: list[Any] = []

    def look(event: Any) -> None:
        if event["event"] == "kernel.started":
            (private,) = tmp_path.glob("fcw-*")
            facts = json.loads((private / "kernel.json").read_text("utf-8"))
            seen.append((facts["transport"], private.stat().st_mode & 0o777, facts["ip"].startswith(str(private))))

    situation("plain", on_event=look)

    assert seen == [("ipc", 0o700, True)]
    assert not list(tmp_path.glob("fcw-*"))


def test_a_temporary_folder_with_a_long_path_does_not_stop_a_run(
    situation: Situation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P14: a socket's path stays below the system's limit wherever TMPDIR points."""
    deep = tmp_path / ("d" * 120)
    deep.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(deep))

    assert situation("plain").ok


def test_runs_side_by_side_do_not_cross(situation: Situation) -> None:
    """P14: of runs of one notebook at once each has a folder of its own, with its own parameter and nobody else's."""
    with ThreadPoolExecutor(6) as pool:
        results = list(pool.map(lambda number: situation("echoes", {"NUMBER": number}), range(12)))

    assert [printed(result) for result in results] == [
        f"{number} {result.run_id} []\n" for number, result in enumerate(results)
    ]
    assert len({result.folder for result in results}) == runner.history().height == 12
    assert all(result.ok for result in results)


def test_one_run_id_given_at_once_is_run_once(situation: Situation) -> None:
    """P14: of two runs that begin at once with one id one is refused, and writes nothing into the folder."""
    with ThreadPoolExecutor(2) as pool:
        tries = [pool.submit(situation, "echoes", {"NUMBER": number}, run_id="one") for number in (1, 2)]
    refused = [attempt.exception() for attempt in tries if attempt.exception()]
    (result,) = [attempt.result() for attempt in tries if not attempt.exception()]

    assert [type(error) for error in refused] == [NotebookError]
    assert printed(result) == f"{result.parameters['NUMBER']} one []\n"


def test_the_same_run_id_runs_once(situation: Situation) -> None:
    """P14: a second run with the id of the first is refused before anything starts."""
    first = situation("plain", run_id="nightly-1")
    written_at = (first.folder / "result.json").stat().st_mtime_ns

    with pytest.raises(NotebookError, match="nightly-1 was made before"):
        situation("plain", run_id="nightly-1")
    assert (first.folder / "result.json").stat().st_mtime_ns == written_at


def test_a_folder_that_can_no_longer_be_written_is_told(situation: Situation, home: Path) -> None:
    """P32: a disk that fails in the middle of a run ends it with one message, and its job has failed."""
    with pytest.raises(ConfigError, match="cannot write"):
        situation("sweeps_away", run_id="swept")

    assert JobTracker().get("swept").status == "failed"
    assert not list((home / ".fcwork" / "runs").iterdir())


def test_a_kernel_that_cannot_start_is_told(situation: Situation, home: Path) -> None:
    """A kernel that never answers ends the run with the reason and what the kernel said."""
    broken = home / "broken"
    broken.mkdir()
    (broken / "ipykernel_launcher.py").write_text("raise SystemExit('no kernel today')", "utf-8")

    result = situation("plain", environment={"PYTHONPATH": str(broken)})

    assert result.state == "KERNEL_DIED"
    assert "did not start" in result.evalue
    assert "no kernel today" in (result.folder / "error.txt").read_text("utf-8")
    assert [event["start"] for event in events(result, "kernel.start_failed")] == [1, 2]


def test_a_kernel_that_did_not_start_is_started_again(situation: Situation, home: Path) -> None:
    """P14: a start that fails is tried again and noted; no cell ran before, and the run is as any other."""
    (home / "ipykernel_launcher.py").write_text(
        "import os, runpy, sys\n"
        "here = os.path.dirname(os.path.abspath(__file__))\n"
        "if not os.path.exists(os.path.join(here, 'tried')):\n"
        "    open(os.path.join(here, 'tried'), 'w').close()\n"
        "    sys.exit('not yet')\n"
        "sys.path[:] = [path for path in sys.path if os.path.abspath(path) != here]\n"
        "runpy.run_module('ipykernel_launcher', run_name='__main__')\n",
        "utf-8",
    )

    result = situation("plain", environment={"PYTHONPATH": str(home)})

    assert (result.state, printed(result)) == ("SUCCEEDED", "2\n")
    (told,) = events(result, "kernel.start_failed")
    assert (told["start"], told["again_in_seconds"]) == (1, 0.5)
    assert not (result.folder / "error.txt").exists()


def test_a_run_that_may_be_repeated_is_run_again(situation: Situation) -> None:
    """P11: where the caller says that it is safe, a run whose kernel died is run again, and the runs are linked."""
    result = situation("dies", run_id="load-1", retries=1, safe_to_repeat=True)

    assert (result.state, result.run_id, result.retry_of) == ("KERNEL_DIED", "load-1-retry1", "load-1")
    assert runner.history()["run_id"].to_list() == ["load-1-retry1", "load-1"]
    assert json.loads((result.folder / "result.json").read_text("utf-8"))["retry_of"] == "load-1"
    (begun,) = events(result, "run.started")
    assert begun["retry_of"] == "load-1"
    assert JobTracker().get("load-1").status == JobTracker().get("load-1-retry1").status == "failed"


def test_no_process_is_left_behind(situation: Situation) -> None:
    """P12: the kernel ends with its run."""
    pids: list[int] = []
    result = situation("records", {"COUNT": 1}, environment={"MARK": "1"}, on_event=lambda _: pids.append(os.getpid()))

    assert result.ok
    deadline = time.monotonic() + 5
    while _kernels_of(result) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not _kernels_of(result)


def _kernels_of(result: runner.RunResult) -> list[str]:
    """Return the processes whose environment names the run."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            environment = (process / "environ").read_bytes()
        except OSError:
            continue
        if f"FCWORK_RUN_ID={result.run_id}".encode() in environment:
            found.append(process.name)
    return found
