"""A load over each route, and what a tracked job keeps of it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from fcwork import runner
from fcwork.errors import ConfigError
from fcwork.mapper import Mapper
from fcwork.simulator import Fault

SAMPLES = runner.shipped() / "samples"
MAPPINGS = runner.shipped() / "mappings"
PRODUCT_EVENT = {
    "name": "UPSERT_PRODUCT",
    "entityType": "PRODUCT_CATALOGUE",
    "entityRef": "PC:MASTER:2",
    "entitySubtype": "MASTER",
    "rootEntityType": "PRODUCT_CATALOGUE",
    "rootEntityRef": "PC:MASTER:2",
}


@pytest.fixture
def products() -> pl.DataFrame:
    """Give 250 products."""
    return pl.DataFrame({"ref": [f"P{i}" for i in range(250)], "name": [f"Product {i}" for i in range(250)]})


def load(there: Any, source: Any, **options: Any) -> Any:
    """Load without the platform's own mapping."""
    import fcwork as fw

    return fw.ingest(there.client, source, clock=there.clock, **options).apply(dry_run=False)


def test_rows_go_as_batched_events(platform: Any, products: pl.DataFrame) -> None:
    """A load by events takes the envelope and how many rows share one as options of the route."""
    there = platform()
    options = {
        "event": {**PRODUCT_EVENT, "name": "UPSERT_PRODUCTS"},
        "rows": "attributes",
        "per_event": 100,
        "into": "products",
    }
    result = load(there, products, route="event", route_options=options)
    assert result.ok
    assert there.simulator.ledger.events.height == 3
    assert result.requests == 3


def test_a_failed_event_rejects_its_row(platform: Any, products: pl.DataFrame) -> None:
    """P15: the event's own status decides: a row whose event FAILED is rejected and named."""
    there = platform(Fault("event_status", event_status="FAILED", match='"P7"'))
    options = {"event": PRODUCT_EVENT, "rows": "attributes", "mode": "sync"}
    result = load(there, products.head(20), route="event", route_options=options)
    assert result.rejected["ref"].to_list() == ["P7"]
    assert result.counts["delivered"] == 19


def test_rows_go_as_the_mapping_s_mutation(platform: Any) -> None:
    """A load by mutations sends the mapping's own; run again by force it updates what is there."""
    there = platform()
    how: dict[str, Any] = {
        "mapping": MAPPINGS / "locations.json",
        "route": "mutation",
        "max_rejected": "50%",
        "read_options": {"path": "locations.location"},
    }
    first = load(there, SAMPLES / "locations.xml", **how)
    assert first.counts["delivered"] == 19
    assert there.simulator.ledger.mutations.filter(field="createLocation").height == 19
    again = load(there, SAMPLES / "locations.xml", **how, force=True)
    assert again.counts["delivered"] == 0
    assert "already" in again.issues.filter(stage="send")["message"][0]


def test_a_mutation_may_be_named_without_a_mapping(platform: Any) -> None:
    """Rows that are inputs already need no mapping: the route's options name the mutation."""
    there = platform()
    rows = [{"ref": "PC:MASTER:2:C1", "type": "DEFAULT", "name": "New", "catalogue": {"ref": "PC:MASTER:2"}}]
    result = load(there, rows, route="mutation", route_options={"mutation": "createCategory"})
    assert result.ok, result.issues
    assert there.simulator.ledger.mutations["field"].to_list() == ["createCategory"]


def test_a_load_by_mutation_that_names_none_is_refused(platform: Any) -> None:
    """P32: which mutation is meant has to be said, by the mapping or by the route's options."""
    with pytest.raises(ConfigError, match=r"needs to know which.*\n→ .*createLocation"):
        load(platform(), [{"ref": "x"}], route="mutation")


@pytest.mark.parametrize(
    ("wrong", "told"),
    [({"route": "fax"}, "no route 'fax'"), ({"job": "weekly"}, "no job 'weekly'"), ({"workflow": " "}, "workflow")],
)
def test_an_option_that_cannot_be_is_told_before_a_dry_run(platform: Any, wrong: dict[str, Any], told: str) -> None:
    """P32: a wrong route, job or workflow never passes a dry run."""
    import fcwork as fw

    with pytest.raises(ConfigError, match=told):
        fw.ingest(platform().client, [{"a": 1}], rules={}, **wrong)


