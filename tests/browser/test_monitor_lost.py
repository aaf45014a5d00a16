"""A send over a real socket whose kernel, platform or rival goes wrong, watched in JupyterLab: no row is lost."""

import json
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from lab import Book, Lab

from fcwork.simulator import Fault, Faults, Simulator

pytestmark = pytest.mark.kernel

ROWS, BATCH, POSTS = 2_000, 50, "/job/*/batch"
CLIENT = """
import json, os
import polars as pl
import fcwork as fw
client = fw.FluentClient(**json.loads({settings!r}))
rows = pl.DataFrame({{
    "locationRef": ["LOC_1"] * {rows},
    "skuRef": [f"S{{n}}" for n in range({rows})],
    "qty": [n % 90 for n in range({rows})],
    "type": ["LAST_ON_HAND"] * {rows},
    "status": ["ACTIVE"] * {rows},
}})
"""
SEND = "monitor = fw.widgets.BatchMonitor(rows, client.batches(), dry_run=False, batch_size=50); monitor"
AFTER = "monitor = fw.widgets.BatchMonitor(None, client.batches(), dry_run=False); monitor"


@pytest.fixture
def platform() -> Iterator[Simulator]:
    """A simulator on a socket whose port stays, which takes its time for each batch."""
    slow = Fault("slow", method="POST", path=POSTS, seconds=0.1)
    with closing(socket.socket()) as one:
        one.bind(("127.0.0.1", 0))
        port = int(one.getsockname()[1])
    with Simulator(positions=0, settle_polls=0, port=port, faults=Faults([slow])) as there:
        yield there


def cells(there: Simulator, monitor: str) -> tuple[str, str]:
    """Return the cells of a notebook with a monitor."""
    return CLIENT.format(settings=json.dumps(there.connect()), rows=ROWS), monitor


def until(true: Callable[[], bool], *, seconds: float = 30) -> None:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def posts(there: Simulator) -> int:
    """Return how many batches came in."""
    return there.ledger.count("POST", POSTS)


def holds_all(there: Simulator, *, again: int = 0) -> bool:
    """Say whether the platform holds each row as it was given, and no more than so many were told to it twice."""
    held = there.ledger.quantities
    given = {(f"S{at}", at % 90) for at in range(ROWS)}
    return set(held.select("skuRef", "qty").rows()) == given and (held["effects"] > 1).sum() <= again


def resume(book: Book) -> None:
    """Resume the one send that is kept, by the keyboard."""
    book.sees("Kept to be resumed: 1 row")
    book.button("Resume").focus()
    book.keys("Enter")
    book.sees("Done Resume", seconds=120)


def test_a_killed_kernel_loses_no_row(lab: Lab, platform: Simulator) -> None:
    """P17: a kernel killed in the middle of a send leaves what is left to another notebook, which ends as the input."""
    with lab.open(*cells(platform, SEND)) as book:
        kernel = int(book.tells("os.getpid()"))
        book.button("Send").click()
        until(lambda: posts(platform) >= 5)
        os.kill(kernel, signal.SIGKILL)
        book.page.wait_for_timeout(1_000)
        book.forgive()  # the page says that its kernel is gone
    went = posts(platform)
    assert went < ROWS // BATCH
    with lab.open(*cells(platform, AFTER)) as book:
        book.shots_of_all_looks("monitor-after-a-kill")
        resume(book)
        counts = json.loads(book.tells("json.dumps(monitor.value.counts)").strip("'"))
        assert (counts["rows"], counts["delivered"]) == (ROWS, ROWS)
        book.shots_of_all_looks("monitor-resumed")
    assert holds_all(platform, again=BATCH)
    assert posts(platform) <= ROWS // BATCH + 1


def test_a_platform_that_goes_down_loses_no_row(lab: Lab, platform: Simulator) -> None:
    """P17, P32: where the platform goes away the panel says why and what to do; when it is back, the rest goes."""
    impatient = SEND.replace("dry_run", "max_retries=2, verify_seconds=2, dry_run")
    with lab.open(*cells(platform, impatient)) as book:
        book.button("Send").click()
        until(lambda: posts(platform) >= 5)
        platform.stop()
        book.sees("tried again: ", seconds=30)
        book.sees("Failed Send", seconds=120)
        book.shots_of_all_looks("monitor-platform-down")
        assert book.tells("bool(monitor.resumable.height)") == "True"
        platform.start()
        book.button("Look").click()
        resume(book)
        assert json.loads(book.tells("json.dumps(monitor.piles())").strip("'"))["delivered"] == ROWS
    assert holds_all(platform, again=BATCH)


def test_a_second_monitor_of_the_same_rows_sends_none(lab: Lab, platform: Simulator) -> None:
    """P17, P32: while rows are on their way another monitor of them says so and what to do, and sends nothing."""
    second = SEND.replace("monitor", "second").replace("dry_run", "name='second', dry_run")
    with lab.open(*cells(platform, SEND), second) as book:
        book.button("Send").click()
        until(lambda: posts(platform) >= 3)
        book.subject = ".jp-Cell:nth-child(3) .fcw-panel"
        book.button("Send").click()
        book.sees("Failed", seconds=30)
        book.shots_of_all_looks("monitor-second")
        assert book.tells("second.value is None") == "True"
        book.subject = ".fcw-panel"
        book.sees("Done Send", seconds=120)
    assert holds_all(platform)
    assert posts(platform) == ROWS // BATCH
