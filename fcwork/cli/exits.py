"""Exit codes, and errors told in words."""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from fcwork.cli import terminal
from fcwork.errors import (
    BadKeyError,
    BadRequestError,
    ConfigError,
    FcworkError,
    MappingError,
    NotebookError,
    NotebookFailedError,
    ParameterTypeError,
    SecretParameterError,
    SourceError,
    UnknownParameterError,
)
from fcwork.personal import text as unnamed
from fcwork.redact import mask

if TYPE_CHECKING:
    from fcwork.runner import RunResult

FAILED, MISTAKE, WITH_ERRORS, STOPPED = 1, 2, 3, 130
MISTAKES = (
    ConfigError,
    SourceError,
    MappingError,
    NotebookError,
    UnknownParameterError,
    ParameterTypeError,
    SecretParameterError,
    BadKeyError,
)
_BY_STATE: dict[str, int] = {
    "SUCCEEDED": 0,
    "SKIPPED": 0,
    "COMPLETED_WITH_ERRORS": WITH_ERRORS,
    "REFUSED": WITH_ERRORS,
    "CANCELLED": STOPPED,
}


def of_error(error: FcworkError) -> int:
    """Return the exit code of an error."""
    if isinstance(error, BadRequestError):  # what was refused before it left is the caller's
        return FAILED if error.url else MISTAKE
    return MISTAKE if isinstance(error, MISTAKES) and not isinstance(error, NotebookFailedError) else FAILED


@contextmanager
def even_unheard() -> Iterator[None]:
    """Let the exit code stand where whoever read our output went away: a closed pipe, a closed terminal."""
    try:
        yield
        sys.stdout.flush()
    except OSError:
        for stream in (sys.stdout, sys.stderr):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def of_run(result: RunResult) -> int:
    """Return the exit code of a run."""
    return of_end(result.state, result.ename)


def of_end(state: str, ename: str) -> int:
    """Return the exit code of how a run ended; a cell that stumbled over the caller's mistake counts as that."""
    if state == "FAILED" and ename in {kind.__name__ for kind in MISTAKES}:
        return MISTAKE
    return of_state(state)


def of_state(state: str) -> int:
    """Return the exit code of how a load ended."""
    return _BY_STATE.get(state, FAILED)


def tell(text: str) -> None:
    """Write an error for a person: the first line red, where the terminal has colours."""
    first, _, rest = terminal.visible(text, keep="\n").partition("\n")
    click.secho(f"fcwork: {first}", fg="red", err=True)
    if rest:
        click.echo(rest, err=True)


def unexpected(error: Exception) -> str:
    """Return one line about an error that nobody foresaw, its traceback kept in a file."""
    with tempfile.NamedTemporaryFile(
        "w", prefix="fcwork-error-", suffix=".txt", delete=False, encoding="utf-8", errors="backslashreplace"
    ) as file:
        file.write(unnamed(mask("".join(traceback.format_exception(error)))))
    return f"unexpected {type(error).__name__}: {error}\n→ please report it with {file.name}"
