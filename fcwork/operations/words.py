"""Counts in words."""

from __future__ import annotations

import polars as pl


def counted(count: int, one: str, several: str = "") -> str:
    """Return a number of things in words."""
    return f"{count:,} {one if count == 1 else several or f'{one}s'}"


def listed(found: pl.DataFrame, what: str, column: str) -> str:
    """Return how many there are, and of each state how many."""
    counts = found.group_by(column, maintain_order=True).len().iter_rows()
    told = ", ".join(f"{count:,} {state or 'without state'}" for state, count in counts)
    return f"{counted(found.height, what)}{f': {told}' if told else ''}"
