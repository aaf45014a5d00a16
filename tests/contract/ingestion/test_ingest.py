"""The main job against the simulator: what is read adds up, whatever happens on the way."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest

import fcwork as fw
from fcwork import frames
from fcwork.errors import AuthError, ConfigError, ConnectionFailedError
from fcwork.retry import RetryPolicy
from fcwork.simulator import Fault


def stock(rows: int, **changes: dict[int, str]) -> list[dict[str, str]]:
    """Return records of a stock file; ``changes`` sets single cells, by column and position."""
    records = [
        {"location": f"LOC{i % 5}", "sku": f"SKU-{i}", "quantity": str(i % 90), "status": ""} for i in range(rows)
    ]
    for column, cells in changes.items():
        for position, value in cells.items():
            records[position][column] = value
    return records


KINDS: dict[str, Callable[[list[dict[str, str]]], Any]] = {
    "polars": pl.DataFrame,
    "lazy": lambda records: pl.DataFrame(records).lazy(),
    "pandas": pd.DataFrame,
    "pyarrow": lambda records: pl.DataFrame(records).to_arrow(),
    "records": list,
}
BAD = {"quantity": {3: "12 pcs", 4: "", 5: "1.5"}, "sku": {7: ""}, "location": {9: ""}}


def adds_up(result: Any) -> None:
    """Check P26 on a result: the piles add up to the rows read, and each row left behind has an issue."""
    counts = result.counts
    assert counts["read"] == counts["delivered"] + counts["rejected"] + counts["unknown"] + counts["ready"]
    piles = {name: frames.enter(getattr(result, name)) for name in ("delivered", "rejected", "unknown", "ready")}
    assert {name: rows.height for name, rows in piles.items()} == {name: counts[name] for name in piles}
    numbers = {name: list(rows["_row"]) if rows.height else [] for name, rows in piles.items()}
    issues = frames.enter(result.issues)
    told = set(issues.filter(severity="error")["row"]) if issues.height else set()
    assert {*numbers["rejected"], *numbers["unknown"]} <= told
    everyone = [number for pile in numbers.values() for number in pile]
    assert len(everyone) == len(set(everyone)) == counts["read"]


def test_a_record_names_what_the_mapping_masks(platform: Any, mapping: dict[str, Any]) -> None:
    """The record of a load names the columns whose values its mapping masks, so that shared pages hide them."""
    there = platform()
    assert "masked" not in there.plan(stock(3)).apply(dry_run=True).to_record()
    plan = fw.ingest(there.client, stock(3), mapping={**mapping, "mask": ["skuRef"]}, clock=there.clock)
    assert plan.apply(dry_run=True).to_record()["masked"] == ["skuRef", "sku"]


@pytest.mark.parametrize("kind", KINDS)
def test_rows_add_up_for_every_frame_kind(platform: Any, kind: str) -> None:
    """P26: read = delivered + rejected + unknown for each kind of frame, and the result's frames are of that kind."""
    there = platform()
    result = there.plan(KINDS[kind](stock(60, **BAD)), max_rejected="50%").apply(dry_run=False)
    adds_up(result)
    assert (result.counts["delivered"], result.counts["rejected"], result.state) == (55, 5, "COMPLETED_WITH_ERRORS")
    assert frames.kind_of(result.rejected) == kind
    assert there.simulator.ledger.quantities.height == 55


@pytest.mark.parametrize(
    "fault",
    [
        Fault("status", path="*/batch", method="POST", nth=1, status=503),
        Fault("status", path="*/batch", method="POST", nth=2, status=500),
        Fault("drop_before", path="*/batch", method="POST", nth=1),
        Fault("drop_after", path="*/batch", method="POST", nth=1),
        Fault("half_body", path="*/batch", method="POST", nth=1),
        Fault("malformed_json", path="*/batch", method="POST", nth=1),
        Fault("poison", ref="SKU-11"),
        Fault("record", ref="SKU-12", code=404),
        Fault("record", ref="SKU-13", code=500, times=1),
        Fault("record", ref="SKU-14", code=500),
        Fault("shuffle_results"),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.details}",
)
def test_rows_add_up_under_every_fault(platform: Any, fault: Fault) -> None:
    """P26: whatever the platform does, the piles add up and the platform holds just the delivered rows, once each."""
    there = platform(fault)
    rows = stock(40, **BAD)
    plan = there.plan(rows, max_rejected="50%", batch_size=10)
    result = plan.apply(dry_run=False)
    adds_up(result)
    held = set(there.simulator.ledger.quantities["skuRef"])
    assert {row["skuRef"] for row in result.delivered} <= held
    assert result.counts["unknown"] == 0


def test_a_value_that_cannot_be_read_is_an_issue_and_not_a_zero(platform: Any) -> None:
    """P27: a quantity of '12 pcs', '' or '1.5' never reaches the platform as a number."""
    there = platform()
    result = there.plan(stock(20, **BAD), max_rejected="50%").apply(dry_run=False)
    assert not {f"SKU-{i}" for i in (3, 4, 5)} & set(there.simulator.ledger.quantities["skuRef"])
    issues = frames.enter(result.issues)
    assert set(issues.filter(field="qty")["row"]) == {4, 5, 6}
    assert {"12 pcs", "1.5"} <= set(issues.filter(field="qty")["value"])


def test_rejected_rows_stand_as_in_the_source(platform: Any) -> None:
    """What is rejected is the source's own row, with stage and reason: a person can mend it and load it again."""
    there = platform(Fault("record", ref="SKU-15", code=404))
    rejected = there.plan(stock(20, **BAD), max_rejected="50%").apply(dry_run=False).rejected
    by_row = {row["_row"]: row for row in rejected}
    assert (by_row[4]["quantity"], by_row[4]["_stage"]) == ("12 pcs", "map")
    assert (by_row[16]["sku"], by_row[16]["_stage"]) == ("SKU-15", "send")
    assert "send.rejected" in by_row[16]["_errors"]


