"""API keys for endpoints of one's own: made here, shown once, kept as a hash.

A key has 256 random bits. Nobody guesses those, so one SHA-256 without a salt keeps it safe: salts and slow hashes are
for what people think up. A key ends in a checksum, so that a slip of the pen is refused without a look at the store,
and tools that search for leaked keys know it for one.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import secrets
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from fcwork import settings
from fcwork.clock import SYSTEM, Clock
from fcwork.errors import ConfigError, StoreError, WebhookError
from fcwork.names import did_you_mean
from fcwork.redact import Secret
from fcwork.store import Store, open_store
from fcwork.webhooks import api_key_records as records
from fcwork.webhooks.api_key_records import ApiKey

OVERLAP_SECONDS = 86_400.0
REFUSED = "the API key is not accepted"
_STORED = "api_key:"
_TRIES = 20  # of one change, while other processes change the same key
KEY = re.compile(r"fcw_[A-Za-z0-9_-]{1,20}_[A-Za-z0-9_-]{43}_[0-9a-f]{8}")
_NOBODY = "0" * 64  # no key has it


@dataclass(frozen=True)
class NewKey:
    """A key that was just made: ``key.reveal()`` is the only time that it can be had."""

    key: Secret
    id: str
    record: ApiKey


class ApiKeys:
    """The keys that are accepted, in a store.

    Args:
        store: where they are; unless given that of ``FCWORK_STORE``, else ``state.sqlite`` of fcwork's run-time folder.
        clock: the time.
    """

    def __init__(self, store: Store | None = None, *, clock: Clock = SYSTEM) -> None:
        self._store = open_store(settings.store_place(), clock=clock) if store is None else store
        self._clock = clock

    def create(
        self,
        prefix: str = "shop",
        *,
        scopes: str | Iterable[str] = (),
        expires_in: float | timedelta | None = None,
        expires_at: datetime | str | None = None,
        name: str = "",
        metadata: Mapping[str, Any] | None = None,
    ) -> NewKey:
        """Make a key and return it; only its hash is kept.

        Args:
            prefix: tells people whose it is: 1 to 20 letters, digits, ``-`` or ``_``.
            scopes: what it may be used for.
            expires_in: seconds from now, or a timedelta.
            expires_at: an aware instant, or a text such as ``2027-01-15T00:00:00Z``; without either it does not expire.
            name: in words.
            metadata: what ``verify`` gives back with it, JSON of 4 KB at most; no place for secrets.

        Raises:
            ConfigError: one of them is none.
        """
        now = self._clock.now()
        record = ApiKey(
            id="",
            prefix=records.checked_prefix(prefix),
            name=str(name),
            scopes=records.checked_scopes(scopes),
            created_at=now,
            expires_at=records.expiry(now, expires_in, expires_at),
            metadata=records.checked_metadata(metadata),
        )
        return self._made(record)

    def verify(self, key: Any, *, scopes: str | Iterable[str] = ()) -> ApiKey:
        """Return what is known of a key that is accepted now.

        Args:
            key: as the caller sent it.
            scopes: what it is to be used for, all of them.

        Raises:
            WebhookError: it is not accepted. The text is the same for all reasons, as it may reach the caller;
                ``reason`` is for ourselves: MISSING_KEY, UNKNOWN_KEY, REVOKED_KEY, EXPIRED_KEY or MISSING_SCOPE.
        """
        needed = records.checked_scopes(scopes)
        reason, record = self._judged(key, needed)
        del key  # what raises has it in no local variable
        if record is None:
            raise WebhookError(REFUSED, reason=reason)
        return record

    def revoke(self, key_id: str) -> ApiKey:
        """Refuse a key from now on; one that is revoked already stays so.

        Raises:
            ConfigError: there is no such key.
        """
        now = self._clock.now()
        return self._changed(key_id, lambda record: replace(record, revoked_at=record.revoked_at or now))

    def rotate(self, key_id: str, *, overlap_seconds: float = OVERLAP_SECONDS) -> NewKey:
        """Make a key that takes the place of another: same prefix, scopes, name, metadata and length of life.

        Args:
            key_id: of the one that is replaced.
            overlap_seconds: for how long the old one is accepted too; 0 revokes it at once.

        Raises:
            ConfigError: there is no such key, or it is not active or replaced already.
        """
        now, overlap = self._clock.now(), records.checked_overlap(overlap_seconds)
        old = self._rotatable(self._record(key_id), now)
        life = old.expires_at - old.created_at if old.expires_at else None
        made = self._made(replace(old, id="", created_at=now, expires_at=now + life if life else None))
        try:
            self._changed(key_id, lambda record: _replaced(self._rotatable(record, now), made.id, now, overlap))
        except ConfigError:
            self._store.delete(_STORED + made.id)
            raise
        return made

    def keys(self) -> pl.DataFrame:
        """Return all keys, the newest first; those whose end was over 90 days ago are forgotten."""
        now = self._clock.now()
        known = [records.of_kept(value) for _, value in self._store.items(_STORED)]
        rows = [
            {
                **{name: getattr(record, name) for name in records.KEYS if name not in {"state", "metadata", "scopes"}},
                "scopes": list(record.scopes),
                "state": record.state(now),
                "metadata": json.dumps(record.metadata, ensure_ascii=False),
            }
            for record in known
        ]
        return pl.DataFrame(rows, schema=records.KEYS).sort("created_at", "id", descending=[True, False])

    def _made(self, record: ApiKey) -> NewKey:
        body = f"fcw_{record.prefix}_{base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip('=')}"
        key = Secret(f"{body}_{zlib.crc32(body.encode()):08x}")
        digest = hashlib.sha256(key.reveal().encode()).hexdigest()
        named = replace(record, id=_id(digest))
        if not self._store.compare_and_set(
            _STORED + named.id, None, records.kept(named, digest), expires=self._life(named)
        ):
            raise StoreError("a new key came out like another", hint="the source of random numbers is broken: stop")
        return NewKey(key, named.id, named)

    def _judged(self, key: Any, needed: tuple[str, ...]) -> tuple[str, ApiKey | None]:
        """Return why a key is refused, or what is known of it."""
        text = _text(key)
        if not text:
            return "MISSING_KEY", None
        digest = hashlib.sha256(text.encode()).hexdigest()
        found = self._store.get(_STORED + _id(digest)) if _is_whole(text) else None
        same = hmac.compare_digest(digest, found["sha256"] if found else _NOBODY)
        if found is None or not same:
            return "UNKNOWN_KEY", None
        record = records.of_kept(found)
        ended = {"revoked": "REVOKED_KEY", "expired": "EXPIRED_KEY"}.get(record.state(self._clock.now()), "")
        reason = ended or ("" if set(needed) <= set(record.scopes) else "MISSING_SCOPE")
        return reason, None if reason else record

    def _record(self, key_id: str) -> ApiKey:
        found = self._store.get(_STORED + key_id)
        if found is None:
            raise self._unknown(key_id)
        return records.of_kept(found)

    def _unknown(self, key_id: str) -> ConfigError:
        known = [name.removeprefix(_STORED) for name, _ in self._store.items(_STORED)]
        close = did_you_mean(key_id, known)
        return ConfigError(f"there is no API key of the id {key_id!r}{close}", hint="`fcwork keys list` names them")

    def _rotatable(self, record: ApiKey, now: datetime) -> ApiKey:
        if record.replaced_by:
            raise ConfigError(f"the API key {record.id} was replaced by {record.replaced_by}", hint="rotate that one")
        if record.state(now) != "active":
            raise ConfigError(f"the API key {record.id} is {record.state(now)}", hint="make a new one")
        return record

    def _changed(self, key_id: str, change: Any) -> ApiKey:
        """Change a record, whatever other processes do to it meanwhile."""
        for _ in range(_TRIES):
            before = self._store.get(_STORED + key_id)
            if before is None:
                raise self._unknown(key_id)
            after: ApiKey = change(records.of_kept(before))
            kept = records.kept(after, before["sha256"])
            if self._store.compare_and_set(_STORED + key_id, before, kept, expires=self._life(after)):
                return after
        raise StoreError(f"the API key {key_id} is changed by others all the time", hint="try again")

    def _life(self, record: ApiKey) -> float | None:
        """Return for how many seconds a record is kept: until some time after the key's end."""
        end = record.revoked_at or record.expires_at
        return None if end is None else max((end - self._clock.now()).total_seconds(), 0.0) + records.KEPT_SECONDS


def _replaced(record: ApiKey, by: str, now: datetime, overlap: float) -> ApiKey:
    if not overlap:
        return replace(record, replaced_by=by, revoked_at=now)
    end = now + timedelta(seconds=overlap)
    return replace(record, replaced_by=by, expires_at=min(record.expires_at or end, end))


def _id(digest: str) -> str:
    """Return a key's id: the beginning of its hash, so that a key is found without a list of all."""
    return f"key_{digest[:16]}"


def _text(key: Any) -> str:
    """Return what a caller sent as a text; what is none is no key."""
    try:
        text = key.reveal() if isinstance(key, Secret) else key.decode("ascii") if isinstance(key, bytes) else key
    except (LookupError, UnicodeDecodeError):
        return "?"
    return text.encode(errors="replace").decode() if isinstance(text, str) else "?" if text else ""


def _is_whole(text: str) -> bool:
    """Say whether a text has the form of a key, its checksum included."""
    if not KEY.fullmatch(text):
        return False
    body, _, checksum = text.rpartition("_")
    return f"{zlib.crc32(body.encode()):08x}" == checksum
