"""A handle to one job, for the code that does its work."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from fcwork import log
from fcwork.errors import JobError, StoreError
from fcwork.jobs.record import JobRecord, Status

if TYPE_CHECKING:
    from fcwork.jobs.tracker import JobTracker

_logger = log.get("jobs")


class Job:
    """A handle to one job.

    As a context it starts the job, and ends it by what happens inside: completed, failed with the error, or cancelled
    by an interruption. A job that was ended inside stays so.
    """

    def __init__(self, tracker: JobTracker, record: JobRecord) -> None:
        self._tracker = tracker
        self._record = record

    def __enter__(self) -> Self:
        self.update(status="processing")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self._tracker.get(self.id).ended:
                return
            if error is None:
                self.complete()
            elif isinstance(error, Exception):
                self.fail(error)
            else:
                self.cancel(f"stopped by {type(error).__name__}")
        except (StoreError, JobError) as trouble:
            if error is None:
                raise
            _logger.error("job.not_recorded", job=self.id, trouble=str(trouble))  # noqa: TRY400 - the error that ended the job goes on up

    def __repr__(self) -> str:
        return f"<Job {self._record}>"

    @property
    def id(self) -> str:
        """The job's id."""
        return self._record.id

    @property
    def record(self) -> JobRecord:
        """The job as this handle last wrote it."""
        return self._record

    def stage(self, name: str, message: str = "") -> Stage:
        """Begin a stage and end the one before it; used with ``with``, the stage ends with the block.

        Raises:
            JobError: the job has ended.
        """
        record = self.update(stage=name, message=message)
        return Stage(self, len(record.stages) - 1)

    def update(
        self,
        *,
        status: Status | None = None,
        stage: str | None = None,
        message: str | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> JobRecord:
        """Change the job; see ``JobTracker.update``."""
        self._record = self._tracker.update(self.id, status=status, stage=stage, message=message, details=details)
        return self._record

    def complete(
        self, *, with_errors: bool = False, message: str | None = None, details: Mapping[str, Any] | None = None
    ) -> JobRecord:
        """End the job well; see ``JobTracker.complete``."""
        self._record = self._tracker.complete(self.id, with_errors=with_errors, message=message, details=details)
        return self._record

    def fail(self, error: BaseException | str, *, details: Mapping[str, Any] | None = None) -> JobRecord:
        """End the job as failed; see ``JobTracker.fail``."""
        self._record = self._tracker.fail(self.id, error, details=details)
        return self._record

    def cancel(self, message: str = "") -> JobRecord:
        """End the job as stopped; see ``JobTracker.cancel``."""
        self._record = self._tracker.cancel(self.id, message)
        return self._record

    def end_stage(self, number: int) -> JobRecord:
        """End a stage; see ``JobTracker.end_stage``."""
        self._record = self._tracker.end_stage(self.id, number)
        return self._record


class Stage:
    """A stage that was begun; as a context it ends with its block, unless another has begun in it."""

    def __init__(self, job: Job, number: int) -> None:
        self._job = job
        self._number = number

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._job.end_stage(self._number)

    def __repr__(self) -> str:
        stage = self._job.record.stages[self._number]
        return f"<Stage {stage.name}: {stage.message}>"
