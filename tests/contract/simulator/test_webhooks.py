"""The simulator posts webhooks to a receiver on a socket."""

import base64
import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import polars as pl
import pytest
from answers import Answer, Answers, Asked, answers
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from fcwork.clock import ManualClock
from fcwork.errors import ConfigError
from fcwork.simulator import Fault, Faults, SignedWebhook, Simulator

__all__ = ["answers"]  # a fixture
pytestmark = pytest.mark.socket

EVENT = {"name": "OrderCancel", "retailerId": "2", "entityType": "ORDER", "entityRef": "ORD-00002"}
SIGNATURES = {"fluent-signature", "flex.signature"}


@pytest.fixture
def receiver(answers: Answers) -> Answers:
    """A receiver that takes every webhook."""
    answers.rule = lambda _: Answer(200)
    return answers


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """A receiver that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


def _simulator(*faults: Fault, **options: Any) -> Simulator:
    return Simulator(**{"positions": 0, "clock": ManualClock(), "faults": Faults(faults), **options})


def _order(sim: Simulator) -> SignedWebhook:
    return sim.webhook(name="Booked", entity_type="ORDER", entity_ref="ORD-00002")


def _url(listening: socket.socket) -> str:
    return f"http://127.0.0.1:{listening.getsockname()[1]}/hooks"


def _genuine(sim: Simulator, asked: Asked) -> bool:
    """Say whether what came is signed by the simulator."""
    key = load_pem_public_key(sim.webhook_public_key.encode())
    assert isinstance(key, rsa.RSAPublicKey)
    try:
        signature = base64.b64decode(asked.headers["fluent-signature"])
        key.verify(signature, asked.body, padding.PKCS1v15(), hashes.SHA512())
    except InvalidSignature:
        return False
    return True


def _send(sim: Simulator, **event: Any) -> None:
    """Send an event to the simulator."""
    with httpx.Client(transport=sim.transport(), base_url=sim.url) as client:
        settings = sim.connect()
        form = {name: settings[name] for name in ("client_id", "client_secret", "username", "password")}
        token = client.post("/oauth/token", data={"grant_type": "password", **form}).json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        client.post("/api/v4.1/event/sync", json={**EVENT, **event})


def test_a_webhook_arrives_as_it_was_signed(receiver: Answers) -> None:
    """A receiver gets the exact bytes, both signatures and a request id; an answer of 2xx is the end of it."""
    sim = _simulator()
    signed = _order(sim)
    posted = sim.post_webhook(signed, f"{receiver.endpoint}/hooks")
    (asked,) = receiver.asked
    assert (asked.method, asked.path, asked.body) == ("POST", "/hooks", signed.body)
    assert signed.headers.items() <= asked.headers.items()
    assert asked.headers["x-request-id"] == posted.request_id
    assert (posted.ok, posted.status, len(posted.attempts)) == (True, 200, 1)


@pytest.mark.parametrize("status", [302, 401, 500, 503])
def test_any_answer_ends_it(receiver: Answers, status: int) -> None:
    """A refusal, a failure and a redirect are answers: nothing is repeated or followed, and the webhook is not ok."""
    receiver.rule = lambda _: Answer(status, headers={"Location": "/elsewhere"})
    sim = _simulator()
    posted = sim.post_webhook(_order(sim), receiver.endpoint)
    assert (posted.ok, posted.status, len(receiver.asked)) == (False, status, 1)


def test_a_time_out_is_repeated_three_times_within_fourteen_seconds(silent: socket.socket) -> None:
    """Where no answer comes the same request is posted again 2, 6 and 14 seconds after the first, and then no more."""
    clock = ManualClock()
    sim = _simulator(clock=clock)
    posted = sim.post_webhook(_order(sim), _url(silent), timeout_seconds=0.05)
    begun = posted.attempts[0].at
    assert [(one.at - begun).total_seconds() for one in posted.attempts] == [0, 2, 6, 14]
    assert all(one.status is None and "ReadTimeout" in str(one.error) for one in posted.attempts)
    assert not posted.ok


def test_a_receiver_that_is_not_there_is_asked_again(silent: socket.socket) -> None:
    """No connection is repeated like a time-out."""
    url = _url(silent)
    silent.close()
    sim = _simulator()
    posted = sim.post_webhook(_order(sim), url)
    assert [one.status for one in posted.attempts] == [None] * 4
    assert "ConnectError" in str(posted.attempts[0].error)


def test_a_connection_that_breaks_is_repeated_with_the_same_request(silent: socket.socket) -> None:
    """A receiver that dies before its answer gets the very same request again, with the same request id."""
    got: list[bytes] = []

    def receive() -> None:
        for answer in (b"", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"):
            peer, _ = silent.accept()
            with peer:
                got.append(_read_all(peer))
                peer.sendall(answer)

    thread = threading.Thread(target=receive)
    thread.start()
    sim = _simulator()
    posted = sim.post_webhook(_order(sim), _url(silent))
    thread.join()
    assert [one.status for one in posted.attempts] == [None, 200]
    assert posted.ok
    assert got[0] == got[1]


def test_a_receiver_that_drips_is_left(receiver: Answers) -> None:
    """The status is the answer: a body without an end is not waited for."""
    receiver.rule = lambda _: Answer(200, headers={"Content-Length": "1000000"})
    sim = _simulator()
    assert sim.post_webhook(_order(sim), receiver.endpoint).ok


def test_what_is_no_address_is_refused() -> None:
    """A webhook goes to http or https; anything else is a mistake in the call, and so is an unknown entity type."""
    sim = _simulator()
    for url in ("127.0.0.1:8791", "ftp://127.0.0.1/", "http://", ""):
        with pytest.raises(ConfigError, match="webhooks cannot be posted to"):
            sim.post_webhook(_order(sim), url)
    with pytest.raises(ConfigError, match="webhooks cannot be posted to"):
        _simulator(webhook_url="nowhere")
    with pytest.raises(ConfigError, match="no entity is a PARCEL"):
        _simulator(webhook_url="http://127.0.0.1:1/", webhook_entities=["PARCEL"])


def test_any_bytes_can_be_posted(receiver: Answers) -> None:
    """A hostile sender's bytes go out as they are, and the ledger takes them too."""
    sim = _simulator()
    for body in (b"", b"\xff\x00", b"[1]", b'{"id":7,"name":{"a":1}}'):
        assert sim.post_webhook(SignedWebhook(body, {"fluent-signature": "x"}), receiver.endpoint).ok
        assert receiver.asked[-1].body == body
    assert sim.ledger.webhooks.get_column("id").to_list() == [None, None, None, "7"]


