"""What a request signed by HMAC claims, read strictly; and which secret, if any, bears it out."""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from dataclasses import dataclass
from typing import Any

from fcwork.errors import MalformedSignatureError, MissingSignatureError
from fcwork.webhooks.headers import LONGEST, values
from fcwork.webhooks.schemes import DIGESTS, HmacScheme
from fcwork.webhooks.secrets import SigningSecret

MOST_SIGNATURES = 16  # in one header: a rotation needs two or three
ID = re.compile(r"[\x21-\x7e]{1,256}")
_OTHER = "is that the scheme of its sender? A proxy may drop headers that it does not know"
_SECONDS = re.compile(r"[0-9]{1,12}", re.ASCII)


@dataclass(frozen=True)
class Claim:
    """What a request says of itself; nothing of it is believed yet."""

    signatures: tuple[bytes, ...]
    timestamp: str = ""
    id: str = ""


def claimed(scheme: HmacScheme, headers: Any) -> Claim:
    """Return what the headers claim, read strictly."""
    parts = _parts(scheme, _header(headers, scheme.header))
    marked = [part.removeprefix(scheme.prefix) for part in parts if part.startswith(scheme.prefix)]
    if not marked:
        raise MissingSignatureError(
            f"the {scheme.header} header holds no signature of the kind {scheme.prefix}…", hint=_OTHER
        )
    if len(marked) > MOST_SIGNATURES:
        raise MalformedSignatureError(f"the {scheme.header} header holds over {MOST_SIGNATURES} signatures")
    signatures = tuple(_decoded(scheme, text) for text in marked)
    return Claim(signatures, _timestamp(scheme, headers, parts), _delivery(scheme, headers))


def _header(headers: Any, name: str) -> str:
    """Return the one value of a header."""
    found = set(values(headers, name))
    if not found:
        raise MissingSignatureError(f"the request has no {name} header", hint=_OTHER)
    if len(found) > 1 or max(map(len, found)) > LONGEST:
        raise MalformedSignatureError(f"the {name} header comes twice, with other values, or is too long")
    return found.pop()


def _parts(scheme: HmacScheme, value: str) -> list[str]:
    return [part.strip(" \t") for part in value.split(scheme.separator)] if scheme.separator else [value]


def _decoded(scheme: HmacScheme, text: str) -> bytes:
    """Return the signature's bytes; what has another spelling of the same bytes is none."""
    try:
        found = bytes.fromhex(text) if scheme.encoding == "hex" else base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        found = b""
    same = found.hex() == text.lower() if scheme.encoding == "hex" else base64.b64encode(found).decode() == text
    if len(found) != DIGESTS[scheme.algorithm] or not same:
        raise MalformedSignatureError(
            f"the {scheme.header} header is no {scheme.encoding} of {DIGESTS[scheme.algorithm]} bytes",
            hint="cut off, quoted or re-encoded on its way here?",
        )
    return found


def _timestamp(scheme: HmacScheme, headers: Any, parts: list[str]) -> str:
    if not scheme.is_timed:
        return ""
    if scheme.timestamp_prefix:
        found = [
            part.removeprefix(scheme.timestamp_prefix) for part in parts if part.startswith(scheme.timestamp_prefix)
        ]
        name = f"{scheme.timestamp_prefix} of the {scheme.header} header"
    else:
        found, name = [_header(headers, scheme.timestamp_header)], f"{scheme.timestamp_header} header"
    if len(found) != 1 or not _SECONDS.fullmatch(found[0]):
        raise MalformedSignatureError(f"the {name} is not one time in Unix seconds")
    return found[0]


def _delivery(scheme: HmacScheme, headers: Any) -> str:
    """Return the signed id; one with a separator in it would let a text be read in two ways."""
    if not scheme.has_id:
        return ""
    found = _header(headers, scheme.id_header)
    if not ID.fullmatch(found) or set(found) & set(scheme.separators):
        raise MalformedSignatureError(f"the {scheme.id_header} header is no id")
    return found


def signer(scheme: HmacScheme, keys: list[SigningSecret], claim: Claim, body: bytes) -> str | None:
    """Return the name of the secret that signed; the work is the same whichever it is, and if it is none."""
    signed = message(scheme, claim, body)
    fitting = [
        key.name
        for key in keys
        if any([hmac.compare_digest(key.digest(signed, scheme.algorithm), found) for found in claim.signatures])  # noqa: C419
    ]
    return fitting[0] if fitting else None


def message(scheme: HmacScheme, claim: Claim, body: bytes) -> bytes:
    """Return what the sender hashes."""
    head = scheme.signed.removesuffix("{body}").replace("{timestamp}", claim.timestamp).replace("{id}", claim.id)
    return head.encode() + body
