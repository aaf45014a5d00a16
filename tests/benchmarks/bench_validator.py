"""Check a million inventory rows, clean and with faults: ``python tests/benchmarks/bench_validator.py``."""

import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import polars as pl

from fcwork.validator import Validator

RULES = {
    "required": ["ref", "locationRef", "skuRef", "qty"],
    "types": {"ref": "string", "qty": "integer"},
    "pattern": {"ref": "^[A-Z0-9-]+$"},
    "range": {"qty": {"min": 0}},
    "unique": ["ref"],
}


def inventory(rows: int) -> pl.DataFrame:
    """Return rows of the shape that the sample mapping gives."""
    number = pl.int_range(rows, dtype=pl.Int64)
    return pl.select(
        _row=number + 1,
        _source=pl.lit("bench.csv"),
        ref=pl.format("SKU-{}", number),
        locationRef=pl.format("LOC-{}", number // 5_000),
        skuRef=pl.format("P-{}", number % 50_000),
        qty=number % 997,
        type=pl.lit("LAST_ON_HAND"),
        status=pl.lit("ACTIVE"),
    )


def with_faults(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows with one of five faults in every hundredth."""
    kind = pl.when(pl.col("_row") % 100 == 0).then(pl.col("_row") // 100 % 5)
    return rows.with_columns(
        ref=pl.when(kind == 0).then(pl.lit("SKU-0")).when(kind == 1).then(pl.lit("sku ä")).otherwise("ref"),
        qty=pl.when(kind == 2).then(-3).when(kind == 3).then(None).otherwise("qty"),
        skuRef=pl.when(kind == 4).then(pl.lit(" ")).otherwise("skuRef"),
    )


def median_seconds(work: Callable[[], Any], times: int = 5) -> float:
    """Return the median time of a piece of work."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def main(rows: int = 1_000_000) -> None:
    """Print a table of frame kinds and their median times."""
    clean = inventory(rows)
    bad = with_faults(clean)
    cases: dict[str, tuple[Validator, Any]] = {
        "polars, clean": (Validator(RULES), clean),
        "polars, 1 % at fault": (Validator(RULES), bad),
        "polars, quantities as text": (Validator(RULES), bad.with_columns(pl.col("qty").cast(pl.String))),
        "polars, entity INVENTORY": (Validator.for_entity("INVENTORY"), clean),
        "pyarrow, 1 % at fault": (Validator(RULES), bad.to_arrow()),
        "pandas, 1 % at fault": (Validator(RULES), bad.to_pandas()),
        "polars, a check a record": (
            Validator({"custom": [lambda row: row["qty"] is None or row["qty"] < 990]}),
            clean,
        ),
    }
    for name, (validator, frame) in cases.items():
        seconds = median_seconds(lambda check=validator.check, frame=frame: check(frame))
        print(f"{name:28} {seconds:7.3f} s {rows / seconds:14,.0f} rows/s   {validator.check(frame)}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
