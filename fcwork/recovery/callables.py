"""A plain callable as a route: ``deliver(records)`` takes a list of dicts and returns, or raises."""

from __future__ import annotations

import inspect
import io
import sys
from collections.abc import Callable, Sequence
from traceback import TracebackException
from typing import Any, TypeAlias

import polars as pl

from fcwork.errors import ApiError, BadRequestError, ConfigError, ConnectionFailedError, OutcomeUnknownError
from fcwork.routes import OUTCOME_SCHEMA, Findings, Limits, Receipt, Route

Deliver: TypeAlias = Callable[[list[dict[str, Any]]], object]

_UNREACHED = (
    "ConnectionRefusedError",
    "socket.gaierror",
    "httpx.ConnectError",
    "httpx.ConnectTimeout",
    "httpx.PoolTimeout",
)
_CUT_OFF = ("OSError", "httpx.TransportError")
_PLAIN = "give a plain function that takes list[dict]"


class CallableRoute:
    """Drives a caller's own function.

    What it raises says what became of the records: an ``ApiError`` by its type; a connection that was refused means
    that nothing was done; any other broken or late connection (``OSError`` with ``TimeoutError``, httpx's transport
    errors) that something may have been done; and any other exception that the records were refused.

    Args:
        deliver: the function. With an attribute ``repeat_safe`` that is true, sending records twice has no further
            effect, so what may have been done is sent again.
    """

    name = "callable"
    target = ""
    limits = Limits(max_rows=sys.maxsize, max_bytes=sys.maxsize)
    verifiable = False

    def __init__(self, deliver: Deliver) -> None:
        self._deliver = deliver
        self.repeat_safe = bool(getattr(deliver, "repeat_safe", False))

    def entity_ref(self, rows: pl.DataFrame) -> pl.Series:
        """Return nulls: a function names no key, so each row is a thing of its own."""
        return pl.repeat(None, rows.height, dtype=pl.String, eager=True)

    def pack(self, rows: pl.DataFrame) -> bytes:
        """Return the rows as an Arrow file: bytes that lose no type on the way to ``post``."""
        body = io.BytesIO()
        rows.write_ipc(body)
        return body.getvalue()

    def post(self, body: bytes, rows: int) -> Receipt:
        """Call the function with the records."""
        records = pl.read_ipc(body).to_dicts()
        try:
            returned = self._deliver(records)
        except (ApiError, ConfigError):
            raise
        except Exception as error:  # the caller's own code at our edge: whatever it raises is its answer
            raise _meaning(error) from error
        if inspect.iscoroutine(returned) or inspect.isgenerator(returned) or inspect.isasyncgen(returned):
            raise _not_run(returned)
        return Receipt(id="", rows=rows)

    def outcomes(self, receipts: Sequence[Receipt]) -> Findings:
        """Return nothing: a function tells all it knows when it returns."""
        return Findings(OUTCOME_SCHEMA.to_frame(), open=tuple(receipt.id for receipt in receipts))


def as_route(deliver: Route | Deliver) -> Route:
    """Return ``deliver`` as a route.

    Raises:
        ConfigError: it is neither a route nor a function that can be called here.
    """
    if isinstance(deliver, Route):
        return deliver
    if inspect.iscoroutinefunction(deliver):
        raise ConfigError("deliver is an async function, which nothing would await", hint=_PLAIN)
    if callable(deliver):
        return CallableRoute(deliver)
    raise ConfigError(
        f"deliver is {type(deliver).__name__}, which is neither a route nor a function",
        hint="give client.batches(...), or a function that takes list[dict] and returns or raises",
    )


def _not_run(returned: Any) -> ConfigError:
    """Say that the function gave back work to do and did none."""
    if inspect.iscoroutine(returned):
        returned.close()  # else Python warns that nobody awaited it
    return ConfigError(f"deliver returned a {type(returned).__name__}, whose code nothing would run", hint=_PLAIN)


def _meaning(error: Exception) -> ApiError:
    """Say in fcwork's terms what a caller's exception means for the records."""
    told = str(TracebackException(type(error), error, None))  # also of an exception that cannot say its own text
    text = f"{type(error).__name__}: {told}" if told else type(error).__name__
    if _is(error, _UNREACHED):
        return ConnectionFailedError(text)
    if _is(error, _CUT_OFF):
        return OutcomeUnknownError(text)
    return BadRequestError(text)


def _is(error: Exception, names: Sequence[str]) -> bool:
    """Compare by name, so that httpx need not be there."""
    kinds = type(error).__mro__
    return any(f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.") in names for kind in kinds)
