"""What the receiver need not keep any longer: handled messages, refused requests, files given to notebooks."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from stat import S_ISREG

from fcwork import settings
from fcwork.clock import SYSTEM, Clock
from fcwork.receiver.inbox import Inbox, place
from fcwork.receiver.quarantine import Quarantine

DAY_SECONDS = 86_400.0


@dataclass(frozen=True)
class Cleared:
    """What went of one kind: how many, and their bytes."""

    what: str
    count: int
    bytes: int


def clean(*, older_than_seconds: float, dry_run: bool = False, clock: Clock = SYSTEM) -> Sequence[Cleared]:
    """Remove what is older, and return what went; with ``dry_run`` nothing goes.

    What waits, is being handled or is dead stays in the inbox. A notebook's bodies stay for a day at least, as it may
    be at work with them; for a message that is handled again they are written anew.

    Raises:
        StoreError: the inbox cannot be used.
    """
    now = clock.now().timestamp()
    refused = Quarantine(clock=clock).clean(older_than_seconds=older_than_seconds, dry_run=dry_run)
    bodies = _bodies(now - max(older_than_seconds, DAY_SECONDS), dry_run=dry_run)
    settled = _settled(older_than_seconds, clock, dry_run=dry_run)
    piles = {"settled messages": settled, "refused requests": refused, "files given to notebooks": bodies}
    return [Cleared(what, *pile) for what, pile in piles.items()]


def _settled(seconds: float, clock: Clock, *, dry_run: bool) -> tuple[int, int]:
    if not place().is_file():  # none is made for this
        return 0, 0
    with Inbox(clock=clock) as opened:
        found = opened.settled(older_than_seconds=seconds)
        while not dry_run and opened.tidy(older_than_seconds=seconds):
            pass
    return found


def _bodies(before: float, *, dry_run: bool) -> tuple[int, int]:
    sizes = []
    for file in (settings.home() / "receiver" / "bodies").rglob("*"):
        with suppress(FileNotFoundError):  # it is written anew at this moment
            found = file.lstat()
            if S_ISREG(found.st_mode) and found.st_mtime < before:
                sizes.append(found.st_size)
                if not dry_run:
                    file.unlink()
    return len(sizes), sum(sizes)
