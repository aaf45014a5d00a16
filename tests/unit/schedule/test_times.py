"""When a schedule is due, above all around the changes of the clock."""

from datetime import UTC, datetime, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

import pytest

from fcwork.errors import ConfigError
from fcwork.schedule.times import Times

# Worked out by hand. The clocks of Sydney go back at 03:00 (16:00 UTC) on 2026-04-05 and forward at 02:00 (16:00 UTC)
# on 2026-10-04; those of New York go forward at 02:00 (07:00 UTC) on 2026-03-08 and back at 02:00 (06:00 UTC) on
# 2026-11-01.
CHANGES = {
    "Sydney back": ("Australia/Sydney", "2026-04-04T14:00", "2026-04-04T18:00"),  # 01:00 +11 to 04:00 +10
    "Sydney forward": ("Australia/Sydney", "2026-10-03T15:00", "2026-10-03T18:00"),  # 01:00 +10 to 05:00 +11
    "New York forward": ("America/New_York", "2026-03-08T06:00", "2026-03-08T09:00"),  # 01:00 -5 to 05:00 -4
    "New York back": ("America/New_York", "2026-11-01T05:00", "2026-11-01T09:00"),  # 01:00 -4 to 04:00 -5
}
TABLE = {  # the times in UTC that a cron text has in the hours of each change
    "30 2 * * *": ("15:30", "16:00", "07:00", "07:30"),
    "0 2 * * *": ("15:00", "16:00", "07:00", "07:00"),
    "30 1 * * *": ("14:30", "15:30", "06:30", "05:30"),
    "0 3 * * *": ("17:00", "16:00", "07:00", "08:00"),
    "*/30 * * * *": (
        "14:00 14:30 15:00 15:30 16:00 16:30 17:00 17:30",
        "15:00 15:30 16:00 16:30 17:00 17:30",
        "06:00 06:30 07:00 07:30 08:00 08:30",
        "05:00 05:30 06:00 06:30 07:00 07:30 08:00 08:30",
    ),
    "15 * * * *": ("14:15 15:15 16:15 17:15", "15:15 16:15 17:15", "06:15 07:15 08:15", "05:15 06:15 07:15 08:15"),
    "*/20 2 * * *": ("15:00 15:20 15:40", "16:00", "07:00", "07:00 07:20 07:40"),
    "0 */2 * * *": ("15:00 16:00", "17:00", "08:00", "07:00"),
    "30 1-3 * * *": ("14:30 15:30 17:30", "15:30 16:00 16:30", "06:30 07:00 07:30", "05:30 07:30 08:30"),
    "30 2 * * sun": ("15:30", "16:00", "07:00", "07:30"),
}


def instant(text: str) -> datetime:
    """Return an instant in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def within(times: Times, start: datetime, end: datetime) -> list[datetime]:
    """Return the instants from ``start`` to before ``end``."""
    return list(takewhile(lambda at: at < end, times.following(start - timedelta(seconds=1))))


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("cron", TABLE)
def test_the_hours_of_a_change(cron: str, change: str) -> None:
    """A skipped hour is run once after it; of a doubled one named hours are run once, and ``*`` each time."""
    zone, start, end = CHANGES[change]
    expected = TABLE[cron][list(CHANGES).index(change)]
    found = within(Times(cron, zone), instant(start), instant(end))
    assert " ".join(f"{at:%H:%M}" for at in found) == expected


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("cron", TABLE)
def test_each_start_leads_to_the_same_instants(cron: str, change: str) -> None:
    """From whichever instant is looked on, what comes next is the same, and never what was."""
    zone, start, end = CHANGES[change]
    times, begin = Times(cron, zone), instant(start)
    all_of_them = within(times, begin, instant(end))
    for minutes in range(0, 180, 5):
        since = begin + timedelta(minutes=minutes)
        assert within(times, since, instant(end)) == [at for at in all_of_them if at >= since]


@pytest.mark.parametrize("zone", ["Australia/Sydney", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"])
def test_real_time_is_what_each_minute_says(zone: str) -> None:
    """Where hours are ``*``, an instant is due just if its minute on the wall fits, for each minute of two days."""
    times = Times("7,37 * * * *", zone)
    for day in ("2026-04-04T00:00", "2026-10-03T00:00", "2026-03-07T12:00", "2026-10-31T12:00"):
        start = instant(day)
        minutes = [start + timedelta(minutes=n) for n in range(2 * 24 * 60)]
        fitting = [at for at in minutes if at.astimezone(ZoneInfo(zone)).minute in {7, 37}]
        assert within(times, start, start + timedelta(days=2)) == fitting


def test_weekdays_are_those_of_cron() -> None:
    """Day 1 is Monday, 0 and 7 are Sunday."""
    for day, name in (("1", "Mon"), ("mon", "Mon"), ("0", "Sun"), ("7", "Sun"), ("5", "Fri")):
        found = Times(f"0 6 * * {day}").after(instant("2026-01-15T12:00"))
        assert found
        assert f"{found:%a %H:%M}" == f"{name} 06:00"


def test_seconds() -> None:
    """Of six fields the first is seconds; a fraction of a second is no second."""
    times = Times("*/20 * * * * *", "Australia/Sydney")
    start = instant("2026-01-15T12:00:00.5")
    assert [f"{at:%H:%M:%S}" for at in within(times, start + timedelta(seconds=1), start + timedelta(minutes=1))] == [
        "12:00:20",
        "12:00:40",
        "12:01:00",
    ]


def test_the_latest() -> None:
    """The last instant of a span is found, near or far; its end counts and its beginning does not."""
    nightly, often = Times("0 2 * * *", "Australia/Sydney"), Times("* * * * * *")
    end = instant("2026-04-05T12:00")
    assert nightly.latest(end - timedelta(days=9), end) == instant("2026-04-04T15:00")
    assert often.latest(end - timedelta(days=3_000), end) == end
    assert nightly.latest(instant("2026-04-04T15:00"), end) is None
    assert nightly.latest(end, end - timedelta(days=1)) is None
    yearly = Times("0 0 1 1 *")
    assert yearly.latest(end - timedelta(days=365), end) == instant("2026-01-01T00:00")


@pytest.mark.parametrize(
    ("cron", "said"),
    [
        ("", "0 fields"),
        ("@daily", "1 fields"),
        ("0 2 * *", "4 fields"),
        ("0 0 2 * * * 2026", "7 fields"),
        ("61 2 * * *", "no cron text"),
        ("0 25 * * *", "no cron text"),
        ("0 2 * * funday", "no cron text"),
        ("0 2 30 2 *", "30 2"),
        ("0 2 * * * ; rm", "fields"),
        ("٣ 2 * * *", "no cron text"),
    ],
)
def test_what_is_no_cron_text(cron: str, said: str) -> None:
    """A text that cron would not take is refused, with what it looks like."""
    with pytest.raises(ConfigError, match=said) as raised:
        Times(cron)
    assert "minute hour day month weekday" in raised.value.hint


@pytest.mark.parametrize("zone", ["Australia/Sidney", "Australia", "../etc/passwd", "", "/etc/passwd", "\0"])
def test_what_is_no_zone(zone: str) -> None:
    """A zone that there is not is refused, and the nearest named."""
    with pytest.raises(ConfigError, match="there is no time zone") as raised:
        Times("0 2 * * *", zone)
    assert ("did you mean 'Australia/Sydney'" in raised.value.message) == (zone == "Australia/Sidney")
