"""What a ledger says: one kind of entry for each thing that can happen to rows on their way."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Literal, TypeAlias

from fcwork.recovery.spans import Spans

REJECTED: Literal["rejected"] = "rejected"
UNKNOWN: Literal["unknown"] = "unknown"

REFUSED = "send.rejected"
EXHAUSTED = "send.retries_exhausted"
NOT_SENT = "send.not_sent"
NO_EVIDENCE = "send.unknown"
STUCK = "send.stuck"
WORTH_RETRYING = frozenset({EXHAUSTED, NOT_SENT})

FORMAT = 2


@dataclass(frozen=True, kw_only=True)
class Opened:
    """The first line: the input is spooled whole, sending may begin.

    Attributes:
        format: the version of this vocabulary.
        kind: the kind of frame that the caller gave.
        spool_bytes, spool_sha256: size and hash of the spooled input's file.
        key: the columns that make up a row's key; None for the route's own reference.
        series: what this input is a version of; a newer one of the same series takes its place.
    """

    format: int
    fcwork: str
    at: str
    route: str
    target: str
    kind: str
    rows: int
    columns: dict[str, str]
    key: list[str] | None
    batch_size: int
    verify: bool
    spool_bytes: int
    spool_sha256: str
    series: str = ""


@dataclass(frozen=True, kw_only=True)
class Posting:
    """A request is about to leave; ``crc32`` is that of its body."""

    batch: int
    rows: Spans
    attempt: int
    bytes: int
    crc32: int
    at: str


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """The platform took the request.

    Attributes:
        receipt: what to ask with for the outcome.
        final: that is all it will tell, or all that was to be asked; else it has yet to tell of the single records.
        failures: how often it took these very rows before and failed to do them.
    """

    batch: int
    receipt: dict[str, Any]
    final: bool
    failures: int


@dataclass(frozen=True, kw_only=True)
class Failed:
    """The request is to be sent again, whole or in parts; where ``doubtful`` it may have been done all the same."""

    batch: int
    error: str
    message: str
    doubtful: bool


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Why some rows were not delivered."""

    pile: str
    code: str
    message: str
    rows: Spans


@dataclass(frozen=True, kw_only=True)
class Settled:
    """What became of rows; those of the batch that are named in neither field are to be sent again.

    Attributes:
        batch: the request that the rows went with; None for rows that went with none.
        unanswered: the platform took the batch and may still tell of it: a resume asks again.
    """

    batch: int | None
    delivered: Spans = ()
    verdicts: tuple[Verdict, ...] = ()
    unanswered: bool = False


@dataclass(frozen=True, kw_only=True)
class Revised:
    """What is known later of rows that were unknown: by a look at what the platform holds, or told elsewhere."""

    looked: bool
    delivered: Spans = ()
    verdicts: tuple[Verdict, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Resumed:
    """Another run takes over: whatever can still be sent or asked for is open again."""

    at: str
    repeat_safe: bool


@dataclass(frozen=True, kw_only=True)
class Closed:
    """A run ended and left rows that are not settled for good."""

    at: str


@dataclass(frozen=True, kw_only=True)
class Superseded:
    """A newer version of the series is being sent: nothing of this one may be sent any more."""

    at: str
    by: str


Entry: TypeAlias = Opened | Posting | Accepted | Failed | Settled | Revised | Resumed | Closed | Superseded

_KINDS: dict[str, type[Entry]] = {
    "opened": Opened,
    "posting": Posting,
    "accepted": Accepted,
    "failed": Failed,
    "settled": Settled,
    "revised": Revised,
    "resumed": Resumed,
    "closed": Closed,
    "superseded": Superseded,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}


def to_record(entry: Entry) -> dict[str, Any]:
    """Return an entry as JSON-like data."""
    return {"event": _NAMES[type(entry)], **{field.name: getattr(entry, field.name) for field in fields(entry)}}


def from_record(record: dict[str, Any]) -> Entry:
    """Return the entry that JSON-like data stands for.

    Raises:
        KeyError, TypeError: the data is of no kind known here.
    """
    facts = dict(record)
    kind = _KINDS[facts.pop("event")]
    if kind in {Settled, Revised}:
        facts["verdicts"] = tuple(Verdict(**verdict) for verdict in facts["verdicts"])
    return kind(**facts)
