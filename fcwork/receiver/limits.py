"""How much may come: requests a second, of one address and in all, and bytes that are held at once."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from fcwork.clock import SYSTEM, Clock

ADDRESSES = 10_000  # that are remembered; those that were silent for longest are forgotten


@dataclass
class _Bucket:
    left: float
    at: float


class Rate:
    """Says for how long to stay away: each address may ask so often, and all together so often.

    A second's worth may come at once. It is asked by one thread.

    Args:
        per_address: requests a second of one address; an IPv6 network of /64 counts as one.
        in_all: requests a second.
        clock: the time.
    """

    def __init__(self, per_address: float, in_all: float, *, clock: Clock = SYSTEM) -> None:
        self._per_address = per_address
        self._in_all = in_all
        self._clock = clock
        self._all = _Bucket(max(in_all, 1.0), clock.monotonic())
        self._known: dict[str, _Bucket] = {}

    def wait_seconds(self, address: str) -> float:
        """Return 0 and count the request, or the seconds after which another may come."""
        now = self._clock.monotonic()
        own = self._bucket(_network(address), now)
        wait = max(_filled(own, self._per_address, now), _filled(self._all, self._in_all, now))
        if wait == 0:
            own.left -= 1
            self._all.left -= 1
        return wait

    def _bucket(self, name: str, now: float) -> _Bucket:
        found = self._known.pop(name, None) or _Bucket(max(self._per_address, 1.0), now)
        self._known[name] = found  # the last one that asked stands last
        if len(self._known) > ADDRESSES:
            del self._known[next(iter(self._known))]
        return found


class Room:
    """How many bytes of bodies are held at once, by all requests together. It is asked by one thread.

    Args:
        most: bytes.
    """

    def __init__(self, most: int) -> None:
        self.left = most

    def take(self, size: int) -> bool:
        """Take room for so many bytes, unless there is none."""
        if size > self.left:
            return False
        self.left -= size
        return True

    def give(self, size: int) -> None:
        """Give room back."""
        self.left += size


def _filled(bucket: _Bucket, rate: float, now: float) -> float:
    """Fill a bucket by the time that passed, and return the seconds until it holds a request."""
    bucket.left = min(bucket.left + (now - bucket.at) * rate, max(rate, 1.0))
    bucket.at = now
    return 0.0 if bucket.left >= 1 else (1 - bucket.left) / rate


def _network(address: str) -> str:
    if ":" not in address:
        return address
    try:
        return str(ipaddress.ip_network(f"{address.partition('%')[0]}/64", strict=False))
    except ValueError:
        return address
