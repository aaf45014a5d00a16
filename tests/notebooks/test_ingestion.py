"""The ingestion notebook against a platform on a socket: loaded once, in eight stages, with the seed's details."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from fcwork import runner, sources
from fcwork.jobs import JobTracker
from fcwork.settings import variable
from fcwork.simulator import Fault, Faults, Simulator

pytestmark = [pytest.mark.kernel, pytest.mark.socket]
STAGES = [
    "initialization",
    "extraction",
    "transformation",
    "validation",
    "ingestion",
    "batch-processing",
    "verification",
    "completion",
]


@pytest.fixture
def there(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    """Run a platform with preprocessing that refuses three rows, named by the environment."""
    del home
    refusing = Fault("record", refs=["SKU-10123:LOC007", "SKU-10201:LOC011", "SKU-10311:LOC019"], code=404)
    with Simulator(positions=0, preprocessing=True, settle_polls=0, faults=Faults([refusing])) as simulator:
        for name, value in simulator.connect().items():
            monkeypatch.setenv(variable(name), value)
        yield simulator


def preset(home: Path, **changes: Any) -> dict[str, Any]:
    """Return the parameters of the seed's preset, on a copy of its sample."""
    given: dict[str, Any] = yaml.safe_load((runner.shipped() / "presets" / "seed-production.yml").read_text("utf-8"))
    source = home / "in" / "inventory.csv"
    if not source.exists():
        source.parent.mkdir()
        source.write_bytes((runner.shipped() / given["SOURCE"]).read_bytes())
    return {**given, "SOURCE": str(source), "MAPPING": str(runner.shipped() / given["MAPPING"]), **changes}


def test_the_seed_s_workflow_runs_as_it_stands(there: Simulator, home: Path) -> None:
    """The preset runs in eight stages, keeps the seed's details, exports errors beside the source, ends with errors."""
    result = runner.run("ingestion", preset(home))
    assert result.state == "COMPLETED_WITH_ERRORS", result.reason
    tracker = JobTracker()
    job = tracker.get(result.run_id)
    assert [stage.name for stage in job.stages] == STAGES
    assert job.status == "completed_with_errors"
    jobs = there.ledger.jobs
    assert jobs.height == 1
    assert {name: job.details[name] for name in ("fluentJobId", "fluentJobStatus", "sourceRecords")} == {
        "fluentJobId": jobs["job_id"][0],
        "fluentJobStatus": "OPEN",
        "sourceRecords": 10_000,
    }
    assert (job.details["mappedRecords"], job.details["mappingErrors"], job.details["fluentErrors"]) == (9_840, 160, 3)
    assert job.details["validationResult"] == {"validRecords": 9_780, "warnings": 0}
    assert job.details["recoveryResult"] == {"successCount": 9_777, "failedCount": 3, "checkpointId": None}
    [letters] = (home / "in" / "errors").glob("*.dead_letters.csv")
    assert letters.name == f"inventory-{result.run_id}.dead_letters.csv"
    assert sources.read(letters).height == 223
    assert len(list((home / "in" / "errors").glob("*.issues.json"))) == 1


def test_the_same_file_is_skipped_and_force_loads_it(there: Simulator, home: Path) -> None:
    """P31: the notebook loads a file once: again it is SKIPPED with its reason; FORCE_REPROCESS loads it again."""
    how = preset(home, ERRORS=None, MAX_REJECTED="5%", PREPROCESSING="skip")
    assert runner.run("ingestion", how).state == "COMPLETED_WITH_ERRORS"
    posted = there.ledger.count("POST", "/job/*/batch")
    again = runner.run("ingestion", how)
    assert (again.state, again.ok) == ("SKIPPED", True)
    assert "loaded already" in again.reason
    assert there.ledger.count("POST", "/job/*/batch") == posted
    forced = runner.run("ingestion", {**how, "FORCE_REPROCESS": True})
    assert forced.figures["delivered"] == 9_777
    assert JobTracker().history(status="completed")["id"].to_list() == [again.run_id]
