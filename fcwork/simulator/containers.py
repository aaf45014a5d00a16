"""Jobs and batches as they stand."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any, NamedTuple

from fcwork.simulator.faults import RECORD_CODES

_MESSAGES = {200: "OK", **RECORD_CODES}


class Outcome(NamedTuple):
    """What became of one record."""

    entity_id: str | None
    ref: str
    code: int

    def told(self) -> dict[str, Any]:
        """Return it as the platform tells it; a record that failed has no entity."""
        entity = {} if self.entity_id is None else {"entityId": self.entity_id}
        return {**entity, "entityRef": self.ref, "responseCode": self.code, "message": _MESSAGES[self.code]}


@dataclass
class Batch:
    """A batch that was accepted; its records were applied then, unless it is stuck.

    The results of one that is ``merged`` are told under one that ``hosts`` them.
    """

    id: str
    job_id: str
    created_at: datetime
    rows: int
    stuck: bool = False
    merged: bool = False
    hosts: bool = False
    looks: int = 0
    outcomes: list[Outcome] = field(default_factory=list)

    def status(self, settle_polls: int) -> str:
        """Return PENDING, RUNNING or COMPLETE by how often somebody has looked."""
        if self.stuck or self.looks < settle_polls:
            return "PENDING"
        return "RUNNING" if self.looks == settle_polls > 0 else "COMPLETE"

    def tell_each_once(self) -> None:
        """Keep the last result of each record where several batches were merged into this one."""
        if self.hosts:
            self.outcomes = list({outcome.ref: outcome for outcome in self.outcomes}.values())


@dataclass
class Job:
    """A container of batches: open until the midnight (UTC) after it was made."""

    id: str
    name: str
    retailer_id: str
    meta: Mapping[str, Any]
    created_at: datetime
    closed: bool = False
    batches: list[Batch] = field(default_factory=list)

    def status(self, now: datetime) -> str:
        """Return OPEN or CLOSED."""
        midnight = datetime.combine(self.created_at.date() + timedelta(days=1), time(), UTC)
        return "CLOSED" if self.closed or now >= midnight else "OPEN"
