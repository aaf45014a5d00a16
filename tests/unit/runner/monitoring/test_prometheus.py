"""The runs as Prometheus reads them; what is written is read by Prometheus's own parser."""

import os
import re
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from fcwork import runner
from fcwork.errors import ConfigError
from fcwork.runner.monitoring.telling import tell

Made = Callable[..., Path]
AT = 1_768_478_400  # midday of 2026-01-15


def read(text: str) -> dict[str, dict[tuple[str, ...], float]]:
    """Return the values of each metric by notebook, target, schedule and what else it is labelled with."""
    found = {}
    for family in text_string_to_metric_families(text):
        order = ("notebook", "target", "schedule", "state", "outcome")
        found[family.name] = {
            tuple(sample.labels[name] for name in order if name in sample.labels): sample.value
            for sample in family.samples
        }
    return found


def at(hour: int) -> str:
    """Return an instant of the day."""
    return f"2026-01-15T{hour}:00:00+00:00"


def test_the_runs_as_metrics(made: Made) -> None:
    """Runs by state, and the last run's state, times, duration and rows, by notebook, target and schedule."""
    known = {"target": "SIMULATOR", "schedule": "nightly"}
    made("a", state="SUCCEEDED", ended_at=at(13), read=9, delivered=9, **known)
    made("b", day=1, state="SKIPPED", ended_at=at(14), **known)
    made("c", day=2, state="FAILED", ended_at=at(15), duration_seconds=2.5, read=3, **known)
    made("d", day=3)  # it runs
    metrics, series = read(runner.exposition()), ("load", "SIMULATOR", "nightly")

    runs = metrics["fcwork_runs"]
    assert {state: runs[(*series, state)] for state in ("SUCCEEDED", "SKIPPED", "FAILED")} == dict.fromkeys(
        ("SUCCEEDED", "SKIPPED", "FAILED"), 1.0
    )
    assert runs[("load", "", "", "RUNNING")] == 1.0
    states = {labels[-1]: value for labels, value in metrics["fcwork_last_run_state"].items()}
    assert {state for state, value in states.items() if value} == {"FAILED"}
    assert set(runner.STATES) <= set(states)
    assert metrics["fcwork_last_run_duration_seconds"] == {series: 2.5}
    assert metrics["fcwork_last_run_started_timestamp_seconds"] == {series: AT + 2 * 86_400}
    assert metrics["fcwork_last_run_rows"] == {(*series, "read"): 3.0}
    assert metrics["fcwork_last_success_timestamp_seconds"] == {series: AT + 2 * 3_600}
    assert metrics["fcwork_last_arrival_timestamp_seconds"] == {series: AT + 3_600}


def test_names_and_units_are_prometheus_s_own(made: Made) -> None:
    """Each metric has help and a type, a name in base units, and no label that grows with the runs."""
    for number in range(3):
        made(f"r{number}", day=number, state="SUCCEEDED", ended_at=at(13), read=1)
    text = runner.exposition()
    names = [line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")]
    assert len(names) == 7
    assert all(re.fullmatch(r"fcwork_[a-z_]+", name) for name in names)
    assert text.count("# HELP") == len(names)
    assert "r1" not in text
    assert sum(map(len, read(text).values())) == len([line for line in text.splitlines() if not line.startswith("#")])


def test_hostile_names_stay_labels(made: Made) -> None:
    """P25: quotes, line ends and backslashes in a name cannot begin another line."""
    name = 'a"} 1\nfcwork_runs{x="\\'
    made("r", state="SUCCEEDED", name=name, ended_at=at(13))
    assert (name, "", "", "SUCCEEDED") in read(runner.exposition())["fcwork_runs"]


def test_no_runs(home: Path) -> None:
    """Where there are no runs there are no values, and it is no error."""
    del home
    assert set(map(len, read(runner.exposition()).values())) == {0}


@pytest.mark.skipif(os.name == "nt", reason="rights are others there")
def test_the_file_is_whole_and_readable_for_all(made: Made, home: Path) -> None:
    """The file is replaced at once, readable for all, and nothing lies beside it that a collector would read."""
    made("r", state="SUCCEEDED", ended_at=at(13))
    folder = home / "collector"
    folder.mkdir()
    file = folder / "fcwork.prom"
    file.write_text("old")
    runner.write_metrics(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o644
    assert file.read_text("utf-8") == runner.exposition()
    assert list(folder.iterdir()) == [file]


def test_a_file_that_cannot_be_written(made: Made, home: Path, fcwork: Callable[..., Any]) -> None:
    """P32: `fcwork metrics --to` says why it cannot be written, with code 2, and otherwise writes what it prints."""
    made("r", state="SUCCEEDED", ended_at=at(13))
    with pytest.raises(ConfigError, match="no-such-folder"):
        runner.write_metrics(home / "no-such-folder" / "x.prom")
    said = fcwork("metrics", "--to", "no-such-folder/x.prom")
    assert (said.code, "no-such-folder" in said.err) == (2, True)
    assert fcwork("metrics", "--to", "x.prom").code == 0
    assert fcwork("metrics").out == (home / "x.prom").read_text("utf-8")


def test_a_run_ends_as_it_did_without_the_file(
    made: Made, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file that cannot be written is a line of the log, and the run that has ended knows nothing of it."""
    folder = made("r", state="SUCCEEDED", ended_at=at(13))
    result = runner.RunResult("SUCCEEDED", "load", "r", folder, "", {}, {}, None, "", "", *[None] * 2)  # type: ignore[arg-type] # times are not looked at
    monkeypatch.setenv("FCWORK_METRICS", str(home / "none" / "x.prom"))
    tell(result)
    told = capsys.readouterr().err
    assert "metrics.not_written" in told
    assert "FCWORK_METRICS names a file" in told
    assert "FCWORK_HOME" not in told
    monkeypatch.setenv("FCWORK_METRICS", str(home / "x.prom"))
    tell(result)
    assert "fcwork_runs{" in (home / "x.prom").read_text("utf-8")
