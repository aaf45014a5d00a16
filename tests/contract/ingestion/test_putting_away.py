"""What becomes of the files themselves: the archive, the folder of errors, the logs, and what waits in the inbox."""

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from fcwork import sources
from fcwork.errors import ConfigError, MappingError, SourceError
from fcwork.ingestion import FileLedger, IngestResult, files
from fcwork.recovery import checkpoints
from fcwork.settings import store_place
from fcwork.simulator import Fault
from fcwork.sources.filesystems.local import Local
from fcwork.store import open_store

HEADER = "location,sku,quantity,status\n"
POSTS = "/job/*/batch"
ALL: dict[str, Any] = {"archive": "archive", "errors_to": "errors", "logs": "logs"}
NOBODY = "not one of its rows was delivered"


@pytest.fixture
def deliver(tmp_path: Path) -> Callable[..., Path]:
    """Write a stock file into the inbox: so many rows of one quantity, at a minute of the day."""

    def write(name: str = "stock.csv", *, rows: int = 3, quantity: object = 5, minute: int = 0) -> Path:
        path = tmp_path / "in" / name
        path.parent.mkdir(exist_ok=True)
        lines = "".join(f"LOC1,{path.stem}-{i},{quantity},\n" for i in range(rows))
        path.write_text(HEADER + lines, "utf-8")
        written = datetime(2026, 1, 15, 11, minute, tzinfo=UTC).timestamp()
        os.utime(path, (written, written))
        return path

    return write


def load(there: Any, source: Path | str, **options: Any) -> IngestResult:
    """Load an inbox for real, its files put away."""
    return there.plan(str(source), **{**ALL, **options}).apply(dry_run=False)


def folder(tmp_path: Path) -> dict[str, list[str]]:
    """Return the names of what lies where."""
    inbox = tmp_path / "in"
    where = {"in": inbox, "archive": inbox / "archive", "errors": inbox / "errors"}
    return {name: sorted(file.name for file in path.glob("*") if file.is_file()) for name, path in where.items()}


def told(there: Any) -> dict[str, tuple[str, str]]:
    """Return state and reason of each file that is known."""
    ledger = FileLedger(open_store(store_place()), workflow="ingestion", target=there.client.target)
    return {
        Path(name).name: (state, why) for name, state, why in ledger.files().select("name", "state", "reason").rows()
    }


def logs(tmp_path: Path) -> list[dict[str, Any]]:
    """Return the logs of the files, in the order of their names."""
    return [json.loads(path.read_text("utf-8")) for path in sorted((tmp_path / "in" / "logs").glob("*.json"))]


def test_a_file_that_is_loaded_is_archived(platform: Any, deliver: Callable[..., Path], tmp_path: Path) -> None:
    """A file whose rows all arrived goes to the archive as it was, and the account says where it is."""
    there, path = platform(), deliver()
    content = path.read_bytes()
    result = load(there, path)
    assert (result.state, result.counts["delivered"]) == ("SUCCEEDED", 3)
    assert folder(tmp_path) == {"in": [], "archive": ["stock.csv"], "errors": []}
    assert (tmp_path / "in" / "archive" / "stock.csv").read_bytes() == content
    assert told(there) == {"stock.csv": ("archived", f"moved to {tmp_path}/in/archive/stock.csv")}
    assert [(file.to, file.state) for file in result.moved] == [(f"{tmp_path}/in/archive/stock.csv", "archived")]
    assert "1 file archived" in result.summary
    assert [stage.name for stage in result.stages][-1] == "archiving"


def test_a_dry_run_and_no_folder_move_nothing(platform: Any, deliver: Callable[..., Path], tmp_path: Path) -> None:
    """P33: nothing is moved by a look, nor where no folder is named."""
    there, path = platform(), deliver()
    assert there.plan(str(path), **ALL).apply().moved == ()
    assert load(there, path, archive=None, errors_to=None, logs=None).moved == ()
    assert folder(tmp_path) == {"in": ["stock.csv"], "archive": [], "errors": []}
    assert not (tmp_path / "in" / "logs").exists()


