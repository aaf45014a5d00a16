"""Who works on a job: the token by which a handle that comes late is told from the one that took its job over."""

from __future__ import annotations

import secrets

from fcwork.errors import JobError, JobTakenError
from fcwork.jobs.record import JobRecord


def new_token() -> str:
    """Return a token that no other handle has."""
    return secrets.token_hex(8)


class Holding:
    """By what a handle shows that a job is its own.

    Attributes:
        token: of the handle, written into the record when it begins to work.
        has_begun: whether it began to; before that it may change the job like anybody.
    """

    def __init__(self) -> None:
        self.token = new_token()
        self.has_begun = False

    def check(self, found: JobRecord) -> None:
        """Refuse a handle that had begun to work, where another works now.

        Raises:
            JobTakenError: so it is.
        """
        if self.has_begun and found.holder not in {"", self.token}:
            since = "" if found.held_at is None else f" at {found.held_at:%Y-%m-%d %H:%M:%S} UTC"
            raise JobTakenError(
                f"job {found.id!r} is no longer this worker's: another worker took it over{since}",
                hint="stop, and leave the job to that one; tracker.get(id) tells how it stands",
                job_id=found.id,
            )


def check_free(seen: JobRecord, token: str) -> None:
    """Refuse a start of a job that another works on.

    Args:
        seen: the job as it is shown, so ``lost`` where its worker gives no sign any more.
        token: of who would start it.

    Raises:
        JobTakenError: so it is.
    """
    if seen.status != "processing" or seen.holder == token:
        return
    waits = seen.lost_after_seconds is not None
    raise JobTakenError(
        f"job {seen.id!r} is under way: another worker has started it",
        hint="leave it to that one: it can be taken over once it is seen as lost"
        if waits
        else "it keeps no heartbeat, so nobody sees it as lost: if its worker is gone, fail it and begin another",
        job_id=seen.id,
    )


def check_text(job_id: object) -> None:
    """Refuse what is no text, and so no job's id.

    Raises:
        JobError: so it is.
    """
    if not isinstance(job_id, str):
        raise JobError(f"{job_id!r} is no id of a job", hint="an id is a text, as history() lists them")
