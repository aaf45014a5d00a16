"""``ingest`` reads, maps, checks and judges; ``IngestPlan.apply`` sends."""

import hashlib
import html
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import polars as pl

from fcwork import frames, log
from fcwork.client import FluentClient
from fcwork.clock import SYSTEM, Clock
from fcwork.ingestion.gate import Gate, Limit, judge
from fcwork.ingestion.inputs import Resolvers, check_options, mapper_of, rows_of, validator_of
from fcwork.ingestion.result import COUNTS, IngestResult, State, figures, findings
from fcwork.ingestion.stages import Stages
from fcwork.mapper import Mapper
from fcwork.recovery import Progress, send
from fcwork.routes import Route
from fcwork.validator import Validator

STAGE = "_stage"  # the column of `rejected` that says which stage refused the row
ON_ROW = [frames.ROW, frames.SOURCE]
EMBEDDED = "SIMULATOR"

_logger = log.get("ingestion")


@dataclass(frozen=True, repr=False, kw_only=True)
class IngestPlan:
    """A load that was read, mapped and checked, and not sent; ``apply`` sends it.

    Attributes:
        read, mapped, ready: the rows of the source, those that could be mapped, and those that passed every check.
        rejected: the rows of the source that will not be sent, with ``_stage`` and ``_errors``.
        issues: one line a finding, in the columns of ``frames.ISSUES``.
        gate: whether the load may be sent.
        counts: ``read, mapped, rejected, delivered, unknown, ready``.
        target: whose platform.
        source: ``uri``, ``format``, ``bytes`` and ``sha256`` of what was read.
        mapping: which mapping was applied, with its hash.
    """

    read: pl.DataFrame
    mapped: pl.DataFrame
    ready: pl.DataFrame
    rejected: pl.DataFrame
    issues: pl.DataFrame
    gate: Gate
    counts: dict[str, int]
    target: str
    source: dict[str, Any]
    mapping: str
    kind: frames.Kind
    max_unknown: int
    checkpoint: str | None
    stages: Stages
    clock: Clock
    open_route: Callable[[], Route]
    send_options: dict[str, Any] = field(default_factory=dict)

    @property
    def preview(self) -> pl.DataFrame:
        """The first rows as they would be sent."""
        return frames.without_identity(self.ready.head(5))

    def apply(self, *, dry_run: bool = True, on_progress: Callable[[Progress], None] | None = None) -> IngestResult:
        """Send the rows that passed every check, if the gate is open and this is no dry run.

        Args:
            dry_run: send nothing and say what would be sent.
            on_progress: called with counts, rate and time left while rows are sent.

        Raises:
            AuthError, ConnectionFailedError: the platform cannot be reached with these settings; nothing was sent.
            CheckpointError: another process is sending the same load.
        """
        if dry_run:
            return self._result(ready=self.ready, dry_run=True)
        if not self.gate.is_open:
            return self._held_back()
        return self._sent(on_progress) if self.ready.height else self._result()

    def _sent(self, on_progress: Callable[[Progress], None] | None) -> IngestResult:
        route = self.open_route()
        with self.stages.stage("send", f"Sending {self.ready.height:,} rows to {self.target}", self.ready.height):
            sent = send(
                self.ready,
                route,
                checkpoint=self._checkpoint(route),
                on_progress=on_progress,
                clock=self.clock,
                **self.send_options,
            )
        return self._result(
            delivered=sent.delivered,
            unknown=sent.unknown,
            rejected=_stack([self.rejected, _refused(self.read, sent.rejected, "send")]),
            issues=frames.join_issues([self.issues, sent.issues]),
            checkpoint=sent.checkpoint or "",
        )

    def _held_back(self) -> IngestResult:
        """Reject, by code, the good rows that the closed gate keeps back."""
        message = f"not sent: the gate is {self.gate}"
        kept = self.ready.with_columns(_errors=pl.lit(f"send.not_sent: {message}"))
        at = self.clock.now()
        found = frames.issues(kept, stage="send", field="", code="send.not_sent", message=message, at=at)
        return self._result(
            rejected=_stack([self.rejected, _refused(self.read, kept, "send")]),
            issues=frames.join_issues([self.issues, found]),
        )

    def _result(self, *, dry_run: bool = False, checkpoint: str = "", **changed: pl.DataFrame) -> IngestResult:
        nothing = self.ready.clear()
        piles = {"delivered": nothing, "unknown": nothing, "ready": nothing, "rejected": self.rejected, **changed}
        issues = piles.pop("issues", self.issues)
        counts = {**self.counts, **{name: rows.height for name, rows in piles.items()}}
        result = IngestResult(
            **{name: frames.leave(rows, self.kind) for name, rows in piles.items()},
            issues=frames.leave(issues, self.kind),
            counts=counts,
            state=self._state(counts),
            target=self.target,
            dry_run=dry_run,
            gate=self.gate,
            source=self.source,
            mapping=self.mapping,
            stages=self.stages.ended(),
            checkpoint=checkpoint,
        )
        _logger.info("ingestion.ended", state=result.state, target=self.target, dry_run=dry_run, **counts)
        return result

    def _state(self, counts: Mapping[str, int]) -> State:
        if not counts["read"]:
            return "SKIPPED"
        if not self.gate.is_open:
            return "REFUSED"
        failed = counts["rejected"] or counts["unknown"] > self.max_unknown
        return "COMPLETED_WITH_ERRORS" if failed else "SUCCEEDED"

    def _checkpoint(self, route: Route) -> str | None:
        """Name the send after its content and target, so that the same load begun again goes on where it stopped."""
        if self.checkpoint or self.target == EMBEDDED:  # an embedded simulator dies with its process
            return self.checkpoint
        what = [self.source["sha256"], self.mapping, self.target, route.name, self.ready.height]
        stem = re.sub(r"[^A-Za-z0-9_-]+", "-", Path(self.source["uri"]).stem).strip("-")[:40] or "frame"
        return f"{stem}-{hashlib.sha256(json.dumps(what).encode()).hexdigest()[:16]}"

    def __str__(self) -> str:
        told = ", ".join(f"{self.counts[name]:,} {name}" for name in ("read", "mapped", "rejected", "ready"))
        return f"Plan for {self.target}: {told}; gate {self.gate}; nothing sent"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        parts = [f"<p><b>{html.escape(str(self))}</b></p>", figures(self.counts)]
        parts.append(frames.to_html(self.preview, caption="First rows, as they would be sent"))
        return "".join([*parts, findings(self.issues)])


