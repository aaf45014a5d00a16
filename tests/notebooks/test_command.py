import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

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


@pytest.mark.parametrize(("name", "code"), [("mistaken", 2), ("fails", 1), ("exits", 1), ("exits_early", 0)])
def test_the_exit_code_is_the_run_s(home: Path, capsys: pytest.CaptureFixture[str], name: str, code: int) -> None:
    """P13, P32: the exit code tells success, failure and the caller's mistake apart; there is no traceback."""
    del home
    assert run_verb(["run", str(SITUATIONS / f"{name}.ipynb")]) == code
    said = capsys.readouterr()
    assert "Traceback" not in said.out + said.err
    if name == "mistaken":
        assert "there is no file stock.csv\n→ paths are taken from the working folder" in said.err


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


def _events(home: Path) -> str:
    return "".join(file.read_text("utf-8") for file in (home / ".fcwork").glob("runs/*/events.jsonl"))
