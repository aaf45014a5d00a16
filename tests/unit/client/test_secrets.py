"""No secret shows: not in what the client prints, nor in what its errors carry."""

import base64
import json
import logging
import pickle
import traceback
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote, quote_plus

import httpx
import pytest

from fcwork.client import FluentClient
from fcwork.client.auth import Credentials, Token
from fcwork.client.calls import Call
from fcwork.errors import ApiError, AuthError, ConfigError, FcworkError
from fcwork.redact import Secret
from fcwork.settings import Settings

SECRETS = ("s3cret/of the+client", "pa55 wörd&more", "access-token-1", "refresh-token-1", "access-token-2")
JOB = {"id": "1"}


def spellings() -> Iterator[bytes]:
    """Yield the secrets in the forms in which they travel."""
    for secret in SECRETS:
        for text in (secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1]):
            yield text.encode()
        yield base64.b64encode(secret.encode()).rstrip(b"=")[:-1]


def assert_silent(shown: bytes | str) -> None:
    """Fail where a secret stands in ``shown``."""
    data = shown.encode() if isinstance(shown, str) else shown
    assert [secret for secret in spellings() if secret in data] == []


def shown_forms(thing: Any) -> Iterator[str | bytes]:
    """Yield the ways in which an object shows itself, its attributes' included."""
    yield from (repr(thing), str(thing), f"{thing}", json.dumps(thing, default=str), json.dumps(thing, default=repr))
    yield pickle.dumps(thing)
    for value in vars(thing).values() if hasattr(thing, "__dict__") else ():
        yield from (repr(value), str(value), json.dumps(value, default=str, skipkeys=True))


def with_locals(error: BaseException) -> str:
    """Return an error's whole traceback below the test's own frame, chained errors and local variables included."""
    below = error.__traceback__.tb_next if error.__traceback__ else None
    return "".join(traceback.TracebackException(type(error), error, below, capture_locals=True).format())


def chain(error: BaseException) -> Iterator[BaseException]:
    """Yield the errors that an error is chained to."""
    for linked in (error.__cause__, error.__context__):
        if linked is not None:
            yield linked
            yield from chain(linked)


def test_client_and_settings_show_nothing(platform: Any, client: FluentClient) -> None:
    """P9: repr, str, format, vars, JSON and pickle of client, settings, credentials, token and call hold no secret."""
    platform.on("/graphql", (200, {"data": {"me": None}}))
    client.graphql("{ me { ref } }")
    token = client._http._auth._token
    assert isinstance(token, Token)
    assert token.access.reveal() == "access-token-1"
    credentials = Credentials("id", Secret(SECRETS[0]), "robot", Secret(SECRETS[1]))
    settings = Settings(
        base_url="https://a.example", client_id="id", client_secret=Secret(SECRETS[0]), password=Secret(SECRETS[1])
    )
    call = Call("POST", "/oauth/token", body=SECRETS[0].encode())
    for thing in (client, token, credentials, settings):
        for form in shown_forms(thing):
            assert_silent(form)
    for part in (client._http, client._http._auth, client._graphql, client._jobs, client._events):
        assert_silent(f"{part!r} {vars(part)!r}")
    assert_silent(f"{call!r} {call}")


def test_pickled_client_says_what_it_lost(platform: Any, client: FluentClient) -> None:
    """P9: a client that went through a pickle keeps its target, has lost its secrets, and says so when it is used."""
    copy = pickle.loads(pickle.dumps(client))  # noqa: S301 - our own bytes
    assert (copy.target, platform.grants) == (client.target, [])
    with pytest.raises(ConfigError, match="pickle") as raised:
        copy.graphql("{ me { ref } }")
    assert_silent(with_locals(raised.value))
    copy.close()


