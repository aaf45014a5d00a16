"""``fcwork send``: a file to the platform, dead letters out, and mended ones in again."""

import json
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

MAPPING = {
    "fields": {
        "locationRef": {"source": "location", "required": True},
        "skuRef": {"source": "sku", "required": True},
        "qty": {"source": "quantity", "required": True, "resolver": "sdk.parseInt"},
        "type": {"value": "LAST_ON_HAND"},
        "status": {"value": "ACTIVE"},
    }
}
FAULTS = [Fault("record", ref="SKU-2", code=404, times=1)]
EVENT = json.dumps({"name": "UPSERT_PRODUCT", "entityType": "PRODUCT_CATALOGUE", "entityRef": "PC:MASTER:2"})


@pytest.fixture
def there(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    """Run a platform that refuses one row once, name it by the environment, and lay a file and its mapping out."""
    rows = "".join(f"L1,SKU-{i},{'x' if i == 4 else i}\n" for i in range(6))
    (home / "stock.csv").write_text(f"location,sku,quantity\n{rows}", "utf-8")
    (home / "stock.json").write_text(json.dumps(MAPPING), "utf-8")
    with Simulator(positions=0, settle_polls=0, faults=Faults(FAULTS)) as simulator:
        for name, value in simulator.connect().items():
            monkeypatch.setenv(variable(name), value)
        yield simulator


def test_a_file_is_sent_and_adds_up(fcwork: Fcwork, there: Simulator) -> None:
    """P26: the rows that pass are sent, the piles add up, findings are told, and the code says what stayed."""
    said = fcwork("send", "stock.csv", "-m", "stock.json", "--max-rejected", "1")
    assert said.code == 3
    assert "6 rows read, 4 delivered, 2 rejected, 0 unknown" in said.out
    assert "adds up" in said.out
    assert "send.rejected" in said.out
    assert "--dead-letters" in said.out
    assert there.ledger.quantities.height == 4


def test_dead_letters_are_mended_and_sent_again(fcwork: Fcwork, there: Simulator, home: Path) -> None:
    """P15: what was not delivered is written as it stood in the source, mended there, and only that is sent again."""
    fcwork("send", "stock.csv", "-m", "stock.json", "--max-rejected", "1", "--dead-letters", "dead.csv")
    letters = sources.read(home / "dead.csv")
    assert letters["sku"].to_list() == ["SKU-2", "SKU-4"]
    assert letters["_code"].to_list() == ["send.rejected", "map.type"]
    (home / "dead.csv").write_text((home / "dead.csv").read_text("utf-8").replace(",x", ",4"), "utf-8")
    said = fcwork("send", "--replay", "dead.csv", "-m", "stock.json")
    assert (said.code, "2 rows read, 2 delivered" in said.out) == (0, True)
    held = there.ledger.quantities
    assert sorted(held["skuRef"]) == [f"SKU-{i}" for i in range(6)]
    assert set(held["effects"]) == {1}


def test_what_a_spreadsheet_was_kept_from_running_comes_back_as_it_was(
    fcwork: Fcwork, there: Simulator, home: Path
) -> None:
    """P25: texts that were given an apostrophe in a csv of dead letters lose it again when they are replayed."""
    (home / "stock.csv").write_text("location,sku,quantity\nL1,=A1,x\nL1,'=B1,y\n", "utf-8")
    fcwork("send", "stock.csv", "-m", "stock.json", "--max-rejected", "2", "--dead-letters", "dead.csv")
    text = (home / "dead.csv").read_text("utf-8")
    assert "'=A1" in text
    (home / "dead.csv").write_text(text.replace(",x", ",1").replace(",y", ",2"), "utf-8")
    assert fcwork("send", "--replay", "dead.csv", "-m", "stock.json").code == 0
    assert sorted(there.ledger.quantities["skuRef"]) == ["'=B1", "=A1"]


def test_a_file_sent_twice_is_skipped(fcwork: Fcwork, there: Simulator) -> None:
    """P31: the same file is loaded once; a skip says so and is no failure; --force sends it again."""
    fcwork("send", "stock.csv", "-m", "stock.json", "--max-rejected", "1")
    said = fcwork("send", "stock.csv", "-m", "stock.json", "--max-rejected", "1")
    assert (said.code, "SKIPPED" in said.out, "loaded already" in said.out) == (0, True, True)
    forced = fcwork("send", "stock.csv", "-m", "stock.json", "--max-rejected", "1", "--force")
    assert "5 delivered" in forced.out
    assert there.ledger.quantities.height == 5


def test_a_file_that_is_being_mended_is_not_emptied(fcwork: Fcwork, there: Simulator, home: Path) -> None:
    """A second run that has nothing to load leaves the dead letters of the first alone."""
    call = ("send", "stock.csv", "-m", "stock.json", "--max-rejected", "1", "--dead-letters", "dead.csv")
    fcwork(*call)
    before = (home / "dead.csv").read_bytes()
    said = fcwork(*call)
    assert (home / "dead.csv").read_bytes() == before
    assert "Next:" not in said.out
    assert there.ledger.quantities.height == 4


def test_a_dry_run_sends_nothing(fcwork: Fcwork, there: Simulator) -> None:
    """P33: --dry-run reads, maps and checks, and says loudly that nothing was sent."""
    said = fcwork("send", "stock.csv", "-m", "stock.json", "--max-rejected", "1", "--dry-run")
    assert "DRY RUN" in said.out
    assert there.ledger.count("POST", "/job") == 0


def test_the_gate_is_closed_by_one_bad_row(fcwork: Fcwork, there: Simulator) -> None:
    """P33: without a word on it no row may be rejected: nothing is sent, and the code is 3."""
    said = fcwork("send", "stock.csv", "-m", "stock.json")
    assert (said.code, "REFUSED" in said.out) == (3, True)
    assert there.ledger.quantities.height == 0


def test_rows_that_may_have_arrived_are_not_replayed_as_events(fcwork: Fcwork, there: Simulator, home: Path) -> None:
    """P16: a dead letter of which nobody knows is left out where a repeat doubles, unless it is asked for."""
    rows = [{"_code": "send.unknown", "ref": "A"}, {"_code": "send.rejected", "ref": "B"}, {"_code": None, "ref": "C"}]
    sources.write(pl.DataFrame(rows), home / "dead.jsonl")
    call = ("send", "--replay", "dead.jsonl", "--route", "event", "-o", "event", EVENT, "-o", "rows", "attributes")
    said = fcwork(*call)
    assert (said.code, "3 rows read, 2 delivered, 0 rejected, 1 unknown" in said.out) == (3, True)
    assert "was not sent again" in said.out
    assert "3 rows read, 3 delivered" in fcwork(*call, "--with-unknown").out
    assert there.ledger.events["effects"].max() <= 2


@pytest.mark.parametrize(
    ("call", "told"),
    [
        ([], "Missing argument 'SOURCE'"),
        (["stock.csv", "--replay", "dead.csv"], "two things to send"),
        (["stock.csv", "--with-unknown"], "--with-unknown goes with --replay"),
        (["none.csv"], "there is no file none.csv"),
        (["--replay", "stock.csv"], "no file of dead letters"),
        (["stock.csv", "-o", "mode", "a", "-o", "mode", "b"], "given twice"),
        (["stock.csv", "--route", "fax"], "no route 'fax'"),
        (["stock.csv", "-o", "catalog", "X"], "did you mean catalogue_ref?"),
        (["stock.csv", "-m", "stock.json", "--dead-letters", "stock.csv"], "is a file that is read here"),
        (["stock.csv", "-m", "stock.json", "--dead-letters", "dead.txt"], "its ending is to be one of"),
    ],
)
def test_a_wrong_call_is_told_and_sends_nothing(fcwork: Fcwork, there: Simulator, call: list[str], told: str) -> None:
    """P32: a mistake in the call ends with code 2 and one message, and nothing is sent."""
    said = fcwork("send", *call)
    assert (said.code, told in said.err) == (2, True)
    assert there.ledger.quantities.height == 0


def test_no_platform_is_taken_for_granted(fcwork: Fcwork, home: Path) -> None:
    """P33: without a platform that is named nothing is sent, and the simulator is not taken for one."""
    (home / "stock.csv").write_text("a\n1\n", "utf-8")
    said = fcwork("send", "stock.csv")
    assert (said.code, "no platform is named" in said.err) == (2, True)


def test_an_inbox_is_worked_through_and_emptied(fcwork: Fcwork, there: Simulator, home: Path) -> None:
    """P24: files go to the archive or the errors, so many a run, with a log each; an empty inbox is nothing to do."""
    inbox = home / "in"
    inbox.mkdir()
    for name, quantity in (("a.csv", "1"), ("b.csv", "x"), ("c.csv", "3")):
        (inbox / name).write_text(f"location,sku,quantity\nL1,{name},{quantity}\n")
    call = [
        "send",
        "in/*.csv",
        "-m",
        "stock.json",
        "--job",
        "per-file",
        "--archive",
        "archive",
        "--errors-to",
        "errors",
    ]
    looked = fcwork(*call, "--dry-run")
    assert (looked.code, sorted(path.name for path in inbox.iterdir())) == (3, ["a.csv", "b.csv", "c.csv"])
    said = fcwork(*call, "--logs", "logs", "--max-files", "2")
    assert (said.code, "1 file archived; 1 file put away as errors" in said.out) == (3, True)
    assert "in/a.csv → in/archive/a.csv" in said.out
    assert len(list((inbox / "logs").iterdir())) == 2
    assert [path.name for path in inbox.glob("*.csv")] == ["c.csv"]
    assert fcwork(*call).code == 0
    empty = fcwork(*call)
    assert (empty.code, "no file is there" in empty.out) == (0, True)
    assert fcwork(*call[:4]).code == 2
    assert there.ledger.quantities.height == 2


def test_a_file_that_is_far_from_those_before_it(fcwork: Fcwork, there: Simulator, home: Path) -> None:
    """P33: what is far from the loads before is kept back with code 3 and advice; --force loads it and tells of it."""
    expected = ("-m", "stock.json", "--expect", '{"min_loads": 1}')
    lines = [f"L1,SKU-{i},5\n" for i in range(10, 20)]
    for rows, code in ((lines, 0), (lines[:2], 3)):
        (home / "stock.csv").write_text("location,sku,quantity\n" + "".join(rows), "utf-8")
        said = fcwork("send", "stock.csv", *expected)
        assert said.code == code
    assert "2 rows are more than 50% away from the 10 of the load before" in said.out
    assert "load it with --force" in said.out
    assert "--replay" not in said.out
    forced = fcwork("send", "stock.csv", *expected, "--force")
    assert (forced.code, "feed.rows" in forced.out, "loaded all the same" in forced.out) == (0, True, True)
    for mistake in ("usual", "[]", '{"rwos": "1%"}'):
        assert fcwork("send", "stock.csv", "--expect", mistake).code == 2
    assert there.ledger.quantities.height == 10
