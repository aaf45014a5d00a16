from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fcwork.errors import ConfigError
from fcwork.extraction import asking
from fcwork.extraction.marks import Watermark
from fcwork.extraction.windows import Window, choose, moved

NOW = datetime(2026, 2, 1, 12, tzinfo=UTC)
MARK = Watermark(datetime(2026, 1, 31, tzinfo=UTC))


def window(**given: Any) -> Window:
    """Choose a window, by default of an incremental extraction."""
    usual: dict[str, Any] = {"since": None, "until": None, "overlap": 60.0, "named": "w", "mark": MARK, "now": NOW}
    return choose(given.pop("mode", None), **{**usual, **given})


def test_an_incremental_run_begins_before_the_watermark() -> None:
    """The window begins the overlap before the watermark and ends now."""
    chosen = window()

    assert chosen.mode == "incremental"
    assert chosen.since == MARK.at - timedelta(seconds=60)
    assert chosen.until == NOW


def test_a_first_incremental_run_needs_a_start() -> None:
    """Where the watermark was never set, the caller says where to begin."""
    with pytest.raises(ConfigError, match="never set"):
        window(mark=None)
    assert window(mark=None, since="2026-01-01").since == datetime(2026, 1, 1, tzinfo=UTC)


def test_the_watermark_goes_before_the_start_of_the_first_run() -> None:
    """``since`` is where the first run begins; later runs begin at the watermark."""
    assert window(since="2024-01-01").since == MARK.at - timedelta(seconds=60)


def test_the_mode_is_told_by_the_rest() -> None:
    """A watermark makes it incremental, a bound a range, and nothing all there is."""
    assert window(named=None, mark=None).mode == "full"
    assert window(named=None, mark=None, until="2026-01-05").mode == "range"
    assert not window(named=None, mark=None).asked


@pytest.mark.parametrize(
    "given",
    [
        {"mode": "hourly"},
        {"mode": "incremental", "named": None},
        {"mode": "range", "named": None, "mark": None},
        {"mode": "full", "since": "2026-01-01"},
        {"mode": "range", "since": "2026-01-02", "until": "2026-01-01"},
        {"mode": "range", "since": "yesterday"},
        {"mode": "range", "since": 5},
    ],
)
def test_a_window_that_cannot_be_is_refused(given: dict[str, Any]) -> None:
    """P32: unknown modes, missing bounds and windows that end before they begin are told before anything is asked."""
    with pytest.raises(ConfigError) as refused:
        window(**given)
    assert refused.value.message


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("2026-01-31", "2026-01-31T00:00:00.000Z"),
        ("2026-01-31T10:00:00+10:00", "2026-01-31T00:00:00.000Z"),
        ("2026-01-31T00:00:00.123456Z", "2026-01-31T00:00:00.123Z"),
    ],
)
def test_instants_are_utc_on_the_wire(text: str, told: str) -> None:
    """A date is its beginning in UTC, and an offset is taken off."""
    at = asking.instant(text, "since")
    assert at is not None
    assert asking.wire(at) == told


def test_the_watermark_moves_to_the_latest_row() -> None:
    """P28: after a run that wrote rows it stands at the latest change among them."""
    newest = NOW - timedelta(hours=3)
    assert moved(MARK, window(), newest=newest, unwritten_since=None, lag=60) == newest


def test_a_run_that_found_nothing_moves_it_to_the_end_less_a_lag() -> None:
    """P28: a complete run without rows moves it to ``until`` less the lag for late commits."""
    assert moved(MARK, window(), newest=None, unwritten_since=None, lag=60) == NOW - timedelta(seconds=60)


def test_it_never_moves_past_a_row_that_was_not_written() -> None:
    """P28: a rejected row holds it back, so that the row comes again."""
    rejected = NOW - timedelta(hours=6)
    at = moved(MARK, window(), newest=NOW - timedelta(hours=1), unwritten_since=rejected, lag=60)
    assert at == rejected


def test_it_never_moves_back() -> None:
    """Rows of the overlap, or a clock that is late, leave it where it stands."""
    early = MARK.at - timedelta(seconds=30)
    assert moved(MARK, window(), newest=early, unwritten_since=None, lag=60) == MARK.at
    assert moved(MARK, window(until=MARK.at), newest=None, unwritten_since=None, lag=60) == MARK.at


def test_it_never_lies_in_the_future() -> None:
    """A window that ends tomorrow moves it no further than now."""
    chosen = window(until=NOW + timedelta(days=1))
    assert moved(None, chosen, newest=None, unwritten_since=None, lag=0) == NOW


def test_a_window_is_cut_without_a_gap() -> None:
    """Slices of a window begin where the one before ends, and together are the whole."""
    start, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 8, 0, 0, 1, tzinfo=UTC)
    pieces = list(asking.cut(start, end, 3))

    assert pieces[0][0] == start
    assert pieces[-1][1] == end
    assert [one[1] for one in pieces[:-1]] == [one[0] for one in pieces[1:]]
