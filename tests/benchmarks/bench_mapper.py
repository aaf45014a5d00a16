"""Map a million rows by several mappings, with the peak memory: ``python tests/benchmarks/bench_mapper.py [ROWS]``."""

import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import memory
import polars as pl
from stock_lines import MAPPING as SEED

from fcwork.mapper import Mapper

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


ORDERS: dict[str, Any] = {
    "fields": {
        "ref": {"source": "@id", "required": True},
        "customer": {"source": "customer", "fields": {"email": {"source": "email", "resolver": "sdk.lowercase"}}},
        "items": {
            "source": "items.item",
            "isArray": True,
            "fields": {
                "ref": {"source": "@sku", "required": True},
                "quantity": {"source": "quantity", "required": True, "resolver": "sdk.parseInt"},
                "price.amount": {"source": "price", "resolver": "sdk.parseFloat"},
            },
        },
    }
}


def orders(rows: int) -> pl.DataFrame:
    """Return orders of two items each, so that there are ``rows`` items."""
    number = pl.int_range(rows // 2, dtype=pl.Int64)

    def item(at: int) -> pl.Expr:
        texts = {"@sku": pl.format("SKU-{}-{}", number, at), "quantity": pl.lit("2"), "price": pl.lit("9.95")}
        return pl.struct(text.alias(name) for name, text in texts.items())

    return pl.select(
        pl.format("O-{}", number).alias("@id"),
        pl.struct(pl.format("A{}@shop.example", number).alias("email")).alias("customer"),
        pl.struct(pl.concat_list(item(0), item(1)).alias("item")).alias("items"),
    )


def cases(rows: int) -> dict[str, Callable[[], tuple[Mapper, Any]]]:
    """Return what is measured, each made when it is asked for."""
    own = {"shout": shout}
    called = {"fields": {"ref": {"source": "sku", "resolver": "shout"}}}
    return {
        "polars, 6 fields": lambda: (Mapper(SEED), stock(rows)),
        "polars, 6 fields, 1 % at fault": lambda: (Mapper(SEED), with_faults(stock(rows))),
        "polars, 6 fields, lenient, 1 % at fault": lambda: (Mapper(SEED, lenient=True), with_faults(stock(rows))),
        "pyarrow, 6 fields": lambda: (Mapper(SEED), stock(rows).to_arrow()),
        "pandas, 6 fields": lambda: (Mapper(SEED), stock(rows).to_pandas()),
        "polars, 20 fields": lambda: (Mapper(WIDE), stock(rows)),
        "polars, 20 fields, exact decimals": lambda: (Mapper({**WIDE, "exact": True, "scale": 2}), stock(rows)),
        "polars, orders and their items": lambda: (Mapper(ORDERS), orders(rows)),
        "polars, a call a row": lambda: (Mapper(called, resolvers=own), stock(rows)),
    }


def main(rows: int = 1_000_000) -> None:
    """Print a table of cases, their median times, and their peak memory in sizes of the input."""
    for name, made in cases(rows).items():
        mapper, frame = made()
        seconds = median_seconds(lambda apply=mapper.apply, frame=frame: apply(frame))
        figures = f"{seconds:6.3f} s {rows / seconds:12,.0f} rows/s {memory.peak(__file__, name, frame):>5} x"
        print(f"{name:40} {figures}   {mapper.apply(frame)}")
    skus = stock(rows)["sku"].to_list()
    seconds = median_seconds(lambda: [shout(value) for value in skus])
    print(f"{'the calls of the last alone':40} {seconds:6.3f} s")


if __name__ == "__main__":
    if len(sys.argv) > 2:
        maker, few = cases(10)[sys.argv[1]]()
        memory.tell(sys.argv[1], sys.argv[2], maker.apply, few)
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
