"""A simulator on a clock that does not wait, a client of it, and a way to change what it holds."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

import fcwork as fw
from fcwork.clock import ManualClock
from fcwork.extraction import ExtractResult
from fcwork.simulator import Fault, Faults, Simulator
from fcwork.simulator.instants import to_ms


class Platform:
    """A simulator and a client of it that share a clock; it holds 50 inventory positions unless told otherwise."""

    def __init__(self, *faults: Fault, **options: Any) -> None:
        self.clock = ManualClock()
        self.simulator = Simulator(**{"positions": 50, **options}, faults=Faults(list(faults)), clock=self.clock)
        self.client = fw.FluentClient(
            **self.simulator.connect(), transport=self.simulator.transport(), clock=self.clock
        )

    def extract(self, what: str = "inventory_positions", **options: Any) -> ExtractResult:
        """Extract, on the clock of both."""
        return fw.extract(self.client, what, clock=self.clock, **options)

    def change(self, kind: str, at: int, when: datetime, **values: Any) -> None:
        """Change an entity, as committed now with the time of change ``when``."""
        self.simulator.world.tables[kind].change(at, {"updatedOn": to_ms(when), **values})

    @property
    def queries(self) -> int:
        """How many queries came so far."""
        return self.simulator.ledger.count("POST", "/graphql")


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[..., Platform]]:
    """Make a platform with a fault script; run-time files go to a folder of the test's own."""
    monkeypatch.setenv("FCWORK_HOME", str(tmp_path / "home"))
    made: list[Platform] = []

    def make(*faults: Fault, **options: Any) -> Platform:
        made.append(Platform(*faults, **options))
        return made[-1]

    yield make
    for platform in made:
        platform.client.close()
