"""Old runs, cleared away: by age and number, and never one that somebody may still need."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fcwork import log, passing, settings
from fcwork.clock import SYSTEM, Clock
from fcwork.errors import NotebookError
from fcwork.runner.folder import runs
from fcwork.runner.history import LOST, RUNNING, UNFINISHED, history, instant, told
from fcwork.runner.sweeping.record import sweeps

if TYPE_CHECKING:
    import polars as pl

LONGEST_DAYS = 36_500
QUIET = timedelta(days=7)  # what may be under way somewhere, and gave no sign for so long, is over
DRAFT = timedelta(days=1)  # nothing is being written for so long
GONE = ".gone-"  # stands before the name of a folder while its files are removed
_logger = log.get("runner")


@dataclass(frozen=True)
class _Old:
    """Something that may go: when it was written to last, and how much room it takes."""

    kind: str
    path: Path
    touched_at: datetime
    bytes: int
    state: str | None = None

    def row(self) -> dict[str, Any]:
        name = self.path.name.removeprefix(GONE)
        facts = {"kind": self.kind, "id": name, "state": self.state, "touched_at": self.touched_at}
        return {**facts, "bytes": self.bytes, "path": str(self.path)}


def clean(*, older_than_days: float = 30, keep: int = 50, dry_run: bool = False, clock: Clock = SYSTEM) -> pl.DataFrame:
    """Remove old runs with all that they left, and return what went.

    A run stays that is under way, or that a checkpoint with rows left belongs to. With the runs go the folders of
    sweeps and of notebooks that people ran, what was half written or half removed when its process was killed, and, at
    any age, what such a process had in the folder for temporary files.

    Args:
        older_than_days: for how long nobody wrote into what goes.
        keep: so many of the latest runs stay, however old they are.
        dry_run: remove nothing, and return what would go.
        clock: the time.

    Returns:
        A frame of ``kind`` (run, sweep, interactive, draft or passing), ``id``, ``state``, ``touched_at``, ``bytes``
        and ``path``.

    Raises:
        NotebookError: ``older_than_days`` or ``keep`` is no such number.
    """
    import polars as pl

    before, now = clock.now() - _age(older_than_days), clock.now()
    found = [*_runs(before, now - QUIET, _number(keep)), *_drafts(now - DRAFT)]
    found += _folders("sweep", sweeps(), min(before, now - QUIET))
    found += _folders("interactive", settings.home() / "interactive", min(before, now - QUIET))
    found += _passing(now)
    gone = found if dry_run else [one for one in found if _remove(one.path)]
    texts = dict.fromkeys(("kind", "id", "state"), pl.String())
    schema: dict[str, Any] = {**texts, "touched_at": pl.Datetime("us", "UTC"), "bytes": pl.Int64(), "path": pl.String()}
    return pl.DataFrame([one.row() for one in gone], schema=schema)


def _runs(before: datetime, quiet_before: datetime, keep: int) -> Iterator[_Old]:
    """Yield the runs that may go."""
    open_sends = _open_sends()
    for row in history()[keep:].iter_rows(named=True):
        if row["state"] == RUNNING:
            continue
        limit = min(before, quiet_before) if row["state"] == UNFINISHED else before
        for old in _older("run", Path(row["folder"]), limit, row["state"]):
            if not _is_needed(old, open_sends):
                yield old


def _older(kind: str, path: Path, before: datetime, state: str | None = None) -> Iterator[_Old]:
    """Yield what nobody wrote to since then; what goes away meanwhile is not there."""
    with suppress(FileNotFoundError):
        found = [path.lstat(), *(file.lstat() for file in (() if path.is_symlink() else path.rglob("*")))]
        touched = datetime.fromtimestamp(max(one.st_mtime for one in found), UTC)
        if touched < before:
            yield _Old(kind, path, touched, sum(one.st_size for one in found), state)


def _open_sends() -> list[dict[str, Any]]:
    """Return the checkpoints that have rows left; what a newer version superseded has none."""
    from fcwork.recovery import checkpoints

    return [row for row in checkpoints().to_dicts() if row["state"] != "superseded"]


def _is_needed(run: _Old, open_sends: Sequence[dict[str, Any]]) -> bool:
    """Say whether a checkpoint belongs to a run: by its result, or where it has none, by when both were made."""
    if not open_sends:
        return False
    facts = told(run.path)
    if run.state in {LOST, UNFINISHED}:
        began = instant(facts.get("started_at"))
        made = [row["created_at"] or row["updated_at"] for row in open_sends]
        return any(began is None or began <= at <= run.touched_at for at in made)
    recorded = facts.get("result")
    named = [recorded.get("checkpoint"), *(recorded.get("checkpoints") or ())] if isinstance(recorded, dict) else []
    return any(row["name"] in named for row in open_sends)


def _folders(kind: str, place: Path, before: datetime) -> Iterator[_Old]:
    """Yield the folders of sweeps, or of notebooks that people ran."""
    for folder in sorted(place.glob("*/")):
        yield from _older(kind, folder, before)


def _drafts(before: datetime) -> Iterator[_Old]:
    """Yield what was left half written, or half removed."""
    for pattern in (".*", "[!.]*/.*", "[!.]*/frames/.*"):
        for path in sorted(runs().glob(pattern)):
            yield from _older("draft", path, before)


def _passing(now: datetime) -> Iterator[_Old]:
    """Yield the folders for what passes whose process is gone; one that does not say whose it is waits for long."""
    for path in passing.folders():
        life = passing.life_of(path)
        if life in {"dead", None}:
            yield from _older("passing", path, now if life else now - QUIET)


def _remove(path: Path) -> bool:
    """Remove a folder or a file: a folder goes as a whole before its files do, so that no half of one is seen."""
    try:
        if path.is_symlink() or not path.is_dir():
            path.unlink(missing_ok=True)
            return True
        hidden = path if path.name.startswith((GONE, passing.PREFIX)) else path.with_name(f"{GONE}{path.name}")
        if hidden != path:
            path.rename(hidden)
        shutil.rmtree(hidden)
    except OSError as error:
        _logger.warning("run.kept", path=str(path), trouble=str(error))
        return False
    return True


def _age(days: Any) -> timedelta:
    if isinstance(days, bool) or not isinstance(days, int | float) or not 0 <= days <= LONGEST_DAYS:
        raise NotebookError(f"older_than_days is {days!r}", hint="give a number of days, such as 30")
    return timedelta(days=days)


def _number(keep: Any) -> int:
    if type(keep) is not int or keep < 0:
        raise NotebookError(f"keep={keep!r} is no number of runs", hint="give a whole number, 0 to keep none")
    return keep
