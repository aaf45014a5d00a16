"""What the report of a load says: what became of each row, why, and what is left to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import polars as pl

from fcwork import frames
from fcwork.personal import findings
from fcwork.personal.columns import masked
from fcwork.reports import page
from fcwork.reports.figures import PILES, figures
from fcwork.reports.page import About, Pile, code, rows, size, text

if TYPE_CHECKING:
    from fcwork.ingestion import IngestResult

LETTERS = ("dead_letters.csv", "dead_letters.jsonl")
_MEANINGS = {
    "delivered": "the platform has them",
    "ready": "passed every check, not sent",
    "unknown": "may have arrived: look first",
    "rejected": "did not get through",
}
_STAGE_WORDS = {"read": "in reading", "map": "in mapping", "check": "in checking", "send": "in sending"}


class LoadReport:
    """Tells of a load.

    Attributes:
        title: what heads the page unless the caller says otherwise.
        issues: the findings.
        logged: the figures that the log keeps.
    """

    def __init__(self, result: IngestResult) -> None:
        self.result = result
        self._rejected, self._letters = frames.enter(result.rejected), frames.enter(result.dead_letters)
        self.issues = findings.issues(frames.enter_issues(result.issues), self._letters)
        self._numbers = figures(result, self._rejected, self.issues)
        name = PurePath(str(result.source.get("uri") or "")).name
        self.title = f"Ingestion of {name}" if name else "Ingestion"
        self.logged: dict[str, Any] = {"adds_up": self._numbers.adds_up, **self._numbers.counts}

    def tables(self) -> dict[str, pl.DataFrame]:
        """Return the issues and the piles by the names of their files; dead letters alone are whole."""
        piles = {name: getattr(self.result, name) for name in ("delivered", "unknown")}
        if self.result.dry_run:
            piles["ready"] = self.result.ready
        return {
            **dict.fromkeys(("rejected.csv", "rejected.parquet"), masked(self._rejected)),
            **dict.fromkeys(LETTERS, self._letters),
            "issues.csv": self.issues,
            "issues.parquet": self.issues,
            **{f"{name}.parquet": masked(frames.enter(pile)) for name, pile in piles.items()},
        }

    def summary(self) -> dict[str, Any]:
        """Return the figures as JSON-like data."""
        result, numbers = self.result, self._numbers
        return {
            **numbers.counts,
            "adds_up": numbers.adds_up,
            "rejected_by_stage": numbers.rejected_by_stage,
            "reasons": [asdict(reason) for reason in numbers.reasons],
            "gate": str(result.gate),
            "source": result.source,
            "mapping": result.mapping,
            "jobs": list(result.jobs),
            "skipped": [asdict(file) for file in result.skipped],
            "checkpoint": result.checkpoint,
        }

    def bands(self, about: About) -> list[str]:
        """Return what is to be seen before anything else."""
        return page.bands(about, "Nothing was sent. This is what would have happened." if self.result.dry_run else "")

    def parts(self, about: About, files: str) -> Iterator[str]:
        """Yield the header and the sections."""
        yield page.header(self.result.state, about, "to", self._verdict())
        yield self.flow()
        yield page.next_steps(list(self.steps()))
        yield from self.rest(about, files)

    def rest(self, about: About, files: str) -> Iterator[str]:
        """Yield the sections behind what became of the rows and what is to be done."""
        yield page.pair(self._accounts(), page.facts(self._facts(about)))
        yield page.reasons(self._numbers.reasons)
        yield page.issues(self.issues)
        yield page.pair(page.stages(self.result.stages), files)

    def _verdict(self) -> str:
        """Say in words what became of the load."""
        result, counts = self.result, self._numbers.counts
        read, rejected, unknown = rows(counts["read"]), counts["rejected"], counts["unknown"]
        if not result.gate.is_open and not result.dry_run:
            return f"Nothing was sent: {text(result.gate.reason)}."
        if not counts["read"]:
            reasons = dict.fromkeys(file.reason for file in result.skipped)
            return f"There was nothing to load: {text('; '.join(reasons))}." if reasons else "The source holds no rows."
        good = f"{counts['ready'] if result.dry_run else counts['delivered']:,} of {read}"
        told = [f"{good} would be sent" if result.dry_run else f"{good} arrived"]
        told += [f"{rejected:,} {'would not' if result.dry_run else 'did not get through'}"] if rejected else []
        told += [f"of {unknown:,} nobody can say"] if unknown else []
        return "; ".join(told) + "."

    def flow(self) -> str:
        """Return what became of the rows."""
        numbers = self._numbers
        piles = [
            Pile(name, numbers.counts[name], _MEANINGS[name], shown=name in {"delivered", "rejected"}) for name in PILES
        ]
        if numbers.adds_up:
            told = f"<strong>{numbers.equation}</strong>. Every row is accounted for."
        else:
            told = f'<strong class="bad">{numbers.equation}</strong>. The figures do not add up: please report this.'
        return page.flow(Pile("read", numbers.counts["read"], "from the source"), piles, told)

    def _accounts(self) -> str:
        counts = self._numbers.counts
        lines = [_account("Read", counts["read"], counts, "total"), _account("Mapped", counts["mapped"], counts)]
        lines += [_account(pile.title(), counts[pile], counts) for pile in PILES]
        lines += [
            _account(_STAGE_WORDS.get(stage, stage), count, counts, "sub")
            for stage, count in self._numbers.rejected_by_stage.items()
        ]
        head = '<tr><th>Rows</th><th class="n">Count</th><th class="n">Share</th></tr>'
        return f"<section><h2>Figures</h2>{page.table(head, lines)}</section>"

    def steps(self) -> Iterator[str]:
        """Yield what to do, by what is left to do."""
        result, counts = self.result, self._numbers.counts
        if result.dry_run and result.gate.is_open:
            yield "Run it again with <code>DRY_RUN=false</code> to send the rows that are ready."
        if not result.gate.is_open:
            yield f"The gate is {text(result.gate)}. {self._opens()}"
        if counts["unknown"]:
            yield (
                f"Look on the platform for the {rows(counts['unknown'])} of "
                '<a href="unknown.parquet">unknown.parquet</a> before sending them again.'
            )
        kept_back = sum(reason.rows for reason in self._numbers.reasons if reason.code == "send.not_sent")
        faulty = counts["rejected"] - kept_back
        if faulty > 0:
            yield (
                f'Mend what is faulty in <a href="dead_letters.csv">dead_letters.csv</a> ({rows(faulty)}), and send '
                "that: <code>_row</code> is the place in the source, <code>_message</code> says what is wrong."
            )
        if result.checkpoint and not result.ok:
            yield f"What is left is kept under {code(result.checkpoint)}: the same load goes on there."

    def _opens(self) -> str:
        """Say what opens the gate."""
        if any(reason.code.startswith("feed.") for reason in self._numbers.reasons):
            return "Ask whoever sends the feed; if it is right, load it with <code>FORCE_REPROCESS</code>."
        return "Mend the source, or allow more with <code>MAX_REJECTED</code>."

    def _facts(self, about: About) -> dict[str, str]:
        result, source = self.result, self.result.source
        held = size(int(source.get("bytes") or 0))
        read_back = f"{rows(result.read_back)} that the platform told nothing of" if result.read_back else ""
        return {
            "Source": text(source.get("uri")),
            "Format": f"{text(source.get('format'))}, {held}" if source.get("format") else "",
            "SHA-256": code(source.get("sha256")),
            "Mapping": text(result.mapping),
            "Gate": text(result.gate),
            "Feed": text(result.feed),
            "Target": text(about.target),
            "Platform's job": text(_jobs(result)),
            "Read back": read_back,
            "Skipped": "<br>".join(f"{text(file.uri)}: {text(file.reason)}" for file in result.skipped),
            "Checkpoint": "<br>".join(map(code, result.checkpoints or (result.checkpoint,))),
            "Run": code(about.run_id),
        }


def _account(name: str, count: int, counts: Mapping[str, int], kind: str = "") -> str:
    share = _share(count, counts["read"])
    return f'<tr class="{kind}"><td>{text(name)}</td><td class="n">{count:,}</td><td class="n">{share}</td></tr>'


def _share(count: int, total: int) -> str:
    if not total:
        return ""
    percent = f"{100 * count / total:.1f} %"
    return "< 0.1 %" if count and percent == "0.0 %" else percent


def _jobs(result: IngestResult) -> str:
    """Return the platform's jobs, and the status of the last."""
    status = f" ({result.job_status})" if result.job_status else ""
    return ", ".join(result.jobs) + status if result.jobs else ""