def ingest(
    client: FluentClient,
    source: Any,
    *,
    mapping: Mapper | Mapping[str, Any] | str | Path | None = None,
    rules: Validator | Mapping[str, Any] | str | Path | None = None,
    route: Route | Literal["batch", "event"] = "batch",
    job: Literal["per-run", "daily"] = "per-run",
    job_name: str = "fcwork ingestion",
    preprocessing: Literal["skip", "enabled"] = "skip",
    entity_type: str = "INVENTORY",
    max_rejected: str | float = "0%",
    max_unknown: int = 0,
    batch_size: int = 5_000,
    workers: int = 1,
    max_retries: int = 3,
    verify: bool = True,
    key: str | list[str] | None = None,
    checkpoint: str | None = None,
    format: str | None = None,  # noqa: A002 - the public name of the format everywhere
    read_options: Mapping[str, Any] | None = None,
    resolvers: Resolvers = None,
    context: Mapping[str, Any] | None = None,
    on_stage: Callable[[str, str], object] | None = None,
    clock: Clock = SYSTEM,
) -> IngestPlan:
    """Read, map and check a source, and say what sending it would do; nothing is sent.

    Args:
        client: whose platform; see ``connect``.
        source: a path or URI, or a frame of any kind (then the result's frames are of that kind).
        mapping: a mapping file, its content, or a Mapper; without one the rows are taken as they are.
        rules: a rule file, its content, or a Validator; without one the rules of ``entity_type``, and ``{}`` for none.
        route: ``batch`` (batch jobs of ``entity_type``), ``event`` (one event a row) or a Route of one's own.
        job: with ``batch``: a job for this load, or the day's.
        job_name: the name of the platform's job.
        preprocessing: with ``batch``: ``skip`` sends every row on; ``enabled`` lets the platform drop unchanged rows,
            and then it no longer tells of single records.
        entity_type: with ``batch``: what the rows are.
        max_rejected: how many rows may be rejected before sending: a share such as ``5%``, or a number of rows.
        max_unknown: how many unknown outcomes still count as success.
        batch_size, workers, max_retries, verify, key, checkpoint: as in ``recovery.send``.
        format, read_options: as in ``sources.read``.
        resolvers, context: as in ``Mapper``; resolvers also as ``module:name``. ``$context.retailerId`` is the
            client's, unless the context has another.
        on_stage: called with name and message as each stage begins.
        clock: the time.

    Raises:
        SourceError, MappingError, ConfigError: the file, the mapping or the rules are not usable; the message says why.
    """
    batches = {"job": job, "name": job_name, "preprocessing": preprocessing, "entity_type": entity_type}
    how = {"batch_size": batch_size, "workers": workers, "max_retries": max_retries, "verify": verify, "key": key}
    check_options({"route": route, "max_unknown": max_unknown, **batches, **how})
    limit = Limit.read(max_rejected)
    own = {} if client.retailer_id is None else {"retailerId": client.retailer_id}
    mapper = mapper_of(mapping, resolvers, {**own, **(context or {})})
    validator = validator_of(rules, entity_type if route == "batch" else None)
    stages = Stages(on_stage, clock)
    is_file = isinstance(source, str | Path)

    with stages.stage("read", f"Reading {source if is_file else 'a frame'}") as rows_read:
        taken = rows_of(source, format, read_options or {})
        total = taken.frame.height + taken.rejected.height
        rows_read(total)
    with stages.stage("map", f"Mapping {taken.frame.height:,} rows", taken.frame.height):
        mapped, unmapped, map_issues = _mapped(mapper, taken.frame)
    with stages.stage("check", f"Checking {mapped.height:,} rows", mapped.height):
        ready, failed, check_issues = _checked(validator, mapped)

    unread = taken.rejected.with_columns(pl.lit("read").alias(STAGE))
    rejected = _stack([unread, _refused(taken.frame, unmapped, "map"), _refused(taken.frame, failed, "check")])
    issues = frames.join_issues([taken.issues, map_issues, check_issues])
    counts = dict(zip(COUNTS, (total, mapped.height, rejected.height, 0, 0, ready.height), strict=True))
    return IngestPlan(
        read=taken.frame,
        mapped=mapped,
        ready=ready,
        rejected=rejected,
        issues=issues,
        gate=judge(limit, counts, issues),
        counts=counts,
        target=client.target,
        source={name: getattr(taken, name) for name in ("uri", "format", "bytes", "sha256")},
        mapping=f"{mapper.name or 'mapping'} (sha256 {mapper.fingerprint[:16]})" if mapper else "none",
        kind="polars" if is_file else frames.kind_of(source),
        max_unknown=max_unknown,
        checkpoint=checkpoint,
        stages=stages,
        clock=clock,
        open_route=lambda: _open(client, route, batches),
        send_options=how,
    )


