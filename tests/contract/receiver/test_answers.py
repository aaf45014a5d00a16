"""What the receiver answers, over a real socket, and what it keeps of what it refused."""

import hashlib
import hmac
import json
import sqlite3
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from fcwork.jobs import JobTracker
from fcwork.store import SQLiteStore
from fcwork.webhooks.api_keys import ApiKeys

Start = Callable[..., Any]
Sign = Callable[..., Any]
pytestmark = pytest.mark.socket


def test_a_genuine_event_is_accepted_once(receiver: Start, sign: Sign, tmp_path: Path) -> None:
    """P6: an event is accepted, its repeat is a duplicate without effect, and other bytes under its id are 409."""
    running = receiver()
    first = running.post(sign(1), x_request_id="mine")
    assert (first.status_code, first.json()) == (200, {"status": "accepted", "id": "mine"})
    assert first.headers["x-request-id"] == "mine"
    again = running.post(sign(1))
    assert (again.status_code, again.json()["status"]) == (200, "duplicate")
    other = running.post(sign(1, entityRef="O-2"))
    assert (other.status_code, other.json()["status"]) == (409, "conflict")
    running.until(done=1)
    assert (tmp_path / "out" / "event-1.json").read_bytes() == sign(1).body
    beside = json.loads((tmp_path / "out" / "event-1.headers.json").read_text("utf-8"))
    assert beside["headers"]["fluent-signature"] == sign(1).headers["fluent-signature"]
    told = {"door": "webhooks", "scheme": "fluent", "key": "key", "replay_key": "event-1", "request_id": "mine"}
    assert told.items() <= beside["received"].items()
    assert beside["received"]["sha256"] == hashlib.sha256(sign(1).body).hexdigest()


def test_each_refusal_has_its_status_and_tells_no_reason(receiver: Start, sign: Sign) -> None:
    """A refusal is a status and a word: which header, key or byte was wrong is for the log, not for the sender."""
    running = receiver("--max-mb", "0.1")
    good = sign(1)
    wrong = good._replace(headers={"fluent-signature": sign(2).headers["fluent-signature"]})
    unreadable = good._replace(headers={"fluent-signature": "not base64!"})
    statuses = {
        "unsigned": running.post(good._replace(headers={})),
        "wrong": running.post(wrong),
        "unreadable": running.post(unreadable),
        "elsewhere": running.post(sign(1, accountId="OTHER")),
        "no event": running.post(sign(1, raw=b"[1]")),
        "cut": running.post(sign(1, raw=b'{"id":"1"')),
        "empty": running.post(sign(1, raw=b"")),
        "large": running.post(sign(1, attributes={"x": "x" * 100_000})),
        "path": running.post(good, "/other"),
        "method": httpx.get(f"{running.url}/webhooks"),
    }
    found = {name: (answer.status_code, answer.json()["status"]) for name, answer in statuses.items()}
    assert found == {
        "unsigned": (401, "unauthorized"),
        "wrong": (401, "unauthorized"),
        "unreadable": (401, "unauthorized"),
        "elsewhere": (403, "forbidden"),
        "no event": (400, "malformed"),
        "cut": (400, "malformed"),
        "empty": (400, "malformed"),
        "large": (413, "too_large"),
        "path": (404, "not_found"),
        "method": (405, "method_not_allowed"),
    }
    assert all(set(answer.json()) <= {"status", "id"} for answer in statuses.values())
    assert running.health()["waiting"] + running.health()["done"] == 0


def test_who_speaks_xml_is_answered_in_xml(receiver: Start) -> None:
    """An XML body is answered by XML."""
    running = receiver("--unchecked", checked=False)
    answer = httpx.post(f"{running.url}/webhooks", content=b"<order ref='1'/>", headers={"x-request-id": "a&b"})
    assert answer.headers["content-type"] == "application/xml"
    assert "<response><status>accepted</status><id>a&amp;b</id></response>" in answer.text
    running.until(done=1)


