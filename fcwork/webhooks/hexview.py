"""Two bodies beside each other, byte by byte, where they first differ."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from fcwork.personal.texts import spans_of_bytes

LINE = 16  # bytes
AROUND = 2  # lines before the difference, and after it
HEX_VIEW = pl.Schema(
    {
        "offset": pl.Int64(),  # of the line's first byte
        "body": pl.String(),  # received, or what the other one is called
        "hex": pl.String(),
        "text": pl.String(),  # ASCII; anything else is spelt out
        "differs": pl.Boolean(),
    }
)


def first_difference(one: bytes, other: bytes) -> int | None:
    """Return the offset of the first byte that is not the same, or None where all are."""
    if one == other:
        return None
    low, high = 0, min(len(one), len(other))
    while low < high:  # the first `low` bytes are the same
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one[low:middle] == other[low:middle] else (low, middle - 1)
    return low


def hex_view(received: bytes, other: bytes | None, called: str) -> pl.DataFrame:
    """Return the lines around the first difference, of both bodies; of one alone its first lines.

    Args:
        received: as it came.
        other: what it is compared with.
        called: what the other is.
    """
    at = 0 if other is None else first_difference(received, other) or 0
    begin = max(at // LINE - AROUND, 0) * LINE
    end = (at // LINE + AROUND + 1) * LINE
    bodies = _Body(received), None if other is None else _Body(other)
    rows = [row for offset in range(begin, end, LINE) for row in _rows(*bodies, called, offset)]
    return pl.DataFrame(rows, schema=HEX_VIEW, orient="row")


def spelt(raw: bytes) -> str:
    """Return bytes as ASCII: line ends, controls and all that is no ASCII spelt out."""
    return raw.decode("latin-1").encode("unicode_escape").decode()


def _rows(received: _Body, other: _Body | None, called: str, offset: int) -> Iterator[tuple[int, str, str, str, bool]]:
    mine = received.raw[offset : offset + LINE]
    theirs = None if other is None else other.raw[offset : offset + LINE]
    differs = theirs is not None and theirs != mine
    if mine or theirs:
        yield offset, "received", *received.shown(offset), differs
    if other is not None and differs:
        yield offset, called, *other.shown(offset), differs


class _Body:
    """A body as its bytes are shown: without those of values that are hidden."""

    def __init__(self, raw: bytes) -> None:
        self.raw, self._hidden = raw, spans_of_bytes(raw)

    def shown(self, offset: int) -> tuple[str, str]:
        """Return a line as hexadecimal digits, and as text."""
        line = [
            ("••", "•")
            if any(start <= at < stop for start, stop in self._hidden)
            else (f"{byte:02x}", spelt(bytes([byte])))
            for at, byte in enumerate(self.raw[offset : offset + LINE], offset)
        ]
        return " ".join(pair for pair, _ in line), "".join(text for _, text in line)
