"""Workers: they take messages from the inbox, have them handled, and say in it how that ended."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Sequence
from typing import Protocol

from fcwork import log
from fcwork.clock import SYSTEM, Clock
from fcwork.errors import FcworkError, StoreError, WebhookError
from fcwork.receiver.checks import event_of
from fcwork.receiver.door import Door
from fcwork.receiver.handlers import Handled, RefusedByHandlerError
from fcwork.receiver.inbox import LEASE_SECONDS, Inbox
from fcwork.receiver.message import Message, Received, State
from fcwork.receiver.telling import Telling
from fcwork.redact import mask
from fcwork.retry import RetryPolicy

LOOKS_SECONDS = 1.0  # for messages of other processes, and for those whose time has come
CARES_SECONDS = 5.0
TRIES_AGAIN_SECONDS = 5.0  # where a store cannot be used
_FIRST_SECONDS, _LONGEST_SECONDS = 2.0, 300.0  # between attempts
_CAUGHT_UP = 100  # messages at the start: more than any number of workers leaves untold
_logger = log.get("receiver")


class Claims(Protocol):
    """Where machines that share a store agree who handles a message, such as ``webhooks.SeenEvents``."""

    def first(self, key: str, owner: str | None = None) -> bool:
        """Say whether ``key`` is new, or this owner's already."""
        ...


