"""A platform with a file ledger that lasts, as its target is no embedded simulator, and a client of it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fcwork.client import FluentClient
from fcwork.clock import ManualClock
from fcwork.simulator import Fault, Faults, Simulator
from fcwork.webhooks import Event, verify


class Platform:
    """A simulator, a client of it, and the webhooks that it signs."""

    def __init__(self, *faults: Fault) -> None:
        self.clock = ManualClock()
        self.simulator = Simulator(positions=0, faults=Faults(list(faults)), clock=self.clock)
        options = {name: self.simulator.connect()[name] for name in ("base_url", "client_id", "client_secret")}
        options |= {name: self.simulator.connect()[name] for name in ("username", "password", "retailer_id")}
        self.client = FluentClient(**options, transport=self.simulator.transport(), clock=self.clock)

    def event(self, **facts: Any) -> Event:
        """Return a verified event; about an order unless told otherwise."""
        about = {"name": "OrderBooked", "entity_type": "ORDER", "entity_ref": "ORD-00002", **facts}
        signed = self.simulator.webhook(**about)
        return verify(signed.body, signed.headers, self.simulator.webhook_public_key)

    def order(self, ref: str) -> dict[str, Any]:
        """Return an order as the platform holds it."""
        orders = self.simulator.world.tables["Order"]
        return dict(orders.row(orders.column("ref").index(ref)))


@pytest.fixture
def platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Platform]:
    """Make a platform with a fault script; run-time files go to a folder of the test's own."""
    monkeypatch.setenv("FCWORK_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return Platform
