"""Pages on disk: an extraction that is killed goes on after its last page, and no file is begun that cannot be ended.

A spool is a folder with ``head.json`` (what is asked, in which window, since when) and a folder a part, in which Arrow
streams stand: a page a batch, its cursor and what else is to be known in the batch's metadata. A process that dies
leaves a torn last batch, which is passed over; the one that goes on writes a stream of its own.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import polars as pl

from fcwork import log
from fcwork.errors import CheckpointError
from fcwork.extraction.keys import Keys

if TYPE_CHECKING:
    import pyarrow as pa

VERSION = 2
HEAD = "head.json"
FOLDER = "extractions"  # of the spools
KEPT = timedelta(hours=24)  # assumed: for so long a cursor is good, and a window worth going on with
_logger = log.get("extraction")


@dataclass(frozen=True)
class Head:
    """What a spool holds.

    Attributes:
        asked: the hash of what is asked, without the window.
        since, until: the window, as ISO 8601 texts; empty where it is open.
        begun_at: when it was begun.
        run_id: of the run that began it.
    """

    asked: str
    since: str
    until: str
    begun_at: datetime
    run_id: str


@dataclass
class Part:
    """The pages of one query, in the order in which they came.

    Attributes:
        pages, rows: how many there are.
        cursor: after which the next page begins; None at the start.
        ended: whether the last page is there.
        reasons: why the query is not complete.
        troubles: what went wrong beside its pages.
        keys: of their rows.
        schemas: the types of the columns, of each kind of page once.
    """

    folder: Path
    pages: int = 0
    rows: int = 0
    cursor: str | None = None
    ended: bool = False
    reasons: tuple[str, ...] = ()
    troubles: list[dict[str, Any]] = field(default_factory=list)
    keys: Keys = field(default_factory=Keys)
    schemas: list[pl.Schema] = field(default_factory=list)
    _file: Any = None
    _writer: Any = None
    _schema: Any = None

    def append(
        self, rows: pl.DataFrame, cursor: str | None, *, last: bool, reasons: tuple[str, ...], troubles: list[Any]
    ) -> None:
        """Write one page down; when this returns, a process that is killed does not lose it.

        Raises:
            CheckpointError: it cannot be written.
        """
        facts = {"number": self.pages + 1, "cursor": cursor, "last": last, "reasons": reasons, "troubles": troubles}
        try:
            self._write(rows, facts)
        except OSError as error:
            raise _unkept(self.folder, error) from error
        self._take(facts, rows)

    def _write(self, rows: pl.DataFrame, facts: Mapping[str, Any]) -> None:
        import pyarrow as pa

        table = rows.to_arrow(compat_level=pl.CompatLevel.oldest())
        self._open(table.schema)
        [batch] = table.combine_chunks().to_batches() or [pa.RecordBatch.from_pylist([], schema=table.schema)]
        self._writer.write_batch(batch, custom_metadata={"page": json.dumps(facts)})
        self._file.flush()

    def frames(self) -> Iterator[pl.DataFrame]:
        """Yield the pages, one after the other.

        Raises:
            CheckpointError: one that was written down is not there any more.
        """
        self.close()
        read = 0
        for batch, _ in self._batches():
            yield _frame(batch)
            read += 1
        if read != self.pages:
            raise self._lost(read + 1)

    def load(self) -> Self:
        """Take stock of the pages that an earlier process left.

        Raises:
            CheckpointError: one before the last is not there any more.
        """
        for batch, facts in self._batches():
            self._take(facts, _frame(batch))
        return self

    def close(self) -> None:
        """Close the stream that is being written.

        Raises:
            CheckpointError: the last of it cannot be written.
        """
        if self._writer is None:
            return
        try:
            with self._file:
                self._writer.close()
        except OSError as error:
            raise _unkept(self.folder, error) from error
        finally:
            self._file = self._writer = self._schema = None

    def _take(self, facts: Mapping[str, Any], rows: pl.DataFrame) -> None:
        self.pages, self.rows = self.pages + 1, self.rows + rows.height
        self.keys.add(rows)
        if rows.schema not in self.schemas:
            self.schemas.append(rows.schema)
        self.cursor, self.ended = facts["cursor"], facts["last"]
        self.reasons = tuple(dict.fromkeys([*self.reasons, *facts["reasons"]]))
        self.troubles += facts["troubles"]

    def _open(self, schema: pa.Schema) -> None:
        """Have a stream for pages of this schema: the one at hand, or the next."""
        import pyarrow as pa

        if self._schema is not None and self._schema.equals(schema):
            return
        self.close()
        number = len(list(self.folder.glob("*.arrow"))) + 1
        self._file = (self.folder / f"{number:06}.arrow").open("xb")
        options = pa.ipc.IpcWriteOptions(compression="lz4", use_threads=False)
        self._writer = pa.ipc.new_stream(self._file, schema, options=options)
        self._schema = schema

    def _batches(self) -> Iterator[tuple[pa.RecordBatch, dict[str, Any]]]:
        import pyarrow as pa

        number = 0
        for path in sorted(self.folder.glob("*.arrow")):
            with path.open("rb") as stream:
                try:
                    reader = pa.ipc.open_stream(stream)
                    while True:
                        batch, facts = reader.read_next_batch_with_custom_metadata()
                        page, number = json.loads(facts[b"page"]), number + 1
                        if page["number"] != number:
                            raise self._lost(number)
                        yield batch, page
                except StopIteration:
                    continue
                except (pa.ArrowInvalid, OSError) as torn:
                    _logger.info("extraction.torn_page", file=path.name, reason=str(torn).partition("\n")[0])

    def _lost(self, number: int) -> CheckpointError:
        return CheckpointError(
            f"page {number:,} that was kept in {self.folder} cannot be read again",
            hint="fetch all pages anew: resume=False, or --restart on the command line",
        )


class Spool:
    """The pages of an extraction on disk.

    Attributes:
        head: what it holds.
        parts: one for each query.
        resumed: whether an earlier process left pages in it.
    """

    def __init__(self, folder: Path, head: Head, parts: int) -> None:
        self.head = head
        self._folder = folder
        folders = [folder / f"part-{number:04}" for number in range(1, parts + 1)]
        self.parts = [Part(own).load() for own in folders]
        self.resumed = any(part.pages for part in self.parts)
        for own in folders:
            own.mkdir(mode=0o700, exist_ok=True)

    def remove(self) -> None:
        """Delete it: what was in it stands where it should."""
        for part in self.parts:
            part.close()
        delete(self._folder)


def left_over(folder: Path, asked: str, now: datetime) -> Head | None:
    """Return the head of a spool that can be gone on with: of the same question, and not too old."""
    try:
        told = json.loads((folder / HEAD).read_text("utf-8"))
        head = Head(**{**told["head"], "begun_at": datetime.fromisoformat(told["head"]["begun_at"])})
    except (OSError, ValueError, KeyError, TypeError):
        return None
    fits = told.get("version") == VERSION and head.asked == asked and now - head.begun_at < KEPT
    return head if fits else None


def claim_of(folder: Path) -> str:
    """Return the name of the lease that whoever works on a spool holds; nothing where it does not say."""
    with suppress(OSError, ValueError, AttributeError):
        return str(json.loads((folder / HEAD).read_text("utf-8")).get("claim") or "")
    return ""


def begin(folder: Path, head: Head, *, claim: str) -> None:
    """Make a spool's folder anew; ``claim`` names the lease that whoever works on it holds.

    Raises:
        CheckpointError: it cannot be written.
    """
    delete(folder)
    told = {"version": VERSION, "claim": claim, "head": {**vars(head), "begun_at": head.begun_at.isoformat()}}
    try:
        folder.mkdir(mode=0o700, parents=True)
        written = folder / f".{HEAD}"
        written.write_text(json.dumps(told), "utf-8")
        written.replace(folder / HEAD)
    except OSError as error:
        raise _unkept(folder, error) from error


def delete(folder: Path) -> None:
    """Delete a spool, its head first: without it nobody goes on with what a death in between leaves of the pages."""
    with suppress(OSError):
        (folder / HEAD).unlink()
    shutil.rmtree(folder, ignore_errors=True)


def _unkept(folder: Path, error: OSError) -> CheckpointError:
    return CheckpointError(
        f"the pages cannot be kept in {folder}: {error.strerror or error}",
        hint="is there room, and may this user write there? FCWORK_HOME names another place",
    )


def digest(*facts: Any) -> str:
    """Return a short hash of JSON-like facts."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()[:24]


def _frame(batch: pa.RecordBatch) -> pl.DataFrame:
    import pyarrow as pa

    frame = pl.from_arrow(pa.Table.from_batches([batch]))
    assert isinstance(frame, pl.DataFrame)  # noqa: S101 - a table is no series
    return frame
