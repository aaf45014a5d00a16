"""What was written: files, rows, bytes and hashes; where it is one file, also a path to it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from fcwork import cards
from fcwork.errors import SourceError

SHOWN_FILES = 10


@dataclass(frozen=True)
class WrittenFile:
    """One file.

    Attributes:
        uri: where it is.
        name: in the folder of all files.
        rows, bytes, sha256: its rows, its size, and its hash in hexadecimal digits.
        partition: the values of the columns that its rows share, by the name in its folders.
    """

    uri: str
    name: str
    rows: int
    bytes: int
    sha256: str
    partition: Mapping[str, str | None] = field(default_factory=dict)

    def to_record(self) -> dict[str, Any]:
        """Return uri, rows, bytes and hash as JSON-like data."""
        return {"uri": self.uri, "rows": self.rows, "bytes": self.bytes, "sha256": self.sha256}


@dataclass(frozen=True, repr=False)
class Written(os.PathLike[str]):
    """What one write left; as a path it is its one file.

    Attributes:
        uri: the file, or the folder of several.
        format: of the files.
        rows: of all files.
        files: each of them.
        manifest: where the manifest is; empty where there is none.
    """

    uri: str
    format: str
    rows: int
    files: tuple[WrittenFile, ...]
    manifest: str = ""
    _path: str = ""

    @property
    def bytes(self) -> int:
        """The size of all files."""
        return sum(file.bytes for file in self.files)

    def __fspath__(self) -> str:
        if not self._path:
            told = f"{len(self.files):,} files" if self.files else "no file"
            raise SourceError(f"{told} were written to {self.uri}, which is no one path", hint="see .files")
        return self._path

    def __str__(self) -> str:
        if not self.files:
            told = f"{self.uri}: no rows, so no file was written"
        else:
            several = f" in {len(self.files):,} files" if len(self.files) > 1 else ""
            rows = "1 row" if self.rows == 1 else f"{self.rows:,} rows"
            told = f"{self.uri}: {rows} written as {self.format}{several}, {self.bytes:,} bytes"
        return cards.line(f"{told}; manifest {self.manifest}" if self.manifest else told)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        lines = [(file.name, file.rows, file.bytes) for file in self.files]
        table = pl.DataFrame(lines, {"file": pl.String, "rows": pl.Int64, "bytes": pl.Int64}, orient="row")
        shown = cards.table(table, limit=SHOWN_FILES, ours=True) if len(lines) > 1 else ""
        return cards.Card(line=str(self), below=[shown]).html()