def test_refused_bodies_lie_in_quarantine(receiver: Start, sign: Sign, tmp_path: Path) -> None:
    """A refused body is kept byte for byte with its headers and the reason; credentials among the headers are not."""
    running = receiver()
    signed = sign(1)
    running.post(signed._replace(body=signed.body + b"\n"), authorization="Bearer abcdefgh", cookie="a=b")
    [body] = (tmp_path / "home" / "receiver" / "quarantine").glob("*.body")
    assert body.read_bytes() == signed.body + b"\n"
    assert "-invalid_signature-" in body.name
    told = json.loads(body.with_suffix(".json").read_text("utf-8"))
    assert told["headers"]["fluent-signature"] == signed.headers["fluent-signature"]
    assert told["refused"]["reason"] == "INVALID_SIGNATURE"
    assert not {"authorization", "cookie"} & set(told["headers"])
    assert body.stat().st_mode & 0o077 == 0


def test_each_request_is_a_job_with_its_stages(receiver: Start, sign: Sign, tmp_path: Path) -> None:
    """A request's job has its id and went through reception, verification, storage and handling; a forgery failed."""
    running = receiver()
    running.post(sign(1), x_request_id="good")
    running.post(sign(2)._replace(headers={}), x_request_id="bad")
    running.until(done=1)
    assert running.stop() == 0
    tracker = JobTracker(SQLiteStore(tmp_path / "home" / "state.sqlite"))
    good, bad = tracker.get("good"), tracker.get("bad")
    assert (good.status, good.triggered_by) == ("completed", "webhook")
    assert [stage.name for stage in good.stages] == ["reception", "verification", "storage", "handling"]
    assert good.details["entity_ref"] == "O-1"
    assert bad.status == "failed"
    assert bad.error.startswith("MISSING_SIGNATURE")
    assert [stage.name for stage in bad.stages] == ["reception", "verification"]


def test_a_long_event_makes_no_long_job(receiver: Start, sign: Sign, tmp_path: Path) -> None:
    """Of an event with names of megabytes the inbox and the job tell the beginning; its body is whole."""
    running = receiver()
    signed = sign(1, id="i" * 500_000, entityRef="r" * 500_000)
    assert running.post(signed, x_request_id="long").status_code == 200
    running.until(done=1)
    assert running.stop() == 0
    details = JobTracker(SQLiteStore(tmp_path / "home" / "state.sqlite")).get("long").details
    assert details["entity_ref"] == "r" * 200
    assert details["replay_key"].startswith("sha256:")
    assert signed.body in [file.read_bytes() for file in (tmp_path / "out").iterdir()]


def test_an_id_that_is_taken_gets_a_suffix(receiver: Start, sign: Sign, tmp_path: Path) -> None:
    """Two requests of one x-request-id are two jobs; an id that is none is not used."""
    running = receiver()
    answers = [running.post(sign(number), x_request_id="same").json()["id"] for number in range(2)]
    assert answers[0] == "same"
    assert answers[1].startswith("same-")
    made = running.post(sign(3), x_request_id="x" * 300).json()["id"]
    assert made.startswith("wh-")
    running.until(done=3)
    assert running.stop() == 0
    ids = set(JobTracker(SQLiteStore(tmp_path / "home" / "state.sqlite")).history()["id"])
    assert ids == {*answers, made}


