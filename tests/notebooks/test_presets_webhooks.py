"""The presets R1 to R3, V9, V10, G9 and G10: a sender, a receiver in a process of its own, the notebook, the platform.

What lies on the SFTP server, or what the platform holds, is compared byte for byte with what was looked at
(golden/R1 …); GOLDEN=write pytest tests/notebooks/test_presets_webhooks.py writes them anew.
"""

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import polars as pl
import pytest
import yaml
from golden import compare
from servers import Sftp

from fcwork import runner
from fcwork.settings import variable
from fcwork.simulator import SignedWebhook, Simulator
from fcwork.webhooks import ApiKeys

pytestmark = [pytest.mark.kernel, pytest.mark.socket, pytest.mark.usefixtures("connections")]
PATIENCE_SECONDS = 90.0
SIGNED: dict[str, dict[str, Any]] = {
    "R1": {"name": "NotifyFulfilmentAssigned", "entity_type": "FULFILMENT", "entity_ref": "FUL-00003", "id": "e-1"},
    "R2": {"name": "NotifyFulfilmentAssigned", "entity_type": "FULFILMENT", "entity_ref": "FUL-00003", "id": "e-1"},
    "R3": {
        "name": "NotifyOrderBooked",
        "entity_type": "ORDER",
        "entity_ref": "ORD-00002",
        "id": "e-3",
        "attributes": {"channel": "WEB", "giftWrap": False, "parcels": 2, "note": "Zoë & Co"},
    },
}
SENT = {"V9": "order_cancel.json", "V10": "order_cancel.xml", "G9": "order_update.json", "G10": "order_update.xml"}
PRESETS = [*SIGNED, *SENT]


