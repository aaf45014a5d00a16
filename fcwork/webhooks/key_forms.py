"""The forms of a key, down to its DER; and what is plainly no public key, told apart without a word of it."""

from __future__ import annotations

import base64
import binascii
import re
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from fcwork.errors import BadKeyError

MOST_BYTES = 1_000_000  # of a text with keys; the biggest key has under 4,000
MOST_KEYS = 100
_FORMS = "a public key is PEM (-----BEGIN PUBLIC KEY-----), DER, or the base64 between the lines of a PEM"
_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]{1,40})-----([^-]*)-----END ([A-Z0-9 ]{1,40})-----")
_PUBLIC = ("PUBLIC KEY", "RSA PUBLIC KEY")
_SEQUENCE = 0x30  # how every DER of a key begins


def blocks(data: Any) -> tuple[bytes, ...]:
    """Return the DER of each key in a text or in bytes.

    Raises:
        BadKeyError: there is none, or something beside them.
    """
    if not isinstance(data, str | bytes | bytearray | memoryview):
        what = "no key is given" if data is None else f"a key is bytes or a text, not {type(data).__name__}"
        raise BadKeyError(what, hint=_FORMS)
    if len(data) > MOST_BYTES:
        raise BadKeyError(f"there are {len(data):,} bytes, too many for keys", hint=_FORMS)
    if not isinstance(data, str):
        data = bytes(data)
        if data[:1] == bytes([_SEQUENCE]) and not data.strip().isalnum():
            return (data,)
    text = _text(data).replace("\\r", "\n").replace("\\n", "\n").strip().strip("\"'").strip()
    if not text:
        raise BadKeyError("the key is empty", hint=_FORMS)
    return _framed(text) if "-----" in text else (_decoded(text),)


def read_file(path: Path) -> bytes:
    """Return what a file of keys holds.

    Raises:
        BadKeyError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise BadKeyError(f"the key file {path} cannot be read: {getattr(error, 'strerror', '') or error}") from None


def der_of(key: RSAPublicKey) -> bytes:
    """Return the X.509 form of a key that is loaded already."""
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def private() -> BadKeyError:
    """Return the error of a private key."""
    return BadKeyError(
        "this is a private key, and only its owner may have it",
        hint="remove it from here and give the public key; if others could read it, have the key pair replaced",
    )


def _text(data: bytes | str) -> str:
    if isinstance(data, str):
        return data.removeprefix("\ufeff")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadKeyError("the key is neither text nor DER", hint=_FORMS) from None


def _framed(text: str) -> tuple[bytes, ...]:
    """Return the DER of each PEM block; between them only blank lines and lines with ``#`` may stand."""
    if re.search(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY", text):
        raise private()
    found = tuple(_block(match) for match in _BLOCK.finditer(text))
    rest = [line.strip() for line in _BLOCK.sub("\n", text).splitlines()]
    if not found or len(found) > MOST_KEYS:
        raise BadKeyError("the PEM is cut off or damaged" if not found else "there are too many keys", hint=_FORMS)
    if any(line and not line.startswith("#") for line in rest):
        raise BadKeyError("there is something before, between or after the PEM blocks", hint="leave only the keys")
    return found


def _block(match: re.Match[str]) -> bytes:
    label, body, end = match.groups()
    if label == "CERTIFICATE":
        raise BadKeyError(
            "this is a certificate and no key", hint="openssl x509 -pubkey -noout -in FILE prints the key in it"
        )
    if label != end or label not in _PUBLIC:
        raise BadKeyError(f"a PEM of {label} is no public key", hint=_FORMS)
    return _decoded(body)


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()).encode("ascii"), validate=True)
    except (binascii.Error, ValueError):
        raise BadKeyError("the key is no base64", hint=_FORMS) from None
