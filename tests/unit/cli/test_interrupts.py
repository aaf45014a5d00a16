import os
import signal
import threading

import pytest

from fcwork.cli import interrupts


def _swallowing() -> None:
    try:
        os.kill(os.getpid(), signal.SIGINT)
    except KeyboardInterrupt as interrupt:
        message = "no data type"
        raise TypeError(message) from interrupt


def test_an_interrupt_that_became_another_error_is_remembered() -> None:
    """Ctrl-C raises as ever, and whoever turned it into an error of its own does not hide that it came."""
    with interrupts.remembered() as came:
        assert not came()
        with pytest.raises(TypeError, match="no data type"):
            _swallowing()
        assert came()


def test_what_listened_before_listens_again() -> None:
    """The handler that was there before the block is there after it."""
    before = signal.getsignal(signal.SIGINT)
    with interrupts.remembered():
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before


def test_a_thread_that_is_not_told_of_signals_goes_without() -> None:
    """In another thread than the main one nothing is changed, and nothing has come."""
    told = []

    def work() -> None:
        with interrupts.remembered() as came:
            told.append(came())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert told == [False]
