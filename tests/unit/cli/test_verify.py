"""``fcwork verify``: the story of a webhook that was kept, and its exit code."""

import base64
import hmac
import json
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from fcwork.cli import verifying
from fcwork.webhooks import SCHEMES

Fcwork = Callable[..., Any]
BODY = b'{"id":"e-1","name":"OrderBooked","accountId":"ACME","retailerId":"1","entityRef":"O-1"}'
SECRET = "a secret of the shop's"


@cache
def private() -> RSAPrivateKey:
    """Return a key pair, made once."""
    return generate_private_key(65_537, 2048)


def public() -> str:
    """Return its public half as PEM."""
    return private().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def sign(body: bytes = BODY, digest: Any = None) -> str:
    """Return a signature as the platform writes it."""
    return base64.b64encode(private().sign(body, PKCS1v15(), digest or hashes.SHA512())).decode()


@pytest.fixture
def kept(home: Path) -> Path:
    """Keep a webhook's body, its headers and the key in the working folder."""
    (home / "order.json").write_bytes(BODY)
    (home / "headers.json").write_text(json.dumps({"headers": {"fluent-signature": sign()}}))
    (home / "prod.pem").write_text(public())
    return home


CALL = ("verify", "order.json", "--headers", "headers.json", "--key", "prod.pem")


def test_a_genuine_webhook_is_told(fcwork: Fcwork, kept: Path) -> None:
    """A genuine webhook ends with code 0, and each step is told."""
    del kept
    said = fcwork(*CALL)
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("genuine: OrderBooked")
    assert "✓ signature  SHA512withRSA by prod" in said.out
    assert "· tenant     not checked: account ACME, retailer 1" in said.out


def test_a_changed_body_is_told(fcwork: Fcwork, kept: Path) -> None:
    """P2: a body that an editor gave a line feed ends with code 1, what happened, and the bytes that differ."""
    (kept / "order.json").write_bytes(BODY + b"\n")
    said = fcwork(*CALL)
    assert said.code == 1
    assert said.out.startswith("refused, INVALID_SIGNATURE")
    assert "What happened: key 'prod' signed the body without the line feed at its end" in said.out
    assert f"The first difference, at byte {len(BODY)}" in said.out
    assert '"}\\n' in said.out


def test_headers_may_be_given_one_by_one(fcwork: Fcwork, kept: Path) -> None:
    """--header takes NAME: VALUE; two that contradict each other are refused."""
    del kept
    good = ("-H", f"Fluent-Signature: {sign()}")
    call = ("verify", "order.json", "--key", "prod.pem")
    assert fcwork(*call, *good, "-H", "content-type: application/json").code == 0
    said = fcwork(*call, *good, "-H", f"fluent-signature: {sign(b'other')}")
    assert (said.code, "MALFORMED_SIGNATURE" in said.out) == (1, True)


def test_headers_beside_the_body_are_found(fcwork: Fcwork, kept: Path) -> None:
    """What a receiver put into its quarantine is found by the body's name alone."""
    (kept / "x.body").write_bytes(BODY)
    told = {"headers": {"fluent-signature": sign()}, "refused": {"reason": "WRONG_TENANT"}}
    (kept / "x.json").write_text(json.dumps(told))
    assert fcwork("verify", "x.body", "--key", "prod.pem").code == 0


def test_the_standard_input_is_taken_byte_by_byte(kept: Path) -> None:
    """A body of - is the standard input, none of its bytes changed."""
    body = BODY + b"\r\n\xff\0"
    call = [sys.executable, "-m", "fcwork", "verify", "-", "--key", "prod.pem", "-H", f"fluent-signature: {sign(body)}"]
    done = subprocess.run(call, input=body, capture_output=True, cwd=kept, check=False)
    assert done.returncode == 1
    assert b"refused, MALFORMED_EVENT" in done.stdout
    assert "✓ signature".encode() in done.stdout


def test_tenants_are_checked(fcwork: Fcwork, kept: Path) -> None:
    """P7: an event of another account or retailer ends with code 1."""
    del kept
    assert fcwork(*CALL, "--account", "acme", "--account", "B", "--retailer", "1").code == 0
    for other in (("--account", "B"), ("--retailer", "2")):
        said = fcwork(*CALL, *other)
        assert (said.code, "refused, WRONG_TENANT" in said.out) == (1, True)


def test_md5_has_to_be_allowed(fcwork: Fcwork, kept: Path) -> None:
    """P4: a request that has only flex.signature is refused unless --allow-md5 is given."""
    del kept
    call = ("verify", "order.json", "--key", "prod.pem", "-H", f"flex.signature: {sign(digest=hashes.MD5())}")  # noqa: S303
    said = fcwork(*call)
    assert (said.code, "MD5withRSA in flex.signature" in said.out) == (1, True)
    assert fcwork(*call, "--allow-md5").code == 0


