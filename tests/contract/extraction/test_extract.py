from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import fcwork as fw
from fcwork import extraction, sources
from fcwork.errors import ConfigError, MappingError, ServerError, SourceError
from fcwork.extraction import delivering
from fcwork.extraction.marks import set_watermark
from fcwork.simulator import Fault

Make = Callable[..., Any]
SEEDED = datetime(2026, 1, 12, tzinfo=UTC)  # after every change of the seed
MAPPING = {
    "fields": {
        "ref": {"source": "ref", "required": True},
        "onHand": {"source": "onHand", "resolver": "sdk.parseInt"},
        "updatedOn": {"source": "updatedOn"},
    }
}
STRICT = {"fields": {**MAPPING["fields"], "onHand": {"source": "onHand", "required": True}}}


def test_an_entity_is_a_frame(platform: Make) -> None:
    """Every node is a row, nested fields are columns, and types are the schema's."""
    result = platform().extract(page_size=20)

    assert result.ok
    assert (result.rows, result.pages, result.complete) == (50, 3, True)
    assert result.frame["catalogue.ref"].unique().to_list() == ["DEFAULT:1"]
    assert result.frame.schema["updatedOn"] == pl.Datetime("ms", "UTC")
    assert result.frame["_row"].to_list() == list(range(1, 51))


@pytest.mark.parametrize("entity", [name for name in extraction.entities()["entity"] if name != "controls_of_group"])
def test_every_entity_can_be_extracted(platform: Make, entity: str) -> None:
    """Each entity known by name gives all of its nodes."""
    result = platform().extract(entity)

    assert result.state == "SUCCEEDED", result
    assert result.rows == result.counts["read"] > 0


def test_the_controls_of_groups_are_asked_one_group_after_the_other(platform: Make) -> None:
    """A filter that takes one value and is given several is asked once for each."""
    here = platform()
    groups = here.client.frame("{ controlGroups(first: 10) { edges { node { ref } } } }")["ref"].to_list()
    one = here.extract("controls_of_group", filters={"group": groups[0]})
    both = here.extract("controls_of_group", filters={"group": [groups[0], groups[0]]})

    assert one.rows > 0
    assert both.counts["read"] == 2 * one.rows
    assert both.rows == one.rows, "a node that is in both is there once"


def test_a_query_of_ones_own_is_extracted(platform: Make) -> None:
    """A GraphQL text pages its connection; id and time of change, which it does not ask for, are no columns."""
    result = platform().extract("{ inventoryPositions(first: 10) { edges { node { ref onHand } } } }", page_size=30)

    assert result.rows == 50
    assert [name for name in result.frame.columns if not name.startswith("_")] == ["ref", "onHand"]


def test_filters_are_arguments_of_the_connection(platform: Make) -> None:
    """A filter narrows the connection; one value stands for a list of one, a ref for a key."""
    result = platform().extract(filters={"locationRef": "LOC001", "catalogue": "DEFAULT:1"})
    assert result.frame["locationRef"].unique().to_list() == ["LOC001"]


def test_an_unknown_filter_is_refused_before_anything_is_asked(platform: Make) -> None:
    """P32: the message names the nearest argument."""
    here = platform()
    with pytest.raises(ConfigError, match="did you mean 'locationRef'"):
        here.extract(filters={"locationref": "LOC001"})
    assert here.queries == 0


def test_an_order_with_300_items_is_whole(platform: Make) -> None:
    """P21: connections inside the nodes are followed to their end, and exploded to a row for each item."""
    here = platform()
    lines = here.extract("orders", explode="items")
    most = lines.frame.group_by("ref").len()["len"].max()
    items = here.simulator.world.count("OrderItem")

    assert most == 300
    assert lines.complete
    assert lines.frame["items.id"].n_unique() == items == lines.rows


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Fault("empty_page"), "empty_pages"),
        (Fault("repeat_cursor", nth=range(2, 99)), "repeated_cursor"),
    ],
)
def test_an_answer_that_is_not_whole_fails(platform: Make, tmp_path: Path, fault: Fault, reason: str) -> None:
    """P21, P28: a platform that misleads ends in FAILED with the reason, no file, and a watermark that stands."""
    here = platform(fault)
    set_watermark(here.client, "w", "2026-01-01")
    result = here.extract(page_size=10, watermark="w", sink=str(tmp_path / "out.csv"))

    assert (result.state, result.complete) == ("FAILED", False)
    assert reason in result.reasons
    assert not list(tmp_path.glob("out*"))
    assert result.watermark == datetime(2026, 1, 1, tzinfo=UTC)
    assert extraction.watermarks()["at"].to_list() == [datetime(2026, 1, 1, tzinfo=UTC)]
    with pytest.raises(ServerError, match="not complete"):
        result.raise_if_incomplete()