def test_the_next_delivery_is_loaded_and_keeps_its_own_place(
    platform: Any, deliver: Callable[..., Path], tmp_path: Path
) -> None:
    """P31, P24: a new version under the archived name is loaded and archived beside the old one, never over it."""
    there = platform()
    load(there, deliver())
    assert load(there, deliver(quantity=6)).counts["delivered"] == 3
    assert folder(tmp_path)["archive"] == ["stock-20260115T110000Z.csv", "stock.csv"]
    again = load(there, deliver(quantity=6))  # delivered twice
    assert (again.state, again.counts["read"], len(again.moved)) == ("SKIPPED", 0, 1)
    assert folder(tmp_path) == {"in": [], "archive": ["stock-20260115T110000Z.csv", "stock.csv"], "errors": []}


def test_an_inbox_that_was_emptied_is_no_mistake(platform: Any, deliver: Callable[..., Path], tmp_path: Path) -> None:
    """P31: a glob that matches nothing is SKIPPED where files are put away; a missing folder is a mistake."""
    there = platform()
    inbox = deliver().parent
    load(there, inbox / "*.csv")
    again = load(there, inbox / "*.csv")
    assert (again.state, again.skipped[0].reason) == ("SKIPPED", "no file is there")
    with pytest.raises(SourceError, match="no file matches"):
        load(there, tmp_path / "inn" / "*.csv")
    with pytest.raises(SourceError, match="no file matches"):
        load(there, inbox / "*.csv", archive=None, errors_to=None)


def test_what_is_put_away_is_not_taken_for_new(platform: Any, deliver: Callable[..., Path]) -> None:
    """P31: a glob for any folders passes over the folders into which files are moved."""
    there = platform()
    inbox = deliver().parent
    load(there, inbox / "**" / "*.csv", archive="archive/{date}")
    assert (inbox / "archive" / "2026-01-15" / "stock.csv").exists()
    assert load(there, inbox / "**" / "*.csv", archive="archive/{date}").state == "SKIPPED"
    assert there.simulator.ledger.count("POST", POSTS) == 1


def test_rows_that_were_refused_are_kept_apart(platform: Any, deliver: Callable[..., Path], tmp_path: Path) -> None:
    """A file of which some rows were refused for good is archived, and its dead letters lie in the folder of errors."""
    there = platform(Fault("record", ref="stock-1", code=404))
    result = load(there, deliver())
    assert (result.state, result.counts["rejected"]) == ("COMPLETED_WITH_ERRORS", 1)
    assert folder(tmp_path) == {"in": [], "archive": ["stock.csv"], "errors": ["stock.csv.rejected.csv"]}
    letters = sources.read(tmp_path / "in" / "errors" / "stock.csv.rejected.csv")
    assert letters.select("sku", "_code").rows() == [("stock-1", "send.rejected")]
    load(there, deliver(quantity=9))
    first, second = folder(tmp_path)["errors"]
    assert (first[:32], second) == ("stock.csv.rejected-20260115T1200", "stock.csv.rejected.csv")


def test_dead_letters_go_where_braces_are_braces(platform: Any, deliver: Callable[..., Path], tmp_path: Path) -> None:
    """P26: dead letters of a file with braces in its name or folder lie in the folder of errors, under its own name."""
    there = platform(Fault("record", ref="{b}-1", code=404))
    path = deliver("{b}.csv")
    inbox = path.parent.rename(tmp_path / "in{x}")
    result = load(there, inbox / path.name)
    assert (result.counts["rejected"], result.issues["code"].to_list().count("file.not_written")) == (1, 0)
    assert sources.read(inbox / "errors" / "{b}.csv.rejected.csv").height == 1


def test_what_can_go_on_stays(platform: Any, deliver: Callable[..., Path], tmp_path: Path) -> None:
    """P17: a file with rows left stays in the inbox until a rerun has settled them."""
    there, path = platform(Fault("stuck_pending", nth=1)), deliver()
    result = load(there, path, logs=None)
    assert (result.counts["unknown"], result.moved) == (3, ())
    assert folder(tmp_path) == {"in": ["stock.csv"], "archive": [], "errors": []}
    assert told(there)["stock.csv"][0] == "sent"


