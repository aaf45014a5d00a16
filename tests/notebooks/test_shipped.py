import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fcwork import runner
from fcwork.cli import run_verb

pytestmark = pytest.mark.kernel
DEMO = {"read": 10_000, "mapped": 9_840, "rejected": 224, "delivered": 9_776, "unknown": 0, "ready": 0}
REASONS = {"map.type": 90, "map.required": 70, "check.duplicate": 40, "check.range": 20, "send.rejected": 4}
SAMPLE = str(runner.shipped() / "samples" / "inventory.csv")
MAPPING = str(runner.shipped() / "mappings" / "inventory.json")


@pytest.fixture
def ingest(home: Path) -> Callable[..., runner.RunResult]:
    """Run the ingestion notebook on the simulator."""
    del home
    usual = {"SOURCE": SAMPLE, "MAPPING": MAPPING, "PROFILE": "simulator"}
    return lambda **parameters: runner.run("ingestion", {**usual, **parameters})


def test_the_demo_accounts_for_each_row(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """P26, P33: the demo ends completed with errors, its figures add up, the report is there, and its code is 0."""
    assert run_verb(["demo"]) == 0
    said = capsys.readouterr()

    (folder,) = (home / ".fcwork" / "runs").iterdir()
    result = json.loads((folder / "result.json").read_text("utf-8"))
    assert (result["state"], result["target"]) == ("COMPLETED_WITH_ERRORS", "SIMULATOR")
    assert {name: result[name] for name in DEMO} == DEMO
    assert result["result"]["issues"] == REASONS
    assert "SIMULATOR" in said.out
    assert "adds up" in said.out
    assert str(folder / "report.html") in said.out
    assert {"report.html", "notebook.html", "rejected.csv", "issues.csv"} <= {file.name for file in folder.iterdir()}


def test_the_tour_runs_from_the_top(home: Path) -> None:
    """The first notebook runs as it is, on the simulator, and sends nothing."""
    del home
    result = runner.run("00_start_here")

    assert (result.state, result.target) == ("SUCCEEDED", "SIMULATOR")
    assert result.figures == {"read": 100, "mapped": 100, "rejected": 0, "delivered": 0, "unknown": 0, "ready": 100}


def test_notebooks_run_from_the_workspace_as_they_are(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a new workspace each notebook runs on its samples, also from the folder above its own."""
    assert run_verb(["init", str(home / "shop")]) == 0
    monkeypatch.chdir(home / "shop")
    ends = {name: runner.run(name, {"PROFILE": "simulator"}).state for name in ("ingestion", "webhook_verify")}
    assert ends == {"ingestion": "REFUSED", "webhook_verify": "SUCCEEDED"}


def test_ingestion_sends_nothing_unless_told_to(ingest: Callable[..., runner.RunResult]) -> None:
    """P33: without DRY_RUN false the ingestion notebook sends nothing and says so."""
    result = ingest(MAX_REJECTED="5%")

    assert (result.figures["delivered"], result.figures["ready"]) == (0, 9_780)
    assert result.result["dry_run"] is True


def test_a_closed_gate_refuses_the_load(ingest: Callable[..., runner.RunResult]) -> None:
    """P33: with rejected rows and the gate at its default the load is REFUSED and nothing is sent."""
    result = ingest(DRY_RUN=False)

    assert result.state == "REFUSED"
    assert result.figures["delivered"] == 0
    assert result.figures["read"] == result.figures["rejected"]


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"SOURCE": "none.csv"}, "none.csv"),
        ({"SOURCE": "empty.csv"}, "empty.csv"),
        ({"MAPPING": "none.json"}, "none.json"),
        ({"MAX_REJECTED": "some"}, "MAX_REJECTED"),
        ({"PROFILE": None}, "no platform is named"),
    ],
)
def test_bad_input_is_the_caller_s_mistake(
    home: Path, capsys: pytest.CaptureFixture[str], parameters: dict[str, Any], said: str
) -> None:
    """P32: bad input ends with code 2 and one message that names it and what to do; there is no traceback."""
    (home / "empty.csv").write_text("", "utf-8")
    values = {"SOURCE": SAMPLE, "MAPPING": MAPPING, "PROFILE": "simulator", **parameters}
    (home / "p.json").write_text(json.dumps(values), "utf-8")

    assert run_verb(["run", "ingestion", "-f", "p.json"]) == 2
    err = capsys.readouterr().err
    assert said in err
    assert "→ " in err
    assert "Traceback" not in err
