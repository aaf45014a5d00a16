"""What is known of an API key, as the store holds it, and what a key may be given."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from fcwork import frames
from fcwork.errors import ConfigError
from fcwork.store.contract import LONGEST_SECONDS

KEPT_SECONDS = 90 * 86_400.0  # after its end a key is still told from one that never was
METADATA_BYTES = 4_096
KEYS = pl.Schema(
    {
        "id": pl.String(),
        "prefix": pl.String(),
        "name": pl.String(),
        "state": pl.String(),  # active, expired, revoked
        "scopes": pl.List(pl.String()),
        "created_at": frames.UTC_TIME,
        "expires_at": frames.UTC_TIME,
        "revoked_at": frames.UTC_TIME,
        "replaced_by": pl.String(),
        "metadata": pl.String(),  # JSON
    }
)
_PREFIX = re.compile(r"[A-Za-z0-9_-]{1,20}")
_SCOPE = re.compile(r"[A-Za-z0-9_.:/-]{1,100}")


@dataclass(frozen=True, kw_only=True)
class ApiKey:
    """What is known of a key, without the key.

    Attributes:
        id: by which it is revoked; it tells nothing of the key.
        prefix: what the key begins with, after ``fcw_``.
        name: of whoever uses it, in words.
        scopes: what it may be used for.
        replaced_by: the id of the key that a rotation put in its place.
        metadata: of one's own.
    """

    id: str
    prefix: str
    name: str = ""
    scopes: tuple[str, ...] = ()
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    replaced_by: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def state(self, now: datetime) -> str:
        """Return whether it is ``active``, ``expired`` or ``revoked``."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at is not None and now >= self.expires_at else "active"


def kept(record: ApiKey, digest: str) -> dict[str, Any]:
    """Return what the store holds of a key."""
    times = {
        name: at.isoformat() if (at := getattr(record, name)) else None
        for name in ("created_at", "expires_at", "revoked_at")
    }
    texts = {name: getattr(record, name) for name in ("id", "prefix", "name", "replaced_by")}
    return {**texts, **times, "scopes": list(record.scopes), "metadata": dict(record.metadata), "sha256": digest}


def of_kept(found: Mapping[str, Any]) -> ApiKey:
    """Return a record of what the store holds."""
    times = {name: instant(found[name]) for name in ("created_at", "expires_at", "revoked_at") if found[name]}
    rest = {name: found[name] for name in ("id", "prefix", "name", "replaced_by", "metadata")}
    return ApiKey(**{**rest, **times, "scopes": tuple(found["scopes"])})


def checked_prefix(prefix: Any) -> str:
    """Return a prefix that a key may have.

    Raises:
        ConfigError: it is none.
    """
    if not isinstance(prefix, str) or not _PREFIX.fullmatch(prefix):
        raise ConfigError(f"the prefix {prefix!r} is none", hint="1 to 20 letters, digits, - or _: such as shop")
    return prefix


def checked_scopes(scopes: Any) -> tuple[str, ...]:
    """Return scopes, each once; a text is one scope and not its letters."""
    given = (scopes,) if isinstance(scopes, str) else tuple(scopes)
    for scope in given:
        if not isinstance(scope, str) or not _SCOPE.fullmatch(scope):
            raise ConfigError(
                f"the scope {scope!r} is none", hint="letters, digits and _ . : / -, such as orders:write"
            )
    return tuple(dict.fromkeys(given))


def checked_metadata(metadata: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return metadata as plain JSON.

    Raises:
        ConfigError: it is none.
    """
    try:
        text = json.dumps(dict(metadata or {}), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"the metadata are no JSON object: {error}") from error
    if len(text) > METADATA_BYTES:
        raise ConfigError(f"the metadata have {len(text):,} bytes; {METADATA_BYTES:,} are the most")
    plain: dict[str, Any] = json.loads(text)
    return plain


def checked_overlap(seconds: Any) -> float:
    """Return for how long an old key is accepted beside the new one.

    Raises:
        ConfigError: it is none.
    """
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds <= LONGEST_SECONDS:
        raise ConfigError(f"overlap_seconds={seconds!r} is no time", hint="give seconds; 0 for none")
    return float(seconds)


def expiry(now: datetime, expires_in: Any, expires_at: Any) -> datetime | None:
    """Return when a key ends.

    Raises:
        ConfigError: it is none.
    """
    if expires_in is not None and expires_at is not None:
        raise ConfigError("expires_in and expires_at are both given", hint="give one of them")
    if expires_in is not None:
        return now + timedelta(seconds=_lifetime(expires_in))
    if expires_at is None:
        return None
    end = instant(expires_at)
    if not now < end <= now + timedelta(seconds=LONGEST_SECONDS - KEPT_SECONDS):
        raise ConfigError(f"expires_at {end.isoformat()} is not ahead of now, or too far", hint="name a later instant")
    return end


def _lifetime(expires_in: Any) -> float:
    seconds = expires_in.total_seconds() if isinstance(expires_in, timedelta) else expires_in
    most = LONGEST_SECONDS - KEPT_SECONDS
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds <= most:
        raise ConfigError(f"expires_in={expires_in!r} is no time", hint="give seconds above zero, or a timedelta")
    return float(seconds)


def instant(value: Any) -> datetime:
    """Return an instant in UTC of a datetime or an ISO text."""
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError as error:
        raise ConfigError(f"{value!r} is no instant", hint="such as 2027-01-15T00:00:00Z") from error
    if not isinstance(at, datetime) or at.tzinfo is None:
        raise ConfigError(f"{value!r} is no instant with a time zone", hint="such as 2027-01-15T00:00:00Z")
    return at.astimezone(UTC)
