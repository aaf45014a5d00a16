"""Files that a verb writes: judged before any work is done, and none of them one that is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fcwork.cli import terminal
from fcwork.errors import ConfigError

if TYPE_CHECKING:
    import polars as pl

ROWS = (".csv", ".json", ".jsonl", ".ndjson", ".parquet", ".pq")
CONVERTED = tuple(f"{ending}{packed}" for ending in (*ROWS, ".tsv", ".xml") for packed in ("", ".gz"))
LINES = (".jsonl", ".ndjson")
PAGE = (".html", ".htm")


class Outputs:
    """The files that one call writes.

    Args:
        named: the path of each option that was given, and the endings that it may have.
        inputs: the files that the call reads.

    Raises:
        ConfigError: one has another ending, or is a file that is read or written already; all of them are named.
    """

    def __init__(self, named: Mapping[str, tuple[str | None, Sequence[str]]], inputs: Sequence[Path]) -> None:
        self._written: list[tuple[str, str, str]] = []
        given = {option: (path, endings) for option, (path, endings) in named.items() if path is not None}
        paths = {option: _path(path) for option, (path, _) in given.items()}
        mistakes = [*_wrong_endings(given), *_taken(paths, inputs)]
        if mistakes:
            raise ConfigError("\n".join(mistakes), hint="name another file; nothing was read or written")

    def rows(self, path: str | None, what: str, rows: pl.DataFrame, *, identity: bool = False) -> None:
        """Write rows as they are, if a path was given."""
        if path is not None:
            self._write(path, what, rows, "raw", identity=identity)
            nested = [name for name, kind in rows.schema.items() if kind.is_nested()]
            if nested and path.lower().endswith(".csv"):
                self._note(f"{', '.join(nested)}: as JSON text, for a csv holds no objects or lists; .jsonl holds them")

    def issues(self, path: str | None, issues: pl.DataFrame) -> None:
        """Write issues, if a path was given: for a spreadsheet, as people read them there."""
        if path is not None:
            self._write(path, "issues", issues, "spreadsheet")

    def dead_letters(self, path: str | None, rows: pl.DataFrame) -> None:
        """Write dead letters, if a path was given: for a spreadsheet, where their owner mends them."""
        if path is not None:
            from fcwork import sources

            with sources.private():
                self._write(path, "dead letters", rows, "spreadsheet", identity=True)

    def sheet(self, path: str | None, what: str, rows: pl.DataFrame) -> None:
        """Write rows for a spreadsheet, where people look at them and fill them in, if a path was given."""
        if path is not None:
            self._write(path, what, rows, "spreadsheet")

    def content(self, path: str | None, what: str, content: bytes, size: str) -> None:
        """Write a file's content, if a path was given."""
        from fcwork import sources

        if path is not None:
            with sources.whole(_path(path)) as stream:
                stream.write(content)
            self._written.append((what, path, size))

    def told(self) -> Iterator[str]:
        """Yield a line for each file that was written."""
        if self._written:
            yield ""
            yield click.style("Written", bold=True)
        wide = max((len(what) for what, _, _ in self._written), default=0)
        for what, path, size in self._written:
            yield f"  {what:<{wide}}  {terminal.visible(path)}{f', {size}' if size else ''}"

    def _write(self, path: str, what: str, rows: pl.DataFrame, safe: Any, *, identity: bool = False) -> None:
        from fcwork import sources

        sources.write(rows, sources.literal(path), safe=safe, identity=identity)
        unit = "issues" if what == "issues" else "rows"
        self._written.append((what, path, f"{rows.height:,} {unit[:-1] if rows.height == 1 else unit}"))

    def _note(self, text: str) -> None:
        what, path, size = self._written.pop()
        self._written.append((what, path, f"{size} ({terminal.visible(text)})"))


def _path(text: str) -> Path:
    from fcwork.sources.place import locate

    return Path(locate(text).path)


def _wrong_endings(given: Mapping[str, tuple[str, Sequence[str]]]) -> Iterator[str]:
    for option, (path, endings) in given.items():
        if not path.lower().endswith(tuple(endings)):
            yield f"{option} {path}: its ending is to be one of {', '.join(endings)}"


def _taken(paths: Mapping[str, Path], inputs: Sequence[Path]) -> Iterator[str]:
    before: list[str] = []
    for option, path in paths.items():
        if any(_same(path, read) for read in inputs):
            yield f"{option} {path} is a file that is read here, and is not written over"
        twin = next((other for other in before if _same(path, paths[other])), None)
        if twin:
            yield f"{option} {path} is the file of {twin} too"
        before.append(option)


def _same(one: Path, other: Path) -> bool:
    """Say whether two paths lead to one file, by links and in any case too."""
    try:
        return one.samefile(other)
    except OSError:
        return one.resolve() == other.resolve()
