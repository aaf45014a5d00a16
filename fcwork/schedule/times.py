"""When a schedule is due: a cron text in a time zone, right on the days when the clocks change.

The fields are those of cron, with seconds before them where there are six; day of the week 1 is Monday. Where the
hour is ``*`` or ``*/n`` the runs follow real time: a doubled hour has its runs twice, a skipped one has none. Where
hours are named the runs follow the wall clock: of a doubled hour the first counts, and what a skipped hour would have
had is run once, at the first instant after it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError

from fcwork.errors import ConfigError
from fcwork.names import did_you_mean

_FIELDS = (5, 6)  # minute, hour, day, month, day of the week; with six the second goes first
_LOOKS = "five fields: minute hour day month weekday, such as `0 2 * * *` or `30 6 * * mon-fri`; six begin with seconds"
_BACK_SECONDS = (60, 3_600, 86_400)  # how far back is looked for the latest instant, before all is


class Times:
    """The instants of a cron text in a time zone.

    Args:
        cron: five fields, or six with seconds first.
        zone: a name of the IANA database, such as ``Australia/Sydney``.

    Raises:
        ConfigError: the text is no cron text or has no instant, or there is no such zone.
    """

    def __init__(self, cron: str, zone: str = "UTC") -> None:
        self.cron, self.zone = " ".join(cron.split()), zone
        self._zone = zone_of(zone)
        fields = self.cron.split(" ")
        if len(fields) not in _FIELDS:
            raise ConfigError(f"the cron text {cron!r} has {len(self.cron.split())} fields", hint=_LOOKS)
        self._follows_real_time = fields[-4].startswith("*")
        try:
            next(CronSim(self.cron, datetime(2026, 1, 1)))  # noqa: DTZ001 - whether there is any, wherever it is
        except CronSimError as error:
            raise ConfigError(f"{cron!r} is no cron text: {error}", hint=_LOOKS) from None
        except StopIteration:
            raise ConfigError(f"the cron text {cron!r} names a day that never comes", hint=_LOOKS) from None

    def __repr__(self) -> str:
        return f"Times({self.cron!r}, {self.zone!r})"

    def following(self, instant: datetime) -> Iterator[datetime]:
        """Yield the instants after ``instant`` in UTC, each once and in order, for as long as there are any."""
        local = instant.astimezone(self._zone)
        start = local if self._follows_real_time else local.replace(tzinfo=None)
        last = instant
        for found in CronSim(self.cron, start):
            at = found.astimezone(UTC) if found.tzinfo else self._instant_of(found)
            if at > last:
                last = at
                yield at

    def after(self, instant: datetime) -> datetime | None:
        """Return the first instant after ``instant``."""
        return next(self.following(instant), None)

    def latest(self, start: datetime, end: datetime) -> datetime | None:
        """Return the last instant after ``start`` and not after ``end``; it is looked for from the end."""
        for seconds in (*_BACK_SECONDS, (end - start).total_seconds()):
            begin = max(start, end - timedelta(seconds=max(seconds, 0)))
            found = list(takewhile(lambda at: at <= end, self.following(begin)))
            if found:
                return found[-1]
        return None

    def local(self, instant: datetime) -> datetime:
        """Return the instant as the clocks of the zone show it."""
        return instant.astimezone(self._zone)

    def _instant_of(self, wall: datetime) -> datetime:
        """Return when the clocks show ``wall`` for the first time, or are past it where they never do."""
        while not self._is_shown(wall):
            wall = wall.replace(second=0) + timedelta(minutes=1)
        return wall.replace(tzinfo=self._zone).astimezone(UTC)

    def _is_shown(self, wall: datetime) -> bool:
        there = wall.replace(tzinfo=self._zone).astimezone(UTC)
        return there.astimezone(self._zone).replace(tzinfo=None) == wall


def zone_of(name: str) -> ZoneInfo:
    """Return the time zone of a name.

    Raises:
        ConfigError: there is none.
    """
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        advice = did_you_mean(name, available_timezones())
        hint = "give a name such as Australia/Sydney, America/New_York or UTC"
        raise ConfigError(f"there is no time zone {name!r}{advice}", hint=hint) from None