def test_the_default_gate_sends_nothing_once_one_row_is_bad(platform: Any) -> None:
    """P33: MAX_REJECTED is 0% unless said otherwise: one bad row, and every good one is told as not sent."""
    there = platform()
    result = there.plan(stock(20, quantity={3: "x"})).apply(dry_run=False)
    adds_up(result)
    assert (result.state, result.ok, result.counts["rejected"]) == ("REFUSED", False, 20)
    assert there.simulator.ledger.count(method="POST", path="/api/v4.1/job") == 0
    assert result.counts_by_code["send.not_sent"] == 19


def test_a_dry_run_is_the_default_and_sends_nothing(platform: Any) -> None:
    """P33: apply without a word is a dry run: no request at all reaches the platform."""
    there = platform()
    result = there.plan(stock(20, quantity={3: "x"}), max_rejected=1).apply()
    adds_up(result)
    assert (result.counts["ready"], result.counts["rejected"], result.counts["delivered"]) == (19, 1, 0)
    assert "DRY RUN" in str(result)
    assert len(there.simulator.ledger.requests) == 0


def test_a_plan_sends_nothing(platform: Any) -> None:
    """Planning reads, maps, checks and judges; the platform does not hear of it."""
    there = platform()
    plan = there.plan(stock(20))
    assert plan.gate.is_open
    assert plan.preview.columns == ["locationRef", "skuRef", "qty", "type", "status"]
    assert len(there.simulator.ledger.requests) == 0


def test_unknown_rows_count_against_their_own_limit(platform: Any) -> None:
    """P33: MAX_UNKNOWN is 0: a single row whose outcome nobody knows ends the load as completed with errors."""
    there = platform(Fault("stuck_pending", nth=[1, 2]))
    first = there.plan(stock(6)).apply(dry_run=False)
    assert (first.state, first.counts["unknown"]) == ("COMPLETED_WITH_ERRORS", 6)
    assert there.plan(stock(7), max_unknown=7).apply(dry_run=False).state == "SUCCEEDED"


def test_a_snapshot_under_preprocessing_succeeds(platform: Any) -> None:
    """P22: a stock file of which most is unchanged is proved by read-back, and the load is a success."""
    there = platform(preprocessing=True)
    assert there.plan(stock(50)).apply(dry_run=False).ok
    result = there.plan(stock(60), preprocessing="enabled").apply(dry_run=False)
    assert (result.state, result.counts["delivered"]) == ("SUCCEEDED", 60)
    assert result.read_back >= 50


def test_a_source_without_rows_is_skipped(platform: Any, tmp_path: Path) -> None:
    """A file of a header alone is a skip with its own state, not a success."""
    (tmp_path / "empty.csv").write_text("location,sku,quantity,status\n")
    there = platform()
    result = there.plan(tmp_path / "empty.csv").apply(dry_run=False)
    assert (result.state, result.counts["read"]) == ("SKIPPED", 0)


def test_the_row_is_the_line_of_the_file(platform: Any, tmp_path: Path) -> None:
    """An issue names the file and the line where a person finds the row in an editor."""
    lines = ["location,sku,quantity,status", "L,A,1,", "L,B,two,", "L,C,3,"]
    (tmp_path / "stock.csv").write_text("\n".join(lines))
    there = platform()
    plan = there.plan(tmp_path / "stock.csv")
    issue = plan.issues.row(0, named=True)
    assert (issue["row"], issue["value"], issue["code"]) == (3, "two", "map.type")
    assert issue["source"].endswith("stock.csv")


def test_a_wrong_password_is_one_clear_error(platform: Any) -> None:
    """P32: wrong credentials are an AuthError before anything is sent, not a pile of rejected rows."""
    there = platform()
    there.client = there.connect(password="not-the-password")
    with pytest.raises(AuthError):
        there.plan(stock(5)).apply(dry_run=False)


def test_a_dead_server_is_one_clear_error() -> None:
    """P32: where nobody answers, the error says that nothing was sent."""
    settings = {"client_id": "x", "client_secret": "secret-secret", "username": "u", "password": "pass-word"}
    client = fw.FluentClient(base_url="http://127.0.0.1:9", policy=RetryPolicy(max_retries=0), **settings)
    plan = fw.ingest(client, [{"ref": "A"}], rules={})
    with client, pytest.raises(ConnectionFailedError):
        plan.apply(dry_run=False)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("route", "pigeon"),
        ("job", "weekly"),
        ("preprocessing", "maybe"),
        ("batch_size", 0),
        ("workers", 1.5),
        ("max_retries", -1),
        ("max_unknown", -2),
        ("max_rejected", "lots"),
        ("resolvers", "nowhere:at_all"),
    ],
)
def test_a_wrong_option_is_named(platform: Any, option: str, value: Any) -> None:
    """P32: an option that cannot be is refused by the plan already: no dry run passes where the load would not."""
    there = platform()
    with pytest.raises(ConfigError, match=str(value)):
        there.plan(stock(5), **{option: value})


@pytest.mark.parametrize("row", [1, None], ids=["twice", "null"])
def test_rows_that_cannot_be_told_apart_are_refused(platform: Any, row: int | None) -> None:
    """P26: where several rows share one _row, none could be traced: the frame is refused before anything is done."""
    there = platform()
    with pytest.raises(ConfigError, match="share one _row"):
        there.plan([{**record, "_row": row} for record in stock(3)])
