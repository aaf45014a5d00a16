"""A webhook for each event that took effect, posted in the background."""

import threading
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from fcwork import log
from fcwork.errors import ConfigError
from fcwork.simulator.assumptions import assumed_by
from fcwork.simulator.event_values import ENTITY_TYPES
from fcwork.simulator.posting import Attempt, check_url
from fcwork.simulator.webhooks import Webhooks

_AT_ONCE = 4
_TIMEOUT_SECONDS = 5.0

_logger = log.get("simulator")


class Announcer:
    """Posts webhooks one after the other, several at once.

    Args:
        webhooks: signs and posts.
        url: the receiver's; none where nothing is to be announced.
        entity_types: events about these only; about all unless given.
    """

    def __init__(self, webhooks: Webhooks, *, url: str | None, entity_types: Collection[str] | None) -> None:
        self._webhooks = webhooks
        self._url = url and check_url(url)
        self._entity_types = _checked(entity_types)
        self._lock = threading.Lock()
        self._threads: ThreadPoolExecutor | None = None

    def announce(self, event: Mapping[str, Any]) -> None:
        """Post a webhook about an event that took effect, in the background.

        Assumed:
            - an event of any workflow that took effect is told at once, under its own name and a new id
            - webhooks are posted four at once, so two of one entity may overtake each other
        """
        if self._url is None or event["entityType"] not in self._entity_types:
            return
        with self._lock:
            if self._threads is None:
                self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="fcwork-simulator-webhooks")
            self._threads.submit(self._post, self._url, event)

    def finish(self) -> None:
        """Wait until everything that was to be posted is, repeats included."""
        with self._lock:
            threads, self._threads = self._threads, None
        if threads:
            threads.shutdown(wait=True)

    def assumed(self) -> list[str]:
        """Return what webhooks assume of the platform."""
        about = (self.announce, self._webhooks.event, self._webhooks.post)
        return [f"webhooks: {statement}" for told in about for statement in assumed_by(told)]

    def _post(self, url: str, event: Mapping[str, Any]) -> None:
        signed = self._webhooks.signed(
            name=event["name"],
            entity_type=event["entityType"],
            entity_ref=event.get("entityRef"),
            entity_id=event.get("entityId"),
            attributes=event.get("attributes"),
        )
        posted = self._webhooks.post(signed, url, timeout_seconds=_TIMEOUT_SECONDS)
        if not posted.ok:  # nobody else looks at what was posted in the background
            last = posted.attempts[-1]
            _logger.warning("simulator.webhook_not_taken", url=url, event_name=event["name"], **_why(last))


def _why(attempt: Attempt) -> dict[str, object]:
    return {"error": attempt.error} if attempt.status is None else {"status": attempt.status}


def _checked(entity_types: Collection[str] | None) -> frozenset[str]:
    if entity_types is None:
        return frozenset(ENTITY_TYPES)
    named = frozenset({entity_types} if isinstance(entity_types, str) else entity_types)
    if strange := sorted(named - set(ENTITY_TYPES)):
        raise ConfigError(f"webhook_entities: no entity is a {strange[0]}", hint=f"known: {', '.join(ENTITY_TYPES)}")
    return named
