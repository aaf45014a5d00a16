"""A load that dies in the middle, and is begun again."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest

from fcwork.simulator import Fault, Faults, Simulator

PROGRAM = """
import json, sys
import fcwork as fw

settings = json.loads(sys.argv[1])
mapping = {"fields": {name: {"source": name} for name in ("locationRef", "skuRef", "type", "status")}}
mapping["fields"]["qty"] = {"source": "qty", "resolver": "sdk.parseInt", "required": True}
client = fw.connect(**settings)
result = fw.ingest(client, sys.argv[2], mapping=mapping, batch_size=100).apply(dry_run=False)
print(json.dumps({**result.counts, "state": result.state}))
"""
BATCHES = 20


@pytest.fixture
def stock(tmp_path: Path) -> Path:
    """A file of twenty batches."""
    rows = pl.DataFrame({"skuRef": [f"SKU-{i}" for i in range(BATCHES * 100)]})
    filled = rows.with_row_index("qty").with_columns(
        locationRef=pl.lit("LOC1"), type=pl.lit("LAST_ON_HAND"), status=pl.lit("ACTIVE")
    )
    filled.write_csv(tmp_path / "stock.csv")
    return tmp_path / "stock.csv"


@pytest.mark.socket
@pytest.mark.parametrize("killed_after", [1, 7, 13, 19])
def test_a_load_killed_in_the_middle_goes_on_where_it_stopped(stock: Path, killed_after: int) -> None:
    """P17: kill -9 during a send of 20 batches, and the same load begun again: the platform holds exactly the input."""
    slow = Fault("slow", method="POST", path="/batch", seconds=0.03)
    with Simulator(positions=10, faults=Faults([slow])) as simulator:
        command = [sys.executable, "-c", PROGRAM, json.dumps(simulator.connect()), str(stock)]
        environment = {**os.environ, "FCWORK_HOME": str(stock.parent / "home"), "FCWORK_LOG": "quiet"}
        process = subprocess.Popen(command, env=environment)
        while simulator.ledger.count(method="POST", path="/batch") < killed_after:
            assert process.poll() is None
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.wait()
        before = simulator.ledger.count(method="POST", path="/batch")
        again = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
        held = simulator.ledger.quantities
        posts = simulator.ledger.count(method="POST", path="/batch")
    counts = json.loads(again.stdout)
    assert (counts["state"], counts["delivered"], counts["read"]) == ("SUCCEEDED", 2_000, 2_000)
    assert dict(held.select("skuRef", "qty").rows()) == {f"SKU-{i}": i for i in range(2_000)}
    assert posts <= BATCHES + 1, "only what has no durable evidence is sent again"
    assert posts - before >= BATCHES - killed_after - 1
