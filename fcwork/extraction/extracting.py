"""``extract``: what a caller may ask, checked before anything is fetched."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import inf
from pathlib import Path
from typing import Any, get_args

from fcwork import frames, log
from fcwork.client import FluentClient
from fcwork.client.graphql import Errors
from fcwork.client.queries import Direction
from fcwork.clock import SYSTEM, Clock
from fcwork.errors import ConfigError
from fcwork.extraction import asking
from fcwork.extraction.delivering import Delivery, OnInvalid
from fcwork.extraction.fetching import Fetching, Watch
from fcwork.extraction.result import ExtractResult
from fcwork.extraction.windows import LAG_SECONDS, Mode
from fcwork.extraction.work import Sink, Work
from fcwork.mapper.given import Resolvers, mapper_of
from fcwork.retry import Pace
from fcwork.stages import Stages

OF_ONE_RUN = ("{to}", "{time}", "{run}")  # a sink that names none of them is replaced by a later run
PAGE_SIZE = 200  # nodes, as the SDK's templates have it (0.1.56)
OVERLAP_SECONDS = 60.0
_logger = log.get("extraction")


def extract(
    client: FluentClient,
    what: str | Path,
    variables: Mapping[str, Any] | None = None,
    *,
    filters: Mapping[str, Any] | None = None,
    path: str | None = None,
    mode: Mode | None = None,
    since: Any = None,
    until: Any = None,
    window: str = asking.CHANGED,
    watermark: str | None = None,
    overlap: float = OVERLAP_SECONDS,
    lag: float = LAG_SECONDS,
    move_watermark: bool = True,
    slices: int = 1,
    mapping: Any = None,
    resolvers: Resolvers = None,
    context: Mapping[str, Any] | None = None,
    explode: str | list[str] | None = None,
    on_invalid: OnInvalid = "reject",
    sink: str | Path | None = None,
    format: str | None = None,  # noqa: A002 - the public name of the format everywhere
    split: int | Mapping[str, float] | None = None,
    write_options: Mapping[str, Any] | None = None,
    page_size: int = PAGE_SIZE,
    max_pages: int | None = None,
    max_records: int | None = None,
    direction: Direction = "forward",
    errors: Errors = "raise",
    workers: int = 1,
    rate_per_second: float | None = None,
    resume: bool = True,
    dry_run: bool = False,
    engine: frames.Kind = "polars",
    on_stage: Callable[[str, str], object] | None = None,
    on_progress: Watch | None = None,
    clock: Clock = SYSTEM,
) -> ExtractResult:
    """Extract an entity, or what a query of one's own asks for, to a frame or to files.

    All pages are fetched, connections inside the nodes followed to their end, and kept on disk as they come: a run that
    is cut off goes on after its last page. When all are there the rows are mapped and written, some thousands at a
    time, and only then the watermark moves. Of a node that came twice the newest version is kept.

    Args:
        client: whose platform; see ``connect``.
        what: an entity such as ``orders`` (``extraction.entities()`` lists them), or a GraphQL query.
        variables: of a query of one's own.
        filters: arguments of the connection by their names, such as ``{"status": ["SHIPPED"]}``; a key such as
            ``catalogue`` by its ref. Where an argument takes one value and is given a list, each is asked for by
            itself. Orders, fulfilments and returns are those of the client's retailer unless ``retailerId`` is given.
        path: the connection, by its dotted response keys, where the query has several.
        mode: ``full``; ``range``, the window from ``since`` to ``until``; or ``incremental``, from the named watermark
            on. Told by the other arguments unless given.
        since, until: instants or their texts, UTC unless they say otherwise. In incremental mode ``since`` is where the
            first run begins, and ``until`` is now unless given.
        window: the argument that takes the window.
        watermark: its name; it is kept by target and retailer. It moves to the latest change that was written, or of a
            run that found nothing to ``until`` less ``lag``; never past a row that was rejected, and not at all where
            the extraction is not complete, or is a range with a gap to it.
        overlap: how many seconds before the watermark the next run asks again; what is written already is left out.
        lag: how late, in seconds, a row may be committed.
        move_watermark: False leaves it where it is.
        slices: in how many windows of one length to ask for the one, so that several workers can be at it.
        mapping, resolvers, context: as in ``Mapper``; without a mapping, nested objects are columns such as
            ``catalogue.ref``.
        explode: a list column, or several, whose items become rows: ``explode="items"``.
        on_invalid: what a row that cannot be mapped leads to: ``reject`` keeps the others and holds the watermark back,
            ``drop`` keeps the others, ``fail`` writes nothing.
        sink: a URI as in ``sources.write``, which may name ``{date}``, ``{time}``, ``{from}``, ``{to}``, ``{run}`` and
            ``{entity}``; None for a frame. Each run replaces what stands under its name, so that an incremental one has
            its window in it: ``{from}-{to}``.
        format, write_options: as in ``sources.write``.
        split: rows a file; or ``{"rows": 50000, "mb": 100}``.
        page_size: nodes a page; fewer where the platform finds that too complex.
        max_pages, max_records: where to stop; the result is then not complete, and ``limited``.
        direction: ``backward`` fetches the last nodes first, which counts where there is a limit.
        errors: ``partial`` keeps pages that come with errors, and tells those in ``issues``.
        workers: how many windows or filters are fetched at the same time.
        rate_per_second: requests a second, all workers together.
        resume: use the pages of a run that was cut off.
        dry_run: fetch the first page, map it and write nothing.
        engine: the kind of the frames of the result.
        on_stage, on_progress: called with name and message as each stage begins, and with how far it has come.
        clock: the time.

    Raises:
        ConfigError: an argument that cannot be; nothing was asked.
        ApiError: a page could not be had; run it again, it goes on after its last page.
        SourceError: the sink cannot be written; nothing stands under its names then.
        StoreError: the watermark cannot be kept, or another worker has taken the extraction over.
    """
    limits = _given({"max_pages": max_pages, "max_records": max_records})
    _check({"slices": slices, "workers": workers, "page_size": page_size, **limits}, overlap=overlap, lag=lag)
    _check_choice("on_invalid", on_invalid, get_args(OnInvalid))
    _check_choice("engine", engine, get_args(frames.Kind))
    question = asking.ask(
        what, variables or {}, filters or {}, path=path, window=window, retailer_id=client.retailer_id
    )
    if not question.window and (watermark or since is not None or until is not None):
        raise ConfigError(
            f"{question.entity} takes no window {window!r}",
            hint="leave since, until and watermark out, or name another",
        )
    _check_fields(question, watermark, slices)
    sink = str(sink) if sink else None
    if watermark and sink and not any(name in sink for name in OF_ONE_RUN):
        _logger.warning("extraction.sink_replaced", sink=sink, hint="name the window's end: {to}")
    options = _given({**_split(split), **(write_options or {})})
    own = {} if client.retailer_id is None else {"retailerId": client.retailer_id}
    with Stages(on_stage, clock) as stages:
        work = Work(
            client=client,
            question=question,
            fetching=Fetching(
                client=client,
                query=question.query,
                path=question.path,
                page_size=page_size,
                max_pages=max_pages,
                max_records=max_records,
                direction=direction,
                errors=errors,
                workers=workers,
                pace=Pace(rate_per_second, clock=clock),
                clock=clock,
            ),
            delivery=Delivery(
                entity=question.entity,
                mapper=mapper_of(mapping, resolvers, {**own, **(context or {})}),
                explode=(explode,) if isinstance(explode, str) else tuple(explode or ()),
                hidden=question.added,
                on_invalid=on_invalid,
            ),
            sink=Sink(sink, format, options) if sink else None,
            engine=engine,
            watermark=watermark or "",
            mode=mode,
            since=since,
            until=until,
            overlap=overlap,
            lag=lag,
            slices=slices,
            moves=move_watermark,
            resumes=resume,
            stages=stages,
            clock=clock,
        )
        work.check()
        return work.look() if dry_run else work.run(on_progress)


def _check(whole: Mapping[str, Any], **seconds: Any) -> None:
    for name, given in whole.items():
        if not isinstance(given, int) or isinstance(given, bool) or given < 1:
            raise ConfigError(f"{name} is {given!r}", hint="give a whole number above zero")
    for name, given in seconds.items():
        if not isinstance(given, int | float) or isinstance(given, bool) or not 0 <= given < inf:
            raise ConfigError(f"{name} is {given!r}", hint="give seconds, zero or more")


def _check_fields(question: asking.Question, watermark: str | None, slices: int) -> None:
    if watermark and not (question.has_id and question.has_changed):
        raise ConfigError("an incremental extraction needs id and updatedOn of its nodes", hint="ask for both")
    if slices > 1 and not question.has_id:
        raise ConfigError(
            "slices need the id of the nodes", hint="ask for id: a node at the edge of two slices comes with both"
        )


def _check_choice(name: str, given: Any, known: tuple[str, ...]) -> None:
    if given not in known:
        raise ConfigError(f"{name}={given!r} is not known", hint=f"known: {', '.join(known)}")


def _split(split: int | Mapping[str, float] | None) -> dict[str, Any]:
    if split is None:
        return {}
    if not isinstance(split, Mapping):
        return {"split_rows": split}
    if unknown := set(split) - {"rows", "mb"}:
        raise ConfigError(f"split has no {', '.join(sorted(unknown))}", hint="known: rows, mb")
    return {f"split_{name}": value for name, value in split.items()}


def _given(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return options without those that were not given, which are None as a notebook has them."""
    return {name: value for name, value in options.items() if value is not None}
