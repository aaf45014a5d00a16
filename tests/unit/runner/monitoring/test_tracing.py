"""A run as a trace, sent to a collector that decodes what it is sent."""

import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from answers import Answer, Answers, answers

from fcwork import redact, runner
from fcwork.runner.monitoring.telling import tell
from fcwork.runner.monitoring.tracing import is_wanted, learn_headers, send_trace

__all__ = ["answers"]
pytest.importorskip("opentelemetry.exporter.otlp.proto.http.trace_exporter")
proto = pytest.importorskip("opentelemetry.proto.collector.trace.v1.trace_service_pb2")
Made = Callable[..., Path]
ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"


@pytest.fixture
def run(made: Made, monkeypatch: pytest.MonkeyPatch) -> runner.PastRun:
    """A load with two stages, in an environment that names no collector."""
    for name in ("OTEL_SDK_DISABLED", "OTEL_TRACES_EXPORTER", "OTEL_SERVICE_NAME", "OTEL_EXPORTER_OTLP_HEADERS"):
        monkeypatch.delenv(name, raising=False)
    at = "2026-01-15T12:00:0{}+00:00".format
    told = {"read": 5, "delivered": 3, "target": "SIMULATOR", "schedule": "nightly", "ok": True}
    recorded = {"dry_run": False, "sending": {"requests": 3, "repeats": 1}}
    folder = made("r", state="SUCCEEDED", ended_at=at(9), result=recorded, **told)
    events = [
        {"at": at(1), "event": "stage.started", "stage": "extraction"},
        {"at": at(4), "event": "stage.started", "stage": "sending s3cret-token"},
    ]
    (folder / "events.jsonl").write_text("\n".join(map(json.dumps, events)), "utf-8")
    return runner.past("r")


def decoded(body: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the attributes of the resource, and the spans by their names."""
    [sent] = proto.ExportTraceServiceRequest.FromString(body).resource_spans
    spans = [span for scope in sent.scope_spans for span in scope.spans]
    return attributes(sent.resource), {span.name: span for span in spans}


def attributes(holder: Any) -> dict[str, Any]:
    """Return the attributes of a resource or a span."""
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in holder.attributes}


@pytest.mark.socket
def test_a_run_is_a_span_with_its_stages_below(
    run: runner.PastRun, answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P8: the collector gets a span of the run with its figures and one of each stage, at their times, no secret."""
    redact.register("s3cret-token")
    answers.rule = lambda _: Answer(200)
    monkeypatch.setenv(ENDPOINT, answers.endpoint)
    assert is_wanted()
    assert send_trace(run) == ""
    [asked] = answers.asked
    assert asked.path == "/v1/traces"
    resource, spans = decoded(asked.body)
    assert resource["service.name"] == "fcwork"
    whole, first = spans["run load"], spans["stage extraction"]
    figures = {"fcwork.rows.delivered": 3, "fcwork.requests": 3, "fcwork.schedule": "nightly", "fcwork.dry_run": False}
    assert attributes(whole).items() >= {**figures, "fcwork.state": "SUCCEEDED", "fcwork.run_id": "r"}.items()
    assert (whole.end_time_unix_nano - whole.start_time_unix_nano) == 9_000_000_000
    assert (first.end_time_unix_nano - first.start_time_unix_nano) == 3_000_000_000
    assert {span.parent_span_id for name, span in spans.items() if name != "run load"} == {whole.span_id}
    assert len({span.trace_id for span in spans.values()}) == 1
    assert b"s3cret-token" not in asked.body


@pytest.mark.socket
def test_a_failure_is_told_without_its_text(made: Made, answers: Answers, monkeypatch: pytest.MonkeyPatch) -> None:
    """A failed run is an error with its type and cell; what the error says may be data, and stays here."""
    made("f", state="FAILED", ok=False, ename="ValueError", evalue="jane@example.org", failed_cell=3)
    answers.rule = lambda _: Answer(200)
    monkeypatch.setenv(ENDPOINT, answers.endpoint)
    assert send_trace(runner.past("f")) == ""
    _, spans = decoded(answers.asked[0].body)
    told = attributes(spans["run load"])
    assert (told["error.type"], told["fcwork.failed_cell"]) == ("ValueError", 3)
    assert (spans["run load"].status.code, spans["run load"].status.message) == (2, "FAILED: ValueError")
    assert b"jane@example.org" not in answers.asked[0].body


@pytest.mark.socket
def test_a_collector_that_is_dead(
    run: runner.PastRun, answers: Answers, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """One that is gone, refuses or says nothing is told in words within the time, and by nobody else."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        monkeypatch.setenv(ENDPOINT, f"http://127.0.0.1:{mute.getsockname()[1]}")
        assert send_trace(run, wait_seconds=0.2)
    gone = send_trace(run, wait_seconds=0.5)
    monkeypatch.setenv(ENDPOINT, answers.endpoint)  # it answers 404
    refused = send_trace(run)
    monkeypatch.setenv(ENDPOINT, "no address")
    assert all((gone, refused, send_trace(run, wait_seconds=0.5)))
    assert capfd.readouterr() == ("", "")


@pytest.mark.socket
def test_a_run_ends_as_it_did_without_a_collector(
    run: runner.PastRun, answers: Answers, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What cannot be sent is one line of the log."""
    monkeypatch.setenv(ENDPOINT, answers.endpoint)
    tell(runner.RunResult("SUCCEEDED", "load", "r", run.folder, "", {}, {}, None, "", "", *[None] * 2))  # type: ignore[arg-type] # times are not looked at
    assert capsys.readouterr().err.count("trace.not_sent") == 1


@pytest.mark.parametrize(
    ("variables", "whether"),
    [
        ({}, False),
        ({ENDPOINT: "  "}, False),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://x"}, True),
        ({ENDPOINT: "http://x", "OTEL_SDK_DISABLED": "TRUE"}, False),
        ({ENDPOINT: "http://x", "OTEL_TRACES_EXPORTER": "none"}, False),
    ],
)
def test_when_a_trace_is_wanted(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], *, whether: bool) -> None:
    """A trace is sent where an endpoint is named and traces are not switched off."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert is_wanted() is whether


def test_what_is_not_spoken_is_said(run: runner.PastRun, monkeypatch: pytest.MonkeyPatch) -> None:
    """P32: a collector that is to be spoken to by gRPC is not sent HTTP."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
    assert "http/protobuf" in send_trace(run)


def test_the_keys_of_a_collector_are_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """P8: what the collector's headers hold is masked from then on; short words are not."""
    monkeypatch.setenv(
        "OTEL_EXPORTER_OTLP_HEADERS", "authorization=Basic%20cGFzc3dvcmQ,x-api-key=k3y-of-mine,x-on=true"
    )
    learn_headers()
    assert redact.mask("cGFzc3dvcmQ k3y-of-mine true") == f"{redact.MASK} {redact.MASK} true"
