"""What a check found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, overload

import polars as pl

from fcwork import cards
from fcwork.errors import ValidationError
from fcwork.validator import page


@dataclass(frozen=True, repr=False, eq=False)
class CheckResult:
    """What a check found; each frame is of the kind that came in.

    Attributes:
        valid: the rows without an error, with ``_row`` and ``_source``.
        rejected: the rows with at least one error, with ``_row``, ``_source`` and ``_errors`` (all its messages).
        issues: one line a finding, as ``frames.ISSUES``; a finding of the whole frame has no row.
        duplicates: all rows that share a key which must be unique, the one that stays among them.
        ok: whether there is no error, neither of a row nor of the frame. Of a sample it says no more than that.
        total: rows that were looked at.
        valid_count: rows without an error.
        rejected_count: rows with at least one error.
        counts: how many issues of each code there are, warnings among them, the most frequent first.
        sample_of: how many rows the frame has, where only its first ones were looked at; else None.
        summary: all that in one line.
        tolerated: for each rule that was broken within its threshold, which and how often.
    """

    valid: Any
    rejected: Any
    issues: Any
    duplicates: Any
    ok: bool
    total: int
    valid_count: int
    rejected_count: int
    counts: dict[str, int]
    sample_of: int | None
    summary: str
    tolerated: tuple[str, ...] = ()

    @property
    def sample(self) -> bool:
        """Whether only the first rows were looked at."""
        return self.sample_of is not None

    def raise_if_rejected(self) -> None:
        """Do nothing where ``ok`` is true.

        Raises:
            ValidationError: rows were rejected, or the frame as a whole was; with the summary, and the counts by code.
        """
        if not self.ok:
            raise ValidationError(
                self.summary,
                rejected=self.rejected_count,
                counts=self.counts,
                hint="the issues frame names each row and value; mend them, or go on with the valid rows alone",
            )

    def __str__(self) -> str:
        return cards.line(self.summary)

    def __repr__(self) -> str:
        return f"CheckResult({self})"

    def _repr_html_(self) -> str:
        return page.fragment(self)

    @overload
    def to_html(self, path: None = None, *, title: str = ...) -> str: ...

    @overload
    def to_html(self, path: str | Path, *, title: str = ...) -> Path: ...

    def to_html(self, path: str | Path | None = None, *, title: str = "Check") -> str | Path:
        """Return the result as a page of its own, without a script or an outside address, or write it.

        Args:
            path: where the page is written, whole or not at all; without one its text is returned.
            title: what heads it.

        Returns:
            The text, or the path that was written.

        Raises:
            SourceError: the page cannot be written there.
        """
        text = page.document(self, title)
        return text if path is None else page.written(text, Path(path))


def tally(issues: pl.DataFrame) -> dict[str, int]:
    """Return how many issues of each code there are, the most frequent first."""
    by_code = issues.group_by("code").len().sort(["len", "code"], descending=[True, False])
    return dict(by_code.iter_rows())


def summarize(
    issues: pl.DataFrame,
    *,
    total: int,
    rejected: int,
    rules: int,
    sample_of: int | None,
    tolerated: Sequence[str] = (),
) -> str:
    """Return one line that says what was looked at, what was found, and what was not looked at.

    Args:
        issues: all findings.
        total: rows that were looked at.
        rejected: how many of them have an error.
        rules: how many rules there were.
        sample_of: rows of the whole frame, where only its first ones were looked at.
        tolerated: what was broken within a threshold.
    """
    if not total:
        return "; ".join(["no rows to check", *issues.filter(pl.col("severity") == "error")["message"]])
    errors = issues.filter(pl.col("severity") == "error")
    parts = [_piles(errors.filter(pl.col("row").is_not_null()), total, rejected) if rules else "no rules were given"]
    parts += errors.filter(pl.col("row").is_null())["message"].to_list()
    if warnings := issues.height - errors.height:
        within = f" ({', '.join(tolerated)})" if tolerated else ""
        parts.append(f"{warnings:,} warning{'s' if warnings > 1 else ''}{within}")
    if sample_of is None:
        return f"{_rows(total)}: {'; '.join(parts)}"
    rest = sample_of - total
    parts.append(f"the other {rest:,} were not looked at" if rest else "the sample is all there is")
    return f"sample, the first {total:,} of {_rows(sample_of)}: {'; '.join(parts)}"


def _piles(errors: pl.DataFrame, total: int, rejected: int) -> str:
    if not rejected:
        return "all valid"
    codes = ", ".join(f"{code} {count:,}" for code, count in tally(errors).items())
    return f"{total - rejected:,} valid, {rejected:,} rejected ({codes})"


def _rows(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"
