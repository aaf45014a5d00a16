"""What passes between the app, its routes and its doors."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from fcwork.simulator.account import RETAILER_ID
from fcwork.simulator.arranged import Due

MAX_BODY_BYTES = 2_000_000  # docs.fluentcommerce.com: graphql-query-limits says 2 MB; decimal megabytes are assumed
CONDUCT = "fcwork.conduct"  # the key of the WSGI environment under which the app tells its door how to hand over


@dataclass(frozen=True)
class Conduct:
    """How a door hands over a reply: late, not at all, or only the first half of it."""

    delay_seconds: float = 0.0
    drop: bool = False
    half: bool = False


@dataclass(frozen=True)
class Call:
    """One request as a route sees it; what may hold credentials stays out of its repr."""

    method: str
    path: str
    query: Mapping[str, str]
    content_type: str
    correlation_id: str
    due: Due
    body: bytes = field(repr=False)
    authorization: str = field(repr=False)


@dataclass(frozen=True)
class Reply:
    """An answer: ``body`` is JSON-like, or bytes that go out as they are."""

    body: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)

    def content(self) -> bytes:
        """Return the body's bytes."""
        return self.body if isinstance(self.body, bytes) else orjson.dumps(self.body)


class RefusedError(Exception):
    """A request that is not done. It ends in a reply and never leaves the app.

    Args:
        status: of HTTP.
        message: what was wrong with the request.
        body: the whole answer, where it is not the usual one.
        headers: of the answer.
    """

    def __init__(
        self, status: int, message: str, *, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body = body
        self.headers = headers or {}

    def reply(self) -> Reply:
        """Return the answer to it; the shape ``{"errors": [{"message", "code"}]}`` is assumed."""
        usual = {"errors": [{"message": str(self), "code": str(self.status)}]}
        return Reply(usual if self.body is None else self.body, self.status, self.headers)


def json_body(call: Call) -> dict[str, Any]:
    """Return the request's JSON object, or refuse it: 415, 413 or 400."""
    if call.content_type != "application/json":
        raise RefusedError(415, f"send application/json, not {call.content_type or 'a body without a Content-Type'}")
    if len(call.body) > MAX_BODY_BYTES:
        raise RefusedError(413, f"the body has {len(call.body)} bytes, more than {MAX_BODY_BYTES}")
    try:
        document = orjson.loads(call.body)
    except orjson.JSONDecodeError as error:
        raise RefusedError(400, f"the body is no JSON: {error}") from None
    if not isinstance(document, dict):
        raise RefusedError(400, "the body is no JSON object")
    return document


def refuse_unknown(given: Iterable[str], known: Collection[str], what: str) -> None:
    """Refuse names that nobody knows, with 400."""
    if strangers := sorted(set(given) - set(known)):
        raise RefusedError(400, f"unknown {what} {', '.join(strangers)}; known: {', '.join(sorted(known)) or 'none'}")


def text_field(document: Mapping[str, Any], name: str) -> str:
    """Return a required text or id of a body as text, or refuse the body with 400."""
    value = document.get(name)
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        raise RefusedError(400, f"{name} is required and must be a text")
    return str(value)


def retailer_field(document: Mapping[str, Any]) -> str:
    """Return the body's retailer, or refuse one that the account does not have."""
    retailer_id = text_field(document, "retailerId")
    if retailer_id != RETAILER_ID:
        raise RefusedError(400, f"there is no retailer {retailer_id}; this account has {RETAILER_ID}")
    return retailer_id


def whole_number(query: Mapping[str, str], name: str, *, usual: int, low: int, high: int) -> int:
    """Return a number of the query string within its bounds, or refuse it with 400."""
    text = query.get(name, str(usual))
    if not text.isdecimal() or not low <= int(text) <= high:
        raise RefusedError(400, f"{name} must be a whole number from {low} to {high}, not {text!r}")
    return int(text)


def instant_text(instant: datetime) -> str:
    """Return an instant as the platform writes it, such as ``2026-02-05T06:31:56.895+00:00``."""
    return instant.isoformat(timespec="milliseconds")
