"""``fcwork serve``, as a user starts it: a real server, asked with the token and without."""

import json
import re
import signal
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
import websocket
from served import serving

pytest.importorskip("voila", reason="pip install -e '.[voila]'")
pytestmark = [pytest.mark.socket, pytest.mark.kernel]


@pytest.fixture
def served(home: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Serve the operations notebook of the simulator; give the process and the address that it printed."""
    with serving(home, "-p", "PROFILE", "simulator") as there:
        yield there


def asked(address: str) -> httpx.Response:
    """Ask until the server is there."""
    with httpx.Client(transport=httpx.HTTPTransport(retries=30), timeout=120) as client:
        return client.get(address)


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


def opened(address: str) -> tuple[str, httpx.Cookies]:
    """Open the app as a browser does; return the id of its kernel, and the cookies that let it in."""
    with httpx.Client(transport=httpx.HTTPTransport(retries=30), timeout=120, follow_redirects=True) as client:
        page = client.get(address)
        found = re.search(r'"kernelId": ?"([0-9a-f-]+)"', page.text)
        assert found
        return found[1], client.cookies


def message(kind: str, **content: Any) -> str:
    """Return a message to a kernel, as a page sends it."""
    header = {"msg_id": uuid.uuid4().hex, "msg_type": kind, "username": "", "session": uuid.uuid4().hex}
    whole = {"header": {**header, "version": "5.3", "date": ""}, "parent_header": {}, "metadata": {}}
    return json.dumps({**whole, "content": content, "channel": "shell", "buffers": []})


def said_to(url: str, headers: dict[str, str], *messages: str) -> list[str]:
    """Say messages to a kernel; return the kinds of what comes back, until it has told about itself."""
    socket = websocket.create_connection(url, timeout=60, header=headers)
    try:
        for one in (*messages, message("kernel_info_request")):
            socket.send(one)
        kinds: list[str] = []
        while "kernel_info_reply" not in kinds:
            kinds.append(json.loads(socket.recv())["header"]["msg_type"])
        return kinds
    finally:
        socket.close()


def test_a_visitor_runs_no_code_of_his_own(served: tuple[subprocess.Popen[str], str], home: Path) -> None:
    """A visitor's page may talk to its panels; what would run code is dropped, and no kernel is made on demand."""
    _, address = served
    kernel, cookies = opened(address)
    root, _, token = address.partition("?token=")
    channels = f"{root.replace('http', 'ws')}api/kernels/{kernel}/channels"
    headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
    run = message("execute_request", code="open('run-by-a-visitor', 'w').close()", silent=False, store_history=False)
    kinds = said_to(channels, headers, run)
    assert "execute_reply" not in kinds
    assert list(home.rglob("run-by-a-visitor")) == []
    with httpx.Client(headers={"Authorization": f"token {token}"}, timeout=60) as client:
        assert client.post(f"{root}api/kernels", json={"name": "python3"}).status_code in {403, 404, 405}
        for path in ("api/contents", "api/terminals", "files/x", "tree", "lab"):
            assert client.get(f"{root}{path}").status_code != 200, path


def test_other_pages_are_not_let_in(served: tuple[subprocess.Popen[str], str], home: Path) -> None:
    """A page of another origin reaches no kernel, though its browser has the cookie; no file is given away."""
    (home / "picture.png").write_bytes(b"secret pixels")
    _, address = served
    kernel, cookies = opened(address)
    root = address.partition("?")[0]
    channels = f"{root.replace('http', 'ws')}api/kernels/{kernel}/channels"
    cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
    with pytest.raises(websocket.WebSocketBadStatusException, match="403"):
        said_to(channels, {"Cookie": cookie, "Origin": "http://evil.example.com"})
    with pytest.raises(websocket.WebSocketBadStatusException):
        said_to(channels, {})
    assert asked(f"{root}voila/files/picture.png").status_code in {302, 403, 404}


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_and_leaves_nothing(served: tuple[subprocess.Popen[str], str], sign: signal.Signals) -> None:
    """Ctrl-C and SIGTERM end server and kernels with 0 and without a word; a port can be taken again."""
    process, address = served
    opened(address)
    kernels = psutil.Process(process.pid).children(recursive=True)
    assert kernels
    process.send_signal(sign)
    _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, "")
    _, alive = psutil.wait_procs(kernels, timeout=20)
    assert alive == []
