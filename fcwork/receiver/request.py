"""A request as far as it has been read, and how much of it is read at all."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

from fcwork.receiver.answers import RefusedError
from fcwork.receiver.limits import Room
from fcwork.receiver.message import kind_of
from fcwork.webhooks.api_keys import KEY

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
MAX_BYTES = 2_000_000  # a webhook is far smaller; source of the platform's own limit for requests: its docs, 2 MB
BODY_SECONDS = 15.0  # for a whole body, however slowly it comes
_DRAIN_SECONDS, _DRAIN_BYTES = 2.0, 8_000_000  # of a body that is not wanted, so that its sender hears the answer
_ID_LENGTH = 128


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a request may be.

    Attributes:
        max_bytes: of a body.
        body_seconds: until a body is there.
    """

    max_bytes: int = MAX_BYTES
    body_seconds: float = BODY_SECONDS


class GoneError(Exception):
    """The sender closed the connection."""


class Request:
    """A request as far as it has been read."""

    def __init__(self, scope: Scope, receive: Receive, limits: Limits, room: Room) -> None:
        self._receive = receive
        self._room = room
        self._held = 0
        self._limits = limits
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.address: str = (scope.get("client") or ("",))[0]
        self.headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
        self.body = b""
        self._has_body = bool({"content-length", "transfer-encoding"} & {name for name, _ in self.headers})
        self.complete = not self._has_body
        self.id = _id(self.header("x-request-id"))

    @property
    def kind(self) -> str:
        """What its sender speaks."""
        return kind_of(self.body) if self.body else ("xml" if "xml" in self.header("content-type") else "json")

    def header(self, name: str) -> str:
        """Return the first value of a header, or nothing."""
        return next((value for known, value in self.headers if known == name), "")

    async def read(self) -> None:
        """Read the body.

        Raises:
            RefusedError: it is too long, comes too slowly, its end would not be known, or there is no room for it.
        """
        if not self._has_body:
            raise RefusedError(411, "NO_LENGTH")
        most = self._limits.max_bytes
        length = self.header("content-length")
        if length.isdecimal() and (len(length) > 18 or int(length) > most):  # noqa: PLR2004 - digits of any body's length
            raise RefusedError(413, "TOO_LARGE", f"{length[:20]} bytes, {most:,} are the most")
        parts: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(self._limits.body_seconds):
                while not self.complete:
                    parts.append(await self._part())
                    size += len(parts[-1])
                    self._hold(len(parts[-1]))
                    if size > most:
                        raise RefusedError(413, "TOO_LARGE", f"over {most:,} bytes")
        except TimeoutError:
            raise RefusedError(408, "SLOW_BODY", f"{size:,} bytes in {self._limits.body_seconds:g} seconds") from None
        self.body = b"".join(parts)

    def _hold(self, size: int) -> None:
        if not self._room.take(size):
            raise RefusedError(429, "NO_ROOM", "too many bodies at once", retry_after="1")
        self._held += size

    def let_go(self) -> None:
        """Give back the room that the body took."""
        self._room.give(self._held)
        self._held = 0

    async def drain(self) -> None:
        """Read on for a moment: a sender that is still writing hears no answer."""
        length = self.header("content-length")
        if self.header("expect") or (length.isdecimal() and int(length) > _DRAIN_BYTES):
            return  # it waits for a word before it writes, or would write for too long
        size = 0
        try:
            async with asyncio.timeout(_DRAIN_SECONDS):
                while not self.complete and size < _DRAIN_BYTES:
                    size += len(await self._part())
        except (TimeoutError, GoneError):
            return

    async def _part(self) -> bytes:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise GoneError
        self.complete = not message.get("more_body", False)
        part: bytes = message.get("body", b"")
        return part


def _id(given: str) -> str:
    """Return the id that the sender gave, if a job can be called so, else a new one."""
    sane = 0 < len(given) <= _ID_LENGTH and given.isascii() and given.isprintable() and " " not in given
    return given if sane and not KEY.search(given) else f"wh-{secrets.token_hex(12)}"