def test_the_settings_give_key_account_and_retailer(
    fcwork: Fcwork, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without --key those of the settings are taken: the key as a text or a file, and the account."""
    call = ("verify", "order.json", "--headers", "headers.json")
    monkeypatch.setenv("FLUENT_WEBHOOK_PUBLIC_KEY", public().replace("\n", "\\n"))
    assert fcwork(*call).code == 0
    monkeypatch.setenv("FLUENT_WEBHOOK_PUBLIC_KEY", str(kept / "prod.pem"))
    monkeypatch.setenv("FLUENT_ACCOUNT", "OTHER")
    assert "refused, WRONG_TENANT" in fcwork(*call).out
    assert fcwork(*call, "--account", "ACME").code == 0


def test_several_keys_may_be_given(fcwork: Fcwork, kept: Path) -> None:
    """--key is repeatable, and a folder gives all keys in it; the story tells which one signed."""
    (kept / "keys").mkdir()
    (kept / "keys" / "next.pem").write_text(public())
    (kept / "old.pem").write_text(
        generate_private_key(65_537, 2048)
        .public_key()
        .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )
    said = fcwork("verify", "order.json", "--headers", "headers.json", "--key", "old.pem", "--key", "keys")
    assert (said.code, "SHA512withRSA by next" in said.out) == (0, True)


def test_the_verdict_is_there_for_programs(fcwork: Fcwork, kept: Path) -> None:
    """--json prints the verdict, its steps, and the event or what would have verified."""
    told = json.loads(fcwork(*CALL, "--json").out)
    assert (told["ok"], told["event"]["id"], told["steps"][3]["ok"]) == (True, "e-1", True)
    (kept / "order.json").write_bytes(BODY + b"\n")
    said = fcwork(*CALL, "--json")
    told = json.loads(said.out)
    assert (said.code, told["reason"], told["event"]) == (1, "INVALID_SIGNATURE", None)
    assert told["would_verify"][0]["variant"] == "without the line feed at its end"
    assert told["difference"] == len(BODY)


def test_quiet_tells_by_the_code_alone(fcwork: Fcwork, kept: Path) -> None:
    """With -q nothing is printed."""
    del kept
    assert fcwork("-q", *CALL) == (0, "", "")


def test_another_senders_secret_comes_from_a_variable(
    fcwork: Fcwork, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """--scheme verifies by HMAC with the secret of a variable, which is told by its name alone."""
    monkeypatch.setenv("SHOP_SECRET", SECRET)
    made = base64.b64encode(hmac.digest(SECRET.encode(), BODY, "sha256")).decode()
    call = ("--scheme", "shopify", "--secret-env", "SHOP_SECRET", "-H", f"X-Shopify-Hmac-SHA256: {made}")
    said = fcwork("verify", "order.json", *call)
    assert (said.code, "by SHOP_SECRET" in said.out) == (0, True)
    (kept / "order.json").write_bytes(BODY + b"\n")
    said = fcwork("verify", "order.json", *call)
    assert (said.code, "SHOP_SECRET signed the body without the line feed" in said.out) == (1, True)
    assert SECRET not in said.out


def test_the_schemes_are_those_of_the_package() -> None:
    """--scheme names each scheme that there is."""
    assert ("fluent", *SCHEMES) == verifying.SCHEMES


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (("verify",), "Missing argument 'BODY'"),
        (("verify", "none.json", "--key", "prod.pem", "-H", "a: b"), "none.json cannot be read"),
        (("verify", "order.json", "--key", "prod.pem"), "There are no headers"),
        (("verify", "order.json", "--key", "none.pem", "-H", "a: b"), "none.pem"),
        (("verify", "order.json", "--key", "order.json", "-H", "a: b"), "the key is no base64"),
        (("verify", "order.json", "--key", "private.pem", "-H", "a: b"), "this is a private key"),
        (("verify", "order.json", "-H", "a: b"), "FLUENT_WEBHOOK_PUBLIC_KEY"),
        (("verify", "order.json", "--key", "prod.pem", "-H", "no colon"), "is no 'NAME: VALUE'"),
        (("verify", "order.json", "--key", "prod.pem", "--headers", "none.json"), "none.json cannot be read"),
        (
            ("verify", "order.json", "--key", "prod.pem", "--headers", "order.json", "--tolerance", "5s"),
            "--tolerance go",
        ),
        (("verify", "order.json", "--scheme", "shopify", "-H", "a: b"), "needs --secret-env"),
        (("verify", "order.json", "--scheme", "shopify", "--secret-env", "NONE", "-H", "a: b"), "NONE is not set"),
        (("verify", "order.json", "--scheme", "shopify", "--secret-env", "X", "--key", "k"), "--key goes with"),
        (("verify", "order.json", "--scheme", "shopify", "--secret-env", "X", "--allow-md5"), "--allow-md5 goes with"),
        (("verify", "order.json", "--scheme", "nobody", "--secret-env", "X"), "nobody"),
        (("verify", "order.json", "--key", "prod.pem", "--profile", "none", "-H", "a: b"), "no profile 'none'"),
    ],
)
def test_a_wrong_call_is_told(fcwork: Fcwork, kept: Path, call: tuple[str, ...], told: str) -> None:
    """P32: a mistake in the call ends with code 2 and says what is wrong; a private key is not told."""
    form = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    secret = private().private_bytes(*form).decode()
    (kept / "private.pem").write_text(secret)
    said = fcwork(*call)
    assert (said.code, told in said.err) == (2, True)
    assert secret.splitlines()[3] not in said.err + said.out


def test_text_of_the_data_does_not_act(fcwork: Fcwork, kept: Path) -> None:
    """P25: control characters of a body or a header's name reach the terminal spelt out."""
    body = BODY.replace(b"OrderBooked", b"\\u001b[31mred\\u202e")
    (kept / "order.json").write_bytes(body)
    said = fcwork("verify", "order.json", "--key", "prod.pem", "-H", f"fluent-signature: {sign(body)}")
    assert said.code == 0
    assert "\\x1b[31mred\\u202e" in said.out
    said = fcwork("verify", "order.json", "--key", "prod.pem", "-H", "\x1b[2Jx: y")
    assert "\x1b" not in said.out


def test_a_secret_that_is_too_short_is_a_mistake(fcwork: Fcwork, kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """P5: a secret of few letters ends with code 2, as nothing can be verified with it."""
    del kept
    monkeypatch.setenv("SHORT", "abc")
    said = fcwork(
        "verify", "order.json", "--scheme", "shopify", "--secret-env", "SHORT", "-H", "X-Shopify-Hmac-SHA256: x"
    )
    assert (said.code, "are the least" in said.out) == (2, True)