def test_a_short_page_is_not_the_end(platform: Make) -> None:
    """P21: a page with fewer nodes than were asked for is followed by the next."""
    result = platform(Fault("short_page", nth=2)).extract(page_size=10)
    assert (result.rows, result.complete) == (50, True)


def test_pages_with_errors_are_kept_when_asked_for(platform: Make, tmp_path: Path) -> None:
    """``errors="partial"`` writes what came, tells the errors as issues, and leaves the watermark."""
    here = platform(Fault("graphql_errors", data="partial", nth=2))
    set_watermark(here.client, "w", "2026-01-01")
    result = here.extract(page_size=10, errors="partial", watermark="w", sink=str(tmp_path / "out.csv"))

    assert (result.state, result.complete, result.moved) == ("COMPLETED_WITH_ERRORS", False, False)
    assert result.rows == sources.read(tmp_path / "out.csv").height == 49
    assert result.issues.select("stage", "code").unique().rows() == [("extract", "extract.partial")]


def test_a_limit_that_was_asked_for_is_no_failure(platform: Make, tmp_path: Path) -> None:
    """P28: a limited extraction says so, is written, and does not move the watermark."""
    here = platform()
    set_watermark(here.client, "w", "2026-01-01")
    result = here.extract(max_records=7, page_size=5, watermark="w", sink=str(tmp_path / "out.csv"))

    assert (result.state, result.complete, result.limited) == ("SUCCEEDED", False, True)
    assert result.reasons == ("max_records",)
    assert sources.read(tmp_path / "out.csv").height == 7
    assert not result.moved


def test_an_incremental_run_writes_each_row_once(platform: Make, tmp_path: Path) -> None:
    """P28: the first run takes all from its start on, a second finds nothing new, and a changed row comes again."""
    here = platform()
    sink = str(tmp_path / "{from}-{to}.csv")
    first = here.extract(watermark="w", since="2025-01-01", sink=sink, mapping=MAPPING)
    again = here.extract(watermark="w", sink=sink, mapping=MAPPING)
    here.clock.advance(3_600)
    changed_at = here.clock.now() - timedelta(seconds=30)
    here.change("InventoryPosition", 3, changed_at, onHand=77)
    third = here.extract(watermark="w", sink=sink, mapping=MAPPING)

    assert (first.rows, again.rows, third.rows) == (50, 0, 1)
    assert again.counts["known"] >= 1, "the overlap was asked for again"
    assert first.watermark < SEEDED
    assert sources.read(third.files)["onHand"].to_list() == ["77"]
    assert third.watermark == changed_at


def test_a_row_that_is_committed_late_is_not_lost(platform: Make) -> None:
    """P28: a row that was changed before the watermark, by less than the overlap, is fetched by the next run."""
    here = platform()
    first = here.extract(watermark="w", since="2025-01-01")
    here.change("InventoryPosition", 3, first.watermark - timedelta(seconds=59), onHand=5)
    here.change("InventoryPosition", 4, first.watermark - timedelta(seconds=1), onHand=6)
    second = here.extract(watermark="w")

    assert sorted(second.frame["onHand"].to_list()) == [5, 6]
    assert second.watermark == first.watermark, "it never moves back"


def test_rows_of_one_millisecond_at_the_edge_are_all_there(platform: Make) -> None:
    """Rows that share the watermark's very millisecond are written once each, however the runs fall."""
    here = platform()
    edge = SEEDED + timedelta(days=1)
    for at in range(10):
        here.change("InventoryPosition", at, edge)
    first = here.extract(watermark="w", since="2025-01-01")
    for at in range(10, 20):
        here.change("InventoryPosition", at, edge)
    second = here.extract(watermark="w")

    assert first.watermark == second.watermark == edge
    assert (first.rows, second.rows) == (50, 10)


