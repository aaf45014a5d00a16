"""What is logged, how, and what never is."""

import json
import logging

import pytest

from fcwork import log
from fcwork.redact import Secret


def test_machines_get_json_lines_with_the_context(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """FCWORK_LOG=json writes one object a line: event, facts and the context around it."""
    monkeypatch.setenv("FCWORK_LOG", "json")
    with log.context(run="r1"):
        log.get("client").info("batch.posted", rows=3)
    line = json.loads(capsys.readouterr().err)
    assert (line["event"], line["rows"], line["run"], line["part"], line["level"]) == (
        "batch.posted",
        3,
        "r1",
        "client",
        "info",
    )


def test_quiet_writes_nothing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """FCWORK_LOG=quiet silences even errors."""
    monkeypatch.setenv("FCWORK_LOG", "quiet")
    log.get("client").error("request.failed")
    assert capsys.readouterr() == ("", "")


def test_people_get_warnings_unless_they_ask_for_more(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The console shows warnings and errors; FCWORK_LOG_LEVEL opens it further."""
    monkeypatch.delenv("FCWORK_LOG", raising=False)
    monkeypatch.delenv("FCWORK_LOG_LEVEL", raising=False)
    log.get("client").info("batch.posted")
    assert capsys.readouterr().err == ""
    monkeypatch.setenv("FCWORK_LOG_LEVEL", "info")
    log.get("client").info("batch.posted")
    assert "batch.posted" in capsys.readouterr().err


def test_a_known_secret_is_masked_wherever_it_stands(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """P9: a secret in a fact, a nested fact or an object's text is masked."""
    monkeypatch.setenv("FCWORK_LOG", "json")
    Secret("word-nobody-reads")
    log.get("x").warning(
        "odd", a="word-nobody-reads", b={"c": ["word-nobody-reads"]}, d=ValueError("word-nobody-reads")
    )
    assert "word-nobody-reads" not in capsys.readouterr().err


def test_header_values_of_the_http_library_are_masked(caplog: pytest.LogCaptureFixture) -> None:
    """P9: httpcore prints request headers at DEBUG; credentials in them are masked whatever their value."""
    log.guard_http_loggers()
    log.guard_http_loggers()
    logger = logging.getLogger("httpcore.http11")
    assert len([known for known in logger.filters if isinstance(known, log.HeaderFilter)]) == 1
    with caplog.at_level(logging.DEBUG, logger="httpcore.http11"):
        logger.debug("headers=[(b'Authorization', b'Bearer abcdef'), (b'accept', b'*/*')]")
    assert "abcdef" not in caplog.text
    assert "accept" in caplog.text


def test_the_correlation_id_is_one_for_a_process_and_can_be_the_runs() -> None:
    """All calls of a run share an id."""
    assert log.correlation_id() == log.correlation_id()
    with log.correlated("run-1"):
        assert log.correlation_id() == "run-1"
    assert log.correlation_id() != "run-1"
