"""Check a million rows, clean and with faults, and measure the peak memory: ``python bench_validator.py [rows]``."""

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import memory
import polars as pl

import fcwork
from fcwork.validator import Validator

RULES = {
    "required": ["ref", "locationRef", "skuRef", "qty"],
    "types": {"ref": "string", "qty": "integer"},
    "pattern": {"ref": "^[A-Z0-9-]+$"},
    "range": {"qty": {"min": 0}},
    "unique": ["ref"],
}
MORE = {
    **RULES,
    "one_of": {"type": ["LAST_ON_HAND", "EXPECTED"]},
    "compare": [{"left": "qty", "op": "<=", "right": "_row"}],
    "when": [
        {"if": {"type": {"one_of": ["EXPECTED"]}}, "then": {"required": ["status"], "length": {"ref": {"max": 9}}}}
    ],
    "custom": [pl.col("qty") < 990],
    "threshold": {"range": "1%", "custom": "2%"},
}
SCHEMA = Path(fcwork.__file__).with_name("fluent.graphql")


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


def orders(rows: int) -> pl.DataFrame:
    """Return orders of two items each, so that there are ``rows`` items; every hundredth order has a faulty one."""
    number = pl.int_range(rows // 2, dtype=pl.Int64)
    quantity = pl.when(number % 100 == 0).then(None).otherwise(1)

    def item(at: int) -> pl.Expr:
        return pl.struct(
            ref=pl.format("I-{}-{}", number, at), productRef=pl.lit("P"), quantity=quantity if at else pl.lit(1)
        )

    return pl.select(
        _row=number + 1,
        ref=pl.format("O-{}", number),
        type=pl.lit("HD"),
        retailer=pl.struct(id=pl.lit("1")),
        customer=pl.struct(id=pl.lit("1")),
        items=pl.concat_list(item(0), item(1)),
    )


def median_seconds(work: Callable[[], Any], times: int = 5) -> float:
    """Return the median time of a piece of work."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def cases(rows: int) -> dict[str, Callable[[], tuple[Validator, Any]]]:
    """Return what is measured, each made when it is asked for."""
    bad = lambda: with_faults(inventory(rows))  # noqa: E731 - a name for a short thing
    return {
        "polars, clean": lambda: (Validator(RULES), inventory(rows)),
        "polars, 1 % at fault": lambda: (Validator(RULES), bad()),
        "polars, quantities as text": lambda: (Validator(RULES), bad().with_columns(pl.col("qty").cast(pl.String))),
        "polars, entity INVENTORY": lambda: (Validator.for_entity("INVENTORY"), inventory(rows)),
        "polars, every kind of rule": lambda: (Validator(MORE), bad()),
        "polars, orders and their items": lambda: (Validator.for_entity("ORDER"), orders(rows)),
        "polars, CreateOrderInput": lambda: (Validator.from_schema(SCHEMA, "CreateOrderInput"), orders(rows)),
        "pyarrow, 1 % at fault": lambda: (Validator(RULES), bad().to_arrow()),
        "pandas, 1 % at fault": lambda: (Validator(RULES), bad().to_pandas()),
        "polars, a check a record": lambda: (Validator({"custom": [lucky]}), inventory(rows)),
    }


def lucky(record: dict[str, Any]) -> bool:
    """Judge one record."""
    return record["qty"] is None or record["qty"] < 990


def main(rows: int = 1_000_000) -> None:
    """Print a table of cases, their median times, and their peak memory in sizes of the input."""
    for name, made in cases(rows).items():
        validator, frame = made()
        seconds = median_seconds(lambda check=validator.check, frame=frame: check(frame))
        figures = f"{seconds:6.3f} s {rows / seconds:12,.0f} rows/s {memory.peak(__file__, name, frame):>5} x"
        print(f"{name:31} {figures}   {validator.check(frame)}")


if __name__ == "__main__":
    if len(sys.argv) > 2:
        checker, few = cases(10)[sys.argv[1]]()
        memory.tell(sys.argv[1], sys.argv[2], checker.check, few)
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
