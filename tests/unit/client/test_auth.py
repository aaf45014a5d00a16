"""Tokens: fetched and renewed once for all threads, refused clearly."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from fcwork.client import FluentClient
from fcwork.clock import ManualClock
from fcwork.errors import AuthError, ConnectionFailedError, NotFoundError, RejectedError, ServerError

ME = "{ me { ref } }"
OK = (200, {"data": {"me": {"ref": "robot"}}})


def grants(platform: Any) -> list[str]:
    """Return the grant types asked for, in order."""
    return [grant["grant_type"] for grant in platform.grants]


def test_password_grant_by_form_body_only(platform: Any, client: FluentClient) -> None:
    """The sign-in is a form body with user and scope, and its URL holds nothing."""
    urls = []
    platform.on("/graphql", lambda request: urls.append(str(request.url)) or OK)
    client.graphql(ME)
    assert platform.grants == [
        {
            "grant_type": "password",
            "client_id": "FLUENT_INTEGRATION",
            "client_secret": "s3cret/of the+client",
            "username": "robot",
            "password": "pa55 wörd&more",
            "scope": "api",
        }
    ]
    assert urls == ["https://acme.api.example.com/graphql"]


def test_client_credentials_without_a_user(platform: Any, make_client: Callable[..., FluentClient]) -> None:
    """Without a user the client's own credentials are used, and no username goes along."""
    platform.on("/graphql", OK)
    make_client(username=None, password=None).graphql(ME)
    assert grants(platform) == ["client_credentials"]
    assert "username" not in platform.grants[0]


def test_fifty_cold_threads_fetch_one_token(platform: Any, client: FluentClient) -> None:
    """P20: fifty threads without a token make one sign-in."""
    platform.on("/graphql", OK)
    with ThreadPoolExecutor(50) as pool:
        list(pool.map(lambda _: client.graphql(ME), range(50)))
    assert grants(platform) == ["password"]


def test_fifty_threads_renew_a_revoked_token_once(platform: Any, client: FluentClient) -> None:
    """P20: when the token ends early under fifty threads, one refresh follows and no 401 surfaces."""
    platform.on("/graphql", OK)
    client.graphql(ME)
    platform.good = "something-else"
    with ThreadPoolExecutor(50) as pool:
        results = list(pool.map(lambda _: client.graphql(ME).data, range(200)))
    assert len(results) == 200
    assert grants(platform) == ["password", "refresh_token"]


def test_expiry_is_seen_coming(platform: Any, client: FluentClient, clock: ManualClock) -> None:
    """A token is renewed a little before its time, without a 401."""
    platform.on("/graphql", OK)
    client.graphql(ME)
    clock.advance(86_400 - 61)
    client.graphql(ME)
    assert grants(platform) == ["password"]
    clock.advance(2)
    client.graphql(ME)
    assert grants(platform) == ["password", "refresh_token"]


@pytest.mark.parametrize("life", [1, 30, 60, "45", None, 0, -5, "soon", float("1e300")])
def test_short_life_never_means_a_token_a_request(platform: Any, client: FluentClient, life: Any) -> None:
    """P20: whatever life the platform tells, ten calls in a row use one token."""
    platform.expires_in = life
    platform.on("/graphql", OK)
    for _ in range(10):
        client.graphql(ME)
    assert grants(platform) == ["password"]


def test_refused_refresh_is_followed_by_one_sign_in(platform: Any, client: FluentClient) -> None:
    """P20: a refresh that is refused leads to exactly one password grant."""
    platform.on("/graphql", OK)
    client.graphql(ME)
    platform.good = "something-else"
    platform.revoke_refresh()
    client.graphql(ME)
    assert grants(platform) == ["password", "refresh_token", "password"]


@pytest.mark.parametrize("status", [400, 401, 404, 422])
def test_any_refusal_of_a_refresh_leads_to_a_sign_in(platform: Any, client: FluentClient, status: int) -> None:
    """P20: however the platform refuses a refresh, one sign-in follows; a failing platform is no refusal."""
    platform.on("/graphql", OK)
    platform.good = "access-token-0"
    granted = {"access_token": "access-token-0", "refresh_token": "refresh-token-0", "expires_in": 100}
    platform.on("/oauth/token", (200, granted), (503, b""), (status, {"error": "no"}), (200, granted))
    client.graphql(ME)
    client._clock.advance(99)
    client.graphql(ME)
    assert grants(platform) == ["password", "refresh_token", "refresh_token", "password"]


