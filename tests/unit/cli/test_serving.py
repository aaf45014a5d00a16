"""``fcwork serve``: what is refused before anything is served."""

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fcwork.cli import serving

Fcwork = Callable[..., Any]


@pytest.fixture(autouse=True)
def nothing_is_served(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each call end before a server begins."""
    del home
    monkeypatch.setattr(serving, "find_spec", lambda _name: object())
    monkeypatch.setattr(serving, "_served", lambda _command: pytest.fail("something was served"))


def test_without_voila_it_is_told_how_to_have_it(fcwork: Fcwork, monkeypatch: pytest.MonkeyPatch) -> None:
    """P32: where Voila is not installed, the message says what to install."""
    monkeypatch.setattr(serving, "find_spec", lambda _name: None)
    said = fcwork("serve", "operations")
    assert said.code == 2
    assert "pip install 'fcwork[voila]'" in said.err


def test_a_port_that_is_taken_is_told(fcwork: Fcwork) -> None:
    """P32: a port on which somebody listens is told, and no other is taken in silence."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        said = fcwork("serve", "operations", "--port", str(taken.getsockname()[1]))
    assert said.code == 2
    assert "--port 0" in said.err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("no-such",), "no-such"),
        (("operations", "-p", "ACTON", "jobs"), "ACTION"),
        (("operations", "-p", "DAYS", "many"), "DAYS"),
        (("operations", "-f", "none.yml"), "none.yml"),
    ],
)
def test_a_mistake_is_told_before_anything_is_served(fcwork: Fcwork, arguments: tuple[str, ...], told: str) -> None:
    """P10: parameters are judged as those of a run."""
    said = fcwork("serve", *arguments, "--port", "0")
    assert said.code == 2
    assert told in said.err


def test_the_token_is_not_on_the_command_line(
    fcwork: Fcwork, monkeypatch: pytest.MonkeyPatch, home: Path, tmp_path: Path
) -> None:
    """P9: the token is printed and in the environment; the server's command line, which all can read, lacks it."""
    commands: list[list[str]] = []
    monkeypatch.setattr(serving, "_served", lambda command: commands.append(command) or 0)
    monkeypatch.setenv("JUPYTER_TOKEN", "")
    said = fcwork("serve", "operations", "-p", "PROFILE", "simulator", "--port", "0", "--", "--Voila.cull_interval=600")
    token = said.out.partition("token=")[2].split()[0]
    [command] = commands
    assert (len(token) > 20, serving.os.environ["JUPYTER_TOKEN"]) == (True, token)
    assert not any(token in part for part in command)
    assert "--Voila.ip=127.0.0.1" in command
    assert command[-1] == "--Voila.cull_interval=600"
    page = Path(command[3])
    assert page.is_relative_to(home / ".fcwork" / "served")
    assert "PROFILE = 'simulator'" in page.read_text("utf-8")
    assert str(tmp_path) in page.read_text("utf-8")
