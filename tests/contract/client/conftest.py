"""A client and a simulator with a fault script, through each of the two doors."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from fcwork.client import FluentClient
from fcwork.clock import ManualClock
from fcwork.retry import RetryPolicy
from fcwork.simulator import Fault, Faults, Simulator

QUICK = RetryPolicy(base_seconds=0.02, floor_seconds=0.01, cap_seconds=0.05)


@dataclass
class Pair:
    """A simulator and a client of it."""

    sim: Simulator
    client: FluentClient


MakePair = Callable[..., Pair]


@pytest.fixture(params=["in-process", pytest.param("socket", marks=pytest.mark.socket)])
def pair(request: pytest.FixtureRequest) -> Iterator[MakePair]:
    """Make a pair with faults; options of the client by ``client=``, the rest is the simulator's.

    In process a clock that tests move is shared; over the socket time is real and waits are short.
    """
    with ExitStack() as opened:

        def make(*faults: Fault, client: dict[str, Any] | None = None, **options: Any) -> Pair:
            script = Faults(list(faults))
            options = {"positions": 300, **options}
            if request.param == "in-process":
                clock = ManualClock()
                sim = Simulator(faults=script, clock=clock, **options)
                how: dict[str, Any] = {"transport": sim.transport(), "clock": clock}
            else:
                sim = opened.enter_context(Simulator(faults=script, **options))
                how = {"policy": QUICK}
            made = FluentClient(**{**sim.connect(), **how, **(client or {})})
            opened.callback(made.close)
            return Pair(sim, made)

        yield make
