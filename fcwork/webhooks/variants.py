"""Other forms that a body may have had before something on its way changed it; they are advice, and never accepted."""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote_to_bytes

BOM = b"\xef\xbb\xbf"
GZIP = b"\x1f\x8b"
MOST_PARSED = 2_000_000  # bytes: of bigger bodies only forms that need no parsing are tried
MOST_UNPACKED = 20_000_000
_COMPACT = (",", ":")
_REPARSED = "the body was parsed and written anew on its way: hand on the bytes that came, not what was made of them"
_ADDED = "something before the check adds to the body or takes off it (an editor, a shell, a text mode): keep the bytes"
_CODED = "the body was decoded or encoded on its way: hand on the bytes that came"


class Variant(NamedTuple):
    """One form of a body: what it is called, its bytes, and what to do if it is the one that was signed."""

    name: str
    raw: bytes
    hint: str


def variants(raw: bytes) -> Iterator[Variant]:
    """Yield the other forms of a body, those first that happen most; none is yielded twice."""
    seen = {raw}
    for name, made, hint in (*_ends(raw), *_lines(raw), *_codings(raw), *_unwrapped(raw), *_dumps(raw)):
        if made is not None and made not in seen:
            seen.add(made)
            yield Variant(name, made, hint)


def redumped(raw: bytes) -> bytes | None:
    """Return the body parsed and written anew as compact JSON, or None where it is none."""
    parsed = _parsed(raw)
    return None if parsed is _NOTHING else _dumped(parsed, separators=_COMPACT)


_Made = tuple[str, bytes | None, str]
_NOTHING = object()


def _ends(raw: bytes) -> Iterator[_Made]:
    if raw.endswith(b"\n"):
        yield "without the line feed at its end", raw.removesuffix(b"\n").removesuffix(b"\r"), _ADDED
    yield "without white space around it", raw.strip(), _ADDED
    yield "with a line feed at its end", raw + b"\n", _ADDED
    yield "with a carriage return and a line feed at its end", raw + b"\r\n", _ADDED
    yield "without the byte order mark", raw.removeprefix(BOM), _ADDED
    yield "with a byte order mark", BOM + raw, _ADDED
    yield "without the NULs at its end", raw.rstrip(b"\0"), _ADDED
    yield "as an empty one", b"", "the sender signed an empty body: the body came from somewhere else"


def _lines(raw: bytes) -> Iterator[_Made]:
    plain = raw.replace(b"\r\n", b"\n")
    yield "with line feeds in place of CRLF", plain, _ADDED
    yield "with CRLF in place of line feeds", plain.replace(b"\n", b"\r\n"), _ADDED


def _codings(raw: bytes) -> Iterator[_Made]:
    yield "as UTF-8, and not as Latin-1 text written as UTF-8", _attempt(lambda: raw.decode().encode("latin-1")), _CODED
    yield "as Latin-1 text", _attempt(lambda: raw.decode("cp1252").encode()), _CODED
    if b"%" in raw or b"+" in raw:
        yield "as it is URL-decoded", unquote_to_bytes(raw.replace(b"+", b" ")), _CODED
    yield "as it is base64-decoded", _attempt(lambda: base64.b64decode(raw.strip(), validate=True)), _CODED
    if raw.startswith(GZIP):
        yield (
            "as it is unpacked from gzip",
            _attempt(lambda: zlib.decompressobj(31).decompress(raw, MOST_UNPACKED)),
            _CODED,
        )


def _unwrapped(raw: bytes) -> Iterator[_Made]:
    """Yield what gateways and proxies put into an envelope."""
    hint = "a gateway wrapped the body: verify what is in its envelope"
    parsed = _parsed(raw)
    if isinstance(parsed, str):
        yield "as it is taken out of a JSON text", _attempt(parsed.encode), hint
    if isinstance(parsed, dict):
        for name in ("body", "payload", "rawBody", "data"):
            inner = parsed.get(name)
            if isinstance(inner, str):
                yield f"as the text in its field {name}", _attempt(inner.encode), hint
                decoded = _attempt(lambda text=inner: base64.b64decode(text, validate=True))  # type: ignore[misc]
                yield f"as the base64 in its field {name}", decoded, hint
    if b"=" in raw[:100] and len(raw) <= MOST_PARSED and parsed is _NOTHING:
        for name, text in _attempt(lambda: parse_qsl(raw.decode(), max_num_fields=20)) or ():
            yield f"as the form's field {name[:20]!r}", _attempt(text.encode), hint


def _dumps(raw: bytes) -> Iterator[_Made]:
    parsed = _parsed(raw)
    if not isinstance(parsed, dict | list):
        return
    compact = _dumped(parsed, separators=_COMPACT)
    escaped = _dumped(parsed, separators=_COMPACT, ensure_ascii=True)
    for name, made in (
        ("as compact JSON", compact),
        ("as compact JSON in ASCII", escaped),
        ("as Python's json.dumps writes it", _dumped(parsed, ensure_ascii=True)),
        ("as JSON with a blank after commas and colons", _dumped(parsed)),
        ("as compact JSON, names sorted", _dumped(parsed, separators=_COMPACT, sort_keys=True)),
        ("as json.dumps writes it, names sorted", _dumped(parsed, ensure_ascii=True, sort_keys=True)),
        ("as JSON indented by 2", _dumped(parsed, indent=2)),
        ("as JSON indented by 4", _dumped(parsed, indent=4)),
        ("as JSON indented by tabs", _dumped(parsed, indent="\t")),
        ("as compact JSON with escaped slashes, as PHP writes it", escaped and escaped.replace(b"/", b"\\/")),
        ("as compact JSON with <, > and & escaped, as Go writes it", compact and _as_go(compact)),
    ):
        yield name, made, _REPARSED
    yield "as compact JSON and a line feed", compact and compact + b"\n", _REPARSED


def _as_go(compact: bytes) -> bytes:
    return compact.replace(b"&", b"\\u0026").replace(b"<", b"\\u003c").replace(b">", b"\\u003e")


def _parsed(raw: bytes) -> Any:
    """Return what a body says as JSON, or ``_NOTHING``; a byte order mark is passed over."""
    if len(raw) > MOST_PARSED:
        return _NOTHING
    found = _attempt(lambda: (json.loads(raw.decode("utf-8-sig")),))
    return found[0] if found else _NOTHING


def _dumped(value: Any, *, ensure_ascii: bool = False, **options: Any) -> bytes | None:
    made: bytes | None = _attempt(lambda: json.dumps(value, ensure_ascii=ensure_ascii, **options).encode())
    return made


def _attempt(make: Callable[[], Any]) -> Any:
    try:
        return make()
    except (ValueError, RecursionError, binascii.Error, zlib.error):  # Unicode errors are ValueErrors
        return None
