"""What frames a run published: a folder of Parquet files, and a manifest that says what each has to be."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fcwork import cards
from fcwork.runner.folder import read_json

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")  # of a frame, and so of its file
FRAMES, MANIFEST, SUFFIX = "frames", "manifest.json", ".parquet"


@dataclass(frozen=True, repr=False)
class Published:
    """A frame that a run published.

    Attributes:
        name, path: what it is called, and its file.
        rows, columns: how many rows, and which columns in their order.
        bytes, sha256: the size and the hash of the file.
        masked: the columns that show that there is a value, and not which.
    """

    name: str
    path: Path
    rows: int
    columns: tuple[str, ...]
    bytes: int
    sha256: str
    masked: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return what the manifest says of it."""
        counted = {"file": self.path.name, "rows": self.rows, "columns": list(self.columns)}
        return {**counted, "bytes": self.bytes, "sha256": self.sha256, "masked": list(self.masked)}

    def __str__(self) -> str:
        return cards.line(f"{self.name}: {self.rows:,} rows of {len(self.columns):,} columns ({self.path})")

    __repr__ = __str__

    def _repr_html_(self) -> str:
        hidden = ", ".join(self.masked)
        return cards.Card(line=str(self), facts={"Columns": ", ".join(self.columns), "Hidden": hidden}).html()


def published(folder: Path) -> dict[str, Published]:
    """Return the frames that a run published into its folder, by name, as far as its manifest can be read."""
    told = read_json(folder / FRAMES / MANIFEST).get("frames")
    found = {}
    for name, facts in told.items() if isinstance(told, Mapping) else ():
        with suppress(KeyError, TypeError, ValueError):
            if NAME.fullmatch(name):
                found[name] = _of(folder, name, facts)
    return found


def path_of(folder: Path, name: str) -> Path:
    """Return the file of a frame."""
    return folder / FRAMES / f"{name}{SUFFIX}"


def _of(folder: Path, name: str, facts: Mapping[str, Any]) -> Published:
    columns, masked = (tuple(map(str, facts[what])) for what in ("columns", "masked"))
    rows, size = int(facts["rows"]), int(facts["bytes"])
    return Published(name, path_of(folder, name), rows, columns, size, str(facts["sha256"]), masked)
