"""What a job is doing, kept where other processes and the next day can read it.

A job is queued, then processing, then completed, completed_with_errors, failed or cancelled; an end is an end. One
whose process died on the way is seen as lost, as soon as its heartbeat has stopped for long enough.
"""

from fcwork.jobs.history import JOBS, STAGES
from fcwork.jobs.job import Job, Stage
from fcwork.jobs.record import JobRecord, StageRecord
from fcwork.jobs.tracker import JobTracker

__all__ = ["JOBS", "STAGES", "Job", "JobRecord", "JobTracker", "Stage", "StageRecord"]