class Workers:
    """Threads that handle messages until they are told to stop.

    What is in the inbox is claimed there first, which others on this machine see, and then in ``claims``, which other
    machines see. So a message is stored before it is claimed, and one that was claimed is never without its body.

    Args:
        inbox: where messages are.
        doors: whose messages are handled.
        count: how many are handled at once.
        claims: what other machines see; None where there are none.
        telling: keeps the jobs.
        clock: the time.
    """

    def __init__(
        self,
        inbox: Inbox,
        doors: Sequence[Door],
        *,
        telling: Telling,
        claims: Claims | None = None,
        count: int = 2,
        clock: Clock = SYSTEM,
    ) -> None:
        self._inbox = inbox
        self._doors = {door.name: door for door in doors}
        self._claims = claims
        self._telling = telling
        self._clock = clock
        inbox.identity()  # one that cannot be used is told before anything is begun
        self._stopping = threading.Event()
        self._ended = threading.Event()
        self._more = threading.Event()
        self._threads = [threading.Thread(target=self._work, name=f"worker {n}", daemon=True) for n in range(count)]
        self._carer = threading.Thread(target=self._care, name="inbox carer", daemon=True)

    def start(self) -> None:
        """Begin, with what a process that is gone left behind."""
        self._inbox.take_back()
        dead = self._inbox.messages(state="dead", limit=_CAUGHT_UP)
        self._telling.catch_up([*self._inbox.lately_done(_CAUGHT_UP), *dead])
        for thread in (*self._threads, self._carer):
            thread.start()

    def wake(self) -> None:
        """Say that there is a message."""
        self._more.set()

    def stop(self, grace_seconds: float) -> bool:
        """Take no more messages, wait for those in hand, and say whether all came to their end.

        What did not is handled again by the next process: this one is to end now.
        """
        self._stopping.set()
        self._more.set()
        deadline = self._clock.monotonic() + grace_seconds
        for thread in self._threads:
            thread.join(max(deadline - self._clock.monotonic(), 0.0))
        self._ended.set()
        self._carer.join()
        return not any(thread.is_alive() for thread in self._threads)

    def _work(self) -> None:
        while not self._stopping.is_set():
            self._more.clear()
            message = self._claimed()
            if message is None:
                self._more.wait(LOOKS_SECONDS)
            elif self._stopping.is_set():
                self._give_back(message)
            else:
                self._handle(message, self._doors[message.door])

    def _claimed(self) -> Message | None:
        try:
            return self._inbox.claim(self._doors.keys())
        except StoreError as error:
            _logger.error("inbox.unusable", trouble=str(error))  # noqa: TRY400 - the store's words are enough
            return None

    def _handle(self, message: Message, door: Door) -> None:
        if message.attempts > door.attempts:  # those before died with their process
            self._give_up(message, f"its handling was begun {door.attempts} times and never came to an end")
            return
        claimed = self._claim(message)
        if claimed is None:
            return
        if not claimed:
            self._settle(message, "duplicate", "another receiver handles it")
            self._telling.handled(message, "handled by another receiver", {}, with_errors=False)
            return
        self._telling.handling(message, door.attempts)
        try:
            handled = door.handler(_received(message))
        except BaseException as error:  # noqa: BLE001 - the edge to a handler of the user's own: its worker goes on
            self._failed(message, door, error)
        else:
            self._succeeded(message, handled)

    def _claim(self, message: Message) -> bool | None:
        """Say whether no other machine handles it; None, and it waits, where that cannot be told."""
        if self._claims is None:
            return True
        try:
            owner = f"{self._inbox.identity()}:{message.number}"  # asked now: the file may have been made anew
            return self._claims.first(f"{message.door}:{message.replay_key}", owner=owner)
        except StoreError as error:
            _logger.error("receiver.not_claimed", job=message.job_id, trouble=str(error))  # noqa: TRY400 - as above
            self._give_back(message, after_seconds=TRIES_AGAIN_SECONDS)
            return None

    def _succeeded(self, message: Message, handled: Handled) -> None:
        if self._settle(message, "done"):
            self._telling.handled(message, handled.message, handled.details, with_errors=handled.with_errors)

    def _failed(self, message: Message, door: Door, error: BaseException) -> None:
        told = _told(error)
        _logger.warning("receiver.handling_failed", job=message.job_id, attempt=message.attempts, error=told)
        if isinstance(error, RefusedByHandlerError | WebhookError) or message.attempts >= door.attempts:
            self._give_up(message, error)
            return
        policy = RetryPolicy(
            max_retries=door.attempts, base_seconds=_FIRST_SECONDS * 2, cap_seconds=_LONGEST_SECONDS, floor_seconds=1.0
        )
        seconds = policy.delay(message.attempts, jitter=random.random())  # noqa: S311 - spreads attempts, hides nothing
        if self._settle(message, "waiting", told, after_seconds=seconds):
            self._telling.put_off(message, told, seconds)

    def _give_up(self, message: Message, error: BaseException | str) -> None:
        told = error if isinstance(error, str) else _told(error)
        _logger.error("receiver.dead", job=message.job_id, door=message.door, attempts=message.attempts, error=told)
        if self._settle(message, "dead", told):
            self._telling.given_up(message, error)

    def _settle(self, message: Message, state: State, error: str = "", *, after_seconds: float = 0.0) -> bool:
        return bool(
            self._kept_trying(lambda: self._inbox.settle(message, state, error=error, after_seconds=after_seconds))
        )

    def _give_back(self, message: Message, *, after_seconds: float = 0.0) -> None:
        self._kept_trying(lambda: self._inbox.release(message, after_seconds=after_seconds))

    def _kept_trying(self, change: Callable[[], bool]) -> bool | None:
        """Write how it ended, however long the disk is full: what is not written would be done again."""
        while True:
            try:
                written = change()
            except StoreError as error:
                _logger.error("inbox.unusable", trouble=str(error))  # noqa: TRY400 - as above
                if self._stopping.wait(LOOKS_SECONDS):
                    return None
            else:
                if not written:
                    _logger.warning("receiver.lease_lost", hint="another process may have handled the message too")
                return written

    def _care(self) -> None:
        """Hold what is in hand, take back what others left, and remove what is old."""
        renewed = self._clock.monotonic()
        while not self._ended.wait(CARES_SECONDS):
            try:
                if self._clock.monotonic() - renewed > LEASE_SECONDS / 4:
                    renewed = self._clock.monotonic()
                    self._inbox.renew()
                    while self._inbox.tidy():
                        pass
                if self._inbox.take_back():
                    self._more.set()
            except StoreError as error:
                _logger.warning("inbox.not_cared_for", trouble=str(error))


def _received(message: Message) -> Received:
    scheme = str(message.facts.get("scheme", ""))
    return Received(
        raw=message.body,
        headers=message.headers,
        event=event_of(message.body, scheme, message.facts),
        request_id=message.job_id,
        attempt=message.attempts,
        replay_key=message.replay_key,
        door=message.door,
        scheme=scheme,
        facts=message.facts,
        received_at=message.received_at,
    )


def _told(error: BaseException) -> str:
    text = error.message if isinstance(error, FcworkError) else str(error)
    return mask(f"{type(error).__name__}: {text}")[:2_000]
