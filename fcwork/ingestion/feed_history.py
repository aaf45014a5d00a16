"""The profiles of a feed's loads, kept in the store."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fcwork.ingestion.feed_profile import Profile
from fcwork.ingestion.feed_terms import KEPT
from fcwork.store import Store

EXPIRES_SECONDS = 400 * 86_400.0  # a feed that nobody loads for so long is forgotten
_PREFIX, _SEPARATOR = "feed:", "\x1f"


@dataclass(frozen=True)
class FeedHistory:
    """The loads of one feed: of a workflow, to a target and its retailer, from one kind of source.

    Attributes:
        store: where they are kept.
        target: whose platform: a sandbox's history is not production's.
        workflow: what loads of this kind are called.
        series: what the sources have in common; see ``series_of``.
    """

    store: Store
    target: str
    workflow: str
    series: str

    def latest(self, number: int) -> list[Profile]:
        """Return the profiles of the latest loads, the oldest first.

        Raises:
            StoreError: the store cannot be used.
        """
        return [Profile.from_json(kept) for _, kept in self.store.items(self._key)][-number:]

    def keep(self, profile: Profile) -> None:
        """Keep the profile of a load; it takes the place of one of the same content, and of the oldest of too many.

        Raises:
            StoreError: the store cannot be used.
        """
        before = self.store.items(self._key)
        same = [key for key, kept in before if kept["sha256"] == profile.sha256]
        others = [key for key, _ in before if key not in same]
        for key in (*same, *others[: len(others) + 1 - KEPT if len(others) >= KEPT else 0]):
            self.store.delete(key)
        key = f"{self._key}{profile.at}{_SEPARATOR}{profile.sha256[:16]}"
        self.store.set(key, profile.to_json(), expires=EXPIRES_SECONDS)

    @property
    def _key(self) -> str:
        feed = hashlib.sha256(f"{self.workflow}{_SEPARATOR}{self.series}".encode("utf-8", "replace")).hexdigest()
        return f"{_PREFIX}{self.target}{_SEPARATOR}{feed[:32]}{_SEPARATOR}"


def series_of(source: Any) -> str:
    """Return what a source has in common with the next of its feed: its path, with ``#`` for each number in it."""
    if not isinstance(source, str | Path):
        return "frame"
    text = str(source)
    whole = text if "://" in text else Path(text).expanduser().absolute().as_posix()
    return re.sub(r"\d+", "#", whole)
