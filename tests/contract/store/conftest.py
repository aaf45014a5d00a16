"""Places for stores of both kinds."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from postgres_server import server

from fcwork.clock import ManualClock
from fcwork.store import Store, open_store

__all__ = ["server"]  # a fixture


@pytest.fixture
def clock() -> ManualClock:
    """Return a clock that moves only when told to."""
    return ManualClock()


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return where a new store may be: a file, then a schema of the server."""
    if request.param == "sqlite":
        return str(tmp_path / "home" / "state.sqlite")
    return str(request.getfixturevalue("server").url())


@pytest.fixture
def opened() -> Iterator[Callable[..., Store]]:
    """Yield what opens a store; all are closed at the end."""
    stores: list[Store] = []

    def opener(place: str, **given: Any) -> Store:
        stores.append(open_store(place, **given))
        return stores[-1]

    yield opener
    for store in stores:
        store.close()


@pytest.fixture
def store(place: str, clock: ManualClock, opened: Callable[..., Store]) -> Store:
    """Return a new store whose time is the test's."""
    return opened(place, clock=clock)


@pytest.fixture
def workers(place: str) -> Iterator[Callable[..., list[subprocess.Popen[str]]]]:
    """Yield what runs code in several processes at once, each with the store ``s`` and its number ``me``."""
    started: list[subprocess.Popen[str]] = []
    begin = (
        "import sys, time, os, signal\nfrom fcwork.errors import StoreError\nfrom fcwork.store import hold, open_store"
    )
    begin += "\nfrom fcwork.settings import store_place\ns, me = open_store(store_place()), sys.argv[1]\n"

    def start(code: str, count: int = 1) -> list[subprocess.Popen[str]]:
        environment = {**os.environ, "FCWORK_STORE": place, "FCWORK_LOG": "quiet"}
        command = [sys.executable, "-W", "error", "-c", begin + code]
        new = [
            subprocess.Popen(
                [*command, str(me)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
            )
            for me in range(count)
        ]
        started.extend(new)
        return new

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()
