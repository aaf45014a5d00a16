"""Writing a report: every file appears whole or not at all."""

from __future__ import annotations

import itertools
import json
import os
import re
import secrets
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, Protocol

import polars as pl

from fcwork import cards, frames, log, settings, sources
from fcwork.clock import SYSTEM, Clock
from fcwork.errors import ConfigError
from fcwork.personal import hidden_names
from fcwork.redact import mask_values
from fcwork.reports import page
from fcwork.reports.extracts import ExtractReport
from fcwork.reports.loads import LETTERS, LoadReport
from fcwork.reports.page import About, Written
from fcwork.reports.reconciliations import ReconciliationReport

if TYPE_CHECKING:
    from fcwork.extraction import ExtractResult
    from fcwork.ingestion import IngestResult
    from fcwork.reconciliation import Approval
    from fcwork.reconciliation.handing_on import HandedOn

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
        return cards.line(f"{self.summary['summary']} · report: {self.page}")

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return cards.Card(line=str(self.summary["summary"]), facts={"Report": self.page}).html()


class _Account(Protocol):
    """What a report tells of one kind of result."""

    title: str
    issues: pl.DataFrame
    logged: dict[str, Any]

    @property
    def result(self) -> Any: ...
    def tables(self) -> dict[str, pl.DataFrame]: ...
    def summary(self) -> dict[str, Any]: ...
    def bands(self, about: About) -> list[str]: ...
    def parts(self, about: About, files: str) -> Iterator[str]: ...


def write(
    result: IngestResult | ExtractResult | Approval,
    folder: str | Path | None = None,
    *,
    applied: IngestResult | HandedOn | None = None,
    title: str | None = None,
    target: str | None = None,
    run_id: str | None = None,
    errors: str | Path | None = None,
    clock: Clock = SYSTEM,
) -> Report:
    """Write a result into a folder: ``report.html``, ``summary.json``, the issues and each pile of rows.

    Of a load ``dead_letters.csv`` and ``.jsonl`` hold the rows that were not delivered, to be mended and sent again:
    whole, and for their owner's eyes alone. In all other files personal data are hidden. Of an extraction the rejected
    rows and the issues are written where there are any; its rows are where its sink is. Of a reconciliation the page
    tells what was compared, what is proposed and waits, and what was applied; ``Reconciliation.write`` leaves its
    differences in the folder.

    Args:
        result: what ``IngestPlan.apply``, ``extract`` or ``Reconciliation.approved`` returned.
        folder: where to; it is made if it is missing, and files of the same names are replaced. Unless given, the
            folder of the run, or a new one where a person runs the cells.
        applied: what came of an approval: the load, or the file that was written.
        title: what heads the page; the name of the source or entity unless given.
        target: whose platform, if it is not the result's own.
        run_id: the run that this belongs to; unless given, the one that goes on.
        errors: of a load, a folder, relative to that of the source, into which the dead letters and the issues are
            written too, where there are any: named for the source and the run.
        clock: the time that the report is dated by.

    Raises:
        SourceError: the folder may not be written or the disk is full.
        ConfigError: ``errors`` is given for an extraction.
    """
    account = _account(result, applied)
    if errors is not None and not isinstance(account, LoadReport):
        raise ConfigError("errors= is for the report of a load", hint="an extraction has no source to put them beside")
    place = _place(folder, clock)
    run = os.environ.get("FCWORK_RUN_ID", "") if run_id is None else run_id
    about = About(title or account.title, target or account.result.target, run, clock.now())
    tables = [_table(rows, place / name) for name, rows in account.tables().items()]
    written = [file for file in tables if file is not None]
    if errors is not None and isinstance(account, LoadReport):
        _export(account.result, account.issues, _beside(account.result, errors), run or place.name)
    summary = _summary(account, about, written)
    written.append(_text(place / "summary.json", json.dumps(summary, indent=2, ensure_ascii=False), "figures"))
    shown = page.page(account.result.state, account.bands(about), account.parts(about, page.files(written)), about)
    report = _text(place / "report.html", shown, "page")
    _logger.info("report.written", folder=str(place), run=run, **account.logged)
    return Report(place, place / report.name, (report.name, *[file.name for file in written]), summary)


def _account(result: IngestResult | ExtractResult | Approval, applied: IngestResult | HandedOn | None) -> _Account:
    """Return what tells of a result of its kind.

    Raises:
        ConfigError: something is said to have been applied of what is no approval.
    """
    from fcwork.extraction import ExtractResult
    from fcwork.reconciliation import Approval

    if isinstance(result, Approval):
        return ReconciliationReport(result, applied)
    if applied is not None:
        raise ConfigError("applied= is for the report of a reconciliation", hint="a load is reported by itself")
    return ExtractReport(result) if isinstance(result, ExtractResult) else LoadReport(result)


def _place(folder: str | Path | None, clock: Clock) -> Path:
    given = folder or os.environ.get("FCWORK_RUN_FOLDER")
    own = f"{clock.now():%Y%m%dT%H%M%SZ}-report-{secrets.token_hex(4)}"
    return Path(given) if given else settings.home() / "interactive" / own


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
    with sources.private(wanted=bool(hidden_names())):
        _table(letters, folder / f"{clean}-{run}.dead_letters.csv")
    _table(issues, folder / f"{clean}-{run}.issues.json")


def _table(rows: pl.DataFrame, path: Path) -> Written | None:
    """Write rows; those without a column are nothing to write."""
    if not rows.width:
        return None
    with sources.private(wanted=path.name in LETTERS):
        sources.write(rows, sources.literal(path), safe="spreadsheet", identity=True)
    purpose = SPREADSHEET if path.suffix == ".csv" else EXACT
    return Written(path.name, rows.height, path.stat().st_size, purpose)


def _text(path: Path, content: str, purpose: str) -> Written:
    with sources.whole(path) as stream:
        stream.write(content.encode("utf-8", "backslashreplace"))
    return Written(path.name, None, path.stat().st_size, purpose)


def _summary(account: _Account, about: About, written: list[Written]) -> dict[str, Any]:
    """Return the figures as JSON-like data, known secrets masked."""
    result = account.result
    summary = {
        "title": about.title,
        "run_id": about.run_id,
        "target": about.target,
        "state": result.state,
        "dry_run": result.dry_run,
        "summary": result.summary,
        **account.summary(),
        "stages": [asdict(stage) for stage in result.stages],
        "written_at": about.written_at.isoformat(),
        "files": [file.name for file in written],
    }
    masked: dict[str, Any] = mask_values(summary)
    return masked
