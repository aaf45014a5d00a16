"""What a refused signature still tells: which key made it, by which hash, and of which bytes.

An RSA signature gives back the hash that was signed to whoever has the public key. So it can be told whether a known
key made it, over whatever bytes, and each form that the body may have had is one look at its hash. This serves advice
alone: ``verify`` takes nothing apart.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import unquote

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from fcwork.webhooks.algorithms import HEADERS, MD5, SHA512
from fcwork.webhooks.headers import LONGEST, pairs
from fcwork.webhooks.keys import PublicKey

MOST_READINGS, MOST_KEYS = 16, 100
_LIKELY = re.compile(r"sign|flex|fluent", re.IGNORECASE)
_MARK = re.compile(r"^(?:sha-?\d+(?:withrsa)?|rsa|v1|sig|signature)\s*[=:,]\s*", re.IGNORECASE)
_HEX = re.compile(r"(?:[0-9a-fA-F]{2})+")
_NAMES: Mapping[str, str] = MappingProxyType(
    {"sha512": SHA512, "md5": MD5, "sha256": "SHA256withRSA", "sha1": "SHA1withRSA"}
)
_INFO: Mapping[bytes, str] = MappingProxyType(  # how a signed block says which hash follows (RFC 8017, 9.2)
    {
        bytes.fromhex("3051300d060960864801650304020305000440"): "sha512",
        bytes.fromhex("3020300c06082a864886f70d020505000410"): "md5",
        bytes.fromhex("3031300d060960864801650304020105000420"): "sha256",
        bytes.fromhex("3021300906052b0e03021a05000414"): "sha1",
    }
)


class Reading(NamedTuple):
    """A header read as a signature, strictly or not."""

    header: str
    raw: bytes
    looseness: str


class Trace(NamedTuple):
    """What a known key signed."""

    header: str
    looseness: str
    key: str
    hash: str
    digest: bytes

    @property
    def algorithm(self) -> str:
        """The algorithm's name."""
        return _NAMES[self.hash]


def readings(headers: Any) -> list[Reading]:
    """Return what may be a signature among the headers, however it is written."""
    found: list[Reading] = []
    for name, value in pairs(headers):
        header, text = plain(name), plain(value)
        if _LIKELY.search(header) and 0 < len(text) <= LONGEST and len(found) < MOST_READINGS:
            raw, looseness = loosely(text)
            found += [Reading(header, raw, looseness)] if raw else []
    return found


def loosely(text: str) -> tuple[bytes, str]:
    """Return the bytes of a signature that is not written as it should be, and what is odd about it."""
    odd: list[str] = []
    for what, made in (
        ("white space", text.strip()),
        ("quotes", text.strip().strip("\"'")),
    ):
        if made != text:
            odd, text = [*odd, f"with {what} around it"], made
    if _MARK.match(text):
        odd, text = [*odd, "with a mark before it"], _MARK.sub("", text)
    if "%" in text:
        odd, text = [*odd, "URL-encoded"], unquote(text)
    if _HEX.fullmatch(text):
        return bytes.fromhex(text), ", ".join([*odd, "in hex"])
    text, more = _proper(text)
    try:
        return base64.b64decode(text, validate=True), ", ".join(odd + more)
    except (binascii.Error, ValueError):
        return b"", ""


def _proper(text: str) -> tuple[str, list[str]]:
    """Return what was base64 once as base64, and what had become of it."""
    odd: list[str] = []
    if " " in text:
        odd, text = [*odd, "with blanks for plus signs"], text.replace(" ", "+")
    if set(text) & set("\r\n\t"):
        odd, text = [*odd, "in several lines"], re.sub(r"[\r\n\t]", "", text)
    if "-" in text or "_" in text:
        odd, text = [*odd, "as base64url"], text.translate(str.maketrans("-_", "+/"))
    if len(text) % 4:
        odd, text = [*odd, "without its padding"], text + "=" * (-len(text) % 4)
    return text, odd


def traces(found: Iterable[Reading], keys: Iterable[PublicKey]) -> list[Trace]:
    """Return what known keys signed of what may be signatures, the strongest hashes first."""
    known = [(key, load_der_public_key(key.der)) for key in list(keys)[:MOST_KEYS]]
    made = [trace for reading in found for key, rsa in known for trace in _trace(reading, key, rsa)]
    return sorted(made, key=lambda trace: len(trace.digest), reverse=True)


def _trace(reading: Reading, key: PublicKey, rsa: Any) -> Iterator[Trace]:
    if not isinstance(rsa, RSAPublicKey) or len(reading.raw) != key.size:
        return
    try:
        info = rsa.recover_data_from_signature(reading.raw, PKCS1v15(), None)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return
    for head, name in _INFO.items():
        if info.startswith(head) and len(info) == len(head) + head[-1]:
            yield Trace(
                reading.header, reading.looseness, key.name or f"{key.fingerprint[:16]}…", name, info[len(head) :]
            )


def oddness(trace: Trace) -> str:
    """Return what is odd about where a signature stood, or nothing."""
    expected = HEADERS.get(trace.header)
    odd = [trace.looseness] if trace.looseness else []
    if expected is None:
        odd.append(f"in the header {trace.header}")
    elif expected != trace.algorithm:
        odd.append(f"{trace.algorithm} in the header of {expected}")
    return ", ".join(odd)


def plain(value: Any) -> str:
    """Return a header's name or value as text; what is neither text nor bytes as nothing."""
    text = bytes(value).decode("latin-1") if isinstance(value, bytes | bytearray) else value
    return text if isinstance(text, str) else ""
