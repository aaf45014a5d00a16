"""Refused bodies, kept for a look with ``fcwork verify`` or ``webhooks.diagnose``; so many and no more."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from fcwork import log, settings
from fcwork.clock import SYSTEM, Clock
from fcwork.receiver.limits import Rate

MOST, MOST_BYTES = 1_000, 100_000_000
A_SECOND = 20.0  # bodies; a flood fills no disk and keeps none busy
_logger = log.get("receiver")


class Quarantine:
    """A folder with a pair of files for each refused request: ``<stamp>-<reason>-<sha8>.body`` and ``.json``.

    Args:
        folder: ``receiver/quarantine`` of fcwork's run-time folder unless given.
        most: the pairs that are kept; the oldest go.
        most_bytes: that their bodies have together.
        clock: the time.
    """

    def __init__(
        self,
        folder: Path | None = None,
        *,
        most: int = MOST,
        most_bytes: int = MOST_BYTES,
        clock: Clock = SYSTEM,
    ) -> None:
        self.folder = folder or settings.home() / "receiver" / "quarantine"
        self._most = most
        self._most_bytes = most_bytes
        self._clock = clock
        self._rate = Rate(A_SECOND, A_SECOND, clock=clock)
        self._lock = threading.Lock()
        self._since = most  # bodies and bytes since the folder was looked at
        self._bytes = 0

    def keep(self, body: bytes, headers: Mapping[str, str], *, reason: str, at: datetime, **facts: Any) -> Path | None:
        """Keep a refused body with its headers, and return its path; None where too many come, or the disk is full."""
        with self._lock:
            if self._rate.wait_seconds("") > 0:
                return None
            name = f"{at:%Y%m%dT%H%M%S%fZ}-{reason.lower()}-{hashlib.sha256(body).hexdigest()[:8]}"
            told = {"headers": dict(headers), "refused": {"at": at.isoformat(), "reason": reason, **facts}}
            try:
                self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                self._make_room(len(body))
                kept = _write(self.folder / f"{name}.body", body)  # first: what is tidied is known by its body
                _write(kept.with_suffix(".json"), json.dumps(told, indent=2).encode())
            except OSError as error:
                _logger.warning("quarantine.not_kept", folder=str(self.folder), trouble=str(error))
                return None
            return kept

    def clean(self, *, older_than_seconds: float, dry_run: bool = False) -> tuple[int, int]:
        """Remove the pairs that are older, and return how many went and how many bytes; with ``dry_run`` none goes."""
        before = self._clock.now().timestamp() - older_than_seconds
        count = size = 0
        for body in sorted(self.folder.glob("*.body")):
            pair = [file for file in (body, body.with_suffix(".json")) if file.is_file()]
            if all(file.stat().st_mtime < before for file in pair):
                count, size = count + 1, size + sum(file.stat().st_size for file in pair)
                for file in () if dry_run else pair:
                    file.unlink(missing_ok=True)
        return count, size

    def _make_room(self, size: int) -> None:
        """Remove the oldest where there are too many; the folder is looked at once in a tenth of what it holds."""
        self._since += 1
        self._bytes += size
        if self._since <= self._most // 10 and self._bytes <= self._most_bytes // 10:
            return
        self._since, self._bytes = 0, 0
        bodies = sorted(self.folder.glob("*.body"))
        sizes = [file.stat().st_size for file in bodies]
        room, most = self._most_bytes * 9 // 10 - size, self._most * 9 // 10 - 1
        while bodies and (len(bodies) > most or sum(sizes) > room):
            oldest = bodies.pop(0)
            sizes.pop(0)
            for file in (oldest, oldest.with_suffix(".json")):
                file.unlink(missing_ok=True)


def _write(path: Path, content: bytes) -> Path:
    """Write a file that only its owner reads; half of one is removed again."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
    except OSError:
        with suppress(OSError):
            path.unlink()
        raise
    return path
