"""What the simulator signs."""

import base64
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key, load_pem_public_key

from fcwork.clock import ManualClock
from fcwork.errors import ConfigError
from fcwork.simulator import SignedWebhook, Simulator

MD5 = hashes.MD5()  # noqa: S303 - what the platform sends
ALGORITHMS: dict[str, hashes.HashAlgorithm] = {"fluent-signature": hashes.SHA512(), "flex.signature": MD5}
ROOT = ("rootEntityType", "rootEntityId", "rootEntityRef")


def _verifies(signed: SignedWebhook, pem: str) -> bool:
    """Say whether both signatures of a webhook are those of a key."""
    key = load_pem_public_key(pem.encode())
    assert isinstance(key, rsa.RSAPublicKey)
    try:
        for header, algorithm in ALGORITHMS.items():
            signature = base64.b64decode(signed.headers[header], validate=True)
            key.verify(signature, signed.body, padding.PKCS1v15(), algorithm)
    except InvalidSignature:
        return False
    return True


def _order(sim: Simulator, **facts: Any) -> SignedWebhook:
    return sim.webhook(**{"name": "Booked", "entity_type": "ORDER", "entity_ref": "ORD-00002", **facts})


def test_a_webhook_is_signed_twice_over_its_exact_bytes(sim: Simulator) -> None:
    """A webhook carries SHA512withRSA and MD5withRSA over its body, both of the simulator's key."""
    signed = _order(sim)
    assert set(signed.headers) == {"content-type", "fluent-signature", "flex.signature"}
    assert _verifies(signed, sim.webhook_public_key)
    assert not _verifies(SignedWebhook(signed.body + b" ", signed.headers), sim.webhook_public_key)


def test_an_event_is_filled_from_the_world(sim: Simulator) -> None:
    """An event holds the platform's fields; those of an entity that exists are what the world holds."""
    signed = sim.webhook(
        name="Assigned", entity_type="FULFILMENT", entity_ref="FUL-00003", attributes={"parcels": 1}, id="e-1"
    )
    assert signed.document == {
        "id": "e-1",
        "name": "Assigned",
        "accountId": "SIMULATOR",
        "retailerId": "2",
        "entityId": "250000002",
        "entityRef": "FUL-00003",
        "entityType": "FULFILMENT",
        "entitySubtype": "CC_PFS",
        "entityStatus": "ASSIGNED",
        "rootEntityType": "ORDER",
        "rootEntityId": "210000002",
        "rootEntityRef": "ORD-00003",
        "type": "NORMAL",
        "attributes": {"parcels": 1},
    }
    assert b": " not in signed.body


@pytest.mark.parametrize(
    ("entity_type", "ref", "root"),
    [
        ("ORDER", "ORD-00002", ("ORDER", "210000001", "ORD-00002")),
        ("ARTICLE", "PARCEL-250000005-1", ("ORDER", "210000005", "ORD-00006\n5")),
        ("PRODUCT", "SKU-12345", ("PRODUCT_CATALOGUE", "160000000", "PC:MASTER:2")),
        ("INVENTORY_POSITION", "SKU-00001:LOC001:DEFAULT", ("INVENTORY_CATALOGUE", "90000000", "DEFAULT:1")),
        ("RETURN_FULFILMENT", "RF-00001", ("RETURN_ORDER", "300000000", "RET-00001")),
        ("CONSIGNMENT", "PARCEL-250000005-1", (None, None, None)),
        ("FULFILMENT", "FUL-none", (None, None, None)),
    ],
)
def test_an_event_names_the_root_of_its_entity(
    sim: Simulator, entity_type: str, ref: str, root: tuple[str | None, ...]
) -> None:
    """The root is what stands at the top of an entity; it is null where the world cannot say."""
    document = sim.webhook(name="x", entity_type=entity_type, entity_ref=ref).document
    assert tuple(document[name] for name in ROOT) == root


def test_an_entity_may_be_named_by_its_id_or_be_unknown(sim: Simulator) -> None:
    """An id leads to the entity too; one that nobody knows keeps its reference, gets an id, and has no status."""
    known = sim.webhook(name="x", entity_type="ORDER", entity_id="210000001").document
    strange = [sim.webhook(name="x", entity_type="ORDER", entity_ref="ORD-none").document for _ in range(2)]
    assert (known["entityRef"], known["entityStatus"]) == ("ORD-00002", "BOOKED")
    assert (strange[0]["entityRef"], strange[0]["entityStatus"]) == ("ORD-none", None)
    assert strange[0]["entityId"] == strange[1]["entityId"] == strange[0]["rootEntityId"]


def test_each_event_has_an_id_of_its_own(sim: Simulator) -> None:
    """Two events are never one to a replay guard, not even those of simulators with the same seed."""
    assert _order(sim).document["id"] != _order(sim).document["id"]


def test_an_http_call_has_neither_id_nor_name(sim: Simulator, clock: ManualClock) -> None:
    """An HTTP call is free JSON without id, name and account; its attributes stand beside the usual fields."""
    signed = _order(sim, kind="http_call", attributes={"note": "é"})
    assert signed.document == {
        "entityId": "210000001",
        "entityRef": "ORD-00002",
        "entityType": "ORDER",
        "triggerSource": "Booked",
        "retailerId": "2",
        "timestamp": clock.now().isoformat(timespec="milliseconds"),
        "note": "é",
    }
    assert _verifies(signed, sim.webhook_public_key)
    with pytest.raises(ConfigError, match="no webhook is of the kind 'mail'"):
        _order(sim, kind="mail")


def test_a_webhook_can_be_about_another_tenant(sim: Simulator) -> None:
    """Account and retailer can be given, and such a webhook is as genuine as any."""
    signed = _order(sim, account_id="OTHER", retailer_id="7")
    assert (signed.document["accountId"], signed.document["retailerId"]) == ("OTHER", "7")
    assert _verifies(signed, sim.webhook_public_key)


def test_the_key_comes_as_pem_and_as_the_platform_gives_it(sim: Simulator) -> None:
    """The public key is the same as PEM and as bare base64, which begins as every key of its size does."""
    pem = load_pem_public_key(sim.webhook_public_key.encode())
    bare = load_der_public_key(base64.b64decode(sim.webhook_public_key_base64, validate=True))
    assert pem == bare
    assert sim.webhook_public_key_base64.startswith("MIIBIjANBgkqhkiG9w0BAQEF")


def test_a_key_has_the_size_that_was_asked_for(make: Callable[..., Simulator]) -> None:
    """A key of 1024 bits can be had, as some environments have one; absurd sizes are refused."""
    assert make(webhook_key_bits=1024).webhook_public_key_base64.startswith("MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCB")
    for bits in (512, 100_000):
        with pytest.raises(ConfigError, match=f"webhook_key_bits is {bits}"):
            make(webhook_key_bits=bits)


def test_a_key_can_be_changed(sim: Simulator, make: Callable[..., Simulator]) -> None:
    """After a rotation webhooks are signed with another key; other simulators keep theirs."""
    before, old = sim.webhook_public_key, _order(sim)
    sim.rotate_webhook_key()
    assert not _verifies(_order(sim), before)
    assert _verifies(_order(sim), sim.webhook_public_key)
    assert _verifies(old, before)
    assert make().webhook_public_key == before
    assert make(seed=2).webhook_public_key != before


def test_no_private_key_and_no_body_shows_itself(sim: Simulator) -> None:
    """Neither a webhook nor a key pair tells in its repr what it holds."""
    signed = _order(sim)
    shown = f"{signed!r} {sim._webhooks.signer!r}"
    assert shown == "SignedWebhook() Signer(2048 bits)"
