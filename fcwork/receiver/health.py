"""How the service is: whether it can store, and what waits."""

from __future__ import annotations

import asyncio
from typing import Any

from fcwork.errors import StoreError
from fcwork.receiver.answers import Answer
from fcwork.receiver.inbox import Inbox

FRESH_SECONDS = 1.0  # who asks more often gets the answer of before


class Health:
    """Answers how the service is.

    Args:
        inbox: is written to and counted.
    """

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self._known: tuple[float, Answer] | None = None
        self._asking = asyncio.Lock()

    async def answer(self) -> Answer:
        """Return 200 with the counts, or 503 where nothing can be stored."""
        async with self._asking:
            now = asyncio.get_running_loop().time()
            if self._known is None or now - self._known[0] >= FRESH_SECONDS:
                self._known = now, await self._asked()
            return self._known[1]

    async def _asked(self) -> Answer:
        try:
            await asyncio.wrap_future(self._inbox.probe())
            told = await asyncio.to_thread(self._counted)
        except StoreError:
            return Answer(503, "store_failed", headers={"connection": "close"})
        return Answer(200, "ok", told=told)

    def _counted(self) -> dict[str, Any]:
        return {"oldest_waiting_seconds": round(self._inbox.oldest_waiting_seconds(), 1), **self._inbox.counts()}