def test_a_run_that_found_nothing_moves_the_watermark_near_its_end(platform: Make) -> None:
    """P28: a complete run without rows moves it to the window's end less a lag."""
    here = platform()
    set_watermark(here.client, "w", SEEDED + timedelta(days=1))
    result = here.extract(watermark="w")

    assert result.rows == 0
    assert result.watermark == here.clock.now() - timedelta(seconds=60)


def test_a_rejected_row_holds_the_watermark_back(platform: Make, tmp_path: Path) -> None:
    """P28: rows that cannot be mapped are told, and come again when the mapping is mended."""
    here = platform()
    here.change("InventoryPosition", 5, SEEDED + timedelta(hours=1), onHand=None)
    here.change("InventoryPosition", 6, SEEDED + timedelta(hours=2), onHand=1)
    first = here.extract(watermark="w", since=SEEDED, sink=str(tmp_path / "a.csv"), mapping=STRICT)
    mended = here.extract(watermark="w", sink=str(tmp_path / "b.csv"), mapping=MAPPING)

    assert (first.state, first.rows, first.counts["rejected"]) == ("COMPLETED_WITH_ERRORS", 1, 1)
    assert first.watermark == SEEDED + timedelta(hours=1)
    assert first.issues["code"].to_list() == ["map.required"]
    assert first.rejected["onHand"].to_list() == [None]
    assert (mended.rows, mended.counts["known"]) == (1, 1)
    assert mended.watermark == SEEDED + timedelta(hours=2)


def test_dropped_rows_do_not_hold_it_back(platform: Make) -> None:
    """``drop`` lets the others go on, and ``fail`` writes nothing at all."""
    here = platform()
    here.change("InventoryPosition", 5, SEEDED + timedelta(hours=1), onHand=None)
    failed = here.extract(watermark="w", since=SEEDED, mapping=STRICT, on_invalid="fail")
    dropped = here.extract(watermark="w", since=SEEDED, mapping=STRICT, on_invalid="drop")

    assert (failed.state, failed.rows, failed.moved) == ("FAILED", 0, False)
    assert "cannot be mapped" in failed.summary
    assert (dropped.state, dropped.counts["rejected"]) == ("SUCCEEDED", 1)
    assert dropped.watermark == SEEDED + timedelta(hours=1)


def test_a_sandbox_does_not_move_productions_watermark(platform: Make) -> None:
    """Watermarks are kept by target and retailer."""
    one, other = platform(), platform(seed=2)
    one.extract(watermark="w", since="2025-01-01")
    with pytest.raises(ConfigError, match="never set"):
        fw.extract(
            fw.FluentClient(
                **{**other.simulator.connect(), "retailer_id": "77"},
                transport=other.simulator.transport(),
                clock=other.clock,
            ),
            "inventory_positions",
            watermark="w",
            clock=other.clock,
        )


def test_a_rerun_replaces_its_own_window(platform: Make, tmp_path: Path) -> None:
    """P29: names come from the window, so that the same window stands there once."""
    here = platform()
    options: dict[str, Any] = {
        "since": "2026-01-09",
        "until": "2026-01-10",
        "sink": str(tmp_path / "p-{from}-{to}.csv"),
    }
    first, second = here.extract(**options), here.extract(**options)

    assert [path.name for path in tmp_path.glob("p-*")] == ["p-20260109T000000Z-20260110T000000Z.csv"]
    assert first.rows == second.rows == sources.read(second.files).height


def test_an_empty_window_has_the_columns(platform: Make, tmp_path: Path) -> None:
    """P29: a window without rows is a file with the mapping's header."""
    result = platform().extract(since="2020-01-01", until="2020-01-02", sink=str(tmp_path / "p.csv"), mapping=MAPPING)

    assert result.rows == 0
    assert (tmp_path / "p.csv").read_text() == "ref,onHand,updatedOn\n"


def test_slices_of_a_window_are_fetched_at_once_and_joined(platform: Make) -> None:
    """Several workers fetch slices of one window; a row on an edge between two is there once."""
    here = platform(positions=500)
    whole = here.extract(since="2026-01-01", until="2026-01-12")
    sliced = here.extract(since="2026-01-01", until="2026-01-12", slices=5, workers=3)

    assert sliced.rows == whole.rows > 0
    assert sorted(sliced.frame["id"]) == sorted(whole.frame["id"])


