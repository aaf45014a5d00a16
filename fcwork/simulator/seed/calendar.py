"""When seed rows were committed and last changed."""

from datetime import UTC, datetime

from fcwork.simulator import instants

EDGE = datetime(2026, 1, 10, tzinfo=UTC)
"""The millisecond that many rows share: an edge of a window that starts or ends here."""
LATE_SECONDS = 30
"""How long before ``EDGE`` the row that was committed last says it was changed."""

_EDGE_MS = instants.to_ms(EDGE)
_SHARED = 60  # rows on the edge
_SPAN_MS = 2 * 86_400_000  # what a long table's changes spread over
_LONGEST_STEP_MS = 60_000
_AGE_MS = 30 * 86_400_000
_FEWEST = 10  # a shorter table has no late row


def updates(count: int) -> list[int]:
    """Return the ``updatedOn`` of ``count`` rows in the order they were committed."""
    before = count * 2 // 5
    shared = min(_SHARED, count - before)
    after = count - before - shared
    step = _step(count)
    changed = [_EDGE_MS - step * back for back in range(before, 0, -1)]
    changed += [_EDGE_MS] * shared
    changed += [_EDGE_MS + step * on for on in range(1, after + 1)]
    if count >= _FEWEST:
        changed[-1] = _EDGE_MS - LATE_SECONDS * 1000
    return changed


def creations(count: int) -> list[int]:
    """Return the ``createdOn`` of ``count`` rows: one after the other, long before any was changed."""
    step = _step(count)
    return [_EDGE_MS - _AGE_MS + step * row for row in range(count)]


def _step(count: int) -> int:
    return max(1, min(_LONGEST_STEP_MS, _SPAN_MS // max(count, 1)))
