"""Scan a CSV of a gigabyte, map and check it piece by piece, write one Parquet file; print seconds and peak memory.

python tests/benchmarks/bench_large.py [MEGABYTES]          (1000)
"""

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import polars as pl

import fcwork as fw

LINES = 200_000
MAPPING = {
    "fields": {
        "locationRef": {"source": "location", "required": True, "resolver": "sdk.trim"},
        "skuRef": {"source": "sku", "required": True, "resolver": "sdk.trim"},
        "qty": {"source": "quantity", "required": True, "resolver": "sdk.parseInt"},
        "type": {"value": "LAST_ON_HAND"},
        "status": {"source": "status", "resolver": "sdk.uppercase", "defaultValue": "ACTIVE"},
        "expectedOn": {"source": "expected", "resolver": "sdk.formatDateShort"},
    }
}
RULES = {
    "required": ["locationRef", "skuRef", "qty"],
    "pattern": {"skuRef": "^[A-Z0-9-]+$"},
    "range": {"qty": {"min": 0}},
}


def made(path: Path, megabytes: int) -> int:
    """Write a stock file of this size, and return its rows."""
    number = pl.int_range(LINES, eager=True)
    rows = pl.DataFrame(
        {
            "location": "LOC" + (number % 400).cast(pl.String).str.zfill(3),
            "sku": "SKU-" + number.cast(pl.String).str.zfill(9),
            "quantity": (number % 997).cast(pl.String),
            "status": pl.repeat("active", LINES, eager=True),
            "expected": pl.repeat("2026-01-31T10:00:00Z", LINES, eager=True),
        }
    )
    count = 0
    with path.open("wb") as file:
        file.write(rows.head(0).write_csv().encode())
        while file.tell() < megabytes * 1_000_000:
            file.write(rows.write_csv(include_header=False).encode())
            count += LINES
    return count


def work(source: str) -> None:
    """Do the work in this process and print what it took."""
    mapper, validator = fw.Mapper(MAPPING), fw.Validator(RULES)

    def good() -> Iterator[pl.DataFrame]:
        for part in fw.sources.scan(source):
            yield validator.check(mapper.apply(part).frame).valid

    start = time.perf_counter()
    written = fw.sources.write(good(), Path(source).with_suffix(".parquet"))
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    size = Path(source).stat().st_size / 1_000_000
    print(f"{size:,.0f} MB, {written.rows:,} rows: {seconds:.1f} s, {size / seconds:,.0f} MB/s, peak {peak:,.0f} MB")


if __name__ == "__main__":
    if sys.argv[1:2] == ["one"]:
        work(sys.argv[2])
    else:
        with tempfile.TemporaryDirectory() as folder:
            stock = Path(folder) / "stock.csv"
            made(stock, int(sys.argv[1]) if len(sys.argv) > 1 else 1_000)
            subprocess.run([sys.executable, __file__, "one", str(stock)], check=True)