def test_all_workers_share_one_rate(platform: Make) -> None:
    """Requests of all workers together are no faster than was asked for, those for items of orders too."""
    here = platform()
    here.extract("orders", since="2026-01-01", until="2026-02-01", slices=3, workers=3, page_size=20, rate_per_second=2)
    spans = sorted(seen.at for seen in here.simulator.ledger.requests if seen.path.endswith("/graphql"))

    assert len(spans) > 8
    assert (spans[-1] - spans[0]).total_seconds() >= (len(spans) - 3) / 2


def test_a_dry_run_looks_at_the_first_page(platform: Make, tmp_path: Path) -> None:
    """P33: a dry run maps one page, writes nothing, moves nothing and says so loudly."""
    here = platform()
    result = here.extract(watermark="w", since="2025-01-01", sink=str(tmp_path / "p.csv"), page_size=10, dry_run=True)

    assert (result.rows, here.queries) == (10, 1)
    assert (result.counts["ready"], result.counts["written"]) == (10, 0)
    assert result.summary.startswith("DRY RUN")
    assert not list(tmp_path.glob("p*"))
    assert extraction.watermarks().height == 0


def test_a_result_says_itself_as_json(platform: Make, tmp_path: Path) -> None:
    """The job's history keeps count, file name and size, as the SDK's tracker calls them."""
    result = platform().extract(sink=str(tmp_path / "p.csv"))
    record = result.to_record()

    assert record["details"]["recordCount"] == 50
    assert record["details"]["fileName"] == "p.csv"
    assert record["details"]["fileSize"] == (tmp_path / "p.csv").stat().st_size
    assert record["files"][0]["rows"] == 50
    assert {stage["name"] for stage in record["stages"]} == {"fetch", "deliver"}
    assert "masked" not in record


def test_a_result_names_what_its_mapping_masks(platform: Make) -> None:
    """The record of an extraction names the columns whose values its mapping masks, so that shared pages hide them."""
    mapping = {"mask": ["what"], "fields": {"what": {"source": "productRef"}, "ref": {"source": "ref"}}}
    assert platform().extract(mapping=mapping).to_record()["masked"] == ["what", "productRef"]


@pytest.mark.parametrize("engine", ["polars", "pandas", "pyarrow", "records"])
def test_frames_come_in_the_kind_that_was_asked_for(platform: Make, engine: Any) -> None:
    """The frames of a result are of one kind, whichever library the caller works with."""
    result = platform().extract(engine=engine)
    assert fw.frames.kind_of(result.frame) == engine
    assert "50" in result._repr_html_()


def test_html_of_a_hostile_value_is_harmless(platform: Make) -> None:
    """P25: what the platform holds is escaped where it is shown."""
    here = platform()
    here.change("InventoryPosition", 0, SEEDED, status="<script>alert(1)</script>")
    shown = here.extract()._repr_html_()

    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown


@pytest.mark.parametrize(
    "sink", ["out.xls", "out", "out-{window}.csv", "nowhere://out.csv", "sftp://user@127.0.0.1:1/out.csv"]
)
def test_a_sink_that_cannot_be_written_is_refused_before_anything_is_fetched(
    platform: Make, tmp_path: Path, sink: str
) -> None:
    """P32: an unknown format, a name that cannot be filled in, or a place that does not answer is told at once."""
    here = platform()
    with pytest.raises(SourceError) as refused:
        here.extract(sink=sink if "://" in sink else str(tmp_path / sink))

    assert refused.value.hint
    assert here.queries == 0


def test_a_result_tells_its_mapping_and_its_watermark(platform: Make) -> None:
    """A run can be told from its result: which mapping it used, and which watermark it moved."""
    result = platform().extract(watermark="w", since="2025-01-01", mapping={**MAPPING, "name": "stock"})

    assert result.mapping.startswith("stock (sha256 ")
    assert (result.watermark_name, result.details["watermarkName"]) == ("w", "w")


def test_the_last_nodes_come_first_backward(platform: Make) -> None:
    """Backward, a limit leaves the last nodes of the connection."""
    here = platform()
    last = here.extract(direction="backward", page_size=4, max_records=6)
    everything = here.extract()

    assert sorted(last.frame["id"]) == sorted(everything.frame["id"])[-6:]
    assert last.limited


