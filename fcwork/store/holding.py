"""A lease that is kept for as long as a block runs."""

from __future__ import annotations

import os
import secrets
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from fcwork import log
from fcwork.clock import SYSTEM, Clock
from fcwork.errors import StoreError
from fcwork.store.contract import Lease, Store, checked_seconds, lost

_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0  # seconds, between two askings for a lease that another holds
_logger = log.get("store")


class Held:
    """A lease whose time is renewed in the background until it is given back; ``hold`` makes it.

    Args:
        store: which gave it.
        lease: as it was given.
        ttl: seconds that each renewal lasts; the next comes after a third of them.
        asked_at: the clock's monotonic seconds before it was asked for.
        clock: the time.
    """

    def __init__(self, store: Store, lease: Lease, *, ttl: float, asked_at: float, clock: Clock) -> None:
        self._store = store
        self._lease = lease
        self._ttl = ttl
        self._until = asked_at + ttl  # by this worker's clock: at the latest then, it may be another's
        self._clock = clock
        self._lost = False
        self._process = os.getpid()
        self._over = threading.Event()
        self._heart = threading.Thread(target=self._beat, name=f"lease {lease.name}", daemon=True)
        self._heart.start()

    def __repr__(self) -> str:
        return f"Held({self._lease!r}, lost={self.lost})"

    @property
    def lease(self) -> Lease:
        """The lease as last renewed, to be given as ``fence=``."""
        return self._lease

    @property
    def lost(self) -> bool:
        """Whether it was lost, as far as this worker knows without asking the store; once lost, it stays so."""
        if self._clock.monotonic() >= self._until:
            self._lost = True
        return self._lost

    def check(self) -> None:
        """Ask the store, before doing what only the holder may do.

        Raises:
            StoreError: the lease was lost, or the store cannot say.
        """
        if self.lost or not self._store.check(self._lease):
            self._lost = True
            raise lost(self._lease)

    def give_back(self) -> None:
        """Stop renewing and release the lease; trouble is logged, as the lease then ends by itself.

        A forked child leaves the lease to its parent.
        """
        if os.getpid() != self._process:
            return
        self._over.set()
        self._heart.join()
        try:
            released = self._store.release(self._lease)
        except StoreError as error:
            _logger.warning("lease_not_released", lease=self._lease.name, error=error.message)
        else:
            if not released:
                self._lost = True
                _logger.warning("lease_was_lost", lease=self._lease.name, owner=self._lease.owner)

    def _beat(self) -> None:
        pause = self._ttl / 3
        while not self._over.wait(pause) and not self.lost:
            pause = self._ttl / 3 if self._renewed() else min(self._ttl / 10, 1.0)

    def _renewed(self) -> bool:
        asked_at = self._clock.monotonic()
        try:
            self._lease = self._store.renew(self._lease, ttl=self._ttl)
        except StoreError as error:
            _logger.warning("lease_not_renewed", lease=self._lease.name, error=error.message)
            self._lost = self._lost or self._gone()
            return False
        self._until = asked_at + self._ttl
        return True

    def _gone(self) -> bool:
        """Say whether the store knows the lease as lost; while it cannot say, hope stays until the time is over."""
        try:
            return not self._store.check(self._lease)
        except StoreError:
            return False


@contextmanager
def hold(
    store: Store,
    name: str,
    *,
    owner: str | None = None,
    ttl: float = 60.0,
    wait_seconds: float = 0.0,
    clock: Clock = SYSTEM,
) -> Iterator[Held]:
    """Hold a lease inside the block: acquired before, renewed by a thread each third of ``ttl``, released after.

    What only the holder may do begins with ``check()``; writes to the store take ``fence=held.lease``.

    Args:
        store: which gives the lease.
        name: what it is for.
        owner: who holds it, for others to read; host, process and a random part unless given.
        ttl: seconds after which others may take it over if this worker falls silent.
        wait_seconds: how long to wait for another holder.
        clock: the time by which is waited, and by which this worker knows the lease as lost. Between two renewals
            real time passes, whatever the clock.

    Raises:
        StoreError: another holds it, or the store cannot be used.
    """
    checked_seconds("ttl", ttl)
    if wait_seconds:
        checked_seconds("wait_seconds", wait_seconds)
    lease, asked_at = _acquired(store, name, owner or _someone(), ttl=ttl, wait_seconds=wait_seconds, clock=clock)
    held = Held(store, lease, ttl=ttl, asked_at=asked_at, clock=clock)
    try:
        yield held
    finally:
        held.give_back()


def _someone() -> str:
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


def _acquired(
    store: Store, name: str, owner: str, *, ttl: float, wait_seconds: float, clock: Clock
) -> tuple[Lease, float]:
    """Return the lease, and the monotonic seconds before it was asked for."""
    asked_at = clock.monotonic()
    deadline, pause = asked_at + wait_seconds, _SHORTEST_PAUSE
    while (lease := store.acquire(name, owner, ttl=ttl)) is None:
        left = deadline - clock.monotonic()
        if left <= 0:
            raise _taken(store, name, wait_seconds)
        clock.sleep(min(pause, left))
        pause = min(pause * 2, _LONGEST_PAUSE)
        asked_at = clock.monotonic()
    return lease, asked_at


def _taken(store: Store, name: str, wait_seconds: float) -> StoreError:
    waited = f" after {wait_seconds:g} seconds of waiting" if wait_seconds else ""
    holder = next((lease for lease in store.leases(name) if lease.name == name), None)
    if holder is None:
        return StoreError(f"the lease {name!r} was held until just now{waited}", hint="try again")
    since, until = (f"{at:%Y-%m-%d %H:%M:%S} UTC" for at in (holder.acquired_at, holder.expires_at))
    return StoreError(
        f"the lease {name!r} is held by {holder.owner!r} since {since}{waited}",
        hint=f"wait for it (wait_seconds=…); if its holder is dead, it is free after {until}",
    )
