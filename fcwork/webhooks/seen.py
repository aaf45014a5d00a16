"""``SeenEvents``: each event once, over threads, processes, machines that share a store, and restarts.

The platform signs no time, so an old request cannot be told by its age (docs.fluentcommerce.com: webhook-receivers).
What tells it is that its id was there before; so ids are kept for far longer than a sender repeats itself.
"""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path
from typing import Any

from fcwork.clock import SYSTEM, Clock
from fcwork.errors import ConfigError
from fcwork.settings import store_place
from fcwork.store import Store, open_store
from fcwork.store.contract import checked_seconds

DAY_SECONDS = 86_400
_PLAIN = re.compile(r"[!-~]{1,200}")  # anything else is kept by its hash
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


class SeenEvents:
    """Remembers keys of events in a store.

    Args:
        store: a store, its file or its ``postgresql://`` URL; else the one of the settings (``FCWORK_STORE``).
        ttl_seconds: how long a key is remembered. A replay after that is new again.
        name: keeps what several receivers have seen apart; those with the same name share it.
        clock: by which the time of a new entry is noted; the store judges when it is over.

    Raises:
        ConfigError: a name that is none; a store that cannot be.
        StoreError: a time that is none.
    """

    def __init__(
        self,
        store: Store | str | Path | None = None,
        *,
        ttl_seconds: float = 30 * DAY_SECONDS,
        name: str = "webhooks",
        clock: Clock = SYSTEM,
    ) -> None:
        if not _NAME.fullmatch(str(name)):
            raise ConfigError(
                f"{name!r} is no name", hint="letters, digits and . _ - only, beginning with a letter or a digit"
            )
        place = store_place() if store is None else store
        self._store = open_store(place, clock=clock) if isinstance(place, str | Path) else place
        self._ttl = checked_seconds("ttl_seconds", ttl_seconds)
        self._name = name
        self._clock = clock

    def __repr__(self) -> str:
        return f"SeenEvents({self._name} in {self._store!r})"

    def first(self, key: str, owner: str | None = None) -> bool:
        """Say whether ``key`` is new, and remember it: of all who ask at once, exactly one is told yes.

        Args:
            key: of an event, such as its ``replay_key``.
            owner: who asks. The same owner is told yes again, so that one who died in between may go on.

        Raises:
            StoreError: the store cannot be asked, so it is not known.
        """
        place = self._place(key)
        entry = {"at": self._clock.now().isoformat(), "owner": owner}
        if self._store.compare_and_set(place, None, entry, expires=self._ttl):
            return True
        return owner is not None and self._owner(place) == owner

    def forget(self, key: str) -> bool:
        """Let ``key`` be new again, and say whether it was known; for an event whose handling is to be repeated.

        Raises:
            StoreError: the store cannot be asked.
        """
        return self._store.delete(self._place(key))

    def close(self) -> None:
        """Let go of the store."""
        self._store.close()

    def __contains__(self, key: str) -> bool:
        return self._store.get(self._place(key)) is not None

    def _owner(self, place: str) -> Any:
        entry = self._store.get(place)
        return entry.get("owner") if isinstance(entry, dict) else None

    def _place(self, key: str) -> str:
        if _PLAIN.fullmatch(key):
            return f"webhooks.seen/{self._name}/={key}"
        return f"webhooks.seen/{self._name}/#{sha256(key.encode('utf-8', 'surrogatepass')).hexdigest()}"