def test_second_401_is_a_clear_error(platform: Any, client: FluentClient) -> None:
    """P20: a call refused again with a new token ends as AuthError after two requests, and is not retried."""
    platform.on("/graphql", (401, {"error": "invalid_token"}))
    with pytest.raises(AuthError, match="401") as raised:
        client.graphql(ME)
    assert len(platform.requests) == 2
    assert raised.value.status == 401
    assert "permissions" in raised.value.hint


@pytest.mark.parametrize("status", [400, 401, 403])
def test_refused_credentials(platform: Any, client: FluentClient, clock: ManualClock, status: int) -> None:
    """A refused sign-in is an AuthError that says which settings to check; it is not retried."""
    platform.on("/oauth/token", (status, {"error": "invalid_client", "error_description": "Bad client credentials"}))
    with pytest.raises(AuthError, match="Bad client credentials") as raised:
        client.authenticate()
    assert "client_secret" in raised.value.hint
    assert (len(platform.grants), clock.sleeps) == (1, [])


def test_threads_share_a_refusal(platform: Any, client: FluentClient) -> None:
    """Threads that wait for a sign-in which is refused are refused too, so that asking does not lock the user out."""
    inside = threading.Event()

    def refused(_: httpx.Request) -> tuple[int, dict[str, str]]:
        inside.wait(5)
        return 401, {"error": "invalid_client"}

    platform.on("/oauth/token", refused)
    with ThreadPoolExecutor(20) as pool:
        waiting = [pool.submit(client.authenticate) for _ in range(20)]
        threading.Timer(0.3, inside.set).start()
        errors = [future.exception() for future in waiting]
    assert {type(error) for error in errors} == {AuthError}
    assert len(platform.grants) == 1


@pytest.mark.parametrize(
    "body",
    [{}, {"access_token": None}, {"access_token": ""}, {"access_token": "a\nb"}, {"access_token": 7}, [1], b"<html>"],
)
def test_answer_without_a_token(platform: Any, client: FluentClient, body: Any) -> None:
    """P20: a 200 without a usable access token is an AuthError, never a call with a senseless header."""
    platform.on("/oauth/token", (200, body))
    with pytest.raises(AuthError, match="without an access token"):
        client.graphql(ME)
    assert platform.requests == []


def test_token_endpoint_down_then_up(platform: Any, client: FluentClient, clock: ManualClock) -> None:
    """A failing token endpoint is tried again, also for a call that must not happen twice: it was not sent yet."""
    token = {"access_token": "access-token-1", "expires_in": 60}
    platform.on("/oauth/token", (503, b"", {"retry-after": "4"}), httpx.ReadTimeout("slow"), (200, token))
    platform.on("/api/v4.1/job", (200, {"id": "7"}))
    assert client.create_job("j").id == "7"
    assert len(platform.grants) == 3
    assert clock.sleeps[0] >= 4


def test_token_endpoint_stays_down(platform: Any, client: FluentClient) -> None:
    """A token endpoint that stays down ends as ServerError, or ConnectionFailedError where nobody answers."""
    platform.on("/oauth/token", (500, b""))
    with pytest.raises(ServerError, match="/oauth/token"):
        client.create_job("j")
    platform.on("/oauth/token", httpx.ReadError("gone"))
    with pytest.raises(ConnectionFailedError):
        client.create_job("j")
    assert platform.requests == []


def test_wrong_base_url(platform: Any, client: FluentClient) -> None:
    """A token endpoint that is not there says to check base_url."""
    platform.on("/oauth/token", (404, b"<html>"))
    with pytest.raises(NotFoundError) as raised:
        client.authenticate()
    assert "base_url" in raised.value.hint


def test_redirected_sign_in_is_not_followed(platform: Any, client: FluentClient) -> None:
    """P25: credentials do not go along with a redirect."""
    platform.on("/oauth/token", (307, b"", {"location": "https://evil.example/oauth/token"}))
    with pytest.raises(RejectedError, match=r"evil\.example"):
        client.authenticate()
    assert len(platform.grants) == 1


def test_authenticate_uses_a_good_token(platform: Any, client: FluentClient) -> None:
    """Signing in twice asks for one token."""
    client.authenticate()
    client.authenticate()
    assert grants(platform) == ["password"]


def test_token_calls_have_timeouts(platform: Any, make_client: Callable[..., FluentClient]) -> None:
    """Every token request has all four time-outs."""
    seen = []

    def token(request: httpx.Request) -> tuple[int, dict[str, str]]:
        seen.append(request.extensions["timeout"])
        return 200, {"access_token": "access-token-1"}

    platform.on("/oauth/token", token)
    make_client(timeout_seconds=7).authenticate()
    platform.on("/graphql", OK)
    make_client(timeout_seconds=7).graphql(ME)
    assert seen == [dict.fromkeys(("connect", "read", "write", "pool"), 7)] * 2