def test_a_file_of_which_nothing_arrived_is_an_error(
    platform: Any, deliver: Callable[..., Path], tmp_path: Path
) -> None:
    """A file of which not one row was delivered goes to the folder of errors with its rows, never to the archive."""
    there = platform(Fault("record", refs=["stock-0", "stock-1", "stock-2"], code=404))
    result = load(there, deliver())
    assert (result.counts["rejected"], result.counts["unknown"]) == (3, 0)
    assert folder(tmp_path) == {"in": [], "archive": [], "errors": ["stock.csv", "stock.csv.rejected.csv"]}
    assert told(there)["stock.csv"] == ("error", f"{NOBODY}; moved to {tmp_path}/in/errors/stock.csv")


def test_a_file_that_its_gate_keeps_back_is_an_error(
    platform: Any, deliver: Callable[..., Path], tmp_path: Path
) -> None:
    """P33: a file with too many bad rows goes to the folder of errors; nothing of it was sent."""
    there = platform()
    result = load(there, deliver(quantity="many"))
    assert (result.state, there.simulator.ledger.count("POST", POSTS)) == ("REFUSED", 0)
    assert folder(tmp_path) == {"in": [], "archive": [], "errors": ["stock.csv", "stock.csv.rejected.csv"]}
    state, why = told(there)["stock.csv"]
    assert (state, "the gate is closed: 3 of 3 rows were rejected" in why) == ("error", True)


def test_one_bad_file_of_a_batch_is_the_one_put_away(
    platform: Any, deliver: Callable[..., Path], tmp_path: Path
) -> None:
    """P33: a gate that one file closes keeps all back; the others stay for the next run, which loads them."""
    there = platform()
    deliver("a.csv")
    deliver("b.csv", quantity="many")
    inbox = tmp_path / "in" / "*.csv"
    assert load(there, inbox).state == "REFUSED"
    assert folder(tmp_path) == {"in": ["a.csv"], "archive": [], "errors": ["b.csv", "b.csv.rejected.csv"]}
    assert load(there, inbox).state == "SUCCEEDED"
    assert folder(tmp_path)["archive"] == ["a.csv"]


def test_each_file_of_its_own_job_is_judged_by_itself(
    platform: Any, deliver: Callable[..., Path], tmp_path: Path
) -> None:
    """P33: with job="per-file" a bad file keeps no other back, and the rows add up."""
    there = platform()
    deliver("a.csv")
    deliver("b.csv", quantity="many")
    deliver("c.csv", rows=2)
    looked = there.plan(str(tmp_path / "in" / "*.csv"), job="per-file", **ALL).apply()
    assert (looked.counts["read"], looked.counts["ready"], looked.counts["rejected"]) == (8, 5, 3)
    result = load(there, tmp_path / "in" / "*.csv", job="per-file")
    assert (result.state, result.gate.is_open) == ("COMPLETED_WITH_ERRORS", True)
    assert (result.counts["read"], result.counts["delivered"], result.counts["rejected"]) == (8, 5, 3)
    assert folder(tmp_path) == {
        "in": [],
        "archive": ["a.csv", "c.csv"],
        "errors": ["b.csv", "b.csv.rejected.csv"],
    }
    assert len(result.jobs) == 2
    assert set(there.simulator.ledger.quantities["qty"]) == {5}


def test_the_good_rows_of_a_file_that_is_kept_back_are_told(
    platform: Any, deliver: Callable[..., Path], tmp_path: Path
) -> None:
    """P26: a look and a load tell the same of the good rows in a file whose own gate is closed: not sent."""
    there = platform()
    deliver("a.csv")
    deliver("b.csv").write_text(f"{HEADER}LOC1,S,many,\nLOC1,T,1,\n")
    plan = there.plan(str(tmp_path / "in" / "*.csv"), job="per-file", **ALL)
    for result in (plan.apply(), plan.apply(dry_run=False)):
        assert (result.counts["read"], result.counts["rejected"]) == (5, 2)
        assert result.rejected["_stage"].to_list() == ["map", "send"]
        assert result.issues["code"].to_list() == ["map.type", "send.not_sent"]


