"""Which events of the platform's log belong to which rows, where no answer told."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from fcwork.client.event_form import Content, EventForm
from fcwork.client.event_log import status_of
from fcwork.client.events import DONE, REFUSED

KEPT = 200_000  # events of other rows that are remembered: rows that say the same are sent one after the other
_SHOWN = 3  # events that a message names


class Found(NamedTuple):
    """An event of the log that says what a row says."""

    id: str
    status: str
    is_early: bool = False  # written before the first row left: it may be another's


class Verdict(NamedTuple):
    """What was found of a row, as in ``OUTCOME_SCHEMA``."""

    outcome: str
    code: str
    message: str


class Matching:
    """Matches the log's events with rows by what they say, each at most once. Safe to share between threads.

    Args:
        form: what an event is made of.
    """

    def __init__(self, form: EventForm) -> None:
        self._form = form
        self._lock = threading.Lock()
        self._others: dict[str, None] = {}  # ids, in the order in which they came
        self._claimed: set[tuple[str, Content]] = set()

    def exclude(self, ids: Iterable[str]) -> None:
        """Remember events that are known to have gone with rows; beyond ``KEPT`` the oldest are forgotten."""
        with self._lock:
            self._others.update((one, None) for one in ids if one)
            while len(self._others) > KEPT:
                del self._others[next(iter(self._others))]

    def claim(self, content: Content, events: Iterable[Found]) -> None:
        """Remember events that are told as those of rows that say this: a later row needs others."""
        with self._lock:
            self._claimed.update((event.id, content) for event in events)

    def found(
        self, wanted: Collection[Content], entries: Iterable[Mapping[str, Any]], *, since: datetime
    ) -> dict[Content, list[Found]]:
        """Return the events that say what is wanted and are not known to be other rows'.

        Args:
            wanted: what rows say.
            entries: events of the log.
            since: the instant before the first row left.
        """
        found: dict[Content, list[Found]] = defaultdict(list)
        seen = set()
        for entry in entries:
            event_id = str(entry.get("id") or "")
            matched = [] if event_id in seen else self._matched(event_id, entry, wanted)
            for content in matched:
                found[content].append(Found(event_id, status_of(entry), is_early=_is_before(entry, since)))
                seen.add(event_id)
        return found

    def _matched(self, event_id: str, entry: Mapping[str, Any], wanted: Collection[Content]) -> list[Content]:
        """Return what is wanted and in this event, once for each of its rows that says it."""
        ways = self._form.contents_of(entry)
        said = [next((content for content in row if content in wanted), None) for row in ways]
        with self._lock:
            if not event_id or event_id in self._others:
                return []
            return [one for one in said if one is not None and (event_id, one) not in self._claimed]


def _is_before(entry: Mapping[str, Any], since: datetime) -> bool:
    try:
        at = datetime.fromisoformat(str(entry.get("generatedOn")))
    except ValueError:
        return False
    return (at if at.tzinfo else at.replace(tzinfo=UTC)) < since


def verdicts(rows: Iterable[tuple[str, Content]], found: Mapping[Content, Collection[Found]]) -> dict[str, Verdict]:
    """Return what was found, by the rows' references; nothing for a reference of which no row was found.

    Args:
        rows: the reference of each, and what it says.
        found: the events that say it.
    """
    refs: dict[str, set[Content]] = defaultdict(set)
    times: dict[Content, int] = defaultdict(int)
    for ref, content in rows:
        refs[ref].add(content)
        times[content] += 1
    told = {ref: {_verdict(list(found.get(one, ())), times[one]) for one in said} for ref, said in refs.items()}
    return {ref: verdict for ref, each in told.items() if (verdict := _agreed(each)) is not None}


def _verdict(events: list[Found], rows: int) -> Verdict | None:
    """Return what events mean for rows that all say the same."""
    if not events:
        return None
    shown = "; ".join(f"{one.id} is {one.status or 'without a status'}" for one in events[:_SHOWN])
    shown += f" and {len(events) - _SHOWN} more" if len(events) > _SHOWN else ""
    status = events[0].status
    if any(one.is_early for one in events):
        return Verdict("unknown", "", f"the log holds what may be an earlier event that says the same: {shown}")
    if len(events) < rows or any(one.status != status for one in events):
        message = f"for {rows} rows that say the same the log holds {len(events)} events: {shown}"
        return Verdict("unknown", "", message)
    outcome = "delivered" if status in DONE else "rejected" if status in REFUSED else "unknown"
    return Verdict(outcome, status, f"found in the log of events: {shown}")


def _agreed(verdicts: set[Verdict | None]) -> Verdict | None:
    """Return the verdict on all rows of one reference."""
    if len(verdicts) == 1:
        return next(iter(verdicts))
    told = "; ".join(sorted(verdict.message for verdict in verdicts if verdict))
    return Verdict("unknown", "", f"of the rows with this reference some were not found or ended otherwise: {told}")
