"""The only place that turns what went wrong with a call into one of the typed errors.

The platform's code decides first, then the HTTP status. Whether an unknown end is an ``OutcomeUnknownError`` depends on
the call: a read has no effect to wonder about.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import httpx
import orjson

from fcwork.client.calls import Answer, Call
from fcwork.client.codes import Advice, advise, code_of
from fcwork.errors import (
    ApiError,
    AuthError,
    BadRequestError,
    ConnectionFailedError,
    GraphQLError,
    NotFoundError,
    OutcomeUnknownError,
    RateLimitError,
    RejectedError,
    RetryableError,
    ServerError,
)
from fcwork.redact import mask, mask_url
from fcwork.retry import parse_retry_after

SHOWN = 500  # characters of a body, a message
_TOLD = 3  # errors of one answer that a message tells
_READ = 20_000  # enough of a body to mask it before it is cut
_NOT_REACHED = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
)
_NOT_RECEIVED = frozenset({408, 425, 429})  # turned away before it was done (RFC 9110, 8470, 6585)
_FINAL_5XX = frozenset({501, 505})
_ID_HEADERS = ("x-request-id", "request-id", "x-amzn-requestid", "x-amz-cf-id")  # assumed: the usual names
LOOK = "it may have taken effect: look for it before sending it again"
_HINTS: tuple[tuple[type[ApiError], str], ...] = (
    (AuthError, "check the credentials, the user's permissions and that base_url is this account's"),
    (NotFoundError, "check the id or reference, and that base_url is this account's"),
    (BadRequestError, "mend what the answer names and send it again"),
    (RateLimitError, "send less at a time, or try again later"),
    (ServerError, "the platform failed: try again later"),
)


def of_status(call: Call, response: httpx.Response, now: datetime) -> ApiError:
    """Return the error for an answer outside 2xx; its body has been read.

    Args:
        call: what was asked.
        response: the answer.
        now: the present instant, for a ``Retry-After`` that is a date.
    """
    status = response.status_code
    detail, code = _detail(response.content)
    advice = advise(code)
    kind = _kind(status, advice)
    message = f"{call.method} {call.path} was answered {status} {httpx.codes.get_reason_phrase(status)}".rstrip()
    facts = {**facts_of(call, response), "code": code}
    if response.has_redirect_location:
        message += f", a redirect to {mask_url(response.headers['location'])}, which is not followed"
        return kind(message, hint="the credentials would go along: check base_url", **facts)
    message += f": {detail}" if detail else ""
    untouched = advice.untouched if advice else status in _NOT_RECEIVED
    if issubclass(kind, RetryableError):
        asked = parse_retry_after(response.headers.get("retry-after"), now)
        return _undone(call, kind, message, hint=_hint(kind, advice), untouched=untouched, retry_after=asked, **facts)
    hint = "send less in one request: 2 MB at most" if status == httpx.codes.REQUEST_ENTITY_TOO_LARGE else ""
    return kind(message, hint=hint or _hint(kind, advice), **facts)


def of_transport(call: Call, failure: httpx.HTTPError) -> ApiError:
    """Return the error for a call without a whole answer."""
    host, url = failure.request.url.netloc.decode(), str(failure.request.url)
    facts = {"method": call.method, "url": mask_url(url)}
    reason = str(failure) or type(failure).__name__
    if "CERTIFICATE_VERIFY_FAILED" in reason:
        hint = "check base_url, and that this machine trusts the certificate (SSL_CERT_FILE names a bundle)"
        return RejectedError(f"the certificate of {host} is not trusted: {reason}", hint=hint, **facts)
    if isinstance(failure, _NOT_REACHED):
        hint = "check base_url, the network and the proxy settings"
        return ConnectionFailedError(f"{host} cannot be reached: {reason}", hint=hint, **facts)
    message = f"{call.method} {call.path} was sent and its answer did not arrive: {reason}"
    if call.effect == "none":
        return ConnectionFailedError(message, hint="try again later", **facts)
    return OutcomeUnknownError(message, hint=LOOK, **facts)


def of_body(call: Call, response: httpx.Response) -> ApiError:
    """Return the error for a 2xx answer whose body is no JSON or lacks what every answer has."""
    message = f"{call.method} {call.path} was answered {response.status_code} with something that is no JSON"
    kind = ServerError if call.effect == "none" else OutcomeUnknownError
    hint = "check base_url: it may be a page of something in between" if call.effect == "none" else LOOK
    return kind(message, hint=hint, **facts_of(call, response))


def of_graphql(call: Call, answer: Answer, errors: Sequence[Mapping[str, Any]]) -> ApiError:
    """Return the error for an answer that holds ``errors``, without warnings; the first lasting one decides."""
    advices = [advise(code_of(error), str(error.get("message") or "")) for error in errors]
    first = next((at for at, advice in enumerate(advices) if not (advice and advice.retryable)), 0)
    advice, code = advices[first], code_of(errors[first])
    facts = {**answer.facts(), "code": code}
    message = f"the query was answered with errors: {_joined(errors)}"
    if advice and advice.retryable:
        untouched = all(known is not None and known.untouched for known in advices)
        return _undone(call, advice.kind, message, hint=advice.hint, untouched=untouched, **facts)
    hint = advice.hint if advice else "mend the query or its variables"
    if advice and issubclass(advice.kind, AuthError):
        return AuthError(message, hint=hint, **facts)
    return GraphQLError(message, hint=hint, errors=list(errors), data=answer.data.get("data"), **facts)


def facts_of(call: Call, response: httpx.Response) -> dict[str, Any]:
    """Return what every error tells of an answer."""
    body = mask(response.content[:_READ].decode("utf-8", "replace"))[:SHOWN]
    return {
        "method": call.method,
        "url": mask_url(str(response.request.url)),
        "status": response.status_code,
        "request_id": next((response.headers[name] for name in _ID_HEADERS if name in response.headers), ""),
        "body": body,
    }


def _kind(status: int, advice: Advice | None) -> type[ApiError]:
    if advice and advice.kind is not RejectedError:
        return advice.kind
    by_status = _kind_of_status(status)
    return BadRequestError if advice and not issubclass(by_status, RejectedError) else by_status


def _kind_of_status(status: int) -> type[ApiError]:
    if status == httpx.codes.TOO_MANY_REQUESTS:
        return RateLimitError
    if status in _NOT_RECEIVED:
        return ServerError
    if status >= httpx.codes.INTERNAL_SERVER_ERROR:
        return RejectedError if status in _FINAL_5XX else ServerError
    if status in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
        return AuthError
    if status < httpx.codes.BAD_REQUEST:
        return RejectedError
    return NotFoundError if status == httpx.codes.NOT_FOUND else BadRequestError


def _undone(call: Call, kind: type[ApiError], message: str, *, hint: str, untouched: bool, **facts: Any) -> ApiError:
    """Return the retryable error, unless the call may have been done and must not be done twice."""
    if call.effect == "once" and not untouched:
        facts.pop("retry_after", None)
        return OutcomeUnknownError(message, hint=LOOK, **facts)
    return kind(message, hint=hint, **facts)


def _hint(kind: type[ApiError], advice: Advice | None) -> str:
    if advice and advice.hint:
        return advice.hint
    return next((hint for known, hint in _HINTS if issubclass(kind, known)), "")


def _detail(content: bytes) -> tuple[str, str]:
    """Return what a body says in words, and its code."""
    try:
        body = orjson.loads(content)
    except orjson.JSONDecodeError:
        return "", ""
    if not isinstance(body, Mapping):
        return "", ""
    errors = body.get("errors")
    entries = [entry for entry in (errors if isinstance(errors, list) else [body]) if isinstance(entry, Mapping)]
    code = next((found for found in map(code_of, entries) if found), "")
    return _joined(entries), code


def _joined(entries: Sequence[Mapping[str, Any]]) -> str:
    told = list(dict.fromkeys(text for text in map(_text, entries) if text))
    rest = f"; and {len(told) - _TOLD} more" if len(told) > _TOLD else ""
    return mask("; ".join(told[:_TOLD]))[:SHOWN] + rest


def _text(entry: Mapping[str, Any]) -> str:
    told = [entry.get(name) for name in ("message", "error_description", "error", "eventStatus")]
    text = next((value for value in told if value), "")
    return text if isinstance(text, str) else json.dumps(text, default=str)