def _open(client: FluentClient, route: Route | str, batches: dict[str, Any]) -> Route:
    """Return the route, after the client has shown that it is let in: wrong credentials are no fault of the rows."""
    if isinstance(route, Route):
        return route
    client.authenticate()
    return client.batches(**batches) if route == "batch" else client.event_sender()


def _mapped(mapper: Mapper | None, rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    if mapper is None:
        return rows, rows.clear().with_columns(_errors=pl.lit("")), frames.no_issues()
    result = mapper.apply(rows)
    return result.frame, result.rejected, result.issues


def _checked(validator: Validator | None, rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    if validator is None:
        return rows, rows.clear().with_columns(_errors=pl.lit("")), frames.no_issues()
    result = validator.check(rows)
    return result.valid, result.rejected, result.issues


def _refused(read: pl.DataFrame, rows: pl.DataFrame, stage: str) -> pl.DataFrame:
    """Return the source's own rows of those that a stage refused: what a person mends and loads again."""
    why = rows.select(*ON_ROW, "_errors")
    there = read if why.height else read.clear()
    return there.join(why, on=ON_ROW, nulls_equal=True).with_columns(pl.lit(stage).alias(STAGE))


def _stack(piles: list[pl.DataFrame]) -> pl.DataFrame:
    kept = [pile for pile in piles if pile.height] or piles[-1:]
    return pl.concat(kept, how="diagonal_relaxed").sort(frames.SOURCE, frames.ROW, maintain_order=True)