@pytest.mark.parametrize(
    ("fault", "headers", "genuine"),
    [
        ("webhook_unsigned", set(), None),
        ("webhook_md5_only", {"flex.signature"}, None),
        ("webhook_tampered", SIGNATURES, False),
        ("webhook_wrong_key", SIGNATURES, False),
        ("webhook_other_account", SIGNATURES, True),
    ],
)
def test_faults_befall_a_webhook(
    receiver: Answers,
    fault: str,
    headers: set[str],
    genuine: bool | None,  # noqa: FBT001 - a case
) -> None:
    """A script spoils the n-th webhook in the way its kind says, and the ledger tells which."""
    sim = _simulator(Fault(fault, nth=2))
    signed = _order(sim)
    for _ in range(2):
        sim.post_webhook(signed, receiver.endpoint)
    good, spoilt = receiver.asked
    assert _genuine(sim, good)
    assert SIGNATURES & spoilt.headers.keys() == headers
    assert genuine is None or _genuine(sim, spoilt) is genuine
    assert (b'"SIMULATOR"' in spoilt.body) is (fault != "webhook_other_account")
    assert sim.ledger.webhooks.get_column("fault").to_list() == [None, fault]


def test_a_webhook_comes_twice_or_late(receiver: Answers) -> None:
    """A doubled webhook is the same request once more; a late one waits before its first post."""
    clock = ManualClock()
    sim = _simulator(
        Fault("webhook_twice", path="/twice"), Fault("webhook_late", path="/late", seconds=30), clock=clock
    )
    signed = _order(sim)
    twice = sim.post_webhook(signed, f"{receiver.endpoint}/twice")
    assert [one.status for one in twice.attempts] == [200, 200]
    assert receiver.asked[0] == receiver.asked[1]
    sim.post_webhook(signed, f"{receiver.endpoint}/late")
    assert clock.sleeps == [30]


