"""Extract virtual positions at 500 a page to one Parquet file and print rows a second and peak memory, for each size.

python tests/benchmarks/bench_extract.py [SIZES...]          (10000 200000 1000000)

With PEER_DIR, a folder where npm installed the SDK, the SDK's own paging, which collects them in memory, is beside it.
"""

import json
import os
import resource
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
QUERY = """
query Positions($first: Int!, $after: String) {
  virtualPositions(first: $first, after: $after) {
    edges { cursor node { id ref type status quantity productRef groupRef createdOn updatedOn catalogue { ref } } }
    pageInfo { hasNextPage }
  }
}
"""
USUAL = ("10000", "200000", "1000000")


def extract(url: str, wanted: int) -> None:
    """Extract in this process and print what it took as JSON."""
    import fcwork as fw

    client = fw.FluentClient(base_url=url, client_id="bench", client_secret="bench-secret")
    client.authenticate()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["FCWORK_HOME"] = folder
        fw.extract(client, QUERY, sink=f"{folder}/first.parquet", page_size=500, max_records=500)  # what is loaded once
        start = time.perf_counter()
        result = fw.extract(client, QUERY, sink=f"{folder}/positions.parquet", page_size=500, max_records=wanted)
        seconds = time.perf_counter() - start
        assert result.rows == wanted, result
        stages = {stage.name: round(stage.seconds, 2) for stage in result.stages}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"rows": wanted, "seconds": seconds, "peak_mb": peak, **stages}))


def told(command: list[str], **environment: str) -> dict[str, float]:
    """Return what a process prints last, as JSON."""
    done = subprocess.run(
        command, env={**os.environ, "FCWORK_LOG": "quiet", **environment}, capture_output=True, text=True, check=True
    )
    return dict(json.loads(done.stdout.strip().splitlines()[-1]))


def main(sizes: list[str]) -> None:
    """Print a line for each size, ours and the SDK's."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    most = str(max(map(int, sizes)))
    command = [sys.executable, str(HERE / "fixed_server.py"), str(port), most]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    url, peer = f"http://127.0.0.1:{port}", os.environ.get("PEER_DIR")
    try:
        assert server.stdout
        server.stdout.readline()  # it has made its answers
        for size in sizes:
            ours = told([sys.executable, __file__, "one", url, size])
            rate = ours["rows"] / ours["seconds"]
            took = f"{ours['seconds']:7.2f} s {rate:>9,.0f}/s {ours['peak_mb']:6.0f} MB"
            print(f"fcwork {int(size):>9,} rows {took}  fetched in {ours['fetch']} s, written in {ours['deliver']} s")
            if peer and int(size) <= 200_000:
                theirs = told(["node", str(HERE / "sdk_extract.mjs"), url, size], PEER_DIR=peer)
                other = theirs["rows"] / theirs["seconds"]
                took = f"{theirs['seconds']:7.2f} s {other:>9,.0f}/s {theirs['peak_mb']:6.0f} MB"
                print(f"SDK    {int(size):>9,} rows {took}  fcwork is {rate / other:.1f} times as fast")
    finally:
        server.kill()
        server.wait()


if __name__ == "__main__":
    if sys.argv[1:2] == ["one"]:
        extract(sys.argv[2], int(sys.argv[3]))
    else:
        main(sys.argv[1:] or list(USUAL))
