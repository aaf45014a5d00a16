"""What came of a sweep: one frame, one row a run; and the same as Parquet, as a sheet and as a page."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from fcwork import log
from fcwork.clock import Clock
from fcwork.errors import FcworkError
from fcwork.redact import mask_values
from fcwork.runner.folder import PAGE as RUN_PAGE
from fcwork.runner.folder import write_whole
from fcwork.runner.history import LOST, RUNNING, UNFINISHED
from fcwork.runner.result import FIGURES, REPORT
from fcwork.runner.sweeping.plan import Plan
from fcwork.runner.sweeping.record import PAGE, SHEET, TABLE, Record
from fcwork.runner.sweeping.standing import DONE, NOT_RUN, Standing, standings

if TYPE_CHECKING:
    import polars as pl

OWN = ("sweep", "row", "run", "state", "run_id", "attempt")
TOLD = (*FIGURES, "duration_seconds", "reason", "started_at", "ended_at", "target", "folder")
_logger = log.get("sweep")


@dataclass(frozen=True)
class Swept:
    """A sweep and how its rows stand.

    Attributes:
        record: of it.
        standings: of its rows, in their order.
        stopped: whether somebody asked it to stop.
        why_not: why rows that were not run were not; nothing where it is not known any more.
    """

    record: Record
    standings: tuple[Standing, ...]
    stopped: bool = False
    why_not: str = ""

    @property
    def counts(self) -> dict[str, int]:
        """How many rows there are of each state, the most frequent first."""
        return dict(Counter(one.state for one in self.standings).most_common())

    @property
    def ok(self) -> bool:
        """Whether all rows SUCCEEDED, or were SKIPPED."""
        return all(one.is_done for one in self.standings)

    @property
    def state(self) -> str:
        """How it ended on the whole."""
        states = {one.state for one in self.standings} - DONE
        if not states or self.stopped:
            return "CANCELLED" if states else "SUCCEEDED"
        if states & {NOT_RUN, RUNNING, UNFINISHED, LOST}:
            return "INCOMPLETE"
        return "COMPLETED_WITH_ERRORS" if states <= {"COMPLETED_WITH_ERRORS", "REFUSED"} else "FAILED"

    @property
    def page(self) -> Path | None:
        """The page about it, once it is written."""
        page = self.record.path / PAGE
        return page if page.is_file() else None

    @property
    def frame(self) -> pl.DataFrame:
        """One row a run: which, how it ended, the parameters that differ, figures, seconds and the reason."""
        import polars as pl

        from fcwork import frames

        columns = columns_of(self.record.plan)
        told = [mask_values(self._row(one)) for one in self.standings]
        texts = {name: pl.String() for name in ("sweep", "run", "state", "run_id", "reason", "target", "folder")}
        times = dict.fromkeys(("started_at", "ended_at"), pl.Datetime("us", "UTC"))
        numbers = {name: pl.Int64() for name in ("row", "attempt", *FIGURES)}
        kinds: dict[str, Any] = {**texts, **times, **numbers, "duration_seconds": pl.Float64()}
        series = [pl.Series(name, [row[name] for row in told], dtype=kinds[name]) for name in (*OWN, *TOLD)]
        swept = [
            frames.series(column, mask_values([one.row.values.get(name) for one in self.standings]))
            for name, column in columns.items()
        ]
        return pl.DataFrame([*series[: len(OWN)], *swept, *series[len(OWN) :]])

    def keep(self, clock: Clock) -> None:
        """Write frame and page into the sweep's folder; where that cannot be done, say so and keep what is known."""
        from fcwork import sources

        frame = self.frame
        try:
            sources.write(frame, sources.literal(self.record.path / TABLE))
            sources.write(frame, sources.literal(self.record.path / SHEET), safe="spreadsheet")
            write_whole(self.record.path / PAGE, page(self, clock).encode("utf-8", "backslashreplace"))
        except FcworkError as error:
            _logger.warning("sweep.not_kept", sweep=self.record.plan.sweep_id, trouble=error.message)

    def reason(self, one: Standing) -> str:
        """Return why a row ended as it did, or why it was not run."""
        return one.reason or (self.why_not if one.state == NOT_RUN else "")

    def _row(self, one: Standing) -> dict[str, Any]:
        run, plan = one.run, self.record.plan
        known = run.figures if run else {}
        seconds = run.facts.get("duration_seconds") if run else None
        return {
            "sweep": plan.sweep_id,
            "row": one.row.number,
            "run": one.row.name or None,
            "state": one.state,
            "run_id": run.run_id if run else None,
            "attempt": one.attempt,
            **{name: known.get(name) for name in FIGURES},
            "duration_seconds": float(seconds) if isinstance(seconds, int | float) else None,
            "reason": self.reason(one),
            "started_at": run.started_at if run else None,
            "ended_at": run.ended_at if run else None,
            "target": run.target or None if run else None,
            "folder": str(run.folder) if run else None,
        }


