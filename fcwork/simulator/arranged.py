"""A fault script at work: which faults befall a request, counted as the requests come."""

import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from fcwork.simulator.faults import BY_CONTENT, WEBHOOK, Fault, Faults


class Due:
    """The faults that befall one request.

    Args:
        faults: those of the script, in its order.
    """

    def __init__(self, faults: Sequence[Fault] = ()) -> None:
        self._faults = tuple(faults)
        self.kinds = [fault.kind for fault in faults]
        """The kinds that befall it; those that depend on its records join when they are looked at."""

    def first(self, kind: str) -> Fault | None:
        """Return the first fault of ``kind``, if any."""
        return next((fault for fault in self._faults if fault.kind == kind), None)

    def has(self, kind: str) -> bool:
        """Say whether a fault of ``kind`` is due."""
        return kind in self.kinds


class Arranged:
    """A script at work: it counts the requests that fit each entry. Safe to use from several threads.

    Args:
        faults: the script.
    """

    def __init__(self, faults: Faults) -> None:
        of_requests = [fault for fault in faults if not fault.kind.startswith(WEBHOOK)]
        self._by_request = [_Counter(fault) for fault in of_requests if fault.kind not in BY_CONTENT]
        self._by_content = [_Counter(fault) for fault in of_requests if fault.kind in BY_CONTENT]
        self._of_webhooks = [_Counter(fault) for fault in faults if fault.kind.startswith(WEBHOOK)]
        self._lock = threading.Lock()

    @property
    def by_content(self) -> bool:
        """Whether any fault depends on the records of a batch or what an event is about."""
        return bool(self._by_content)

    def due(self, method: str, path: str, body: bytes) -> Due:
        """Return what befalls a request, and count it."""
        return self._striking(self._by_request, method, path, body)

    def due_webhook(self, path: str, body: bytes) -> Due:
        """Return what befalls a webhook that is posted, and count it."""
        return self._striking(self._of_webhooks, "POST", path, body)

    def poison(self, method: str, path: str, body: bytes, refs: Collection[str]) -> str | None:
        """Return ``poison`` or ``poison_413`` where a batch that holds ``refs`` is refused, and count it."""
        with self._lock:
            struck = [
                entry.fault.kind
                for entry in self._about(method, path, body, {"poison", "poison_413"})
                if any(ref in refs for ref in entry.fault.codes()) and entry.strikes()
            ]
            return struck[0] if struck else None

    def codes(self, method: str, path: str, body: bytes, refs: Collection[str]) -> dict[str, int]:
        """Return the response codes of the records that are to fail, by reference, and count them."""
        failing: dict[str, int] = {}
        with self._lock:
            for entry in self._about(method, path, body, {"record"}):
                named = {ref: code for ref, code in entry.fault.codes().items() if ref in refs}
                if named and entry.counts():
                    failing.update({ref: code for ref, code in named.items() if entry.strikes_record(ref)})
        return failing

    def event_status(self, method: str, path: str, body: bytes, refs: Collection[str]) -> str | None:
        """Return the status in which an event that names ``refs`` is to end, if any, and count it."""
        with self._lock:
            struck = [
                str(entry.fault.details["event_status"])
                for entry in self._about(method, path, body, {"event_status"})
                if _names(entry.fault, refs) and entry.strikes()
            ]
            return struck[0] if struck else None

    def _striking(self, entries: "Sequence[_Counter]", method: str, path: str, body: bytes) -> Due:
        if not entries:
            return Due()
        with self._lock:
            fitting = [entry for entry in entries if entry.fault.fits(method, path, body)]
            return Due([entry.fault for entry in fitting if entry.strikes()])

    def _about(self, method: str, path: str, body: bytes, kinds: Collection[str]) -> list["_Counter"]:
        wanted = [entry for entry in self._by_content if entry.fault.kind in kinds]
        return [entry for entry in wanted if entry.fault.fits(method, path, body)]


def _names(fault: Fault, refs: Collection[str]) -> bool:
    """Say whether a fault names one of ``refs``, or none at all."""
    named = fault.codes()
    return not named or any(ref in refs for ref in named)


@dataclass
class _Counter:
    """How often an entry was fitted and struck, and each record of it."""

    fault: Fault
    fitted: int = 0
    struck: int = 0
    records: dict[str, int] = field(default_factory=dict)

    def counts(self) -> bool:
        """Count a request that fits; say whether it is one of the ``nth``."""
        self.fitted += 1
        return not self.fault.nth or self.fitted in self.fault.nth

    def strikes(self) -> bool:
        """Count a request that fits; say whether the fault happens."""
        if not self.counts() or (self.fault.times is not None and self.struck >= self.fault.times):
            return False
        self.struck += 1
        return True

    def strikes_record(self, ref: str) -> bool:
        """Say whether the fault happens to this record, and count it."""
        struck = self.records.get(ref, 0)
        self.records[ref] = struck + 1
        return self.fault.times is None or struck < self.fault.times
