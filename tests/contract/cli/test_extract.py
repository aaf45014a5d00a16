"""``fcwork extract``: from the platform to the terminal or to files, and watermarks by hand."""

import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from fcwork import sources
from fcwork.settings import variable
from fcwork.simulator import Fault, Faults, Simulator

Fcwork = Callable[..., Any]
pytestmark = pytest.mark.socket
QUERY = "query ($ref: [String!]) { locations(ref: $ref) { edges { node { ref name } } } }"


@pytest.fixture
def there(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    """Run a platform and name it by the environment."""
    del home
    with Simulator(positions=45, settle_polls=0) as simulator:
        for name, value in simulator.connect().items():
            monkeypatch.setenv(variable(name), value)
        yield simulator


@pytest.mark.usefixtures("there")
def test_without_a_sink_the_first_rows_are_shown(fcwork: Fcwork) -> None:
    """The first 20 rows are a table, unless the call says how many, and that there is more is said."""
    said = fcwork("extract", "inventory_positions")
    assert said.code == 0
    assert "The first 20 rows" in said.out
    assert "There may be more than these 20: --to FILE writes all" in said.out
    assert "productRef" in said.out
    said = fcwork("extract", "inventoryPositions", "--max-records", "100")
    assert "The first 45 rows" in said.out
    assert "There may be more" not in said.out


@pytest.mark.usefixtures("there")
def test_rows_go_to_files(fcwork: Fcwork, home: Path) -> None:
    """With --to all rows are written, split where asked, with what the format takes and a manifest."""
    said = fcwork("extract", "inventory_positions", "--to", "out/p.csv", "--split-rows", "20", "-o", "delimiter", ";")
    assert (said.code, "45 rows written as csv in 3 files" in said.out) == (0, True)
    assert sources.read(str(home / "out" / "*.csv"), delimiter=";").height == 45
    assert (home / "out" / "p.manifest.json").is_file()
    assert "Fetching inventory_positions" in said.err


@pytest.mark.usefixtures("there")
def test_filters_are_arguments_and_several_of_one_name_a_list(fcwork: Fcwork, home: Path) -> None:
    """--filter gives an argument of the connection; digits stay as they were typed, and JSON is read."""
    call = ("extract", "orders", "--filter", "status", "SHIPPED", "--filter", "status", "CREATED", "--to", "o.jsonl")
    assert fcwork(*call).code == 0
    assert set(sources.read(home / "o.jsonl")["status"]) == {"SHIPPED", "CREATED"}
    assert fcwork("extract", "orders", "--filter", "ref", "0008", "--to", "one.jsonl").code == 0
    assert sources.read(home / "one.jsonl")["ref"].to_list() == ["0008"]
    window = '{"from": "2020-01-01T00:00:00.000Z", "to": "2020-01-02T00:00:00.000Z"}'
    assert "0 orders read" in fcwork("extract", "orders", "--filter", "createdOn", window).out


@pytest.mark.usefixtures("there")
def test_a_query_is_a_file_or_the_standard_input(fcwork: Fcwork, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path that ends in .graphql is a query of one's own, and - is one from the standard input."""
    (home / "q.graphql").write_text(QUERY, "utf-8")
    assert fcwork("extract", "q.graphql", "--filter", "ref", "LOC001", "--to", "one.csv").code == 0
    assert sources.read(home / "one.csv").height == 1
    monkeypatch.setattr(sys, "stdin", io.StringIO(QUERY))
    assert fcwork("extract", "-", "--to", "all.csv").code == 0
    assert sources.read(home / "all.csv").height > 1


@pytest.mark.usefixtures("there")
def test_a_watermark_moves_with_what_is_written(fcwork: Fcwork, home: Path) -> None:
    """P28: a second run writes nothing that the first wrote; a look moves nothing; by hand it is set and forgotten."""
    call = ("extract", "inventory_positions", "--watermark", "stock")
    assert fcwork(*call, "--to", "a.csv").code == 2
    assert "not moved" not in fcwork(*call, "--since", "2020-01-01", "--max-records", "100").out
    assert "no watermarks yet" in fcwork("extract", "--watermarks").out
    said = fcwork(*call, "--since", "2020-01-01", "--to", "a.csv")
    assert (said.code, "UTC, moved" in said.out) == (0, True)
    assert "stock" in fcwork("extract", "--watermarks").out
    assert fcwork(*call, "--to", "b.csv").code == 0
    assert sources.read(home / "b.csv").height == 0
    assert "stands at 2020-01-01" in fcwork("extract", "--set-watermark", "stock", "2020-01-01").out
    said = fcwork(*call, "--to", "c.csv", "--keep-watermark")
    assert (said.code, "UTC, not moved" in said.out) == (0, True)
    assert sources.read(home / "c.csv").height == 45
    assert "2020-01-01" in fcwork("extract", "--watermarks").out
    assert fcwork("extract", "--set-watermark", "stock", "never").code == 0
    assert "no watermarks yet" in fcwork("extract", "--watermarks").out


@pytest.mark.usefixtures("there")
def test_rows_that_cannot_be_mapped_are_told_and_written(fcwork: Fcwork, home: Path) -> None:
    """P26: rejected rows are told with their reasons, written where asked, and the code is 3."""
    (home / "m.yml").write_text("fields: {n: {source: ref, resolver: sdk.parseInt, required: true}}\n", "utf-8")
    call = ("extract", "orders", "-m", "m.yml", "--to", "o.csv")
    said = fcwork(*call)
    assert (said.code, "map.type" in said.out, "add --rejected" in said.out) == (3, True, True)
    said = fcwork(*call, "--rejected", "r.csv", "--issues", "i.csv")
    assert said.code == 3
    rejected = pl.read_csv(home / "r.csv")
    assert "_errors" in rejected.columns
    assert pl.read_csv(home / "i.csv").height >= rejected.height > 0
    assert fcwork(*call, "--on-invalid", "drop").code == 0
    assert fcwork(*call, "--on-invalid", "fail").code == 1


@pytest.mark.usefixtures("there")
def test_a_dry_run_writes_nothing(fcwork: Fcwork, home: Path) -> None:
    """P33: a dry run fetches the first page, shows its rows, says so loudly and writes nothing."""
    said = fcwork("extract", "orders", "--to", "o.csv", "--explode", "items", "--dry-run")
    assert (said.code, "DRY RUN: nothing was written" in said.out, "items.quantity" in said.out) == (0, True, True)
    assert not (home / "o.csv").exists()


def test_entities_are_listed_without_a_platform(fcwork: Fcwork) -> None:
    """--list names what can be extracted, with the connection of each; no platform is needed."""
    said = fcwork("extract", "--list")
    assert said.code == 0
    assert ["orders", "orders"] in [line.split() for line in said.out.splitlines()]


@pytest.mark.usefixtures("there")
def test_mistakes_are_told(fcwork: Fcwork, home: Path) -> None:
    """P32: what cannot be is refused with what can; the code is 2."""
    (home / "bad.graphql").write_text("query { orders {", "utf-8")
    for call, told in {
        (): "Missing argument 'WHAT'",
        ("ordes",): "did you mean 'orders'?",
        ("orders", "--filter", "nope", "1"): "orders cannot be filtered by 'nope'",
        ("orders", "--mode", "sometimes"): "known: full, range, incremental",
        ("orders", "--workers", "0"): "workers is 0",
        ("orders", "--max-records", "0", "--to", "o.csv"): "max_records is 0",
        ("orders", "--explode", "lines", "--to", "o.csv"): "lists: items",
        ("orders", "--list"): "a call of its own",
        ("--list", "--watermarks"): "a call of its own",
        ("bad.graphql",): "no GraphQL",
        ("none.graphql",): "cannot be read",
        ("orders", "--set-watermark", "x", "2020-01-01"): "a call of its own",
        ("--set-watermark", "x", "soon"): "give a time such as",
        ("orders", "-m", "none.json"): "none.json",
        ("orders", "-o", "a", "1", "-o", "a", "2"): "-o a is given twice",
    }.items():
        said = fcwork("extract", *call)
        assert (said.code, told in said.err) == (2, True), (call, said.err)


def test_a_platform_that_fails_is_a_failure(fcwork: Fcwork, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """P13: where a page cannot be had the code is 1, and nothing is written."""
    faults = Faults([Fault("status", method="POST", path="/graphql", status=400, times=99)])
    with Simulator(positions=5, faults=faults) as simulator:
        for name, value in simulator.connect().items():
            monkeypatch.setenv(variable(name), value)
        assert fcwork("extract", "orders", "--to", "o.csv").code == 1
    assert not (home / "o.csv").exists()


def test_a_watermark_of_the_embedded_simulator_is_told_to_pass(fcwork: Fcwork) -> None:
    """P32: what is set for a platform that goes with its process is not told as kept."""
    said = fcwork("extract", "--set-watermark", "stock", "2020-01-01", "--profile", "simulator")
    assert "goes with this process" in said.out
    assert fcwork("extract", "--set-watermark", "stock", "never", "--profile", "simulator").code == 0


@pytest.mark.usefixtures("there")
def test_ctrl_c_ends_cleanly_and_the_next_run_goes_on(fcwork: Fcwork, home: Path) -> None:
    """P28: a run that is stopped says that the same command goes on, and it does so after its last page."""
    call = ["extract", "inventory_positions", "--to", "o.csv", "--page-size", "5"]
    command = [sys.executable, "-m", "fcwork", *call, "--rate", "4"]
    running = subprocess.Popen(command, cwd=home, stderr=subprocess.PIPE, env=os.environ, text=True)
    pages = home / ".fcwork" / "extractions"
    while not any(file.stat().st_size for file in pages.rglob("*.arrow")):
        assert running.poll() is None
    running.send_signal(signal.SIGINT)
    _, told = running.communicate(timeout=30)
    assert running.returncode == 130, told
    assert "the same command goes on after the last of them" in told
    assert "Traceback" not in told
    assert not (home / "o.csv").exists()
    assert fcwork(*call).code == 0
    assert sources.read(home / "o.csv")["ref"].n_unique() == 45
    assert not list(pages.rglob("*.arrow"))
