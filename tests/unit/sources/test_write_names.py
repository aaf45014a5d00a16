import datetime as dt
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from fcwork import sources
from fcwork.clock import ManualClock
from fcwork.errors import SourceError

ROWS = pl.DataFrame({"a": ["x"]})
CLOCK = ManualClock(dt.datetime(2026, 1, 31, 23, 4, 5, tzinfo=dt.UTC))
FIELDS = {
    "from": dt.datetime(2026, 1, 1, 2, tzinfo=dt.timezone(dt.timedelta(hours=2))),
    "to": dt.datetime(2026, 1, 2, tzinfo=dt.UTC),
    "run": "r-7",
    "entity": "orders",
    "n": 7,
}


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("a-{date}.csv", "a-2026-01-31.csv"),
        ("a-{date}T{time}.csv", "a-2026-01-31T230405Z.csv"),
        ("{date:%Y}/{date:%m}/{entity}.csv", "2026/01/orders.csv"),
        ("{entity}-{from}-{to}.csv", "orders-20260101T000000Z-20260102T000000Z.csv"),
        ("{from:%Y%m%d}-{run}.csv", "20260101-r-7.csv"),
        ("{n:03}-{part}-{part:05}.csv", "007-1-00001.csv"),
        ("{{date}}.csv", "{date}.csv"),
        ("plain.csv", "plain.csv"),
    ],
)
def test_a_name_from_a_template(tmp_path: Path, template: str, name: str) -> None:
    """A name's fields are those of the run and those given, with formats of their own; double braces are braces."""
    written = sources.write(ROWS, f"{tmp_path}/{template}", fields=FIELDS, clock=CLOCK)
    assert written.uri == f"{tmp_path}/{name}"
    assert Path(written).read_bytes() == b"a\nx\n"


def test_a_window_replaces_itself(tmp_path: Path) -> None:
    """A second run of one window writes the same name, so there is one file."""
    for text in ("x", "y"):
        sources.write(pl.DataFrame({"a": [text]}), f"{tmp_path}/{{entity}}-{{from}}.csv", fields=FIELDS)
    assert [item.read_bytes() for item in tmp_path.iterdir()] == [b"a\ny\n"]


@pytest.mark.parametrize(
    ("template", "fields", "told"),
    [
        ("{dat}.csv", {}, r"\{dat\} in .* is no known field: did you mean 'date'\?\n→ known: date, time"),
        ("{}.csv", {}, "is no known field"),
        ("{0}.csv", {}, "is no known field"),
        ("{a,b}.csv", {}, "is no known field"),
        ("{run.__class__}.csv", {"run": "x"}, "is no known field"),
        ("{run[0]}.csv", {"run": "x"}, "is no known field"),
        ("{run!r}.csv", {"run": "x"}, "is no known field"),
        ("{n:{n}}.csv", {"n": 1}, "is no known field"),
        ("{date.csv", {}, "is no name"),
        ("date}.csv", {}, "is no name"),
        ("{from}.csv", {"from": None}, r"\{from\} in .*: it has no value"),
        ("{from}.csv", {"from": dt.datetime(2026, 1, 1)}, "has no time zone"),  # noqa: DTZ001 - what is refused
        ("{n:%Y}.csv", {"n": 1}, r"\{n\} in .*: Invalid format"),
        ("{run}.csv", {"run": "../x"}, "leads to another folder"),
        ("{run}.csv", {"run": "a\\b"}, "leads to another folder"),
        ("{run}.csv", {"run": "a\0b"}, "leads to another folder"),
        ("{date:%Y/%m}.csv", {}, "is no name"),
        ("{run}/a.csv", {"run": ".."}, r"becomes a name that is none: '\.\.'"),
        ("{run}{run}/a.csv", {"run": "."}, "becomes a name that is none"),
        ("{run}/a.csv", {"run": ""}, "becomes a name that is none"),
        ("a.csv", {}, "manifest='../m.json' is no name"),
    ],
)
def test_a_name_that_is_none_is_refused(tmp_path: Path, template: str, fields: dict[str, Any], told: str) -> None:
    """P24, P32: a field that is not known is told with those that are, and no value leads out of the folder."""
    manifest = "../m.json" if "manifest" in told else None
    with pytest.raises(SourceError, match=told):
        sources.write(ROWS, f"{tmp_path}/in/{template}", fields=fields, clock=CLOCK, manifest=manifest)
    assert list(tmp_path.iterdir()) == []


def test_a_percent_sign_in_a_value_is_one(tmp_path: Path) -> None:
    """P24: a value is no URI: what stands in it is not decoded."""
    written = sources.write(ROWS, f"file://{tmp_path}/{{run}}.csv", fields={"run": "..%2F..%2Fx"})
    assert written.files[0].name == "..%2F..%2Fx.csv"
    assert [item.name for item in tmp_path.iterdir()] == ["..%2F..%2Fx.csv"]


def test_a_literal_path_keeps_its_braces(tmp_path: Path) -> None:
    """A path whose braces are no fields can be given as it is."""
    path = tmp_path / "{a}" / "b{}.csv"
    assert Path(sources.write(ROWS, sources.literal(path))) == path


def test_a_relative_path_lies_in_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative name works, with a manifest and without folders."""
    monkeypatch.chdir(tmp_path)
    written = sources.write(ROWS, "a.csv", manifest=True)
    assert (written.uri, written.manifest, written.files[0].name) == ("a.csv", "a.manifest.json", "a.csv")
    split = sources.write(pl.concat([ROWS, ROWS]), "out/b.csv", split_rows=1)
    assert sorted(item.name for item in (tmp_path / "out").iterdir()) == [
        "b-00001.csv",
        "b-00002.csv",
        "b.manifest.json",
    ]
    assert (split.uri, split.manifest) == ("out", "out/b.manifest.json")
