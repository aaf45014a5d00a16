"""Loads that share a platform's jobs of the day: real processes, a real socket, one store."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from fcwork.client import FluentClient
from fcwork.clock import ManualClock
from fcwork.simulator import Fault, Faults, Simulator
from fcwork.store import SQLiteStore

pytestmark = pytest.mark.socket

JOBS = "/api/v4.1/job"
SENDER = """
import json, sys
import polars as pl
from fcwork import recovery
from fcwork.client import FluentClient

settings, number, more = json.loads(sys.argv[1]), int(sys.argv[2]), json.loads(sys.argv[3])
rows = pl.DataFrame({
    "locationRef": [f"LOC_{number}"] * 60, "skuRef": [f"S{at}" for at in range(60)], "qty": range(60),
    "type": ["LAST_ON_HAND"] * 60, "status": ["ACTIVE"] * 60,
})
route = FluentClient(**settings).batches(job="daily", **more)
sys.stdin.readline()
result = recovery.send(rows, route, batch_size=10, workers=3)
print(json.dumps([result.ok, *route.job_ids]))
"""

OPENER = """
import json, sys
from fcwork.client import FluentClient
from fcwork.store import SQLiteStore

client = FluentClient(**json.loads(sys.argv[1]))
client.batches(job="daily", store=SQLiteStore(sys.argv[2])).post(b"{}", 1)
"""


def load_together(there: Simulator, count: int, **more: int) -> list[list[object]]:
    """Run loads in processes of their own, begun in the same instant; return what each printed."""
    command = [sys.executable, "-c", SENDER, json.dumps(there.connect())]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    env = {**os.environ, "FCWORK_LOG": "quiet"}
    loads = [subprocess.Popen([*command, str(at), json.dumps(more)], env=env, **pipes) for at in range(count)]
    with ThreadPoolExecutor(count) as pool:
        told = list(pool.map(lambda load: load.communicate("go\n", timeout=120)[0], loads))
    return [json.loads(text) for text in told]


def test_processes_open_one_job_together() -> None:
    """P22: loads of four processes, begun at once, open exactly one job on the platform, and all rows arrive."""
    slow = Fault("slow", method="POST", path=JOBS, seconds=0.3)
    with Simulator(positions=0, settle_polls=0, faults=Faults([slow])) as there:
        assert load_together(there, 4) == [[True, "1"]] * 4
        assert there.ledger.jobs["batches"].to_list() == [24]
        assert there.ledger.quantities.height == 240


def test_processes_fill_the_jobs_of_the_day_together() -> None:
    """P22: with so many batches a job, three processes of three workers fill each job exactly."""
    with Simulator(positions=0, settle_polls=0) as there:
        assert [told[0] for told in load_together(there, 3, batches_per_job=4)] == [True] * 3
        assert there.ledger.jobs["batches"].to_list() == [4, 4, 4, 4, 2]


def test_processes_replace_a_closed_job_together() -> None:
    """P22: a job of the day that closes under three processes is replaced by one, and no row is lost."""
    with Simulator(positions=0, settle_polls=0, faults=Faults([Fault("job_closed", nth=7)])) as there:
        assert [told[0] for told in load_together(there, 3)] == [True] * 3
        assert there.ledger.jobs["status"].to_list() == ["CLOSED", "OPEN"]
        assert there.ledger.jobs["batches"].sum() == 18


def test_threads_with_clients_of_their_own_open_one_job(tmp_path: Path) -> None:
    """P22: workers in one process, each with client and store of its own, open the day's job once."""
    start = threading.Barrier(6)

    def work(_: int) -> str:
        with FluentClient(**there.connect()) as client, SQLiteStore(tmp_path / "state.sqlite") as store:
            route = client.batches(job="daily", store=store)
            start.wait()
            rows = pl.DataFrame(
                {"locationRef": ["L"], "skuRef": ["A"], "type": ["T"], "status": ["ACTIVE"], "qty": [1]}
            )
            return str(route.post(route.pack(rows), 1).details["job_id"])

    with Simulator(positions=0) as there, ThreadPoolExecutor(6) as pool:
        assert set(pool.map(work, range(6))) == {"1"}
        assert there.ledger.jobs.height == 1


def test_a_worker_killed_while_it_opened_the_job_is_succeeded(
    tmp_path: Path, stock: Callable[[int], pl.DataFrame]
) -> None:
    """P22: a process killed with the lease in its hand leaves the job to the next, when the lease has run out."""
    slow = Fault("slow", method="POST", path=JOBS, seconds=2, nth=1)
    with Simulator(positions=0, faults=Faults([slow])) as there:
        command = [sys.executable, "-c", OPENER, json.dumps(there.connect()), str(tmp_path / "state.sqlite")]
        dead = subprocess.Popen(command)
        while not there.ledger.tokens.issued and dead.poll() is None:  # the token is asked for with the lease in hand
            time.sleep(0.01)
        dead.kill()
        assert dead.wait() == -signal.SIGKILL
        later = ManualClock(datetime.now(UTC) + timedelta(seconds=61))
        with FluentClient(**there.connect()) as client:
            route = client.batches(job="daily", store=SQLiteStore(tmp_path / "state.sqlite", clock=later))
            rows = stock(3)
            began = time.monotonic()
            assert route.post(route.pack(rows), 3).rows == 3
            assert time.monotonic() - began < 30
        assert there.ledger.quantities.height == 3
