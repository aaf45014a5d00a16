"""A check's result for a person: the verdict, a bar for each rule that was broken, and the first examples."""

from __future__ import annotations

import html
import os
import re
import tempfile
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from fcwork import frames
from fcwork.errors import SourceError
from fcwork.redact import mask

if TYPE_CHECKING:
    from fcwork.validator.result import CheckResult

SHOWN_RULES, SHOWN_ISSUES = 12, 10
COLUMNS = ("row", "key", "field", "code", "severity", "value", "message")
# Colours that can be read on white and on black: a notebook's theme is not known.
GOOD, BAD, DOUBT = "#1a9c63", "#d64a3c", "#c9840a"
# Characters that draw nothing or turn text around: controls, and the marks of writing direction.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_CELL = 'style="text-align:left;vertical-align:baseline;padding:.3em 1em .3em 0;overflow-wrap:anywhere;min-width:10em"'
_WORD = 'style="text-align:left;vertical-align:baseline;padding:.3em 1em .3em 0;white-space:nowrap"'  # never broken
_WORDS = ("row", "code", "severity")


def fragment(result: CheckResult) -> str:
    """Return the result as HTML to stand in a notebook: its styles are its own, whatever comes from data is escaped."""
    issues = frames.enter(result.issues)
    parts = [_headline(result), _piles(result)]
    if issues.height:
        parts += [_bars(issues), _examples(issues)]
    return mask(f'<div class="fcwork-check" style="line-height:1.5">{"".join(parts)}</div>')


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


def text(value: Any) -> str:
    """Return a value as text that is safe in HTML and shows what is not seen."""
    shown = "" if value is None else str(value)
    return html.escape(_UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", shown))


def _verdict(result: CheckResult) -> tuple[str, str]:
    """Return the verdict in a word or two, and its colour."""
    if not result.ok:
        return ("rejected rows", BAD) if result.rejected_count else ("refused", BAD)
    if not result.total:
        return "nothing to check", DOUBT
    return ("valid, with warnings", DOUBT) if result.counts else ("valid", GOOD)


def _headline(result: CheckResult) -> str:
    word, colour = _verdict(result)
    badge = (
        f'<span style="background:{colour};color:#fff;border-radius:1em;padding:.15em .7em;margin-right:.6em;'
        f'font-weight:600">{word}</span>'
    )
    return f"<p>{badge}<b>{text(result.summary)}</b></p>"


def _piles(result: CheckResult) -> str:
    """Draw how the rows are parted."""
    if not result.total:
        return ""
    share = 100 * result.valid_count / result.total
    if result.rejected_count:
        share = min(share, 99.0) if result.valid_count else 0.0  # a single rejected row is seen
    bar = (
        f'<div style="height:.8em;border-radius:.4em;overflow:hidden;max-width:40em;background:{BAD}">'
        f'<div style="height:.8em;width:{share:.2f}%;background:{GOOD}"></div></div>'
    )
    told = f"{result.valid_count:,} valid · {result.rejected_count:,} rejected · {result.total:,} rows"
    return f'{bar}<p style="margin:.3em 0 1em">{told}</p>'


def _bars(issues: pl.DataFrame) -> str:
    """Draw a bar for each rule on each field, as long as its findings are many."""
    rules = (
        issues.group_by("code", "field", "severity", maintain_order=True)
        .agg(pl.len().alias("issues"), pl.col("message").first())
        .sort("issues", descending=True, maintain_order=True)
    )
    most = int(rules["issues"][0])
    head = "".join(f"<th {_WORD}>{name}</th>" for name in ("Rule", "Field", "", "Issues", "Such as"))
    rows = "".join(_bar(rule, most) for rule in rules.head(SHOWN_RULES).iter_rows(named=True))
    rest = rules.height - SHOWN_RULES
    more = f'<tr><td colspan="5">and {rest:,} more rules</td></tr>' if rest > 0 else ""
    return f"<table><caption>What was found</caption><thead><tr>{head}</tr></thead><tbody>{rows}{more}</tbody></table>"


def _bar(rule: dict[str, Any], most: int) -> str:
    colour = BAD if rule["severity"] == "error" else DOUBT
    width = max(100 * rule["issues"] / most, 2)
    drawn = (
        f'<div style="width:8em"><div style="height:.7em;border-radius:.35em;width:{width:.1f}%;background:{colour}">'
        "</div></div>"
    )
    kind = "" if rule["severity"] == "error" else " (warning)"
    cells = (f"{text(rule['code'])}{kind}", text(rule["field"]), drawn, f"{rule['issues']:,}", text(rule["message"]))
    styles = (_WORD, _CELL, _WORD, _WORD, _CELL)
    told = "".join(f"<td {style}>{cell}</td>" for style, cell in zip(styles, cells, strict=True))
    return f"<tr>{told}</tr>"


def _examples(issues: pl.DataFrame) -> str:
    """Show the first findings, of each rule some before many of one."""
    nth = pl.int_range(pl.len()).over("code", "field")
    spread = issues.with_columns(nth.alias("nth")).sort("nth", maintain_order=True).head(SHOWN_ISSUES)
    shown = spread.sort("row", nulls_last=False, maintain_order=True).select(COLUMNS)
    head = "".join(f"<th {_WORD}>{name.title()}</th>" for name in COLUMNS)
    rows = "".join(f"<tr>{_example(row)}</tr>" for row in shown.iter_rows())
    rest = issues.height - shown.height
    more = f'<tr><td colspan="{len(COLUMNS)}">and {rest:,} more</td></tr>' if rest > 0 else ""
    return f"<table><caption>First examples</caption><thead><tr>{head}</tr></thead><tbody>{rows}{more}</tbody></table>"


def _example(row: tuple[Any, ...]) -> str:
    cells = zip(COLUMNS, row, strict=True)
    return "".join(f"<td {_WORD if name in _WORDS else _CELL}>{text(cell)}</td>" for name, cell in cells)
