"""What a sweep keeps in a folder of its own: its plan, written before the first run, and a line for each step."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fcwork import settings
from fcwork.clock import Clock
from fcwork.errors import LeaseTakenError, NotebookError
from fcwork.names import did_you_mean
from fcwork.redact import mask_values
from fcwork.runner.folder import parse, read_json, runs, unwritable, write_whole
from fcwork.runner.sweeping.plan import Plan

if TYPE_CHECKING:
    from fcwork.store import Held

PLAN, STEPS = "sweep.json", "steps.jsonl"
TABLE, SHEET, PAGE = "runs.parquet", "runs.csv", "sweep.html"
LATEST = "latest"
BEGUN, ENDED, AT_WORK = "row.begun", "row.ended", "sweep.begun"
LEASE_SECONDS = 60.0
_SHOWN = 3  # ids


def sweeps() -> Path:
    """Return the folder that holds one folder a sweep."""
    return settings.home() / "sweeps"


@dataclass(frozen=True)
class Record:
    """A sweep on disk.

    Attributes:
        plan: what it runs.
        path: its folder.
    """

    plan: Plan
    path: Path

    @classmethod
    def create(cls, plan: Plan) -> Record:
        """Return the record of a new sweep, its plan on disk.

        Raises:
            NotebookError: there is a sweep of that id, or runs that are called as its own would be.
            ConfigError: the disk is full or the folder cannot be written.
        """
        path = sweeps() / plan.sweep_id
        _refuse_taken(plan)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.mkdir(mode=0o700)
        except FileExistsError:
            hint = f"`fcwork run --resume {plan.sweep_id}` goes on with it"
            raise NotebookError(f"there is a sweep {plan.sweep_id} already: nothing was run", hint=hint) from None
        except OSError as error:
            raise unwritable(path, error) from None
        record = cls(plan, path)
        write_whole(path / PLAN, json.dumps(plan.to_json(), indent=1, ensure_ascii=False).encode())
        return record

    @classmethod
    def load(cls, sweep_id: str) -> Record:
        """Return the record of a sweep.

        Args:
            sweep_id: all of it, as much of its beginning as no other has, or ``latest``.

        Raises:
            NotebookError: there is none, there are several, or its plan cannot be read.
        """
        path = sweeps() / _id(sweep_id)
        try:
            return cls(Plan.from_json(read_json(path / PLAN)), path)
        except (KeyError, TypeError, ValueError):
            hint = "it was written by another fcwork, or damaged; its runs are listed by `fcwork runs`"
            raise NotebookError(f"{path / PLAN} is no plan of a sweep", hint=hint) from None

    def note(self, event: str, clock: Clock, **facts: Any) -> None:
        """Add a line to the steps.

        Raises:
            ConfigError: the disk is full or the folder cannot be written.
        """
        told = mask_values({"at": clock.now().isoformat(), "event": event, **facts})
        line = json.dumps(told, ensure_ascii=False, default=str).encode("utf-8", "backslashreplace")
        try:
            with (self.path / STEPS).open("a+b", buffering=0) as stream:
                stream.write((b"" if _ends_whole(stream) else b"\n") + line + b"\n")
        except OSError as error:
            raise unwritable(self.path / STEPS, error) from None

    def steps(self) -> Iterator[dict[str, Any]]:
        """Yield the steps; a line that was cut off is left out."""
        file = self.path / STEPS
        lines = file.read_bytes().split(b"\n") if file.is_file() else []
        yield from filter(None, map(parse, lines))

    @property
    def is_under_way(self) -> bool:
        """Whether the process that worked at it last is there, as far as can be known."""
        from fcwork.store.workers import life_of

        workers = [step.get("by") for step in self.steps() if step.get("event") == AT_WORK]
        return bool(workers) and life_of(str(workers[-1])) == "alive"

    @contextmanager
    def alone(self, clock: Clock, **facts: Any) -> Iterator[Held]:
        """Be the only one who works at it; from the dead it is taken over.

        Raises:
            NotebookError: another is at it.
            StoreError: the store cannot be used.
            ConfigError: the folder cannot be written.
        """
        from fcwork.store import hold, open_store
        from fcwork.store.workers import someone

        whose = sha256(str(self.path).encode()).hexdigest()[:12]  # one store may serve several workspaces
        store = open_store(settings.store_place(), clock=clock)
        try:
            with hold(store, f"sweep/{whose}/{self.plan.sweep_id}", ttl=LEASE_SECONDS, outlive=True) as held:
                self.note(AT_WORK, clock, by=someone(), **facts)
                yield held
        except LeaseTakenError as error:
            hint = f"`fcwork runs --sweep {self.plan.sweep_id}` shows how far it is"
            raise NotebookError(f"the sweep {self.plan.sweep_id} is under way: {error.message}", hint=hint) from None
        finally:
            store.close()


def exists(sweep_id: str) -> bool:
    """Say whether there is a sweep of just this id."""
    return (sweeps() / sweep_id / PLAN).is_file()


def _ends_whole(stream: Any) -> bool:
    """Say whether a file ends with a line feed; a line that was cut off must not spoil the next."""
    if not stream.seek(0, 2):
        return True
    stream.seek(-1, 2)
    return bool(stream.read(1) == b"\n")


def _refuse_taken(plan: Plan) -> None:
    taken = [run_id for row in plan.rows if (runs() / (run_id := plan.run_id(row, 1))).exists()]
    if taken:
        raise NotebookError(
            f"run {taken[0]} was made before, and the sweep {plan.sweep_id} would make it again: nothing was run",
            hint="give the sweep another id",
        )


def _id(which: str) -> str:
    known = {file.parent.name: file for file in sweeps().glob(f"[!.]*/{PLAN}")}
    if which in known:
        return which
    if which == LATEST and known:
        return max(known, key=lambda name: (known[name].stat().st_mtime_ns, name))
    found = sorted(name for name in known if which and name.startswith(which))
    if len(found) == 1:
        return found[0]
    if found:
        rest = f" and {len(found) - _SHOWN:,} more" if len(found) > _SHOWN else ""
        raise NotebookError(
            f"{which!r} may be any of {', '.join(found[:_SHOWN])}{rest}", hint="give more of the id, or all of it"
        )
    hint = f"known: {', '.join(sorted(known)[-_SHOWN:])}" if known else "`fcwork run NAME --sweep FILE` makes one"
    raise NotebookError(f"there is no sweep {which!r} in {sweeps()}{did_you_mean(which, known)}", hint=hint)
