"""Loads that are cut off, taken over, overtaken or begun again: nothing is lost, doubled or told twice."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from fcwork import recovery, settings
from fcwork.errors import CheckpointError, ConfigError, ServerError, StoreError
from fcwork.ingestion import FileLedger, IngestResult
from fcwork.ingestion.files import Claim
from fcwork.simulator import Fault
from fcwork.store import open_store

EVENT = {"name": "UPSERT_PRODUCT", "entityType": "PRODUCT_CATALOGUE", "entityRef": "PC:MASTER:2"}
EVENTS: dict[str, Any] = {
    "route": "event",
    "route_options": {"event": EVENT, "rows": "attributes"},
    "rules": {},
}
MAPPING = {"fields": {"ref": {"source": "sku"}, "qty": {"source": "quantity"}}}


@pytest.fixture
def deliver(tmp_path: Path) -> Callable[..., Path]:
    """Write a file of rows, each of one quantity."""

    def write(quantity: int = 5, *, rows: int = 3, name: str = "stock.csv") -> Path:
        path = tmp_path / "in" / name
        path.parent.mkdir(exist_ok=True)
        mark = "" if name == "stock.csv" else f"{path.stem}-"
        lines = "".join(f"LOC1,{mark}SKU-{i},{quantity},\n" for i in range(rows))
        path.write_text(f"location,sku,quantity,status\n{lines}", "utf-8")
        return path

    return write


def load(there: Any, source: Any, **options: Any) -> IngestResult:
    """Load for real."""
    return there.plan(str(source), **options).apply(dry_run=False)


def by_event(there: Any, source: Any, mapping: Any = MAPPING, **options: Any) -> IngestResult:
    """Load as events, over which a repeat doubles."""
    import fcwork as fw

    how = {**EVENTS, **options}
    return fw.ingest(there.client, str(source), mapping=mapping, clock=there.clock, **how).apply(dry_run=False)


@contextmanager
def dying(monkeypatch: pytest.MonkeyPatch, state: str, error: BaseException) -> Iterator[None]:
    """Let the worker die when it is about to write down a state of a file."""
    note = Claim.note

    def failing(claim: Claim, told: Any, **facts: Any) -> None:
        if told == state:
            raise error
        note(claim, told, **facts)

    with monkeypatch.context() as patch:
        patch.setattr(Claim, "note", failing)
        yield


@pytest.mark.parametrize("error", [KeyboardInterrupt(), StoreError("the store is gone")])
def test_a_worker_that_dies_before_its_word_sends_nothing_twice(
    platform: Any, deliver: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    """P16, P17: between the last answer and the word that a file is loaded, a death costs nothing: no event twice."""
    there, path = platform(), deliver()
    with dying(monkeypatch, "verified", error), pytest.raises(type(error)):
        by_event(there, path)
    again = by_event(there, path)
    assert (again.state, again.counts["delivered"]) == ("SUCCEEDED", 3)
    assert there.simulator.ledger.events["effects"].to_list() == [1, 1, 1]
    assert recovery.checkpoints().height == 0
    assert by_event(there, path).state == "SKIPPED"


def test_what_was_refused_before_a_death_is_told_by_the_next_run(
    platform: Any, deliver: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """P26: rows refused in a run that never gave its result are among the dead letters of the run that does."""
    there, path = platform(Fault("record", ref="SKU-1", code=404)), deliver()
    with dying(monkeypatch, "verified", KeyboardInterrupt()), pytest.raises(KeyboardInterrupt):
        load(there, path)
    assert load(there, path).dead_letters["sku"].to_list() == ["SKU-1"]
    assert there.simulator.ledger.count("POST", "/job/*/batch") == 1


def test_one_file_s_failure_does_not_swallow_what_became_of_another(
    platform: Any, deliver: Callable[..., Path]
) -> None:
    """P26: when the second of three files cannot be sent, the first's rows are told, and the others' as not sent."""
    there = platform(Fault("record", ref="a-SKU-1", code=404))
    folder = deliver(name="a.csv").parent
    deliver(name="b.csv")
    deliver(name="c.csv")
    plan = there.plan(str(folder / "*.csv"), job="per-file")
    batches = there.client.batches

    def failing(**options: Any) -> Any:
        if there.simulator.ledger.count("POST", "/job/*/batch"):
            raise ServerError("the platform is gone")
        return batches(**options)

    there.client.batches = failing
    result = plan.apply(dry_run=False)
    assert result.counts == {"read": 9, "mapped": 9, "rejected": 7, "delivered": 2, "unknown": 0, "ready": 0}
    assert result.dead_letters["_code"].to_list() == ["send.rejected"] + ["send.not_sent"] * 6
    there.client.batches = batches
    again = load(there, folder / "*.csv", job="per-file")
    assert (again.counts["delivered"], [Path(file.uri).name for file in again.skipped]) == (6, ["a.csv"])


def test_a_version_that_comes_again_is_loaded_whatever_was_left_of_it(
    platform: Any, deliver: Callable[..., Path]
) -> None:
    """P31: A cut off, B loaded, A delivered again: A is loaded from its beginning, and the platform holds A."""
    there = platform(Fault("stuck_pending", nth=1))
    assert load(there, deliver(5)).counts["unknown"] == 3
    assert load(there, deliver(6)).ok
    assert load(there, deliver(5)).counts["delivered"] == 3
    assert set(there.simulator.ledger.quantities["qty"]) == {5}


def test_a_stale_plan_does_not_overwrite_newer_stock(platform: Any, deliver: Callable[..., Path]) -> None:
    """P31: a plan of a version that another has overtaken since is skipped, and says so."""
    there = platform()
    stale = there.plan(str(deliver(5)))
    assert load(there, deliver(6)).ok
    result = stale.apply(dry_run=False)
    assert result.state == "SKIPPED"
    assert "another version was loaded" in result.skipped[0].reason
    assert set(there.simulator.ledger.quantities["qty"]) == {6}


def test_what_is_only_looked_at_changes_nothing(platform: Any, deliver: Callable[..., Path]) -> None:
    """P31: a dry run of B, or a B that the gate refused, leaves A loaded: A again is skipped."""
    there = platform()
    by_event(there, deliver(5))
    there.plan(str(deliver(6))).apply()
    deliver(7)
    assert load(there, deliver(7), max_rejected=0, rules={"range": {"qty": {"max": 1}}}).state == "REFUSED"
    assert by_event(there, deliver(5)).state == "SKIPPED"
    assert there.simulator.ledger.events["effects"].max() == 1


def test_another_machine_does_not_repeat_what_it_cannot_know(
    platform: Any, deliver: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """P16: a worker elsewhere that takes over a half-sent file refuses where a repeat doubles; force is the way out."""
    monkeypatch.setenv("FCWORK_STORE", str(tmp_path / "team.sqlite"))
    there, path = platform(Fault("status", path="/event/async", nth=[3], status=403)), deliver(rows=4)
    first = by_event(there, path)
    assert first.counts["delivered"] < 4
    monkeypatch.setenv("FCWORK_HOME", str(tmp_path / "another"))
    with pytest.raises(CheckpointError, match=r"was cut off.*\n→ .*by force"):
        by_event(there, path)
    monkeypatch.setenv("FCWORK_HOME", str(tmp_path / "home"))
    assert by_event(there, path).counts["delivered"] == 4
    assert there.simulator.ledger.events["effects"].max() == 1


def test_a_half_sent_file_is_not_sent_again_by_another_mapping(platform: Any, deliver: Callable[..., Path]) -> None:
    """P16: what was sent as events by one mapping is not sent again by another, unless by force."""
    there, path = platform(Fault("status", path="/event/async", nth=[3], status=403)), deliver(rows=4)
    by_event(there, path)
    other = {"fields": {**MAPPING["fields"], "more": {"value": "x"}}}
    with pytest.raises(CheckpointError, match="was cut off"):
        by_event(there, path, mapping=other)
    assert by_event(there, path, mapping=other, force=True).counts["delivered"] == 4


def test_other_rules_or_options_make_another_version(platform: Any, deliver: Callable[..., Path]) -> None:
    """What was left under other rules is superseded, not refused for being another input."""
    there, path = platform(Fault("stuck_pending", nth=1)), deliver()
    assert load(there, path).counts["unknown"] == 3
    result = load(there, path, rules={"pattern": {"skuRef": "[01]$"}}, max_rejected="50%")
    assert result.counts["delivered"] == 2


def test_one_checkpoint_is_not_that_of_several_files(platform: Any, deliver: Callable[..., Path]) -> None:
    """P32: a checkpoint's name of one's own is refused for several files."""
    folder = deliver(name="a.csv").parent
    deliver(name="b.csv")
    with pytest.raises(ConfigError, match=r"cannot be that of 2 files\n→ leave it out"):
        platform().plan(str(folder / "*.csv"), checkpoint="mine")


def test_a_file_is_one_by_whatever_way_it_is_named(
    platform: Any, deliver: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """P31: a path with dots, a relative one and a URI of one file are one file."""
    there, path = platform(), deliver()
    assert load(there, path).ok
    monkeypatch.chdir(path.parent)
    for name in (path.parent / ".." / "in" / "stock.csv", "stock.csv", "./stock.csv", path.as_uri()):
        assert load(there, name).state == "SKIPPED"


def test_a_file_of_which_nothing_arrived_is_not_loaded(platform: Any, deliver: Callable[..., Path]) -> None:
    """P31: when every row was refused the file comes again, once what was wrong is mended."""
    there = platform(Fault("record", refs=["SKU-0", "SKU-1", "SKU-2"], code=404, times=1))
    path = deliver()
    assert load(there, path).counts["rejected"] == 3
    assert load(there, path).counts["delivered"] == 3


def test_an_empty_file_says_why_nothing_was_done(platform: Any, deliver: Callable[..., Path]) -> None:
    """P31: a skip has a reason, also that there are no rows."""
    result = load(platform(), deliver(rows=0))
    assert (result.state, result.skipped[0].reason) == ("SKIPPED", "it holds no rows")


def test_one_deadline_holds_for_all_files(platform: Any, deliver: Callable[..., Path]) -> None:
    """What the deadline leaves of a load of several files is told as not sent, and goes on by a rerun."""
    there = platform(Fault("slow", method="POST", path="/job/*/batch", seconds=20))
    folder = deliver(name="a.csv").parent
    deliver(name="b.csv")
    result = load(there, folder / "*.csv", deadline_seconds=15)
    assert result.counts["rejected"] >= 3
    assert there.simulator.ledger.count("POST", "/job/*/batch") == 1
    assert load(there, folder / "*.csv").ok


def test_a_platform_in_trouble_is_not_tried_file_by_file(platform: Any, deliver: Callable[..., Path]) -> None:
    """P19: once the platform asks for too long a pause no further file is begun."""
    there = platform(Fault("status", method="POST", path="/job/*/batch", status=429, retry_after=86_400))
    for name in "abc":
        folder = deliver(name=f"{name}.csv").parent
    result = load(there, folder / "*.csv")
    assert result.counts["rejected"] == 9
    assert there.simulator.ledger.count("POST", "/job/*/batch") == 1
    assert set(result.dead_letters["_code"]) == {"send.retries_exhausted", "send.not_sent"}


def test_progress_is_of_all_files_together(platform: Any, deliver: Callable[..., Path]) -> None:
    """Rows, batches and piles that progress tells never go back when the next file begins."""
    there, seen = platform(), []
    folder = deliver(name="a.csv").parent
    deliver(name="b.csv")
    there.plan(str(folder / "*.csv")).apply(dry_run=False, on_progress=seen.append)
    for name in ("rows", "batches", "delivered", "requests"):
        figures = [getattr(progress, name) for progress in seen]
        assert figures == sorted(figures)
    assert (seen[-1].rows, seen[-1].total, seen[-1].delivered, seen[-1].batches) == (6, 6, 6, 2)


def test_no_secret_gets_into_the_account_of_files(platform: Any, deliver: Callable[..., Path]) -> None:
    """P8: an error that quotes a known secret is written down without it."""
    there, path = platform(), deliver()
    secret = there.simulator.connect()["password"]

    def failing(**_: Any) -> Any:
        raise ServerError(f"refused for {secret}")

    plan = there.plan(str(path))
    there.client.batches = failing
    with pytest.raises(ServerError):
        plan.apply(dry_run=False)
    store = open_store(settings.store_place())
    ledger = FileLedger(store, workflow="ingestion", target=there.client.target)
    assert secret not in json.dumps(store.items())
    assert ledger.files()["state"].to_list() == ["error"]


def test_a_very_long_name_is_a_name(platform: Any, tmp_path: Path) -> None:
    """P24: a file deep in folders is kept account of like others."""
    folder = tmp_path / "/".join(["f" * 200] * 10)
    folder.mkdir(parents=True)
    (folder / "stock.csv").write_text("location,sku,quantity,status\nL,A,1,\n", "utf-8")
    there = platform()
    assert load(there, folder / "stock.csv").ok
    assert load(there, folder / "stock.csv").state == "SKIPPED"


def test_changes_of_stock_are_never_repeated(platform: Any) -> None:
    """P16: a DELTA whose answer was lost is unknown and not sent again; levels are."""
    there = platform(Fault("drop_after", method="POST", path="/job/*/batch", nth=1))
    rows = [{"locationRef": "L", "skuRef": "A", "qty": -1, "type": "DELTA", "status": "ACTIVE"}]
    result = recovery.send(rows, there.client.batches(), clock=there.clock)
    assert result.counts["unknown"] == 1
    assert there.simulator.ledger.count("POST", "/job/*/batch") == 1


def test_a_list_of_dicts_without_findings_is_told(platform: Any) -> None:
    """P26: the frames of a clean load of dicts are empty lists, and summary, details and record are there."""
    result = platform().plan([{"location": "L", "sku": "A", "quantity": "1", "status": ""}]).apply(dry_run=False)
    assert (result.counts_by_code, result.dead_letters) == ({}, [])
    assert result.to_record()["details"]["mappingErrors"] == 0
    assert "1 delivered" in result._repr_html_()
    sent = recovery.send([{"a": 1}], lambda _: None)
    assert sent.dead_letters == []
    assert isinstance(sent.issues, list)
    assert pl.DataFrame(sent.delivered).height == 1
