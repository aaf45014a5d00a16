"""A door: one path of the service, how it is checked, and to whom go the messages that come in by it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from fcwork.errors import ConfigError
from fcwork.receiver.checks import Check
from fcwork.receiver.handlers import Handler

HEALTH = "/health"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,59}")
_PATH = re.compile(r"/[A-Za-z0-9_.~/-]*")
USUAL_PATH = "/webhooks"


def name_of(path: str | None) -> str:
    """Return what a door is called that nobody named: its path, so that doors of two paths are two."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", path or USUAL_PATH).strip("-._")[:60] or "root"


@dataclass(frozen=True)
class Door:
    """One path of the service.

    Attributes:
        name: is part of what a repeat is known by: processes that share an inbox, and machines that share a store, give
            the same name to what is the same door.
        path: of the URL, exactly.
        check: tells whether a request is genuine.
        handler: is given what was accepted.
        attempts: how often a message is given to it at most.

    Raises:
        ConfigError: the name or the path is none.
    """

    name: str
    path: str
    check: Check
    handler: Handler
    attempts: int = 5

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ConfigError(
                f"{self.name!r} is no name for a door",
                hint="letters, digits and . _ - only, beginning with a letter or digit",
            )
        if not _PATH.fullmatch(self.path) or self.path == HEALTH:
            raise ConfigError(
                f"the door {self.name!r} cannot have the path {self.path!r}",
                hint=f"it begins with / and holds letters, digits and . _ ~ - / only; {HEALTH} is taken",
            )
        if self.attempts < 1:
            raise ConfigError(f"the door {self.name!r} has attempts={self.attempts}", hint="give 1 or more")