FAILURES = {
    "refused credentials": ("/oauth/token", (401, {"error": "invalid_client", "error_description": SECRETS[0]})),
    "token endpoint down": ("/oauth/token", (503, SECRETS[1].encode())),
    "token endpoint unreachable": ("/oauth/token", httpx.ConnectError("refused")),
    "token endpoint silent": ("/oauth/token", httpx.ReadTimeout("slow")),
    "no token": ("/oauth/token", (200, {"access_token": "access-token-1 with space", "refresh_token": SECRETS[3]})),
    "unauthorised": ("/api/v4.1/job", (401, {"message": "access-token-1 and access-token-2 are no good"})),
    "forbidden": ("/api/v4.1/job", (403, {"message": f"Bearer {SECRETS[2]}"})),
    "failed": ("/api/v4.1/job", (500, SECRETS[2].encode())),
    "secret across the cut": ("/api/v4.1/job", (400, b"x" * 490 + SECRETS[2].encode())),
    "redirected": ("/api/v4.1/job", (302, b"", {"location": "https://evil.example/?t=access-token-1"})),
    "no json": ("/api/v4.1/job", (200, b"access-token-1")),
    "unreachable": ("/api/v4.1/job", httpx.ConnectTimeout("slow")),
    "lost": ("/api/v4.1/job", httpx.RemoteProtocolError("Server disconnected")),
    "half": ("/api/v4.1/job", httpx.ReadError("reset")),
}


@pytest.mark.parametrize("case", FAILURES)
def test_errors_show_nothing(platform: Any, client: FluentClient, case: str) -> None:
    """P9: whatever goes wrong, the error, its traceback with locals, its pickle and its chain hold no secret."""
    path, answer = FAILURES[case]
    platform.on("/api/v4.1/job", (200, JOB))
    platform.on(path, answer)
    with pytest.raises(ApiError) as raised:
        client.create_job("j")
    error = raised.value
    assert_silent(with_locals(error))
    assert list(chain(error)) == []
    for form in shown_forms(error):
        assert_silent(form)


def test_error_cut_in_a_secret_masks_it_whole(platform: Any, client: FluentClient) -> None:
    """P9: a body is masked before it is cut, so that no half of a secret is left."""
    platform.on("/api/v4.1/job", (400, b"x" * 490 + b"access-token-1 is no good"))
    with pytest.raises(ApiError) as raised:
        client.create_job("j")
    assert "access-tok" not in raised.value.body
    assert len(raised.value.body) <= 500


@pytest.mark.parametrize(
    "base_url", ["http://acme.example", "file:///etc/passwd", "https://169.254.169.254", "ftp://x"]
)
def test_refused_settings_show_nothing(base_url: str) -> None:
    """P9, P25: a base URL that is refused leaves no secret in the traceback's locals."""
    with pytest.raises(ConfigError) as raised:
        FluentClient(base_url=base_url, client_id="id", client_secret=SECRETS[0], username="u", password=SECRETS[1])
    assert_silent(with_locals(raised.value))


def test_graphql_errors_show_nothing(platform: Any, client: FluentClient) -> None:
    """P9: errors and data of a query are masked in the error that carries them."""
    answer = {
        "data": {"me": {"ref": "access-token-1"}},
        "errors": [{"message": "no access-token-1", "path": ["access-token-1"]}],
    }
    platform.on("/graphql", (200, answer))
    with pytest.raises(FcworkError) as raised:
        client.graphql("{ me { ref } }")
    for form in shown_forms(raised.value):
        assert_silent(form)
    assert_silent(with_locals(raised.value))


def test_http_libraries_log_no_secret(
    platform: Any, make_client: Callable[..., FluentClient], caplog: pytest.LogCaptureFixture
) -> None:
    """P9: with httpx and httpcore at DEBUG, no captured line holds a secret."""
    platform.on("/graphql", (401, {"error": "access-token-1"}))
    with caplog.at_level(logging.DEBUG), pytest.raises(AuthError):
        make_client().graphql("{ me { ref } }")
    assert "HTTP Request" in caplog.text
    assert_silent(caplog.text)
