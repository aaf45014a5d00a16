"""Rows a second of each format that is written, and the peak memory of a stream of frames that is never held whole.

``python tests/benchmarks/bench_writers.py [rows]``
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl
from memory import resident

from fcwork import sources

FORMATS = ["csv", "csv.gz", "json", "jsonl", "parquet", "xml"]
FRAME_ROWS = 50_000


def positions(first: int, rows: int) -> pl.DataFrame:
    """Return inventory positions of ten columns, some of whose texts are to be escaped."""
    at = pl.int_range(first, first + rows, eager=True)
    text = at.cast(pl.String).to_frame("i").lazy()
    return text.select(
        position_ref="POS-" + pl.col("i"),
        catalogue_ref=pl.lit("DEFAULT:1"),
        catalogue_name=pl.when(at % 10 == 0).then(pl.lit("Default & Co <x>")).otherwise(pl.lit("Default")),
        location_ref="LOC-" + (at % 200).cast(pl.String),
        sku="SKU-" + pl.col("i").str.zfill(8),
        quantity=at % 997,
        type=pl.lit("LAST_ON_HAND"),
        status=pl.when(at % 3 > 0).then(pl.lit("ACTIVE")),
        created_on=pl.lit("2026-01-01T00:00:00.000Z"),
        price=at / 7,
    ).collect()


def orders(first: int, rows: int) -> pl.DataFrame:
    """Return orders with three lines each."""
    at = pl.int_range(first, first + rows, eager=True).cast(pl.String)
    line = pl.struct(sku="SKU-" + at, name=pl.lit("Shirt & Co"), qty=pl.lit(1))
    return pl.select(
        OrderHeader=pl.struct(at.alias("@ref"), status=pl.lit("BOOKED")),
        LineItems=pl.struct(LineItem=pl.concat_list(line, line, line)),
    )


def stream(rows: int, make: Callable[[int, int], pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """Yield rows a frame at a time."""
    for first in range(0, rows, FRAME_ROWS):
        yield make(first, min(FRAME_ROWS, rows - first))


def measure(what: str, rows: int) -> None:
    """Write a stream in this process, and print its rate and what it took of memory."""
    format_, _, how = what.partition("+")
    make = orders if how == "nested" else positions
    options = {"parted": {"partition_by": "location_ref"}, "split": {"split_mb": 50}}.get(how, {})
    with tempfile.TemporaryDirectory() as folder:
        sources.write(stream(10, make), f"{folder}/few.{format_}")
        Path("/proc/self/clear_refs").write_text("5", "ascii")  # Linux counts its high-water mark anew
        before, begun = resident("VmRSS"), time.perf_counter()
        made = sum(frame.height for frame in stream(rows, make))  # what making the rows takes is taken off
        making = time.perf_counter() - begun
        begun = time.perf_counter()
        written = sources.write(stream(rows, make), f"{folder}/a.{format_}", **options)
        seconds = time.perf_counter() - begun - making
        megabytes = written.bytes / 1e6
        print(
            f"{what:16} {made / seconds:12,.0f} rows/s {megabytes / seconds:8,.0f} MB/s "
            f"{(resident('VmHWM') - before) / 1e6:8,.0f} MB peak {len(written.files):5} files {megabytes:8,.0f} MB"
        )


def main() -> None:
    """Measure each format in a process of its own."""
    if len(sys.argv) > 2:
        measure(sys.argv[1], int(sys.argv[2]))
        return
    rows = sys.argv[1] if len(sys.argv) > 1 else "1000000"
    for what in [*FORMATS, "csv+split", "parquet+parted", "csv+parted", "xml+nested"]:
        subprocess.run([sys.executable, __file__, what, rows], check=True)


if __name__ == "__main__":
    main()