def swept(sweep_id: str = "latest") -> pl.DataFrame:
    """Return how the rows of a sweep stand now, one row a run.

    Args:
        sweep_id: all of it, as much of its beginning as no other has, or ``latest``.

    Returns:
        The frame that ``sweep`` returns. A row that was not begun is ``NOT_RUN``; one under way is ``RUNNING``.

    Raises:
        NotebookError: there is no such sweep, or there are several.
    """
    return look(sweep_id).frame


def look(sweep_id: str) -> Swept:
    """Return how a sweep stands now. Raises as ``swept``."""
    record = Record.load(sweep_id)
    return Swept(record, tuple(standings(record)))


def columns_of(plan: Plan) -> dict[str, str]:
    """Return what each swept parameter's column is called: as the parameter, unless the frame has such a column."""
    taken = {*OWN, *TOLD}
    return {name: f"parameter.{name}" if name in taken else name for name in plan.columns}


def page(told: Swept, clock: Clock) -> str:
    """Return the page about a sweep: its rows as a table, each with a way to its run's own page."""
    from fcwork.reports import page as looks

    plan = told.record.plan
    targets = {one.run.target for one in told.standings if one.run and one.run.target}
    about = looks.About(f"Sweep of {plan.name}", ", ".join(sorted(targets)) or "no platform", "", clock.now())
    states = ", ".join(f"{count:,} {state.replace('_', ' ')}" for state, count in told.counts.items())
    verdict = f"{looks.code(plan.sweep_id)} {looks.rows(len(told.standings))}: {looks.text(states)}."
    shown = [name for name in FIGURES if any(one.run and name in one.run.figures for one in told.standings)]
    head = "".join(f"<th>{looks.text(name)}</th>" for name in ("Row", "State", *plan.columns))
    head += "".join(f'<th class="n">{name}</th>' for name in (*shown, "seconds")) + "<th>Run</th>"
    lines = [line for one in told.standings for line in _lines(told, one, shown)]
    table = f"<section><h2>Runs</h2>{looks.table(f'<tr>{head}</tr>', lines)}</section>"
    header = looks.header(told.state, about, "to", verdict)
    return looks.page(told.state, looks.bands(about, ""), [header, table], about)


def _lines(told: Swept, one: Standing, shown: list[str]) -> Iterator[str]:
    """Yield the line of a row, and one for why it is not done."""
    from fcwork.reports import page as looks

    cells = list(_cells(told, one, shown))
    yield f"<tr>{''.join(cells)}</tr>"
    if not one.is_done and (reason := told.reason(one)):
        yield f'<tr class="sub"><td></td><td class="told" colspan="{len(cells) - 1}">{looks.text(reason)}</td></tr>'


def _cells(told: Swept, one: Standing, shown: list[str]) -> Iterator[str]:
    from fcwork.reports import page as looks

    figures = one.run.figures if one.run else {}
    seconds = one.run.facts.get("duration_seconds") if one.run else None
    yield f"<td>{one.row.number}{f' {looks.text(one.row.name)}' if one.row.name else ''}</td>"
    yield f'<td><span class="state {looks.tone(one.state)}">{looks.text(one.state.replace("_", " "))}</span></td>'
    for name in told.record.plan.columns:
        yield f"<td>{looks.text(one.row.values.get(name))}</td>"
    for name in shown:
        yield f'<td class="n">{f"{figures[name]:,}" if name in figures else ""}</td>'
    yield f'<td class="n">{f"{seconds:,.1f}" if isinstance(seconds, int | float) else ""}</td>'
    yield f'<td class="code">{_link(told.record.path, one)}</td>'


def _link(folder: Path, one: Standing) -> str:
    from fcwork.reports import page as looks

    if one.run is None:
        return ""
    pages = (one.run.folder / name for name in (REPORT, RUN_PAGE))
    there = next((page for page in pages if page.is_file()), None)
    name = looks.text(one.run.run_id)
    return f'<a href="{quote(os.path.relpath(there, folder))}">{name}</a>' if there else name
