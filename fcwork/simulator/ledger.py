"""The ledger: what a simulator really holds, and how often each effect happened."""

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import orjson
import polars as pl

if TYPE_CHECKING:
    from fcwork.simulator.posting import Posted

QUANTITIES = pl.Schema(
    {
        "locationRef": pl.String,
        "skuRef": pl.String,
        "type": pl.String,
        "qty": pl.Int64,
        "status": pl.String,
        "ref": pl.String,
        "effects": pl.Int64,  # how often a record was applied to this quantity
    }
)
JOBS = pl.Schema(
    {"job_id": pl.String, "name": pl.String, "status": pl.String, "retailer_id": pl.String, "batches": pl.Int64}
)
BATCHES = pl.Schema({"job_id": pl.String, "batch_id": pl.String, "status": pl.String, "rows": pl.Int64})
_EVENT_FIELDS = ("name", "entityType", "entityRef", "entityId", "rootEntityType", "rootEntityRef", "rootEntityId")
EVENTS = pl.Schema(
    {
        "id": pl.String,  # of the first event of this content
        **dict.fromkeys(_EVENT_FIELDS, pl.String),
        "retailerId": pl.String,
        "eventStatus": pl.String,
        "effects": pl.Int64,  # how often a workflow ran for an event of this content
    }
)
WEBHOOKS = pl.Schema(
    {
        "request_id": pl.String(),  # sent as x-request-id
        "id": pl.String(),  # of the event; null for an HTTP call
        "name": pl.String(),
        "entityType": pl.String(),
        "entityRef": pl.String(),
        "url": pl.String(),
        "fault": pl.String(),
        "attempt": pl.Int64(),  # from 1
        "at": pl.Datetime("us", "UTC"),
        "status": pl.Int64(),  # of the answer; null where none came
        "error": pl.String(),
    }
)
MUTATIONS = pl.Schema({"field": pl.String, "arguments": pl.String, "effects": pl.Int64})


@dataclass(frozen=True)
class RequestSeen:
    """One request: what came, what befell it and what was answered. No header, no body, no query string.

    Attributes:
        n: its number, from 1, in the order of the answers.
        status: what was answered, or would have been if the connection had held; None where nothing was done.
        fault: the kinds of fault that befell it, joined by a comma; None for none.
        request_id: the simulator's own, sent back as ``x-request-id``.
        correlation_id: the client's ``x-correlation-id``.
    """

    n: int
    method: str
    path: str
    status: int | None
    fault: str | None
    body_bytes: int
    request_id: str
    correlation_id: str
    at: datetime


@dataclass(frozen=True)
class TokenCounts:
    """How often ``/oauth/token`` gave a token for credentials, gave one for a refresh token, and refused."""

    issued: int = 0
    refreshed: int = 0
    refused: int = 0


