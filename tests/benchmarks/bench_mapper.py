"""Map a million inventory rows, clean and with faults: ``python tests/benchmarks/bench_mapper.py [ROWS]``."""

import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import polars as pl

from fcwork.mapper import Mapper

SEED: dict[str, Any] = {
    "fields": {
        "ref": {"source": "sku", "required": True},
        "type": {"value": "INVENTORY_POSITION"},
        "qty": {"source": "quantity", "resolver": "sdk.parseInt", "required": True},
        "productRef": {"source": "product_id", "required": True},
        "locationRef": {"source": "location_id", "required": True},
        "condition": {"source": "condition", "defaultValue": "NEW"},
    }
}
ATTRIBUTES = {f"attributes.a{number}": {"source": "sku", "resolver": "sdk.trim"} for number in range(6)}
WIDE: dict[str, Any] = {
    "fields": {
        **SEED["fields"],
        **ATTRIBUTES,
        **{f"price{number}": {"source": "price", "resolver": "sdk.parseFloat"} for number in range(4)},
        "created": {"source": "created", "resolver": "sdk.formatDate"},
        "expires": {"source": "expires", "resolver": "sdk.formatDateShort"},
        "updated": {"source": "updated", "resolver": "sdk.parseDate"},
        "active": {"source": "active", "resolver": "sdk.boolean"},
    }
}


def stock(rows: int) -> pl.DataFrame:
    """Return rows as a reader of CSV gives them: texts."""
    number = pl.int_range(rows, dtype=pl.Int64)
    day = pl.format(
        "2026-{}-{}", (number % 12 + 1).cast(pl.String).str.zfill(2), (number % 28 + 1).cast(pl.String).str.zfill(2)
    )
    return pl.select(
        sku=pl.format("SKU-{}", number),
        quantity=(number % 997).cast(pl.String),
        product_id=pl.format("P-{}", number % 50_000),
        location_id=pl.format("LOC-{}", number % 200),
        condition=pl.when(number % 3 > 0).then(pl.lit("NEW")),
        price=pl.format("{}.{}", number % 500, number % 100),
        created=pl.format("{}T10:30:00.250Z", day),
        expires=day,
        updated=pl.format("{} 08:15:00", day),
        active=pl.when(number % 2 == 0).then(pl.lit("yes")).otherwise(pl.lit("no")),
    )


def with_faults(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows with a number that is none in every hundredth."""
    return rows.with_columns(
        quantity=pl.when(pl.int_range(pl.len()) % 100 == 0).then(pl.lit("1,234")).otherwise("quantity")
    )


def shout(value: str) -> str:
    """Stand for a resolver of the user's own."""
    return value.upper()


def median_seconds(work: Callable[[], Any], times: int = 5) -> float:
    """Return the median time of a piece of work."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def main(rows: int = 1_000_000) -> None:
    """Print a table of mappings and frame kinds, and their median times."""
    clean = stock(rows)
    own = Mapper({"fields": {"ref": {"source": "sku", "resolver": "shout"}}}, resolvers={"shout": shout})
    cases: dict[str, tuple[Mapper, Any]] = {
        "6 fields, polars, clean": (Mapper(SEED), clean),
        "6 fields, polars, 1 % at fault": (Mapper(SEED), with_faults(clean)),
        "6 fields, pyarrow": (Mapper(SEED), clean.to_arrow()),
        "6 fields, pandas": (Mapper(SEED), clean.to_pandas()),
        "20 fields, polars": (Mapper(WIDE), clean),
        "1 field, row by row": (own, clean),
    }
    for name, (mapper, frame) in cases.items():
        seconds = median_seconds(lambda apply=mapper.apply, frame=frame: apply(frame))
        print(f"{name:32} {seconds:7.3f} s {rows / seconds:14,.0f} rows/s   {mapper.apply(frame)}")
    skus = clean["sku"].to_list()
    seconds = median_seconds(lambda: [shout(value) for value in skus])
    print(f"{'the calls of the last alone':32} {seconds:7.3f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
