"""The client's call about webhooks: the keys, the account and the retailer of the settings, put to ``webhooks``."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

from fcwork.clock import Clock
from fcwork.errors import ConfigError

if TYPE_CHECKING:
    from fcwork.webhooks import Event, KeyRing, SeenEvents
    from fcwork.webhooks.verifying import Expected, Seen


class Own(Enum):
    """Stands for what the settings say, where None already means that something is not asked."""

    SETTINGS = "settings"


class WebhookCalls:
    """What ``FluentClient`` knows about webhooks."""

    account: str
    retailer_id: str | None
    _clock: Clock
    _webhook_keys: KeyRing | None
    _seen: SeenEvents | None = None

    def verify_webhook(
        self,
        raw_body: bytes,
        headers: Any,
        *,
        seen: Seen | Own | None = Own.SETTINGS,
        accounts: Expected | Own | None = Own.SETTINGS,
        retailers: Expected | Own | None = Own.SETTINGS,
    ) -> Event:
        """Return the event of a genuine request that belongs to this client's account and retailer, and is new.

        The event says what was checked: where the settings name no account or retailer, that cannot be.

        Args:
            raw_body: the bytes as they were received.
            headers: of the request.
            seen: knows which events there were; else ``SeenEvents`` in the store of the settings. None does not ask.
            accounts, retailers: whose events are accepted instead; None accepts all, which the JSON of an HTTP call
                needs where it names none.

        Raises:
            ConfigError: no public key is known.
            WebhookError: do not act on this request; the type and ``reason`` say why.
            StoreError: the store cannot be asked whether it is new.
        """
        from fcwork.webhooks import verify

        return verify(
            raw_body,
            headers,
            self._keys_of_webhooks(),
            seen=self._own_seen() if isinstance(seen, Own) else seen,
            accounts=(self.account or None) if isinstance(accounts, Own) else accounts,
            retailers=self.retailer_id if isinstance(retailers, Own) else retailers,
        )

    @property
    def webhook_keys(self) -> KeyRing | None:
        """The public keys that webhooks are verified with; None where the settings name none."""
        return self._webhook_keys

    def _keys_of_webhooks(self) -> KeyRing:
        if self._webhook_keys is None:
            raise ConfigError(
                "no public key of webhooks is known",
                hint="set FLUENT_WEBHOOK_PUBLIC_KEY to the environment's public key or its file, or give "
                "webhook_public_key=",
            )
        return self._webhook_keys

    def _own_seen(self) -> SeenEvents:
        if self._seen is None:
            from fcwork.webhooks import SeenEvents

            self._seen = SeenEvents(clock=self._clock)
        return self._seen

    def _close_seen(self) -> None:
        if self._seen is not None:
            self._seen.close()


def ring_of(keys: Any) -> KeyRing | None:
    """Return the ring of what the settings give as keys, or None where they give none.

    Raises:
        BadKeyError: a key that cannot be used, an empty text among them.
    """
    if keys is None:
        return None
    from fcwork.webhooks import KeyRing

    return KeyRing.read(keys) if isinstance(keys, str) else KeyRing.of(keys)
