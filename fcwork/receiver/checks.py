"""How a door tells whether a request is genuine: by the platform's signature, somebody else's, or an API key."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from fcwork import webhooks
from fcwork.errors import WebhookError
from fcwork.receiver.message import Headers
from fcwork.redact import Secret
from fcwork.webhooks import Event, KeyRing, Proof
from fcwork.webhooks.api_keys import ApiKeys
from fcwork.webhooks.event import read_event
from fcwork.webhooks.hmacs import verify_hmac

IDEMPOTENCY = "idempotency-key"
_MOST_TOLD = 200  # characters of what a message says of itself; a job is no place for megabytes


@dataclass(frozen=True)
class Admitted:
    """A request that was found genuine.

    Attributes:
        replay_key: what a repeat of it has too.
        facts: how it was checked, as JSON-like data.
    """

    replay_key: str
    facts: Mapping[str, Any]


class Check(Protocol):
    """What a door asks of a request."""

    @property
    def scheme(self) -> str:
        """How it is called, such as ``fluent``."""
        ...

    @property
    def asks_a_store(self) -> bool:
        """Whether it may have to wait."""
        ...

    def greet(self, headers: Headers) -> Mapping[str, Any]:
        """Return what is known before the body is read.

        Raises:
            WebhookError: it need not be read.
        """
        ...

    def admit(self, raw: bytes, headers: Headers, greeted: Mapping[str, Any]) -> Admitted:
        """Return what was found out about a request.

        Raises:
            WebhookError: it is not genuine, or not meant for us.
        """
        ...


@dataclass(frozen=True)
class BySignature:
    """A webhook of the platform."""

    keys: KeyRing
    accounts: Collection[str] | None = None
    retailers: Collection[str] | None = None
    algorithms: Sequence[str] = (webhooks.SHA512,)
    scheme: str = "fluent"
    asks_a_store: bool = False

    def greet(self, headers: Headers) -> Mapping[str, Any]:
        """Know nothing yet: a body that was not signed is of interest to the quarantine."""
        del headers
        return {}

    def admit(self, raw: bytes, headers: Headers, greeted: Mapping[str, Any]) -> Admitted:
        """Return the event's key and what proved it."""
        del greeted
        event = webhooks.verify(
            raw,
            headers,
            self.keys,
            algorithms=self.algorithms,
            accounts=self.accounts,
            retailers=self.retailers,
        )
        names = ("header", "algorithm", "key", "kind", "name", "entity_type", "entity_ref", "account_id", "retailer_id")
        told = {name: value and value[:_MOST_TOLD] for name in names for value in [getattr(event, name)]}
        warnings = list(event.warnings)
        return Admitted(event.replay_key, {**told, "tenant_checked": event.tenant_checked, "warnings": warnings})


@dataclass(frozen=True)
class ByHmac:
    """A webhook of others, signed with a shared secret."""

    secrets: Mapping[str, Secret]
    scheme: str
    asks_a_store: bool = False

    def greet(self, headers: Headers) -> Mapping[str, Any]:
        """Know nothing yet."""
        del headers
        return {}

    def admit(self, raw: bytes, headers: Headers, greeted: Mapping[str, Any]) -> Admitted:
        """Return the delivery's key and what proved it."""
        del greeted
        signed = verify_hmac(raw, list(headers), self.secrets, scheme=self.scheme)
        at = signed.signed_at.isoformat() if signed.signed_at else None
        return Admitted(signed.replay_key, {"key": signed.key, "signed_at": at})


@dataclass(frozen=True)
class ByApiKey:
    """A request of a caller who has an API key with a scope."""

    keys: ApiKeys
    scopes: Sequence[str]
    scheme: str = "api_key"
    asks_a_store: bool = True

    def greet(self, headers: Headers) -> Mapping[str, Any]:
        """Check the key: nobody else's body is read."""
        found = self.keys.verify(_api_key(headers), scopes=self.scopes)
        return {"key": found.id, "key_name": found.name}

    def admit(self, raw: bytes, headers: Headers, greeted: Mapping[str, Any]) -> Admitted:
        """Return the caller's own idempotency key, else the body's hash."""
        return Admitted(_repeat(raw, headers, of=str(greeted.get("key", ""))), greeted)


@dataclass(frozen=True)
class Unchecked:
    """Any request at all; only for what comes from this machine."""

    scheme: str = "none"
    asks_a_store: bool = False
    facts: Mapping[str, Any] = field(default_factory=dict)

    def greet(self, headers: Headers) -> Mapping[str, Any]:
        """Know nothing."""
        del headers
        return {}

    def admit(self, raw: bytes, headers: Headers, greeted: Mapping[str, Any]) -> Admitted:
        """Return the caller's own idempotency key, else the body's hash."""
        del greeted
        return Admitted(_repeat(raw, headers, of=""), self.facts)


def event_of(raw: bytes, scheme: str, facts: Mapping[str, Any]) -> Event | None:
    """Return the event that was verified when it came, read again from its bytes; None for what others send."""
    if scheme != "fluent":
        return None
    header, algorithm, key = (str(facts.get(name, "")) for name in ("header", "algorithm", "key"))
    proof = Proof(header, algorithm, key, tuple(facts.get("warnings", ())))
    return replace(read_event(raw, proof), tenant_checked=bool(facts.get("tenant_checked")), replay_checked=True)


def _api_key(headers: Headers) -> str | None:
    """Return the key from ``x-api-key`` or ``authorization: Bearer``.

    Raises:
        WebhookError: there are several.
    """
    found = set()
    for name, value in headers:
        if name.lower() == "x-api-key":
            found.add(value.strip())
        elif name.lower() == "authorization" and value[:7].lower() == "bearer ":
            found.add(value[7:].strip())
    if len(found) > 1:
        raise WebhookError("the request has several API keys", reason="UNKNOWN_KEY")
    return found.pop() if found else None


def _repeat(raw: bytes, headers: Headers, *, of: str) -> str:
    given = [value.strip() for name, value in headers if name.lower() == IDEMPOTENCY and value.strip()]
    return f"{of}:{given[0]}" if given else hashlib.sha256(raw).hexdigest()
