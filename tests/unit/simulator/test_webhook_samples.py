"""The webhook samples that the package ships."""

import base64
import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from defusedxml import ElementTree

from fcwork import runner
from fcwork.simulator import Simulator

SAMPLES = runner.shipped() / "samples" / "webhooks"
MD5 = hashes.MD5()  # noqa: S303 - what the platform sends
SIGNED = ("order", "fulfilment", "http_call")
KINDS = {"ORDER": "Order", "FULFILMENT": "Fulfilment"}


def _read(name: str) -> Any:
    return json.loads((SAMPLES / name).read_bytes())


@pytest.mark.parametrize("name", SIGNED)
def test_each_signed_sample_verifies(name: str) -> None:
    """Both signatures of a sample are over the exact bytes of its file, by the key beside it."""
    key = load_pem_public_key((SAMPLES / "public_key.pem").read_bytes())
    assert isinstance(key, rsa.RSAPublicKey)
    headers, body = _read(f"{name}.headers.json")["headers"], (SAMPLES / f"{name}.json").read_bytes()
    key.verify(base64.b64decode(headers["fluent-signature"]), body, padding.PKCS1v15(), hashes.SHA512())
    key.verify(base64.b64decode(headers["flex.signature"]), body, padding.PKCS1v15(), MD5)


@pytest.mark.parametrize("name", SIGNED)
def test_each_signed_sample_is_about_what_the_simulator_holds(name: str) -> None:
    """The entity of a sample exists in the simulator's data, under the id and the status that the sample names."""
    document, world = _read(f"{name}.json"), Simulator(positions=0).world
    found = world.locate([KINDS[document["entityType"]]], {"ref": document["entityRef"]})
    assert found is not None
    row = found[0].row(found[1])
    assert row["id"] == document["entityId"]
    assert document.get("entityStatus", row["status"]) == row["status"]


@pytest.mark.parametrize("name", ["order_cancel", "order_update"])
def test_payloads_of_others_say_the_same_in_json_and_xml(name: str) -> None:
    """A payload's JSON and XML hold the same fields, and its order exists in the simulator's data."""
    document = _read(f"{name}.json")
    root = ElementTree.fromstring((SAMPLES / f"{name}.xml").read_bytes())
    texts = {key: str(value).lower() if isinstance(value, bool) else value for key, value in document.items()}
    assert {child.tag: child.text for child in root} == texts
    assert Simulator(positions=0).world.locate(["Order"], {"ref": document["orderRef"]})


def test_the_samples_are_what_their_script_writes(tmp_path: Path) -> None:
    """The samples can be made again, byte for byte but for key and signatures."""
    script = Path(__file__).parents[2] / "data" / "make_webhook_samples.py"
    spec = importlib.util.spec_from_file_location("make_webhook_samples", script)
    assert spec is not None
    assert spec.loader is not None
    samples = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(samples)
    samples.main(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in SAMPLES.iterdir()}
    for path in SAMPLES.iterdir():
        if path.name != "public_key.pem" and not path.name.endswith(".headers.json"):
            assert (tmp_path / path.name).read_bytes() == path.read_bytes()
