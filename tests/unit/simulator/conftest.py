"""A simulator on a clock that the test moves, and a caller that is let in."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx
import pytest

from fcwork.clock import ManualClock
from fcwork.simulator import Simulator

OAUTH_FIELDS = ("client_id", "client_secret", "username", "password")


@pytest.fixture
def clock() -> ManualClock:
    """Midday of an ordinary day."""
    return ManualClock()


@pytest.fixture
def make(clock: ManualClock) -> Callable[..., Simulator]:
    """Make a small simulator on the test's clock."""
    return lambda **options: Simulator(**{"positions": 5, "clock": clock, **options})


@pytest.fixture
def sim(make: Callable[..., Simulator]) -> Simulator:
    """A simulator without faults."""
    return make()


@pytest.fixture
def enter() -> Iterator[Callable[[Simulator], httpx.Client]]:
    """Return a client of a simulator that has a token."""
    with ExitStack() as opened:

        def client_of(sim: Simulator) -> httpx.Client:
            client = opened.enter_context(httpx.Client(transport=sim.transport(), base_url=sim.url))
            client.headers["Authorization"] = f"Bearer {token_of(client, sim)}"
            return client

        yield client_of


@pytest.fixture
def client(sim: Simulator, enter: Callable[[Simulator], httpx.Client]) -> httpx.Client:
    """A client of ``sim`` that has a token."""
    return enter(sim)


@pytest.fixture
def form(sim: Simulator) -> dict[str, str]:
    """The form of a password grant."""
    return password_form(sim)


def password_form(sim: Simulator) -> dict[str, str]:
    """Return the form of a password grant."""
    settings = sim.connect()
    return {"grant_type": "password", "scope": "api", **{name: settings[name] for name in OAUTH_FIELDS}}


def token_of(client: httpx.Client, sim: Simulator) -> str:
    """Return an access token."""
    return str(client.post("/oauth/token", data=password_form(sim)).json()["access_token"])
