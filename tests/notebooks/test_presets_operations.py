"""The presets of the operations notebook with their parameters alone, each on a workspace that has something to find.

What was found is compared byte for byte with what was looked at (golden/P3 …), without instants;
GOLDEN=write pytest tests/notebooks/test_presets_operations.py writes it anew.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from golden import compare

import fcwork as fw
from fcwork import runner, settings
from fcwork.settings import variable
from fcwork.simulator import Simulator
from fcwork.store import SQLiteStore

pytestmark = [pytest.mark.kernel, pytest.mark.socket]
FOUND = {
    "P8": ("files", ["workflow", "state", "size", "sha256", "rows", "delivered", "rejected", "unknown"]),
    "VP1": ("connection", ["step", "ok", "answer", "hint"]),
    "VP3": ("leases", ["name", "holder", "owner"]),
    "job-status": ("jobs", ["id", "name", "status", "stage", "error"]),
}


def parameters(preset: str) -> dict[str, Any]:
    """Return the parameters of a preset; its mapping and its source are the shipped ones."""
    given: dict[str, Any] = yaml.safe_load((runner.shipped() / "presets" / f"{preset}.yml").read_text("utf-8"))
    return {**given, **{name: str(runner.shipped() / given[name]) for name in ("MAPPING", "SOURCE") if name in given}}


@pytest.fixture
def there(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    """Run a small platform, named by the environment."""
    del home
    with Simulator(positions=24, settle_polls=0) as simulator:
        for name, value in simulator.connect().items():
            monkeypatch.setenv(variable(name), value)
        yield simulator


def load_a_file() -> None:
    """Load a file, with a workflow of its own."""
    sample = runner.shipped() / "samples" / "inventory_stock.csv"
    mapping = runner.shipped() / "mappings" / "inventory_csv.json"
    with fw.connect() as client:
        fw.ingest(client, sample, mapping=mapping, workflow="nightly stock", rules={}).apply(dry_run=False)


def hold_a_lease() -> None:
    """Hold a lease from a machine that is not this one."""
    SQLiteStore(settings.home() / "state.sqlite").acquire("schedule:nightly", "elsewhere:7-1:there:beef", ttl=600)


def fail_a_job() -> None:
    """Leave a job that went well, and one that failed."""
    tracker = fw.JobTracker()
    with tracker.job("load stock", job_id="stock-1") as job:
        job.stage("read", "Reading")
    failing = tracker.job("load <b>orders</b>", job_id="orders-1")
    failing.stage("map", "Mapping")
    failing.fail(ValueError("no such column"))


BEFORE: dict[str, Callable[[], None]] = {"P8": load_a_file, "VP3": hold_a_lease, "job-status": fail_a_job}


@pytest.mark.parametrize("preset", FOUND)
@pytest.mark.usefixtures("there")
def test_a_preset_finds_what_is_there(preset: str) -> None:
    """P8, VP1, VP3 and job-status by parameters alone: what is found is kept as a csv in the run's folder."""
    BEFORE.get(preset, lambda: None)()
    result = runner.run("operations", parameters(preset))
    assert result.state == "SUCCEEDED", result.reason
    name, columns = FOUND[preset]
    found = pl.read_csv(result.folder / f"{name}.csv", infer_schema=False)
    compare(preset, f"{name}.csv", found.select(columns).write_csv())
    assert result.result["action"] == parameters(preset)["ACTION"]


def test_mended_dead_letters_are_loaded(there: Simulator) -> None:
    """P3 by parameters alone: the four letters that were mended reach the platform, with a report of the load."""
    result = runner.run("operations", parameters("P3"))
    assert result.state == "SUCCEEDED", result.reason
    assert (result.figures["read"], result.figures["delivered"]) == (4, 4)
    compare("P3", "quantities.csv", there.ledger.quantities.write_csv())
    assert (result.folder / "report.html").is_file()


def test_a_dry_run_loads_none(there: Simulator) -> None:
    """P33: unless DRY_RUN is false no dead letter is sent, and the summary says so."""
    result = runner.run("operations", {**parameters("P3"), "DRY_RUN": True})
    assert result.state == "SUCCEEDED", result.reason
    assert "DRY RUN" in result.result["summary"]
    assert there.ledger.count("POST", "/job/*/batch") == 0


def test_an_access_that_is_refused_fails_the_run(there: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """VP1: a platform that lets nobody in is a failed run, and the table says what was tried."""
    del there
    monkeypatch.setenv("FLUENT_PASSWORD", "not-the-one")
    result = runner.run("operations", parameters("VP1"))
    assert result.state == "FAILED"
    found = pl.read_csv(result.folder / "connection.csv", infer_schema=False)
    assert found["ok"].to_list() == ["false"] * 4


@pytest.mark.parametrize("preset", [*FOUND, "P3"])
def test_a_preset_says_what_it_is(preset: str) -> None:
    """Each preset begins with a comment that says what it does, and is of this notebook."""
    assert runner.preset(preset).title
    assert runner.preset(preset).notebook == "operations"
