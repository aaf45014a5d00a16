"""What an operation found, and what it changes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, Self, TypeAlias

import polars as pl

from fcwork import cards, reports, sources
from fcwork.ingestion import IngestResult
from fcwork.operations.asked import Action
from fcwork.personal.columns import masked
from fcwork.recovery import Progress, SendResult

State: TypeAlias = Literal["SUCCEEDED", "COMPLETED_WITH_ERRORS", "REFUSED", "SKIPPED", "FAILED"]
OnProgress: TypeAlias = Callable[[Progress], None]
SHOWN = 20  # rows of a table
_PILES = ("delivered", "rejected", "unknown")
_OTHERS = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True)
class Table:
    """Rows that were found.

    Attributes:
        rows: what.
        ours: whether its columns are fcwork's own; those of others are hidden where personal data are.
    """

    rows: pl.DataFrame
    ours: bool = True

    def shown(self) -> pl.DataFrame:
        """Return the rows as they may be shown to others, with instants as texts that people read."""
        return _flat(self.rows if self.ours else masked(self.rows))


@dataclass(frozen=True)
class Outcome:
    """What a change came to."""

    told: str
    state: State = "SUCCEEDED"
    result: IngestResult | SendResult | None = None


Change: TypeAlias = Callable[[bool, OnProgress | None], Outcome | None]
"""Changes something, unless the first argument says that this is a dry run; then it returns what it would come to."""


@dataclass(frozen=True, repr=False, kw_only=True)
class Operation:
    """What was found, and what would be changed.

    Attributes:
        action: which.
        told: what was found, or done, in one line.
        tables: what was found, by its title; the first is the main one.
        state: how it is: SUCCEEDED, or COMPLETED_WITH_ERRORS and FAILED where what was found is not well.
        target: whose platform, where one was asked.
        proposed: what ``apply`` would do; empty where there is nothing to do.
        dry_run: whether a change was asked for, and not made; None where none was.
        result: what a load or a send came to.
    """

    action: Action
    told: str
    tables: Mapping[str, Table] = field(default_factory=dict)
    state: State = "SUCCEEDED"
    target: str = ""
    proposed: str = ""
    dry_run: bool | None = None
    result: IngestResult | SendResult | None = None
    change: Change | None = field(default=None, repr=False)

    @property
    def rows(self) -> pl.DataFrame:
        """The main table."""
        return next((table.rows for table in self.tables.values()), pl.DataFrame())

    @property
    def summary(self) -> str:
        """The operation in one honest line."""
        if self.dry_run and self.result is None:
            return f"DRY RUN, nothing was changed: {self.told}; it would {self.proposed}"
        ahead = f"; apply(dry_run=False) would {self.proposed}" if self.proposed and self.result is None else ""
        return f"{self.told}{ahead}"

    def apply(self, *, dry_run: bool = True, on_progress: OnProgress | None = None) -> Self:
        """Do what is proposed; where nothing is, what was found stays as it is.

        Args:
            dry_run: change nothing.
            on_progress: of a load or a send, called as rows are settled.

        Raises:
            FcworkError: as the function that does it.
        """
        if self.change is None:
            return self
        outcome = self.change(dry_run, on_progress)
        if outcome is None:
            return replace(self, dry_run=True)
        done = replace(self, told=outcome.told, state=outcome.state, result=outcome.result, dry_run=dry_run)
        return done if dry_run else replace(done, proposed="", change=None)

    def write(self, folder: str | Path) -> tuple[Path, ...]:
        """Write what was found, a csv for each table with rows, and the report or the dead letters of what was sent.

        Personal data are hidden in the tables, and cells that a spreadsheet would carry out are made harmless.

        Returns:
            The paths.

        Raises:
            SourceError: the folder cannot be written.
        """
        place, written = Path(folder), list[Path]()
        for title, table in self.tables.items():
            if not table.rows.height:
                continue
            path = place / f"{_OTHERS.sub('-', title.lower()).strip('-')}.csv"
            sources.write(table.shown(), sources.literal(path), safe="spreadsheet", identity=True)
            written.append(path)
        return (*written, *_written(self.result, place))

    def to_record(self) -> dict[str, Any]:
        """Return the operation as JSON-like data without its tables: what a run records."""
        load = self.result.to_record() if isinstance(self.result, IngestResult) else {}
        if isinstance(self.result, SendResult):
            load = {"read": self.result.counts["rows"], **{pile: self.result.counts[pile] for pile in _PILES}}
        facts = {"action": self.action, "found": {title: table.rows.height for title, table in self.tables.items()}}
        dry = {} if self.dry_run is None else {"dry_run": self.dry_run}
        whose = {"target": self.target} if self.target else {}
        return {**load, "state": self.state, "summary": self.summary, **whose, **dry, **facts}

    def __str__(self) -> str:
        return cards.line(self.summary)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        shown = [
            cards.table(_flat(table.rows), limit=SHOWN, caption=title, ours=table.ours)
            for title, table in self.tables.items()
            if table.rows.height
        ]
        ahead = bool(self.proposed) and self.result is None
        return cards.Card(
            line=self.summary,
            state="proposed" if ahead else self.state,
            tone="calm" if ahead else cards.tone_of(self.state),
            below=shown,
        ).html()


def simply(do: Callable[[], Outcome]) -> Change:
    """Return a change that a dry run leaves alone."""
    return lambda dry_run, _on_progress: None if dry_run else do()


def _written(result: IngestResult | SendResult | None, place: Path) -> tuple[Path, ...]:
    if isinstance(result, IngestResult):
        report = reports.write(result, place)
        return tuple(place / name for name in report.files)
    if isinstance(result, SendResult) and not result.ok:
        return (result.write_dead_letters(place / "dead_letters.csv"),)
    return ()


def _flat(rows: pl.DataFrame) -> pl.DataFrame:
    """Return rows with instants, which are all in UTC, as texts that people read."""
    times = [name for name, kind in rows.schema.items() if isinstance(kind, pl.Datetime)]
    return rows.with_columns(pl.col(times).dt.strftime("%Y-%m-%d %H:%M:%S")) if times else rows
