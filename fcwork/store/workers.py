"""Who holds a lease: a name by which others can tell whether its process is still there."""

from __future__ import annotations

import hashlib
import os
import secrets
import socket
from pathlib import Path
from typing import Literal

Life = Literal["alive", "dead", "unknown"]


def someone() -> str:
    """Return an owner's name: host, process, what tells the host's processes from those of another, a random part."""
    return f"{socket.gethostname()}:{os.getpid()}:{_space()}:{secrets.token_hex(4)}"


def life_of(owner: str) -> Life:
    """Return whether the process that an owner's name tells of is there; unknown where it runs somewhere else."""
    host, pid, space, _ = (owner.rsplit(":", 3) + [""] * 4)[:4]
    if host != socket.gethostname() or not space or space != _space() or not pid.isdecimal():
        return "unknown"
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return "dead"
    except PermissionError:
        pass  # it is another user's
    return "alive"


def _space() -> str:
    """Return what is the same just for processes that share their numbers; nothing where that cannot be told."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii")
        return hashlib.sha256(f"{boot}{os.readlink('/proc/self/ns/pid')}".encode()).hexdigest()[:12]  # noqa: PTH115 - no path
    except OSError:
        return ""