def test_faults_of_requests_leave_webhooks_alone(receiver: Answers) -> None:
    """A fault of the platform's own answers neither befalls nor counts a webhook, and the other way round."""
    sim = _simulator(Fault("status", status=503, nth=1), Fault("webhook_unsigned", nth=1))
    sim.post_webhook(_order(sim), receiver.endpoint)
    assert sim.ledger.requests == []
    assert not SIGNATURES & receiver.asked[0].headers.keys()


def test_events_that_take_effect_are_told(receiver: Answers) -> None:
    """With a receiver's address each event that is sent and takes effect is posted, filled from the world."""
    sim = _simulator(Fault("event_status", event_status="FAILED", ref="ORD-00003"), webhook_url=receiver.endpoint)
    _send(sim, attributes={"reason": "late"})
    _send(sim, entityRef=None, entityId="210000002")
    _send(sim, entityRef="ORD-00003")
    _send(sim, name="Nonsense")
    sim.stop()
    told = sorted((json.loads(asked.body) for asked in receiver.asked), key=lambda event: event["entityId"])
    assert [(event["name"], event["entityRef"]) for event in told] == [
        ("OrderCancel", "ORD-00002"),
        ("OrderCancel", "ORD-00003"),
    ]
    assert told[0]["attributes"] == {"reason": "late"}
    assert told[0]["entityStatus"] == "BOOKED"
    assert all(_genuine(sim, asked) for asked in receiver.asked)
    assert len({event["id"] for event in told}) == 2


def test_events_about_chosen_entities_are_told(receiver: Answers) -> None:
    """With entity types named, events about others are not posted; a simulator that was stopped goes on posting."""
    sim = _simulator(webhook_url=receiver.endpoint, webhook_entities=["FULFILMENT"])
    for _ in range(2):
        _send(sim)
        _send(sim, name="FulfilmentUpdate", entityType="FULFILMENT", entityRef="FUL-00003")
        sim.stop()
    assert len(receiver.asked) == 2
    assert sim.ledger.webhooks.get_column("entityType").unique().to_list() == ["FULFILMENT"]


def test_a_webhook_that_is_not_taken_is_told(receiver: Answers, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever runs the simulator is told of a webhook in the background that its receiver refuses."""
    receiver.rule = lambda _: Answer(401)
    sim = _simulator(webhook_url=receiver.endpoint)
    _send(sim)
    sim.stop()
    told = capsys.readouterr().err
    assert "webhook_not_taken" in told
    assert "401" in told


def test_stop_waits_for_what_is_under_way(receiver: Answers) -> None:
    """Whoever stops a simulator finds every webhook posted."""

    def slowly(_: Asked) -> Answer:
        time.sleep(0.02)
        return Answer(200)

    receiver.rule = slowly
    with _simulator(webhook_url=receiver.endpoint) as sim:
        for _ in range(12):
            _send(sim)
    assert len(receiver.asked) == 12


def test_the_ledger_notes_each_post(receiver: Answers) -> None:
    """A row says which webhook was posted where, as which attempt, and what was answered or why nothing was."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        gone = _url(listening)
    sim = _simulator()
    signed = _order(sim)
    posted = sim.post_webhook(signed, receiver.endpoint)
    sim.post_webhook(signed, gone)
    noted = sim.ledger.webhooks
    assert noted.get_column("attempt").to_list() == [1, 1, 2, 3, 4]
    assert noted.get_column("status").to_list() == [200, None, None, None, None]
    names = ("request_id", "id", "name", "entityRef", "url", "error")
    about = (posted.request_id, signed.document["id"], "Booked", "ORD-00002", receiver.endpoint, None)
    assert noted.filter(pl.col("error").is_null()).select(names).rows() == [about]


def _read_all(peer: socket.socket) -> bytes:
    """Read one request with its body."""
    got = b""
    while b"\r\n\r\n" not in got:
        got += peer.recv(65_536)
    head, _, body = got.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: (\d+)", head)
    while length and len(body) < int(length[1]):
        body += peer.recv(65_536)
    return head + body
