"""How each row of a sweep stands, by what its run's folder says, and by the sweep's own steps where that is gone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fcwork.runner.folder import RESULT, runs
from fcwork.runner.history import LOST, RUNNING, UNFINISHED, told
from fcwork.runner.past import PastRun
from fcwork.runner.result import FIGURES
from fcwork.runner.sweeping.plan import Plan, Row
from fcwork.runner.sweeping.record import BEGUN, ENDED, Record

NOT_RUN = "NOT_RUN"
DONE = frozenset({"SUCCEEDED", "SKIPPED"})  # what is not run again
KEPT = (
    "state",
    "name",
    "target",
    *FIGURES,
    "started_at",
    "ended_at",
    "duration_seconds",
    "failed_cell",
    "ename",
    "evalue",
)
_WITHOUT_RESULT = {
    RUNNING: "it is under way",
    LOST: "the process that ran it is gone",
    UNFINISHED: "whether it is under way cannot be told from here; it is run again once its folder is removed",
}


@dataclass(frozen=True)
class Standing:
    """How a row stands.

    Attributes:
        row: of the plan.
        attempt: how often it was begun.
        run: its last run; None where none was begun.
    """

    row: Row
    attempt: int = 0
    run: PastRun | None = None

    @property
    def state(self) -> str:
        """That of its run, or ``NOT_RUN``."""
        return self.run.state if self.run else NOT_RUN

    @property
    def reason(self) -> str:
        """Why it ended so, or what keeps it from an end."""
        return (self.run.reason if self.run else "") or _WITHOUT_RESULT.get(self.state, "")

    @property
    def is_done(self) -> bool:
        """Whether it is not to be run again."""
        return self.state in DONE

    @property
    def next_attempt(self) -> int:
        """The number of the attempt that is to be made next: one that left nothing at all is made under its own id."""
        left_nothing = self.run is not None and not self.run.folder.exists() and self.state in {NOT_RUN, LOST}
        return max(self.attempt, 1) if left_nothing else self.attempt + 1


def standings(record: Record) -> list[Standing]:
    """Return how the rows of a sweep stand, in their order."""
    begun: dict[int, dict[str, Any]] = {}
    ended: dict[str, dict[str, Any]] = {}
    for step in record.steps():
        if step.get("event") == BEGUN and isinstance(step.get("row"), int):
            begun[step["row"]] = step
        elif step.get("event") == ENDED:
            ended[str(step.get("run_id"))] = step
    under_way = record.is_under_way
    return [_standing(record.plan, row, begun.get(row.number), ended, under_way=under_way) for row in record.plan.rows]


def run_of(run_id: str) -> Path:
    """Return the folder of a run, or of the last one that was made again as its kernel had died."""
    repeated = [path for path in runs().glob(f"{run_id}-retry*") if path.name[len(run_id) + 6 :].isdecimal()]
    return max(repeated, key=lambda path: int(path.name[len(run_id) + 6 :]), default=runs() / run_id)


def facts_of(run: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a step keeps of a run's result, so that it is known when the run's folder is gone."""
    recorded = run.get("result")
    summary = recorded.get("summary") if isinstance(recorded, dict) else None
    return {**{name: run[name] for name in KEPT if run.get(name) is not None}, "result": {"summary": summary}}


def _standing(
    plan: Plan, row: Row, begun: Mapping[str, Any] | None, ended: Mapping[str, dict[str, Any]], *, under_way: bool
) -> Standing:
    if begun is None:
        return Standing(row)
    attempt = int(begun.get("attempt") or 1)
    folder = run_of(plan.run_id(row, attempt))
    last = ended.get(plan.run_id(row, attempt))
    if last is not None and not (folder / RESULT).is_file():
        facts = {**last, "state": str(last.get("state") or LOST)}
    elif folder.is_dir():
        facts = told(folder)
    elif under_way:
        facts = {"state": RUNNING}
    else:
        facts = {"state": LOST, "evalue": "it was begun and left nothing"}
    return Standing(row, attempt, PastRun(folder.name, folder, facts))
