"""What a store is, and what is the same wherever it lies: which keys, values and times are taken."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from fcwork.errors import StoreError

SCHEMA_VERSION = 2
UNKNOWN_AT = datetime.fromtimestamp(0, UTC)
KEY_BYTES = 2_000  # an index of PostgreSQL takes no more than 2,704
LONGEST_SECONDS = 3_155_760_000.0  # a hundred years


@dataclass(frozen=True)
class Lease:
    """The word that one worker, and no other, may do something until ``expires_at``.

    Attributes:
        token: grows with each change of hands, and tells a late write from a rightful one.
        acquired_at: since when its owner holds it; ``UNKNOWN_AT`` for one that an older fcwork gave.
    """

    name: str
    owner: str
    token: int
    expires_at: datetime
    acquired_at: datetime = UNKNOWN_AT


class Store(Protocol):
    """What the package needs of a store; every method raises ``StoreError`` when the store cannot be used.

    Keys, names and owners are texts of at most 2,000 bytes without NUL; seconds are above zero.
    """

    def get(self, key: str) -> Any:
        """Return the value of ``key``, or None where there is none or it has expired."""
        ...

    def set(self, key: str, value: Any, *, expires: float | None = None, fence: Lease | None = None) -> None:
        """Keep a value, for ``expires`` seconds or for good; a ``fence`` that is no longer held is refused."""
        ...

    def delete(self, key: str, *, fence: Lease | None = None) -> bool:
        """Forget a value and say whether there was one."""
        ...

    def items(self, prefix: str = "") -> list[tuple[str, Any]]:
        """Return keys that begin with ``prefix``, and their values, in the order of the keys' UTF-8 bytes."""
        ...

    def compare_and_set(
        self, key: str, expected: Any, new: Any, *, expires: float | None = None, fence: Lease | None = None
    ) -> bool:
        """Set ``new`` if the value is ``expected`` (None: if there is none), and say whether it was."""
        ...

    def acquire(self, name: str, owner: str, *, ttl: float) -> Lease | None:
        """Return a lease of ``ttl`` seconds, or None while another holds it; an expired one is taken over."""
        ...

    def renew(self, lease: Lease, *, ttl: float) -> Lease:
        """Return the lease, held for ``ttl`` seconds from now; one that was lost is a ``StoreError``."""
        ...

    def release(self, lease: Lease) -> bool:
        """Give the lease back and say whether it was still held."""
        ...

    def check(self, lease: Lease) -> bool:
        """Say whether the lease is still held."""
        ...

    def leases(self, prefix: str = "") -> list[Lease]:
        """Return the leases that are held now and whose names begin with ``prefix``, in the order of their names."""
        ...

    def close(self) -> None:
        """Let go of the file or the server; the next call takes it up again."""
        ...


def checked_text(what: str, text: str) -> str:
    """Return ``text`` if every store can keep it as a key; ``what`` it is, for the message.

    Raises:
        StoreError: it is no text, too long, or holds what no store keeps.
    """
    if not isinstance(text, str):
        raise StoreError(f"the {what} {text!r} is {type(text).__name__}, not a text")
    if "\0" in text:
        raise StoreError(f"the {what} {text!r} holds a NUL character", hint="leave it out: PostgreSQL keeps none")
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        raise StoreError(f"the {what} {text!r} holds half a character: {error}") from error
    if size > KEY_BYTES:
        raise StoreError(
            f"the {what} {text[:40]!r}… has {size:,} bytes; {KEY_BYTES:,} are the most",
            hint="keep what is long in the value, and a short name or a hash in its place",
        )
    return text


def checked_seconds(what: str, seconds: Any) -> float:
    """Return ``seconds`` if they are a time that something can last.

    Raises:
        StoreError: no number, not above zero, or over a hundred years.
    """
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds <= LONGEST_SECONDS:
        raise StoreError(f"{what}={seconds!r} is no time", hint="give seconds, above zero and at most a hundred years")
    return float(seconds)


def to_json(key: str, value: Any) -> str:
    """Return the one text by which a value is kept and compared.

    Raises:
        StoreError: it is not JSON.
    """
    try:
        text = json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False)
        text.encode()  # half a character has no place in a file
    except (TypeError, ValueError) as error:
        raise StoreError(f"the value of {key!r} is not JSON: {error}") from error
    return text


def lost(lease: Lease) -> StoreError:
    """Return the error of a lease that is no longer held."""
    return StoreError(
        f"the lease {lease.name!r} is no longer held by {lease.owner!r}",
        hint="another worker may have taken it over: stop, and begin again with a lease of your own",
    )


def in_transit() -> TypeError:
    """Return the error of a store that is pickled: what it is connected to cannot travel, and its password must not."""
    return TypeError("a store does not travel between processes: open it again by its place where it is needed")
