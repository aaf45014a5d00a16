"""The options of a run that say what it may take, and what it may not do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from fcwork.cli.spans import seconds


def limits(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that limit a run, under the names that ``runner.run`` has for them."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


_OPTIONS = (
    click.option(
        "--timeout", "timeout_seconds", callback=seconds, metavar="SPAN", help="Stop the run after so long: 10m, 2h."
    ),
    click.option(
        "--cell-timeout",
        "cell_timeout_seconds",
        callback=seconds,
        metavar="SPAN",
        help="Stop it where one cell takes so long.",
    ),
    click.option(
        "--memory",
        "memory_mb",
        type=click.IntRange(1),
        metavar="MB",
        help="Let the kernel have so much memory (Linux).",
    ),
    click.option(
        "--retries", type=click.IntRange(0), default=0, metavar="N", help="Run again, so often, where the kernel died."
    ),
    click.option("--safe-to-repeat", is_flag=True, help="Twice is the same as once: there may be retries."),
    click.option("--strict", is_flag=True, help="Fail where a known secret had to be masked in what the run shows."),
)
