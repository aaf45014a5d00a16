"""The account of files: each delivery once, new content always, one worker at a time."""

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fcwork import recovery, settings
from fcwork.errors import StoreError
from fcwork.ingestion import FileLedger, FileVersion, IngestResult
from fcwork.simulator import Fault, Faults, Simulator
from fcwork.store import open_store

HEADER = "location,sku,quantity,status\n"
POSTS = "/job/*/batch"


@pytest.fixture
def deliver(tmp_path: Path) -> Callable[..., Path]:
    """Write a stock file: so many rows, each of one quantity."""

    def write(rows: int = 3, quantity: object = 5, name: str = "stock.csv") -> Path:
        path = tmp_path / "in" / name
        path.parent.mkdir(exist_ok=True)
        mark = "" if name == "stock.csv" else f"{path.stem}-"
        path.write_text(HEADER + "".join(f"LOC1,{mark}SKU-{i},{quantity},\n" for i in range(rows)), "utf-8")
        return path

    return write


def load(there: Any, path: Path | str, **options: Any) -> IngestResult:
    """Load a file for real."""
    return there.plan(str(path), **options).apply(dry_run=False)


def state(there: Any) -> list[tuple[Any, ...]]:
    """Return name, state and counts of each file that is known."""
    files = FileLedger(open_store(settings.store_place()), workflow="ingestion", target=there.client.target).files()
    rows = files.select("name", "state", "delivered", "rejected", "unknown").rows()
    return [(Path(name).name, *rest) for name, *rest in rows]


def test_the_same_delivery_is_loaded_once(platform: Any, deliver: Callable[..., Path]) -> None:
    """P31: a file whose content was loaded last is SKIPPED with its reason, and nothing reaches the platform."""
    there, path = platform(), deliver()
    assert load(there, path).state == "SUCCEEDED"
    posted = there.simulator.ledger.count("POST", POSTS)
    os.utime(path)  # delivered again, the same
    again = load(there, path)
    assert (again.state, again.counts["read"]) == ("SKIPPED", 0)
    assert again.skipped[0].reason.startswith("loaded already at 2026-01-15 12:00")
    assert "loaded already" in again.summary
    assert there.simulator.ledger.count("POST", POSTS) == posted
    assert state(there) == [("stock.csv", "verified", 3, 0, 0)]


def test_new_content_is_loaded_also_what_was_there_before_last(platform: Any, deliver: Callable[..., Path]) -> None:
    """P31: A, then B, then A again under one name is loaded three times, and the platform holds A."""
    there = platform()
    for quantity in (5, 6, 5):
        assert load(there, deliver(quantity=quantity)).state == "SUCCEEDED"
    held = there.simulator.ledger.quantities
    assert set(held["qty"]) == {5}
    assert set(held["effects"]) == {3}


def test_new_content_counts_whatever_its_stamp(platform: Any, deliver: Callable[..., Path]) -> None:
    """P31: other content of the same size and time of writing is loaded."""
    there, path = platform(), deliver(quantity=5)
    stamp = path.stat()
    assert load(there, path).ok
    deliver(quantity=6)
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert load(there, path).counts["delivered"] == 3


def test_a_loaded_file_is_loaded_again_by_force(platform: Any, deliver: Callable[..., Path]) -> None:
    """P31: force loads what was loaded already."""
    there, path = platform(), deliver()
    load(there, path)
    assert load(there, path, force=True).counts["delivered"] == 3
    assert set(there.simulator.ledger.quantities["effects"]) == {2}


def test_a_file_that_was_forgotten_is_loaded_again(platform: Any, deliver: Callable[..., Path]) -> None:
    """P31: a file whose account was dropped is a new one, whatever it holds; of one that is unknown that is said."""
    there, path = platform(), deliver()
    load(there, path)
    ledger = FileLedger(open_store(settings.store_place()), workflow="ingestion", target=there.client.target)
    assert (ledger.forget(str(path)), ledger.forget(str(path))) == (True, False)
    assert load(there, path).state == "SUCCEEDED"


def test_files_are_told_apart_by_workflow_and_target(platform: Any, deliver: Callable[..., Path]) -> None:
    """What one workflow loaded, or loaded to another target, is not loaded for others."""
    path = deliver()
    there, other = platform(), platform()
    assert load(there, path).ok
    assert load(there, path, workflow="other").state == "SUCCEEDED"
    other.client.target = "other.host"
    assert load(other, path).state == "SUCCEEDED"


