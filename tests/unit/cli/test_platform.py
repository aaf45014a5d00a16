import os
import re
import signal
import threading
from collections.abc import Callable
from typing import Any

import pytest

Fcwork = Callable[..., Any]


def test_connect_asks_step_by_step(fcwork: Fcwork) -> None:
    """`fcwork connect` names the target and says of token, GraphQL, jobs and events what each answered."""
    ended = fcwork("connect", "--profile", "simulator")

    assert ended.code == 0
    assert ended.out.startswith("SIMULATOR\n")
    assert re.findall(r"✓ (\w+)", ended.out) == ["token", "graphql", "jobs", "events"]


def test_connect_without_anything_set_is_refused(fcwork: Fcwork) -> None:
    """P33: a command line without a named target never falls back to the simulator."""
    ended = fcwork("connect")

    assert ended.code == 2
    assert "simulator" in ended.err
    assert ended.out == ""


@pytest.mark.socket
def test_connect_with_a_wrong_password_fails_and_hints(fcwork: Fcwork, monkeypatch: pytest.MonkeyPatch) -> None:
    """P32: a step that was refused says what was answered and what to do, and the code is 1."""
    from fcwork.simulator import Simulator

    with Simulator(positions=0) as simulator:
        for name, value in simulator.connect().items():
            monkeypatch.setenv(f"FLUENT_{name.upper()}", value)
        monkeypatch.setenv("FLUENT_PASSWORD", "a-wrong-password")
        ended = fcwork("connect")

    assert ended.code == 1
    assert "✗ token" in ended.out
    assert "→" in ended.out
    assert "a-wrong-password" not in ended.out + ended.err


@pytest.mark.socket
def test_simulate_prints_what_to_set_and_stops_cleanly(fcwork: Fcwork) -> None:
    """`fcwork simulate` prints the variables that another terminal needs, and ends well on Ctrl-C."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    timer = threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    try:
        ended = fcwork("simulate", "--port", "0", "--positions", "0")
    finally:
        timer.cancel()
        for number, handler in before.items():
            signal.signal(number, handler)

    assert ended.code == 0
    assert re.search(r"export FLUENT_BASE_URL=http://127\.0\.0\.1:\d+", ended.out)
    assert "export FLUENT_CLIENT_SECRET=" in ended.out
    assert re.search(r"export FLUENT_WEBHOOK_PUBLIC_KEY=MII", ended.out)
    assert "export FLUENT_ACCOUNT=SIMULATOR" in ended.out
    assert ended.out.endswith("stopped\n")
