"""The end of a run in the terminal: state, figures that add up, and where to read on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from fcwork import errors
from fcwork.cli import exits, terminal
from fcwork.errors import FcworkError

if TYPE_CHECKING:
    from fcwork.runner import RunResult

EXTRACTED = ("read", "written", "ready", "rejected")
PILES = ("delivered", "rejected", "unknown", "ready")
COLOURS = {"SUCCEEDED": "green", "SKIPPED": "green", "COMPLETED_WITH_ERRORS": "yellow", "REFUSED": "yellow"}


def write(result: RunResult, *, quiet: bool = False) -> None:
    """Write how a run ended; a failure goes to the error stream, in words."""
    failed = result.state not in COLOURS
    if failed:
        where = f" in cell [{result.failed_cell}]" if result.failed_cell else ""
        exits.tell(f"{result.name} {result.state}{where}: {_words(result)}")
    if quiet:
        click.echo(str(result.folder))
        return
    click.echo()
    target = f" → {result.target}" if result.target else ""
    state = click.style(result.state, fg=COLOURS.get(result.state, "red"), bold=True)
    click.echo(f"{result.name} {state} in {result.duration_seconds:.1f} s{target}")
    if result.result.get("dry_run"):
        done = "written" if "written" in result.figures else "sent"
        click.secho(f"DRY RUN: nothing was {done}; {_otherwise(result)}.", fg="yellow", bold=True)
    if result.state in {"REFUSED", "SKIPPED"}:
        click.echo(result.reason)
    elif "read" not in result.figures and result.result.get("summary"):
        click.echo(terminal.visible(str(result.result["summary"])))
    for line in (*figures(result.figures), *reasons(result.result.get("issues"))):
        click.echo(line)
    click.echo(f"\nReport  {result.report}\nRun     {result.folder}")


def _otherwise(result: RunResult) -> str:
    closed = str(result.result.get("gate", "")).startswith("closed")
    return "and otherwise the gate would keep it back" if closed else "with `-p DRY_RUN false` it is"


def figures(counts: Mapping[str, int]) -> list[str]:
    """Return the counts as lines: the rows read, the piles they went to, and their sum.

    What an extraction reads may become several rows, so there is no sum of those.
    """
    if "read" not in counts:
        return []
    width = len(f"{max(counts.values()):,}")
    if "written" in counts:
        shown = [name for name in EXTRACTED if name in counts and (name != "ready" or counts[name])]
        return ["", *(f"  {name:<10} {counts[name]:>{width},}" for name in shown)]
    piles = [f"  {name:<10} {counts[name]:>{width},}" for name in PILES if name in counts]
    total = sum(counts.get(name, 0) for name in PILES)
    verdict = "adds up" if adds_up(counts) else f"DOES NOT ADD UP to {counts['read']:,}"
    return ["", f"  {'read':<10} {counts['read']:>{width},}", *piles, f"  {'sum':<10} {total:>{width},}  {verdict}"]


def adds_up(counts: Mapping[str, int]) -> bool:
    """Say whether the rows read are the delivered, rejected, unknown and ready ones together."""
    return "read" in counts and counts["read"] == sum(counts.get(name, 0) for name in PILES)


def reasons(counts: object) -> list[str]:
    """Return the findings by their code as lines, the most frequent first."""
    if not isinstance(counts, Mapping) or not counts:
        return []
    width = max(len(code) for code in counts)
    by_count = sorted(counts.items(), key=lambda item: -item[1])
    return ["", "  findings by code", *(f"  {code:<{width}}  {count:>6,}" for code, count in by_count)]


def _words(result: RunResult) -> str:
    """Return an error's text; its type stands before it where it is not one of ours."""
    ours = issubclass(getattr(errors, result.ename or "FcworkError", Exception), FcworkError)
    return result.evalue if ours else f"{result.ename}: {result.evalue}"
