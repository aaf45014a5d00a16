"""The client's calls about events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, get_args

from fcwork.client.event_form import MOST_ROWS, EventForm, RowsAs
from fcwork.client.event_route import EventRoute
from fcwork.client.events import EventReceipt, Events, Mode, check_fields, check_is_event, check_whole, known_mode
from fcwork.client.http import Http
from fcwork.errors import BadRequestError, ConfigError


class EventCalls:
    """What ``FluentClient`` asks about events."""

    target: str
    _http: Http
    _events: Events

    def send_event(self, event: Mapping[str, Any], *, mode: Mode = "async") -> EventReceipt:
        """Send one event; it is never sent twice.

        Args:
            event: ``name``, ``entityType``, ``entityRef`` or ``entityId``, ``attributes`` and so on.
            mode: ``async`` to queue it, ``sync`` to wait for its workflow.

        Returns:
            Its id and status. ``ok``: COMPLETE and SUCCESS are, FAILED and NO_MATCH are not; async, a queued one is.

        Raises:
            BadRequestError: a field is missing or unknown.
            NotFoundError: sync, no rule of a workflow matched.
            OutcomeUnknownError: it may have happened.
        """
        return self._events.send(event, mode)

    def event(self, event_id: str) -> dict[str, Any]:
        """Return one event of the platform's log.

        Raises:
            NotFoundError: there is no such event.
        """
        return self._events.find(event_id)

    def events(self, *, start: int = 0, count: int = 1_000, **filters: Any) -> Iterator[dict[str, Any]]:
        """Search the platform's log of events (docs.fluentcommerce.com: using-the-event-api; 30 days unless asked).

        Args:
            start: how many to skip.
            count: events fetched at a time, at most 5,000.
            **filters: ``entity_ref, entity_type, entity_id, root_entity_ref, root_entity_type, root_entity_id,
                source_events, event_type, event_status, event_id, name, category, retailer_id, from_, to``, or the
                platform's own names such as ``context.entityRef``. Instants may be ``datetime``.

        Raises:
            BadRequestError: an unknown filter; at once. Errors of the search come while iterating.
        """
        return self._events.search(start=start, count=count, **filters)

    def event_sender(
        self,
        event: Mapping[str, Any] | None = None,
        *,
        mode: Mode = "async",
        rows: RowsAs = "events",
        per_event: int | None = None,
        into: str = "products",
        rate_per_second: float | None = None,
    ) -> EventRoute:
        """Return the route of ``recovery.send`` that sends rows as events, never twice.

        Sync, the answer decides: FAILED and NO_MATCH are rejected rows. Async, the platform's log is asked later.
        A row is known by its own ``ref`` where it is an event's attributes; by its ``entityRef`` or ``entityId``, and
        its attributes' ``ref``, where it is an event; by a digest where it has none. Rows of one reference go one
        after the other, so what all rows share belongs into ``event``.

        An event of many rows has one status, which decides for all of them: FAILED rejects them together, and none is
        sent again, as its workflow ran. With ``rows="attributes"`` an event that no rule matches stops the send, as
        what is matched is the same for all rows (assumed: attributes do not decide that).

        Args:
            event: fields that all events have, such as ``name`` and ``entityType``; a row's own go before them.
            mode: ``async`` or ``sync``.
            rows: ``events`` where the columns are an event's fields, ``attributes`` where a row is what goes into the
                event's ``attributes``, beside those of ``event``.
            per_event: up to how many rows go into one event together, at most 100 and 2 MB; only for attributes.
            into: the attribute that then holds them as a list.
            rate_per_second: requests a second that all workers together may send; None for no limit.

        Raises:
            BadRequestError: a choice is not known, the choices exclude each other, or ``event`` is none that rows can
                go with.
        """
        known_mode(mode)
        if rows not in get_args(RowsAs):
            raise BadRequestError(f"rows={rows!r} is not known", hint="rows is 'events' or 'attributes'")
        _check_per_event(per_event, rows, into)
        _check_rate(rate_per_second)
        check_is_event(event or {})
        envelope = self._events.with_retailer(event or {})
        check_fields(envelope)
        if rows == "attributes":
            _check_complete(envelope)
        form = EventForm(envelope, rows_as=rows, into=into if per_event is not None else None)
        how: dict[str, Any] = {"mode": mode, "per_event": per_event, "rate_per_second": rate_per_second}
        return EventRoute(self._http, self._events, target=self.target, form=form, **how)


def _check_per_event(per_event: Any, rows: RowsAs, into: Any) -> None:
    if per_event is None:
        return
    if rows == "events":
        hint = 'give rows="attributes", and name and entity in event; or leave per_event out'
        raise BadRequestError("each row is an event of its own, so none can go with others (per_event)", hint=hint)
    if not isinstance(per_event, int) or isinstance(per_event, bool) or not 1 <= per_event <= MOST_ROWS:
        hint = f"give a whole number from 1 to {MOST_ROWS} (SDK 0.1.56: products of one event)"
        raise BadRequestError(f"per_event is {per_event!r}", hint=hint)
    if not isinstance(into, str) or not into:
        raise BadRequestError(f"into is {into!r}", hint="name the attribute that holds the rows, such as 'products'")


def _check_rate(rate_per_second: float | None) -> None:
    is_number = isinstance(rate_per_second, int | float) and not isinstance(rate_per_second, bool)
    if rate_per_second is not None and not (is_number and 0 < rate_per_second < float("inf")):
        raise BadRequestError(f"rate_per_second is {rate_per_second!r}", hint="give a number above zero, or None")


def _check_complete(envelope: Mapping[str, Any]) -> None:
    """Refuse an envelope that no row could complete; that a retailer is missing is told when rows are sent."""
    try:
        check_whole(envelope)
    except ConfigError:
        return