def test_too_many_are_told_when_to_come_again(receiver: Start, sign: Sign) -> None:
    """Beyond the rate the answer is 429 with Retry-After, before anything is read."""
    running = receiver("--rate", "1")
    answers = [running.post(sign(number)) for number in range(8)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert int(refused[0].headers["retry-after"]) >= 1


def test_others_sign_with_a_secret(receiver: Start, tmp_path: Path) -> None:
    """A door for Shopify takes what is signed with the secret that the variable holds, and notes the scheme."""
    body, secret = b'{"id": 5}', "a-secret-that-is-long-enough"
    running = receiver("--hmac", "shopify", "--secret-env", "SHOP", checked=False, SHOP=secret)
    made = b64encode(hmac.digest(secret.encode(), body, "sha256")).decode()
    name = "x-shopify-hmac-sha256"
    assert httpx.post(f"{running.url}/webhooks", content=body, headers={name: made}).status_code == 200
    assert httpx.post(f"{running.url}/webhooks", content=body + b" ", headers={name: made}).status_code == 401
    running.until(done=1)
    [beside] = (tmp_path / "out").glob("*.headers.json")
    assert json.loads(beside.read_text("utf-8"))["received"]["scheme"] == "shopify"
    assert secret not in running.log.read_text("utf-8")


def test_callers_with_an_api_key(receiver: Start, tmp_path: Path) -> None:
    """A door with API keys asks for the scope, leaves the key out of what is kept, and knows repeats by their bytes."""
    keys = ApiKeys(SQLiteStore(tmp_path / "home" / "state.sqlite"))
    good, poor = keys.create(scopes=["orders"]).key.reveal(), keys.create(scopes=["stock"]).key.reveal()
    running = receiver("--api-keys", "orders", checked=False)

    def post(body: bytes, **headers: str) -> tuple[int, str]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = httpx.post(f"{running.url}/webhooks", content=body, headers=named)
        return answer.status_code, answer.json()["status"]

    assert post(b"{}", x_api_key=good) == (200, "accepted")
    assert post(b"{}", authorization=f"Bearer {good}") == (200, "duplicate")
    assert post(b"{}", x_api_key=good, idempotency_key="second") == (200, "accepted")
    assert post(b"[]", x_api_key=good, idempotency_key="second") == (409, "conflict")
    assert post(b"{}", x_api_key=poor) == (403, "forbidden")
    assert post(b"{}", x_api_key="fcw_no_key") == (401, "unauthorized")
    assert post(b"{}") == (401, "unauthorized")
    running.until(done=2)
    running.kill()
    kept = [file.read_bytes() for file in (tmp_path / "home").rglob("*") if file.is_file()]
    assert not any(good.encode() in content for content in kept)


def test_several_doors_of_a_file(receiver: Start, sign: Sign, tmp_path: Path) -> None:
    """A receiver.yml has several doors, each with its check and folder; one id at two doors is two messages."""
    (tmp_path / "receiver.yml").write_text(
        "doors:\n"
        "  orders: {path: /webhooks, keys: key.pem, accounts: [ACME], to: folder, folder: orders}\n"
        "  copies: {path: /copies, keys: key.pem, accounts: ACME, to: folder, folder: copies}\n",
        "utf-8",
    )
    running = receiver("-c", "receiver.yml", checked=False)
    for path in ("/webhooks", "/copies"):
        assert running.post(sign(1), path).json()["status"] == "accepted"
    running.until(done=2)
    assert (tmp_path / "orders" / "event-1.json").read_bytes() == (tmp_path / "copies" / "event-1.json").read_bytes()


def test_a_store_of_jobs_that_fails_stops_no_request(receiver: Start, sign: Sign, tmp_path: Path) -> None:
    """Where jobs cannot be written requests are stored all the same, and handled when the store is there again."""
    store = tmp_path / "state.sqlite"
    running = receiver(FCWORK_STORE=str(store))
    running.post(sign(1))
    running.until(done=1)
    with sqlite3.connect(store) as there:
        there.execute("PRAGMA user_version = 99")  # as a newer fcwork would leave it
    running.kill()
    running = receiver(FCWORK_STORE=str(store))
    assert running.post(sign(2), x_request_id="mine").json() == {"status": "accepted", "id": "mine"}
    assert running.health()["done"] == 1
    with sqlite3.connect(store) as there:
        there.execute("PRAGMA user_version = 2")
    running.until(done=2)