@pytest.fixture
def workspace(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work where the notebooks, mappings and presets lie."""
    there = home / "notebooks"
    shutil.copytree(runner.shipped(), there, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.chdir(there)
    monkeypatch.setenv("FCWORK_HOME", str(home / ".fcwork"))
    return there


@pytest.fixture
def there(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    """Run a small platform, named by the environment with the key that signs its webhooks."""
    del workspace
    with Simulator(positions=0) as simulator:
        for name, value in simulator.connect().items():
            monkeypatch.setenv(variable(name), value)
        yield simulator


class Receiver:
    """A receiver in a process of its own that hands to the notebook with a preset."""

    def __init__(self, preset: str, log: Path) -> None:
        self._log = log
        command = [sys.executable, "-m", "fcwork", "receive", "--port", "0", "--attempts", "1"]
        command += ["--to", "notebook", "--notebook", "webhook_verify", "-f", f"presets/{preset}.yml"]
        command += [] if preset in SIGNED else ["--api-keys", "orders"]
        with log.open("wb") as errors:
            self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)
        assert self._process.stdout
        first = self._process.stdout.readline()
        assert first, log.read_text("utf-8")
        self.url = first.split()[0]

    def post(self, body: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
        """Send a request as a sender does, and return what is answered."""
        answer = httpx.post(self.url, content=body, headers=dict(headers), timeout=20)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = {"text": answer.text}
        return found

    def until_done(self, number: int) -> None:
        """Wait until so many messages are handled."""
        end = time.monotonic() + PATIENCE_SECONDS
        while (found := self.health()).get("done") != number:
            assert time.monotonic() < end, (found, self._log.read_text("utf-8"))
            assert not found.get("dead"), (found, self._log.read_text("utf-8"))
            time.sleep(0.1)

    def health(self) -> dict[str, Any]:
        """Return what it says of itself."""
        found: dict[str, Any] = httpx.get(f"{self.url.rpartition('/')[0]}/health", timeout=20).json()
        return found

    def stop(self) -> None:
        """Ask it to stop, and see that it does."""
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(30)
        if self._process.stdout:
            self._process.stdout.close()


def request(preset: str, simulator: Simulator, workspace: Path) -> SignedWebhook:
    """Return what the sender sends: signed by the platform, or with an API key of our own."""
    if preset in SIGNED:
        return simulator.webhook(**SIGNED[preset])
    key = ApiKeys().create("shop", scopes=("orders",)).key.reveal()
    sample = workspace / "samples" / "webhooks" / SENT[preset]
    kind = {".json": "application/json", ".xml": "application/xml"}[sample.suffix]
    return SignedWebhook(sample.read_bytes(), {"x-api-key": key, "content-type": kind})


def on_sftp(sftp: Sftp) -> dict[str, bytes]:
    """Return the files of the SFTP server by their paths."""
    files = [path for path in sftp.root.rglob("*") if path.is_file()]
    return {path.relative_to(sftp.root).as_posix(): path.read_bytes() for path in files}


def held(simulator: Simulator) -> bytes:
    """Return what the platform was made to do: events that were sent, and mutations that took effect."""
    columns = ["name", "entityType", "entityRef", "retailerId", "eventStatus", "effects"]
    events = simulator.ledger.events.select(columns).to_dicts()
    done = simulator.ledger.mutations.filter(pl.col("effects") > 0)
    mutations = [{"field": row["field"], **json.loads(row["arguments"])} for row in done.to_dicts()]
    told = {"events": events, "mutations": mutations}
    return (json.dumps(told, indent=1, ensure_ascii=False) + "\n").encode()


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_handles_what_is_received(
    preset: str, there: Simulator, workspace: Path, sftp_server: Sftp, tmp_path: Path
) -> None:
    """R1 to G10 by parameters alone: received, verified, handled; no second delivery and no rerun changes more."""
    sent = request(preset, there, workspace)
    receiver = Receiver(preset, tmp_path / "receiver.log")
    try:
        assert "accepted" in receiver.post(sent.body, sent.headers)["text"]
        receiver.until_done(1)
        files, platform = on_sftp(sftp_server), held(there)
        assert "duplicate" in receiver.post(sent.body, sent.headers)["text"]
        receiver.until_done(1)
    finally:
        receiver.stop()
    compare(preset, "platform.json", platform)
    for name, content in files.items():
        compare(preset, name.rpartition("/")[2], content)
    assert {name.rpartition("/")[0] for name in files} == (
        {"incoming/fulfilments"} if preset in {"R1", "R2"} else set()
    )

    kept = [path for path in (tmp_path / ".fcwork" / "receiver" / "bodies").rglob("*") if path.is_file()]
    (body,) = [path for path in kept if not path.name.endswith(".headers.json")]
    by_hand = {"PAYLOAD": str(body), "SCHEME": "fluent" if preset in SIGNED else "receiver"}
    again = runner.run("webhook_verify", {**parameters(preset, workspace), **by_hand})
    assert again.state == ("SUCCEEDED" if files else "SKIPPED"), again.reason
    assert (on_sftp(sftp_server), held(there)) == (files, platform)


def parameters(preset: str, workspace: Path) -> dict[str, Any]:
    """Return what a preset says."""
    given: dict[str, Any] = yaml.safe_load((workspace / "presets" / f"{preset}.yml").read_text("utf-8"))
    return given


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_says_what_it_is(preset: str) -> None:
    """Each preset begins with a comment that says what it does, and is for the webhook notebook."""
    found = runner.preset(preset)
    assert found.about.startswith(f"{preset}, ")
    assert (found.notebook, found.values["DRY_RUN"]) == ("webhook_verify", False)


@pytest.mark.parametrize("preset", ["R1", "R3"])
def test_a_dry_run_changes_nothing(preset: str, there: Simulator, workspace: Path, sftp_server: Sftp) -> None:
    """P33: unless DRY_RUN is false a preset judges, shows what it would do, and does nothing."""
    sent = there.webhook(**SIGNED[preset])
    (workspace / "in.json").write_bytes(sent.body)
    (workspace / "in.headers.json").write_text(json.dumps({"headers": dict(sent.headers)}))
    result = runner.run("webhook_verify", {**parameters(preset, workspace), "PAYLOAD": "in.json", "DRY_RUN": True})
    assert result.state == "SUCCEEDED", result.reason
    assert "DRY RUN" in result.result["summary"]
    assert on_sftp(sftp_server) == {}
    assert there.ledger.mutations.height == 0
