"""The runs that there were, as one frame: their folders tell it, and an index beside them only saves time."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from fcwork.errors import ConfigError, NotebookError
from fcwork.names import did_you_mean
from fcwork.runner.folder import BEGINNING, RESULT, read_json, runs, write_whole
from fcwork.runner.journal import STATES
from fcwork.runner.result import FIGURES

if TYPE_CHECKING:
    import polars as pl

RUNNING = "RUNNING"  # it has no result yet, and the process that runs it is there
LOST = "LOST"  # it will have none: that process is gone
UNFINISHED = "UNFINISHED"  # it has none, and nobody here can tell of its process
SHOWN_STATES: tuple[str, ...] = (*STATES, RUNNING, LOST, UNFINISHED)
INDEX, VERSION = "index.json", 2
_TEXTS, _TIMES = ("name", "state", "target", "schedule", "rerun_of"), ("started_at", "ended_at")
_MOST = 1 << 63
_TOLD = (*_TEXTS, *_TIMES, "duration_seconds", *FIGURES)


def history(
    name: str | None = None,
    *,
    state: str | Iterable[str] | None = None,
    since: datetime | None = None,
    limit: int | None = None,
) -> pl.DataFrame:
    """Return one row a run, the latest first, as its folder tells it.

    Args:
        name: only runs of this notebook; ``*`` stands for any letters.
        state: only runs of this state, or of one of these.
        since: only runs that began then or later.
        limit: how many at the most.

    Returns:
        A frame of ``run_id, name, state, target, schedule, rerun_of, started_at, ended_at, duration_seconds, read,
        mapped, rejected, delivered, unknown, ready, written, folder``. A run without a result is ``RUNNING``, or
        ``LOST`` where the process that ran it is gone, or ``UNFINISHED`` where that cannot be told from here.

    Raises:
        NotebookError: there is no such state, ``since`` has no time zone, or ``limit`` is no number of runs.
    """
    import polars as pl

    wanted, fewest = _states(state), _limit(limit)
    _check_instant(since)
    found = _frame(_rows(runs()))
    if name is not None:
        names = [one for one in found["name"].drop_nulls().unique() if one == name or fnmatchcase(one, name)]
        found = found.filter(pl.col("name").is_in(names))
    if wanted is not None:
        found = found.filter(pl.col("state").is_in(wanted))
    if since is not None:
        found = found.filter(pl.col("started_at") >= since)
    return found if fewest is None else found.head(fewest)


def told(folder: Path) -> dict[str, Any]:
    """Return what a run's folder tells: its result, else what was known when it began; with its state in any case."""
    result = read_json(folder / RESULT)
    if result.get("state") in STATES:
        return result
    begun = read_json(folder / BEGINNING)
    return {**begun, "state": _standing(begun.get("runner"))}


def instant(value: Any) -> datetime | None:
    """Return an instant that was written as ISO text; None where it is none."""
    try:
        at = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return at.astimezone(UTC) if at.tzinfo else None


def _standing(process: Any) -> str:
    """Say how a run without a result stands, by the process that ran it."""
    from fcwork.store.workers import life_of

    return {"alive": RUNNING, "dead": LOST}.get(life_of(process) if isinstance(process, str) else "", UNFINISHED)


def _rows(root: Path) -> list[dict[str, Any]]:
    """Return a row for each run; those that ended are read once, and are in the index from then on."""
    known = _index(root / INDEX)
    ended: dict[str, dict[str, Any]] = {}
    rows = []
    for run_id, stamp in _stamps(root):
        facts = known.get(run_id)
        if facts is None or facts.get("stamp") != stamp or not stamp:
            facts = {**{name: value for name, value in told(root / run_id).items() if name in _TOLD}, "stamp": stamp}
        if stamp and facts["state"] in STATES:
            ended[run_id] = facts
        rows.append(_row(root / run_id, facts))
    if ended != known:
        _keep(root / INDEX, ended)
    return rows


def _stamps(root: Path) -> Iterator[tuple[str, str]]:
    """Yield each run's id, and what changes with its result; nothing for a run that has none."""
    if not root.is_dir():
        return
    with os.scandir(root) as entries:
        names = [entry.name for entry in entries if not entry.name.startswith(".") and entry.is_dir()]
    for name in names:
        try:
            found = os.stat(f"{root}/{name}/{RESULT}")  # noqa: PTH116 - a Path for each of many runs takes longer
        except OSError:
            yield name, ""
        else:
            yield name, f"{found.st_mtime_ns}-{found.st_size}-{found.st_ino}"


def _index(path: Path) -> dict[str, dict[str, Any]]:
    """Return what was known of ended runs; nothing where the index is lost, damaged or of another version."""
    content = read_json(path)
    known = content.get("runs") if content.get("version") == VERSION else None
    if not isinstance(known, dict):
        return {}
    return {name: facts for name, facts in known.items() if isinstance(facts, dict) and facts.get("state") in STATES}


def _keep(path: Path, ended: Mapping[str, Any]) -> None:
    """Write the index whole; where that cannot be done the folders are read again next time."""
    with suppress(ConfigError):
        write_whole(path, orjson.dumps({"version": VERSION, "runs": ended}))


def _row(folder: Path, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row in which each value is of its column's type, whoever has written the file."""
    seconds = facts.get("duration_seconds")
    return {
        "run_id": folder.name,
        **{name: value if isinstance(value := facts.get(name), str) else None for name in _TEXTS},
        **{name: instant(facts.get(name)) for name in _TIMES},
        "duration_seconds": float(seconds) if isinstance(seconds, int | float) else None,
        **{name: value if type(value := facts.get(name)) is int and abs(value) < _MOST else None for name in FIGURES},
        "folder": str(folder),
    }


def _frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    import polars as pl

    schema: dict[str, Any] = dict.fromkeys(("run_id", *_TEXTS), pl.String())
    schema |= {**dict.fromkeys(_TIMES, pl.Datetime("us", "UTC")), "duration_seconds": pl.Float64()}
    schema |= {**dict.fromkeys(FIGURES, pl.Int64()), "folder": pl.String()}
    found = pl.DataFrame(rows, schema=schema)
    return found.sort("run_id", descending=True).sort(
        "started_at", descending=True, nulls_last=False, maintain_order=True
    )


def _states(state: str | Iterable[str] | None) -> list[str] | None:
    if state is None:
        return None
    wanted = [state] if isinstance(state, str) else list(state)
    for one in wanted:
        if one not in SHOWN_STATES:
            raise NotebookError(
                f"{one!r} is no state of a run{did_you_mean(str(one), SHOWN_STATES)}",
                hint=f"one of {', '.join(SHOWN_STATES)}",
            )
    return wanted


def _check_instant(since: Any) -> None:
    if since is not None and not (isinstance(since, datetime) and since.utcoffset() is not None):
        raise NotebookError(
            f"since={since!r} is no instant", hint="give a datetime with its time zone, such as datetime.now(UTC)"
        )


def _limit(limit: Any) -> int | None:
    if limit is not None and (type(limit) is not int or limit < 0):
        raise NotebookError(f"limit={limit!r} is no number of runs", hint="give a whole number, or None for all")
    return limit
