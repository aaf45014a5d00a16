"""What the simulator signs, judged by the package's own verification: the two share no code."""

import json
from pathlib import Path
from typing import Any

import pytest

from fcwork import FluentClient, runner, webhooks
from fcwork.errors import InvalidSignatureError, MissingSignatureError, WebhookError, WrongTenantError
from fcwork.simulator import SignedWebhook, Simulator

SAMPLES = Path(str(runner.shipped())) / "samples" / "webhooks"


@pytest.fixture(scope="module")
def sim() -> Simulator:
    """A simulator without positions."""
    return Simulator(positions=0)


def _fulfilment(sim: Simulator, **facts: Any) -> SignedWebhook:
    return sim.webhook(**{"name": "Assigned", "entity_type": "FULFILMENT", "entity_ref": "FUL-00003", **facts})


def test_a_webhook_of_the_simulator_verifies_by_either_form_of_its_key(sim: Simulator) -> None:
    """P2: what the simulator signs is genuine by its PEM and by its bare base64, and says what was signed."""
    signed = _fulfilment(sim, attributes={"note": "é"})
    for key in (sim.webhook_public_key, sim.webhook_public_key_base64):
        event = webhooks.verify(signed.body, signed.headers, key, accounts="simulator", retailers=2)
        assert (event.algorithm, event.header, event.tenant_checked) == ("SHA512withRSA", "fluent-signature", True)
        assert (event.id, event.entity_ref, event.root_entity_ref) == (signed.document["id"], "FUL-00003", "ORD-00003")
        assert event.data == signed.document


def test_a_client_of_the_simulator_knows_its_key_and_account(sim: Simulator) -> None:
    """What the simulator gives to connect with is enough to verify its webhooks, and another account's are refused."""
    signed, theirs = _fulfilment(sim), _fulfilment(sim, account_id="SOMEBODYELSE")
    with FluentClient(**sim.connect(), transport=sim.transport()) as client:
        event = client.verify_webhook(signed.body, signed.headers, seen=None)
        assert (event.id, event.tenant_checked) == (signed.document["id"], True)
        with pytest.raises(WrongTenantError):
            client.verify_webhook(theirs.body, theirs.headers, seen=None)


def test_an_http_call_of_the_simulator_verifies_as_one(sim: Simulator) -> None:
    """An HTTP call is genuine without id and name, and is known again by its bytes."""
    signed = _fulfilment(sim, kind="http_call")
    event = webhooks.verify(signed.body, signed.headers, sim.webhook_public_key)
    assert (event.kind, event.id, event.replay_key) == ("http_call", None, event.sha256)


@pytest.mark.parametrize("bits", [1024, 2048, 3072])
def test_keys_of_every_size_that_is_in_use_verify(bits: int) -> None:
    """A short key is accepted with a warning, longer ones without."""
    sim = Simulator(positions=0, webhook_key_bits=bits)
    signed = _fulfilment(sim)
    event = webhooks.verify(signed.body, signed.headers, sim.webhook_public_key)
    assert bool(event.warnings) is (bits < 2048)


def test_a_spoilt_webhook_is_refused_for_its_reason(sim: Simulator) -> None:
    """P1, P3: no byte may change, no signature may lack, and another account's genuine event is not ours."""
    signed, key = _fulfilment(sim), sim.webhook_public_key
    theirs = _fulfilment(sim, account_id="SOMEBODYELSE")
    only_md5 = {"flex.signature": signed.headers["flex.signature"]}
    cases: list[tuple[type[WebhookError], bytes, Any]] = [
        (InvalidSignatureError, signed.body + b"\n", signed.headers),
        (InvalidSignatureError, theirs.body, signed.headers),
        (MissingSignatureError, signed.body, {}),
        (MissingSignatureError, signed.body, only_md5),
        (WrongTenantError, theirs.body, theirs.headers),
    ]
    for expected, body, headers in cases:
        with pytest.raises(expected):
            webhooks.verify(body, headers, key, accounts="SIMULATOR")
    assert webhooks.verify(signed.body, only_md5, key, algorithms=["MD5withRSA"]).algorithm == "MD5withRSA"


def test_a_key_ring_lives_through_a_rotation() -> None:
    """While both keys are in the ring both are good; the old one is refused as soon as it is taken out."""
    sim = Simulator(positions=0)
    ring, before = webhooks.KeyRing({"old": sim.webhook_public_key}), _fulfilment(sim)
    sim.rotate_webhook_key()
    after = _fulfilment(sim)
    with pytest.raises(InvalidSignatureError):
        webhooks.verify(after.body, after.headers, ring)
    ring.add("new", sim.webhook_public_key)
    assert [webhooks.verify(one.body, one.headers, ring).key for one in (before, after)] == ["old", "new"]
    ring.remove("old")
    with pytest.raises(InvalidSignatureError):
        webhooks.verify(before.body, before.headers, ring)


@pytest.mark.parametrize("name", ["order", "fulfilment", "http_call"])
def test_the_shipped_samples_verify(name: str) -> None:
    """Each shipped webhook is genuine by the shipped key, and is one of the simulator's account where it names one."""
    body, key = (SAMPLES / f"{name}.json").read_bytes(), (SAMPLES / "public_key.pem").read_text("utf-8")
    headers = json.loads((SAMPLES / f"{name}.headers.json").read_bytes())["headers"]
    event = webhooks.verify(body, headers, key, retailers=2)
    assert event.account_id in {"SIMULATOR", None}
    assert event.entity_ref
