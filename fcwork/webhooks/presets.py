"""Checks that belong together: the strict set for production, and the one for development, which only warns.

There is none that falls back from a wrong SHA512withRSA signature to an MD5withRSA one: whoever can make two bodies
that collide under MD5 would pass it. For senders that have only the old header, name ``MD5withRSA`` in ``verify``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fcwork import log
from fcwork.errors import ConfigError, DuplicateEventError, WrongTenantError
from fcwork.webhooks.algorithms import DEFAULT, STRONGEST_FIRST
from fcwork.webhooks.event import Event, noted, read_event
from fcwork.webhooks.key_ring import KeyRing, Keys
from fcwork.webhooks.seen import SeenEvents
from fcwork.webhooks.verifying import Expected, Seen, check_new, check_tenant, exact, expected_names, prove, verify

_logger = log.get("webhooks")


@dataclass(frozen=True)
class Verifier:
    """Verifies with checks that were chosen once; make it with ``production`` or ``development``.

    Attributes:
        keys: that signatures are checked with; adding and removing one takes effect at once.
        accounts, retailers: whose events are accepted.
        seen: knows which events there were.
        lenient: whether what is only unwanted is told and not refused.
    """

    keys: KeyRing
    accounts: tuple[str, ...] | None
    retailers: tuple[str, ...] | None
    seen: Seen | None
    lenient: bool = False

    def verify(self, raw_body: bytes, headers: Any) -> Event:
        """Return the event of a genuine request.

        Raises:
            WebhookError: as ``verify``.
            StoreError: ``seen`` cannot be asked.
        """
        if self.lenient:
            return self._warned(raw_body, headers)
        return verify(raw_body, headers, self.keys, accounts=self.accounts, retailers=self.retailers, seen=self.seen)

    def _warned(self, raw_body: bytes, headers: Any) -> Event:
        raw = exact(raw_body)
        event = read_event(raw, prove(raw, headers, self.keys, algorithms=STRONGEST_FIRST))
        doubts = [] if event.algorithm in DEFAULT else ["MISSING_SIGNATURE: it has no SHA512withRSA signature"]
        if self.accounts is None:
            doubts.append("accounts: none are named, so any customer's event would pass")
        event, found = self._tolerated(event)
        doubts += found
        for doubt in (*doubts, *event.warnings):
            _logger.warning("webhook.production_would_refuse", doubt=doubt, sha256=event.sha256)
        return noted(event, warnings=(*event.warnings, *(f"production would refuse: {doubt}" for doubt in doubts)))

    def _tolerated(self, event: Event) -> tuple[Event, list[str]]:
        doubts = []
        try:
            event = check_tenant(event, accounts=self.accounts, retailers=self.retailers)
        except WrongTenantError as error:
            doubts.append(f"{error.reason}: {error.message}")
        try:
            event = event if self.seen is None else check_new(event, self.seen)
        except DuplicateEventError as error:
            doubts.append(f"{error.reason}: {error.message}")
        return event, doubts


def production(
    keys: Keys, *, accounts: Expected | None, retailers: Expected | None = None, seen: Seen | None = None
) -> Verifier:
    """Return the strict set: SHA512withRSA, the own accounts only, and each event once.

    Args:
        keys: as in ``verify``.
        accounts: whose events are accepted; there has to be one.
        retailers: whose events among them; None accepts all.
        seen: knows which events there were; else ``SeenEvents`` in the store of the settings.

    Raises:
        BadKeyError: no key, or one that cannot be used.
        ConfigError: no account.
    """
    whose = _names("account", accounts)
    if not whose:
        raise ConfigError(
            "production needs to know whose events are accepted",
            hint="give accounts=: all customers of an environment share its key",
        )
    return Verifier(KeyRing.of(keys), whose, _names("retailer", retailers), SeenEvents() if seen is None else seen)


def development(
    keys: Keys, *, accounts: Expected | None = None, retailers: Expected | None = None, seen: Seen | None = None
) -> Verifier:
    """Return the set that tells what production would refuse, in the log and in the event's ``warnings``, each time.

    It takes MD5withRSA, events of others and events that were there before. It takes no bad or missing signature.

    Args:
        keys, accounts, retailers, seen: as in ``verify``.

    Raises:
        BadKeyError: no key, or one that cannot be used.
    """
    _logger.warning("webhook.development", hint="this is no set of checks for production")
    whose = _names("account", accounts)
    return Verifier(KeyRing.of(keys), whose, _names("retailer", retailers), seen, lenient=True)


def _names(what: str, expected: Expected | None) -> tuple[str, ...] | None:
    """Return names that can be looked at each time, where an iterator could be once."""
    return None if expected is None else tuple(sorted(expected_names(what, expected)))
