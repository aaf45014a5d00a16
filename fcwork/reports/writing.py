"""Writing a report: every file appears whole or not at all."""

from __future__ import annotations

import html
import itertools
import json
import os
import re
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import polars as pl

from fcwork import frames, log, settings, sources
from fcwork.clock import SYSTEM, Clock
from fcwork.redact import mask_values
from fcwork.reports.figures import Figures, figures
from fcwork.reports.page import About, Written, page

if TYPE_CHECKING:
    from fcwork.ingestion import IngestResult

EXACT, SPREADSHEET = "exact", "for spreadsheets"
_logger = log.get("reports")


@dataclass(frozen=True, repr=False)
class Report:
    """What was written.

    Attributes:
        folder: where.
        page: the HTML file.
        files: the names of all files, the page included.
        summary: what ``summary.json`` holds.
    """

    folder: Path
    page: Path
    files: tuple[str, ...]
    summary: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.summary['summary']} · report: {self.page}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return (
            f"<p>{html.escape(str(self.summary['summary']))}<br>Report: <code>{html.escape(str(self.page))}</code></p>"
        )


def write(
    result: IngestResult,
    folder: str | Path | None = None,
    *,
    title: str | None = None,
    target: str | None = None,
    run_id: str | None = None,
    errors: str | Path | None = None,
    clock: Clock = SYSTEM,
) -> Report:
    """Write a result into a folder: ``report.html``, ``summary.json``, the issues and each pile of rows.

    ``dead_letters.csv`` and ``.jsonl`` hold the rows that were not delivered, to be mended and sent again.

    Args:
        result: what ``IngestPlan.apply`` returned.
        folder: where to; it is made if it is missing, and files of the same names are replaced. Unless given, the
            folder of the run, or a new one where a person runs the cells.
        title: what heads the page; the name of the source unless given.
        target: whose platform, if it is not the result's own.
        run_id: the run that this belongs to; unless given, the one that goes on.
        errors: a folder, relative to that of the source, into which the dead letters and the issues are written too,
            where there are any: named for the source and the run.
        clock: the time that the report is dated by.

    Raises:
        SourceError: the folder may not be written or the disk is full.
    """
    place = _place(folder, clock)
    issues, rejected = frames.enter_issues(result.issues), frames.enter(result.rejected)
    numbers = figures(result, rejected, issues)
    run = os.environ.get("FCWORK_RUN_ID", "") if run_id is None else run_id
    about = About(title or _title(result), target or result.target, run, clock.now())
    written = _tables(result, rejected, issues, place)
    if errors is not None:
        _export(result, issues, _beside(result, errors), run or place.name)
    summary = _summary(result, numbers, about, written)
    written.append(_text(place / "summary.json", json.dumps(summary, indent=2, ensure_ascii=False), "figures"))
    report = _text(place / "report.html", page(result, numbers, issues, about=about, written=written), "page")
    _logger.info("report.written", folder=str(place), run=run, adds_up=numbers.adds_up, **numbers.counts)
    return Report(place, place / report.name, (report.name, *[file.name for file in written]), summary)


def _place(folder: str | Path | None, clock: Clock) -> Path:
    given = folder or os.environ.get("FCWORK_RUN_FOLDER")
    own = f"{clock.now():%Y%m%dT%H%M%SZ}-report-{secrets.token_hex(4)}"
    return Path(given) if given else settings.home() / "interactive" / own


def _title(result: IngestResult) -> str:
    name = PurePath(str(result.source.get("uri") or "")).name
    return f"Ingestion of {name}" if name else "Ingestion"


def _tables(result: IngestResult, rejected: pl.DataFrame, issues: pl.DataFrame, place: Path) -> list[Written]:
    """Write the issues and the piles; a pile without a column has nothing to write."""
    letters = frames.enter(result.dead_letters)
    piles = {"delivered": result.delivered, "unknown": result.unknown}
    if result.dry_run:
        piles["ready"] = result.ready
    written = [
        _table(rejected, place / "rejected.csv", SPREADSHEET),
        _table(rejected, place / "rejected.parquet", EXACT),
        _table(letters, place / "dead_letters.csv", SPREADSHEET),
        _table(letters, place / "dead_letters.jsonl", EXACT),
        _table(issues, place / "issues.csv", SPREADSHEET),
        _table(issues, place / "issues.parquet", EXACT),
    ]
    written += [_table(frames.enter(rows), place / f"{name}.parquet", EXACT) for name, rows in piles.items()]
    return [file for file in written if file is not None]


def _beside(result: IngestResult, errors: str | Path) -> Path:
    """Return the folder for errors: beside the source, or where it says if that is a whole path."""
    uri = str(result.source.get("uri") or "")
    if not uri:
        return Path(errors)
    parts = Path(uri).absolute().parent.parts
    plain = list(itertools.takewhile(lambda part: not re.search(r"[*?\[{]", part), parts))  # of a glob in folders
    return Path(*plain) / errors


def _export(result: IngestResult, issues: pl.DataFrame, folder: Path, run: str) -> None:
    letters = frames.enter(result.dead_letters)
    if result.dry_run or not (letters.height or issues.height):
        return
    stem = PurePath(str(result.source.get("uri") or "frame")).stem
    clean = re.sub(r"[^\w.-]+", "-", stem).strip("-") or "files"
    _table(letters, folder / f"{clean}-{run}.dead_letters.csv", SPREADSHEET)
    _table(issues, folder / f"{clean}-{run}.issues.json", EXACT)


def _table(rows: pl.DataFrame, path: Path, purpose: str) -> Written | None:
    if not rows.width:
        return None
    sources.write(rows, path, safe="spreadsheet", identity=True)
    return Written(path.name, rows.height, path.stat().st_size, purpose)


def _text(path: Path, content: str, purpose: str) -> Written:
    with sources.whole(path) as stream:
        stream.write(content.encode("utf-8", "backslashreplace"))
    return Written(path.name, None, path.stat().st_size, purpose)


def _summary(result: IngestResult, numbers: Figures, about: About, written: list[Written]) -> dict[str, Any]:
    """Return the figures as JSON-like data, known secrets masked."""
    summary = {
        "title": about.title,
        "run_id": about.run_id,
        "target": about.target,
        "state": result.state,
        "dry_run": result.dry_run,
        "summary": result.summary,
        **numbers.counts,
        "adds_up": numbers.adds_up,
        "rejected_by_stage": numbers.rejected_by_stage,
        "reasons": [asdict(reason) for reason in numbers.reasons],
        "gate": str(result.gate),
        "source": result.source,
        "mapping": result.mapping,
        "stages": [{"name": stage.name, "rows": stage.rows, "seconds": stage.seconds} for stage in result.stages],
        "jobs": list(result.jobs),
        "skipped": [asdict(file) for file in result.skipped],
        "checkpoint": result.checkpoint,
        "written_at": about.written_at.isoformat(),
        "files": [file.name for file in written],
    }
    masked: dict[str, Any] = mask_values(summary)
    return masked
