"""A lease that is kept for as long as a block runs."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from fcwork import log
from fcwork.clock import SYSTEM, Clock
from fcwork.errors import LeaseTakenError, StoreError
from fcwork.store.contract import Lease, Store, checked_seconds, lost
from fcwork.store.workers import life_of, someone

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
            _logger.warning("lease.not_released", lease=self._lease.name, error=error.message)
        else:
            if not released:
                self._lost = True
                _logger.warning("lease.lost", lease=self._lease.name, owner=self._lease.owner)

    def _beat(self) -> None:
        pause = self._ttl / 3
        while not self._over.wait(pause) and not self.lost:
            pause = self._ttl / 3 if self._renewed() else min(self._ttl / 10, 1.0)

    def _renewed(self) -> bool:
        asked_at = self._clock.monotonic()
        try:
            self._lease = self._store.renew(self._lease, ttl=self._ttl)
        except StoreError as error:
            _logger.warning("lease.not_renewed", lease=self._lease.name, error=error.message)
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
    outlive: bool = False,
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
        outlive: take over at once from a holder whose process on this machine is gone; from one on another machine,
            wait until it renews its lease, which shows that it lives, or its time is over.
        clock: the time by which is waited, and by which this worker knows the lease as lost. Between two renewals
            real time passes, whatever the clock.

    Raises:
        LeaseTakenError: another holds it.
        StoreError: the store cannot be used.
    """
    checked_seconds("ttl", ttl)
    if wait_seconds:
        checked_seconds("wait_seconds", wait_seconds)
    asking = _Asking(store, name, owner or someone(), ttl=ttl, clock=clock)
    lease, asked_at = asking.outliving() if outlive else asking.waiting(wait_seconds)
    held = Held(store, lease, ttl=ttl, asked_at=asked_at, clock=clock)
    try:
        yield held
    finally:
        held.give_back()


@dataclass(frozen=True, kw_only=True)
class _Asking:
    """Asks for a lease; gives it with the monotonic seconds before it was asked for."""

    store: Store = field(kw_only=False)
    name: str = field(kw_only=False)
    owner: str = field(kw_only=False)
    ttl: float
    clock: Clock

    def waiting(self, wait_seconds: float) -> tuple[Lease, float]:
        """Ask until ``wait_seconds`` are over."""
        deadline, pause = self.clock.monotonic() + wait_seconds, _SHORTEST_PAUSE
        while True:
            lease, asked_at = self._ask()
            if lease:
                return lease, asked_at
            left = deadline - self.clock.monotonic()
            if left <= 0:
                raise _taken(self._holder(), self.name, wait_seconds)
            self.clock.sleep(min(pause, left))
            pause = min(pause * 2, _LONGEST_PAUSE)

    def outliving(self) -> tuple[Lease, float]:
        """Ask until the holder shows that it lives."""
        first: Lease | None = None
        while True:
            lease, asked_at = self._ask()
            if lease:
                return lease, asked_at
            holder = self._holder()
            if holder is None:
                continue
            first = first or holder
            life = life_of(holder.owner)
            if life == "dead":
                self.store.release(holder)
                _logger.warning("lease.of_a_dead_holder", lease=self.name, owner=holder.owner)
            elif life == "alive" or (holder.token, holder.expires_at) != (first.token, first.expires_at):
                raise _taken(holder, self.name, 0.0)
            else:
                self.clock.sleep(_LONGEST_PAUSE)

    def _ask(self) -> tuple[Lease | None, float]:
        asked_at = self.clock.monotonic()
        return self.store.acquire(self.name, self.owner, ttl=self.ttl), asked_at

    def _holder(self) -> Lease | None:
        return next((lease for lease in self.store.leases(self.name) if lease.name == self.name), None)


def _taken(holder: Lease | None, name: str, wait_seconds: float) -> LeaseTakenError:
    waited = f" after {wait_seconds:g} seconds of waiting" if wait_seconds else ""
    if holder is None:
        return LeaseTakenError(f"the lease {name!r} was held until just now{waited}", hint="try again")
    since, until = (f"{at:%Y-%m-%d %H:%M:%S} UTC" for at in (holder.acquired_at, holder.expires_at))
    return LeaseTakenError(
        f"the lease {name!r} is held by {holder.owner!r} since {since}{waited}",
        hint=f"wait for it (wait_seconds=…); if its holder is dead, it is free after {until}",
    )
