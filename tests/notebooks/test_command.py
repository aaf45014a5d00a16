import fcntl
import json
import os
import resource
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path

import psutil
import pytest

from fcwork import runner
from fcwork.cli import run_verb

pytestmark = pytest.mark.kernel
SITUATIONS = Path(__file__).parents[1] / "data" / "notebooks"


def test_run_ends_with_figures_and_where_to_read(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`fcwork run` reads values from a file and from the line, the line first, and ends with the figures."""
    (home / "p.yml").write_text("COUNT: 7\nSTATE: REFUSED\n", "utf-8")
    arguments = ["run", str(SITUATIONS / "records.ipynb"), "-f", "p.yml", "-p", "STATE", "COMPLETED_WITH_ERRORS"]

    assert run_verb(arguments) == 3
    said = capsys.readouterr()
    (result,) = runner.history().to_dicts()
    assert (result["state"], result["read"], result["delivered"]) == ("COMPLETED_WITH_ERRORS", 7, 6)
    assert "records COMPLETED_WITH_ERRORS" in said.out
    assert "adds up" in said.out
    assert result["folder"] in said.out
    assert said.err == "read: Reading\nsend: Sending\n"


def test_the_environment_gives_what_nobody_else_gives(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """P10: of environment, file and line the last goes first."""
    (home / "p.yml").write_text("NOTE: of the file\nCOUNT: 3\n", "utf-8")
    for name, text in {"COUNT": "2", "NOTE": "of nobody", "SINCE": "2026-01-15", "STATE": "REFUSED"}.items():
        monkeypatch.setenv(f"FCWORK_PARAM_{name}", text)

    assert run_verb(["--quiet", "run", str(SITUATIONS / "records.ipynb"), "-f", "p.yml", "-p", "COUNT", "4"]) == 3
    folder = Path(capsys.readouterr().out.strip())
    assert json.loads((folder / "parameters.json").read_text("utf-8")) == {
        "COUNT": 4,
        "STATE": "REFUSED",
        "NOTE": "of the file",
        "SINCE": "2026-01-15",
    }


def test_a_kernel_does_not_inherit_the_parameters_of_its_run(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """P10: what a run was given by the environment is not given again to a run that its notebook starts."""
    del home
    monkeypatch.setenv("FCWORK_PARAM_NUMBER", "7")

    assert run_verb(["--quiet", "run", str(SITUATIONS / "echoes.ipynb")]) == 0
    folder = Path(capsys.readouterr().out.strip())
    assert f"7 {folder.name} []" in (folder / "notebook.ipynb").read_text("utf-8")


@pytest.mark.parametrize(("name", "text"), [("COUNTS", "1"), ("SINCE", "tomorrow")])
def test_a_wrong_parameter_of_the_environment_is_a_mistake(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, name: str, text: str
) -> None:
    """P10: what the environment gives is judged as strictly as the rest, and nothing is started."""
    monkeypatch.setenv(f"FCWORK_PARAM_{name}", text)

    assert run_verb(["run", str(SITUATIONS / "records.ipynb"), "-p", "COUNT", "1"]) == 2
    assert f"{name}: " in capsys.readouterr().err
    assert not (home / ".fcwork").exists()


@pytest.mark.parametrize(("name", "code"), [("mistaken", 2), ("fails", 1), ("exits", 1), ("exits_early", 0)])
def test_the_exit_code_is_the_run_s(home: Path, capsys: pytest.CaptureFixture[str], name: str, code: int) -> None:
    """P13, P32: the exit code tells success, failure and the caller's mistake apart; there is no traceback."""
    del home
    assert run_verb(["run", str(SITUATIONS / f"{name}.ipynb")]) == code
    said = capsys.readouterr()
    assert "Traceback" not in said.out + said.err
    if name == "mistaken":
        assert "there is no file stock.csv\n→ paths are taken from the working folder" in said.err


def test_a_run_that_takes_too_long_exits_with_1(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`fcwork run --cell-timeout` stops a run whose cell takes longer, says so and ends with code 1."""
    del home
    assert run_verb(["run", str(SITUATIONS / "waits.ipynb"), "--cell-timeout", "1s", "--timeout", "2h"]) == 1
    assert "waits TIMEOUT in cell [2]: it took longer than a cell's limit of 1 s" in capsys.readouterr().err


@pytest.mark.parametrize("given", ["0s", "5", "2x", "-1h", "", "999999999w"])
def test_a_time_that_is_none_is_a_mistake(home: Path, capsys: pytest.CaptureFixture[str], given: str) -> None:
    """P32: a time limit that is no span of time is refused with examples, and nothing is run."""
    assert run_verb(["run", str(SITUATIONS / "plain.ipynb"), "--timeout", given]) == 2
    assert "is no span of time: give 90s, 10m, 12h, 2d or 1w" in capsys.readouterr().err
    assert not (home / ".fcwork").exists()


def test_runs_lists_them(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`fcwork runs` lists the runs of the workspace, and says so where there are none."""
    del home
    assert run_verb(["runs"]) == 0
    assert "no runs yet" in capsys.readouterr().out

    run_verb(["--quiet", "run", str(SITUATIONS / "plain.ipynb")])
    folder = capsys.readouterr().out.strip()
    run_verb(["runs"])
    assert "SUCCEEDED" in (said := capsys.readouterr().out)
    assert Path(folder).name in said


def test_ctrl_c_ends_with_130(home: Path) -> None:
    """P12: Ctrl-C in a terminal ends the run as CANCELLED, saved, with code 130."""
    command = [sys.executable, "-m", "fcwork", "run", str(SITUATIONS / "waits.ipynb")]
    process = subprocess.Popen(command, cwd=home, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and '"cell": 2' not in _events(home):
            time.sleep(0.1)
        time.sleep(0.5)
        os.kill(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()

    assert process.returncode == 130
    assert "waits CANCELLED" in err
    assert "Traceback" not in out + err
    (result,) = (home / ".fcwork" / "runs").glob("*/result.json")
    assert json.loads(result.read_text("utf-8"))["state"] == "CANCELLED"


def test_a_closed_terminal_ends_the_run_as_cancelled(home: Path) -> None:
    """P12: where the terminal is closed the cell's ``finally`` runs, and what it printed is saved: CANCELLED."""
    ours, theirs = os.openpty()
    command = [sys.executable, "-m", "fcwork", "run", str(SITUATIONS / "waits.ipynb")]
    process = subprocess.Popen(
        command,
        cwd=home,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=_take_the_terminal,  # noqa: PLW1509 - nothing there takes a lock
    )
    os.close(theirs)
    try:
        _wait_for_cell(home, 2)
        os.close(ours)
        process.wait(60)
    finally:
        process.kill()
        process.wait()

    (folder,) = (home / ".fcwork" / "runs").glob("*/")
    assert json.loads((folder / "result.json").read_text("utf-8"))["state"] == "CANCELLED"
    assert "cleaned up" in (folder / "notebook.ipynb").read_text("utf-8")


def test_the_exit_code_stands_where_nobody_reads(home: Path) -> None:
    """A run whose output nobody reads any more, as with ``| head``, ends with its own code and without a traceback."""
    theirs, ours = os.pipe()
    os.close(theirs)
    command = [sys.executable, "-m", "fcwork", "run", str(SITUATIONS / "plain.ipynb")]
    ended = subprocess.run(command, cwd=home, stdout=ours, stderr=subprocess.PIPE, text=True, check=False)
    os.close(ours)

    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.skipif(sys.platform != "linux", reason="a file's size is limited for a process there")
def test_a_full_disk_is_told_in_the_run(home: Path) -> None:
    """P32: where the executed notebook finds no room the run has failed, says why in its result, and exits with 2."""
    content = json.loads((SITUATIONS / "plain.ipynb").read_text("utf-8"))
    content["cells"][-1]["source"] = "for number in range(20): print('x' * 20_000)"
    (home / "much.ipynb").write_text(json.dumps(content), "utf-8")
    command = [sys.executable, "-m", "fcwork", "run", "./much.ipynb"]
    process = subprocess.Popen(command, cwd=home, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (100_000, 100_000))
    _, err = process.communicate(timeout=120)

    assert process.returncode == 2
    assert "notebook.ipynb: File too large" in err
    past = runner.past()
    assert (past.state, "File too large" in past.reason) == ("FAILED", True)


def test_a_runner_that_is_killed_leaves_no_kernel(home: Path) -> None:
    """P12: where the runner itself is killed its kernel ends too, and the run is told as LOST."""
    command = [sys.executable, "-m", "fcwork", "run", str(SITUATIONS / "waits.ipynb")]
    process = subprocess.Popen(command, cwd=home, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and '"cell": 2' not in _events(home):
            time.sleep(0.1)
        (kernel,) = psutil.Process(process.pid).children()
    finally:
        process.kill()
        process.wait()

    assert psutil.wait_procs([kernel], timeout=30)[0] == [kernel]
    assert runner.history()["state"].to_list() == ["LOST"]
    (notebook,) = (home / ".fcwork" / "runs").glob("*/notebook.ipynb")
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    assert [cell["metadata"]["papermill"]["status"] for cell in cells] == ["completed", "running", "pending"]


def _take_the_terminal() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _wait_for_cell(home: Path, number: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and f'"cell": {number}' not in _events(home):
        time.sleep(0.1)
    time.sleep(0.5)


def _events(home: Path) -> str:
    return "".join(file.read_text("utf-8") for file in (home / ".fcwork").glob("runs/*/events.jsonl"))
