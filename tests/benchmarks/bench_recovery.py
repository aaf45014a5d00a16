"""What recovery adds to packing and posting many rows: ``python tests/benchmarks/bench_recovery.py [ROWS] [RUNS]``.

The route takes every request in memory, so that all time over packing is recovery's own: the spool, the keys, the
ledger, the result. The figures are medians.
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence

import polars as pl

from fcwork import recovery
from fcwork.routes import OUTCOME_SCHEMA, Findings, Limits, Receipt


class Sink:
    """A route that keeps nothing and tells that everything was delivered."""

    name, target, limits, repeat_safe, verifiable = "batch", "SINK", Limits(), True, True

    def __init__(self, rows: pl.DataFrame) -> None:
        self.packing_seconds = 0.0
        self._refs = self.entity_ref(rows)
        self._taken = 0

    def entity_ref(self, rows: pl.DataFrame) -> pl.Series:
        """Return location and SKU, joined."""
        return rows.select(pl.concat_str("locationRef", "skuRef", separator=":")).to_series()

    def pack(self, rows: pl.DataFrame) -> bytes:
        """Return the rows as JSON."""
        began = time.perf_counter()
        body = b'{"action":"UPSERT","entities":' + rows.write_json().encode() + b"}"
        self.packing_seconds += time.perf_counter() - began
        return body

    def post(self, body: bytes, rows: int) -> Receipt:
        """Take a request."""
        at, self._taken = self._taken, self._taken + rows
        return Receipt(str(at), rows, {"bytes": len(body)})

    def outcomes(self, receipts: Sequence[Receipt]) -> Findings:
        """Tell that all is delivered."""
        told = [
            self._refs.slice(int(receipt.id), receipt.rows)
            .alias("ref")
            .to_frame()
            .with_columns(receipt=pl.lit(receipt.id))
            for receipt in receipts
        ]
        facts = {"outcome": pl.lit("delivered"), "code": pl.lit("200"), "message": pl.lit("OK")}
        return Findings(pl.concat(told).with_columns(**facts).select(OUTCOME_SCHEMA.names()))


def stock(rows: int) -> pl.DataFrame:
    """Return inventory rows."""
    number = pl.int_range(rows, dtype=pl.Int64)
    return pl.select(
        locationRef=pl.format("LOC-{}", number % 200),
        skuRef=pl.format("SKU-{}", number),
        qty=number % 997,
        type=pl.lit("LAST_ON_HAND"),
        status=pl.lit("ACTIVE"),
        uom=pl.lit("EACH"),
    )


def measure(rows: pl.DataFrame, *, verify: bool, runs: int) -> tuple[float, float]:
    """Return the median seconds of a send, and of its packing."""
    totals, packing = [], []
    for _ in range(runs):
        sink = Sink(rows)
        began = time.perf_counter()
        assert recovery.send(rows, sink, verify=verify).ok
        totals.append(time.perf_counter() - began)
        packing.append(sink.packing_seconds)
    return statistics.median(totals), statistics.median(packing)


def main() -> None:
    """Print the table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    runs = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    rows = stock(count)
    print(f"{count:,} rows, medians of {runs} runs")
    with tempfile.TemporaryDirectory() as home:
        os.environ["FCWORK_HOME"] = home
        for verify in (False, True):
            total, packing = measure(rows, verify=verify, runs=runs)
            print(f"verify={verify!s:5}  {total:.3f} s, packing {packing:.3f} s, recovery {total - packing:.3f} s")


if __name__ == "__main__":
    main()
