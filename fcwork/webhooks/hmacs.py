"""Signatures of others: an HMAC over the exact bytes, by a secret that both sides know."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson

from fcwork.clock import SYSTEM, Clock
from fcwork.errors import (
    ConfigError,
    InvalidSignatureError,
)
from fcwork.store.contract import LONGEST_SECONDS
from fcwork.webhooks.hmac_claims import ID, Claim, claimed, signer
from fcwork.webhooks.schemes import HmacScheme, scheme_of
from fcwork.webhooks.secrets import Secrets, SigningSecret, usable_secrets
from fcwork.webhooks.verifying import exact

TOLERANCE_SECONDS = 300.0
STALE = "STALE_SIGNATURE"


@dataclass(frozen=True, kw_only=True)
class Signed:
    """A request whose signature is genuine.

    Attributes:
        scheme: the scheme's name.
        key: the name of the secret that it was signed with.
        header: the header that carried the signature.
        sha256: of the body, in hex.
        replay_key: what a repeat has in common with it: the delivery's id where that is signed, else ``sha256``.
        replay_by: what the replay key is, in words.
        signed_at: the signed time, where the scheme has one.
        raw: the bytes that were verified.
    """

    scheme: str
    key: str
    header: str
    sha256: str
    replay_key: str
    replay_by: str
    signed_at: datetime | None = None
    raw: bytes = field(repr=False)

    def __str__(self) -> str:
        at = f", signed {self.signed_at:%Y-%m-%d %H:%M:%S} UTC" if self.signed_at else ""
        return f"{len(self.raw):,} bytes of {self.scheme}, by {self.key}{at}"

    def to_record(self) -> dict[str, Any]:
        """Return what is known of it as JSON, without the body."""
        at = self.signed_at.isoformat() if self.signed_at else None
        kept = ("scheme", "key", "header", "sha256", "replay_key", "replay_by")
        return {**{name: getattr(self, name) for name in kept}, "signed_at": at, "bytes": len(self.raw)}


def verify_hmac(
    raw_body: bytes,
    headers: Any,
    secrets: Secrets,
    *,
    scheme: str | HmacScheme = "shopify",
    tolerance_seconds: float = TOLERANCE_SECONDS,
    clock: Clock = SYSTEM,
) -> Signed:
    """Return what is known of a request whose signature is genuine.

    Where many requests come in, make a ``Secret`` of each secret once; a text is made one at each call.

    Args:
        raw_body: the bytes as they came, before anything parsed or decoded them.
        headers: of the request, a mapping or pairs.
        secrets: one, several during a rotation, or several by name.
        scheme: shopify, github, stripe, standard, svix, or an ``HmacScheme`` of one's own.
        tolerance_seconds: how far a signed time may lie from now, before it or after.
        clock: tells now.

    Raises:
        MissingSignatureError: there is no signature of the scheme.
        MalformedSignatureError: a header is not what the scheme's senders write.
        InvalidSignatureError: the signature does not belong to these bytes and secrets, or its time is too far from
            now (``reason`` STALE_SIGNATURE).
        BadKeyError: a secret is missing, empty or too short.
        MalformedEventError: the body is no bytes.
        ConfigError: the scheme or the tolerance is none.
    """
    known = scheme_of(scheme)
    keys = usable_secrets(secrets, known)
    del secrets
    tolerance = _checked_tolerance(tolerance_seconds)
    body = exact(raw_body)
    claim = claimed(known, headers)
    key = signer(known, keys, claim, body)
    if key is None:
        raise InvalidSignatureError(
            f"the {known.header} header does not belong to this body and {_counted(keys)}",
            hint="not the bytes as they came, or not the sender's secret: webhooks.diagnose tells which",
        )
    signed_at = _timely(known, claim, tolerance, clock)
    digest = hashlib.sha256(body).hexdigest()
    replay_key, replay_by = _replay(known, claim, body) or (digest, "the body's hash")
    return Signed(
        scheme=known.name,
        key=key,
        header=known.header,
        sha256=digest,
        replay_key=replay_key,
        replay_by=replay_by,
        signed_at=signed_at,
        raw=body,
    )


def _counted(keys: list[SigningSecret]) -> str:
    return "the secret" if len(keys) == 1 else f"any of the {len(keys)} secrets"


def _checked_tolerance(seconds: Any) -> float:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds <= LONGEST_SECONDS:
        raise ConfigError(
            f"tolerance_seconds={seconds!r} is no time",
            hint="give seconds above zero: without a limit old requests pass",
        )
    return float(seconds)


def _timely(scheme: HmacScheme, claim: Claim, tolerance: float, clock: Clock) -> datetime | None:
    if not scheme.is_timed:
        return None
    late = clock.now().timestamp() - int(claim.timestamp)
    if abs(late) > tolerance:
        raise InvalidSignatureError(
            f"the signature is genuine and was made {_ago(late)}; {tolerance:,.0f} seconds are allowed",
            hint="a repeat of an old request, or a clock that is wrong here or there",
            reason=STALE,
        )
    return datetime.fromtimestamp(int(claim.timestamp), UTC)


def _ago(seconds: float) -> str:
    return f"{abs(seconds):,.0f} seconds {'ago' if seconds > 0 else 'ahead of now'}"


def _replay(scheme: HmacScheme, claim: Claim, body: bytes) -> tuple[str, str] | None:
    """Return the signed id and what it is; a header that is not signed tells nothing, as anybody may change it."""
    if scheme.has_id:
        return claim.id, f"the {scheme.id_header} header"
    found = _field(body, scheme.replay_field) if scheme.replay_field else ""
    return (found, f"the body's {scheme.replay_field}") if found else None


def _field(body: bytes, name: str) -> str:
    try:
        parsed = orjson.loads(body)
    except ValueError:
        return ""
    found = parsed.get(name) if isinstance(parsed, dict) else None
    return found if isinstance(found, str) and ID.fullmatch(found) else ""
