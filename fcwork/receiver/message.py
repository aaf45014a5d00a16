"""What comes in: the headers that are kept of it, what kind of body it is, and how it stands in the inbox."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from fcwork.redact import MASK, mask
from fcwork.webhooks.api_keys import KEY

State = Literal["waiting", "running", "done", "dead", "duplicate", "dropped"]
STATES: tuple[State, ...] = ("waiting", "running", "done", "dead", "duplicate", "dropped")
Headers = Iterable[tuple[str, str]]
LONGEST_KEY = 200  # characters of a replay key as it came; a longer one is kept as its hash
_SECRET_NAMES = re.compile(
    "(api|access|private)[-_]?key|auth|token|secret|passw|cookie|credential|session|jwt", re.IGNORECASE
)


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """A request that was found genuine, on its way into the inbox.

    Attributes:
        door: through which it came.
        replay_key: what a repeat of it has too.
        body: as it was received.
        headers: those that may be kept.
        facts: how it was checked: scheme, key, algorithm and the like, as JSON-like data.
        request_id: what its job is called if that name is free.
        id_given: whether the sender made it, so that it may be taken.
        received_at: when it came.
    """

    door: str
    replay_key: str
    body: bytes
    headers: Mapping[str, str]
    facts: Mapping[str, Any]
    request_id: str
    received_at: datetime
    id_given: bool = True
    sha256: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "sha256", self.sha256 or hashlib.sha256(self.body).hexdigest())


@dataclass(frozen=True, kw_only=True)
class Stored:
    """What the inbox made of an arrival.

    Attributes:
        outcome: ``accepted``; ``duplicate`` of one that is there; ``conflict``: another body has its replay key.
        job_id: of this request.
        of: the job of the one that was there before, if any.
    """

    outcome: Literal["accepted", "duplicate", "conflict"]
    job_id: str
    of: str = ""


@dataclass(frozen=True, kw_only=True)
class Message:
    """A message of the inbox as it stands.

    Attributes:
        number: counts the messages of this inbox.
        job_id: its job among the tracked ones, and its id everywhere.
        state: ``dead`` was given up, ``duplicate`` is handled elsewhere, ``dropped`` is not wanted any more.
        attempts: how often its handling was begun.
        next_at: before then it is not handled.
        error: why the last attempt failed.
        repeats: how often it came again.
        replays: how often somebody had it handled again.
    """

    number: int
    job_id: str
    door: str
    replay_key: str
    sha256: str
    state: State
    attempts: int
    next_at: datetime
    error: str
    repeats: int
    replays: int
    received_at: datetime
    updated_at: datetime
    headers: dict[str, str]
    facts: dict[str, Any]
    body: bytes = field(default=b"", repr=False)

    @property
    def told_as(self) -> str:
        """The job that tells of its handling: the request's, and a new one each time that it is replayed."""
        return f"{self.job_id}-replay-{self.replays}" if self.replays else self.job_id


@dataclass(frozen=True, kw_only=True)
class Received:
    """What a handler is given.

    Attributes:
        raw: the body, byte for byte.
        headers: names in small letters; those that hold credentials are left out.
        event: the verified ``webhooks.Event`` of a platform's webhook; None for what others send.
        request_id: of the request, and of its job.
        attempt: 1 for the first; a handler that may be asked again must do no harm twice.
        replay_key: what a repeat of the same message has too.
        door: through which it came.
        scheme: how it was checked: ``fluent``, ``shopify``, ``api_key``, ``none`` …
        facts: the rest of what the check found.
        received_at: when it came.
    """

    raw: bytes = field(repr=False)
    headers: Mapping[str, str]
    event: Any
    request_id: str
    attempt: int
    replay_key: str
    door: str
    scheme: str
    facts: Mapping[str, Any]
    received_at: datetime

    @property
    def kind(self) -> str:
        """What the body is: ``json``, ``xml`` or ``bin``."""
        return kind_of(self.raw)

    def beside(self) -> dict[str, Any]:
        """Return what is written beside the body: the headers, and what is known of the request."""
        told: dict[str, Any] = {"at": self.received_at.isoformat(), "door": self.door, "scheme": self.scheme}
        told |= {"key": self.facts.get("key", ""), "sha256": hashlib.sha256(self.raw).hexdigest()}
        told |= {"replay_key": self.replay_key, "request_id": self.request_id, "attempt": self.attempt}
        return {"headers": dict(self.headers), "received": told}


def kept_headers(headers: Headers) -> dict[str, str]:
    """Return headers by their names in small letters, without those that hold credentials; repeated ones are joined.

    An API key that stands in another header by mistake is masked.
    """
    kept: dict[str, str] = {}
    for name, value in headers:
        small = name.lower()
        if not _SECRET_NAMES.search(small):
            kept[small] = KEY.sub(MASK, mask(f"{kept[small]}, {value}" if small in kept else value))
    return kept


def short_key(key: str) -> str:
    """Return a replay key as it is kept: a long one, or one that is no plain text, as its hash."""
    if 0 < len(key) <= LONGEST_KEY and key.isprintable():
        return key
    return f"sha256:{hashlib.sha256(key.encode('utf-8', 'surrogatepass')).hexdigest()}"


def kind_of(body: bytes) -> str:
    """Return what a body looks like: ``json``, ``xml`` or ``bin``."""
    start = body[:200].removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if start in {b"{", b"["}:
        return "json"
    return "xml" if start == b"<" else "bin"
