"""The ASGI application: each request goes through its door into the inbox, and is answered when it is on the disk."""

from __future__ import annotations

import asyncio
import math
import traceback
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
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
from fcwork.receiver.message import Arrival, Stored, kept_headers, short_key
from fcwork.receiver.quarantine import Quarantine
from fcwork.receiver.request import GoneError, Limits, Receive, Request, Scope
from fcwork.receiver.telling import Course, Telling

Send = Callable[[Mapping[str, Any]], Awaitable[None]]
HELD_BYTES = 100_000_000  # of all bodies that are being read or stored
_AT_ONCE_BYTES = 65_536  # a larger body is read in a thread, so that others need not wait
_QUARANTINED = frozenset({400, 401, 403, 409})
_logger = log.get("receiver")


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
        request = Request(scope, receive, self._limits, self._room)
        try:
            await self._respond(request, send)
        except GoneError:
            return
        finally:
            request.let_go()

    async def _respond(self, request: Request, send: Send) -> None:
        try:
            given = await self._answer(request)
        except GoneError:
            raise
        except Exception as error:  # noqa: BLE001 - the service's edge: a sender gets an answer, whatever broke
            _logger.error("receiver.broke", error=type(error).__name__, trace=traceback.format_exc())  # noqa: TRY400 - it is told
            given = answer(500)
        if not request.complete:
            await request.drain()
            given = replace(given, headers={**given.headers, "connection": "close"})
        await _send(send, given, request.kind, head=request.method == "HEAD")

    async def _answer(self, request: Request) -> Answer:
        try:
            self._turn_away(request)
            if request.path == HEALTH:
                return await self._health_of(request)
            return await self._receive(request, self._door(request))
        except RefusedError as refusal:
            return answer(refusal.status, headers=refusal.headers)

    def _turn_away(self, request: Request) -> None:
        """Refuse what there is no time for.

        A webhook that still gets in while the service stops is taken, and handled after the next start: the platform
        repeats what is not answered, and is not known to repeat what is answered with 503.
        """
        if self.stopping and request.path == HEALTH:
            raise RefusedError(503, "STOPPING", connection="close", retry_after="5")
        wait = self._rate.wait_seconds(request.address)
        if wait > 0:
            raise RefusedError(429, "TOO_MANY", retry_after=str(math.ceil(wait)))

    async def _health_of(self, request: Request) -> Answer:
        if request.method not in {"GET", "HEAD"}:
            raise RefusedError(405, "METHOD", allow="GET, HEAD")
        return await self._health.answer()

    def _door(self, request: Request) -> Door:
        door = self._doors.get(request.path)
        if door is None:
            raise RefusedError(404, "NO_DOOR")
        if request.method != "POST":
            raise RefusedError(405, "METHOD", allow="POST")
        return door

    async def _receive(self, request: Request, door: Door) -> Answer:
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

    async def _admitted(self, request: Request, door: Door, course: Course) -> Admitted:
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
        course.details.update({name: value for name, value in facts.items() if value})
        course.details.update(replay_key=short_key(admitted.replay_key))
        course.ended_at.append(self._clock.now())
        return Admitted(admitted.replay_key, facts)

    async def _kept(self, request: Request, door: Door, admitted: Admitted, course: Course) -> Stored:
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

    def _refused(self, request: Request, refusal: RefusedError, course: Course) -> None:
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


async def _send(send: Send, given: Answer, kind: str, *, head: bool) -> None:
    media, content = given.content(kind)
    headers = [(b"content-type", media.encode()), (b"content-length", str(len(content)).encode())]
    headers += [(name.encode(), value.encode()) for name, value in given.headers.items()]
    if given.id:
        headers.append((b"x-request-id", given.id.encode()))
    await send({"type": "http.response.start", "status": given.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if head else content})