def test_all_bad_files_close_every_gate(platform: Any, deliver: Callable[..., Path], tmp_path: Path) -> None:
    """P33: where each file is judged by itself and all are bad, the load is REFUSED."""
    there = platform()
    deliver("a.csv", quantity="x")
    deliver("b.csv", quantity="y")
    assert load(there, tmp_path / "in" / "*.csv", job="per-file").state == "REFUSED"
    assert folder(tmp_path)["errors"] == ["a.csv", "a.csv.rejected.csv", "b.csv", "b.csv.rejected.csv"]


def test_one_unreadable_file_does_not_stop_the_others(
    platform: Any, deliver: Callable[..., Path], tmp_path: Path
) -> None:
    """Of several files, one that cannot be read is an issue and goes to the errors; the others are loaded."""
    there = platform()
    deliver("a.csv")
    (tmp_path / "in" / "b.csv").write_bytes(b"")
    result = load(there, tmp_path / "in" / "*.csv")
    assert (result.state, result.counts["delivered"]) == ("COMPLETED_WITH_ERRORS", 3)
    [issue] = result.issues.filter(pl.col("code") == "read.file").rows(named=True)
    assert (issue["stage"], issue["row"], issue["source"]) == ("read", None, str(tmp_path / "in" / "b.csv"))
    assert issue["message"].endswith("b.csv is empty")
    assert folder(tmp_path) == {"in": [], "archive": ["a.csv"], "errors": ["b.csv"]}
    assert told(there)["b.csv"][1] == f"{issue['message']}; moved to {tmp_path}/in/errors/b.csv"


def test_an_unreadable_file_without_a_folder_for_it_stays(
    platform: Any, deliver: Callable[..., Path], tmp_path: Path
) -> None:
    """Where no folder is named for errors, an unreadable file is told and stays; alone it is a mistake as ever."""
    there = platform()
    deliver("a.csv")
    (tmp_path / "in" / "b.csv").write_bytes(b"\x1f\x8b\x08")
    result = load(there, tmp_path / "in" / "*.csv", errors_to=None)
    assert (result.state, result.counts["delivered"]) == ("COMPLETED_WITH_ERRORS", 3)
    with pytest.raises(SourceError):
        load(there, tmp_path / "in" / "*.csv", errors_to=None)
    assert folder(tmp_path) == {"in": ["b.csv"], "archive": ["a.csv"], "errors": []}


def test_an_unreadable_file_alone_is_refused_and_put_away(platform: Any, tmp_path: Path) -> None:
    """A schedule does not fail for ever on one bad file: the load is REFUSED with its reason, and the file put away."""
    there, path = platform(), tmp_path / "in" / "stock.csv"
    path.parent.mkdir()
    path.write_bytes(b"")
    plan = there.plan(str(path), **ALL)
    assert "is empty" in str(plan.gate)
    assert plan.apply().state == "REFUSED"
    assert path.exists()
    assert plan.apply(dry_run=False).state == "REFUSED"
    assert folder(tmp_path) == {"in": [], "archive": [], "errors": ["stock.csv"]}


