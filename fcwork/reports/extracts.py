"""What the report of an extraction says: what was asked for, whether all of it is there, and where it stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

import polars as pl

from fcwork import frames
from fcwork.personal import findings
from fcwork.personal.columns import masked
from fcwork.reports import page
from fcwork.reports.figures import reasons
from fcwork.reports.page import About, Pile, code, instant, rows, size, text

if TYPE_CHECKING:
    from fcwork.extraction import ExtractResult

SHOWN_FILES = 50
_DRY_RUN = "Only the first page was fetched, and nothing was written."
_WHY = {
    "max_records": "the limit of records was reached",
    "max_pages": "the limit of pages was reached",
    "errors": "pages came with errors",
}


class ExtractReport:
    """Tells of an extraction.

    Attributes:
        title: what heads the page unless the caller says otherwise.
        issues: the findings.
        logged: the figures that the log keeps.
    """

    def __init__(self, result: ExtractResult) -> None:
        self.result = result
        rejected = frames.enter(result.rejected)
        self.issues = findings.issues(frames.enter_issues(result.issues), rejected)
        self._rejected = masked(rejected)
        self._reasons = reasons(self.issues)
        self._nodes = result.counts["read"] - result.counts["repeated"] - result.counts["known"]  # that became rows
        self.title = f"Extraction of {result.entity.replace('_', ' ')}"
        self.logged: dict[str, Any] = {"pages": result.pages, "complete": result.complete, **result.counts}

    def tables(self) -> dict[str, pl.DataFrame]:
        """Return the issues and the rejected rows, where there are any, by the names of their files."""
        piles = {"issues": self.issues, "rejected": self._rejected}
        return {f"{name}.{kind}": pile for name, pile in piles.items() if pile.height for kind in ("csv", "parquet")}

    def summary(self) -> dict[str, Any]:
        """Return the figures as JSON-like data; ``written_files`` are those of the sink."""
        result = self.result
        return {
            "entity": result.entity,
            **result.counts,
            "rows": result.rows,
            "pages": result.pages,
            "complete": result.complete,
            "limited": result.limited,
            "incomplete_because": list(result.reasons),
            "reason": result.reason,
            "resumed": result.resumed,
            "since": _iso(result.since),
            "until": _iso(result.until),
            "mapping": result.mapping,
            "watermark": self._mark(),
            "reasons": [asdict(reason) for reason in self._reasons],
            "written_files": [file.to_record() for file in result.files.files] if result.files else [],
            "manifest": result.files.manifest if result.files else "",
        }

    def bands(self, about: About) -> list[str]:
        """Return what is to be seen before anything else."""
        return page.bands(about, _DRY_RUN if self.result.dry_run else "")

    def parts(self, about: About, files: str) -> Iterator[str]:
        """Yield the header and the sections."""
        yield page.header(self.result.state, about, "from", self._verdict())
        yield self._flow()
        yield page.next_steps(list(self._steps()))
        yield page.pair(page.facts(self._facts(about)), page.stages(self.result.stages))
        yield self._written()
        yield page.reasons(self._reasons)
        yield page.issues(self.issues)
        yield files

    def _verdict(self) -> str:
        """Say in words what became of the extraction."""
        result = self.result
        if result.state == "SKIPPED":
            return f"Nothing was done: {text(result.reason)}."
        if result.state == "FAILED":
            return f"Nothing was written: {text(result.reason) or f'the answer is not whole, as {self._why()}'}."
        made = rows(result.rows)
        if result.dry_run:
            return f"The first page gives {made}."
        told = [f"{made} written to {self._where()}" if result.files else f"{made} fetched"]
        told += [f"{result.counts['rejected']:,} could not be mapped"] if result.counts["rejected"] else []
        told += [f"not all that there is, as {self._why()}"] if result.reasons else []
        return "; ".join(told) + "."

    def _where(self) -> str:
        files = self.result.files
        if not files or not files.files:
            return "no file"
        several = f"{len(files.files):,} files, " if len(files.files) > 1 else ""
        return f"<strong>{text(files.uri)}</strong> ({several}{size(files.bytes)})"

    def _why(self) -> str:
        return text(", ".join(_WHY.get(reason, reason) for reason in self.result.reasons))

    def _flow(self) -> str:
        counts, entity = self.result.counts, text(self.result.entity.replace("_", " "))
        pages = "1 page" if self.result.pages == 1 else f"{self.result.pages:,} pages"
        where = "to the files" if self.result.files else "to the frame"
        ready = Pile("ready", counts["ready"], "would be written", shown=True)
        piles = [
            ready if self.result.dry_run else Pile("written", counts["written"], where, shown=True),
            Pile("rejected", counts["rejected"], "could not be mapped", shown=True),
            Pile("repeated", counts["repeated"], "came again, the newest was kept"),
            Pile("known", counts["known"], "an earlier run wrote them"),
        ]
        return page.flow(Pile("read", counts["read"], f"{entity} on {pages}"), piles, self._sum())

    def _sum(self) -> str:
        """Say how what was read became rows: one each, or several where lists were exploded."""
        counts = self.result.counts
        out = [f"{counts[name]:,} {name}" for name in ("repeated", "known") if counts[name]]
        piles = [f"{counts[name]:,} {name}" for name in ("written", "ready", "rejected") if counts[name]]
        made = counts["written"] + counts["ready"] + counts["rejected"]
        if self._nodes == made:
            return f"<strong>{counts['read']:,} read = {' + '.join([*piles, *out]) or '0'}</strong>."
        kept = f" = {' + '.join([f'{self._nodes:,} kept', *out])}" if out else ""
        became = f"{rows(made)} = {' + '.join(piles)}" if piles else "no rows"
        return f"<strong>{counts['read']:,} read{kept}</strong>; those{' kept' if out else ''} became {became}."

    def _steps(self) -> Iterator[str]:
        """Yield what to do, by what is left to do."""
        result = self.result
        failed, rejected = result.state == "FAILED", result.counts["rejected"]
        if result.dry_run and not failed:
            yield "Run it again with <code>DRY_RUN=false</code> to fetch all pages and write them."
        if failed and not rejected:
            yield "Run it again: no file was changed, and the watermark stands where it stood."
        if rejected:
            held = result.watermark and result.state == "COMPLETED_WITH_ERRORS" and not result.dry_run
            waits = " The watermark waits before the first of them." if held else ""
            yield (
                f"Mend the mapping for the {rows(rejected)} of "
                '<a href="rejected.csv">rejected.csv</a>, in which <code>_errors</code> says what is wrong, and run it '
                f"again.{waits}"
            )
        if result.limited and not result.dry_run:
            yield f"There may be more: {self._why()}."
        if "errors" in result.reasons:
            yield 'See <a href="issues.csv">issues.csv</a> for what the platform told beside the pages.'

    def _facts(self, about: About) -> dict[str, str]:
        result = self.result
        whole = "yes" if result.complete else f"no: {self._why() or text(result.reason) or 'nothing was fetched'}"
        return {
            "From": text(about.target),
            "Entity": code(result.entity),
            "Window": _window(result.since, result.until),
            "Complete": "" if result.dry_run else whole,
            "Pages": f"{result.pages:,}{', those of a run that was cut off among them' if result.resumed else ''}",
            "Mapping": text(result.mapping),
            "Watermark": self._watermark(),
            "Written to": text(result.files.uri) if result.files else "",
            "Manifest": text(result.files.manifest) if result.files else "",
            "Run": code(about.run_id),
        }

    def _watermark(self) -> str:
        if self.result.watermark is None:
            return ""
        moved = "moved by this run" if self.result.moved else "not moved"
        return f"{code(self.result.watermark_name)} at {instant(self.result.watermark)}, {moved}"

    def _mark(self) -> dict[str, Any] | None:
        result = self.result
        if result.watermark is None:
            return None
        return {"name": result.watermark_name, "at": _iso(result.watermark), "moved": result.moved}

    def _written(self) -> str:
        """Return the files of the sink."""
        files = self.result.files
        if not files or not files.files:
            return ""
        head = '<tr><th>File</th><th class="n">Rows</th><th class="n">Size</th><th>SHA-256</th></tr>'
        lines = [
            f'<tr><td class="code value">{text(file.uri)}</td><td class="n">{file.rows:,}</td>'
            f'<td class="n">{size(file.bytes)}</td><td class="code value">{text(file.sha256)}</td></tr>'
            for file in files.files[:SHOWN_FILES]
        ]
        rest = len(files.files) - SHOWN_FILES
        more = f'<p class="more">{rest:,} more in <a href="summary.json">summary.json</a>.</p>' if rest > 0 else ""
        return f"<section><h2>Written</h2>{page.table(head, lines)}{more}</section>"


def _window(since: datetime | None, until: datetime | None) -> str:
    if since is None and until is None:
        return "none: all that there is"
    return f"{instant(since) if since else 'the beginning'} to {instant(until) if until else 'now'}"


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
