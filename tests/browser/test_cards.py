"""Results in JupyterLab: how their cards look, with good values and with hostile ones."""

import pytest
from lab import NARROW, WIDE, Lab

pytestmark = pytest.mark.kernel

RESULTS = """
import polars as pl
import fcwork as fw
client = fw.connect(profile="simulator")
evil = ["<script>document.title = 'owned'</script>", "x" * 10_000, "😀🏳️‍🌈", "שלום עולם", "</td>", "\\u202eabc"]
rows = pl.DataFrame({
    "sku": [f"SKU-{n}" for n in range(1_000)],
    "qty": [evil[n % 6] if n % 100 == 0 else str(n) for n in range(1_000)],
})
mapper = fw.Mapper({"fields": {"ref": {"source": "sku"}, "qty": {"source": "qty", "resolver": "sdk.parseInt"}}})
mapped = mapper.apply(rows)
checked = fw.Validator({"range": {"qty": {"max": 900}}}).check(mapped.frame)
other = mapped.frame.with_columns(qty=pl.col("qty") + pl.Series([0, 2, 900] * 330))
query = "{ inventoryPositions(first: 50) { edges { node { ref onHand } } pageInfo { hasNextPage } } }"
stock = pl.DataFrame({"location": ["LOC001"] * 3, "sku": ["SKU-1", "SKU-2", ""], "quantity": ["1", evil[0], "3"]})
plan = fw.ingest(client, stock, max_rejected="100%", mapping={"fields": {
    "locationRef": {"source": "location", "required": True}, "skuRef": {"source": "sku", "required": True},
    "qty": {"source": "quantity", "resolver": "sdk.parseInt"}, "type": {"value": "LAST_ON_HAND"},
    "status": {"value": "ACTIVE"}}})
results = {
    "mapped": mapped,
    "checked": checked,
    "sent": fw.recovery.send(checked.valid.head(3), lambda batch: None),
    "asked": client.graphql(query),
    "extracted": fw.extract(client, "orders"),
    "planned": plan,
    "loaded": plan.apply(dry_run=False),
    "reconciled": fw.reconcile(mapped.frame, other, key="ref", compare="qty"),
}
"""
OTHERS = """
import datetime as dt
from pathlib import Path
from fcwork.jobs import JobTracker
from fcwork.runner.difference import Difference
from fcwork.runner.manifest import Published
from fcwork.runner.past import PastRun
from fcwork.runner.result import RunResult
from fcwork.runner.sharing.publishing import Shared
from fcwork.webhooks.event import Event
at = dt.datetime(2026, 1, 15, 12, tzinfo=dt.UTC)
long = " ".join(evil)
recorded = {"read": 1_000, "delivered": 990, "rejected": 10}
job = JobTracker().job("nightly stock", details={"file": evil[0], "rows": evil})
job.start()
job.stage("read", long, counts={"rows": 1_000})
run_id = "20260115T120000Z-load-abcdef"
past = PastRun(run_id, Path("runs"), {"state": "FAILED", "name": long, "evalue": long, **recorded})
pairs = {"COUNT": (3, 5), "NOTE": (None, long)}
texts = dict.fromkeys(("id", "name", "entity_ref", "sha256", "header", "algorithm", "key", "replay_key"), long)
checks = {"tenant_checked": True, "replay_checked": True}
results |= {
    "ran": RunResult("FAILED", "load", run_id, Path("runs"), "SIMULATOR", {}, recorded,
        failed_cell=3, ename="ValueError", evalue=long, started_at=at, ended_at=at + dt.timedelta(seconds=75)),
    "past": past,
    "differing": Difference(past, past, {}, pairs, {"read": (3, 5)}, f"-1\\n+{long}\\n" * 50, sources_known=True),
    "published": Published("stock", Path("stock.parquet"), 1_000, ("ref", *evil[:3]), 10_000, "0" * 64, ("email",)),
    "shared": Shared(run_id, f"out/{evil[3]}.html", "out/index.html", 48_123),
    "job": job.record,
    "event": Event(kind="event", attributes={"evil": evil, "long": long}, **checks, **texts),
}
"""
NAMES = ("mapped", "checked", "sent", "asked", "extracted", "planned", "loaded", "reconciled")
NAMES += ("ran", "past", "differing", "published", "shared", "job", "event")


def test_results_are_shown_as_cards(lab: Lab) -> None:
    """P25: a card says how a result ended; hostile values are harmless and fit, wide and narrow, light and dark."""
    with lab.open(RESULTS + OTHERS, *(f"results['{name}']" for name in NAMES)) as book:
        for pixels, size in ((WIDE, "wide"), (NARROW, "narrow")):
            book.width(pixels)
            for number, name in enumerate(NAMES, 1):
                book.subject = f".jp-Cell:nth-child({number + 1}) .fcwork-card"
                book.cell(number).scroll_into_view_if_needed()
                book.panel.wait_for(timeout=15_000)
                assert book.output(number).locator("script, img").count() == 0
                book.shots_in_both_lights(f"card-{name}-{size}", book.shot)
                assert book.sticks_out() == [], (name, size)
            assert book.fits()
        assert "owned" not in book.page.title()
