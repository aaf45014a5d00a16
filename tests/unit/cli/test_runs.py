import json
import webbrowser
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fcwork.runner import Notebook, archive
from fcwork.runner.folder import RunFolder

Fcwork = Callable[..., Any]
GOOD, BAD = "20260115T120000Z-load-aaaa1111", "20260116T120000Z-load-bbbb2222"
AT = datetime(2026, 1, 15, 12, tzinfo=UTC)


def leave(run_id: str, at: datetime, source: str, parameters: dict[str, Any], **told: Any) -> Path:
    """Leave the folder of a run that ended as it is told."""
    folder = RunFolder(run_id)
    cells = [{"cell_type": "code", "source": source, "metadata": {}}]
    archive.begin(folder, Notebook("load", Path("load.ipynb"), json.dumps({"cells": cells})), at)
    folder.write_json("parameters.json", parameters)
    facts = {"name": "load", "started_at": at.isoformat(), "ended_at": at.isoformat(), "duration_seconds": 2.0}
    folder.write_json("result.json", {**facts, **told})
    return folder.path


@pytest.fixture
def two(home: Path) -> Path:
    """Leave a run that succeeded and, a day later, one that failed; return the folder of the latter."""
    del home
    leave(GOOD, AT, "x = 1", {"SOURCE": "a.csv", "N": 1}, state="SUCCEEDED", target="T", read=1_000, delivered=1_000)
    evil = "boo \x1b[31mred"
    return leave(
        BAD,
        AT + timedelta(days=1),
        "x = 2",
        {"SOURCE": "b.csv", "N": 1},
        state="FAILED",
        failed_cell=1,
        ename="ValueError",
        evalue=evil,
        read=3,
        delivered=1,
    )


def test_runs_are_listed_the_latest_first(fcwork: Fcwork, two: Path) -> None:
    """`fcwork runs` lists each run with its state, target, rows and whole id."""
    del two
    said = fcwork("runs")
    failed, good = said.out.splitlines()
    assert said.code == 0
    assert failed.startswith("2026-01-16 12:00  FAILED ")
    assert failed.endswith(BAD)
    assert "1,000 read, 1,000 delivered" in good


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (["--state", "failed"], [BAD]),
        (["--state", "failed", "--state", "SUCCEEDED"], [BAD, GOOD]),
        (["--name", "lo*"], [BAD, GOOD]),
        (["--name", "other"], []),
        (["--since", "2026-01-16"], [BAD]),
        (["-n", "1"], [BAD]),
    ],
)
def test_runs_can_be_chosen(fcwork: Fcwork, two: Path, options: list[str], found: list[str]) -> None:
    """Name, state, beginning and number choose among the runs; for programs they are JSON."""
    del two
    assert [row["run_id"] for row in json.loads(fcwork("runs", *options, "--json").out)] == found
    if not found:
        assert fcwork("runs", *options).out == "no such runs\n"


def test_without_runs_the_list_says_so(fcwork: Fcwork) -> None:
    """Without a run the list says where it looked, and for programs it is empty."""
    assert fcwork("runs").out.startswith("no runs yet in ")
    assert fcwork("runs", "--json").out == "[]\n"


def test_a_run_is_shown(fcwork: Fcwork, two: Path) -> None:
    """P25: a run is shown with its state, cell, reason, parameters, figures, files and job; nothing in it acts."""
    said = fcwork("runs", "show", "latest")

    assert said.code == 0
    assert said.out.startswith("load FAILED\n")
    assert "cell      [1]" in said.out
    assert "ValueError: boo \\x1b[31mred" in said.out
    assert "DOES NOT ADD UP to 3" in said.out
    assert "SOURCE  b.csv" in said.out
    assert "result.json" in said.out
    assert "job       not tracked" in said.out
    assert str(two) in said.out
    assert "\x1b" not in said.out


def test_what_a_run_repeats_is_shown(fcwork: Fcwork, two: Path) -> None:
    """A run that was made again, or anew after its kernel died, names the one before."""
    told = json.loads((two / "result.json").read_text("utf-8"))
    (two / "result.json").write_text(json.dumps({**told, "retry_of": "first", "rerun_of": "other"}), "utf-8")

    said = fcwork("runs", "show", two.name)

    assert "  retry of  first\n  rerun of  other\n" in said.out


def test_a_run_is_shown_to_programs(fcwork: Fcwork, two: Path) -> None:
    """For programs a run is one object of JSON, in ASCII."""
    del two
    said = fcwork("runs", "show", "bbbb2222", "--json")
    told = json.loads(said.out)
    assert said.out.isascii()
    assert (told["run_id"], told["state"], told["parameters"]) == (BAD, "FAILED", {"SOURCE": "b.csv", "N": 1})


def test_two_runs_are_compared(fcwork: Fcwork, two: Path) -> None:
    """`fcwork runs diff` shows what is different: the end, parameters, figures and the cells of the notebook."""
    del two
    said = fcwork("runs", "diff", "20260115", "latest")
    lines = [" ".join(line.split()) for line in said.out.splitlines()]

    assert said.code == 0
    assert lines[0] == f"{GOOD} → {BAD}"
    assert "state SUCCEEDED FAILED" in lines
    assert "SOURCE a.csv b.csv" in lines
    assert "read 1000 3" in lines
    assert [line for line in lines if line[:3] in {"-x ", "+x "}] == ["-x = 1", "+x = 2"]
    assert not any(line.startswith("N ") for line in lines)
    assert json.loads(fcwork("runs", "diff", GOOD, BAD, "--json").out)["figures"]["read"] == {
        "before": 1000,
        "after": 3,
    }
    assert fcwork("runs", "diff", GOOD, GOOD).out.endswith("nothing is different\n")


def test_a_notebook_that_was_not_kept_is_said(fcwork: Fcwork, two: Path) -> None:
    """Where a run did not keep its notebook the comparison says so."""
    (two / "source.ipynb").unlink()
    assert "did not keep what it ran" in fcwork("runs", "diff", GOOD, BAD).out


def test_the_page_is_opened_where_there_is_a_browser(
    fcwork: Fcwork, two: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`fcwork runs open` prints the page's path, the folder's without one, and opens the page only on a screen."""
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("DISPLAY", ":0")
    assert fcwork("runs", "open", "latest").out == f"{two}\n"
    assert opened == []

    page = two / "notebook.html"
    page.write_text("x", "utf-8")
    assert fcwork("runs", "open", "latest").out == f"{page}\n"
    fcwork("runs", "open", "latest", "--no-browser")
    monkeypatch.delenv("DISPLAY")
    fcwork("runs", "open", "latest")
    assert opened == [page.as_uri()]


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (["show", "nope"], "there is no run 'nope'"),
        (["show", "2026"], "may be any of"),
        (["diff", GOOD, "../x"], "there is no folder "),
        (["rerun", "nope"], "there is no run 'nope'"),
        (["open", "nope"], "there is no run 'nope'"),
        (["--state", "faled"], "did you mean 'FAILED'"),
        (["--since", "yesterday"], "is no time"),
        (["-n", "0"], "0 is not in the range"),
    ],
)
def test_a_mistake_is_told(fcwork: Fcwork, two: Path, call: list[str], told: str) -> None:
    """P32: a run that is not there, or a choice that makes no sense, ends with code 2 and one message."""
    del two
    said = fcwork("runs", *call)
    assert (said.code, told in said.err) == (2, True)
    assert "Traceback" not in said.err