def test_what_its_place_does_not_give_is_no_bad_file(
    platform: Any, deliver: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that may not be read is told and stays where it is: it is not its content that is at fault."""
    there = platform()
    deliver("a.csv")
    locked, open_ = str(deliver("b.csv")), Local.open

    def guarded(self: Local, path: str) -> Any:
        if path == locked:
            raise PermissionError(path)
        return open_(self, path)

    monkeypatch.setattr(Local, "open", guarded)
    result = load(there, tmp_path / "in" / "*.csv")
    assert (result.state, result.counts["delivered"]) == ("COMPLETED_WITH_ERRORS", 3)
    assert folder(tmp_path) == {"in": ["b.csv"], "archive": ["a.csv"], "errors": []}
    with pytest.raises(SourceError, match="may not be read"):
        load(there, tmp_path / "in" / "*.csv")


def test_files_of_other_columns_wait_for_a_run_of_their_own(
    platform: Any, deliver: Callable[..., Path], tmp_path: Path
) -> None:
    """A file with other columns than the oldest is no bad file: it waits, and the next run loads it."""
    there = platform()
    deliver("a.csv")
    other = tmp_path / "in" / "b.csv"
    other.write_text("location,sku,quantity\nLOC1,S,1\n")
    result = load(there, tmp_path / "in" / "*.csv")
    assert (result.state, result.counts["delivered"], len(result.waiting)) == ("SUCCEEDED", 3, 1)
    assert "differ in the columns status" in result.waiting[0].reason
    assert load(there, tmp_path / "in" / "*.csv").counts["delivered"] == 1


def test_a_file_without_the_columns_it_needs_stops_no_inbox(
    platform: Any, deliver: Callable[..., Path], tmp_path: Path
) -> None:
    """P26: a file that the mapping cannot be applied to is put away with its rows; the next run loads the others."""
    there, inbox = platform(), tmp_path / "in" / "*.csv"
    deliver("b.csv", minute=30)
    wrong = tmp_path / "in" / "a.csv"
    wrong.write_text("place;article\nLOC1;S\nLOC2;S\n")
    os.utime(wrong, (0, 0))
    result = load(there, inbox)
    assert (result.state, result.counts["read"], result.counts["rejected"]) == ("REFUSED", 2, 2)
    assert result.issues.select("row", "code").rows() == [(2, "map.columns"), (3, "map.columns")]
    assert folder(tmp_path) == {"in": ["b.csv"], "archive": [], "errors": ["a.csv", "a.csv.rejected.csv"]}
    assert load(there, inbox).state == "SUCCEEDED"
    wrong.write_text("place;article\nLOC1;S\n")
    with pytest.raises(MappingError, match="required columns"):
        load(there, inbox, errors_to=None)


def test_a_big_inbox_is_worked_through_run_by_run(platform: Any, deliver: Callable[..., Path], tmp_path: Path) -> None:
    """max_files takes the oldest files and tells how many wait; newest and name take others first."""
    there = platform()
    for minute, name in enumerate(("d.csv", "c.csv", "b.csv", "a.csv")):
        deliver(name, minute=minute)
    inbox = tmp_path / "in" / "*.csv"
    taken = {order: there.plan(str(inbox), max_files=1, order=order).files[0].name for order in ("newest", "name")}
    assert {Path(name).name for name in taken.values()} == {"a.csv"}
    result = load(there, inbox, max_files=3)
    assert [Path(file.uri).name for file in result.moved] == ["d.csv", "c.csv", "b.csv"]
    assert [Path(file.uri).name for file in result.waiting] == ["a.csv"]
    assert "waiting" in result.summary
    record = result.to_record()
    assert (record["waiting"]["files"], Path(record["waiting"]["first"][0]["uri"]).name) == (1, "a.csv")
    assert [file["state"] for file in record["moved"]] == ["archived"] * 3
    assert load(there, inbox, max_files=3).counts["delivered"] == 3


def test_the_oldest_file_is_sent_first(platform: Any, deliver: Callable[..., Path], tmp_path: Path) -> None:
    """Two files of one stock level are sent in the order of their writing, so that the newer one holds."""
    there = platform()
    for name, minute, quantity in (("z.csv", 1, 1), ("a.csv", 2, 2)):
        deliver(name, minute=minute).write_text(f"{HEADER}LOC1,SKU,{quantity},\n")
        os.utime(tmp_path / "in" / name, (minute, minute))
    load(there, tmp_path / "in" / "*.csv", rules={})
    assert there.simulator.ledger.quantities["qty"].to_list() == [2]


def test_a_file_that_may_still_grow_waits(platform: Any, deliver: Callable[..., Path], tmp_path: Path) -> None:
    """A file written a moment ago is left for the next run, and is told."""
    there = platform()
    deliver("old.csv", minute=1)
    fresh, now = deliver("fresh.csv"), there.clock.now().timestamp()
    os.utime(fresh, (now - 10, now - 10))
    result = load(there, tmp_path / "in" / "*.csv", settle_seconds=60)
    assert (result.counts["delivered"], [Path(file.uri).name for file in result.waiting]) == (3, ["fresh.csv"])
    assert load(there, fresh, settle_seconds=60).state == "SKIPPED"
    there.clock.sleep(60)
    assert load(there, fresh, settle_seconds=60).state == "SUCCEEDED"
    ahead = deliver("ahead.csv")
    os.utime(ahead, (now + 600, now + 600))  # the clock there may be ahead
    assert load(there, ahead, settle_seconds=60).state == "SKIPPED"
    os.utime(ahead, (4e9, 4e9))  # a day that somebody set: it would be waited for without end
    assert load(there, ahead, settle_seconds=60).state == "SUCCEEDED"


@pytest.mark.parametrize("method", ["copy", "remove"])
def test_a_worker_that_dies_while_it_moves_loses_nothing(
    platform: Any, deliver: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    """P24: a death before the copy or before the delete leaves a file that the next run skips and moves."""
    there, path = platform(), deliver()

    def dies(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Local, method, dies)
        with pytest.raises(KeyboardInterrupt):
            load(there, path)
    assert path.exists()
    result = load(there, path)
    assert (result.state, result.counts["read"], len(result.moved)) == ("SKIPPED", 0, 1)
    assert folder(tmp_path) == {"in": [], "archive": ["stock.csv"], "errors": []}
    assert told(there)["stock.csv"][0] == "archived"
    assert set(there.simulator.ledger.quantities["effects"]) == {1}


def test_a_move_that_fails_does_not_fail_the_load(platform: Any, deliver: Callable[..., Path], tmp_path: Path) -> None:
    """What was delivered stays delivered: the file that could not be moved is told, and moved by the next run."""
    there, path = platform(), deliver()
    (path.parent / "archive").write_text("no folder")
    result = load(there, path)
    assert (result.state, result.counts["delivered"], result.counts["rejected"]) == ("COMPLETED_WITH_ERRORS", 3, 0)
    [issue] = result.issues.rows(named=True)
    assert (issue["code"], issue["row"]) == ("file.not_moved", None)
    assert told(there)["stock.csv"][0] == "verified"
    (path.parent / "archive").unlink()
    assert load(there, path).state == "SKIPPED"
    assert folder(tmp_path)["archive"] == ["stock.csv"]


def test_a_version_delivered_meanwhile_is_not_archived(
    platform: Any, deliver: Callable[..., Path], tmp_path: Path
) -> None:
    """P31: what was not loaded is not archived: a version that came during the load stays, and is loaded next."""
    there, path = platform(), deliver()
    plan = there.plan(str(path), **ALL)
    deliver(quantity=7)
    result = plan.apply(dry_run=False)
    assert (result.counts["delivered"], result.moved, result.state) == (3, (), "COMPLETED_WITH_ERRORS")
    assert folder(tmp_path)["in"] == ["stock.csv"]
    assert load(there, path).counts["delivered"] == 3
    assert set(there.simulator.ledger.quantities["qty"]) == {7}


def test_a_file_that_another_worker_loads_is_not_moved(platform: Any, deliver: Callable[..., Path]) -> None:
    """P30: a file is moved only by the worker that holds its claim."""
    there, path = platform(), deliver()
    ledger = FileLedger(open_store(store_place()), workflow="ingestion", target=there.client.target)
    plan = there.plan(str(path), **ALL)
    with ledger.claim(plan.files[0]):
        result = plan.apply(dry_run=False)
    assert (result.state, result.moved) == ("SKIPPED", ())
    assert path.exists()


def test_two_workers_fill_a_folder_one_after_the_other(
    platform: Any, deliver: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P30: while another worker moves a file into the folder none is moved there; the next run moves it."""
    monkeypatch.setattr(files, "CLAIM_SECONDS", 1.0)
    there, path = platform(), deliver()
    ledger = FileLedger(open_store(store_place()), workflow="other", target=there.client.target)
    with ledger.alone(f"{tmp_path}/in/archive"):
        result = load(there, path)
    assert (result.state, result.issues["code"].to_list()) == ("COMPLETED_WITH_ERRORS", ["file.not_moved"])
    assert (load(there, path).state, folder(tmp_path)["archive"]) == ("SKIPPED", ["stock.csv"])


def test_each_file_has_a_log(platform: Any, deliver: Callable[..., Path], tmp_path: Path) -> None:
    """A log says of a file what it was, what became of it and of its rows, by which jobs and batches, and when."""
    there = platform(Fault("record", ref="a-1", code=404))
    deliver("a.csv")
    deliver("b.csv", quantity="many", minute=1)
    result = load(there, tmp_path / "in" / "*.csv", job="per-file", batch_size=2)
    good, bad = logs(tmp_path)
    assert {name: good[name] for name in ("file", "state", "rows", "delivered", "rejected", "unknown")} == {
        "file": "a.csv",
        "state": "archived",
        "rows": 3,
        "delivered": 2,
        "rejected": 1,
        "unknown": 0,
    }
    assert (good["jobs"], len(good["batches"]), good["issues"]) == (list(result.jobs), 2, {"send.rejected": 1})
    assert (good["moved_to"], good["checkpoint"]) == (f"{tmp_path}/in/archive/a.csv", None)
    assert good["started_at"] <= good["ended_at"] <= good["written_at"]
    assert (bad["file"], bad["state"], bad["jobs"]) == ("b.csv", "error", [])
    assert "the gate is closed" in bad["reason"]


def test_a_log_or_letters_that_cannot_be_written_are_a_warning(
    platform: Any, deliver: Callable[..., Path], tmp_path: Path
) -> None:
    """A log that cannot be written costs a warning, and not the load."""
    there, path = platform(), deliver()
    (path.parent / "logs").write_text("no folder")
    result = load(there, path)
    assert (result.state, result.issues["code"].to_list()) == ("SUCCEEDED", ["file.not_written"])
    assert folder(tmp_path)["archive"] == ["stock.csv"]


def test_an_empty_file_is_archived_as_a_skip(platform: Any, deliver: Callable[..., Path], tmp_path: Path) -> None:
    """A file of a header alone was read: it is SKIPPED with its reason, and archived."""
    there = platform()
    result = load(there, deliver(rows=0))
    assert (result.state, result.skipped[0].reason) == ("SKIPPED", "it holds no rows")
    assert folder(tmp_path)["archive"] == ["stock.csv"]


def test_what_the_embedded_simulator_took_is_not_moved(
    platform: Any, deliver: Callable[..., Path], tmp_path: Path
) -> None:
    """A load into the simulator that dies with its process takes no file out of a real inbox."""
    there, path = platform(), deliver()
    there.client.target = "SIMULATOR"
    assert load(there, path).state == "SUCCEEDED"
    assert folder(tmp_path)["in"] == ["stock.csv"]


def test_what_cannot_be_put_away_is_refused_at_once(platform: Any, deliver: Callable[..., Path]) -> None:
    """P32: a folder that leads elsewhere, a frame, an account that is not kept and figures that are none are told."""
    there, path = platform(), deliver()
    for wrong in ({"archive": "../out"}, {"errors_to": "{day}"}, {"logs": ""}):
        with pytest.raises(SourceError):
            there.plan(str(path), **wrong)
    with pytest.raises(ConfigError, match="are for files"):
        there.plan(pl.DataFrame({"a": [1]}), archive="archive")
    for wrong in (
        {"archive": "archive", "track_files": False},
        {"max_files": 0},
        {"max_files": True},
        {"order": "best"},
        {"settle_seconds": -1},
        {"settle_seconds": float("nan")},
    ):
        with pytest.raises(ConfigError):
            there.plan(str(path), **wrong)


def test_nothing_is_left_of_a_load_that_is_put_away(platform: Any, deliver: Callable[..., Path]) -> None:
    """A file in the archive has no checkpoint left."""
    there = platform()
    load(there, deliver())
    assert checkpoints().height == 0
