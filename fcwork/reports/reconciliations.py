"""What the report of a reconciliation says: what was compared, what is proposed, what waits, and what was applied."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from fcwork import frames
from fcwork.personal.columns import masked
from fcwork.reconciliation import showing
from fcwork.reconciliation.asked import SIDES, SideName
from fcwork.reconciliation.judging import ACTIONS
from fcwork.reconciliation.result import MEANINGS
from fcwork.reports import page
from fcwork.reports.figures import reasons
from fcwork.reports.loads import LoadReport
from fcwork.reports.page import About, Pile, code, rows, text

if TYPE_CHECKING:
    from fcwork.ingestion import IngestResult
    from fcwork.reconciliation import Approval
    from fcwork.reconciliation.handing_on import HandedOn
    from fcwork.stages import Stage

SHOWN = 25  # differences
ISSUES = "reconciliation_issues.csv"
_DRY_RUN = "Nothing was applied. This is what would have happened."
_WIDE = frozenset({"reason"})


@dataclass(frozen=True)
class Whole:
    """Comparison, approval and what was applied as one result."""

    state: str
    summary: str
    target: str
    dry_run: bool
    stages: Sequence[Stage]


class ReconciliationReport:
    """Tells of a reconciliation, and of the load or the file that came of it.

    Attributes:
        result: the whole, as the run records it.
        title: what heads the page unless the caller says otherwise.
        issues: the findings of the comparison and the approvals.
        logged: the figures that the log keeps.
    """

    title = "Reconciliation"

    def __init__(self, approval: Approval, applied: IngestResult | HandedOn | None) -> None:
        from fcwork.ingestion import IngestResult

        self._approval, self._found = approval, approval.found
        self._load = LoadReport(applied) if isinstance(applied, IngestResult) else None
        self._record = approval.record(applied)
        every = frames.join_issues([frames.enter_issues(one.issues) for one in (approval.found, approval)])
        self.issues = showing.issues(approval.found, every)
        self._reasons = reasons(self.issues)
        self.result = Whole(
            state=self._record["state"],
            summary=self._record["summary"],
            target=str(self._record.get("target", "")),
            dry_run=applied is None or applied.dry_run,
            stages=self._load.result.stages if self._load else (),
        )
        self.logged: dict[str, Any] = {**approval.found.counts, **approval.counts}

    def tables(self) -> dict[str, pl.DataFrame]:
        """Return the piles of the load by the names of their files."""
        return self._load.tables() if self._load else {}

    def summary(self) -> dict[str, Any]:
        """Return the figures as JSON-like data."""
        load = self._load.summary() if self._load else {}
        return {**load, "reconciliation": self._record["reconciliation"]}

    def bands(self, about: About) -> list[str]:
        """Return what is to be seen before anything else."""
        return page.bands(about, _DRY_RUN if self.result.dry_run else "")

    def parts(self, about: About, files: str) -> Iterator[str]:
        """Yield the header and the sections."""
        yield page.header(self.result.state, about, "to" if about.target else "", self._verdict())
        yield page.pair(*(self._side(side) for side in SIDES))
        yield page.next_steps([*self._steps(), *(self._load.steps() if self._load else ())])
        yield page.pair(self._proposals(), page.facts(self._facts(), "What was compared"))
        yield self._waiting()
        yield page.reasons(self._reasons)
        yield page.issues(self.issues, ISSUES)
        if self._load:
            yield self._load.flow()
            yield from self._load.rest(about, files)
        else:
            yield files

    def _verdict(self) -> str:
        """Say in words what was found, and what becomes of it."""
        counts, found = self._approval.counts, self._found
        if self._approval.reason:
            return f"{text(self._approval.reason.capitalize())}."
        equal = found.actions["none"]
        told = [f"{equal:,} of {_counted(sum(found.actions.values()), 'line')} with nothing to do"]
        told.append(
            f"{_counted(counts['approved'], 'key')} {'would be changed' if self.result.dry_run else 'approved'}"
        )
        told += [f"{_counted(counts['waiting'], 'key')} waiting for approval"] if counts["waiting"] else []
        return "; ".join(told) + "."

    def _side(self, side: SideName) -> str:
        """Return what became of the rows of a side."""
        counts = self._found.counts
        other = "right" if side == "left" else "left"
        piles = [
            Pile("matched", counts["matched"], "on both sides", shown=True),
            Pile("alone", counts[f"only_{side}"], f"the {other} has no such key", shown=True),
            Pile("refused", counts[f"refused_{side}"], "could not be compared", shown=True),
            Pile("merged", counts[f"merged_{side}"], "went into a row of their key"),
        ]
        told = " + ".join(f"{pile.count:,} {pile.name}" for pile in piles if pile.count) or "0"
        return page.flow(Pile(side, counts[side], "rows"), piles, f"<strong>{counts[side]:,} {side} = {told}</strong>.")

    def _steps(self) -> Iterator[str]:
        """Yield what to do, by what is left to do."""
        counts = self._approval.counts
        if self._found.refused:
            yield (
                f"Mend the {rows(self._found.refused)} of "
                f'<a href="{ISSUES}">{ISSUES}</a> that could not be compared, or say with <code>DUPLICATES</code> what '
                "becomes of rows that share a key."
            )
        if counts["stale"]:
            yield f"Look again at {_counted(counts['stale'], 'approval')}: what they were of is no longer so."
        if counts["waiting"] and not self._approval.reason:
            yield (
                f"Say yes or no in the column <code>approve</code> of "
                f'<a href="differences.csv">differences.csv</a> ({_counted(counts["waiting"], "key")}), and name the '
                "file with <code>APPROVALS</code> in the next run."
            )
        if counts["removals"]:
            yield (
                f"Take {_counted(counts['removals'], 'row')} that may go from the right by hand: nothing is removed "
                "here, and the next run proposes it again."
            )

    def _proposals(self) -> str:
        """Return how many lines there are of each action, and what is applied of them."""
        sent, waits = (_by_action(frame) for frame in (self._approval.approved, self._approval.waiting))
        head = '<tr><th>Action</th><th class="n">Lines</th><th class="n">Approved</th><th class="n">Waiting</th></tr>'
        lines = [
            f'<tr><td>{action}<br><span class="more">{MEANINGS[action]}</span></td>'
            f'<td class="n">{self._found.actions[action]:,}</td>'
            f'<td class="n">{sent.get(action, 0) or ""}</td><td class="n">{waits.get(action, 0) or ""}</td></tr>'
            for action in ACTIONS
            if self._found.actions[action]
        ]
        return f"<section><h2>What is proposed</h2>{page.table(head, lines)}</section>"

    def _facts(self) -> dict[str, str]:
        columns = self._found.columns
        return {
            "Key": _pairs(columns.keys),
            "Compared": _pairs(columns.fields),
            "Taken off": ", ".join(map(code, columns.less)),
            "Comparison": text(self._found.summary),
            "Approval": text(self._approval.summary),
        }

    def _waiting(self) -> str:
        """Return the first differences that wait."""
        waiting = masked(showing.lines(frames.enter(self._approval.waiting), self._found.columns))
        if not waiting.height:
            return ""
        names = [*self._found.columns.keys, "field", "old", "new", "action", "reason"]
        head = f"<tr>{''.join(f'<th>{text(name)}</th>' for name in names)}</tr>"
        shown = waiting.select(frames.as_text(pl.col(name)).alias(name) for name in names).head(SHOWN)
        lines = [_line(names, row) for row in shown.iter_rows()]
        rest = waiting.height - shown.height
        more = f'<p class="more">{rest:,} more in <a href="differences.csv">differences.csv</a>.</p>' if rest else ""
        title = "Waiting for approval"
        return f"<section><h2>{title}</h2>{page.table(head, lines, 'stack')}{more}</section>"


def _line(names: Sequence[str], row: Sequence[str | None]) -> str:
    cells = [
        f'<td class="{"told" if name in _WIDE else "code value"}" data-of="{text(name)}">{text(value)}</td>'
        for name, value in zip(names, row, strict=True)
    ]
    return f"<tr>{''.join(cells)}</tr>"


def _by_action(differences: Any) -> dict[str, int]:
    found = frames.enter(differences)
    return dict(found["action"].value_counts().iter_rows()) if found.height else {}


def _pairs(names: dict[str, str]) -> str:
    return ", ".join(code(left if left == right else f"{left} = {right}") for left, right in names.items())


def _counted(count: int, one: str) -> str:
    return f"{count:,} {one}{'' if count == 1 else 's'}"
