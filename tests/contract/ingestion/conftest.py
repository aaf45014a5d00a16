"""A simulator, a client of it, and the main job between them, on a clock that does not wait."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

import fcwork as fw
from fcwork.clock import ManualClock
from fcwork.ingestion import IngestPlan
from fcwork.simulator import Fault, Faults, Simulator

MAPPING = {
    "fields": {
        "locationRef": {"source": "location", "required": True},
        "skuRef": {"source": "sku", "required": True},
        "qty": {"source": "quantity", "required": True, "resolver": "sdk.parseInt"},
        "type": {"value": "LAST_ON_HAND"},
        "status": {"source": "status", "defaultValue": "ACTIVE"},
    }
}


class Platform:
    """A simulator and a client of it that share a clock."""

    def __init__(self, *faults: Fault, **options: Any) -> None:
        self.clock = ManualClock()
        self.simulator = Simulator(positions=50, faults=Faults(list(faults)), clock=self.clock, **options)
        self.client = self.connect()

    def connect(self, **changed: str) -> fw.FluentClient:
        """Return a client, with other credentials where asked."""
        credentials = {**self.simulator.connect(), **changed}
        return fw.FluentClient(**credentials, transport=self.simulator.transport(), clock=self.clock)

    def plan(self, source: Any, **options: Any) -> IngestPlan:
        """Plan to load a stock file of the columns location, sku, quantity and status."""
        return fw.ingest(self.client, source, mapping=MAPPING, clock=self.clock, **options)


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Iterator[Callable[..., Platform]]:
    """Make a platform with a fault script; run-time files go to a folder of the test's own."""
    monkeypatch.setenv("FCWORK_HOME", str(tmp_path / "home"))
    made: list[Platform] = []

    def make(*faults: Fault, **options: Any) -> Platform:
        made.append(Platform(*faults, **options))
        return made[-1]

    yield make
    for platform in made:
        platform.client.close()


@pytest.fixture
def mapping() -> dict[str, Any]:
    """Give the mapping of a stock file."""
    return MAPPING
