"""What came of a run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from fcwork import cards
from fcwork.errors import NotebookFailedError
from fcwork.runner.folder import NOTEBOOK, PAGE
from fcwork.runner.journal import State
from fcwork.runner.manifest import Published, published

FIGURES = ("read", "mapped", "rejected", "delivered", "unknown", "ready", "written")
REPORT = "report.html"


@dataclass(frozen=True, repr=False)
class RunResult:
    """How a run ended, and where it is.

    Attributes:
        state: see ``journal.State``.
        name, run_id: the notebook and the run.
        folder: holds the executed notebook, its page, parameters, events and ``result.json``.
        target: whose platform: host and retailer, ``SIMULATOR``, or nothing where the run got no further.
        parameters: all values that the notebook ran with, as far as they were plain.
        result: what the notebook recorded.
        failed_cell: the cell that failed, or left, counted as ``In [n]`` counts.
        ename, evalue: its error's type and text; without an error, what else is to be said.
        started_at, ended_at: instants in UTC.
        masked: where a known secret was masked, such as ``the output of cell [2]``.
        retry_of: the run that this one repeats, as its kernel had died.
        rerun_of: the earlier run that this one makes again, because somebody asked for it.
        schedule: that it was run for; empty for one that somebody began.
    """

    state: State
    name: str
    run_id: str
    folder: Path
    target: str
    parameters: dict[str, Any]
    result: dict[str, Any]
    failed_cell: int | None
    ename: str
    evalue: str
    started_at: datetime
    ended_at: datetime
    retry_of: str = ""
    rerun_of: str = ""
    masked: tuple[str, ...] = ()
    schedule: str = ""

    @property
    def ok(self) -> bool:
        """Whether everything went as it should: SUCCEEDED, or SKIPPED."""
        return self.state in {"SUCCEEDED", "SKIPPED"}

    @property
    def duration_seconds(self) -> float:
        """How long it took."""
        return (self.ended_at - self.started_at).total_seconds()

    @property
    def figures(self) -> dict[str, int]:
        """The recorded counts of rows: those of ``FIGURES`` that were recorded."""
        return {name: self.result[name] for name in FIGURES if isinstance(self.result.get(name), int)}

    @property
    def frames(self) -> dict[str, Published]:
        """The frames that the notebook published, by name; ``load`` reads one."""
        return published(self.folder)

    @property
    def report(self) -> Path:
        """The page to read first: the report if one was written, else the executed notebook's own page."""
        own = self.folder / REPORT
        return own if own.is_file() else self.folder / PAGE

    @property
    def reason(self) -> str:
        """Why the run ended as it did, in one line; nothing for a plain success."""
        where = f" in cell [{self.failed_cell}]" if self.failed_cell else ""
        if self.ename:
            return f"{self.ename}{where}: {self.evalue}"
        return f"{self.evalue}{where and f',{where}'}" if self.evalue else str(self.result.get("summary", ""))

    def raise_if_failed(self) -> None:
        """Raise where the run did not come to its end; a run completed with errors did.

        Raises:
            NotebookFailedError: with the cell, the error and the executed copy.
        """
        if not self.ok and self.state != "COMPLETED_WITH_ERRORS":
            raise NotebookFailedError(
                f"{self.name} ended as {self.state}: {self.reason}",
                notebook=self.name,
                cell=self.failed_cell,
                ename=self.ename,
                evalue=self.evalue,
                output=str(self.folder / NOTEBOOK),
                hint=f"read {self.report}",
            )

    def __str__(self) -> str:
        target = f" → {self.target}" if self.target else ""
        reason = f": {self.reason}" if self.reason else ""
        told = f"{self.name} {self.state} in {self.duration_seconds:.1f} s{target}{reason} ({self.folder})"
        return cards.line(told)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        figures = self.figures
        return cards.Card(
            line=str(self),
            state=self.state,
            tone=cards.tone_of(self.state),
            parts=cards.piles(figures),
            figures={name: count for name, count in figures.items() if name in ("read", "mapped", "written")},
            facts={
                "Run": self.run_id,
                "Target": self.target,
                "Failed in": f"cell [{self.failed_cell}]" if self.failed_cell else "",
                "Page": self.report,
            },
        ).html()
