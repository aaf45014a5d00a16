"""Big frames: mapped in slices, and no one can tell."""

from __future__ import annotations

from typing import Any

import polars as pl
from polars.testing import assert_frame_equal

from fcwork import frames
from fcwork.clock import SYSTEM
from fcwork.mapper import Mapper, engine, slices

CONFIG: dict[str, Any] = {
    "fields": {
        "ref": {"source": "sku", "required": True},
        "qty": {"source": "quantity", "resolver": "sdk.parseInt"},
        "note": {"source": "remark"},
        "attributes[0].value": {"source": "colour"},
        "attributes[2].value": {"source": "size"},
        "items": {"source": "items", "isArray": True, "fields": {"at": {"source": "price", "required": True}}},
    }
}


def stock(rows: int) -> pl.DataFrame:
    """Return rows of which some are at fault, and whose first and last slices differ in what they lack."""
    number = pl.int_range(rows, dtype=pl.Int64)
    price = pl.when(number % 7919 > 0).then(number / 4)
    return pl.select(
        sku=pl.when(number % 50_021 > 0).then(pl.format("S-{}", number)),
        quantity=pl.when(number % 30_011 > 0).then((number % 9).cast(pl.String)).otherwise(pl.lit("1,2,3")),
        colour=pl.when(number < 1_000).then(pl.lit("red")),
        size=pl.when(number > rows - 1_000).then(number),
        items=pl.concat_list(pl.struct(price=price), pl.struct(price=number / 2)).list.head(number % 3),
    )


def test_slices_give_what_the_whole_gives() -> None:
    """A frame of several slices is mapped as if it were one: rows, types, issues and their order."""
    rows = frames.with_identity(stock(2 * slices.ROWS + 1), "stock.csv")
    plan, at = Mapper(CONFIG).plan, SYSTEM.now()
    sliced, whole = slices.run(plan, rows, at=at), engine.run(plan, rows, at=at)
    assert whole.rejected.height > 20
    assert whole.issues["code"].n_unique() == 3
    for part in ("mapped", "rejected", "issues"):
        assert_frame_equal(getattr(sliced, part), getattr(whole, part))


def test_a_missing_column_is_told_once() -> None:
    """A column that the frame lacks is one warning, however many slices there are."""
    result = Mapper(CONFIG).apply(stock(2 * slices.ROWS + 1))
    assert result.counts["warnings"] == 1
    assert result.issues.filter(severity="warning").select("row", "field", "code").rows() == [
        (None, "note", "map.missing_column")
    ]


def test_a_function_of_columns_gets_the_whole_column() -> None:
    """A resolver that takes a series is called once, with every row of it."""
    seen: list[int] = []

    def rank(values: pl.Series) -> pl.Series:
        seen.append(len(values))
        return values.rank("dense").cast(pl.Int64)

    config = {"fields": {"rank": {"source": "quantity", "resolver": "rank"}}}
    rows = stock(slices.ROWS + 1)
    result = Mapper(config, resolvers={"rank": rank}).apply(rows)
    assert seen == [rows.height]
    assert result.frame["rank"].n_unique() == rows["quantity"].n_unique()
