"""``fcwork keys``: public keys looked into, and API keys made, listed, rotated and revoked."""

import base64
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from fcwork.webhooks import ApiKeys, load_key

Fcwork = Callable[..., Any]
PRIVATE = generate_private_key(65_537, 1024)  # noqa: S505 - such keys are in the field
DER = PRIVATE.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
PEM = PRIVATE.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
FINGERPRINT = load_key(DER).fingerprint


@pytest.mark.parametrize("form", [PEM, DER, base64.b64encode(DER)])
@pytest.mark.parametrize("call", [("keys",), ("keys", "inspect")])
def test_a_public_key_is_told(fcwork: Fcwork, home: Path, form: bytes, call: tuple[str, ...]) -> None:
    """P2: a key in any form is told with its size, exponent, whole fingerprint and what is weak about it."""
    (home / "prod.pem").write_bytes(form)
    said = fcwork(*call, "prod.pem")
    assert said.code == 0
    assert "✓ RSA public key, 1,024 bits, exponent 65537" in said.out
    assert f"sha256 {FINGERPRINT}" in said.out
    assert "! the key has 1024 bits" in said.out


def test_the_standard_input_may_hold_a_key(fcwork: Fcwork, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of - is the standard input."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(DER)))
    said = fcwork("keys", "-")
    assert (said.code, FINGERPRINT in said.out) == (0, True)


def test_a_key_that_cannot_be_used_is_told(fcwork: Fcwork, home: Path) -> None:
    """P5: each file is told, and one that cannot be used ends with code 2; nothing of a private key is shown."""
    private = PRIVATE.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    curve = ec.generate_private_key(ec.SECP256R1()).public_key()
    (home / "private.pem").write_bytes(private)
    (home / "curve.pem").write_bytes(curve.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    (home / "prod.pem").write_bytes(PEM)
    said = fcwork("keys", "private.pem", "curve.pem", "prod.pem", "none.pem")
    assert said.code == 2
    assert said.out.count("✗ cannot be used") == 3
    assert "this is a private key" in said.out
    assert FINGERPRINT in said.out
    assert private.decode().splitlines()[2] not in said.out


def test_public_keys_are_there_for_programs(fcwork: Fcwork, home: Path) -> None:
    """--json prints each key, several of one file too, and why one cannot be used."""
    other = generate_private_key(65_537, 2048).public_key()
    (home / "two.pem").write_bytes(PEM + other.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    (home / "bad.pem").write_text("garbage!")
    said = fcwork("keys", "inspect", "two.pem", "bad.pem", "--json")
    told = json.loads(said.out)
    assert (said.code, [key["usable"] for key in told]) == (2, [True, True, False])
    assert (told[0]["bits"], told[0]["sha256"], told[1]["bits"]) == (1024, FINGERPRINT, 2048)


def made(fcwork: Fcwork, *call: str) -> dict[str, Any]:
    """Return a new key as --json tells it."""
    told: dict[str, Any] = json.loads(fcwork("keys", "new", *call, "--json").out)
    return told


def test_a_new_key_is_shown_this_once(fcwork: Fcwork) -> None:
    """New prints the key in its first line, what is known of it below, and it is accepted from then on."""
    said = fcwork("keys", "new", "shop", "--scope", "orders", "--scope", "stock", "--expires", "90d", "--name", "web")
    key = said.out.splitlines()[0]
    known = ApiKeys().verify(key, scopes=["orders", "stock"])
    assert (said.code, known.name) == (0, "web")
    assert known.expires_at is not None
    assert (known.expires_at - known.created_at).days == 90
    assert known.id in said.out
    listed = fcwork("keys", "list")
    assert known.id in listed.out
    assert key not in listed.out


def test_quiet_prints_the_key_alone(fcwork: Fcwork) -> None:
    """With -q nothing but the key is printed, for a file or a pipe."""
    said = fcwork("-q", "keys", "new")
    assert ApiKeys().verify(said.out.removesuffix("\n")).prefix == "shop"


@pytest.mark.parametrize("end", ["2099-01-15", "2099-01-15T08:00Z", "2099-01-15T08:00+02:00", "never", "12h", "4w"])
def test_an_end_may_be_written_in_ways(fcwork: Fcwork, end: str) -> None:
    """--expires takes spans, days, instants and never."""
    told = made(fcwork, "--expires", end)
    assert (told["expires_at"] is None) == (end == "never")
    assert end != "2099-01-15" or told["expires_at"] == "2099-01-15T00:00:00+00:00"


def test_a_key_is_rotated_and_revoked(fcwork: Fcwork) -> None:
    """Rotate makes a key in the place of another, and revoke refuses one at once."""
    old = made(fcwork, "erp", "--scope", "orders")
    said = fcwork("keys", "rotate", old["id"], "--overlap", "2d")
    new = said.out.splitlines()[0]
    assert f"replaces {old['id']}, which is accepted for 2d more" in said.out
    assert ApiKeys().verify(new).scopes == ("orders",)
    assert ApiKeys().verify(old["key"]).id == old["id"]
    assert f"{old['id']} revoked" in fcwork("keys", "revoke", old["id"]).out
    rows = json.loads(fcwork("keys", "list", "--json").out)
    assert {row["id"]: row["state"] for row in rows}[old["id"]] == "revoked"


def test_a_rotation_without_overlap_says_so(fcwork: Fcwork) -> None:
    """With --overlap 0m the old key is refused at once, and that is told."""
    said = fcwork("keys", "rotate", made(fcwork)["id"], "--overlap", "0s")
    assert "which is refused from now on" in said.out


def test_no_keys_are_told(fcwork: Fcwork) -> None:
    """Without a key the list says how to make one."""
    assert "no API keys yet" in fcwork("keys", "list").out


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (("new", "a b"), "the prefix 'a b' is none"),
        (("new", "--scope", "a b"), "the scope 'a b' is none"),
        (("new", "--expires", "soon"), "'soon' is no time"),
        (("new", "--expires", "2001-01-01"), "not ahead of now"),
        (("new", "--expires", "2099-01-01T00:00"), "time zone"),
        (("new", "--expires", "999999999w"), "is no time"),
        (("revoke", "key_none"), "no API key of the id 'key_none'"),
        (("rotate", "key_none"), "no API key of the id 'key_none'"),
        (("rotate", "key_none", "--overlap", "long"), "'long' is no span"),
        (("inspect",), "Missing argument 'FILE...'"),
    ],
)
def test_a_wrong_call_is_told(fcwork: Fcwork, call: tuple[str, ...], told: str) -> None:
    """P32: a mistake in the call ends with code 2 and one message."""
    said = fcwork("keys", *call)
    assert (said.code, told in said.err) == (2, True)


def test_the_help_names_each_command_whole(fcwork: Fcwork) -> None:
    """The help of keys lists its commands, none of them cut off; each has an example."""
    said = fcwork("keys", "--help")
    assert "..." not in said.out.split("Commands:")[1]
    for command in ("inspect", "new", "list", "revoke", "rotate"):
        assert f"fcwork keys {command}" in fcwork("keys", command, "--help").out.replace("-q keys", "keys")


def test_names_of_keys_do_not_act(fcwork: Fcwork) -> None:
    """P25: control characters of a name reach the terminal spelt out."""
    ApiKeys().create(name="\x1b[31mred")
    assert "\\x1b[31mred" in fcwork("keys", "list").out