def test_a_limit_holds_for_all_parts_together(platform: Make) -> None:
    """P28: where each part is within the limit and together they are not, the result says that it is cut."""
    here = platform()
    for at in range(25):
        here.change("InventoryPosition", at, SEEDED - timedelta(days=1))
    window = {"since": "2025-12-01", "until": SEEDED, "slices": 2}
    for at in range(25, 50):
        here.change("InventoryPosition", at, datetime(2025, 12, 2, tzinfo=UTC))
    set_watermark(here.client, "w", "2025-12-01")
    result = here.extract(max_records=40, mode="range", watermark="w", **window)

    assert (result.rows, result.frame["id"].n_unique()) == (40, 40)
    assert (result.complete, result.limited, result.reasons) == (False, True, ("max_records",))
    assert result.counts["read"] == result.rows
    assert not result.moved


@pytest.mark.parametrize("end", ["2026-01-20", None])
def test_a_range_beyond_the_watermark_does_not_move_it(platform: Make, end: str | None) -> None:
    """P28: what lies between the watermark and a range is written by nobody, so that the watermark stays."""
    here = platform()
    here.extract(watermark="w", since="2024-01-01", until="2026-01-02")
    range_ = here.extract(watermark="w", mode="range", since="2026-01-08", until=end)
    later = here.extract(watermark="w", mode="range", since="2026-01-11", until=end)

    assert (range_.rows, range_.moved, later.moved) == (50, False, False)
    assert here.extract(watermark="w").rows == 50


def test_a_range_before_the_watermark_forgets_nothing(platform: Make) -> None:
    """An old window that is extracted again leaves alone what the watermark knows of the rows near it."""
    here = platform()
    here.extract(watermark="w", since="2025-01-01")
    again = here.extract(watermark="w", mode="range", since="2025-01-01", until="2025-02-01")

    assert not again.moved
    assert here.extract(watermark="w").rows == 0


def test_a_range_does_not_begin_a_watermark(platform: Make) -> None:
    """P28: where a first run is to begin is not told by a window of one's own."""
    here = platform()
    assert not here.extract(watermark="w", mode="range", since="2026-01-08", until="2026-01-12").moved
    with pytest.raises(ConfigError, match="never set"):
        here.extract(watermark="w")


def test_a_dry_run_that_may_not_reject_fails_as_the_run_would(platform: Make, tmp_path: Path) -> None:
    """With ``on_invalid="fail"`` a look is a FAILED result too, and says which row it is."""
    text = {"fields": {"status": {"source": "status", "resolver": "sdk.parseInt", "required": True}}}
    here = platform()
    for dry_run in (True, False):
        result = here.extract(mapping=text, on_invalid="fail", dry_run=dry_run, sink=str(tmp_path / "p.csv"))
        assert (result.state, result.dry_run) == ("FAILED", dry_run)
        assert "row 1 of inventory_positions cannot be mapped" in result.summary


@pytest.mark.parametrize(
    "given",
    [
        {"overlap": float("nan")},
        {"overlap": float("inf")},
        {"lag": float("nan")},
        {"max_records": 0},
        {"max_pages": True},
        {"engine": "pandsa"},
        {"split": {"row": 5}},
        {"since": "0001-01-01T00:00+05:00"},
        {"until": "9999-12-31T23:59:59-05:00"},
        {"explode": "items"},
        {"explode": "catalogue.ref"},
        {"mapping": {"fields": {"x": {"source": "onHnad", "required": True}}}},
    ],
    ids=str,
)
def test_what_cannot_be_is_refused_before_anything_is_asked(platform: Make, given: dict[str, Any]) -> None:
    """P32: a call with a mistake is refused in words, and no page is fetched for it."""
    here = platform()
    with pytest.raises((ConfigError, MappingError)) as refused:
        here.extract(**given)
    assert refused.value.hint
    assert here.queries == 0


def test_an_overlap_longer_than_time_begins_with_time(platform: Make) -> None:
    """An overlap that reaches beyond the year 1 asks for all that there is."""
    here = platform()
    here.extract(watermark="w", since="2025-01-01")
    result = here.extract(watermark="w", overlap=1e300)

    assert result.since == datetime.min.replace(tzinfo=UTC)
    assert result.counts["read"] == 50


