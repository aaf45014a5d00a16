"""``fcwork serve`` for tests, as a user starts it."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import SplitResult, urlsplit


@contextmanager
def serving(folder: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Serve the operations notebook in a folder; give the process and the address that it printed."""
    process = subprocess.Popen(
        [sys.executable, "-m", "fcwork", "serve", "operations", *arguments, "--port", "0"],
        cwd=folder,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=dict(os.environ),
    )
    assert process.stdout
    try:
        address = process.stdout.readline().split()[-1]
        _wait_for(process, urlsplit(address))
        yield process, address
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


def _wait_for(process: subprocess.Popen[str], address: SplitResult) -> None:
    """Wait until it listens: the address is told before."""
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        with suppress(OSError), socket.create_connection((address.hostname or "", address.port or 0), 5):
            return
        time.sleep(0.1)
