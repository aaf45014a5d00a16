from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

from fcwork import cli
from fcwork.errors import AuthError, ConfigError, MappingError, NotebookFailedError, SourceError
from fcwork.redact import Secret

Fcwork = Callable[..., Any]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "nope"], "there is no notebook named nope"),
        (["run"], "Missing argument 'NAME'"),
        (["run", "a/b.ipynb"], "there is no file a/b.ipynb"),
        (["run", "ingestion", "-p", "BATCHSIZE", "1"], "did you mean BATCH_SIZE?"),
        (["run", "ingestion", "-p", "BATCH_SIZE", "many"], "BATCH_SIZE: 'many' is not of type int"),
        (["run", "ingestion", "-p", "DRY_RUN", "perhaps"], "DRY_RUN: 'perhaps' is not of type bool"),
        (["run", "ingestion", "-p", "SOURCE"], "requires 2 arguments"),
        (["run", "ingestion", "-f", "none.yml"], "cannot read the parameters in none.yml"),
        (["run", "ingestion", "--bogus"], "No such option"),
        (["frobnicate"], "No such command"),
        (["connect"], "no platform is named"),
        (["connect", "--profile", "nope"], "there is no profile 'nope'"),
        (["connect", "--profile", "../x"], "is no profile name"),
        (["simulate", "--port", "99999"], "is not in the range"),
        (["simulate", "--faults", "none.json"], "none.json"),
        (["simulate", "--webhooks", "nowhere"], "webhooks cannot be posted to"),
        (["init", "a-file"], "is a file"),
        (["runs", "-n", "0"], "is not in the range"),
    ],
)
def test_a_mistake_in_the_call_is_exit_code_2(fcwork: Fcwork, home: Path, arguments: list[str], said: str) -> None:
    """P10, P32: a mistake of the caller's ends with code 2 and one message, no traceback; nothing was started."""
    (home / "a-file").write_text("", "utf-8")
    ended = fcwork(*arguments)

    assert ended.code == 2
    assert said in ended.err
    assert "Traceback" not in ended.err
    assert not (home / ".fcwork").exists()


def test_all_problems_of_a_call_are_told_together(fcwork: Fcwork) -> None:
    """P10: unknown and wrong parameters are listed in one answer."""
    ended = fcwork("run", "ingestion", "-p", "X", "1", "-p", "BATCH_SIZE", "many", "-p", "API_TOKEN", "hunter2")

    assert ended.code == 2
    for name in ("X: no such parameter", "BATCH_SIZE: 'many'", "API_TOKEN: no such parameter"):
        assert name in ended.err
    assert "hunter2" not in ended.err


def test_a_secret_is_never_a_parameter(fcwork: Fcwork, monkeypatch: pytest.MonkeyPatch) -> None:
    """P8: the configured secret given as a parameter is refused and not repeated."""
    monkeypatch.setenv("FLUENT_CLIENT_SECRET", "a-configured-secret")
    ended = fcwork("run", "ingestion", "-p", "SOURCE", "https://x.example/?key=a-configured-secret")

    assert ended.code == 2
    assert "a secret is never given as a parameter" in ended.err
    assert "a-configured-secret" not in ended.err


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigError("c", hint="do this"), 2),
        (SourceError("s"), 2),
        (MappingError("m"), 2),
        (AuthError("a"), 1),
        (NotebookFailedError("n"), 1),
        (KeyboardInterrupt(), 130),
        (click.Abort(), 130),
        (RuntimeError("surprise of s3cr3t-in-an-error"), 1),
    ],
)
def test_each_error_has_its_code_and_words(
    fcwork: Fcwork, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int
) -> None:
    """P32: whatever is raised ends in a message and a code; what nobody foresaw leaves its traceback in a file."""
    Secret("s3cr3t-in-an-error")

    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(cli.cli, "main", fail)
    ended = fcwork("demo")

    assert ended.code == code
    assert ended.err.startswith("fcwork: ")
    assert "Traceback" not in ended.err
    assert "s3cr3t-in-an-error" not in ended.err
    if isinstance(error, ConfigError):
        assert "→ do this" in ended.err
    if type(error) is RuntimeError:
        kept = Path(ended.err.strip().split()[-1])
        assert "RuntimeError" in kept.read_text("utf-8")
        assert "s3cr3t-in-an-error" not in kept.read_text("utf-8")
        kept.unlink()