def test_a_dry_run_and_a_closed_gate_load_nothing(platform: Any, deliver: Callable[..., Path]) -> None:
    """P31, P33: what was looked at or refused is not loaded, and comes again."""
    there, path = platform(), deliver(quantity="many")
    there.plan(str(path)).apply()
    assert state(there)[0][:2] == ("stock.csv", "seen")
    assert load(there, path).state == "REFUSED"
    assert state(there)[0][:2] == ("stock.csv", "error")
    assert load(there, path).state == "REFUSED"
    assert load(there, path, max_rejected="100%").state == "COMPLETED_WITH_ERRORS"


def test_refused_rows_do_not_bring_a_file_back(platform: Any, deliver: Callable[..., Path]) -> None:
    """P31: a file of which rows were refused for good is loaded; its next mention says how many stayed behind."""
    there, path = platform(Fault("record", ref="SKU-1", code=404)), deliver()
    assert load(there, path).state == "COMPLETED_WITH_ERRORS"
    again = load(there, path)
    assert again.state == "SKIPPED"
    assert "1 of its rows rejected" in again.skipped[0].reason


def test_what_may_still_go_through_brings_a_file_back(platform: Any, deliver: Callable[..., Path]) -> None:
    """A file with rows left goes on where it stopped; it is verified when nothing is left."""
    there, path = platform(Fault("stuck_pending", nth=1)), deliver()
    first = load(there, path)
    assert (first.counts["unknown"], state(there)[0][1]) == (3, "sent")
    posted = there.simulator.ledger.count("POST", POSTS)
    again = load(there, path)
    assert again.checkpoint == first.checkpoint
    assert there.simulator.ledger.count("POST", POSTS) == posted  # asked for again, not sent again


def test_tomorrow_s_file_is_loaded_whatever_became_of_today_s(platform: Any, deliver: Callable[..., Path]) -> None:
    """P22: stuck rows never block the next delivery, which supersedes them."""
    there = platform(Fault("stuck_pending", nth=1))
    first = load(there, deliver(quantity=5))
    assert first.counts["unknown"] == 3
    assert load(there, deliver(quantity=6)).state == "SUCCEEDED"
    assert recovery.checkpoints().select("name", "state").rows() == [(first.checkpoint, "superseded")]


def test_of_several_files_only_the_new_are_loaded(platform: Any, deliver: Callable[..., Path]) -> None:
    """P31: a glob loads what is new; the others are named as skipped, and the rows of the new ones add up."""
    there = platform()
    folder = deliver(2, name="a.csv").parent
    deliver(3, name="b.csv")
    assert load(there, folder / "*.csv").counts["delivered"] == 5
    deliver(4, quantity=9, name="b.csv")
    deliver(1, name="c.csv")
    result = load(there, folder / "*.csv")
    assert (result.counts["read"], result.counts["delivered"], result.state) == (5, 5, "SUCCEEDED")
    assert [Path(file.uri).name for file in result.skipped] == ["a.csv"]


def test_files_in_zips_are_accounted_for_by_their_zip(
    platform: Any, deliver: Callable[..., Path], tmp_path: Path
) -> None:
    """P26, P31: zips of several files are loaded and skipped zip by zip, and every row in them is accounted for."""
    there = platform()
    for name in ("a", "b"):
        with zipfile.ZipFile(tmp_path / f"{name}.zip", "w") as archive:
            for member in ("1", "2"):
                archive.write(deliver(2, name=f"{name}{member}.csv"), f"{member}.csv")
    first = load(there, tmp_path / "a.zip")
    assert (first.counts["read"], first.counts["delivered"]) == (4, 4)
    both = load(there, tmp_path / "*.zip")
    assert (both.counts["read"], both.counts["delivered"]) == (4, 4)
    assert [Path(file.uri).name for file in both.skipped] == ["a.zip"]
    assert state(there) == [("a.zip", "verified", 4, 0, 0), ("b.zip", "verified", 4, 0, 0)]
    assert load(there, tmp_path / "*.zip").state == "SKIPPED"


def test_each_file_is_a_send_of_its_own(platform: Any, deliver: Callable[..., Path]) -> None:
    """When the second of two files cannot be sent, the first is loaded, and only the second comes again."""
    down = Fault("status", method="POST", path=POSTS, status=503, nth=range(2, 40))
    there = platform(down)
    folder = deliver(2, name="a.csv").parent
    deliver(3, name="b.csv")
    first = load(there, folder / "*.csv")
    assert (first.counts["delivered"], first.counts["rejected"]) == (2, 3)
    assert [line[:2] for line in state(there)] == [("a.csv", "verified"), ("b.csv", "sent")]


