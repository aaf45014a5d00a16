"""Where the body of a webhook lies, so that a load of it has a name that stays the same."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fcwork import settings, sources
from fcwork.errors import ConfigError, SourceError, WebhookError
from fcwork.webhooks import Event, Judgement, read_body
from fcwork.webhooks.event import printable
from fcwork.webhooks.judging import Claims

FOLDER = "reactions"
TOLD = ("id", "name", "account_id", "retailer_id", "entity_type", "entity_ref", "entity_id", "replay_key", "key")
_BOM = b"\xef\xbb\xbf"


class Body:
    """The bytes that are reacted to, and the event that they are.

    Args:
        raw: the bytes, as they came.
        event: what they were verified to be; None where the platform did not send them.
        path: the file that they are read from; None where they came otherwise.
        claims: what remembers who handles which; None where nothing does.
        key: what the same bytes are known by there.
    """

    def __init__(
        self, raw: bytes, event: Event | None, path: Path | None, claims: Claims | None = None, key: str = ""
    ) -> None:
        self.raw, self.event, self._path = raw, event, path
        self._claims, self._key = (claims if key else None), key
        self._new = False

    def claimed(self) -> bool:
        """Say whether nobody else has handled them, and remember who does. Raises a ``StoreError``."""
        if self._claims is None:
            return True
        self._new = self._claims.is_new(self._key)
        return self._claims.first(self._key)

    def released(self) -> None:
        """Let them be handled by whoever comes, as nothing was done; nobody knows what a run before this one did.

        Raises:
            StoreError: the store cannot be written.
        """
        if self._claims is not None and self._new:
            self._claims.forget(self._key)

    @property
    def form(self) -> str:
        """Their format, by how they begin: ``xml`` or ``json``."""
        return "xml" if self.raw.removeprefix(_BOM).lstrip()[:1] == b"<" else "json"

    @property
    def about(self) -> str:
        """What they are about, in words."""
        if self.event is not None:
            event = self.event
            about = " ".join(part for part in (event.entity_type, event.entity_ref or event.entity_id) if part)
            return printable(f"{event.name or 'HTTP call'}{f' of {about}' if about else ''}")
        return self._path.name if self._path else f"a body of {len(self.raw):,} bytes"

    @property
    def told(self) -> dict[str, Any]:
        """What a record keeps of the event: what tells it from others, and nothing of what it says."""
        event = self.event
        return {} if event is None else {name: getattr(event, name) for name in (*TOLD, "sha256")}

    @contextmanager
    def lying(self, workflow: str) -> Iterator[Path]:
        """Give the file that holds them; bytes without one lie in a file as long as this goes on.

        Its name is that of the event, so that an event that comes again is known to be the same.
        """
        if self._path is not None:
            yield self._path
            return
        key = self.event.replay_key if self.event is not None else hashlib.sha256(self.raw).hexdigest()
        name = hashlib.sha256(f"{workflow}\0{key}".encode("utf-8", "surrogatepass")).hexdigest()[:32]
        path = settings.home() / FOLDER / f"{name}.{self.form}"
        with sources.whole(path) as stream:
            stream.write(self.raw)
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)


def body_of(given: Any, event: Event | None) -> Body:
    """Return the body that a caller gives: a judgement, an event, its bytes, or the file that they are in.

    Raises:
        WebhookError: the judgement is a refusal.
        SourceError: the file cannot be read, or no longer holds the bytes that were verified.
        ConfigError: it is none of these.
    """
    if isinstance(given, Judgement):
        return _judged(given)
    if isinstance(given, Event):
        return Body(given.raw, given, None)
    if isinstance(given, bytes):
        raw, path = given, None
    elif isinstance(given, str | Path):
        raw = read_body(given)
        path = None if str(given).startswith("base64:") else Path(given)
    else:
        kind = type(given).__name__
        raise ConfigError(f"a body is an Event, bytes or a path, not {kind}", hint="give what verify returned")
    if event is not None:
        _check_same(event.raw, raw, path)
    return Body(raw, event, path)


def _judged(judgement: Judgement) -> Body:
    if not judgement.ok:
        told = f"nothing is done about a request that was refused: {judgement.summary}"
        raise WebhookError(told, hint=judgement.hint, reason=judgement.reason)
    path = judgement.path
    if path is not None:
        _check_same(judgement.raw, read_body(path), path)
    return Body(judgement.raw, judgement.event, path, judgement.claims, judgement.replay_key)


def _check_same(verified: bytes, there: bytes, path: Path | None) -> None:
    if verified != there:
        hint = "verify it again, and react to what was verified"
        raise SourceError("the body is not the one that was verified", hint=hint, uri=str(path or ""))
