"""Plain functions as a way to the platform."""

import asyncio
import socket
from datetime import date
from decimal import Decimal
from typing import Any

import httpx
import polars as pl
import pytest

from fcwork import errors, recovery
from fcwork.clock import ManualClock

ROWS = [{"ref": f"r{i}", "qty": i} for i in range(8)]


def send(deliver: Any, rows: Any = ROWS, **arguments: Any) -> recovery.SendResult:
    """Send without waiting."""
    return recovery.send(rows, deliver, clock=ManualClock(), **arguments)


def test_a_function_gets_plain_records() -> None:
    """A function is called with dicts, in batches, without fcwork's own columns, and its return means delivered."""
    calls: list[list[dict[str, Any]]] = []
    result = send(calls.append, batch_size=5)
    assert calls == [ROWS[:5], ROWS[5:]]
    assert result.ok
    assert result.target == ""


def test_values_keep_their_types() -> None:
    """Dates, decimals, bytes, nested values and nulls reach the function as what they are."""
    rows = pl.DataFrame(
        {
            "day": [date(2026, 1, 15), None],
            "price": [Decimal("1.50"), Decimal("2.00")],
            "raw": [b"\0\1", b""],
            "lines": [[{"sku": "a", "qty": 1}], []],
        }
    )
    calls: list[list[dict[str, Any]]] = []
    send(calls.append, rows)
    assert calls == [rows.to_dicts()]


def test_one_bad_record_is_singled_out() -> None:
    """P18: whatever a function raises for a bad record, that record alone is rejected, with the exception's text."""

    def deliver(records: list[dict[str, Any]]) -> None:
        if any(record["qty"] == 6 for record in records):
            raise ValueError("quantity 6 is unlucky")

    result = send(deliver)
    assert result.counts["delivered"] == 7
    assert result.rejected[0]["_errors"] == "send.rejected: ValueError: quantity 6 is unlucky"
    assert result.rejected[0]["_row"] == 7


@pytest.mark.parametrize(
    "error",
    [
        TimeoutError("late"),
        ConnectionResetError("reset"),
        BrokenPipeError(),
        OSError("network is down"),
        httpx.ReadTimeout("late"),
        httpx.RemoteProtocolError("cut off"),
        errors.OutcomeUnknownError("late"),
    ],
)
def test_a_broken_connection_is_unknown_and_not_repeated(error: Exception) -> None:
    """P16: after a connection that broke or was late nobody knows, so the records are not sent again."""
    calls: list[int] = []

    def deliver(records: list[dict[str, Any]]) -> None:
        calls.append(len(records))
        raise error

    result = send(deliver)
    assert calls == [8]
    assert result.counts["unknown"] == 8


def test_a_function_that_may_be_repeated_is() -> None:
    """P16: a function that says repeat_safe is called again after a broken connection."""

    class Upsert:
        repeat_safe = True
        calls = 0

        def __call__(self, _: list[dict[str, Any]]) -> None:
            self.calls += 1
            if self.calls < 3:
                raise TimeoutError

    deliver = Upsert()
    assert send(deliver).ok
    assert deliver.calls == 3


@pytest.mark.parametrize(
    "error",
    [
        ConnectionRefusedError("refused"),
        socket.gaierror(-2, "no such host"),
        httpx.ConnectError("refused"),
        errors.ServerError("503"),
    ],
)
def test_nobody_reached_is_tried_again(error: Exception) -> None:
    """P19: where nothing was done the same records go again, as often as asked for, with pauses between."""
    calls: list[int] = []

    def deliver(records: list[dict[str, Any]]) -> None:
        calls.append(len(records))
        if len(calls) < 3:
            raise error

    assert send(deliver).ok
    assert calls == [8, 8, 8]
    gone = send(lambda _: (_ for _ in ()).throw(error), max_retries=1)
    assert gone.counts["retryable"] == 8


def test_a_function_that_is_no_use_is_refused() -> None:
    """P32: what cannot be called, or would never be awaited, is refused before anything is sent."""

    async def deliver(_: list[dict[str, Any]]) -> None:
        raise AssertionError

    with pytest.raises(errors.ConfigError, match="async function"):
        send(deliver)
    with pytest.raises(errors.ConfigError, match="deliver is str, which is neither a route nor a function"):
        send("client")


def test_a_callers_interrupt_is_not_an_answer() -> None:
    """A keyboard interrupt comes out, and the send can be resumed."""

    def deliver(_: list[dict[str, Any]]) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        send(deliver)
    assert "recovery.resume(" in caught.value.__notes__[0]


def test_secrets_in_an_exception_are_masked() -> None:
    """P9: a secret in what a function raises reaches no issue and no ledger."""
    from fcwork.redact import Secret

    Secret("s3cr3t-token-value")

    def deliver(_: list[dict[str, Any]]) -> None:
        raise ValueError("Authorization: s3cr3t-token-value was refused")

    result = send(deliver, ROWS[:1])
    assert "s3cr3t" not in str(result.issues)
    assert "was refused" in str(result.issues)


class Later:
    """An object whose call gives a coroutine."""

    async def __call__(self, records: list[dict[str, Any]]) -> None:
        """Do nothing, later."""


def lazily(records: list[dict[str, Any]]) -> Any:
    """Yield the records."""
    yield from records


@pytest.mark.parametrize("deliver", [Later(), lambda records: asyncio.sleep(0, records), lazily])
def test_work_that_nothing_would_run_is_not_delivered(deliver: Any) -> None:
    """P16: a function that gives back a coroutine or a generator has done nothing, so no row counts as delivered."""
    result = send(deliver)
    assert (result.counts["delivered"], result.counts["rejected"]) == (0, 8)
    assert result.rejected[0]["_errors"].startswith("send.not_sent: deliver returned a")


class UnspeakableError(Exception):
    """An exception that cannot say its own text."""

    def __str__(self) -> str:
        raise RuntimeError("no words")


@pytest.mark.parametrize("error", [UnspeakableError(), ValueError("half a character \ud800"), StopIteration()])
def test_odd_exceptions_are_refusals_like_others(error: Exception) -> None:
    """P32: whatever text an exception has, the row is rejected by its name and the send goes on."""

    def deliver(records: list[dict[str, Any]]) -> None:
        if any(record["qty"] == 6 for record in records):
            raise error

    result = send(deliver)
    assert result.counts["delivered"] == 7
    assert type(error).__name__ in result.rejected[0]["_errors"]
