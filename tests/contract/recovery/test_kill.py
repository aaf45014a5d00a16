"""A sender that is really killed, over a real socket."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from fcwork import recovery
from fcwork.client import FluentClient
from fcwork.simulator import Fault, Faults, Simulator

pytestmark = pytest.mark.socket

POSTS = "/job/*/batch"
ROWS, BATCH = 2_000, 100
SENDER = """
import json, sys
from pathlib import Path
import polars as pl
from fcwork import recovery
from fcwork.client import FluentClient

settings, rows = json.loads(sys.argv[1]), pl.read_ipc(Path(sys.argv[2]).read_bytes())
recovery.send(rows, FluentClient(**settings).batches(), batch_size=100, checkpoint="load")
"""


def kill_at(there: Simulator, rows: Path, *, posts: int) -> None:
    """Run a sender in a process of its own, and kill it as soon as so many batches have come in."""
    arguments = [sys.executable, "-c", SENDER, json.dumps(there.connect()), str(rows)]
    sender = subprocess.Popen(arguments, env={**os.environ, "FCWORK_LOG": "quiet"})
    try:
        deadline = time.monotonic() + 60
        while there.ledger.count("POST", POSTS) < posts and sender.poll() is None and time.monotonic() < deadline:
            time.sleep(0.001)
    finally:
        sender.send_signal(signal.SIGKILL)
        sender.wait()
    assert sender.returncode == -signal.SIGKILL, "the sender ended before it was killed"


def test_a_load_killed_again_and_again_ends_as_the_input(stock: Callable[[int], pl.DataFrame], tmp_path: Path) -> None:
    """P17: killed with -9 at five points of twenty batches, the load ends with the simulator holding the input."""
    rows = stock(ROWS)
    rows.write_ipc(tmp_path / "rows.arrow")
    slow = Fault("slow", method="POST", path=POSTS, seconds=0.02)
    with Simulator(positions=0, settle_polls=0, faults=Faults([slow])) as there:
        for posts in (1, 4, 9, 15, 19):
            kill_at(there, tmp_path / "rows.arrow", posts=posts)
        assert recovery.checkpoints()["state"].to_list() == ["interrupted"]
        with FluentClient(**there.connect()) as client:
            result = recovery.resume("load", client.batches())
        assert result.ok
        held = there.ledger.quantities
        assert set(held.select("skuRef", "qty").rows()) == set(rows.select("skuRef", "qty").rows())
        assert there.ledger.count("POST", POSTS) <= ROWS // BATCH + 5
        assert (held["effects"] > 1).sum() <= 5 * BATCH
        assert recovery.checkpoints().height == 0