def test_a_csv_that_needs_no_mapping_is_sent_as_what_its_fields_are(platform: Any, tmp_path: Path) -> None:
    """P27: without a mapping the entity's rules say which texts are numbers; one that is none is rejected."""
    there = platform()
    (tmp_path / "plain.csv").write_text(
        "locationRef,skuRef,qty,type,status\nL,A,5,LAST_ON_HAND,ACTIVE\nL,B,many,LAST_ON_HAND,ACTIVE\n"
    )
    result = load(there, tmp_path / "plain.csv", max_rejected=1)
    assert (result.counts["delivered"], result.counts["rejected"]) == (1, 1)
    assert there.simulator.ledger.quantities["qty"].to_list() == [5]


def test_a_job_keeps_the_seed_s_details(platform: Any, deliver_bad: Callable[..., Path]) -> None:
    """What a tracked job keeps has the names of the SDK's production workflow, with the figures of the load."""
    there = platform(Fault("record", ref="SKU-1", code=404))
    result = there.plan(str(deliver_bad()), max_rejected="50%").apply(dry_run=False)
    details = result.to_record()["details"]
    assert details == {
        "fluentJobId": "1",
        "fluentJobStatus": "OPEN",
        "sourceRecords": 10,
        "mappedRecords": 9,
        "mappingErrors": 1,
        "validationResult": {"validRecords": 8, "warnings": 0},
        "recoveryResult": {"successCount": 7, "failedCount": 1, "checkpointId": None},
        "fluentErrors": 1,
        "skippedFiles": 0,
    }
    assert json.loads(json.dumps(details)) == details


def test_stages_are_told_by_the_seed_s_names(platform: Any, deliver_bad: Callable[..., Path]) -> None:
    """Whoever watches is told of extraction, transformation, validation, ingestion, batch-processing, verification."""
    there, seen = platform(), []
    plan = there.plan(str(deliver_bad()), max_rejected="50%", on_stage=lambda name, _: seen.append(name))
    result = plan.apply(dry_run=False)
    assert seen == ["extraction", "transformation", "validation", "ingestion", "batch-processing", "verification"]
    assert [(stage.name, stage.rows) for stage in result.stages] == [
        ("read", 10),
        ("map", 10),
        ("check", 9),
        ("open", 0),
        ("send", 8),
        ("verify", 8),
    ]


def test_dead_letters_are_the_source_s_rows_and_load_when_mended(
    platform: Any, deliver_bad: Callable[..., Path]
) -> None:
    """P15: what was rejected in mapping, checking and sending stands as in the source, and goes through once mended."""
    there = platform(Fault("record", ref="SKU-1", code=404, times=1))
    letters = there.plan(str(deliver_bad()), max_rejected="50%").apply(dry_run=False).dead_letters
    assert letters.select("_row", "_code", "sku", "quantity").rows() == [
        (3, "send.rejected", "SKU-1", "1"),
        (5, "map.type", "SKU-3", "many"),
        (7, "check.range", "SKU-5", "-5"),
    ]
    mended = letters.with_columns(quantity=pl.lit("4"))
    result = there.plan(mended).apply(dry_run=False)
    assert (result.counts["delivered"], result.counts["rejected"]) == (3, 0)
    held = there.simulator.ledger.quantities.filter(pl.col("skuRef").is_in(["SKU-1", "SKU-3", "SKU-5"]))
    assert held["qty"].to_list() == [4, 4, 4]


@pytest.fixture
def deliver_bad(tmp_path: Path) -> Callable[..., Path]:
    """Write a stock file of ten rows: one that cannot be mapped, one out of range."""

    def write() -> Path:
        path = tmp_path / "stock.csv"
        cells = {3: "many", 5: "-5"}
        rows = "".join(f"LOC1,SKU-{i},{cells.get(i, i)},\n" for i in range(10))
        path.write_text(f"location,sku,quantity,status\n{rows}", "utf-8")
        return path

    return write


def test_a_mapper_given_as_such_names_its_mutation(platform: Any) -> None:
    """A Mapper of a mutation mapping does as well as its file."""
    there = platform()
    mapper = Mapper(
        {"mutation": "createCategory", "fields": {name: {"source": name} for name in ("ref", "type", "name")}}
        | {"fields": {**{n: {"source": n} for n in ("ref", "type", "name")}, "catalogue.ref": {"value": "PC:MASTER:2"}}}
    )
    result = load(there, [{"ref": "C9", "type": "DEFAULT", "name": "Nine"}], mapping=mapper, route="mutation")
    assert result.ok, result.issues
