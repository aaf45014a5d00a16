"""``ingest`` reads, maps, checks and judges; ``IngestPlan.apply`` sends."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import polars as pl

from fcwork import frames, settings
from fcwork.client import FluentClient
from fcwork.clock import SYSTEM, Clock
from fcwork.errors import ConfigError, MappingError
from fcwork.ingestion.deliveries import Deliveries, taken_of
from fcwork.ingestion.feed import Expected, feed_of
from fcwork.ingestion.files import FileLedger
from fcwork.ingestion.gate import UNREADABLE, Gate, Limit, judge, judge_each
from fcwork.ingestion.inbox import Inbox, Order
from fcwork.ingestion.inputs import check_options, validator_of
from fcwork.ingestion.piles import STAGE, file_of, refused, stack
from fcwork.ingestion.plan import IngestPlan
from fcwork.ingestion.putting_away import Places
from fcwork.ingestion.result import COUNTS
from fcwork.ingestion.ways import EMBEDDED, RouteName, Way
from fcwork.mapper import Mapper
from fcwork.mapper.given import Resolvers, mapper_of
from fcwork.personal import findings, together
from fcwork.recovery.sending import VERIFY_SECONDS
from fcwork.routes import Route
from fcwork.sources import ReadResult
from fcwork.stages import Stages
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
    expect: Expected = None,
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
    archive: str | None = None,
    errors_to: str | None = None,
    logs: str | None = None,
    max_files: int | None = None,
    order: Order = "oldest",
    settle_seconds: float = 0,
    format: str | None = None,  # noqa: A002 - the public name of the format everywhere
    read_options: Mapping[str, Any] | None = None,
    resolvers: Resolvers = None,
    context: Mapping[str, Any] | None = None,
    on_stage: Callable[[str, str], object] | None = None,
    clock: Clock = SYSTEM,
) -> IngestPlan:
    """Read, map and check a source, and say what sending it would do; nothing is sent.

    A file whose content is that of the last version loaded under its name, by this workflow to this target, is skipped.
    Of several files, one that cannot be read is an issue, and the others are loaded.

    Args:
        client: whose platform; see ``connect``.
        source: a path or URI, or a frame of any kind (then the result's frames are of that kind).
        mapping: a mapping file, its content, or a Mapper; without one the rows are taken as they are.
        rules: a rule file, its content, or a Validator; without one the rules of ``entity_type``, and ``{}`` for none.
        route: ``batch`` (batch jobs of ``entity_type``), ``event``, ``mutation`` (the mapping's) or a Route of one's
            own.
        route_options: further arguments of ``client.batches``, ``client.event_sender`` or ``client.mutations``; with
            ``mutation``, also ``mutation``, the name of one where the mapping has none.
        job: with ``batch``: a job for this load, one for each file, or the day's, which all workers share. With
            ``per-file`` each file is judged by itself: one whose gate is closed keeps no other back.
        batches_per_job: with ``batch``: after so many another job is opened; None for no limit.
        job_name: the name of the platform's job.
        preprocessing: with ``batch``: ``skip`` sends every row on; ``enabled`` lets the platform drop unchanged rows
            and merge batches: rows that it then tells nothing of are read back.
        entity_type: with ``batch``: what the rows are.
        max_rejected: how many rows may be rejected before sending: a share such as ``5%``, or a number of rows.
        max_unknown: how many unknown outcomes still count as success.
        expect: how the load is to be beside those of its feed before it: an ``Expect`` or a dict of its names, ``{}``
            for what is usual. One that is far from them is refused by the gate. None judges nothing; ``False`` says
            that the load belongs to no feed, and leaves no profile.
        batch_size, workers, max_retries, rate_per_second, deadline_seconds, verify, verify_seconds, key, checkpoint: as
            in ``recovery.send``. Without a checkpoint of one's own its name is derived from workflow, version, target
            and route, so that a load begun again goes on where it stopped, and a newer version supersedes it.
        workflow: what loads of this kind are called.
        force: load also what was loaded already, from its beginning; and what is not as expected, which is only told.
        resend_unknown: of dead letters, send also those that may have arrived over a route where that would do them
            twice; else they stay unknown.
        track_files: keep account of files; with the embedded simulator, which dies with its process, it is not.
        archive: a folder into which a file is moved when its rows are settled: beside it, such as ``archive`` or
            ``archive/{date}``, or a whole path, or a URI of its own. One with rows left to send stays where it is. What
            was loaded into the embedded simulator is not moved.
        errors_to: such a folder for a file that cannot be read, that its gate kept back, or of which no row was
            delivered; and, as ``NAME.rejected.csv``, for the dead letters of any file.
        logs: such a folder for a JSON file on the load of each file.
        max_files: how many files are loaded in one run; the others wait.
        order: in which files are loaded: ``oldest`` first by their time of writing, ``newest`` or ``name``.
        settle_seconds: a file written more recently than that waits, as it may still grow.
        format, read_options: as in ``sources.read``; an option of None is none.
        resolvers, context: as in ``Mapper``; resolvers also as ``module:name``. ``$context.retailerId`` is the
            client's, unless the context has another.
        on_stage: called with name and message as each stage begins: extraction, transformation, validation, ingestion,
            batch-processing, verification, archiving.
        clock: the time.

    Raises:
        SourceError, MappingError, ConfigError: the file, the mapping or the rules are not usable; the message says why.
        StoreError: the account of files cannot be kept, or the loads before cannot be read.
    """
    batches: dict[str, Any] = {"job": job, "name": job_name, "preprocessing": preprocessing, "entity_type": entity_type}
    terms: dict[str, Any] = {"batch_size": batch_size, "workers": workers, "max_retries": max_retries}
    terms |= {"verify": verify, "verify_seconds": verify_seconds, "key": key}
    bounds = {"rate_per_second": rate_per_second, "deadline_seconds": deadline_seconds}
    check_options({"route": route, "max_unknown": max_unknown, "workflow": workflow, **batches, **terms})
    limit = Limit.read(max_rejected)
    places = Places(archive=archive, errors_to=errors_to, logs=logs)
    places.check(source, track_files=track_files)
    inbox = Inbox(
        max_files=max_files,
        order=order,
        settle_seconds=settle_seconds,
        emptied_into=places.folders if archive or errors_to else (),
        takes_bad=errors_to is not None,
    )
    inbox.check()
    own = {} if client.retailer_id is None else {"retailerId": client.retailer_id}
    mapper = mapper_of(mapping, resolvers, {**own, **(context or {})})
    validator = validator_of(rules, entity_type if route == "batch" else None)
    tracked = track_files and isinstance(source, str | Path) and client.target != EMBEDDED
    told: dict[str, Any] = {"per_file": job == "per-file", "forced": force, "mapper": mapper, "clock": clock}
    feed = feed_of(expect, source, target=client.target, workflow=workflow, tracked=tracked, **told)
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
        places=places,
        feed=feed,
        terms={**terms, "clock": clock},
        bounds=bounds,
    )
    way.check()
    with Stages(on_stage, clock) as stages:
        stages.begin("read", f"Reading {source if isinstance(source, str | Path) else 'a frame'}")
        options = {name: value for name, value in (read_options or {}).items() if value is not None}
        deliveries = taken_of(source, format, options, files=way.files, force=force, inbox=inbox, now=clock.now())
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
    try:
        mapped, unmapped, map_issues = _mapped(mapper, rows)
    except MappingError as error:  # a file without the columns that it needs would stop an inbox for ever
        if not (way.places.errors_to and way.files and mapper):
            raise
        mapped, unmapped, map_issues = _unfit(rows, error, clock)
        mapper = validator = None
    stages.begin("check", f"Checking {mapped.height:,} rows", mapped.height)
    ready, failed, check_issues = _checked(validator, mapped)
    if validator and not mapper:  # nobody has said yet that a csv's texts are numbers
        ready = validator.typed(ready)
    stages.end()

    feed = way.feed.judged(ready, deliveries.versions if way.feed.concerns(rows) else (), deliveries.origins)
    unread = taken.rejected.with_columns(pl.lit("read").alias(STAGE))
    rejected = stack([unread, refused(rows, unmapped, "map"), refused(rows, failed, "check")])
    told = frames.join_issues([taken.issues, *_unreadable(deliveries, clock), map_issues, check_issues, feed.issues])
    issues = findings.issues(told, rows, taken.rejected, mapped)
    counts = dict(zip(COUNTS, (taken.rows, mapped.height, rejected.height, 0, 0, ready.height), strict=True))
    gates = _gates(limit, deliveries, rejected, issues)
    return IngestPlan(
        read=rows,
        mapped=mapped,
        ready=ready,
        rejected=rejected,
        issues=issues,
        gate=_gate(limit, counts, issues, gates, deliveries, each=way.per_file),
        counts=counts,
        target=way.client.target,
        source=_facts(taken),
        mapping=mapper.title if mapper else "none",
        files=deliveries.versions,
        skipped=deliveries.skipped,
        kind=deliveries.kind,
        max_unknown=max_unknown,
        stages=stages,
        clock=clock,
        way=way,
        waiting=deliveries.waiting,
        unreadable=deliveries.unreadable,
        known=deliveries.known,
        gates=gates,
        origins=deliveries.origins,
        masked=together(mapper.masked_columns if mapper else ()),
        feed=feed.words,
    )


def _unreadable(deliveries: Deliveries, clock: Clock) -> list[pl.DataFrame]:
    """Return an issue for each file that could not be read."""
    return [
        frames.frame_issue(stage="read", code=UNREADABLE, message=bad.message, at=clock.now(), source=bad.version.uri)
        for bad in deliveries.unreadable
    ]


def _gates(limit: Limit, deliveries: Deliveries, rejected: pl.DataFrame, issues: pl.DataFrame) -> dict[str, Gate]:
    """Return the gate of each of several files by itself."""
    uris = [version.uri for version in deliveries.versions]
    if len(uris) < 2:  # noqa: PLR2004 - of one there is nothing to tell apart
        return {}
    taken, own = deliveries.taken, file_of(deliveries.origins)
    named = issues.with_columns(file_of(deliveries.origins, "source"))
    read = [taken.frame.select(own), taken.rejected.select(own)]
    return judge_each(limit, uris, read, rejected.select(own), named)


def _gate(
    limit: Limit,
    counts: Mapping[str, int],
    issues: pl.DataFrame,
    gates: Mapping[str, Gate],
    deliveries: Deliveries,
    *,
    each: bool,
) -> Gate:
    """Return the gate of the load; where each file is judged by itself it is closed if all of them are."""
    if deliveries.unreadable and not deliveries.versions:
        return Gate(limit.text, deliveries.unreadable[0].message)
    if each and gates:
        return next((gate for gate in gates.values() if gate.is_open), next(iter(gates.values())))
    return judge(limit, counts, issues)


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


def _unfit(rows: pl.DataFrame, error: MappingError, clock: Clock) -> Piles:
    """Return rows that the mapping cannot be applied to at all as rejected."""
    code = "map.columns"
    told = f"{code}: {error.message}"
    issues = frames.issues(rows, stage="map", field="", code=code, message=pl.lit(error.message), at=clock.now())
    return rows.clear(), rows.with_columns(_errors=pl.lit(told)), issues


def _checked(validator: Validator | None, rows: pl.DataFrame) -> Piles:
    if validator is None:
        return rows, rows.clear().with_columns(_errors=pl.lit("")), frames.no_issues()
    result = validator.check(rows)
    return result.valid, result.rejected, result.issues
