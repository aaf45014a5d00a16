"""What a job is doing, kept where other processes and the next day can read it.

A job is queued, then processing, then completed, completed_with_errors, failed or cancelled; an end is an end.
"""

from fcwork.jobs.job import Job, Stage
from fcwork.jobs.record import JOBS, JobRecord, StageRecord
from fcwork.jobs.tracker import JobTracker

__all__ = ["JOBS", "Job", "JobRecord", "JobTracker", "Stage", "StageRecord"]
