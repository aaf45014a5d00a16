"""What the notebook says of undoing a reconciliation."""

import json
from pathlib import Path

import polars as pl
import pytest

import fcwork as fw

NOTEBOOK = Path(__file__).parents[3] / "notebooks" / "reconcile.ipynb"
KEY = {"location_code": "locationRef", "sku": "productRef"}
COMPARE = {"counted_quantity": "onHand"}


def recipe() -> str:
    """Return the lines of code under *Undo*."""
    cells = ["".join(cell["source"]) for cell in json.loads(NOTEBOOK.read_text("utf-8"))["cells"]]
    (undo,) = [cell for cell in cells if cell.startswith("## ") and "## Undo" in cell]
    return undo.split("## Undo")[1].split("```python\n")[1].split("```")[0]


def test_what_was_applied_is_set_back_as_the_notebook_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lines under *Undo* make a left of which no row is refused and each old quantity is new."""
    counted = pl.DataFrame(
        {"location_code": ["L"] * 4, "sku": ["a", "b", "new", "bad"], "counted_quantity": ["101", "7", "5", "n/a"]}
    )
    stock = pl.DataFrame({"locationRef": ["L"] * 4, "productRef": ["a", "b", "gone", "bad"], "onHand": [100, 7, 3, 1]})
    found = fw.reconcile(counted, stock, key=KEY, compare=COMPARE)
    found.write(tmp_path)
    monkeypatch.chdir(tmp_path)
    exec(recipe(), {})  # noqa: S102 - of this very repository
    after = stock.with_columns(onHand=pl.Series([101, 7, 0, 1]))
    undone = fw.reconcile(pl.read_parquet("undo.parquet"), after, key=KEY, compare=COMPARE, only_right="none")
    assert undone.ok
    assert undone.changes.select("sku", "old", "new").rows() == [("a", 101, 100), ("gone", 0, 3)]
    assert undone.approved(auto=["update"]).counts["approved"] >= 1
