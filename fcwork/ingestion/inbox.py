"""Which of the files that a source names are loaded in one run, in which order, and which wait for the next."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, get_args

from fcwork import sources
from fcwork.errors import ConfigError, SourceError
from fcwork.ingestion.files import FileLedger, FileVersion
from fcwork.ingestion.result import Skipped
from fcwork.sources import moving
from fcwork.sources.place import Place, locate

Order = Literal["oldest", "newest", "name"]
_FAR_AHEAD = timedelta(days=1)  # a time so far ahead was set by somebody, and is not when a file was written
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Inbox:
    """How an inbox is worked through.

    Attributes:
        max_files: how many files a run loads; None for all.
        order: which come first: the oldest, the newest, or those first by name.
        settle_seconds: a file written more recently than that waits, as it may still grow.
        emptied_into: the folders into which files are moved when they are through; empty where none are.
        takes_bad: whether there is a folder for files that cannot be read.
    """

    max_files: int | None = None
    order: Order = "oldest"
    settle_seconds: float = 0
    emptied_into: tuple[str, ...] = ()
    takes_bad: bool = False

    def check(self) -> None:
        """Refuse what cannot be.

        Raises:
            ConfigError: a figure or word that is none.
        """
        most: Any = self.max_files
        pause: Any = self.settle_seconds
        if most is not None and (not isinstance(most, int) or isinstance(most, bool) or most < 1):
            raise ConfigError(f"max_files is {most!r}", hint="give a whole number of 1 or more, or None for all")
        if self.order not in get_args(Order):
            raise ConfigError(f"there is no order {self.order!r}", hint=f"known: {', '.join(get_args(Order))}")
        if not isinstance(pause, int | float) or isinstance(pause, bool) or not 0 <= pause < float("inf"):
            raise ConfigError(f"settle_seconds is {pause!r}", hint="give a number of seconds, 0 for none")

    def files(self, source: str | os.PathLike[str], known: FileLedger | None) -> list[FileVersion]:
        """Return the files that a source names, in order; their content is not looked at yet.

        An inbox that is emptied may be empty: then there are none.

        Args:
            source: a path, a URI or a glob.
            known: the account of files; a store such as S3 has no folder left where its last file went.

        Raises:
            SourceError: nothing is there, and that is no inbox that is emptied.
        """
        place = locate(source)
        try:
            entry = place.look()
            if entry and entry.kind == "folder":
                return [FileVersion(name_of(place.uri), place.uri)]  # whoever reads it says what is wrong
            listed = sources.list(source)
        except SourceError:
            if self.emptied_into and _was_emptied(place, known):
                return []
            raise
        lines = listed.select("uri", "size", "modified_at").iter_rows()
        found = [FileVersion(name_of(uri), uri, size, modified_at) for uri, size, modified_at in lines]
        return self._ordered(found if entry else [file for file in found if not self._is_put_away(file)])

    def chosen(
        self, files: Iterable[FileVersion], now: datetime, loaded: Callable[[FileVersion], Skipped | None]
    ) -> tuple[list[FileVersion], list[Skipped], list[Skipped]]:
        """Return the files to be read, those that ``loaded`` says need no loading, and those that wait and why."""
        wanted: list[FileVersion] = []
        known: list[Skipped] = []
        waiting: list[Skipped] = []
        for file in files:
            if self._may_grow(file, now):
                told = f"it was written less than {self.settle_seconds:g} seconds ago, and may still grow"
                waiting.append(Skipped(file.uri, told))
            elif len(wanted) == self.max_files:
                waiting.append(Skipped(file.uri, f"a run loads {self.max_files:,} files at the most"))
            elif (skipped := loaded(file)) is not None:
                known.append(skipped)
            else:
                wanted.append(file)
        return wanted, known, waiting

    def _ordered(self, files: list[FileVersion]) -> list[FileVersion]:
        by_name = sorted(files, key=lambda file: file.uri)
        if self.order == "name":
            return by_name
        return sorted(by_name, key=lambda file: file.modified_at or _LONG_AGO, reverse=self.order == "newest")

    def _may_grow(self, file: FileVersion, now: datetime) -> bool:
        written_at, pause = file.modified_at, timedelta(seconds=self.settle_seconds)
        return bool(pause) and written_at is not None and -_FAR_AHEAD < now - written_at < pause

    def _is_put_away(self, file: FileVersion) -> bool:
        return any(moving.lies_in(folder, locate(file.uri)) for folder in self.emptied_into)


def name_of(uri: str) -> str:
    """Return the name that a file keeps whatever folder one works in; a link is a name of its own."""
    return uri if "://" in uri else os.path.normpath(Path(uri).absolute())


def _was_emptied(place: Place, known: FileLedger | None) -> bool:
    """Say whether nothing is there because it was put away, or because nothing has come yet."""
    folder = moving.folder_of_glob(place)
    if folder is None:
        return known is not None and known.get(name_of(place.uri)) is not None
    return moving.is_there(folder) or (known is not None and known.knows_any(name_of(folder.uri)))
