"""The run's record among the jobs: opened with the run, moved on by its stages, closed by its end."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from fcwork import log
from fcwork.errors import JobError, StoreError
from fcwork.runner.result import RunResult

if TYPE_CHECKING:
    from fcwork.clock import Clock
    from fcwork.jobs import Job

COUNTED = ("done", "total", "pages")  # of a stage's progress
_logger = log.get("runner")


class Tracking:
    """Listens to a run and keeps its job; where the store cannot be used the run goes on without.

    The heartbeat is this process's, not the kernel's: a kernel that dies is an end like others, while a runner that is
    killed leaves a job that is seen as lost.

    Args:
        run_id: the job's id too.
        name: the notebook's.
        details: facts of the run, as JSON-like data.
        clock: the time.
    """

    def __init__(self, run_id: str, name: str, details: Mapping[str, Any], clock: Clock) -> None:
        from fcwork.jobs import JobTracker

        self._job: Job | None = None
        self._tells_stages = True
        self._counts: dict[str, int] = {}
        try:
            job = JobTracker(clock=clock).job(name, job_id=run_id, details=details)
            job.start()
        except (StoreError, JobError) as error:
            self._warn(error)
        else:
            self._job = job

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._job:
            return
        if error:
            with suppress(StoreError, JobError):
                self._job.fail(error)
        self._job.stop_heartbeat()

    def __call__(self, event: Mapping[str, Any]) -> None:
        """Take notice of a stage; where one cannot be told the others are not either, for each would wait as long."""
        if event["event"] == "stage.progress":
            self._counts = {name: event[name] for name in COUNTED if event.get(name) is not None}
        if self._job and self._tells_stages and event["event"] == "stage.started":
            try:
                self._count(self._job)
                self._job.update(stage=event["stage"], message=event.get("message"))
            except (StoreError, JobError) as error:
                self._tells_stages = False
                self._warn(error)

    def _count(self, job: Job) -> None:
        """Write down how far the stage that goes on has come: its last word is enough, a word each row is too many."""
        if self._counts:
            job.update(counts=self._counts)
            self._counts = {}

    def close(self, result: RunResult) -> None:
        """End the job as the run ended."""
        if not self._job:
            return
        recorded = result.result.get("details")
        told = {"state": result.state, "target": result.target, **result.figures}
        told |= recorded if isinstance(recorded, Mapping) else {}
        try:
            self._count(self._job)
            if result.state == "CANCELLED":
                self._job.cancel(result.reason)
            elif result.ok or result.state == "COMPLETED_WITH_ERRORS":
                self._job.complete(with_errors=not result.ok, message=result.reason, details=told)
            else:
                self._job.fail(f"{result.state}: {result.reason}", details=told)
        except (StoreError, JobError) as error:
            self._warn(error)

    def _warn(self, error: Exception) -> None:
        _logger.warning("run.not_tracked", trouble=str(error))
