"""OAuth2 at /oauth/token, and who may call."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from fcwork.clock import ManualClock
from fcwork.simulator import Simulator

JOB = {"name": "test", "retailerId": "2"}


@pytest.fixture
def stranger(sim: Simulator) -> httpx.Client:
    """A client without a token."""
    return httpx.Client(transport=sim.transport(), base_url=sim.url)


def _grant(client: httpx.Client, form: dict[str, str], **changes: str | None) -> httpx.Response:
    fields = {name: value for name, value in {**form, **changes}.items() if value is not None}
    return client.post("/oauth/token", data=fields)


def _refresh_form(form: dict[str, str], token: str) -> dict[str, str]:
    return {
        "grant_type": "refresh_token",
        "client_id": form["client_id"],
        "client_secret": form["client_secret"],
        "refresh_token": token,
    }


def test_password_grant_answers_as_the_platform_does(stranger: httpx.Client, form: dict[str, str]) -> None:
    """A password grant gives a bearer token, its life in seconds, the scope, the retailer and a refresh token."""
    answer = _grant(stranger, form)
    assert answer.status_code == 200
    assert set(answer.json()) >= {"access_token", "refresh_token", "Retailer_id"}
    assert answer.json() | {"token_type": "bearer", "expires_in": 86_400, "scope": "api"} == answer.json()


def test_client_credentials_give_no_refresh_token(stranger: httpx.Client, form: dict[str, str]) -> None:
    """A client that asks for itself gets an access token that is good, and no refresh token."""
    answer = _grant(stranger, form, grant_type="client_credentials", username=None, password=None)
    token = answer.json()["access_token"]
    assert "refresh_token" not in answer.json()
    told = stranger.post("/api/v4.1/job", json=JOB, headers={"Authorization": f"Bearer {token}"})
    assert told.status_code == 200


def test_refresh_token_is_used_up(stranger: httpx.Client, form: dict[str, str], sim: Simulator) -> None:
    """A refresh token gives a token and another refresh token once; the second time it is refused."""
    first = _grant(stranger, form).json()["refresh_token"]
    second = stranger.post("/oauth/token", data=_refresh_form(form, first))
    again = stranger.post("/oauth/token", data=_refresh_form(form, first))
    third = stranger.post("/oauth/token", data=_refresh_form(form, second.json()["refresh_token"]))
    assert [second.status_code, again.status_code, third.status_code] == [200, 400, 200]
    assert again.json()["error"] == "invalid_grant"
    assert (sim.ledger.tokens.issued, sim.ledger.tokens.refreshed, sim.ledger.tokens.refused) == (1, 2, 1)


@pytest.mark.parametrize(
    ("changes", "answered", "told"),
    [
        ({"client_id": "OTHER"}, (401, "invalid_client"), "OTHER"),
        ({"client_secret": "wrong"}, (401, "invalid_client"), "secret"),
        ({"username": "nobody"}, (400, "invalid_grant"), "nobody"),
        ({"password": "wrong"}, (400, "invalid_grant"), "password"),
        ({"grant_type": "implicit"}, (400, "unsupported_grant_type"), "implicit"),
        ({"scope": "everything"}, (400, "invalid_scope"), "api"),
        ({"client_secret": None}, (400, "invalid_request"), "client_secret"),
        ({"colour": "red"}, (400, "invalid_request"), "colour"),
    ],
)
def test_wrong_credentials_are_each_refused(
    stranger: httpx.Client, form: dict[str, str], changes: dict[str, Any], answered: tuple[int, str], told: str
) -> None:
    """Each wrong field is refused with the error that OAuth2 has for it and a description that names it."""
    answer = _grant(stranger, form, **changes)
    assert (answer.status_code, answer.json()["error"]) == answered
    assert told in answer.json()["error_description"]


def test_credentials_go_in_the_form_body(stranger: httpx.Client, form: dict[str, str]) -> None:
    """Credentials in the query string or as JSON are refused, so no client can come to rely on them."""
    answers = [stranger.post("/oauth/token", params=form), stranger.post("/oauth/token", json=form)]
    assert [answer.status_code for answer in answers] == [400, 400]


@pytest.mark.parametrize("header", [None, "Bearer", "Bearer nonsense", "Basic abc"])
def test_call_without_a_good_token_is_refused(stranger: httpx.Client, header: str | None) -> None:
    """A missing, empty, unknown or other kind of authorization is a 401 with a challenge."""
    answer = stranger.post("/api/v4.1/job", json=JOB, headers={"Authorization": header} if header else {})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.json()["errors"][0]["code"] == "401"


def test_token_ends_with_its_time(
    make: Callable[..., Simulator], enter: Callable[[Simulator], httpx.Client], clock: ManualClock
) -> None:
    """A token is good until its seconds have passed, and not a moment longer."""
    client = enter(make(token_seconds=60))
    clock.advance(59)
    before = client.post("/api/v4.1/job", json=JOB)
    clock.advance(1)
    after = client.post("/api/v4.1/job", json=JOB)
    assert (before.status_code, after.status_code) == (200, 401)
    assert "expired" in after.json()["errors"][0]["message"]


def test_credentials_are_fixed_by_the_seed_and_obviously_made_up(make: Callable[..., Simulator]) -> None:
    """Two simulators of one seed let in the same client, one of another seed does not; the values say what they are."""
    one, same, other = make(seed=1).connect(), make(seed=1).connect(), make(seed=2).connect()
    assert one == same
    assert one["client_secret"] != other["client_secret"]
    assert "simulator" in one["client_secret"]
    assert len(one["client_secret"]) >= 16


def test_no_secret_is_shown_or_kept(stranger: httpx.Client, form: dict[str, str], sim: Simulator) -> None:
    """P9: neither the simulator's repr nor its ledger holds a secret or a token."""
    token = _grant(stranger, form).json()["access_token"]
    stranger.post("/graphql", json={"query": "{ __typename }"}, headers={"Authorization": f"Bearer {token}"})
    shown = f"{sim!r} {vars(sim)!r} {sim.ledger!r} {sim.ledger.requests!r} {vars(sim._app)!r}"
    for secret in (form["client_secret"], form["password"], token):
        assert secret not in shown
