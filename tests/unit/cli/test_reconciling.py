"""``fcwork reconcile``: two sides compared, and what to do about each difference."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

Fcwork = Callable[..., Any]
CALL = ("reconcile", "left.csv", "right.csv", "--key", "sku", "--compare", "qty=onHand")


@pytest.fixture(autouse=True)
def sides(home: Path) -> None:
    """Lay a count and what the system holds."""
    (home / "left.csv").write_text("sku,qty\nA,10\nB,12\nC,90\nD,4\n", "utf-8")
    (home / "right.csv").write_text("sku,onHand\nA,10\nB,11.5\nC,20\nE,7\n", "utf-8")


def test_each_difference_is_shown_with_what_to_do(fcwork: Fcwork) -> None:
    """`fcwork reconcile` names the rows of both sides, and shows old, new, action and reason of what differs."""
    said = fcwork(*CALL)
    assert said.code == 0
    assert said.out.startswith("4 rows left, 4 right, 3 keys on both: 1 none, 1 update, 1 create, 1 zero, 1 review\n")
    assert "The first 4 differences" in said.out
    assert any(line.split()[:5] == ["B", "qty", "11.5", "12.0", "update"] for line in said.out.splitlines())


def test_a_file_of_differences_can_be_filled_in(fcwork: Fcwork, home: Path) -> None:
    """--differences leaves what proposes something with an empty column approve, --all every line."""
    said = fcwork(*CALL, "--differences", "differences.csv", "--all", "all.parquet")
    assert said.code == 0
    asking = pl.read_csv(home / "differences.csv")
    assert asking["sku"].to_list() == ["B", "C", "D", "E"]
    assert asking["approve"].null_count() == 4
    assert pl.read_parquet(home / "all.parquet")["action"].to_list() == ["none", "update", "review", "create", "zero"]
    assert "differences  differences.csv, 4 rows" in said.out


def test_rows_that_cannot_be_compared_are_told(fcwork: Fcwork, home: Path) -> None:
    """P27: a quantity that is no number is an issue and never zero; the exit code is 3."""
    (home / "left.csv").write_text("sku,qty\nA,ten\nB,12\n", "utf-8")
    said = fcwork(*CALL, "--issues", "issues.csv")
    assert said.code == 3
    assert "'ten'" in said.out
    assert "A" in (home / "issues.csv").read_text("utf-8")


def test_programs_are_given_the_counts(fcwork: Fcwork) -> None:
    """--json gives state, counts and actions, and nothing else."""
    said = json.loads(fcwork(*CALL, "--json", "--only-right", "none", "--threshold-pct", "none").out)
    assert said["state"] == "SUCCEEDED"
    assert said["actions"]["update"] == 1
    assert said["actions"]["zero"] == 0


def test_a_side_may_be_the_platform(fcwork: Fcwork, home: Path) -> None:
    """`fluent:` and an entity is what the platform holds."""
    (home / "left.csv").write_text("location,sku,qty\nLOC003,SKU-00001,280\n", "utf-8")
    key = ("--key", "location=locationRef", "--key", "sku=productRef", "--compare", "qty=onHand")
    given = ("--profile", "simulator", "--filter", "productRef", "SKU-00001", "--only-right", "none")
    said = fcwork("reconcile", "left.csv", "fluent:inventory_positions", *key, *given)
    assert said.code == 0, said.err
    assert "1 keys on both" in said.out


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (("--key", "sku"), "names no column, or one twice"),
        (("--compare", "=qty"), "names no column, or one twice"),
        (("--threshold-abs", "many"), "no number, and not none"),
        (("--rule", "some"), "known: all, any"),
        (("--less", "reserved"), "no column 'reserved'"),
        (("--buffer", "1", "--buffers", "left.csv"), "give one of them"),
        (("--differences", "right.csv"), "is a file that is read here"),
        (("--differences", "found.docx"), "its ending is to be one of"),
    ],
)
def test_a_mistake_in_the_call_is_told(fcwork: Fcwork, more: tuple[str, ...], told: str) -> None:
    """P32: what cannot be asked is told in words, with exit code 2."""
    said = fcwork(*CALL, *more)
    assert said.code == 2
    assert told in said.err


def test_a_side_that_is_cut_off_is_not_compared(fcwork: Fcwork, home: Path) -> None:
    """A side whose lines are no rows is not compared: what is left out would look as if it were gone."""
    (home / "right.csv").write_text('sku,onHand\nA,10\n"B,1', "utf-8")
    said = fcwork(*CALL)
    assert said.code == 2
    assert "right.csv" in said.err


def test_what_is_hidden_is_told_in_no_sentence(fcwork: Fcwork, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """P9: neither differences, reasons nor issues show a hidden key of either side; files of rows are whole."""
    monkeypatch.setenv("FCWORK_MASK", "email")
    (home / "left.csv").write_text("email,qty\nC@x.de,1\na@x.de,n/a\nb@x.de,2\nb@x.de,3\n", "utf-8")
    (home / "right.csv").write_text("mail,qty\nz@x.de,5\nc@x.de,1\na@x.de,5\n", "utf-8")
    call = ("reconcile", "left.csv", "right.csv", "--key", "email=mail", "--compare", "qty")
    said = fcwork(*call, "--issues", "issues.csv", "--all", "all.csv", "--differences", "differences.csv")
    assert said.code == 3
    issues = (home / "issues.csv").read_text("utf-8")
    assert "key.nearly" in issues
    assert "x.de" not in f"{said.out}{said.err}{issues}".lower()
    for name in ("all.csv", "differences.csv"):
        assert "the right has c@x.de" in (home / name).read_text("utf-8")


def test_the_example_of_two_channels_runs(fcwork: Fcwork, home: Path) -> None:
    """Each example names the quantity that is compared, as columns of a csv are texts."""
    (home / "channel.csv").write_text("sku,qty\nA,10\n", "utf-8")
    pl.DataFrame({"sku": ["A"], "qty": [5]}).write_parquet(home / "stock.parquet")
    told = " ".join(fcwork("reconcile", "--help").out.split())
    example = told[told.index("reconcile channel.csv") :].split("--json")[0].split()
    said = fcwork(*example, "--json")
    assert said.code == 0, said.err
    assert json.loads(said.out)["actions"]["none"] == 1
