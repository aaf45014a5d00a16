"""What the platform's codes and messages mean."""

from typing import Any

import pytest

from fcwork.client.codes import advise, code_of, is_warning
from fcwork.errors import AuthError, RateLimitError, RejectedError, ServerError

PASSING = ["C0003", "C0011", "S0002", "S0020", "S0021", "S0040", "S0041", "S0500", "S9999", "T0001", "T9999"]
LASTING = [
    "C0001",
    "C0002",
    "C0020",
    "C0021",
    "C0099",
    "C0101",
    "C0119",
    "C0120",
    "C0121",
    "C0123",
    "C0128",
    "C0139",
    "C0140",
    "C0159",
    "C0179",
    "C0180",
    "C9999",
    "S0001",
    "S0019",
    "S0030",
]


@pytest.mark.parametrize("code", PASSING)
def test_passing_codes(code: str) -> None:
    """Rate limits, starting views, server and third-party failures pass by themselves."""
    for spelling in (code, f"{code}E", f"{code}e".lower()):
        advice = advise(spelling)
        assert advice is not None
        assert advice.retryable
        assert advice.hint


@pytest.mark.parametrize("code", LASTING)
def test_lasting_codes(code: str) -> None:
    """Client errors, permissions and configuration do not pass, and the hint says how to mend them."""
    advice = advise(f"{code}E")
    assert advice is not None
    assert not advice.retryable
    assert advice.hint


@pytest.mark.parametrize("code", ["SYNTAX_ERROR", "TYPE_MISMATCH", "CONFLICT", "T001", "S00021E", "C0121X", "S", "404"])
def test_what_only_looks_like_a_code(code: str) -> None:
    """Only a letter with four digits, and E or W, is a platform code; other words say nothing, whatever the message."""
    assert advise(code, "timeout") is None


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("UNAUTHENTICATED", AuthError),
        ("forbidden", AuthError),
        ("TOO_MANY_REQUESTS", RateLimitError),
        ("INTERNAL_SERVER_ERROR", ServerError),
        ("SERVICE_UNAVAILABLE", ServerError),
        ("C0020E", AuthError),
        ("C0011E", RateLimitError),
        ("C0120E", RejectedError),
    ],
)
def test_codes_name_the_error(code: str, kind: type) -> None:
    """A code decides the type of the error."""
    advice = advise(code)
    assert advice is not None
    assert advice.kind is kind


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("Rate limit exceeded", RateLimitError),
        ("Too many requests", RateLimitError),
        ("Access denied", AuthError),
        ("Unauthorised", AuthError),
        ("network unreachable", ServerError),
        ("internal error", ServerError),
        ("Read timed out", ServerError),
        ("Connection reset by peer", ServerError),
    ],
)
def test_messages_without_a_code(message: str, kind: type) -> None:
    """Without a code, a few words of the message decide."""
    advice = advise("", message)
    assert advice is not None
    assert advice.kind is kind


@pytest.mark.parametrize(
    "message",
    ["Unknown type OrderConnection", "Something odd", "Order already exists", "Field is required", "", "None"],
)
def test_messages_that_say_nothing(message: str) -> None:
    """A message that names a connection as a type, or anything unknown, makes nothing retryable."""
    assert advise("", message) is None


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        ({"message": "x", "extensions": {"code": "C0121E"}}, "C0121E"),
        ({"message": "x", "code": 404}, "404"),
        ({"message": "C0011E: slow down"}, "C0011E"),
        ({"message": None}, ""),
        ({"message": "x", "extensions": None}, ""),
        ({"message": "x", "extensions": "odd"}, ""),
        ({"message": "order S1234 is closed"}, ""),
        ({}, ""),
    ],
)
def test_code_of_an_entry(entry: dict[str, Any], code: str) -> None:
    """The code is the extension's, the entry's own, or one that the message tells; odd entries have none."""
    assert code_of(entry) == code


def test_warnings() -> None:
    """A platform code that ends in W only warns."""
    assert is_warning({"message": "x", "extensions": {"code": "C0011W"}})
    assert not is_warning({"message": "x", "extensions": {"code": "C0011E"}})
    assert not is_warning({"message": "x", "extensions": {"code": "NOW"}})
