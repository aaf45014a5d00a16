"""Entries of ``errors`` in an answer of GraphQL: to which mutation they belong, and what they say."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fcwork.redact import mask

Entry = Mapping[str, Any]

_SHOWN = 500  # characters of a message
_PLATFORM = re.compile(r"([CST])\d{4}[EW]?")
_IN_TEXT = re.compile(r"\b[CST]\d{4}[EW]\b")
_VARIABLE = re.compile(r"(?:\$|\bvariable\s+['\"`]?)([_a-z]\w*)", re.ASCII | re.IGNORECASE)
# docs.fluentcommerce.com, error-codes: a view that is still set up, the rate limit; the words are assumed
_TURNED_AWAY = frozenset({"C0003", "C0011", "TOO_MANY_REQUESTS", "RATE_LIMITED", "RATE_LIMIT_EXCEEDED", "THROTTLED"})
# assumed: what GraphQL servers share, and graphql-java's classifications for what breaks off while it runs
_BROKEN_OFF = frozenset(
    {
        "INTERNAL_SERVER_ERROR",
        "INTERNAL_ERROR",
        "SERVICE_UNAVAILABLE",
        "TIMEOUT",
        "GATEWAY_TIMEOUT",
        "DATAFETCHINGEXCEPTION",
        "EXECUTIONABORTED",
    }
)


def entries(errors: Any) -> list[Entry]:
    """Return what an answer holds as ``errors``, whatever its form, as a list of objects."""
    if not errors:
        return []
    listed = errors if isinstance(errors, list | tuple) else [errors]
    return [entry if isinstance(entry, Mapping) else {"message": str(entry)} for entry in listed]


def path_of(entry: Entry) -> tuple[Any, ...]:
    """Return the path in the answer that an error is about; empty where it is about the request."""
    path = entry.get("path")
    return tuple(path) if isinstance(path, list | tuple) else ()


def field_of(entry: Entry) -> str:
    """Return the path below the alias, joined by dots."""
    return ".".join(map(str, path_of(entry)[1:]))


def code_of(entry: Entry) -> str:
    """Return an error's code: its extension's, its own, the one that its message tells, or its classification."""
    held = entry.get("extensions")
    extensions = held if isinstance(held, Mapping) else {}
    told = _IN_TEXT.search(str(entry.get("message") or ""))
    kind = extensions.get("classification")  # graphql-java: a text, or an object of the server's own
    candidates = (extensions.get("code"), entry.get("code"), told and told.group(), isinstance(kind, str) and kind)
    return next((str(code) for code in candidates if code), "")


def message_of(entry: Entry) -> str:
    """Return what an error says, known secrets masked."""
    return mask(str(entry.get("message") or "an error without a message"))[:_SHOWN]


def broke_off(entry: Entry) -> bool:
    """Say whether an error leaves open what was done: the platform failed while at it.

    Of the platform's codes those that begin with S (server) and T (a third party) do, those with C (client) do not.
    Source: docs.fluentcommerce.com, error-codes; that a failure of the server's may come after the effect is assumed.
    """
    code = code_of(entry).upper()
    known = _PLATFORM.fullmatch(code)
    return known.group(1) != "C" if known else code in _BROKEN_OFF


def turned_away(entry: Entry) -> bool:
    """Say whether an error tells that nothing was done and the same may go through later."""
    code = code_of(entry).upper()
    return (code[:5] if _PLATFORM.fullmatch(code) else code) in _TURNED_AWAY


def variable_in(entry: Entry) -> str:
    """Return the first variable that an error's message names, without ``$``, or nothing: what follows may be data.

    The spellings ``$input2`` and ``Variable 'input2'`` are those of graphql-js and graphql-java.
    """
    named = _VARIABLE.search(str(entry.get("message") or ""))
    return named.group(1) if named else ""
