"""``ingest`` reads, maps, checks and judges; ``IngestPlan.apply`` sends."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import polars as pl

from fcwork import frames, settings
from fcwork.client import FluentClient
from fcwork.clock import SYSTEM, Clock
from fcwork.errors import ConfigError
from fcwork.ingestion.deliveries import Deliveries, taken_of
from fcwork.ingestion.files import FileLedger
from fcwork.ingestion.gate import Limit, judge
from fcwork.ingestion.inputs import Resolvers, check_options, mapper_of, validator_of
from fcwork.ingestion.piles import STAGE, refused, stack
from fcwork.ingestion.plan import IngestPlan
from fcwork.ingestion.result import COUNTS
from fcwork.ingestion.stages import Stages
from fcwork.ingestion.ways import EMBEDDED, RouteName, Way
from fcwork.mapper import Mapper
from fcwork.recovery.sending import VERIFY_SECONDS
from fcwork.routes import Route
from fcwork.sources import ReadResult
from fcwork.store import open_store
from fcwork.validator import Validator

Piles = tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]


def ingest(
    client: FluentClient,
    source: Any,
    *,
    mapping: Mapper | Mapping[str, Any] | str | Path | None = None,
    rules: Validator | Mapping[str, Any] | str | Path | None = None,
    route: Route | RouteName = "batch",
    route_options: Mapping[str, Any] | None = None,
    job: Literal["per-run", "per-file", "daily"] = "per-run",
    batches_per_job: int | None = None,
    job_name: str = "fcwork ingestion",
    preprocessing: Literal["skip", "enabled"] = "skip",
    entity_type: str = "INVENTORY",
    max_rejected: str | float = "0%",
    max_unknown: int = 0,
    batch_size: int = 5_000,
    workers: int = 1,
    max_retries: int = 3,
    rate_per_second: float | None = None,
    deadline_seconds: float | None = None,
    verify: bool = True,
    verify_seconds: float = VERIFY_SECONDS,
    key: str | list[str] | None = None,
    checkpoint: str | None = None,
    workflow: str = "ingestion",
    force: bool = False,
    resend_unknown: bool = False,
    track_files: bool = True,
    format: str | None = None,  # noqa: A002 - the public name of the format everywhere
    read_options: Mapping[str, Any] | None = None,
    resolvers: Resolvers = None,
    context: Mapping[str, Any] | None = None,
    on_stage: Callable[[str, str], object] | None = None,
    clock: Clock = SYSTEM,
) -> IngestPlan:
    """Read, map and check a source, and say what sending it would do; nothing is sent.

    A file whose content is that of the last version loaded under its name, by this workflow to this target, is skipped.

    Args:
        client: whose platform; see ``connect``.
        source: a path or URI, or a frame of any kind (then the result's frames are of that kind).
        mapping: a mapping file, its content, or a Mapper; without one the rows are taken as they are.
        rules: a rule file, its content, or a Validator; without one the rules of ``entity_type``, and ``{}`` for none.
        route: ``batch`` (batch jobs of ``entity_type``), ``event``, ``mutation`` (the mapping's) or a Route of one's
            own.
        route_options: further arguments of ``client.batches``, ``client.event_sender`` or ``client.mutations``; with
            ``mutation``, also ``mutation``, the name of one where the mapping has none.
        job: with ``batch``: a job for this load, one for each file, or the day's, which all workers share.
        batches_per_job: with ``batch``: after so many another job is opened; None for no limit.
        job_name: the name of the platform's job.
        preprocessing: with ``batch``: ``skip`` sends every row on; ``enabled`` lets the platform drop unchanged rows
            and merge batches: rows that it then tells nothing of are read back.
        entity_type: with ``batch``: what the rows are.
        max_rejected: how many rows may be rejected before sending: a share such as ``5%``, or a number of rows.
        max_unknown: how many unknown outcomes still count as success.
        batch_size, workers, max_retries, rate_per_second, deadline_seconds, verify, verify_seconds, key, checkpoint: as
            in ``recovery.send``. Without a checkpoint of one's own its name is derived from workflow, version, target
            and route, so that a load begun again goes on where it stopped, and a newer version supersedes it.
        workflow: what loads of this kind are called.
        force: load also what was loaded already, from its beginning.
        resend_unknown: of dead letters, send also those that may have arrived over a route where that would do them
            twice; else they stay unknown.
        track_files: keep account of files; with the embedded simulator, which dies with its process, it is not.
        format, read_options: as in ``sources.read``.
        resolvers, context: as in ``Mapper``; resolvers also as ``module:name``. ``$context.retailerId`` is the
            client's, unless the context has another.
        on_stage: called with name and message as each stage begins: extraction, transformation, validation, ingestion,
            batch-processing, verification.
        clock: the time.

    Raises:
        SourceError, MappingError, ConfigError: the file, the mapping or the rules are not usable; the message says why.
        StoreError: the account of files cannot be kept.
    """
    batches: dict[str, Any] = {"job": job, "name": job_name, "preprocessing": preprocessing, "entity_type": entity_type}
    terms: dict[str, Any] = {
        "batch_size": batch_size,
        "workers": workers,
        "max_retries": max_retries,
        "verify": verify,
        "key": key,
    }
    terms["verify_seconds"] = verify_seconds
    bounds = {"rate_per_second": rate_per_second, "deadline_seconds": deadline_seconds}
    check_options({"route": route, "max_unknown": max_unknown, "workflow": workflow, **batches, **terms})
    limit = Limit.read(max_rejected)
    own = {} if client.retailer_id is None else {"retailerId": client.retailer_id}
    mapper = mapper_of(mapping, resolvers, {**own, **(context or {})})
    validator = validator_of(rules, entity_type if route == "batch" else None)
    tracked = track_files and isinstance(source, str | Path) and client.target != EMBEDDED
    if route == "batch":
        batches |= {"job": "per-run" if job == "per-file" else job, "batches_per_job": batches_per_job}
    way = Way(
        client=client,
        route=route,
        options={**(batches if route == "batch" else {}), **(route_options or {})},
        per_file=job == "per-file",
        mapper=mapper,
        workflow=workflow,
        version=[mapper.fingerprint if mapper else "", own, dict(context or {})],
        checkpoint=checkpoint,
        force=force,
        resend_unknown=resend_unknown,
        files=_ledger(workflow, client.target, clock) if tracked else None,
        terms={**terms, "clock": clock},
        bounds=bounds,
    )
    way.check()
    with Stages(on_stage, clock) as stages:
        stages.begin("read", f"Reading {source if isinstance(source, str | Path) else 'a frame'}")
        deliveries = taken_of(source, format, read_options or {}, files=way.files, force=force)
        stages.counted(deliveries.taken.rows)
        if checkpoint and len(deliveries.versions) > 1:
            raise ConfigError(
                f"one checkpoint, {checkpoint!r}, cannot be that of {len(deliveries.versions)} files",
                hint="leave it out: each file has one of its own",
            )
        return _planned(deliveries, mapper, validator, limit, max_unknown=max_unknown, way=way, stages=stages)


def _planned(
    deliveries: Deliveries,
    mapper: Mapper | None,
    validator: Validator | None,
    limit: Limit,
    *,
    max_unknown: int,
    way: Way,
    stages: Stages,
) -> IngestPlan:
    """Map and check what was read, and judge it."""
    taken, clock = deliveries.taken, way.terms["clock"]
    rows = taken.frame
    if not deliveries.versions:  # all is loaded already: there is nothing to map, and maybe not a column
        mapper = validator = None
    stages.begin("map", f"Mapping {rows.height:,} rows", rows.height)
    mapped, unmapped, map_issues = _mapped(mapper, rows)
    stages.begin("check", f"Checking {mapped.height:,} rows", mapped.height)
    ready, failed, check_issues = _checked(validator, mapped)
    if validator and not mapper:  # nobody has said yet that a csv's texts are numbers
        ready = validator.typed(ready)
    stages.end()

    unread = taken.rejected.with_columns(pl.lit("read").alias(STAGE))
    rejected = stack([unread, refused(rows, unmapped, "map"), refused(rows, failed, "check")])
    issues = frames.join_issues([taken.issues, map_issues, check_issues])
    counts = dict(zip(COUNTS, (taken.rows, mapped.height, rejected.height, 0, 0, ready.height), strict=True))
    return IngestPlan(
        read=rows,
        mapped=mapped,
        ready=ready,
        rejected=rejected,
        issues=issues,
        gate=judge(limit, counts, issues),
        counts=counts,
        target=way.client.target,
        source=_facts(taken),
        mapping=f"{mapper.name or 'mapping'} (sha256 {mapper.fingerprint[:16]})" if mapper else "none",
        files=deliveries.versions,
        skipped=deliveries.skipped,
        kind=deliveries.kind,
        max_unknown=max_unknown,
        stages=stages,
        clock=clock,
        way=way,
    )


def _facts(taken: ReadResult) -> dict[str, Any]:
    return {name: getattr(taken, name) for name in ("uri", "format", "bytes", "sha256")}


def _ledger(workflow: str, target: str, clock: Clock) -> FileLedger:
    store = open_store(settings.store_place())
    return FileLedger(store, workflow=workflow, target=target, run_id=os.environ.get("FCWORK_RUN_ID", ""), clock=clock)


def _mapped(mapper: Mapper | None, rows: pl.DataFrame) -> Piles:
    if mapper is None:
        return rows, rows.clear().with_columns(_errors=pl.lit("")), frames.no_issues()
    result = mapper.apply(rows)
    return result.frame, result.rejected, result.issues


def _checked(validator: Validator | None, rows: pl.DataFrame) -> Piles:
    if validator is None:
        return rows, rows.clear().with_columns(_errors=pl.lit("")), frames.no_issues()
    result = validator.check(rows)
    return result.valid, result.rejected, result.issues
