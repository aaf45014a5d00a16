"""A run as a trace for OpenTelemetry: one span, with its stages below it, sent when the run has ended.

It is sent where ``OTEL_EXPORTER_OTLP_ENDPOINT`` (or ``OTEL_EXPORTER_OTLP_TRACES_ENDPOINT``) says where, over HTTP, by
``fcwork[otel]``; the SDK's other variables hold too. Texts of errors stay in the run's folder: data may be in them.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote

import fcwork
from fcwork.redact import mask, register
from fcwork.runner.monitoring.figures import figures
from fcwork.runner.past import PastRun

WAIT_SECONDS = 3.0  # for a collector; then the run is over all the same
SHORTEST_HEADER = 8  # a shorter value is no credential, and masked everywhere it would be a nuisance
_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_HEADERS = ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS")
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_SPOKEN = "http/protobuf"
_FACTS = ("run_id", "notebook", "schedule", "target", "state", "dry_run", "requests", "repeats")


def is_wanted() -> bool:
    """Say whether the environment names a collector, and does not switch traces off."""
    switched_off = _set("OTEL_SDK_DISABLED") == "true" or _set("OTEL_TRACES_EXPORTER") == "none"
    return not switched_off and any(map(_set, _ENDPOINTS))


def learn_headers() -> None:
    """Make known what the collector's headers hold: a key stands there, in an environment that notebooks see."""
    for name in _HEADERS:
        for pair in _text(name).split(","):
            value = pair.partition("=")[2].strip()
            texts = {value, unquote(value), unquote(value).rpartition(" ")[2]}
            register(*(text for text in texts if len(text) >= SHORTEST_HEADER))


def send_trace(run: PastRun, *, wait_seconds: float = WAIT_SECONDS) -> str:
    """Send a run to the collector, and return what went wrong or nothing; it takes a few seconds at the very most."""
    protocol = next(filter(None, map(_set, _PROTOCOLS)), _SPOKEN)
    if protocol != _SPOKEN:
        return f"the collector is to be spoken to by {protocol}, and only {_SPOKEN} is spoken here"
    try:
        import opentelemetry.exporter.otlp.proto.http.trace_exporter
        import opentelemetry.sdk.trace  # noqa: F401 - whether both are there
    except ImportError:
        return "OpenTelemetry is not installed: pip install 'fcwork[otel]'"
    said: list[str] = []
    thread = threading.Thread(target=_send, args=(run, wait_seconds, said), name="fcwork-trace", daemon=True)
    thread.start()
    thread.join(wait_seconds)
    return said[0] if said else f"the collector did not answer within {wait_seconds:g} seconds"


def _send(run: PastRun, wait_seconds: float, said: list[str]) -> None:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace.export import SpanExportResult

    _hush()
    try:
        exporter: Any = OTLPSpanExporter(timeout=wait_seconds)
        done = exporter.export(spans(run)) is SpanExportResult.SUCCESS
        said.append("" if done else "the collector did not take it")
        exporter.shutdown()
    except Exception as error:  # noqa: BLE001 - what only tells of a run never ends it, whatever a library raises
        said.append(mask(f"{type(error).__name__}: {error}"))


def spans(run: PastRun) -> Sequence[Any]:
    """Return the spans of a run, with the times that it tells."""
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
    from opentelemetry.trace import Status, StatusCode, set_span_in_context

    kept = InMemorySpanExporter()
    provider = TracerProvider(resource=_resource(), shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(kept))
    tracer = provider.get_tracer("fcwork", fcwork.__version__)
    whole = tracer.start_span(mask(f"run {run.name}"), start_time=_nanoseconds(run.started_at), attributes=_told(run))
    whole.set_status(Status(StatusCode.OK) if run.facts.get("ok") else Status(StatusCode.ERROR, _why(run)))
    for stage in run.stages:
        begun, took = stage.started_at, timedelta(seconds=stage.duration_seconds or 0.0)
        if begun is not None:
            context, facts = set_span_in_context(whole), {"fcwork.stage": mask(stage.name)}
            name, start = mask(f"stage {stage.name}"), _nanoseconds(begun)
            span = tracer.start_span(name, context=context, start_time=start, attributes=facts)
            span.end(_nanoseconds(begun + took))
    whole.end(_nanoseconds(run.ended_at))
    finished: Sequence[Any] = kept.get_finished_spans()
    return finished


def _told(run: PastRun) -> dict[str, Any]:
    """Return the attributes of a run: its figures."""
    told = figures(run)
    named = {f"fcwork.{name}": told[name] for name in _FACTS}
    rows = {f"fcwork.rows.{outcome}": count for outcome, count in told["rows"].items()}
    cell = {"fcwork.failed_cell": run.facts.get("failed_cell"), "error.type": run.facts.get("ename") or None}
    every = {**named, **rows, **cell}
    return {
        name: mask(value) if isinstance(value, str) else value for name, value in every.items() if value is not None
    }


def _why(run: PastRun) -> str:
    return mask(": ".join(filter(None, (run.state, str(run.facts.get("ename") or "")))))


def _resource() -> Any:
    """Return who sends: fcwork, unless the environment says another name."""
    from opentelemetry.sdk.resources import OTELResourceDetector, Resource

    said = OTELResourceDetector().detect().attributes
    named = {} if "service.name" in said else {"service.name": "fcwork"}
    return Resource.create({"service.version": fcwork.__version__, **named})


def _hush() -> None:
    """Keep the exporter's own lines out of the terminal: what went wrong is told once, by whoever sends."""
    import logging

    logger = logging.getLogger("opentelemetry")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())


def _nanoseconds(at: datetime | None) -> int | None:
    return None if at is None else int(at.timestamp() * 1_000_000) * 1_000


def _set(name: str) -> str:
    return _text(name).strip().lower()


def _text(name: str) -> str:
    return os.environ.get(name, "")
