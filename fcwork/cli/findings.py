"""Findings for a person at a terminal: by code, the first examples of each, and counts that add up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import click

from fcwork.cli import terminal
from fcwork.unseen import columns

if TYPE_CHECKING:
    import polars as pl

EXAMPLES, CODES = 3, 12
_STAGES = {"read": "in reading", "map": "in mapping", "check": "in checking"}


def adding_up(total: int, kept: str, counts: Mapping[str, int]) -> str:
    """Return the rows that were read as a sum: those kept, and those rejected, by stage where there were several.

    Args:
        total: rows read.
        kept: what the others are called, such as ``mapped``.
        counts: the rejected ones by stage, the verb's own stage last.
    """
    rejected = sum(counts.values())
    stages = ", ".join(f"{count:,} {_STAGES[stage]}" for stage, count in counts.items() if count)
    told = f"{total:,} {'row' if total == 1 else 'rows'} read = {total - rejected:,} {kept} + {rejected:,} rejected"
    own = list(counts)[-1]
    return f"{told} ({stages})" if rejected > counts[own] else told


def lines(issues: pl.DataFrame) -> Iterator[str]:
    """Yield issues by code, errors first and the most frequent first, each with its first examples."""
    import polars as pl

    by_code = issues.group_by("severity", "code").len().sort("severity", "len", "code", descending=[False, True, False])
    several = issues.filter(pl.col("row").is_not_null())["source"].n_unique() > 1
    for severity, code, count in by_code.head(CODES).iter_rows():
        same = issues.filter((pl.col("code") == code) & (pl.col("severity") == severity))
        yield ""
        yield _heading(code, severity, count)
        examples = _first(same)
        yield from _aligned([_example(line, several=several) for line in examples.iter_rows(named=True)])
        if count > examples.height:
            yield f"    and {count - examples.height:,} more"
    if by_code.height > CODES:
        yield f"\n  and {by_code.height - CODES:,} more codes"


def _heading(code: str, severity: str, count: int) -> str:
    colour = "red" if severity == "error" else "yellow"
    warning = "" if severity == "error" else " (warning)"
    return f"  {click.style(terminal.visible(code), fg=colour, bold=True)}  {count:,}{warning}"


def _first(issues: pl.DataFrame) -> pl.DataFrame:
    """Return some issues, of each field one before more of any."""
    import polars as pl

    nth = pl.int_range(pl.len()).over("field")
    return issues.sort(nth, maintain_order=True).head(EXAMPLES).sort("source", "row", maintain_order=True)


def _example(line: Mapping[str, Any], *, several: bool) -> tuple[str, str, str, str]:
    row = "" if line["row"] is None else f"row {line['row']}"
    where = f"{PurePath(line['source'] or '').name} {row}" if several and row else row
    value = "" if line["value"] is None else f"'{terminal.cut(line['value'])}'"
    return terminal.visible(where), terminal.cut(line["field"] or ""), value, terminal.visible(line["message"] or "")


def _aligned(examples: Sequence[tuple[str, str, str, str]]) -> Iterator[str]:
    widths = [max(map(columns, column)) for column in zip(*examples, strict=True)][:-1]
    for *cells, message in examples:
        padded = [cell + " " * (width - columns(cell)) for cell, width in zip(cells, widths, strict=True) if width]
        start = "    " + "".join(f"{cell}  " for cell in padded)
        yield terminal.wrapped(f"{start}{message}".rstrip(), hang=min(columns(start), 40))
