import os
import signal
import time
from collections.abc import Iterator

import pytest

from fcwork.runner.signals import held, stoppable

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")


@pytest.fixture
def heard() -> Iterator[list[int]]:
    """Note the signals that arrive outside of a block."""
    came: list[int] = []
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, lambda it, _frame: came.append(it)) for number in numbers}
    yield came
    for number, handler in before.items():
        signal.signal(number, handler)


def send(number: signal.Signals) -> None:
    """Send this process a signal, and let it arrive."""
    os.kill(os.getpid(), number)
    time.sleep(0)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_first_signal_asks_and_the_second_ends(heard: list[int], number: signal.Signals) -> None:
    """P12: Ctrl-C, SIGTERM and a closed terminal ask a run to stop; any second one ends it."""
    asked: list[str] = []
    with stoppable(lambda: asked.append("stop"), lambda: asked.append("kill")):
        send(number)
        send(signal.SIGTERM)
    send(number)

    assert (asked, heard) == (["stop", "kill"], [number])


@pytest.mark.usefixtures("heard")
def test_a_run_under_nohup_outlives_its_terminal() -> None:
    """A signal of a closed terminal that is ignored, as nohup has it, goes on being ignored."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    asked: list[str] = []
    with stoppable(lambda: asked.append("stop"), lambda: asked.append("kill")):
        send(signal.SIGHUP)

    assert asked == []


def test_what_is_being_written_is_written_first(heard: list[int]) -> None:
    """A signal that comes while a run is written down is answered once that is done, and once only."""
    with held():
        send(signal.SIGTERM)
        send(signal.SIGINT)
        assert heard == []

    assert heard == [signal.SIGTERM]
