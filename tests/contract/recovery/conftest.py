"""A client on a simulator, without a socket and without waiting."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from fcwork.client import FluentClient
from fcwork.clock import ManualClock
from fcwork.simulator import Fault, Faults, Simulator

Arrange = Callable[..., tuple[Simulator, FluentClient]]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a home of the test's own for checkpoints."""
    monkeypatch.setenv("FCWORK_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def clock() -> ManualClock:
    """Give the clock that client, simulator and send share."""
    return ManualClock()


@pytest.fixture
def arrange(clock: ManualClock) -> Arrange:
    """Give a maker of simulator and client; its arguments are the faults."""

    def made(*faults: Fault, **how: object) -> tuple[Simulator, FluentClient]:
        there = Simulator(clock=clock, positions=0, faults=Faults(faults), **how)
        return there, FluentClient(**there.connect(), transport=there.transport(), clock=clock)

    return made


@pytest.fixture
def stock() -> Callable[[int], pl.DataFrame]:
    """Give a maker of ``n`` inventory rows for the SKUs S0, S1 and so on."""
    return lambda n: pl.DataFrame(
        {
            "locationRef": ["LOC_1"] * n,
            "skuRef": [f"S{i}" for i in range(n)],
            "qty": [i % 90 for i in range(n)],
            "type": ["LAST_ON_HAND"] * n,
            "status": ["ACTIVE"] * n,
        }
    )
