"""Print the benchmark table: ``python tests/benchmarks/run.py [ROWS] [ROUNDS]``.

The sides run in turn, each in a process of its own, against a fixed-response server on loopback. Figures are medians.
"""

import contextlib
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent


def main() -> None:
    """Run both works and print one row a measurement."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    with tempfile.TemporaryDirectory() as folder:
        csv = Path(folder) / "inventory.csv"
        write_csv(rows, csv)
        print(f"| ingest of {rows:,} rows | seconds (min, median, max) | peak MB |\n| --- | --- | --- |")
        ingest(csv, rounds, Path(folder))
        print("\n| paging, 500 a page | nodes a second (median) |\n| --- | --- |")
        paging(rounds)


def ingest(csv: Path, rounds: int, folder: Path) -> None:
    """Time the floor and fcwork in turn."""
    floors, ours, memory, floor_memory, stages = [], [], [], [], ""
    for number in range(rounds):
        with server() as url:
            seconds, megabytes = call("floor_ingest.py", url, str(csv)).split()
            floors.append(float(seconds))
            floor_memory.append(float(megabytes))
        with server() as url:
            home = {"FCWORK_HOME": str(folder / f"home{number}")}
            seconds, megabytes, *laps = call("fcwork_ingest.py", url, str(csv), **home).split()
            ours.append(float(seconds))
            memory.append(float(megabytes))
            stages = " ".join(laps)
    print(f"| bare polars + httpx | {spread(floors)} | {statistics.median(floor_memory):.0f} |")
    print(f"| fcwork ({stages}) | {spread(ours)} | {statistics.median(memory):.0f} |")
    pairs = [mine / floor for mine, floor in zip(ours, floors, strict=True)]
    print(f"| ratio, pair by pair | {spread(pairs)} | |")


def paging(rounds: int) -> None:
    """Time paging of ever more nodes."""
    with server() as url:
        for nodes in (10_000, 50_000, 100_000, 200_000):
            rates = [nodes / float(call("page_nodes.py", url, str(nodes))) for _ in range(rounds)]
            print(f"| {nodes:,} nodes | {statistics.median(rates):,.0f} |")


def spread(figures: list[float]) -> str:
    """Return minimum, median and maximum."""
    return f"{min(figures):.2f}, {statistics.median(figures):.2f}, {max(figures):.2f}"


def call(script: str, *arguments: str, **environment: str) -> str:
    """Run one script and return what it printed."""
    command = [sys.executable, str(HERE / script), *arguments]
    return subprocess.run(
        command, check=True, capture_output=True, text=True, env={**os.environ, "FCWORK_LOG": "quiet", **environment}
    ).stdout


@contextlib.contextmanager
def server(records: int = 200_000) -> Iterator[str]:
    """Start the fixed-response server on a free port and stop it afterwards."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, str(HERE / "fixed_server.py"), str(port), str(records)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        process.stdout.readline()
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()
        time.sleep(0.1)


def write_csv(rows: int, path: Path) -> None:
    """Write the inventory file."""
    with path.open("w", encoding="utf-8") as file:
        file.write("sku,quantity,product_id,location_id,condition\n")
        for i in range(rows):
            file.write(f"SKU-{i},{i % 997},P-{i % 50000},LOC-{i % 200},{'NEW' if i % 3 else ''}\n")


if __name__ == "__main__":
    main()