class Ledger:
    """What the server really holds and how often each effect happened. Safe to read while requests come in."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: list[RequestSeen] = []
        self._tokens = {"issued": 0, "refreshed": 0, "refused": 0}
        self._quantities: dict[tuple[str, str, str], tuple[int, str, str, int]] = {}
        self._list_jobs: Callable[[], list[dict[str, Any]]] = list
        self._list_batches: Callable[[], list[dict[str, Any]]] = list
        self._events: dict[bytes, dict[str, Any]] = {}
        self._mutations: dict[tuple[str, str], int] = {}
        self._webhooks: list[dict[str, Any]] = []

    def __repr__(self) -> str:
        return f"Ledger({len(self._requests)} requests, {len(self._quantities)} quantities, {len(self._events)} events)"

    @property
    def requests(self) -> list[RequestSeen]:
        """Every request so far, in the order of the answers."""
        with self._lock:
            return list(self._requests)

    def count(self, method: str | None = None, path: str | None = None) -> int:
        """Return how many requests came.

        Args:
            method: ``GET`` or ``POST``; all unless given.
            path: a shell pattern for the end of the path, such as ``/graphql`` or ``/job/*/batch``; all unless given.
        """
        return sum(
            (method is None or seen.method == method) and (path is None or fnmatchcase(seen.path, f"*{path}"))
            for seen in self.requests
        )

    @property
    def tokens(self) -> TokenCounts:
        """How many tokens were given and refused."""
        with self._lock:
            return TokenCounts(**self._tokens)

    @property
    def quantities(self) -> pl.DataFrame:
        """Everything that batches have upserted, as ``QUANTITIES``: one row a location, SKU and type."""
        with self._lock:
            rows = [(*key, *held) for key, held in self._quantities.items()]
        return pl.DataFrame(rows, schema=QUANTITIES, orient="row")

    @property
    def jobs(self) -> pl.DataFrame:
        """Every job, as ``JOBS``."""
        return pl.DataFrame(self._list_jobs(), schema=JOBS)

    @property
    def batches(self) -> pl.DataFrame:
        """Every batch that was accepted, as ``BATCHES``; looking here settles nothing."""
        return pl.DataFrame(self._list_batches(), schema=BATCHES)

    @property
    def events(self) -> pl.DataFrame:
        """The events that callers have sent, as ``EVENTS``: one row a content, so a doubled event has two effects."""
        with self._lock:
            return pl.DataFrame(list(self._events.values()), schema=EVENTS)

    @property
    def mutations(self) -> pl.DataFrame:
        """The GraphQL mutations that took effect, as ``MUTATIONS``: one row a field and arguments (as JSON)."""
        with self._lock:
            rows = [(*key, effects) for key, effects in self._mutations.items()]
        return pl.DataFrame(rows, schema=MUTATIONS, orient="row")

    @property
    def webhooks(self) -> pl.DataFrame:
        """The webhooks that were posted and are through, as ``WEBHOOKS``: one row a post, repeats included."""
        with self._lock:
            return pl.DataFrame(self._webhooks, schema=WEBHOOKS)

    def request_seen(self, **facts: Any) -> None:
        """Note one request: all of ``RequestSeen`` but its number."""
        with self._lock:
            self._requests.append(RequestSeen(n=len(self._requests) + 1, **facts))

    def token_given(self, *, refreshed: bool) -> None:
        """Count a token."""
        with self._lock:
            self._tokens["refreshed" if refreshed else "issued"] += 1

    def token_refused(self) -> None:
        """Count a refusal."""
        with self._lock:
            self._tokens["refused"] += 1

    def upserted(self, applied: Iterable[tuple[Mapping[str, Any], str]]) -> None:
        """Note records of a batch that were applied, each with its reference."""
        with self._lock:
            held = self._quantities
            for entity, ref in applied:
                key = (entity["locationRef"], entity["skuRef"], entity["type"])
                before = held.get(key)
                held[key] = (entity["qty"], entity["status"], ref, 1 if before is None else before[3] + 1)

    def follow(self, *, jobs: Callable[[], list[dict[str, Any]]], batches: Callable[[], list[dict[str, Any]]]) -> None:
        """Read jobs and batches where they are kept."""
        self._list_jobs, self._list_batches = jobs, batches

    def event_seen(self, event: Mapping[str, Any], *, event_id: str, status: str, took_effect: bool) -> None:
        """Note an event that a caller has sent."""
        content = orjson.dumps(event, option=orjson.OPT_SORT_KEYS)
        told = {name: None if event.get(name) is None else str(event[name]) for name in (*_EVENT_FIELDS, "retailerId")}
        with self._lock:
            row = self._events.setdefault(content, {"id": event_id, **told, "eventStatus": status, "effects": 0})
            row["effects"] += took_effect

    def mutated(self, field: str, arguments: Mapping[str, Any]) -> None:
        """Note a mutation that took effect."""
        key = (field, orjson.dumps(arguments, default=str, option=orjson.OPT_SORT_KEYS).decode())
        with self._lock:
            self._mutations[key] = self._mutations.get(key, 0) + 1

    def webhook_posted(self, document: Mapping[str, Any], posted: "Posted", *, url: str, fault: str | None) -> None:
        """Note each post of a webhook."""
        told = {name: document.get(name) for name in ("id", "name", "entityType", "entityRef")}
        told = {name: None if value is None else str(value) for name, value in told.items()}
        common = {"request_id": posted.request_id, **told, "url": url, "fault": fault}
        rows = [
            {**common, "attempt": number, "at": one.at, "status": one.status, "error": one.error}
            for number, one in enumerate(posted.attempts, 1)
        ]
        with self._lock:
            self._webhooks.extend(rows)
