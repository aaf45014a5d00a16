"""A check's result for a person: the verdict, a bar for each rule that was broken, and the first examples."""

from __future__ import annotations

import os
import tempfile
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from fcwork import frames
from fcwork.cards import Part, Tone, badge, bar, cell, line, text
from fcwork.cards.card import COLOURS
from fcwork.errors import SourceError
from fcwork.redact import mask

if TYPE_CHECKING:
    from fcwork.validator.result import CheckResult

SHOWN_RULES, SHOWN_ISSUES = 12, 10
COLUMNS = ("row", "message", "field", "value", "key", "code", "severity")  # what tells most first
_SCROLLS = '<div style="overflow-x:auto">'
_CAPTION = '<caption style="text-align:left;white-space:nowrap">'


def fragment(result: CheckResult) -> str:
    """Return the result as HTML to stand in a notebook: its styles are its own, whatever comes from data is escaped."""
    issues = frames.enter(result.issues)
    parts = [_headline(result), _piles(result)]
    if issues.height:
        parts += [_bars(issues), _examples(issues)]
    return mask(f'<div class="fcwork-card" style="line-height:1.5">{"".join(parts)}</div>')


def document(result: CheckResult, title: str) -> str:
    """Return the result as a page of its own."""
    style = resources.files(__package__).joinpath("check.css").read_text(encoding="utf-8")
    return mask(
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{text(title)}: {_verdict(result)[0]}</title>\n<style>\n{style}</style></head>\n"
        f"<body><main>\n<h1>{text(title)}</h1>\n{fragment(result)}\n</main></body></html>\n"
    )


def written(content: str, path: Path) -> Path:
    """Write a page, whole or not at all.

    Raises:
        SourceError: it cannot be written there.
    """
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
                file.write(content)
            Path(name).chmod(0o644)
            Path(name).replace(path)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise SourceError(f"{path}: cannot be written: {why}", uri=str(path), hint="name a file in a folder") from error
    return path


def _verdict(result: CheckResult) -> tuple[str, Tone]:
    """Return the verdict in a word or two, and what it means."""
    if not result.ok:
        return ("rejected rows", "bad") if result.rejected_count else ("refused", "bad")
    if not result.total:
        return "nothing to check", "doubt"
    return ("valid, with warnings", "doubt") if result.counts else ("valid", "good")


def _headline(result: CheckResult) -> str:
    return f"<p>{badge(*_verdict(result))}<b>{text(line(result.summary))}</b></p>"


def _piles(result: CheckResult) -> str:
    """Draw how the rows are parted."""
    return bar((Part("valid", result.valid_count, "good"), Part("rejected", result.rejected_count, "bad")))


def _bars(issues: pl.DataFrame) -> str:
    """Draw a bar for each rule on each field, as long as its findings are many."""
    rules = (
        issues.group_by("code", "field", "severity", maintain_order=True)
        .agg(pl.len().alias("issues"), pl.col("message").first())
        .sort("issues", descending=True, maintain_order=True)
    )
    most = int(rules["issues"][0])
    head = "".join(cell("th", name) for name in ("Rule", "Field", "", "Issues", "Such as"))
    rows = "".join(_bar(rule, most) for rule in rules.head(SHOWN_RULES).iter_rows(named=True))
    rest = rules.height - SHOWN_RULES
    more = f'<tr><td colspan="5" style="text-align:left">and {rest:,} more rules</td></tr>' if rest > 0 else ""
    return _table("What was found", head, rows + more)


def _bar(rule: dict[str, Any], most: int) -> str:
    colour = COLOURS["bad" if rule["severity"] == "error" else "doubt"]
    width = max(100 * rule["issues"] / most, 2)
    looks = f"height:.7em;border-radius:.35em;width:{width:.1f}%;background:{colour}"
    drawn = f'<td><div style="width:8em"><div style="{looks}"></div></div></td>'
    code = rule["code"] if rule["severity"] == "error" else f"{rule['code']} (warning)"
    told = (cell("td", value) for value in (f"{rule['issues']:,}", rule["message"]))
    return f"<tr>{cell('td', code)}{cell('td', rule['field'] or '')}{drawn}{''.join(told)}</tr>"


def _examples(issues: pl.DataFrame) -> str:
    """Show the first findings, of each rule some before many of one."""
    nth = pl.int_range(pl.len()).over("code", "field")
    spread = issues.with_columns(nth.alias("nth")).sort("nth", maintain_order=True).head(SHOWN_ISSUES)
    shown = spread.sort("row", nulls_last=False, maintain_order=True).select(COLUMNS)
    head = "".join(cell("th", name.title()) for name in COLUMNS)
    told = [[cell("td", "" if value is None else str(value)) for value in row] for row in shown.iter_rows()]
    rows = "".join(f"<tr>{''.join(cells)}</tr>" for cells in told)
    rest = issues.height - shown.height
    more = f'<tr><td colspan="{len(COLUMNS)}" style="text-align:left">and {rest:,} more</td></tr>' if rest > 0 else ""
    return _table("First examples", head, rows + more)


def _table(caption: str, head: str, rows: str) -> str:
    inside = f"{_CAPTION}{caption}</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody>"
    return f"{_SCROLLS}<table>{inside}</table></div>"
