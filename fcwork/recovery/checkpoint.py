"""A send on disk: a folder with the spooled input and the ledger, held by one send at a time."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from fcwork import __version__, frames, settings
from fcwork.errors import CheckpointError, ConfigError
from fcwork.recovery.entries import FORMAT, Opened, Superseded
from fcwork.recovery.ledger import Ledger

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from fcwork.clock import Clock

LEDGER, SPOOL = "ledger.jsonl", "input.arrow"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


class Checkpoint:
    """The folder of one send.

    Args:
        name: letters, digits and ``. _ -``.

    Raises:
        ConfigError: the name cannot be one.
        CheckpointError: it is in use or damaged, or its folder cannot be used.
    """

    def __init__(self, name: str) -> None:
        self.name, self.folder = name, folder_of(name)
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise _unusable(self.folder, name, error) from error
        self.ledger = Ledger(self.folder / LEDGER, checkpoint=name)
        first = next(iter(self.ledger.entries), None)
        self.opened = first if isinstance(first, Opened) else None
        """The ledger's first line; None where nothing was sent under this name."""

    @property
    def superseded(self) -> Superseded | None:
        """What says that a newer version took its place."""
        return next((entry for entry in self.ledger.entries if isinstance(entry, Superseded)), None)

    def begin(self, rows: pl.DataFrame, *, clock: Clock, **facts: Any) -> None:
        """Spool the input, then open the ledger with ``facts``: from here on the send can be resumed.

        Raises:
            CheckpointError: the disk did not take it; nothing was sent.
        """
        try:
            content = self._write(rows)
            self.opened = self._header(rows, content, clock.now(), facts)
            self.ledger.append(self.opened, sync=True)
        except BaseException:
            self.discard()
            raise

    def load(self, opened: Opened) -> pl.DataFrame:
        """Return the spooled input.

        Raises:
            CheckpointError: it is missing, or no longer what was spooled.
        """
        return spooled(self.folder, opened, checkpoint=self.name)

    def discard(self) -> None:
        """Remove the folder: all is settled, or nothing was sent."""
        self.close()
        remove(self.folder)  # what cannot be removed says by its state that nothing is left to do

    def close(self) -> None:
        """Give the checkpoint back; closing twice does nothing."""
        self.ledger.close()

    @property
    def _spool(self) -> Path:
        return self.folder / SPOOL

    def _header(self, rows: pl.DataFrame, spool: bytes, at: datetime, facts: Mapping[str, Any]) -> Opened:
        return Opened(
            format=FORMAT,
            fcwork=__version__,
            at=at.isoformat(timespec="milliseconds"),
            rows=rows.height,
            columns=column_types(rows),
            spool_bytes=len(spool),
            spool_sha256=hashlib.sha256(spool).hexdigest(),
            **facts,
        )

    def _write(self, rows: pl.DataFrame) -> bytes:
        try:
            self._spool.unlink(missing_ok=True)
            self._spool.touch(mode=0o600)
            rows.write_ipc(self._spool, compression="zstd")
            with self._spool.open("rb") as spooled:
                os.fsync(spooled.fileno())
                return spooled.read()
        except (OSError, pl.exceptions.PolarsError) as error:
            raise _unusable(self._spool, self.name, error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def spooled(folder: Path, opened: Opened, *, checkpoint: str) -> pl.DataFrame:
    """Return the input that was spooled in the folder of a checkpoint.

    Raises:
        CheckpointError: it is missing, or no longer what was spooled.
    """
    try:
        content = (folder / SPOOL).read_bytes()
    except OSError as error:
        raise _unusable(folder / SPOOL, checkpoint, error) from error
    if hashlib.sha256(content).hexdigest() != opened.spool_sha256:
        raise CheckpointError(
            f"{folder / SPOOL} was changed: it is no longer the input that was spooled",
            hint=f"restore the file, or recovery.drop({checkpoint!r}) and send again what the platform lacks",
            checkpoint=checkpoint,
        )
    return pl.read_ipc(content)


def remove(folder: Path) -> None:
    """Remove the folder of a checkpoint and the files in it, as far as that can be done."""
    with contextlib.suppress(OSError):
        (folder / LEDGER).unlink(missing_ok=True)
        (folder / SPOOL).unlink(missing_ok=True)
        folder.rmdir()


def new_name(clock: Clock) -> str:
    """Return a name that no other send has."""
    return f"{clock.now():%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


def root() -> Path:
    """Return the folder of all checkpoints."""
    return settings.home() / "checkpoints"


def folder_of(name: str) -> Path:
    """Return the folder of a checkpoint.

    Raises:
        ConfigError: the name cannot be one.
    """
    if not _NAME.fullmatch(str(name)):
        raise ConfigError(
            f"{name!r} is no name for a checkpoint",
            hint="up to 100 letters, digits and . _ -, beginning with a letter or digit",
        )
    return root() / str(name)


def column_types(rows: pl.DataFrame) -> dict[str, str]:
    """Return the types of the caller's columns, by name."""
    return {name: str(dtype) for name, dtype in frames.without_identity(rows).schema.items()}


def differences(spooled: pl.DataFrame, rows: pl.DataFrame) -> list[str]:
    """Say in what ``rows`` differ from the spooled input; nothing for the same content."""
    told = _type_differences(column_types(spooled), column_types(rows))
    if spooled.height != rows.height:
        told.append(f"it holds {spooled.height:,} rows, these are {rows.height:,}")
    if told:
        return told
    names = list(column_types(rows))
    changed = [name for name in names if not spooled[name].equals(rows[name], null_equal=True)]
    if not changed:
        return []
    name = changed[0]
    first = int((~spooled[name].eq_missing(rows[name])).arg_true()[0])
    return [f"other values in {', '.join(changed)}, first in row {rows[frames.ROW][first]} ({name})"]


def _type_differences(spooled: Mapping[str, str], given: Mapping[str, str]) -> list[str]:
    gone = [f"column {name} is missing" for name in spooled if name not in given]
    new = [f"column {name} is new" for name in given if name not in spooled]
    other = [
        f"column {name} was {spooled[name]} and is {given[name]}"
        for name in given
        if name in spooled and spooled[name] != given[name]
    ]
    return [*gone, *new, *other]


def _unusable(path: Path, name: str, error: OSError | pl.exceptions.PolarsError) -> CheckpointError:
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return CheckpointError(
        f"{path} cannot be used: {reason}",
        hint="mend the permissions or make room, or set FCWORK_HOME to a folder that can be written",
        checkpoint=name,
    )
