"""What the sender is told: a status and a word, and nothing that would help a forger."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import escape

from fcwork.errors import WebhookError

_WORDS = {
    200: "accepted",
    400: "malformed",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    408: "timeout",
    409: "conflict",
    411: "length_required",
    413: "too_large",
    429: "too_many_requests",
    500: "error",
    503: "stopping",
}
_BY_REASON = {
    "MALFORMED_EVENT": 400,
    "WRONG_TENANT": 403,
    "MISSING_SCOPE": 403,
    "BAD_KEY": 500,  # nobody can say whether it is genuine, so the sender may repeat it
    "ALGORITHM_UNAVAILABLE": 500,
}


@dataclass(frozen=True)
class Answer:
    """An answer to a request.

    Attributes:
        status: of HTTP.
        word: what it means, for programs.
        id: of the request's job, where there is one.
        headers: besides type and length.
        told: facts besides.
    """

    status: int
    word: str
    id: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    told: dict[str, Any] = field(default_factory=dict)

    def content(self, kind: str) -> tuple[str, bytes]:
        """Return its type and its bytes: XML for those who speak that, JSON for others."""
        told = {"status": self.word, **({"id": self.id} if self.id else {}), **self.told}
        if kind != "xml":
            return "application/json", json.dumps(told).encode()
        parts = "".join(f"<{name}>{escape(str(text))}</{name}>" for name, text in told.items())
        return "application/xml", f'<?xml version="1.0" encoding="UTF-8"?>\n<response>{parts}</response>'.encode()


class RefusedError(Exception):
    """A request is answered before it came to the inbox.

    Args:
        status: of the answer.
        reason: why, for ourselves.
        detail: the same in words.
        headers: of the answer.
    """

    def __init__(self, status: int, reason: str, detail: str = "", **headers: str) -> None:
        super().__init__(detail or reason)
        self.status = status
        self.reason = reason
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}

    @classmethod
    def of(cls, error: WebhookError) -> RefusedError:
        """Return how a request is answered that was not found genuine."""
        return cls(_BY_REASON.get(error.reason, 401), error.reason or "UNVERIFIED", error.message)


def answer(status: int, job_id: str = "", *, word: str = "", headers: dict[str, str] | None = None) -> Answer:
    """Return the answer of a status, with its usual word unless another is given."""
    return Answer(status, word or _WORDS[status], job_id, headers or {})
