"""What a mapping says and does, for a terminal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from fcwork.cli import terminal, veil
from fcwork.personal import covers, hidden
from fcwork.redact import MASK

if TYPE_CHECKING:
    import polars as pl

    from fcwork.mapper import Mapper, Mutations
    from fcwork.sources import ReadResult

SHOWN = 5  # mapped rows


def first(rows: pl.DataFrame) -> Iterator[str]:
    """Yield the first mapped rows as a table."""
    yield from table(rows.head(SHOWN), "mapped row", of=rows.height)


def table(rows: pl.DataFrame, what: str, *, of: int) -> Iterator[str]:
    """Yield rows as a table.

    Args:
        rows: to be shown.
        what: one of them is called.
        of: how many there are.
    """
    from fcwork import frames

    if not rows.height:
        return
    cells = [veil.cells(row) for row in frames.without_identity(rows).iter_rows(named=True)]
    named = dict.fromkeys(label for row in cells for label in row)
    head = [label for label in named if not any(other.startswith(f"{label}.") for other in named)]  # an empty object
    first = "The first" if len(cells) == 1 else f"The first {len(cells):,}"
    title = f"The {what}" if of == 1 else f"{first} of {of:,} {what}s" if of > len(cells) else f"{first} {what}s"
    yield f"\n{click.style(title, bold=True)}"
    yield from terminal.table(head, [[row.get(label, "") for label in head] for row in cells])


def request(made: Mutations, mapper: Mapper) -> Iterator[str]:
    """Yield the first request: its document and its variables."""
    if not made.requests:
        return
    first = made.requests[0]
    variables = json.loads(first.body)["variables"]
    shown = {name: hidden(value, _argument(name, mapper)) for name, value in variables.items()}
    several = len(made.requests) > 1
    title = f"The first of {len(made.requests):,} requests" if several else "The request"
    yield f"\n{click.style(title, bold=True)}"
    for line in (*first.document.split("\n"), *json.dumps(shown, ensure_ascii=False, indent=2).split("\n")):
        yield f"  {terminal.visible(line)}"


def _argument(variable: str, mapper: Mapper) -> str:
    """Return the target that a variable holds: nothing for a whole input."""
    plan = mapper.plan
    if plan.whole_input or plan.operation is None:
        return ""
    return max((item.name for item in plan.operation.arguments if variable.startswith(item.name)), key=len)


def explained(mapper: Mapper) -> Iterator[str]:
    """Yield the mapping as a table."""
    title = " ".join(filter(None, [mapper.name, mapper.version])) or "the mapping"
    told = f": {terminal.visible(mapper.description)}" if mapper.description else ""
    yield f"{click.style(terminal.visible(title), bold=True)}{told}"
    table = mapper.explain()
    rows = [_veiled(row) if covers(row["target"]) else row for row in table.to_dicts()]
    said = {name for row in rows for name, value in row.items() if value not in {None, False}}
    shown = [name for name in table.columns if name in said]
    yield from terminal.table(shown, [[_word(row[name]) for name in shown] for row in rows], last_is_free=True)


def _veiled(row: dict[str, Any]) -> dict[str, Any]:
    """Return a line of the mapping without the constants in it."""
    literal = (row["source"] or "").startswith("literal ")
    return {
        **row,
        "source": f"literal {MASK}" if literal else row["source"],
        "default": row["default"] and MASK,
    }


def _word(value: Any) -> str:
    return "yes" if value is True else str(value or "")


def previewed(mapper: Mapper, read: ReadResult, rows: int) -> Iterator[str]:
    """Yield what stands in the source beside what becomes of it, row by row."""
    lines: list[tuple[str, ...]] = []
    before = None
    for row, source, came, target, to, issue in mapper.preview(read.frame, rows).iter_rows():
        lines.append(
            ("" if row == before else str(row), source, came or "", target, f"✗ {issue}" if issue else to or "")
        )
        before = row
    if lines:
        yield from terminal.table(("row", "source", "from", "target", "to"), lines, last_is_free=True)
    else:
        yield "there is no row to preview"
    if read.rejected.height:
        yield f"\n{counted(read.rejected.height, 'line')} of {terminal.visible(read.uri)} could not be read as a row"


def counted(count: int, what: str) -> str:
    """Return a number of things in words."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"
