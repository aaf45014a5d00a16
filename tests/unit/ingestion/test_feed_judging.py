"""A load beside the loads before it."""

from dataclasses import replace
from typing import Any

import pytest

from fcwork.clock import ManualClock
from fcwork.ingestion import Expect
from fcwork.ingestion.feed_history import FeedHistory, series_of
from fcwork.ingestion.feed_judging import doubts
from fcwork.ingestion.feed_profile import Profile
from fcwork.ingestion.feed_terms import KEPT
from fcwork.store import SQLiteStore

USUAL = Profile(100, zeros={"qty": 0.1}, empty={"name": 0.0}, locations=("A", "B", "C"))


def codes(profile: Profile, *before: Profile, **expected: Any) -> list[str]:
    """Return the codes of what is in doubt."""
    return [doubt.code for doubt in doubts(Expect(**expected), profile, before or [USUAL] * 3)]


@pytest.mark.parametrize(("rows", "found"), [(50, []), (49, ["feed.rows"]), (150, []), (151, ["feed.rows"])])
def test_the_number_of_rows(rows: int, found: list[str]) -> None:
    """P33: rows may be away from the median by the share itself, up and down, and by no row more."""
    assert codes(replace(USUAL, rows=rows)) == found
    assert codes(replace(USUAL, rows=rows), rows=None) == []
    assert codes(replace(USUAL, rows=rows), rows="200%") == []


def test_one_load_that_was_odd_does_not_move_what_is_usual() -> None:
    """What is usual is the middle of the loads before, not their mean."""
    assert codes(USUAL, USUAL, USUAL, replace(USUAL, rows=100_000)) == []


@pytest.mark.parametrize(("share", "found"), [(0.3, []), (0.31, ["feed.zeros"]), (0.0, [])])
def test_the_share_of_zeros(share: float, found: list[str]) -> None:
    """P33: the share of zeros in a column may differ by so many points."""
    assert codes(replace(USUAL, zeros={"qty": share})) == found
    [doubt] = doubts(Expect(), replace(USUAL, zeros={"qty": 1.0}), [USUAL] * 3)
    assert (doubt.field, "100.0%" in doubt.message, "10.0%" in doubt.message) == ("qty", True, True)


def test_a_column_that_is_new_is_not_judged() -> None:
    """A column is judged by as many loads as it takes, and not before."""
    assert codes(replace(USUAL, zeros={"new": 1.0})) == []


def test_the_share_of_what_is_empty() -> None:
    """The share of empty fields is judged where somebody says so."""
    assert codes(replace(USUAL, empty={"name": 0.9})) == []
    assert codes(replace(USUAL, empty={"name": 0.9}), empty="50%") == ["feed.empty"]


def test_missing_locations() -> None:
    """P33: locations that half of the loads had may be missing as far as is said; they are named, a few of them."""
    assert codes(replace(USUAL, locations=("A", "B"))) == ["feed.locations"]
    assert codes(replace(USUAL, locations=("A", "B")), missing_locations=1) == []
    assert codes(replace(USUAL, locations=("A", "B")), missing_locations=None) == []
    assert codes(replace(USUAL, locations=("A", "B", "C", "D"))) == []
    assert codes(replace(USUAL, locations=None)) == []
    fewer = replace(USUAL, locations=("A",))
    assert codes(fewer, USUAL, fewer, fewer) == []  # one that most loads had not is not usual
    many = replace(USUAL, locations=tuple(f"L{n:02}" for n in range(20)))
    [doubt] = doubts(Expect(), replace(USUAL, locations=()), [many] * 3)
    assert (
        doubt.message
        == "20 locations are missing that half of the last 3 loads had: L00, L01, L02, L03, L04 and 15 more"
    )


def test_no_rows_where_there_were_some() -> None:
    """An empty delivery is in doubt by its rows and its locations."""
    assert codes(Profile(0, locations=())) == ["feed.rows", "feed.locations"]


def test_what_is_kept(tmp_path: Any) -> None:
    """P30: a feed keeps its latest loads, each content once; another target, workflow or source has its own."""
    clock = ManualClock()
    store = SQLiteStore(tmp_path / "s", clock=clock)
    feed = FeedHistory(store, "acme (retailer 1)", "stock", "in/#.csv")
    for number in range(KEPT + 5):
        clock.advance(60)
        feed.keep(replace(USUAL, rows=number, at=clock.now().isoformat(), sha256=f"{number}"))
    assert [profile.rows for profile in feed.latest(KEPT)] == list(range(5, KEPT + 5))
    clock.advance(60)
    feed.keep(replace(USUAL, rows=1, at=clock.now().isoformat(), sha256="6"))
    assert [profile.rows for profile in feed.latest(3)] == [KEPT + 3, KEPT + 4, 1]
    assert len(feed.latest(99)) == KEPT
    for other in ({"target": "acme (retailer 2)"}, {"workflow": "x"}, {"series": "y"}):
        assert replace(feed, **other).latest(9) == []
    store.close()


def test_what_sources_of_a_feed_have_in_common(home: Any) -> None:
    """A file of today and one of tomorrow are one feed; a folder of another kind is another."""
    assert series_of("s3://b/in/stock-20260115.csv") == series_of("s3://b/in/stock-20260116.csv")
    assert series_of("stock.csv") == series_of(home / "stock.csv")
    assert series_of("a/x.csv") != series_of("b/x.csv")
    assert series_of([{"a": 1}]) == "frame"
