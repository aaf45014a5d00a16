"""What is left when an extraction is cut off, and how the next one goes on; with real processes over a real socket."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import fcwork as fw
from fcwork import settings, sources
from fcwork.errors import CheckpointError, ServerError, SourceError
from fcwork.simulator import Fault, Faults, Simulator
from fcwork.store import open_store

ROWS, PAGE = 2_000, 50
SCRIPT = f"""
import sys
import fcwork as fw
base_url, client_id, client_secret, username, password, retailer_id, sink = sys.argv[1:]
client = fw.FluentClient(base_url=base_url, client_id=client_id, client_secret=client_secret, username=username,
                         password=password, retailer_id=retailer_id)
print(fw.extract(client, "inventory_positions", sink=sink, watermark="w", since="2025-01-01", page_size={PAGE}))
"""
Make = Callable[..., Any]


@pytest.fixture
def simulator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    """Give a simulator on a socket that takes its time for each page."""
    monkeypatch.setenv("FCWORK_HOME", str(tmp_path / "home"))
    with Simulator(positions=ROWS, faults=Faults([Fault("slow", path="/graphql", seconds=0.03)])) as simulator:
        yield simulator


def started(simulator: Simulator, sink: Path) -> subprocess.Popen[str]:
    """Start an extraction as a process of its own."""
    told = simulator.connect()
    names = ("base_url", "client_id", "client_secret", "username", "password", "retailer_id")
    arguments = [told[name] for name in names]
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, *arguments, str(sink)],
        env={**os.environ, "FCWORK_LOG": "quiet"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def until(simulator: Simulator, queries: int) -> None:
    """Wait until so many queries have been answered."""
    for _ in range(2_000):
        if simulator.ledger.count("POST", "/graphql") >= queries:
            return
        time.sleep(0.01)
    pytest.fail("the extraction never came so far")


@pytest.mark.socket
@pytest.mark.parametrize("killed_after", [1, 17, 39])
def test_a_killed_extraction_goes_on_after_its_last_page(
    simulator: Simulator, tmp_path: Path, killed_after: int
) -> None:
    """A worker killed with SIGKILL leaves no file; the next fetches what is missing and writes every row once."""
    sink = tmp_path / "out" / "p-{from}-{to}.parquet"
    victim = started(simulator, sink)
    until(simulator, killed_after)
    victim.send_signal(signal.SIGKILL)
    victim.communicate()
    left = list((tmp_path / "out").glob("*")) if (tmp_path / "out").exists() else []
    out, err = started(simulator, sink).communicate(timeout=60)

    assert not left, "no file before every page is there"
    assert "[SUCCEEDED]" in out, err
    [file] = (tmp_path / "out").glob("p-*.parquet")
    rows = sources.read(file)
    assert rows["id"].n_unique() == rows.height == ROWS
    assert simulator.ledger.count("POST", "/graphql") <= ROWS // PAGE + 2, "only pages that were not kept come again"
    assert not list((tmp_path / "home" / "extractions").glob("*")), "what was kept goes when all is written"


def test_a_second_worker_skips(platform: Make, tmp_path: Path) -> None:
    """P30: two workers that extract the same at once fetch it once; the second says that the first is at it."""
    here = platform()
    options: dict[str, Any] = {"watermark": "w", "since": "2025-01-01", "sink": str(tmp_path / "p.csv")}
    second = []

    def meanwhile(stage: str, _: str) -> None:
        if stage == "extraction" and not second:
            second.append(None)
            second[0] = here.extract(**options)

    first = here.extract(**options, on_stage=meanwhile)

    assert (first.state, first.rows) == ("SUCCEEDED", 50)
    assert (second[0].state, second[0].rows) == ("SKIPPED", 0)
    assert "another worker is at it" in second[0].summary
    assert sources.read(tmp_path / "p.csv").height == 50


def test_a_server_that_dies_leaves_its_pages(platform: Make, tmp_path: Path) -> None:
    """A platform that fails for good raises; the pages before are kept, and the next run begins there."""
    here = platform(Fault("status", status=500, path="/graphql", nth=range(4, 8)))
    options: dict[str, Any] = {"page_size": 10, "sink": str(tmp_path / "p.csv")}
    with pytest.raises(ServerError):
        here.extract(**options)
    asked = here.queries
    result = here.extract(**options)

    assert result.resumed
    assert result.rows == sources.read(tmp_path / "p.csv").height == 50
    assert here.queries - asked == 2, "three of the five pages were there"


def test_a_sink_that_fails_keeps_the_pages(platform: Make, tmp_path: Path) -> None:
    """P28: where the file cannot be written the watermark stands, and the next run fetches no page again."""
    here = platform()
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    options: dict[str, Any] = {"page_size": 10, "watermark": "w", "since": "2025-01-01"}
    with pytest.raises(SourceError):
        here.extract(**options, sink=str(blocked / "p.csv"))
    asked = here.queries
    result = here.extract(**options, sink=str(tmp_path / "p.csv"))

    assert (result.rows, result.resumed) == (50, True)
    assert here.queries == asked
    assert result.moved


def test_pages_of_another_window_are_not_used(platform: Make, tmp_path: Path) -> None:
    """What was kept is used for the same question alone, and not where that is not wanted."""
    here = platform(Fault("status", status=400, path="/graphql", nth=3))
    with pytest.raises(fw.errors.ApiError):
        here.extract(page_size=10, sink=str(tmp_path / "p.csv"), watermark="w", since="2025-01-01")
    other = here.extract(page_size=10, sink=str(tmp_path / "p.csv"), watermark="w", since="2025-06-01")

    assert not other.resumed
    assert other.rows == 50


def test_a_worker_that_lost_its_claim_does_not_move_the_watermark(platform: Make, tmp_path: Path) -> None:
    """P30: the late write of a worker whose lease was taken over is refused."""
    here = platform()
    store = open_store(settings.store_place())

    def steal(name: str, _: str) -> None:
        if name == "transformation":
            [lease] = store.leases("extraction:")
            assert store.release(lease)
            assert store.acquire(lease.name, "another", ttl=60)

    with pytest.raises(fw.errors.StoreError):
        here.extract(watermark="w", since="2025-01-01", sink=str(tmp_path / "p.csv"), on_stage=steal)
    assert fw.extraction.watermarks().height == 0

    [lease] = store.leases("extraction:")
    store.release(lease)
    asked = here.queries
    again = here.extract(watermark="w", since="2025-01-01", sink=str(tmp_path / "p.csv"))
    assert (again.rows, again.resumed, again.moved, here.queries) == (50, True, True, asked)


def test_a_run_killed_after_its_watermark_is_not_gone_on_with(platform: Make, tmp_path: Path) -> None:
    """P28: pages of a run that had come to its end, watermark and all, do not empty the file that it wrote."""
    here = platform()
    options: dict[str, Any] = {"watermark": "w", "sink": str(tmp_path / "p-{from}-{to}.csv")}
    first = here.extract(**options, since="2025-01-01")
    here.clock.advance(5)
    here.change("InventoryPosition", 3, first.watermark - timedelta(seconds=10), onHand=777)
    pages, saved = tmp_path / "home" / "extractions", tmp_path / "saved"
    late = here.extract(**options, on_stage=lambda name, _: name == "transformation" and shutil.copytree(pages, saved))
    shutil.copytree(saved, pages, dirs_exist_ok=True)  # as a worker leaves it that dies before they are deleted
    here.clock.advance(60)
    again = here.extract(**options)

    assert (late.rows, late.moved) == (1, False), "committed late, and the watermark stands where it stood"
    assert not again.resumed
    assert sources.read(late.files.files[0].uri)["onHand"].to_list() == ["777"]


def test_pages_that_are_gone_when_they_are_wanted_are_no_rows_less(platform: Make, tmp_path: Path) -> None:
    """P21: where what was kept cannot be read again nothing is written, and what to do is said."""
    here = platform()
    pages = tmp_path / "home" / "extractions"

    def cut(name: str, _: str) -> None:
        if name == "transformation":
            for path in pages.rglob("*.arrow"):
                path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    options: dict[str, Any] = {
        "page_size": 10,
        "watermark": "w",
        "since": "2025-01-01",
        "sink": str(tmp_path / "p.csv"),
    }
    with pytest.raises(CheckpointError, match="cannot be read again") as gone:
        here.extract(**options, on_stage=cut)
    assert "--restart" in gone.value.hint
    assert not (tmp_path / "p.csv").exists()
    assert here.extract(**options, resume=False).rows == 50


def test_pages_that_cannot_be_kept_are_told_in_words(platform: Make, tmp_path: Path) -> None:
    """P32: where a page cannot be written down the error says where, and what to do."""
    here = platform()
    sink, pages = str(tmp_path / "p.csv"), tmp_path / "home" / "extractions"
    with pytest.raises(CheckpointError, match="the pages cannot be kept in") as unkept:
        here.extract(page_size=10, sink=sink, on_stage=lambda *_: shutil.rmtree(pages))
    assert "FCWORK_HOME" in unkept.value.hint
    assert here.extract(page_size=10, sink=sink).rows == 50
