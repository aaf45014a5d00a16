"""A handle to one job, for the code that does its work."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn, Self

from fcwork import log
from fcwork.errors import JobError, StoreError
from fcwork.jobs.heartbeat import Heartbeat
from fcwork.jobs.holding import Holding
from fcwork.jobs.record import JobRecord, Status

if TYPE_CHECKING:
    from fcwork.jobs.tracker import JobTracker

_logger = log.get("jobs")


class Job:
    """A handle to one job.

    As a context it starts the job, keeps its heartbeat, and ends it by what happens inside: completed, failed with the
    error, or cancelled by an interruption. A job that was ended inside stays so. A process forked inside leaves the end
    to the one that began; a handle is not pickled: ``tracker.open(id)`` makes another.

    Once it has started the job, each of its calls is refused with a ``JobTakenError`` as soon as another worker took
    the job over, which one may that sees it as lost.
    """

    def __init__(self, tracker: JobTracker, record: JobRecord) -> None:
        self._tracker = tracker
        self._record = record
        self._holding = Holding()
        self._heartbeat: Heartbeat | None = None
        self._process = os.getpid()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process != os.getpid():
            return
        try:
            self._end(error)
        except (StoreError, JobError) as trouble:
            if error is None:
                raise
            _logger.error("job.not_recorded", job=self.id, trouble=str(trouble))  # noqa: TRY400 - the error that ended the job goes on up
        finally:
            self.stop_heartbeat()

    def __reduce__(self) -> NoReturn:
        message = f"the handle of job {self.id!r} cannot be pickled: give its id, and call tracker.open(id) there"
        raise TypeError(message)

    def __repr__(self) -> str:
        return f"<Job {self._record}>"

    def _repr_html_(self) -> str:
        return self._record._repr_html_()

    @property
    def id(self) -> str:
        """The job's id."""
        return self._record.id

    @property
    def record(self) -> JobRecord:
        """The job as this handle last wrote it."""
        return self._record

    def start(self) -> JobRecord:
        """Put the job under way, and keep its heartbeat in this process until it ends or ``stop_heartbeat`` is called.

        Raises:
            JobTakenError: another worker works on it, and gives signs of life.
            JobError: the job has ended.
        """
        self._holding.has_begun = True
        self._record = self._tracker.start(self.id, by=self._holding)
        self._process = os.getpid()
        interval_seconds = self._tracker.heartbeat_seconds
        if interval_seconds is not None and not (self._heartbeat and self._heartbeat.alive):
            beat = partial(self._tracker.beat, self.id, by=self._holding)
            self._heartbeat = Heartbeat(self.id, beat, interval_seconds=interval_seconds)
        return self._record

    def stop_heartbeat(self) -> None:
        """Give no more signs of life; a job that has not ended by then will be seen as lost."""
        if self._heartbeat:
            self._heartbeat.stop()

    def stage(self, name: str, message: str = "", *, counts: Mapping[str, int] | None = None) -> Stage:
        """Begin a stage and end the one before it; used with ``with``, the stage ends with the block.

        Raises:
            JobError: the job has ended, or the counts cannot be kept.
        """
        record = self.update(stage=name, message=message, counts=counts)
        return Stage(self, len(record.stages) - 1)

    def update(
        self,
        *,
        status: Status | None = None,
        stage: str | None = None,
        message: str | None = None,
        counts: Mapping[str, int] | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> JobRecord:
        """Change the job; see ``JobTracker.update``."""
        said: dict[str, Any] = {"stage": stage, "message": message, "counts": counts, "details": details}
        return self._written(self._tracker.update(self.id, status=status, **said, by=self._holding))

    def complete(
        self, *, with_errors: bool = False, message: str | None = None, details: Mapping[str, Any] | None = None
    ) -> JobRecord:
        """End the job well; see ``JobTracker.complete``."""
        said: dict[str, Any] = {"message": message, "details": details}
        return self._written(self._tracker.complete(self.id, with_errors=with_errors, **said, by=self._holding))

    def fail(self, error: BaseException | str, *, details: Mapping[str, Any] | None = None) -> JobRecord:
        """End the job as failed; see ``JobTracker.fail``."""
        return self._written(self._tracker.fail(self.id, error, details=details, by=self._holding))

    def cancel(self, message: str = "") -> JobRecord:
        """End the job as stopped; see ``JobTracker.cancel``."""
        return self._written(self._tracker.cancel(self.id, message, by=self._holding))

    def end_stage(self, number: int) -> JobRecord:
        """End a stage; see ``JobTracker.end_stage``."""
        return self._written(self._tracker.end_stage(self.id, number, by=self._holding))

    def _written(self, record: JobRecord) -> JobRecord:
        self._record = record
        if record.holder == self._holding.token:  # a first stage is a start
            self._holding.has_begun = True
        if record.ended:
            self.stop_heartbeat()
        return record

    def _end(self, error: BaseException | None) -> None:
        """End the job by what happened inside, unless it has ended."""
        found = self._tracker.get(self.id)
        self._holding.check(found)
        if found.ended:
            return
        if error is None:
            self.complete()
        elif isinstance(error, Exception):
            self.fail(error)
        else:
            self.cancel(f"stopped by {type(error).__name__}")


class Stage:
    """A stage that was begun; as a context it ends with its block, unless another has begun in it."""

    def __init__(self, job: Job, number: int) -> None:
        self._job = job
        self._number = number

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, *_: object) -> None:
        try:
            self._job.end_stage(self._number)
        except (StoreError, JobError) as trouble:
            if error is None:
                raise
            _logger.error("job.not_recorded", job=self._job.id, trouble=str(trouble))  # noqa: TRY400 - as of a job

    def __repr__(self) -> str:
        stage = self._job.record.stages[self._number]
        return f"<Stage {stage.name}: {stage.message}>"
