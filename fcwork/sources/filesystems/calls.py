"""Calls of a library that works on an event loop of its own, from any thread and within a time."""

from __future__ import annotations

import asyncio
import concurrent.futures
import errno
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Calls:
    """How calls are made on a loop that runs in another thread.

    Attributes:
        loop: that of the library.
        known: the errors of the library.
        told: makes of such an error what is raised.
        seconds: how long one answer is waited for; None leaves that to the library.
    """

    loop: asyncio.AbstractEventLoop
    known: tuple[type[Exception], ...]
    told: Callable[[Exception], Exception]
    seconds: float | None = None

    def __call__(self, call: Awaitable[T]) -> T:
        """Return the answer."""
        return self.end(self.begin(call))

    def begin(self, call: Awaitable[T]) -> Future[T]:
        """Send a call, without waiting for its answer."""
        return asyncio.run_coroutine_threadsafe(_awaited(call), self.loop)

    def end(self, begun: Future[T]) -> T:
        """Wait for the answer and return it.

        Raises:
            TimeoutError: it did not come in time.
        """
        try:
            return begun.result(self.seconds)
        except concurrent.futures.TimeoutError as error:
            begun.cancel()
            told = f"no answer came within {self.seconds:g} s" if self.seconds else "no answer came in time"
            raise TimeoutError(errno.ETIMEDOUT, told) from error
        except self.known as error:
            raise self.told(error) from _bare(error)
        except BaseException:  # somebody pressed Ctrl-C
            begun.cancel()
            raise


def _bare(error: Exception) -> Exception:
    """Return an error of the library without the frames it came through, whose variables hold what signs in there."""
    at: BaseException | None = error
    met: set[int] = set()
    while at is not None and id(at) not in met:
        met.add(id(at))
        at.__traceback__ = None
        at = at.__cause__ or at.__context__
    return error


async def _awaited(call: Awaitable[T]) -> T:
    return await call
