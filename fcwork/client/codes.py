"""What the platform's error codes mean for the caller: whether to try again, and what to mend.

A platform code is one letter (C client, S server, T third party), four digits, and E for an error or W for a warning
(docs.fluentcommerce.com: graphql error codes; which ones pass by themselves follows SDK 0.1.56). The codes in words are
those that GraphQL servers share. Where there is no code, a few words of the message decide.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fcwork.errors import ApiError, AuthError, RateLimitError, RejectedError, RetryableError, ServerError

_PLATFORM = re.compile(r"([CST])(\d{4})([EW]?)")
_TOO_COMPLEX = "C0001"
_IN_TEXT = re.compile(r"\b[CST]\d{4}[EW]\b")


@dataclass(frozen=True)
class Advice:
    """What a code says.

    Attributes:
        kind: the error to raise; ``RejectedError`` leaves the finer type to the caller.
        hint: how to mend it.
        untouched: the platform turned the call away before doing anything, so even a call that must not happen twice
            may be made again.
    """

    kind: type[ApiError]
    hint: str = ""
    untouched: bool = False

    @property
    def retryable(self) -> bool:
        """Whether the same call may go through later."""
        return issubclass(self.kind, RetryableError)


_CODES: Mapping[str, Advice] = {
    _TOO_COMPLEX: Advice(RejectedError, "the query is too complex: ask for fewer fields or smaller pages"),
    "C0003": Advice(ServerError, "the virtual view is still being set up: wait a minute", untouched=True),
    "C0011": Advice(RateLimitError, "the account's rate limit is reached: send less at a time", untouched=True),
    "C0020": Advice(AuthError, "the user lacks a permission that this call needs: ask the account's administrator"),
    "C0101": Advice(RejectedError, "give the date range a from or a to"),
    "C0102": Advice(RejectedError, "give the date range both a from and a to"),
    "C0103": Advice(RejectedError, "the date range is too long for the granularity: make it shorter"),
    "C0120": Advice(RejectedError, "something that this refers to does not exist: check the references in it"),
    "C0121": Advice(RejectedError, "the order reference exists already: it may have been created before"),
    "C0122": Advice(RejectedError, "a number is not allowed there: amounts and quantities are positive"),
    "C0123": Advice(RejectedError, "it exists already: references are unique"),
    "C0128": Advice(RejectedError, "several products share this reference: name the catalogue"),
    "C0140": Advice(RejectedError, "a variable or required field is missing"),
    "C0141": Advice(RejectedError, "a text is too long: 255 characters unless the schema says otherwise"),
    "S0002": Advice(ServerError, "the platform failed: try again later"),
    "S0020": Advice(ServerError, "the platform failed: try again later"),
    "S0030": Advice(RejectedError, "the virtual view could not be set up: ask Fluent's support"),
    "S0040": Advice(ServerError, "the platform could not check the credentials: try again later"),
}
_RANGES: tuple[tuple[str, int, int, Advice], ...] = (
    ("C", 1, 19, Advice(RejectedError, "a limit of the API is reached: ask for less at a time")),
    ("C", 100, 119, Advice(RejectedError, "a date is not allowed there: check its form and range")),
    ("C", 120, 139, Advice(RejectedError, "a field holds a value that is not allowed: check what was sent")),
    ("C", 140, 159, Advice(RejectedError, "the request does not have the form that the schema asks for")),
    ("C", 160, 179, Advice(RejectedError, "a validation of this account refused it")),
    ("C", 0, 9999, Advice(RejectedError, "check what was sent")),
    ("S", 1, 19, Advice(RejectedError, "the account's configuration is at fault: ask Fluent's support")),
    ("S", 0, 9999, Advice(ServerError, "the platform failed: try again later")),
    ("T", 0, 9999, Advice(ServerError, "a system behind the platform failed: try again later")),
)
_DENIED = Advice(AuthError, "check the credentials and the user's permissions")
_CROWDED = Advice(RateLimitError, "too many calls: send less at a time", untouched=True)
_FAILED = Advice(ServerError, "the platform failed: try again later")
_WORDS: Mapping[str, Advice] = {
    **dict.fromkeys(("UNAUTHENTICATED", "UNAUTHORIZED", "FORBIDDEN", "ACCESS_DENIED"), _DENIED),
    **dict.fromkeys(("TOO_MANY_REQUESTS", "RATE_LIMITED", "RATE_LIMIT_EXCEEDED", "THROTTLED"), _CROWDED),
    **dict.fromkeys(
        ("INTERNAL_SERVER_ERROR", "INTERNAL_ERROR", "SERVICE_UNAVAILABLE", "TIMEOUT", "GATEWAY_TIMEOUT"), _FAILED
    ),
}
_MESSAGES: tuple[tuple[re.Pattern[str], Advice], ...] = (
    (re.compile(r"rate limit|too many requests", re.IGNORECASE), _CROWDED),
    (re.compile(r"access denied|unauthori[sz]ed|not authenticated|permission", re.IGNORECASE), _DENIED),
    (
        re.compile(
            r"time(d )?out\b|connection (reset|refused|closed|lost|error)|network (error|unreachable)"
            r"|internal (server )?error|service unavailable",
            re.IGNORECASE,
        ),
        _FAILED,
    ),
)


def code_of(error: Mapping[str, Any]) -> str:
    """Return the code of one entry of ``errors``: its extension's, its own, or the one that its message tells."""
    extensions = error.get("extensions")
    named = extensions.get("code") if isinstance(extensions, Mapping) else None
    code = named or error.get("code")
    if code:
        return str(code)
    told = _IN_TEXT.search(str(error.get("message") or ""))
    return told.group() if told else ""


def is_warning(error: Mapping[str, Any]) -> bool:
    """Say whether an entry of ``errors`` only warns: its platform code ends in W."""
    match = _PLATFORM.fullmatch(code_of(error).upper())
    return match is not None and match.group(3) == "W"


def is_too_complex(code: str) -> bool:
    """Say whether a code means that the query asks for too much at once (docs: graphql-query-limits)."""
    return code.upper()[:5] == _TOO_COMPLEX


def advise(code: str, message: str = "") -> Advice | None:
    """Return what a code says, or else what the message says; None where neither is known."""
    known = code.upper()
    if match := _PLATFORM.fullmatch(known):
        letter, number = match.group(1), int(match.group(2))
        return _CODES.get(known[:5]) or next(
            advice for prefix, low, high, advice in _RANGES if prefix == letter and low <= number <= high
        )
    if known in _WORDS:
        return _WORDS[known]
    return None if code else next((advice for pattern, advice in _MESSAGES if pattern.search(message)), None)
