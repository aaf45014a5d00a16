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
    """Return an owner's name: host, process and its beginning, whose process numbers they are, a random part."""
    pid = os.getpid()
    return f"{socket.gethostname()}:{pid}-{_begun(pid)}:{_space()}:{secrets.token_hex(4)}"


def life_of(owner: str) -> Life:
    """Return whether the process that an owner's name tells of is there; unknown where it runs somewhere else."""
    host, pid, begun, space = _told(owner)
    if host != socket.gethostname() or not space or space != _space() or not (pid.isdecimal() and begun):
        return "unknown"
    return "alive" if _begun(int(pid)) == begun else "dead"  # its number may be another process's by now


def process_of(owner: str) -> int | None:
    """Return the number of the process that an owner's name tells of; None where it is not there, or not here."""
    return int(_told(owner)[1]) if life_of(owner) == "alive" else None


def _told(owner: str) -> tuple[str, str, str, str]:
    """Return the host, the process, its beginning and its space, as a name tells them."""
    host, process, space, _ = (owner.rsplit(":", 3) + [""] * 4)[:4]
    pid, _, begun = process.partition("-")
    return host, pid, begun, space


def _begun(pid: int) -> str:
    """Return when a process began, in ticks since the machine did; nothing where there is none of that number."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[19]  # the 22nd field; the 2nd may hold anything (proc(5))


def _space() -> str:
    """Return what is the same just for processes that share their numbers; nothing where that cannot be told."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii")
        return hashlib.sha256(f"{boot}{os.readlink('/proc/self/ns/pid')}".encode()).hexdigest()[:12]  # noqa: PTH115 - no path
    except OSError:
        return ""