def test_a_clock_that_was_put_back_is_told(platform: Make) -> None:
    """P32: a window that would end before the watermark says which watermark, and asks for the clock."""
    here = platform()
    set_watermark(here.client, "w", "2026-02-01")
    with pytest.raises(ConfigError, match="it begins at the watermark 'w'") as refused:
        here.extract(watermark="w")
    assert "clock" in refused.value.hint


def test_names_that_a_query_gives_to_other_fields_are_left_to_it(platform: Make) -> None:
    """A query that calls its ref ``id`` is sent as it is; without ids nothing is cut into slices."""
    here = platform()
    query = "{ inventoryPositions { edges { node { id: ref updatedOn: createdOn } } } }"
    result = here.extract(query)

    assert (result.rows, result.frame.columns) == (50, ["id", "updatedOn", "_row", "_source"])
    with pytest.raises(ConfigError, match="needs id and updatedOn"):
        here.extract(query, watermark="w", since="2025-01-01")
    with pytest.raises(ConfigError, match="slices need the id"):
        here.extract(query, slices=2, since="2025-01-01", until=SEEDED)


def test_paths_are_taken_as_their_texts(platform: Make, tmp_path: Path) -> None:
    """The file of a query and a sink may be paths."""
    query = tmp_path / "q.graphql"
    query.write_text("{ inventoryPositions { edges { node { ref } } } }", "utf-8")
    result = platform().extract(query, sink=tmp_path / "p-{to}.csv", watermark="w", since="2025-01-01")

    assert sources.read(result.files.files[0].uri).height == 50


@pytest.mark.parametrize(("name", "told"), [("p.csv", 1), ("p-{date}.csv", 1), ("p-{from}-{to}.csv", 0)])
def test_a_sink_that_the_next_run_replaces_is_told(
    platform: Make, tmp_path: Path, capfd: pytest.CaptureFixture[str], name: str, told: int
) -> None:
    """P28: a day in a name keeps apart no two runs of that day; the log says so."""
    platform().extract(watermark="w", since="2025-01-01", sink=str(tmp_path / name))
    assert capfd.readouterr().err.count("extraction.sink_replaced") == told


def test_the_embedded_simulator_has_watermarks_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A watermark that is set by hand is the one that an extraction of the embedded simulator goes by."""
    monkeypatch.setenv("FCWORK_HOME", str(tmp_path))
    client = fw.connect(profile="simulator")
    set_watermark(client, "by-hand", "2026-01-01")

    assert fw.extract(client, "inventory_positions", watermark="by-hand").moved
    assert "by-hand" in extraction.watermarks()["name"]
    set_watermark(client, "by-hand", None)
    assert "by-hand" not in extraction.watermarks()["name"]


def test_a_watermark_of_another_question_is_told(platform: Make, capfd: pytest.CaptureFixture[str]) -> None:
    """P28: where filters change what a watermark stands for, the log says that older rows are not fetched."""
    here = platform()
    ref = here.extract(max_records=1).frame["ref"][0]
    here.extract(watermark="w", since="2025-01-01", filters={"ref": [ref]})
    here.extract(watermark="w", filters={"ref": [ref]})
    assert "watermark.other_question" not in capfd.readouterr().err

    here.extract(watermark="w")
    assert "watermark.other_question" in capfd.readouterr().err


def test_of_very_many_rejected_rows_the_first_are_listed(platform: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rejected rows are all counted and hold the watermark back; beyond a bound of memory only their number is told."""
    monkeypatch.setattr(delivering, "MAX_LISTED", 7)
    here = platform()
    result = here.extract(
        watermark="w",
        since="2025-01-01",
        mapping={"fields": {"x": {"source": "id", "required": True, "resolver": "sdk.parseDate"}}},
    )
    issues = result.issues

    assert (result.counts["rejected"], result.rejected.height, result.rows) == (50, 7, 0)
    assert issues.filter(pl.col("row").is_not_null())["row"].n_unique() == 7
    assert "43 more rows" in issues.filter(pl.col("code") == "map.unlisted")["message"].item()
    assert result.watermark is not None
    assert here.extract(watermark="w", mapping=MAPPING).rows == 50
