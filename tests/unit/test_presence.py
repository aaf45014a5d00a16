"""Is somebody there who can be asked?"""

from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from fcwork import presence


class Terminal:
    """A stream that is a terminal, or none."""

    def __init__(self, *, is_one: bool) -> None:
        self.is_one = is_one

    def isatty(self) -> bool:
        """Say which."""
        return self.is_one


@pytest.fixture(autouse=True)
def streams(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Sit before a terminal, without a kernel; the streams of this process are pytest's."""
    own = SimpleNamespace(stdin=Terminal(is_one=True), stderr=Terminal(is_one=True), modules={})
    monkeypatch.setattr(presence, "sys", own)
    return own


def test_a_person_before_a_terminal_can_be_asked(streams: SimpleNamespace) -> None:
    """Both what is typed and what is asked have to be of a terminal."""
    assert presence.may_ask()
    streams.stdin = Terminal(is_one=False)
    assert not presence.may_ask()
    streams.stdin = None
    assert not presence.may_ask()


def test_nobody_is_asked_in_a_headless_process_or_in_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """P33: a process that says it is headless asks nobody, nor does a thread, whose question nobody sees."""
    with ThreadPoolExecutor(1) as pool:
        assert not pool.submit(presence.may_ask).result()
    monkeypatch.setenv("FCWORK_HEADLESS", "1")
    assert not presence.may_ask()


@pytest.mark.parametrize("takes", [True, False])
def test_a_kernel_knows_whether_its_front_end_takes_input(
    monkeypatch: pytest.MonkeyPatch,
    takes: bool,  # noqa: FBT001 - a parameter
) -> None:
    """In a notebook its front end can be asked; in a run of it nobody can."""
    monkeypatch.setattr(presence, "kernel", lambda: SimpleNamespace(_allow_stdin=takes))
    assert presence.may_ask() == takes
