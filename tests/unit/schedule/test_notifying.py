"""Who is told of a failure."""

import json
import sys
from pathlib import Path

import pytest
from answers import Answer, Answers

from fcwork import webhooks
from fcwork.clock import ManualClock
from fcwork.errors import WebhookError
from fcwork.schedule.notifying import post, run_command

FACTS = {"schedule": "nightly", "run_id": "nightly-1", "state": "FAILED", "reason": "no <b>luck</b>", "ended_at": None}
SECRET = "whsec_c2VjcmV0LW9mLXRoaXJ0eS10d28tYnl0ZXMtZXhhY3Q="


@pytest.mark.socket
def test_it_is_posted_and_signed(answers: Answers, monkeypatch: pytest.MonkeyPatch) -> None:
    """The facts come as JSON, signed so that a receiver of Standard Webhooks takes them."""
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    answers.rule = lambda _: Answer(204)
    assert post(f"{answers.endpoint}/hook", "HOOK_SECRET", FACTS) == ""
    [asked] = answers.asked
    assert (asked.method, asked.path, json.loads(asked.body)) == ("POST", "/hook", FACTS)
    headers = {name.lower(): value for name, value in asked.headers.items()}
    webhooks.verify_hmac(asked.body, headers, SECRET, scheme="standard")
    with pytest.raises(WebhookError):
        webhooks.verify_hmac(asked.body + b" ", headers, SECRET, scheme="standard")


@pytest.mark.socket
def test_it_is_tried_again(answers: Answers) -> None:
    """A server in trouble is asked three times in all; a refusal and a redirect are final, and nothing follows one."""
    clock = ManualClock()
    answers.rule = lambda _: Answer(503)
    assert "503" in post(answers.endpoint, "", FACTS, clock=clock)
    assert (len(answers.asked), len(clock.sleeps)) == (3, 2)
    for status in (404, 302):
        answers.asked.clear()
        answers.rule = lambda _, status=status: Answer(status, headers={"location": "/elsewhere"})
        assert str(status) in post(answers.endpoint, "", FACTS, clock=clock)
        assert len(answers.asked) == 1


@pytest.mark.socket
def test_an_address_of_the_environment(answers: Answers, monkeypatch: pytest.MonkeyPatch) -> None:
    """P8: an address in a variable is a secret, and what goes wrong with it does not tell it."""
    answers.rule = lambda _: Answer(200)
    monkeypatch.setenv("HOOK", f"{answers.endpoint}/T0/secret-part")
    assert post("env:HOOK", "", FACTS) == ""
    monkeypatch.setenv("HOOK", "http://127.0.0.1:9/T0/secret-part")
    assert "secret-part" not in post("env:HOOK", "", FACTS, clock=ManualClock())
    monkeypatch.setenv("HOOK", "http://example.org/secret-part")
    assert "secret-part" not in post("env:HOOK", "", FACTS)
    assert "not set" in post("env:NO_HOOK", "", FACTS)
    assert "not set" in post(answers.endpoint, "NO_SECRET", FACTS)


def test_a_command(tmp_path: Path) -> None:
    """It has the facts in its environment, and no shell reads it."""
    program = "import os, sys; open(sys.argv[1], 'w').write(os.environ['FCWORK_STATE'] + os.environ['FCWORK_REASON'])"
    told = tmp_path / "told; touch x"
    assert run_command([sys.executable, "-c", program, str(told)], FACTS) == ""
    assert told.read_text() == "FAILEDno <b>luck</b>"
    assert "ended with 3" in run_command([sys.executable, "-c", "raise SystemExit(3)"], FACTS)
    assert "cannot be run" in run_command([str(tmp_path / "none")], FACTS)
