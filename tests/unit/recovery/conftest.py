"""A small platform with a ledger of its own, and a home for checkpoints."""

import json
import random
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from fcwork.clock import ManualClock
from fcwork.errors import BadRequestError, ConnectionFailedError, NotFoundError, OutcomeUnknownError
from fcwork.routes import OUTCOME_SCHEMA, Findings, Limits, Receipt


class Platform:
    """A route whose far side lives in memory.

    Args:
        poison: references for whose sake a whole request is refused, without a word on which it was.
        told: for a reference, the outcomes that its records get, one a time it is sent, then delivered.
        faults: what happens to the n-th request, from 1: an exception to raise, or ``drop_before``, ``drop_after``
            (with the effect), ``kill_before``, ``kill_after`` (the sender dies).
        open_looks: how many looks find a batch still open.
    """

    name = "batch"

    def __init__(
        self,
        *,
        target: str = "TEST",
        repeat_safe: bool = True,
        verifiable: bool = True,
        limits: Limits | None = None,
        poison: Sequence[str] = (),
        told: dict[str, list[str]] | None = None,
        faults: dict[int, Any] | None = None,
        open_looks: float = 0,
        silent: Sequence[str] = (),
    ) -> None:
        self.target, self.repeat_safe, self.verifiable = target, repeat_safe, verifiable
        self.limits = limits or Limits()
        self.poison, self.told, self.faults = set(poison), dict(told or {}), dict(faults or {})
        self.open_looks, self.silent = open_looks, set(silent)
        self.requests: list[list[str]] = []
        self.effects: Counter[str] = Counter()
        self.held: dict[str, Any] = {}
        self.looks = 0
        self._batches: dict[str, dict[str, str]] = {}
        self._looked: Counter[str] = Counter()

    def entity_ref(self, rows: pl.DataFrame) -> pl.Series:
        """Return the rows' ref."""
        return rows["ref"].cast(pl.String)

    def pack(self, rows: pl.DataFrame) -> bytes:
        """Return the rows as JSON."""
        return rows.write_json().encode()

    def post(self, body: bytes, rows: int) -> Receipt:
        """Take a request, or fail as arranged."""
        records = json.loads(body)
        refs = [record["ref"] for record in records]
        assert len(refs) == rows
        assert len(set(refs)) == rows, "two records of one reference in a request"
        self.requests.append(refs)
        fault = self.faults.get(len(self.requests))
        if isinstance(fault, BaseException):
            raise fault
        if fault == "drop_before":
            raise ConnectionFailedError("nobody was reached")
        if fault == "kill_before":
            raise KeyboardInterrupt
        if self.poison & set(refs):
            raise BadRequestError("the request was refused", status=400)
        batch = self._take(records)
        if fault == "drop_after":
            raise OutcomeUnknownError("the connection broke while the answer was awaited")
        if fault == "kill_after":
            raise KeyboardInterrupt
        return Receipt(batch, rows, {"job": "1"})

    def outcomes(self, receipts: Sequence[Receipt]) -> Findings:
        """Tell of complete batches, in no order."""
        self.looks += 1
        lines, still = [], []
        for receipt in receipts:
            if receipt.id not in self._batches:
                raise NotFoundError(f"there is no batch {receipt.id}", status=404)
            self._looked[receipt.id] += 1
            if self._looked[receipt.id] <= self.open_looks:
                still.append(receipt.id)
                continue
            lines += [
                (receipt.id, ref, told, told[:3], f"about {told}") for ref, told in self._batches[receipt.id].items()
            ]
        random.Random(7).shuffle(lines)
        return Findings(pl.DataFrame(lines, schema=OUTCOME_SCHEMA, orient="row"), tuple(still))

    def _take(self, records: list[dict[str, Any]]) -> str:
        results = {}
        for record in records:
            ref = record["ref"]
            script = self.told.get(ref, [])
            outcome = script.pop(0) if script else "delivered"
            if outcome == "delivered":
                self.effects[ref] += 1
                self.held[ref] = record
            if ref not in self.silent:
                results[ref] = outcome
        batch = f"b{len(self.requests)}"
        self._batches[batch] = results
        return batch


@pytest.fixture
def platform() -> type[Platform]:
    """Give the class: each test arranges its own platform."""
    return Platform


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a home of the test's own for checkpoints."""
    monkeypatch.setenv("FCWORK_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def clock() -> ManualClock:
    """Give a clock that never makes a test wait."""
    return ManualClock()


@pytest.fixture
def positions() -> Callable[[int], pl.DataFrame]:
    """Give a maker of ``n`` rows with the references r0, r1 and so on."""
    return lambda n: pl.DataFrame(
        {"ref": [f"r{i}" for i in range(n)], "qty": list(range(n))}, schema={"ref": pl.String, "qty": pl.Int64}
    )
