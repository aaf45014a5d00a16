"""Bodies and headers that were kept: exact bytes from a file, and headers from the forms in which people save them."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from fcwork.errors import SourceError

Headers: TypeAlias = list[tuple[str, str]]
"""Names and values, in their order; a name that came twice stands twice."""

BASE64 = "base64:"
BESIDE = (".headers.json", ".headers.txt", ".json")  # where the headers of a body lie, after the body's own ending
_EXACT = "give the file that holds the raw bytes: text that was copied and pasted is no longer what was signed"
_LINE = re.compile(r"^(?:[<>*] )?([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$")
_START = re.compile(r"^(?:[<>*] )?(?:[A-Z]+ \S+ )?HTTP/\d")


def read_body(payload: str | Path) -> bytes:
    """Return the exact bytes of a body: of a file, or of a text that begins with ``base64:``.

    Raises:
        SourceError: the file cannot be read, or the text is no base64.
    """
    if str(payload).startswith(BASE64):
        return _decoded(str(payload).removeprefix(BASE64))
    return _bytes(Path(payload), "body")


def read_headers(given: Mapping[str, Any] | Iterable[Any] | str | Path | None, *, body: str | Path = "") -> Headers:
    """Return the headers of a request.

    Args:
        given: a dict, its JSON, or pairs; or a file: JSON, with the headers at its top or under ``headers``, or lines
            of ``Name: value``. None looks beside the body: for ``order.json`` into ``order.headers.json``, for
            ``x.body``, as a receiver keeps it, into ``x.json``; where there is none, there are none.
        body: the file of the body.

    Raises:
        SourceError: the file cannot be read or holds no headers.
    """
    if given is None:
        found = beside(body)
        return read_headers(found) if found else []
    if not isinstance(given, str | Path):
        return _pairs(given, "the headers")
    if str(given).lstrip()[:1] == "{":
        return _document(str(given), Path("as they are given"))
    path = Path(given)
    text = _text(_bytes(path, "headers"), path)
    return _document(text, path) if text.lstrip()[:1] in {"{", "["} else _lines(text, path)


def read_received(given: str | Path | None, *, body: str | Path = "") -> dict[str, Any]:
    """Return what a receiver noted beside the headers: ``door``, ``scheme``, ``sha256`` and so on; else nothing.

    Raises:
        SourceError: the file cannot be read.
    """
    path = beside(body) if given is None else given
    if path is None or str(path).lstrip()[:1] == "{":
        return {}
    text = _text(_bytes(Path(path), "headers"), Path(path))
    document = _json(text, Path(path)) if text.lstrip()[:1] == "{" else _Object()
    noted = dict(document).get("received")
    return dict(noted) if isinstance(noted, _Object) else {}


def beside(body: str | Path) -> Path | None:
    """Return the file with the headers of a body's file; None where there is none."""
    if not body or str(body).startswith(BASE64):
        return None
    path = Path(body)
    found = (path.with_suffix(ending) for ending in BESIDE)
    return next((one for one in found if one != path and one.is_file()), None)


class _Object(list[tuple[str, Any]]):
    """A JSON object as pairs, so that a name that stands twice is not lost."""


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise SourceError("the payload is no base64", hint=f"write base64: and then the text; or {_EXACT}") from None


def _bytes(path: Path, what: str) -> bytes:
    try:
        return path.read_bytes()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        hint = _EXACT if what == "body" else "give the file that holds them: JSON, or lines of Name: value"
        raise SourceError(f"the {what} {path} cannot be read: {why}", hint=hint, uri=str(path)) from None


def _text(raw: bytes, path: Path) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise SourceError(f"the headers {path} are no text", hint="save them as UTF-8", uri=str(path)) from None


def _json(text: str, path: Path) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_Object)
    except (ValueError, RecursionError) as error:
        told = f"the headers {path} are no JSON: {error}"
        raise SourceError(told, hint='write {"headers": {"fluent-signature": "..."}}', uri=str(path)) from None


def _document(text: str, path: Path) -> Headers:
    document = _json(text, path)
    named = dict(document) if isinstance(document, _Object) else {}
    return _pairs(named.get("headers", document), f"the headers {path}")


def _lines(text: str, path: Path) -> Headers:
    """Return headers from lines, as they stand in a saved request or in what a command line tool shows."""
    head = text.strip().splitlines()
    lines = head[: next((at for at, line in enumerate(head) if not line.strip(" >")), len(head))]
    found = [_LINE.match(line) for line in lines if not _START.match(line)]
    if not found or not all(found):
        told = f"the headers {path} are no lines of Name: value"
        raise SourceError(told, hint="one header a line, as fluent-signature: ...", uri=str(path))
    return [(match[1], match[2]) for match in found if match]


def _pairs(given: Any, where: str) -> Headers:
    listed = list(given.items() if isinstance(given, Mapping) else given) if isinstance(given, Iterable) else [given]
    if not all(isinstance(pair, list | tuple) and len(pair) == 2 and isinstance(pair[0], str) for pair in listed):  # noqa: PLR2004 - a pair
        raise SourceError(f"{where} hold no names with values", hint='write {"fluent-signature": "..."}')
    return [(name, value if isinstance(value, str) else json.dumps(value)) for name, value in listed]
