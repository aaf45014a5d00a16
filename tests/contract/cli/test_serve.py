"""``fcwork serve``, as a user starts it: a real server, asked with the token and without."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

pytest.importorskip("voila", reason="pip install -e '.[voila]'")
pytestmark = [pytest.mark.socket, pytest.mark.kernel]


@pytest.fixture
def served(home: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Serve the operations notebook; give the process and the address that it printed."""
    command = [sys.executable, "-m", "fcwork", "serve", "operations", "-p", "PROFILE", "simulator", "--port", "0"]
    process = subprocess.Popen(
        command, cwd=home, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=dict(os.environ)
    )
    assert process.stdout
    yield process, process.stdout.readline().split()[-1]
    process.send_signal(signal.SIGINT)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    process.stdout.close()


def asked(address: str) -> httpx.Response:
    """Ask until the server is there."""
    return httpx.Client(transport=httpx.HTTPTransport(retries=30), timeout=120).get(address)


def test_who_has_the_token_is_let_in(served: tuple[subprocess.Popen[str], str]) -> None:
    """The address that is printed shows texts and panels without code; without its token nobody is let in."""
    process, address = served
    page = asked(address)
    assert page.status_code == 200
    assert "Day-2 work in one place" in page.text
    assert "fw.widgets.ConnectionPanel" not in page.text
    without = asked(address.partition("?")[0])
    assert (without.status_code, "/login" in without.headers["location"]) == (302, True)
    assert asked(address.partition("?")[0] + "api/kernels").status_code in {302, 403}
    listening = [one.laddr.ip for one in psutil.Process(process.pid).net_connections("tcp") if one.status == "LISTEN"]
    assert set(listening) == {"127.0.0.1"}