def test_each_file_may_have_a_job_of_its_own(platform: Any, deliver: Callable[..., Path]) -> None:
    """With job="per-file" the platform gets one job for each file, and the result names them."""
    there = platform()
    folder = deliver(2, name="a.csv").parent
    deliver(3, name="b.csv")
    result = load(there, folder / "*.csv", job="per-file")
    assert result.ok
    assert there.simulator.ledger.jobs.height == len(result.jobs) == 2
    assert result.job_status == "OPEN"


def test_a_file_claimed_by_another_worker_is_left_to_it(platform: Any, deliver: Callable[..., Path]) -> None:
    """P30: while one worker loads a file, another skips it and says who is at it; its rows count nowhere."""
    there, path = platform(), deliver()
    ledger = FileLedger(open_store(settings.store_place()), workflow="ingestion", target=there.client.target)
    plan = there.plan(str(path))
    with ledger.claim(FileVersion(str(path))):
        result = plan.apply(dry_run=False)
    assert (result.state, result.counts["read"]) == ("SKIPPED", 0)
    assert "another worker is loading it" in result.skipped[0].reason
    assert there.simulator.ledger.count("POST", POSTS) == 0


def test_what_another_worker_loaded_meanwhile_is_not_loaded_again(platform: Any, deliver: Callable[..., Path]) -> None:
    """P31: between plan and apply a file may have been loaded: it is skipped then."""
    there, path = platform(), deliver()
    plan = there.plan(str(path))
    assert load(there, path).ok
    assert plan.apply(dry_run=False).state == "SKIPPED"
    assert set(there.simulator.ledger.quantities["effects"]) == {1}


def test_a_lost_claim_ends_the_load(platform: Any, deliver: Callable[..., Path]) -> None:
    """P30: a worker whose claim was taken over writes nothing down any more."""
    there, path = platform(), deliver()
    store = open_store(settings.store_place(), clock=there.clock)
    ledger = FileLedger(store, workflow="ingestion", target=there.client.target)
    with ledger.claim(FileVersion(str(path))) as claim:
        there.clock.advance(3_600)
        with ledger.claim(FileVersion(str(path))) as other:
            assert not other.refused
            with pytest.raises(StoreError, match="no longer held"):
                claim.note("verified")


def test_a_frame_is_no_file(platform: Any) -> None:
    """Rows that come as a frame are sent as often as they are given."""
    there, rows = platform(), [{"location": "LOC1", "sku": "A", "quantity": "1", "status": ""}]
    for _ in range(2):
        assert there.plan(rows).apply(dry_run=False).state == "SUCCEEDED"


WORKER = """
import json, sys
import fcwork as fw
settings, folder = json.loads(sys.argv[1]), sys.argv[2]
with fw.FluentClient(**settings) as client:
    plan = fw.ingest(client, f"{folder}/*.csv", mapping=json.loads(sys.argv[3]), job="daily", job_name="daily")
    result = plan.apply(dry_run=False)
    print(json.dumps({"state": result.state, "delivered": result.counts["delivered"], "jobs": result.jobs}))
"""


@pytest.mark.socket
def test_two_workers_at_once_load_each_file_once_into_one_job(
    deliver: Callable[..., Path], mapping: dict[str, Any]
) -> None:
    """P30, P31: two processes that start the same daily ingestion at once use one job and load each file once."""
    folder = deliver(200, name="a.csv").parent
    for name in ("b.csv", "c.csv", "d.csv"):
        deliver(150, quantity=name.encode()[0], name=name)
    slow = Fault("slow", method="POST", path="*/job*", seconds=0.05)
    with Simulator(positions=0, faults=Faults([slow])) as there:
        arguments = [sys.executable, "-c", WORKER, json.dumps(there.connect()), str(folder), json.dumps(mapping)]
        workers = [subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) for _ in range(2)]
        told = [json.loads(worker.communicate(timeout=120)[0]) for worker in workers]
        assert there.ledger.jobs.height == 1
        assert there.ledger.batches.height == 4
        assert there.ledger.batches["rows"].sum() == 650
    assert sum(one["delivered"] for one in told) == 650
    assert {one["state"] for one in told} <= {"SUCCEEDED", "SKIPPED"}
