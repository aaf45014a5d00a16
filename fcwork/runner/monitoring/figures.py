"""The figures of a run under keys that stay, for programs that watch runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fcwork.runner.finding import LATEST
from fcwork.runner.past import PastRun, past

VERSION = 1  # of the keys: it grows when one goes or means something else
ARRIVED = frozenset({"SUCCEEDED", "COMPLETED_WITH_ERRORS"})
_BROUGHT = ("delivered", "written")


def figures(which: str | PastRun = LATEST) -> dict[str, Any]:
    """Return the figures of a run, as ``figures.json`` in its folder has them.

    Args:
        which: the run, or its id as ``past`` takes it.

    Returns:
        ``version, run_id, notebook, schedule, target, state, ok, dry_run, started_at, ended_at, seconds``; ``rows`` by
        outcome; ``stages``, each with ``name`` and ``seconds``, of one that came again the sum; ``issues`` by code;
        ``requests`` and ``repeats``, those of them that tried something again; ``frames`` with the ``rows`` and
        ``bytes`` of each. What was not told is null, or left out of what is counted by name.

    Raises:
        NotebookError: there is no such run, or there are several.
    """
    run = which if isinstance(which, PastRun) else past(which)
    facts, recorded = run.facts, run.facts.get("result")
    told = recorded if isinstance(recorded, Mapping) else {}
    return {
        "version": VERSION,
        "run_id": run.run_id,
        "notebook": run.name,
        "schedule": facts.get("schedule") or None,
        "target": run.target or None,
        "state": run.state,
        "ok": bool(facts.get("ok")),
        "dry_run": told.get("dry_run"),
        "started_at": facts.get("started_at"),
        "ended_at": facts.get("ended_at"),
        "seconds": facts.get("duration_seconds"),
        "rows": run.figures,
        "stages": _stages(run),
        "issues": _counts(told.get("issues")),
        **{name: _counts(told.get("sending")).get(name) for name in ("requests", "repeats")},
        "frames": {name: {"rows": frame.rows, "bytes": frame.bytes} for name, frame in run.frames.items()},
    }


def brought(state: str, rows: Mapping[str, int | None]) -> bool:
    """Say whether a run that ended so brought any rows to where they belong; what was skipped brought none."""
    return state in ARRIVED and any((rows.get(name) or 0) > 0 for name in _BROUGHT)


def _stages(run: PastRun) -> list[dict[str, Any]]:
    seconds: dict[str, float] = {}
    for stage in run.stages:
        seconds[stage.name] = seconds.get(stage.name, 0.0) + (stage.duration_seconds or 0.0)
    return [{"name": name, "seconds": round(took, 3)} for name, took in seconds.items()]


def _counts(told: Any) -> dict[str, int]:
    """Return what was counted by name; nothing where somebody recorded something else under it."""
    return {name: count for name, count in told.items() if type(count) is int} if isinstance(told, Mapping) else {}
