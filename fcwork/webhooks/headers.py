"""Signature headers: found whatever their case, in whatever a web framework hands on, and read strictly."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from fcwork.errors import MalformedSignatureError
from fcwork.webhooks.algorithms import HEADERS

LONGEST = 4_096  # characters; a key of 16,384 bits makes 2,732
_HINT = "the header holds the base64 of one signature, as the platform sent it"


class Signature(NamedTuple):
    """What a header says: its name as the platform spells it, the algorithm, and the text that is to be decoded."""

    header: str
    algorithm: str
    text: str


def signatures(headers: Any) -> dict[str, Signature]:
    """Return the signatures of a request, by algorithm.

    Args:
        headers: a mapping or pairs, of texts or bytes, of HTTP, WSGI or ASGI; values may be lists.

    Raises:
        MalformedSignatureError: these are no headers, or an algorithm has two signatures.
    """
    found: dict[str, Signature] = {}
    names: set[str] = set()
    for raw_name, value in pairs(headers):
        name = _name(raw_name)
        algorithm = HEADERS.get(name)
        if algorithm is None or value is None:
            continue
        given = Signature(name, algorithm, _value(name, value))
        if name in names or (algorithm in found and found[algorithm].text != given.text):
            raise MalformedSignatureError(f"there is more than one signature in {name} or beside it", hint=_HINT)
        names.add(name)
        found.setdefault(algorithm, given)
    return found


def values(headers: Any, name: str) -> list[str]:
    """Return the values of one header, white space around them taken off; none where it is missing or empty.

    Args:
        headers: as in ``signatures``.
        name: in small letters.

    Raises:
        MalformedSignatureError: these are no headers, or its value is no text.
    """
    found = [_value(name, value).strip(" \t") for given, value in pairs(headers) if _name(given) == name]
    return [text for text in found if text]


def decoded(signature: Signature) -> bytes:
    """Return the bytes of a signature; only the one proper spelling of them is read.

    Raises:
        MalformedSignatureError: it is empty, too long, or no proper base64.
    """
    text = signature.text.strip(" \t")
    if not text:
        raise MalformedSignatureError(f"{signature.header} is empty", hint=_HINT)
    if len(text) > LONGEST:
        raise MalformedSignatureError(f"{signature.header} has {len(text):,} characters, too many", hint=_HINT)
    try:
        encoded = text.encode("ascii")
        raw = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise MalformedSignatureError(f"{signature.header} is no base64", hint=_HINT) from None
    if base64.b64encode(raw) != encoded:  # bits of the padding that say nothing would make two texts of one signature
        raise MalformedSignatureError(f"{signature.header} is not the proper base64 of its bytes", hint=_HINT)
    return raw


def pairs(headers: Any) -> Iterator[tuple[Any, Any]]:
    """Yield names and single values.

    Raises:
        MalformedSignatureError: these are no headers.
    """
    if headers is None:
        return
    items = getattr(headers, "multi_items", None) or getattr(headers, "items", None)
    given = items() if callable(items) else headers
    if isinstance(given, str | bytes | bytearray) or not isinstance(given, Iterable | Mapping):
        raise _no_headers(headers)
    for pair in given:
        if not isinstance(pair, tuple | list) or len(pair) != 2:  # noqa: PLR2004 - name and value
            raise _no_headers(headers)
        name, value = pair
        if isinstance(value, list | tuple):
            yield from ((name, each) for each in value)
        else:
            yield name, value


def _no_headers(headers: Any) -> MalformedSignatureError:
    return MalformedSignatureError(
        f"{type(headers).__name__} holds no headers", hint="give a mapping, or pairs of names and values"
    )


def _name(name: Any) -> str:
    text = bytes(name).decode("latin-1") if isinstance(name, bytes | bytearray) else name
    if not isinstance(text, str):
        return ""
    lowered = text.lower()
    return lowered.removeprefix("http_").replace("_", "-") if lowered.startswith("http_") else lowered


def _value(name: str, value: Any) -> str:
    text = bytes(value).decode("latin-1") if isinstance(value, bytes | bytearray) else value
    if not isinstance(text, str):
        raise MalformedSignatureError(f"{name} is {type(value).__name__}, not a text", hint=_HINT)
    return text
