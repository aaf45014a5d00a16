"""The ASGI application: each request goes through its door into the inbox, and is answered when it is on the disk."""

from __future__ import annotations

import asyncio
import math
import secrets
import traceback
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fcwork import log
from fcwork.clock import SYSTEM, Clock
from fcwork.errors import StoreError, WebhookError
from fcwork.receiver.answers import Answer, RefusedError, answer
from fcwork.receiver.checks import Admitted
from fcwork.receiver.door import HEALTH, Door
from fcwork.receiver.health import Health
from fcwork.receiver.inbox import Inbox
from fcwork.receiver.limits import Rate, Room
from fcwork.receiver.message import Arrival, Stored, kept_headers, kind_of
from fcwork.receiver.quarantine import Quarantine
from fcwork.receiver.telling import Course, Telling

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
MAX_BYTES = 2_000_000  # a webhook is far smaller; source of the platform's own limit for requests: its docs, 2 MB
HELD_BYTES = 100_000_000  # of all bodies that are being read or stored
BODY_SECONDS = 15.0  # for a whole body, however slowly it comes
_AT_ONCE_BYTES = 65_536  # a larger body is read in a thread, so that others need not wait
_DRAIN_SECONDS, _DRAIN_BYTES = 2.0, 8_000_000  # of a body that is not wanted, so that its sender hears the answer
_ID_LENGTH = 128
_QUARANTINED = frozenset({400, 401, 403, 409})
_logger = log.get("receiver")


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a request may be.

    Attributes:
        max_bytes: of a body.
        body_seconds: until a body is there.
    """

    max_bytes: int = MAX_BYTES
    body_seconds: float = BODY_SECONDS


class _GoneError(Exception):
    """The sender closed the connection."""


class App:
    """Answers requests.

    Attributes:
        stopping: whether the service is about to end, which /health tells.

    Args:
        doors: by which messages come in, each with a path of its own.
        inbox: where they lie.
        quarantine: where refused ones lie.
        telling: keeps their jobs.
        rate: how many may come.
        stored: is called when there is a new message.
        limits: what a request may be.
        clock: the time.
    """

    def __init__(
        self,
        doors: Sequence[Door],
        *,
        inbox: Inbox,
        quarantine: Quarantine,
        telling: Telling,
        rate: Rate,
        stored: Callable[[], None],
        limits: Limits | None = None,
        clock: Clock = SYSTEM,
    ) -> None:
        self.stopping = False
        self._doors = {door.path: door for door in doors}
        self._inbox = inbox
        self._quarantine = quarantine
        self._telling = telling
        self._rate = rate
        self._stored = stored
        self._limits = limits or Limits()
        self._clock = clock
        self._health = Health(inbox)
        self._room = Room(max(HELD_BYTES, 2 * self._limits.max_bytes))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = _Request(scope, receive, self._limits, self._room)
        try:
            await self._respond(request, send)
        except _GoneError:
            return
        finally:
            request.let_go()

    async def _respond(self, request: _Request, send: Send) -> None:
        try:
            given = await self._answer(request)
        except _GoneError:
            raise
        except Exception as error:  # noqa: BLE001 - the service's edge: a sender gets an answer, whatever broke
            _logger.error("receiver.broke", error=type(error).__name__, trace=traceback.format_exc())  # noqa: TRY400 - it is told
            given = answer(500)
        if not request.complete:
            await request.drain()
            given = replace(given, headers={**given.headers, "connection": "close"})
        await _send(send, given, request.kind, head=request.method == "HEAD")

    async def _answer(self, request: _Request) -> Answer:
        try:
            self._turn_away(request)
            if request.path == HEALTH:
                return await self._health_of(request)
            return await self._receive(request, self._door(request))
        except RefusedError as refusal:
            return answer(refusal.status, headers=refusal.headers)

    def _turn_away(self, request: _Request) -> None:
        """Refuse what there is no time for.

        A webhook that still gets in while the service stops is taken, and handled after the next start: the platform
        repeats what is not answered, and is not known to repeat what is answered with 503.
        """
        if self.stopping and request.path == HEALTH:
            raise RefusedError(503, "STOPPING", connection="close", retry_after="5")
        wait = self._rate.wait_seconds(request.address)
        if wait > 0:
            raise RefusedError(429, "TOO_MANY", retry_after=str(math.ceil(wait)))

    async def _health_of(self, request: _Request) -> Answer:
        if request.method not in {"GET", "HEAD"}:
            raise RefusedError(405, "METHOD", allow="GET, HEAD")
        return await self._health.answer()

    def _door(self, request: _Request) -> Door:
        door = self._doors.get(request.path)
        if door is None:
            raise RefusedError(404, "NO_DOOR")
        if request.method != "POST":
            raise RefusedError(405, "METHOD", allow="POST")
        return door

    async def _receive(self, request: _Request, door: Door) -> Answer:
        course = Course(door.name, request.id, self._clock.now())
        course.details.update(request_id=request.id, client=request.address)
        try:
            admitted = await self._admitted(request, door, course)
            stored = await self._kept(request, door, admitted, course)
        except RefusedError as refusal:
            self._refused(request, refusal, course)
            return answer(refusal.status, request.id, headers=refusal.headers)
        except StoreError as error:
            _logger.error("receiver.not_stored", request=request.id, trouble=str(error))  # noqa: TRY400 - the store's words
            self._telling.refused(course, "NOT_STORED", error.message)
            return answer(500, request.id)
        self._telling.received(course, stored)
        if stored.outcome == "duplicate":
            return answer(200, stored.job_id, word="duplicate")
        self._stored()
        return answer(200, stored.job_id)

    async def _admitted(self, request: _Request, door: Door, course: Course) -> Admitted:
        """Read and check a request."""
        try:
            greeted = await self._called(lambda: door.check.greet(request.headers), slow=door.check.asks_a_store)
            await request.read()
            course.details.update(bytes=len(request.body))
            course.ended_at.append(self._clock.now())
            slow = len(request.body) > _AT_ONCE_BYTES
            admitted = await self._called(lambda: door.check.admit(request.body, request.headers, greeted), slow=slow)
        except WebhookError as error:
            raise RefusedError.of(error) from error
        if not request.body:
            raise RefusedError(400, "EMPTY_BODY", "the body is empty")
        facts = {"scheme": door.check.scheme, **admitted.facts}
        course.details.update({name: value for name, value in facts.items() if value}, replay_key=admitted.replay_key)
        course.ended_at.append(self._clock.now())
        return Admitted(admitted.replay_key, facts)

    async def _kept(self, request: _Request, door: Door, admitted: Admitted, course: Course) -> Stored:
        """Store a genuine request; another body under the same key is refused."""
        arrival = Arrival(
            door=door.name,
            replay_key=admitted.replay_key,
            body=request.body,
            headers=kept_headers(request.headers),
            facts=admitted.facts,
            request_id=request.id,
            received_at=course.begun_at,
            id_given=request.id == request.header("x-request-id"),
        )
        stored = await asyncio.wrap_future(self._inbox.put(arrival))
        if stored.outcome == "conflict":
            raise RefusedError(409, "CONFLICT", f"another body came before as {stored.of}")
        return stored

    async def _called(self, check: Callable[[], Any], *, slow: bool) -> Any:
        return await asyncio.to_thread(check) if slow else check()

    def _refused(self, request: _Request, refusal: RefusedError, course: Course) -> None:
        """Keep what there is to find out why, and tell it."""
        _logger.info("receiver.refused", request=request.id, reason=refusal.reason, status=refusal.status)
        kept = None
        if refusal.status in _QUARANTINED and request.body:
            facts = {"door": course.door, "request_id": request.id, "client": request.address}
            headers = kept_headers(request.headers)
            kept = self._quarantine.keep(request.body, headers, reason=refusal.reason, at=course.begun_at, **facts)
        if kept:
            course.details["quarantine"] = str(kept)
        self._telling.refused(course, refusal.reason, str(refusal))


class _Request:
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
        except (TimeoutError, _GoneError):
            return

    async def _part(self) -> bytes:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise _GoneError
        self.complete = not message.get("more_body", False)
        part: bytes = message.get("body", b"")
        return part


def _id(given: str) -> str:
    """Return the id that the sender gave, if a job can be called so, else a new one."""
    sane = 0 < len(given) <= _ID_LENGTH and given.isascii() and given.isprintable() and " " not in given
    return given if sane else f"wh-{secrets.token_hex(12)}"


async def _send(send: Send, given: Answer, kind: str, *, head: bool) -> None:
    media, content = given.content(kind)
    headers = [(b"content-type", media.encode()), (b"content-length", str(len(content)).encode())]
    headers += [(name.encode(), value.encode()) for name, value in given.headers.items()]
    if given.id:
        headers.append((b"x-request-id", given.id.encode()))
    await send({"type": "http.response.start", "status": given.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if head else content})
