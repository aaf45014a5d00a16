"""A caller at each of the two doors."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx
import pytest

from fcwork.simulator import Simulator

Door = Callable[..., httpx.Client]


@pytest.fixture(params=["in-process", pytest.param("socket", marks=pytest.mark.socket)])
def door(request: pytest.FixtureRequest) -> Iterator[Door]:
    """Return a client of a simulator, with a token, through one of the doors."""
    with ExitStack() as opened:

        def client_of(sim: Simulator, *, timeout: float = 5.0) -> httpx.Client:
            transport = sim.transport() if request.param == "in-process" else None
            if transport is None:
                opened.enter_context(sim)
            client = opened.enter_context(httpx.Client(transport=transport, base_url=sim.url, timeout=timeout))
            settings = sim.connect()
            form = {name: settings[name] for name in ("client_id", "client_secret", "username", "password")}
            token = client.post("/oauth/token", data={"grant_type": "password", **form}).json()["access_token"]
            client.headers["Authorization"] = f"Bearer {token}"
            return client

        yield client_of
