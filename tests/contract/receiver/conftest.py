"""A receiver in a process of its own, and somebody who signs and posts."""

import base64
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

KEY = rsa.generate_private_key(65537, 2048)
PATIENCE_SECONDS = 60.0


class Signed(NamedTuple):
    """A body, and the headers that prove it."""

    body: bytes
    headers: dict[str, str]


class Running:
    """A receiver under way.

    Attributes:
        url: where it listens, without a path.
        home: its folder; messages go to ``out`` in it.
    """

    def __init__(self, home: Path, arguments: tuple[str, ...], environment: dict[str, str]) -> None:
        self.home = home
        command = [sys.executable, "-m", "fcwork", "receive", "--port", "0", *arguments]
        where = {"FCWORK_HOME": str(home / "home"), "FCWORK_LOG": "json", **environment}
        self.log = home / f"receiver-{time.monotonic_ns()}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command, cwd=home, env={**os.environ, **where}, stdout=subprocess.PIPE, stderr=log, text=True
            )
        assert self.process.stdout is not None
        first = self.process.stdout.readline()
        assert first, self.log.read_text("utf-8")
        self.url = first.split()[0].removesuffix("/webhooks")
        self._client = httpx.Client(timeout=20, limits=httpx.Limits(max_keepalive_connections=0))

    def post(self, signed: Signed, path: str = "/webhooks", **headers: str) -> httpx.Response:
        """Send a webhook."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._client.post(f"{self.url}{path}", content=signed.body, headers={**signed.headers, **named})

    def health(self) -> dict[str, Any]:
        """Return what it says of itself."""
        found: dict[str, Any] = self._client.get(f"{self.url}/health").json()
        return found

    def until(self, **counts: int) -> dict[str, Any]:
        """Wait until so many messages are in each state."""
        end = time.monotonic() + PATIENCE_SECONDS
        while True:
            found = self.health()
            if {name: found.get(name) for name in counts} == counts:
                return found
            assert time.monotonic() < end, (found, self.log.read_text("utf-8"))
            time.sleep(0.1)

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        """Leave nothing behind."""
        if self.process.poll() is None:
            self.kill()
        self._client.close()
        assert self.process.stdout is not None
        self.process.stdout.close()

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Ask it to stop, and return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(PATIENCE_SECONDS)


@pytest.fixture(scope="session")
def sign() -> Callable[..., Signed]:
    """Return what signs an event of account ACME."""

    def signed(number: object, *, raw: bytes | None = None, **fields: Any) -> Signed:
        event = {"id": f"event-{number}", "name": "OrderCreated", "accountId": "ACME", "retailerId": "1"}
        event |= {"entityType": "ORDER", "entityRef": f"O-{number}", **fields}
        body = json.dumps(event, separators=(",", ":")).encode() if raw is None else raw
        made = KEY.sign(body, padding.PKCS1v15(), hashes.SHA512())
        headers = {"fluent-signature": base64.b64encode(made).decode(), "content-type": "application/json"}
        return Signed(body, headers)

    return signed


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Return what starts a receiver, with a folder behind it unless the arguments say otherwise."""
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    (tmp_path / "key.pem").write_bytes(KEY.public_key().public_bytes(serialization.Encoding.PEM, form))
    started: list[Running] = []

    def start(*arguments: str, home: Path = tmp_path, checked: bool = True, **environment: str) -> Running:
        if checked:
            arguments = ("--keys", str(tmp_path / "key.pem"), "--account", "ACME", *arguments)
        if "--to" not in arguments and "-c" not in arguments:
            arguments = (*arguments, "--to", "folder", "--folder", "out")
        started.append(Running(home, arguments, environment))
        return started[-1]

    yield start
    for one in started:
        one.close()
