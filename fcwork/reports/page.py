"""The page: one HTML file without a script or an outside address, that reads well on paper, phones and in the dark."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import polars as pl

from fcwork.redact import mask
from fcwork.reports.figures import PILES, Figures, Reason

if TYPE_CHECKING:
    from fcwork.ingestion import IngestResult

SHOWN_ISSUES = 25
SHOWN_REASONS = 20
_TONES = {
    "SUCCEEDED": "good",
    "COMPLETED_WITH_ERRORS": "doubt",
    "SKIPPED": "calm",
}  # any other state is bad
_MEANINGS = {
    "delivered": "the platform has them",
    "ready": "passed every check, not sent",
    "unknown": "may have arrived: look first",
    "rejected": "did not get through",
}
_STAGE_WORDS = {"read": "in reading", "map": "in mapping", "check": "in checking", "send": "in sending"}
_COLUMNS = {"row": "Row", "code": "Code", "field": "Field", "value": "Value", "message": "Message", "key": "Key"}
# Characters that draw nothing or turn text around: controls, and the marks of writing direction.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True)
class Written:
    """A file of the run folder: how many rows and bytes, and what it is for."""

    name: str
    rows: int | None
    bytes: int
    purpose: str


@dataclass(frozen=True)
class About:
    """What heads a report."""

    title: str
    target: str
    run_id: str
    written_at: datetime


def page(
    result: IngestResult, numbers: Figures, issues: pl.DataFrame, *, about: About, written: Sequence[Written]
) -> str:
    """Return the report as HTML; whatever comes from data is escaped, known secrets are masked."""
    parts = [
        _loud(result, about),
        "<main>",
        _header(result, numbers, about),
        _flow(numbers),
        _next(result, numbers),
        f'<div class="pair">{_accounts(numbers)}{_facts(result, about)}</div>',
        _reasons(numbers.reasons),
        _issues(issues),
        f'<div class="pair">{_stages(result)}{_files(written)}</div>',
        _footer(about),
        "</main>",
    ]
    body = "\n".join(part for part in parts if part)
    style = files("fcwork.reports").joinpath("report.css").read_text(encoding="utf-8")
    return mask(
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{text(about.title)}: {text(result.state)}</title>\n<style>\n{style}</style></head>\n"
        f"<body>\n{body}\n</body></html>\n"
    )


def text(value: Any) -> str:
    """Return a value as text that is safe in HTML and shows what is not seen."""
    shown = "" if value is None else str(value)
    return html.escape(_UNSEEN.sub(lambda found: f"\\x{ord(found[0]):02x}", shown))


def _loud(result: IngestResult, about: About) -> str:
    bands = []
    if result.dry_run:
        bands.append(("dry", "DRY RUN", "Nothing was sent. This is what would have happened."))
    if about.target == "SIMULATOR":
        bands.append(("simulator", "SIMULATOR", "No real platform was touched: everything below is play."))
    return "".join(f'<div class="loud {kind}"><p><b>{word}</b>{told}</p></div>' for kind, word, told in bands)


def _header(result: IngestResult, numbers: Figures, about: About) -> str:
    tone = _TONES.get(result.state, "bad")
    state = text(result.state.replace("_", " "))
    when = f'<time datetime="{about.written_at.isoformat()}">{_instant(about.written_at)}</time>'
    return (
        f"<header><h1>{text(about.title)}</h1>"
        f'<p class="about"><span class="state {tone}">{state}</span>'
        f"<span>to <strong>{text(about.target)}</strong></span><span>·</span><span>{when}</span></p>"
        f'<p class="lead">{_verdict(result, numbers)}</p></header>'
    )


def _verdict(result: IngestResult, numbers: Figures) -> str:
    """Say in words what became of the load."""
    counts = numbers.counts
    read, rejected, unknown = _rows(counts["read"]), counts["rejected"], counts["unknown"]
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


def _flow(numbers: Figures) -> str:
    counts = numbers.counts
    shown = [pile for pile in PILES if counts[pile] or pile in {"delivered", "rejected"}]
    bar = "".join(f'<i class="{pile}" style="flex:{counts[pile]}"></i>' for pile in PILES if counts[pile])
    piles = "".join(
        f'<li class="{"" if counts[pile] else "nought"}"><b>{counts[pile]:,}</b>'
        f'<span><i class="{pile}"></i>{pile}<br>{_MEANINGS[pile]}</span></li>'
        for pile in shown
    )
    if numbers.adds_up:
        told = f"<strong>{numbers.equation}</strong>. Every row is accounted for."
    else:
        told = f'<strong class="bad">{numbers.equation}</strong>. The figures do not add up: please report this.'
    return (
        f'<section aria-label="What became of the rows"><div class="flow" aria-hidden="true">{bar}</div>'
        f'<ul class="piles"><li><b>{counts["read"]:,}</b><span><i class="read"></i>read<br>from the source</span></li>'
        f'{piles}</ul><p class="sum">{told}</p></section>'
    )


def _accounts(numbers: Figures) -> str:
    counts = numbers.counts
    rows = [_account("Read", counts["read"], counts, "total"), _account("Mapped", counts["mapped"], counts)]
    rows += [_account(pile.title(), counts[pile], counts) for pile in PILES]
    rows += [
        _account(_STAGE_WORDS.get(stage, stage), count, counts, "sub")
        for stage, count in numbers.rejected_by_stage.items()
    ]
    head = '<tr><th>Rows</th><th class="n">Count</th><th class="n">Share</th></tr>'
    return f"<section><h2>Figures</h2>{_table(head, rows)}</section>"


def _account(name: str, count: int, counts: Mapping[str, int], kind: str = "") -> str:
    share = _share(count, counts["read"])
    return f'<tr class="{kind}"><td>{text(name)}</td><td class="n">{count:,}</td><td class="n">{share}</td></tr>'


def _share(count: int, total: int) -> str:
    if not total:
        return ""
    percent = f"{100 * count / total:.1f} %"
    return "< 0.1 %" if count and percent == "0.0 %" else percent


def _next(result: IngestResult, numbers: Figures) -> str:
    """Say what to do, by what is left to do."""
    counts, steps = numbers.counts, []
    if result.dry_run and result.gate.is_open:
        steps.append("Run it again with <code>DRY_RUN=false</code> to send the rows that are ready.")
    if not result.gate.is_open:
        steps.append(f"The gate is {text(result.gate)}. Mend the source, or allow more with <code>MAX_REJECTED</code>.")
    if counts["unknown"]:
        steps.append(
            f"Look on the platform for the {_rows(counts['unknown'])} of "
            '<a href="unknown.parquet">unknown.parquet</a> before sending them again.'
        )
    kept_back = sum(reason.rows for reason in numbers.reasons if reason.code == "send.not_sent")
    faulty = counts["rejected"] - kept_back
    if faulty > 0:
        steps.append(
            f'Mend what is faulty in <a href="dead_letters.csv">dead_letters.csv</a> ({_rows(faulty)}), and send that: '
            "<code>_row</code> is the place in the source, <code>_message</code> says what is wrong."
        )
    if result.checkpoint and not result.ok:
        steps.append(f"What is left is kept under <code>{text(result.checkpoint)}</code>: the same load goes on there.")
    items = "".join(f"<li>{step}</li>" for step in steps) or "<li>Nothing: every row is where it should be.</li>"
    return f'<section><h2>What to do next</h2><ul class="next">{items}</ul></section>'


def _reasons(reasons: Sequence[Reason]) -> str:
    if not reasons:
        return ""
    most = max(reason.rows for reason in reasons) or 1
    head = '<tr><th>Code</th><th class="n">Rows</th><th></th><th>For example</th></tr>'
    rows = [
        f'<tr><td class="code">{text(reason.code)}</td><td class="n">{reason.rows:,}</td>'
        f'<td class="bar"><i class="{"rejected" if reason.severity == "error" else "unknown"}" '
        f'style="width:{100 * reason.rows / most:.1f}%"></i></td><td class="told">{text(reason.example)}</td></tr>'
        for reason in reasons[:SHOWN_REASONS]
    ]
    note = "A row with several faults is counted under each code."
    rest = f" {len(reasons) - SHOWN_REASONS} more codes are in issues.csv." if len(reasons) > SHOWN_REASONS else ""
    return f'<section><h2>Why</h2>{_table(head, rows, "stack why")}<p class="more">{note}{rest}</p></section>'


def _issues(issues: pl.DataFrame) -> str:
    if not issues.height:
        return ""
    shown = issues.head(SHOWN_ISSUES)
    head = "".join(f"<th{_class(name)}>{title}</th>" for name, title in _COLUMNS.items())
    rows = [
        "<tr>"
        + "".join(f"<td{_class(name)} data-of='{title}'>{text(issue[name])}</td>" for name, title in _COLUMNS.items())
        + "</tr>"
        for issue in shown.iter_rows(named=True)
    ]
    rest = issues.height - shown.height
    more = f'<p class="more">{rest:,} more in <a href="issues.csv">issues.csv</a>.</p>' if rest else ""
    title = "First issues" if rest else "Issues"
    return f"<section><h2>{title}</h2>{_table(f'<tr>{head}</tr>', rows, 'stack')}{more}</section>"


def _class(column: str) -> str:
    name = {"row": "n", "code": "code", "message": "told"}.get(column, "code value")
    return f' class="{name}"'


def _stages(result: IngestResult) -> str:
    longest = max((stage.seconds for stage in result.stages), default=0) or 1
    head = '<tr><th>Stage</th><th class="n">Rows</th><th class="n">Time</th><th></th></tr>'
    rows = [
        f'<tr><td>{text(stage.name)}</td><td class="n">{stage.rows:,}</td><td class="n">{stage.seconds:,.2f} s</td>'
        f'<td class="bar"><i class="read" style="width:{100 * stage.seconds / longest:.1f}%"></i></td></tr>'
        for stage in result.stages
    ]
    return f"<section><h2>Stages</h2>{_table(head, rows)}</section>"


def _jobs(result: IngestResult) -> str:
    """Return the platform's jobs, and the status of the last."""
    status = f" ({result.job_status})" if result.job_status else ""
    return ", ".join(result.jobs) + status if result.jobs else ""


