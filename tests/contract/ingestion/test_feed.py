"""The feed gate: a load that is far from those before it, told or kept back."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import fcwork as fw
from fcwork import settings
from fcwork.errors import ConfigError, StoreError
from fcwork.ingestion import IngestResult
from fcwork.store import SQLiteStore, open_store

POSTS = "/job/*/batch"
Deliver = Callable[..., Path]


@pytest.fixture
def deliver(tmp_path: Path) -> Deliver:
    """Write the stock file of a day."""

    def write(day: int, rows: int = 20, *, zeros: int = 0, stores: int = 2, folder: str = "in") -> Path:
        path = tmp_path / folder / f"stock-202601{day:02}.csv"
        path.parent.mkdir(exist_ok=True)
        lines = [f"LOC{n % stores},SKU-{day}-{n},{0 if n < zeros else 5},\n" for n in range(rows)]
        path.write_text("location,sku,quantity,status\n" + "".join(lines), "utf-8")
        return path

    return write


def load(there: Any, source: Any, *, dry_run: bool = False, **options: Any) -> IngestResult:
    """Load a file, or look at what that would do."""
    there.clock.advance(60)
    return there.plan(source if not isinstance(source, Path) else str(source), **options).apply(dry_run=dry_run)


def kept() -> int:
    """Return how many profiles are kept."""
    return len(open_store(settings.store_place()).items("feed:"))


def after(there: Any, deliver: Deliver, loads: int = 3) -> Any:
    """Return the platform after some loads of the usual kind."""
    for day in range(1, loads + 1):
        assert load(there, deliver(day), expect={}).ok
    return there


def test_a_load_that_is_as_the_others_passes(platform: Any, deliver: Deliver) -> None:
    """P33: with too few loads before it nothing is judged, and that is said; then a load like the others passes."""
    there = platform()
    for day, words in enumerate(("0 of the 3", "1 of the 3", "2 of the 3", "as in the last 3 loads"), start=1):
        result = load(there, deliver(day), expect={})
        assert (result.state, words in result.feed, words in result.summary) == ("SUCCEEDED", True, True)
        assert result.to_record()["feed"] == result.feed
    assert kept() == 4


@pytest.mark.parametrize(
    ("delivery", "code"),
    [
        ({"rows": 8}, "feed.rows"),
        ({"rows": 40}, "feed.rows"),
        ({"zeros": 5}, "feed.zeros"),
        ({"stores": 1}, "feed.locations"),
        ({"rows": 0}, "feed.rows"),
    ],
)
def test_one_that_is_far_from_them_is_refused(
    platform: Any, deliver: Deliver, delivery: dict[str, int], code: str
) -> None:
    """P33, P26: the gate is closed before anything is sent, each row is told of, and no profile is left."""
    there = after(platform(), deliver)
    posted = there.simulator.ledger.count("POST", POSTS)
    plan = there.plan(str(deliver(9, **delivery)), expect={})
    assert not plan.gate.is_open
    assert code in plan.feed
    result = load(there, deliver(9, **delivery), expect={})
    assert (result.state, code in result.counts_by_code) == ("REFUSED", True)
    whole = result.issues.filter(code=code)
    assert (whole["row"].to_list(), whole["severity"][0], whole["message"][0] in result.summary) == (
        [None],
        "error",
        True,
    )
    assert result.counts["rejected"] == result.counts["read"] == result.rejected.height
    assert there.simulator.ledger.count("POST", POSTS) == posted
    assert kept() == 3


def test_a_warning_loads_it_all_the_same(platform: Any, deliver: Deliver) -> None:
    """P33: with on_doubt as warn it is an issue without a row, and the load goes on; a profile is left."""
    there = after(platform(), deliver)
    result = load(there, deliver(9, 8), expect={"on_doubt": "warn"})
    assert (result.state, result.counts["delivered"]) == ("SUCCEEDED", 8)
    assert result.issues.select("row", "severity", "code").rows() == [(None, "warning", "feed.rows")]
    assert "loaded all the same" in result.summary
    assert kept() == 4


def test_by_force_it_is_only_told(platform: Any, deliver: Deliver) -> None:
    """P33: who says that it is right loads it by force."""
    there = after(platform(), deliver)
    assert load(there, deliver(9, 8), expect={}).state == "REFUSED"
    result = load(there, deliver(9, 8), expect={}, force=True)
    assert (result.state, result.counts_by_code) == ("SUCCEEDED", {"feed.rows": 1})


def test_what_leaves_no_profile(platform: Any, deliver: Deliver) -> None:
    """A dry run, a file that is loaded already, a load of no feed and dead letters leave none; the same content one."""
    there = platform()
    load(there, deliver(1), dry_run=True, expect={})
    load(there, deliver(2), expect=False)
    rows = [{"location": "L", "sku": "S", "quantity": 1, "status": None}]
    load(there, rows)
    load(there, [{**rows[0], "_code": "send.rejected", "_row": 1, "_source": "x"}], expect={})
    assert kept() == 0
    assert load(there, deliver(3)).ok
    assert load(there, deliver(3)).state == "SKIPPED"
    load(there, deliver(3), force=True)
    assert kept() == 1
    load(there, rows, expect={})
    assert kept() == 2


def test_a_feed_is_known_by_target_workflow_and_place(platform: Any, deliver: Deliver) -> None:
    """Another workflow, another folder or another retailer has a history of its own."""
    there = after(platform(), deliver)
    assert "0 of the 3" in load(there, deliver(9), expect={}, workflow="other").feed
    assert "0 of the 3" in load(there, deliver(9, folder="elsewhere"), expect={}).feed
    there.client = there.connect(retailer_id="7")
    assert "0 of the 3" in load(there, deliver(9), expect={}).feed


def test_each_file_by_itself(platform: Any, deliver: Deliver, tmp_path: Path) -> None:
    """With a job for each file each is a load of its own: one in doubt keeps no other back."""
    there = platform()
    for day in range(1, 4):
        deliver(day)
    assert load(there, f"{tmp_path}/in/*.csv", job="per-file", expect={}).ok
    assert kept() == 3
    deliver(4)
    deliver(5, 8)
    result = load(there, f"{tmp_path}/in/*.csv", job="per-file", expect={})
    assert (result.state, result.counts["delivered"], result.counts["rejected"]) == ("COMPLETED_WITH_ERRORS", 20, 8)
    doubted = result.issues.filter(code="feed.rows")
    assert doubted["source"].str.ends_with("stock-20260105.csv").to_list() == [True]
    assert kept() == 4


def test_several_files_are_one_load(platform: Any, deliver: Deliver, tmp_path: Path) -> None:
    """Without, all files of a run are one load; in doubt, none of them is loaded, and all are put away as errors."""
    there = platform()
    for number in range(3):
        deliver(1 + 2 * number)
        deliver(2 + 2 * number)
        assert load(there, f"{tmp_path}/in/*.csv", expect={}).counts["delivered"] == 40
    deliver(7, 8)
    deliver(8, 8)
    result = load(there, f"{tmp_path}/in/*.csv", expect={}, errors_to="errors")
    assert (result.state, [file.state for file in result.moved], kept()) == ("REFUSED", ["error"] * 2, 3)


@pytest.mark.parametrize("kind", ["pandas", "lazy", "pyarrow", "records"])
def test_frames_of_every_kind(platform: Any, kind: str) -> None:
    """P23: a frame that is expected to be like others is judged, whatever its kind."""
    there = platform()

    def frame(rows: int, mark: int) -> Any:
        found = pl.DataFrame({"location": ["L"] * rows, "sku": [f"S{mark}-{n}" for n in range(rows)]})
        found = found.with_columns(quantity=pl.lit(1), status=pl.lit("ACTIVE"))
        given = {"pandas": found.to_pandas, "lazy": found.lazy, "pyarrow": found.to_arrow, "records": found.to_dicts}
        return given[kind]()

    for number in range(3):
        assert load(there, frame(10, number), expect={}).ok
    refused = load(there, frame(3, 9), expect={})
    assert (refused.state, refused.counts_by_code["feed.rows"]) == ("REFUSED", 1)


def test_mistakes_are_told_before_anything_is_read(platform: Any) -> None:
    """P32: what cannot be expected is refused, and nothing was opened."""
    with pytest.raises(ConfigError, match="did you mean 'zeros'"):
        platform().plan("no-such-file.csv", expect={"zeroes": "1%"})


def test_a_store_that_fails_afterwards(platform: Any, deliver: Deliver, monkeypatch: pytest.MonkeyPatch) -> None:
    """A profile that cannot be kept is a warning: the rows are where they belong."""
    there = platform()
    plan = there.plan(str(deliver(1)), expect={}, track_files=False)
    monkeypatch.setattr(SQLiteStore, "set", _broken)
    result = plan.apply(dry_run=False)
    assert (result.state, result.counts_by_code) == ("SUCCEEDED", {"feed.not_kept": 1})


def _broken(*_: Any, **__: Any) -> None:
    raise StoreError("the disk is full")


def test_masked_locations_stay_unknown(platform: Any, deliver: Deliver, mapping: dict[str, Any]) -> None:
    """P8: what a mapping masks is not kept with the profile."""
    there, masked = platform(), {**mapping, "mask": ["locationRef"]}
    assert fw.ingest(there.client, str(deliver(1)), mapping=masked, clock=there.clock).apply(dry_run=False).ok
    [(_, profile)] = open_store(settings.store_place()).items("feed:")
    assert (profile["locations"], "LOC1" in json.dumps(profile)) == (None, False)
