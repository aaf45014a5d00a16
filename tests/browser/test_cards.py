"""Results in JupyterLab: how their cards look, with good values and with hostile ones."""

import pytest
from lab import Lab

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
NAMES = ("mapped", "checked", "sent", "asked", "extracted", "planned", "loaded", "reconciled")


def test_results_are_shown_as_cards(lab: Lab) -> None:
    """P25: a card says how a result ended; hostile values are harmless and fit, wide and narrow, light and dark."""
    with lab.open(RESULTS, *(f"results['{name}']" for name in NAMES)) as book:
        for number, name in enumerate(NAMES, 1):
            book.subject = f".jp-Cell:nth-child({number + 1}) .fcwork-card"
            book.cell(number).scroll_into_view_if_needed()
            book.panel.wait_for(timeout=15_000)
            assert book.output(number).locator("script, img").count() == 0
            book.shots_of_all_looks(f"card-{name}")
        assert "owned" not in book.page.title()
        assert book.fits()