def _facts(result: IngestResult, about: About) -> str:
    source = result.source
    size = _size(int(source.get("bytes") or 0))
    facts = {
        "Source": text(source.get("uri")),
        "Format": f"{text(source.get('format'))}, {size}" if source.get("format") else "",
        "SHA-256": f"<code>{text(source.get('sha256'))}</code>" if source.get("sha256") else "",
        "Mapping": text(result.mapping),
        "Gate": text(result.gate),
        "Target": text(about.target),
        "Platform's job": text(_jobs(result)),
        "Read back": f"{_rows(result.read_back)} that the platform told nothing of" if result.read_back else "",
        "Skipped": "<br>".join(f"{text(file.uri)}: {text(file.reason)}" for file in result.skipped),
        "Checkpoint": "<br>".join(f"<code>{text(name)}</code>" for name in result.checkpoints or (result.checkpoint,)),
        "Run": f"<code>{text(about.run_id)}</code>" if about.run_id else "",
    }
    items = "".join(
        f"<dt>{name}</dt><dd>{value}</dd>" for name, value in facts.items() if value and value != "<code></code>"
    )
    return f"<section><h2>Where from, where to</h2><dl>{items}</dl></section>"


def _files(written: Sequence[Written]) -> str:
    head = '<tr><th>File</th><th class="n">Rows</th><th class="n">Size</th><th>Form</th></tr>'
    rows = [
        f'<tr><td class="code"><a href="{quote(file.name)}">{text(file.name)}</a></td>'
        f'<td class="n">{"" if file.rows is None else f"{file.rows:,}"}</td><td class="n">{_size(file.bytes)}</td>'
        f"<td>{text(file.purpose)}</td></tr>"
        for file in written
    ]
    return f"<section><h2>Files beside this page</h2>{_table(head, rows)}</section>"


def _footer(about: About) -> str:
    run = f" · run {text(about.run_id)}" if about.run_id else ""
    return f"<footer>Written by fcwork, {_instant(about.written_at)}{run}</footer>"


def _table(head: str, rows: Iterable[str], kind: str = "") -> str:
    return f'<div class="wide"><table class="{kind}"><thead>{head}</thead><tbody>{"".join(rows)}</tbody></table></div>'


def _rows(count: int) -> str:
    return f"{count:,} row" if count == 1 else f"{count:,} rows"


def _instant(at: datetime) -> str:
    return f"{at:%-d %B %Y, %H:%M:%S} UTC"


def _size(count: int) -> str:
    amount = float(count)
    for unit in ("bytes", "kB", "MB"):
        if amount < 1000:  # noqa: PLR2004 - units go by thousands
            return f"{amount:,.0f} {unit}" if unit == "bytes" else f"{amount:,.1f} {unit}"
        amount /= 1000
    return f"{amount:,.1f} GB"
