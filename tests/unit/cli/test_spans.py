"""Spans of time on the command line."""

from collections.abc import Callable
from typing import Any

import pytest

from fcwork.cli.spans import as_text, span

Fcwork = Callable[..., Any]


@pytest.mark.parametrize(
    ("text", "seconds"), [("30s", 30), ("90m", 5_400), ("12h", 43_200), ("2d", 172_800), ("1w", 604_800), ("0s", 0)]
)
def test_a_span_is_a_number_and_a_unit(text: str, seconds: int) -> None:
    """Seconds, minutes, hours, days and weeks are told by a letter, and are shown as they were given."""
    found = span(text)
    assert found is not None
    assert found.total_seconds() == seconds
    assert as_text(seconds) == text


@pytest.mark.parametrize("text", ["", "30", "1.5h", "-1d", "2 d", "2D", "1y", "\u0661d", "999999999w", "9999999999s"])
def test_everything_else_is_none(text: str) -> None:
    """A number alone, a fraction, another unit and more than there is time are no spans."""
    assert span(text) is None


@pytest.mark.parametrize(
    "call",
    [
        ("run", "ingestion", "--timeout", "60"),
        ("run", "ingestion", "--cell-timeout", "0s"),
        ("schedule", "add", "x", "--cron", "* * * * *", "--max-late", "0d"),
        ("schedule", "add", "x", "--cron", "* * * * *", "--timeout", "1.5h"),
        ("send", "x.csv", "-m", "m.json", "--deadline", "60"),
        ("extract", "orders", "--watermark", "w", "--overlap", "60"),
        ("verify", "x.json", "--tolerance", "300"),
        ("checkpoints", "--clean", "30"),
        ("clean", "--older-than", "30"),
        ("keys", "rotate", "key", "--overlap", "1y"),
    ],
)
def test_all_spans_are_written_alike(fcwork: Fcwork, call: tuple[str, ...]) -> None:
    """P32: wherever a span of time is given it is written the same way, and what is none is refused with examples."""
    said = fcwork(*call)
    assert said.code == 2
    assert f"{call[-1]!r} is no span of time: give 90s, 10m, 12h, 2d or 1w" in " ".join(said.err.split())
