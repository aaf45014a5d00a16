"""Dead letters that somebody mended, read again."""

from __future__ import annotations

from typing import Any

from fcwork import sources
from fcwork.errors import ConfigError


def read_letters(uri: str, format: str | None = None, **options: Any) -> Any:  # noqa: A002 - as everywhere
    """Return a file of dead letters as rows to load; ``ingest`` knows by their columns what they are.

    Args:
        uri: a file as ``SendResult.write_dead_letters`` and the reports write it.
        format, options: as in ``sources.read``.

    Raises:
        ConfigError: it is no file of dead letters.
        SourceError: it cannot be read.
    """
    rows = sources.read(uri, format, **options)
    if format == "csv" or uri.lower().endswith((".csv", ".tsv")):
        rows = sources.as_written(rows)
    if "_code" not in rows.columns:
        raise ConfigError(
            f"{uri} is no file of dead letters: it has no column _code",
            hint="load it as a source; the report of a run and `fcwork send --dead-letters` write such files",
        )
    return rows
