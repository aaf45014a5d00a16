"""The platform's log of events, asked for many events at once: by their ids, and by what they say."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from fcwork.client.event_form import About
from fcwork.client.events import MOST, Events
from fcwork.errors import NotFoundError, RejectedError, RetryableError

FEW = 20  # so many events are asked for one by one; for more the log is searched
_PAGE_BYTES, _ENTRY_BYTES = 16_000_000, 600  # what a page may weigh, and an event beside its attributes
_GAP = timedelta(minutes=10)  # without an event of ours: what others sent meanwhile is not read
_EARLIER, _LATER = timedelta(minutes=1), timedelta(minutes=3)  # how far the platform's time may be from ours
_SKEW = timedelta(seconds=5)  # the same where an event of before would be taken for one of after


class Sent(NamedTuple):
    """An event that the platform took: enough to find it in the log."""

    id: str
    name: str
    entity_type: str
    sent_at: datetime | None
    size_bytes: int


class EventLog:
    """Looks events up.

    Args:
        events: what asks.
    """

    def __init__(self, events: Events) -> None:
        self._events = events

    def statuses(self, sent: Sequence[Sent]) -> dict[str, str]:
        """Return the status of each event by its id, as far as one could be had; empty where it is not written yet.

        Many are searched for by name and time, and known by their ids; what no search found is asked for by its id.

        Raises:
            ApiError: nothing could be had.
        """
        found: dict[str, str] = {}
        try:
            for window in _windows(sent):
                self._search(window, found)
            for one in sent:
                if one.id not in found:
                    found[one.id] = self._status(one.id)
        except RetryableError:
            if not found:
                raise
        return found

    def saying(self, abouts: Collection[About], *, since: datetime, size_bytes: int) -> Iterator[dict[str, Any]]:
        """Yield the log's events of these names and entities from a few seconds before ``since``; others may be among.

        Args:
            abouts: what the events are about.
            since: an instant of this machine.
            size_bytes: of the largest of them.
        """
        for filters in _filters(abouts):
            yield from self._events.search(from_=since - _SKEW, count=_page(size_bytes), **filters)

    def _search(self, window: Sequence[Sent], found: dict[str, str]) -> None:
        """Find the events of a window, unless so many others were sent meanwhile that asking one by one is cheaper."""
        wanted = {one.id for one in window}
        count = _page(max(one.size_bytes for one in window))
        pages = 2 * -(-len(wanted) // count) + 2
        begin, end = (edge(one.sent_at for one in window if one.sent_at) for edge in (min, max))
        about: dict[str, Any] = {"name": window[0].name, "entity_type": window[0].entity_type}
        try:
            told = self._events.search(**about, from_=begin - _EARLIER, to=end + _LATER, count=count)
            for event in itertools.islice(told, pages * count):
                if event.get("id") in wanted:
                    wanted.discard(event["id"])
                    found[event["id"]] = status_of(event)
                if not wanted:
                    return
        except RejectedError:  # such as a time too far back: each can still be asked for
            return

    def _status(self, event_id: str) -> str:
        try:
            event = self._events.find(event_id)
        except NotFoundError:  # it is not written yet
            return ""
        return status_of(event) if str(event.get("id")) == event_id else ""


def status_of(event: Mapping[str, Any]) -> str:
    """Return an event's status in capitals; empty where none is told."""
    return str(event.get("eventStatus") or "").upper()


def _windows(sent: Iterable[Sent]) -> Iterator[list[Sent]]:
    """Yield events that one search may find, where they are more than a few."""
    kinds = defaultdict(list)
    for one in sent:
        if one.sent_at is not None:
            kinds[one.name, one.entity_type].append(one)
    for kind in kinds.values():
        yield from (window for window in _unbroken(kind, lambda one: one.sent_at) if len(window) > FEW)


def _unbroken(sent: list[Sent], instant: Callable[[Sent], Any]) -> Iterator[list[Sent]]:
    """Yield events in the order of their time, cut where nothing was sent for a while."""
    ordered = sorted(sent, key=instant)
    begin = 0
    for at in range(1, len(ordered) + 1):
        if at == len(ordered) or instant(ordered[at]) - instant(ordered[at - 1]) > _GAP:
            yield ordered[begin:at]
            begin = at


def _filters(abouts: Collection[About]) -> list[dict[str, Any]]:
    """Return the searches that find events about these: one an entity where they are few, else one a name."""
    named = {about for about in abouts if about.name}  # one without a name was never sent
    if len(named) > FEW:
        named = {about._replace(entity_ref=None, entity_id=None) for about in named}
    return [about._asdict() for about in named]


def _page(size_bytes: int) -> int:
    """Return how many events of this size a page may hold."""
    return max(1, min(MOST, _PAGE_BYTES // (size_bytes + _ENTRY_BYTES)))
