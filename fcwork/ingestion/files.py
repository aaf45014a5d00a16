"""The ledger of files: what was loaded under which name, so that a delivery is loaded once and new content always.

A file is seen, claimed by one worker, sent, verified, and archived by whoever moves it away; or in error. It is
compared with the last version that was loaded under its name: what counts is its content.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from types import TracebackType
from typing import Any, Literal, Self

import polars as pl

from fcwork import log
from fcwork.clock import SYSTEM, Clock
from fcwork.errors import LeaseTakenError
from fcwork.frames import UTC_TIME
from fcwork.redact import mask
from fcwork.store import Held, Store, hold

FRAME = "frame"  # what stands for the name where the rows come from no file
FileState = Literal["seen", "claimed", "sent", "verified", "archived", "error"]
LONGEST_NAME = 1_000  # bytes of a name in a key
CLAIM_SECONDS = 30.0  # a worker on another machine that is dead for so long loses its claim
# One row a file.
FILES = pl.Schema(
    {
        "name": pl.String(),
        "state": pl.String(),  # seen, claimed, sent (something is left to do), verified, archived, error
        "reason": pl.String(),
        "size": pl.Int64(),  # bytes, as the next two of the version seen last
        "modified_at": UTC_TIME,
        "sha256": pl.String(),
        "loaded_sha256": pl.String(),  # of the version loaded last
        "loaded_at": UTC_TIME,
        "run_id": pl.String(),
        "rows": pl.Int64(),
        "delivered": pl.Int64(),
        "rejected": pl.Int64(),
        "unknown": pl.Int64(),
        "updated_at": UTC_TIME,
    }
)
_logger = log.get("ingestion")


@dataclass(frozen=True)
class FileVersion:
    """What tells one delivery of a file from another.

    Attributes:
        name: under which it is delivered.
        uri: by which its rows tell their source.
        size: bytes.
        modified_at: when it was written, where its place tells.
        sha256: of its content.
    """

    name: str
    uri: str = ""
    size: int = 0
    modified_at: datetime | None = None
    sha256: str = ""


@dataclass(frozen=True)
class FileRecord:
    """A file as the ledger knows it.

    Attributes:
        version: the one seen last.
        state, reason: of this version, and why.
        loaded: the version that was loaded last; none while another is being loaded.
        loaded_at: when.
        counts: of the load of ``version``: rows, delivered, rejected, unknown.
        loaded_counts: of that of ``loaded``.
        checkpoint, place: under which name, and on which machine and in which folder, what is left of a load is kept.
        run_id: of the run that changed it last.
    """

    version: FileVersion
    state: FileState
    updated_at: datetime
    reason: str = ""
    loaded: FileVersion | None = None
    loaded_at: datetime | None = None
    counts: dict[str, int] = field(default_factory=dict)
    loaded_counts: dict[str, int] = field(default_factory=dict)
    checkpoint: str = ""
    place: str = ""
    run_id: str = ""


class Claim:
    """The right of one worker to load a file, until its block ends.

    Attributes:
        refused: why the file is not to be loaded; empty where it is.
    """

    def __init__(self, ledger: FileLedger, version: FileVersion, holding: AbstractContextManager[Held]) -> None:
        self.refused = ""
        self._ledger, self._version, self._holding = ledger, version, holding
        self._held: Held | None = None

    def __enter__(self) -> Self:
        try:
            self._held = self._holding.__enter__()
        except LeaseTakenError as taken:
            self.refused = f"another worker is loading it: {taken.message}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._held is not None:
            self._holding.__exit__(kind, error, trace)

    def note(self, state: FileState, **facts: Any) -> None:
        """Write down what became of the file; ``facts`` as in ``FileLedger.note``.

        Raises:
            StoreError: the claim was lost to another worker meanwhile.
        """
        self._ledger.note(self._version, state, held=self._held, **facts)

    @property
    def lost(self) -> bool:
        """Whether it is known that another worker may have taken the file over."""
        return self._held is None or self._held.lost

    def check(self) -> None:
        """Stop a worker that lost its claim.

        Raises:
            StoreError: another worker may have taken the file over.
        """
        if self._held is not None and self._held.lost:
            self._held.check()


class FileLedger:
    """What a workflow knows of the files it loads to one target.

    Args:
        store: where it is kept.
        workflow: whose files.
        target: whose platform, with the retailer: a sandbox never moves production's.
        run_id: noted with each change.
        clock: stamps the changes; claims run by the store's own time.
    """

    def __init__(self, store: Store, *, workflow: str, target: str, run_id: str = "", clock: Clock = SYSTEM) -> None:
        self._store, self._clock, self._run_id = store, clock, run_id
        self._prefix = f"{prefix_of(target)}{workflow}:"
        self._loaded_when_seen: dict[str, datetime | None] = {}

    def get(self, name: str) -> FileRecord | None:
        """Return what is known of a file."""
        found = self._store.get(self._key(name))
        return None if found is None else record_of(found)

    def knows_any(self, start: str) -> bool:
        """Say whether a file is known whose name begins so."""
        return bool(self._store.items(f"{self._prefix}{start}"))

    def see(self, version: FileVersion) -> None:
        """Take notice of a version that may be loaded later; one that is unknown so far is written down."""
        known = self.get(version.name)
        self._loaded_when_seen[version.name] = known.loaded_at if known else None
        if known is None:
            record = FileRecord(version, "seen", self._clock.now(), run_id=self._run_id)
            self._store.compare_and_set(self._key(version.name), None, _to_json(record))

    def may_be_loaded(self, name: str, size: int) -> bool:
        """Say whether a file of this size can be what was loaded last, so that its content is worth a look."""
        known = self.get(name)
        return known is not None and known.loaded is not None and known.loaded.size == size

    def is_loaded(self, version: FileVersion) -> bool:
        """Say whether a version holds what was loaded last under its name."""
        known = self.get(version.name)
        return known is not None and known.loaded is not None and known.loaded.sha256 == version.sha256

    def loaded_already(self, version: FileVersion) -> str:
        """Return why a version need not be loaded, or not any more; empty where it is to be."""
        known = self.get(version.name)
        if known is None or known.loaded is None:
            return ""
        when = f"{known.loaded_at:%Y-%m-%d %H:%M:%S} UTC"
        if known.loaded.sha256 == version.sha256:
            left = known.loaded_counts.get("rejected", 0)
            told = f", {left:,} of its rows rejected" if left else ""
            return f"loaded already at {when}{told}; by force it is loaded again"
        if known.loaded_at != self._loaded_when_seen.get(version.name, known.loaded_at):
            return f"another version was loaded at {when}, after this one was read"
        return ""

    def claim(self, version: FileVersion) -> Claim:
        """Return a claim on a file for one worker at a time, to be held by a ``with``."""
        holding = hold(self._store, self._key(version.name), ttl=CLAIM_SECONDS, outlive=True)
        return Claim(self, version, holding)

    def alone(self, folder: str) -> AbstractContextManager[Held]:
        """Hold a folder while a file is moved into it: of two that come under one name, neither overwrites the other.

        Raises:
            LeaseTakenError: others held it for too long.
        """
        return hold(self._store, f"folder:{folder}", ttl=CLAIM_SECONDS, wait_seconds=CLAIM_SECONDS)

    def note(
        self,
        version: FileVersion,
        state: FileState,
        *,
        reason: str = "",
        counts: Mapping[str, int] | None = None,
        checkpoint: str = "",
        place: str = "",
        held: Held | None = None,
    ) -> None:
        """Write down the state of a version.

        Args:
            version: which.
            state: claimed makes the file one that is not loaded; verified, one that is.
            reason: for people.
            counts: rows, delivered, rejected, unknown.
            checkpoint, place: where what is left of the load is kept.
            held: the claim.

        Raises:
            StoreError: the claim was lost, or the store cannot be used.
        """
        now, known = self._clock.now(), self.get(version.name)
        record = FileRecord(
            version,
            state,
            now,
            reason=mask(reason),
            counts=dict(counts or {}),
            checkpoint=checkpoint,
            place=place,
            run_id=self._run_id,
        )
        if state == "verified":
            record = replace(record, loaded=version, loaded_at=now, loaded_counts=record.counts)
        elif known and state != "claimed":
            before = known.loaded, known.loaded_at, known.loaded_counts
            record = replace(record, loaded=before[0], loaded_at=before[1], loaded_counts=before[2])
        self._store.set(self._key(version.name), _to_json(record), fence=held.lease if held else None)
        _logger.info("file.noted", file=version.name, state=state, reason=record.reason)

    def forget(self, name: str) -> bool:
        """Forget a file, so that its next delivery is loaded whatever it holds; say whether it was known."""
        return self._store.delete(self._key(name))

    def files(self) -> pl.DataFrame:
        """Return the files of this workflow in the columns of ``FILES``, in the order of their names."""
        records = [record_of(value) for _, value in self._store.items(self._prefix)]
        return pl.DataFrame([line_of(record) for record in records], schema=FILES)

    def _key(self, name: str) -> str:
        """Return the key of a file; a name that is longer than a key may be goes by its hash."""
        return self._prefix + called(name)


def prefix_of(target: str) -> str:
    """Return what the keys of all files begin with that were loaded to a target."""
    return f"file:{target}:"


def called(name: str) -> str:
    """Return how a file is called in its key."""
    raw = name.encode("utf-8", "replace")
    return hashlib.sha256(raw).hexdigest() if len(raw) > LONGEST_NAME else name


def line_of(record: FileRecord) -> dict[str, Any]:
    """Return a file's line of ``FILES``."""
    version, loaded = record.version, record.loaded
    return {
        **{name: getattr(version, name) for name in ("name", "size", "modified_at", "sha256")},
        **{name: getattr(record, name) for name in ("state", "reason", "loaded_at", "run_id", "updated_at")},
        **{name: record.counts.get(name) for name in ("rows", "delivered", "rejected", "unknown")},
        "loaded_sha256": loaded.sha256 if loaded else None,
    }


def _to_json(record: FileRecord) -> dict[str, Any]:
    return _texts(asdict(record))


def _texts(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, datetime) else _texts(value) if isinstance(value, dict) else value
        for name, value in values.items()
    }


def record_of(values: Mapping[str, Any]) -> FileRecord:
    """Return a record that the store kept."""
    loaded = values["loaded"]
    times = {name: _instant(values[name]) for name in ("updated_at", "loaded_at")}
    versions = {"version": _version(values["version"]), "loaded": _version(loaded) if loaded else None}
    return FileRecord(**{**values, **times, **versions})


def _version(values: Mapping[str, Any]) -> FileVersion:
    return FileVersion(**{**values, "modified_at": _instant(values["modified_at"])})


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
