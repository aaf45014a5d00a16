"""Print how fast each format is read: ``python tests/benchmarks/bench_formats.py [MEGABYTES] [ROUNDS]``.

The files are made in a temporary folder: stock as platforms export it, with nested attributes where the format has
them. Each is read at once and part by part, in a process of its own. Figures are medians; seconds are those of the
processor, as a machine may have other work.
"""

import gzip
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl

XML = """  <inventory locationRef="{locationRef}" skuRef="{skuRef}" type="LAST_ON_HAND">
    <qty>{qty}</qty>
    <status>ACTIVE</status>
    <attributes>
      <attribute name="zone" type="STRING">A{zone}</attribute>
      <attribute name="lastCounted" type="STRING">2026-01-{day:02}T00:00:00Z</attribute>
    </attributes>
  </inventory>
"""
TIMED = """
import resource, sys, time
from fcwork import sources
path, how = sys.argv[1:]
begun = time.process_time()
rows = sources.read(path).height if how == "read" else sum(part.height for part in sources.scan(path))
print(time.process_time() - begun, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, rows)
"""


def main() -> None:
    """Make the files and print one row each."""
    size = int(sys.argv[1]) * 1_000_000 if len(sys.argv) > 1 else 50_000_000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    with tempfile.TemporaryDirectory() as folder:
        print("| file | MB | rows | read: MB/s | peak MB | scan: MB/s | peak MB |", "| --- " * 7 + "|", sep="\n")
        for make in (csv, jsonl, array, xml, xml_of_all_kinds, parquet, packed):
            path = make(Path(folder), size)
            megabytes = path.stat().st_size / 1e6
            cells = []
            for how in ("read", "scan"):
                seconds, peaks, rows = zip(*(timed(path, how) for _ in range(rounds)), strict=True)
                cells.append(f"{megabytes / statistics.median(seconds):.0f} | {statistics.median(peaks):.0f}")
            print(f"| {path.name} | {megabytes:.0f} | {rows[0]:,.0f} | {cells[0]} | {cells[1]} |")


def timed(path: Path, how: str) -> tuple[float, float, float]:
    """Return the seconds, the peak of memory and the rows of one reading."""
    done = subprocess.run([sys.executable, "-c", TIMED, path, how], check=True, capture_output=True, text=True)
    seconds, peak, rows = map(float, done.stdout.split())
    return seconds, peak, rows


def stock() -> Iterator[dict[str, object]]:
    """Yield stock without end."""
    at = 0
    while True:
        yield {
            "locationRef": f"LOC-{at % 500:05}",
            "skuRef": f"SKU-{at:08}",
            "qty": at % 97,
            "zone": at % 9,
            "day": at % 28 + 1,
        }
        at += 1


def written(
    path: Path, size: int, line: Callable[[dict[str, object]], str], *, before: str = "", after: str = ""
) -> Path:
    """Write lines of stock until a file has its size."""
    with path.open("w", encoding="utf-8") as stream:
        stream.write(before)
        for record in stock():
            stream.write(line(record))
            if stream.tell() >= size:
                break
        stream.write(after)
    return path


def nested(record: dict[str, object]) -> str:
    """Return a record as JSON."""
    attributes = [{"name": name, "value": str(record[name])} for name in ("zone", "day")]
    return json.dumps({**{name: record[name] for name in ("locationRef", "skuRef", "qty")}, "attributes": attributes})


def csv(folder: Path, size: int) -> Path:
    """Return a csv of five columns."""
    names = ("locationRef", "skuRef", "qty", "zone", "day")
    head = ",".join(names) + "\n"
    return written(folder / "stock.csv", size, lambda one: ",".join(str(one[n]) for n in names) + "\n", before=head)


def jsonl(folder: Path, size: int) -> Path:
    """Return JSON lines with nested attributes."""
    return written(folder / "stock.jsonl", size, lambda one: nested(one) + "\n")


def array(folder: Path, size: int) -> Path:
    """Return a JSON array in an envelope."""
    last = nested(next(stock())) + "]}"
    return written(folder / "stock.json", size, lambda one: nested(one) + ",\n", before='{"records": [\n', after=last)


def xml(folder: Path, size: int) -> Path:
    """Return an XML of records that are alike."""
    before = '<?xml version="1.0" encoding="UTF-8"?>\n<inventories>\n'
    return written(folder / "stock.xml", size, lambda one: XML.format(**one), before=before, after="</inventories>\n")


def xml_of_all_kinds(folder: Path, size: int) -> Path:
    """Return an XML in which one record in ten has what no other has: an entity, a comment, an order of its own."""
    changes = (("ACTIVE", "A &amp; B"), ("<qty>", "<!-- counted --><qty>"), ("    <status>ACTIVE</status>\n", ""))

    def line(one: dict[str, object]) -> str:
        text, at = XML.format(**one), int(str(one["skuRef"])[4:])
        return text.replace(*changes[at // 10 % 3]) if at % 10 == 0 else text

    return written(folder / "mixed.xml", size, line, before="<inventories>\n", after="</inventories>\n")


def parquet(folder: Path, size: int) -> Path:
    """Return the csv as parquet, which is much smaller."""
    pl.read_csv(csv(folder, size)).write_parquet(folder / "stock.parquet")
    return folder / "stock.parquet"


def packed(folder: Path, size: int) -> Path:
    """Return the csv in gzip; its figures are of packed bytes."""
    with csv(folder, size).open("rb") as plain, gzip.open(folder / "stock.csv.gz", "wb", 6) as stream:
        shutil.copyfileobj(plain, stream)
    return folder / "stock.csv.gz"


if __name__ == "__main__":
    main()
