"""The webhook notebook, run as a person runs it: a sample, and what becomes of it on a bad way."""

import base64
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from fcwork import runner

pytestmark = pytest.mark.kernel
ACT: dict[str, Any] = {
    "ACTION": "mutation",
    "MAPPING": "mappings/order_attributes.json",
    "RESOLVERS": "mappings.resolvers:resolvers",
    "ROUTE_OPTIONS": {"find_by": "ref"},
    "PROFILE": "simulator",
    "DRY_RUN": False,
}


@pytest.fixture
def workspace(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work where the notebooks, mappings and samples lie."""
    there = home / "notebooks"
    shutil.copytree(runner.shipped(), there, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.chdir(there)
    monkeypatch.setenv("FCWORK_HOME", str(home / ".fcwork"))
    return there


def page(result: runner.RunResult) -> str:
    """Return the executed page."""
    return (Path(result.folder) / "notebook.html").read_text("utf-8")


@pytest.mark.usefixtures("workspace")
def test_it_verifies_the_sample_as_it_stands() -> None:
    """P10: with no parameter at all it verifies a sample, needs no platform and no credentials, and does nothing."""
    result = runner.run("webhook_verify")
    assert (result.state, result.result["action"]) == ("SUCCEEDED", "none"), result.reason
    assert "✓ Genuine" in page(result)


@pytest.mark.parametrize("how", ["tampered", "written anew", "unsigned"])
def test_what_is_refused_ends_there(workspace: Path, how: str) -> None:
    """A refused webhook ends the run as REFUSED with what happened and what to do, before anything is done."""
    raw = (workspace / "samples/webhooks/order.json").read_bytes()
    changed = {
        "tampered": raw.replace(b"ORD-00002", b"ORD-00003"),
        "written anew": json.dumps(json.loads(raw)).encode(),
        "unsigned": raw,
    }
    headers = "{}" if how == "unsigned" else "samples/webhooks/order.headers.json"
    body = "base64:" + base64.b64encode(changed[how]).decode()
    result = runner.run("webhook_verify", {**ACT, "PAYLOAD": body, "HEADERS": headers})
    assert result.state == "REFUSED"
    assert result.result["reason"] == ("MISSING_SIGNATURE" if how == "unsigned" else "INVALID_SIGNATURE")
    assert "what to do" in result.reason
    shown = page(result)
    assert "✗ Refused" in shown
    assert "SystemExit" not in shown
    assert ("The first difference" in shown) is (how == "written anew")


@pytest.mark.usefixtures("workspace")
def test_an_accepted_one_is_acted_on() -> None:
    """Of an accepted webhook the body is mapped and sent, and the run says what became of it."""
    result = runner.run("webhook_verify", ACT)
    assert result.state == "SUCCEEDED", result.reason
    assert result.figures["delivered"] == 1
    assert result.result["event"]["entity_ref"] == "ORD-00002"
