"""The choke point: typed errors, what is repeated and what never is, and where nothing is ever sent."""

import threading
from collections.abc import Callable
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest

from fcwork import log
from fcwork.client import FluentClient
from fcwork.client.auth import Token
from fcwork.clock import ManualClock
from fcwork.errors import (
    ApiError,
    AuthError,
    BadRequestError,
    ConfigError,
    ConnectionFailedError,
    NotFoundError,
    OutcomeUnknownError,
    RateLimitError,
    RejectedError,
    ServerError,
)
from fcwork.redact import Secret
from fcwork.retry import RetryPolicy
from fcwork.settings import Settings
from fcwork.simulator import Simulator

JOB, BATCH, QUERY = "/api/v4.1/job", "/api/v4.1/job/1/batch", "/graphql"
MUTATION = "mutation M { updateOrder(input: {id: 1}) { id } }"
ROWS = [{"ref": "A", "qty": 1}]
DONE = {JOB: (200, {"id": "7"}), BATCH: (200, {"id": "8"}), QUERY: (200, {"data": {"me": {"ref": "x"}}})}
LOST = [
    httpx.ReadTimeout("slow"),
    httpx.WriteTimeout("slow"),
    httpx.ReadError("reset"),
    httpx.WriteError("reset"),
    httpx.RemoteProtocolError("Server disconnected without sending a response."),
    httpx.CloseError("closed"),
    httpx.DecodingError("bad gzip"),
]
NOT_REACHED = [
    httpx.ConnectError("refused"),
    httpx.ConnectTimeout("slow"),
    httpx.PoolTimeout("busy"),
    httpx.ProxyError("no"),
]

CALLS: dict[str, tuple[str, Callable[[FluentClient], Any]]] = {
    "query": (QUERY, lambda client: client.graphql("{ me { ref } }")),
    "upsert": (BATCH, lambda client: client.send_batch("1", ROWS)),
    "create_job": (JOB, lambda client: client.create_job("j")),
    "create_batch": (BATCH, lambda client: client.send_batch("1", ROWS, entity_type="RETAILER", action="CREATE")),
    "event": (
        "/api/v4.1/event/async",
        lambda client: client.send_event({"name": "N", "entityType": "ORDER", "entityRef": "R"}),
    ),
    "mutation": (QUERY, lambda client: client.graphql(MUTATION)),
}
REPEATABLE, ONCE = ("query", "upsert"), ("create_job", "create_batch", "event", "mutation")


@pytest.mark.parametrize("status", [500, 502, 503, 504, 429, 408])
@pytest.mark.parametrize("name", REPEATABLE)
def test_passing_failures_are_tried_again(platform: Any, client: FluentClient, name: str, status: int) -> None:
    """P19: 429 and 5xx of a call that may be repeated are tried again until it succeeds."""
    path, call = CALLS[name]
    platform.on(path, (status, b""), (status, {"message": "busy"}), DONE[path])
    call(client)
    assert len(platform.requests) == 3


@pytest.mark.parametrize("failure", [*LOST, *NOT_REACHED], ids=repr)
@pytest.mark.parametrize("name", REPEATABLE)
def test_lost_answers_are_asked_for_again(platform: Any, client: FluentClient, name: str, failure: Exception) -> None:
    """P16: a query and an UPSERT are sent again when nobody knows what became of them."""
    path, call = CALLS[name]
    platform.on(path, failure, DONE[path])
    call(client)
    assert len(platform.requests) == 2


@pytest.mark.parametrize("failure", LOST, ids=repr)
@pytest.mark.parametrize("name", ONCE)
def test_effects_are_never_sent_blindly_again(
    platform: Any, client: FluentClient, name: str, failure: Exception
) -> None:
    """P16: a lost answer to a job, a CREATE, an event or a mutation is an OutcomeUnknownError after one request."""
    path, call = CALLS[name]
    platform.on(path, failure)
    with pytest.raises(OutcomeUnknownError) as raised:
        call(client)
    assert len(platform.requests) == 1
    assert "before sending it again" in raised.value.hint


@pytest.mark.parametrize("status", [500, 502, 503, 504])
@pytest.mark.parametrize("name", ONCE)
def test_failed_effects_have_an_unknown_end(platform: Any, client: FluentClient, name: str, status: int) -> None:
    """P16: a 5xx to a call that must not happen twice leaves its end unknown."""
    path, call = CALLS[name]
    platform.on(path, (status, b""))
    with pytest.raises(OutcomeUnknownError):
        call(client)
    assert len(platform.requests) == 1


@pytest.mark.parametrize("body", [b"", b'{"id": "7', b"<html>", b"[]", b"{}", b'{"id": null}'])
@pytest.mark.parametrize("name", ["create_job", "create_batch"])
def test_answer_without_an_id_is_unknown(platform: Any, client: FluentClient, name: str, body: bytes) -> None:
    """P16: a 2xx that does not name what was made leaves the end unknown."""
    path, call = CALLS[name]
    platform.on(path, (200, body))
    with pytest.raises(OutcomeUnknownError):
        call(client)
    assert len(platform.requests) == 1


@pytest.mark.parametrize("body", [b'{"data": {"me"', b"<html>", b"", b"[]", b"null"])
def test_spoiled_answers_to_queries_are_asked_for_again(platform: Any, client: FluentClient, body: bytes) -> None:
    """A truncated or senseless 2xx to a query is asked for again, and is a ServerError where it stays so."""
    platform.on(QUERY, (200, body), DONE[QUERY])
    assert client.graphql("{ me { ref } }").data == {"me": {"ref": "x"}}
    platform.on(QUERY, (200, body))
    with pytest.raises(ServerError) as raised:
        client.graphql("{ me { ref } }")
    assert raised.value.attempts == 4


@pytest.mark.parametrize("failure", [*NOT_REACHED, (429, b""), (408, b""), (401, b"")], ids=repr)
@pytest.mark.parametrize("name", ONCE)
def test_what_surely_did_not_happen_is_sent_again(platform: Any, client: FluentClient, name: str, failure: Any) -> None:
    """A job, a CREATE, an event or a mutation that the platform surely did not take is sent again."""
    path, call = CALLS[name]
    done = (200, {"data": {"updateOrder": {"id": 1}}}) if path == QUERY else (200, {"id": "7"})
    platform.on(path, failure, done)
    call(client)
    assert len(platform.requests) == 2


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, BadRequestError),
        (403, AuthError),
        (404, NotFoundError),
        (409, BadRequestError),
        (413, BadRequestError),
        (415, BadRequestError),
        (422, BadRequestError),
        (501, RejectedError),
    ],
)
@pytest.mark.parametrize("name", CALLS)
def test_refusals_are_not_tried_again(
    platform: Any, client: FluentClient, name: str, status: int, kind: type[ApiError]
) -> None:
    """P19: 400, 403, 404, 409, 413 and 422 end the call after one request, in the error that says what to do."""
    path, call = CALLS[name]
    platform.on(path, (status, {"message": "no good"}))
    with pytest.raises(kind, match="no good") as raised:
        call(client)
    assert (len(platform.requests), raised.value.attempts, raised.value.status) == (1, 1, status)


def test_errors_carry_their_facts(platform: Any, client: FluentClient) -> None:
    """An error tells method, URL, status, platform code, request id, attempts and the beginning of the body."""
    body = {"errors": [{"message": "Order exists", "extensions": {"code": "C0121E"}}], "padding": "x" * 2_000}
    platform.on(JOB, (400, body, {"x-request-id": "req-9"}))
    with pytest.raises(BadRequestError, match="Order exists") as raised:
        client.create_job("j")
    error = raised.value
    assert (error.method, error.url) == ("POST", "https://acme.api.example.com/api/v4.1/job")
    assert (error.status, error.code, error.request_id, error.attempts) == (400, "C0121E", "req-9", 1)
    assert error.body.startswith('{"errors"')
    assert len(error.body) == 500
    assert "created before" in error.hint


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "S0002E", ServerError),
        (400, "C0011E", RateLimitError),
        (500, "C0121E", BadRequestError),
        (500, "C0020E", AuthError),
        (503, "S0030E", BadRequestError),
        (400, "SYNTAX_ERROR", BadRequestError),
        (500, "TYPE_MISMATCH", ServerError),
    ],
)
def test_platform_code_beats_status(
    platform: Any, client: FluentClient, status: int, code: str, kind: type[ApiError]
) -> None:
    """The platform's code decides before the HTTP status; what only looks like a code does not."""
    platform.on("/api/v4.1/job/1", (status, {"errors": [{"message": "m", "code": code}]}))
    with pytest.raises(kind):
        client.job_status("1")


def test_code_that_turns_away_makes_a_5xx_safe(platform: Any, client: FluentClient) -> None:
    """A 5xx whose code says that nothing was done is tried again, also for a call that must not happen twice."""
    platform.on(JOB, (503, {"errors": [{"message": "slow down", "code": "C0011E"}]}), DONE[JOB])
    assert client.create_job("j").id == "7"


@pytest.mark.parametrize("in_seconds", [3, 100])
@pytest.mark.parametrize(("status", "form"), [(429, "seconds"), (429, "date"), (503, "seconds"), (503, "date")])
def test_retry_after_is_honoured(
    platform: Any, client: FluentClient, clock: ManualClock, *, in_seconds: int, status: int, form: str
) -> None:
    """P19: Retry-After as seconds or date is waited for, never less."""
    instant = clock.now() + timedelta(seconds=in_seconds)
    text = str(in_seconds) if form == "seconds" else format_datetime(instant, usegmt=True)
    platform.on(QUERY, (status, b"", {"retry-after": text}), DONE[QUERY])
    client.graphql("{ me { ref } }")
    assert in_seconds <= clock.sleeps[0] <= in_seconds * 1.1


@pytest.mark.parametrize("text", ["-3", "nan", "soon", "", "Thu, 01 Jan 1970 00:00:00 GMT"])
def test_senseless_retry_after_waits_the_floor(
    platform: Any, client: FluentClient, clock: ManualClock, text: str
) -> None:
    """P19: an invalid, negative or past Retry-After never makes the wait shorter than the floor."""
    platform.on(QUERY, (429, b"", {"retry-after": text}), DONE[QUERY])
    client.graphql("{ me { ref } }")
    assert 0.5 <= clock.sleeps[0] <= 1.0


def test_huge_retry_after_ends_the_call(platform: Any, client: FluentClient, clock: ManualClock) -> None:
    """P19: beyond the cap the call ends at once, and the error tells what was asked for."""
    platform.on(QUERY, (429, b"", {"retry-after": "86400"}))
    with pytest.raises(RateLimitError) as raised:
        client.graphql("{ me { ref } }")
    assert (raised.value.retry_after, raised.value.attempts, clock.sleeps) == (86_400, 1, [])


def test_threads_keep_to_one_budget(platform: Any, make_client: Callable[..., FluentClient]) -> None:
    """P19: 32 threads against a platform that is down make no more retries than the budget holds."""
    platform.on(QUERY, (503, b""))
    client = make_client(policy=RetryPolicy(budget=25))
    client.authenticate()
    ends: list[BaseException | None] = []

    def ask() -> None:
        with pytest.raises(ServerError) as raised:
            client.graphql("{ me { ref } }")
        ends.append(raised.value)

    threads = [threading.Thread(target=ask) for _ in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ends) == 32
    assert len(platform.requests) == 32 + 25


@pytest.mark.parametrize(
    "location",
    ["https://evil.example/x", "https://acme.api.example.com:444/x", "http://acme.api.example.com/x", "/elsewhere"],
)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(platform: Any, client: FluentClient, status: int, location: str) -> None:
    """P25: a redirect to any place is an error that names it; nothing, least of all the token, is sent there."""
    platform.on("/api/v4.1/job/1", (status, b"", {"location": location}))
    with pytest.raises(RejectedError, match="not followed") as raised:
        client.job_status("1")
    assert location.rsplit("/", 1)[1] in raised.value.message
    assert [request.url.host for request in platform.requests] == ["acme.api.example.com"]


@pytest.mark.parametrize(
    "base_url",
    [
        "http://acme.api.example.com",
        "file:///etc/passwd",
        "ftp://acme.example",
        "https://169.254.169.254",
        "https://user:pw@acme.example",
        "https://",
        "acme.example",
        "https://10.0.0.8",
        "https://acme.example:port",
        "https://acme.\x01example",
    ],
)
def test_base_url_must_be_safe(base_url: str) -> None:
    """P25: a base URL that is not https, or points where no platform is, is refused before anything is sent."""
    with pytest.raises(ConfigError):
        FluentClient(base_url=base_url, client_id="i", client_secret="secret-secret")


@pytest.mark.parametrize("base_url", ["http://127.0.0.1:8080", "http://localhost:1", "http://[::1]:9"])
def test_loopback_may_be_plain(base_url: str) -> None:
    """P25: plain http is for loopback."""
    FluentClient(base_url=base_url, client_id="i", client_secret="secret-secret").close()


@pytest.mark.parametrize(
    "job_id",
    ["1/../../../oauth", "a/b", "a?x=1", "a#b", "@evil.example", "%2e%2e", "a b", "ä", "\\..\\", "//evil.example"],
)
def test_ids_stay_in_their_segment(platform: Any, client: FluentClient, job_id: str) -> None:
    """An id is encoded into one segment of the path: it never leads to another path or origin."""
    with pytest.raises(NotFoundError):
        client.job_status(job_id)
    url = platform.requests[0].url
    assert (url.scheme, url.netloc) == ("https", b"acme.api.example.com")
    assert url.raw_path.startswith(b"/api/v4.1/job/")
    assert url.raw_path.count(b"/") == 4


@pytest.mark.parametrize("job_id", ["", ".", "..", " "])
def test_ids_that_are_none_are_refused(platform: Any, client: FluentClient, job_id: str) -> None:
    """An id that is empty, or a dot or two, is refused before anything is sent."""
    with pytest.raises(BadRequestError, match="is no id"):
        client.job_status(job_id)
    assert platform.requests == []


def test_every_call_has_timeouts_and_the_runs_id(platform: Any, make_client: Callable[..., FluentClient]) -> None:
    """Every request has all four time-outs, the run's correlation id and the program's name."""
    platform.on(QUERY, DONE[QUERY])
    with log.correlated("run-42"):
        make_client(timeout_seconds=9).graphql("{ me { ref } }")
    request = platform.requests[0]
    assert request.extensions["timeout"] == dict.fromkeys(("connect", "read", "write", "pool"), 9)
    assert request.headers["x-correlation-id"] == "run-42"
    assert request.headers["user-agent"].startswith("fcwork/")


def test_timeouts_end_with_the_deadline(platform: Any, make_client: Callable[..., FluentClient]) -> None:
    """No time-out is longer than what is left of the call's deadline."""
    platform.on(QUERY, (503, b"", {"retry-after": "6"}), DONE[QUERY])
    make_client(policy=RetryPolicy(deadline_seconds=10)).graphql("{ me { ref } }")
    assert platform.requests[0].extensions["timeout"]["read"] == 10
    assert platform.requests[1].extensions["timeout"]["read"] <= 4


class Drip(httpx.SyncByteStream):
    """A body without end, a byte a second."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock

    def __iter__(self) -> Any:
        while True:
            self.clock.advance(1)
            yield b" "


@pytest.mark.parametrize("status", [200, 401, 503])
def test_dripping_body_ends_with_the_deadline(
    make_client: Callable[..., FluentClient], clock: ManualClock, status: int
) -> None:
    """A body that never ends, of a refusal too, is given up when the deadline of the call is over."""
    client = make_client(transport=httpx.MockTransport(lambda _: httpx.Response(status, stream=Drip(clock))))
    client._http._auth._token = Token(Secret("access-token-0"), None, float("inf"))
    with pytest.raises(OutcomeUnknownError, match="deadline"):
        client.create_job("j")
    assert 300 <= clock.monotonic() <= 302


@pytest.mark.parametrize("ask", [FluentClient.authenticate, lambda client: client.create_job("j")])
def test_dripping_token_ends_with_the_deadline(
    make_client: Callable[..., FluentClient], clock: ManualClock, ask: Callable[[FluentClient], Any]
) -> None:
    """P20: a token endpoint whose answer never ends holds nobody beyond the deadline of the call."""
    client = make_client(transport=httpx.MockTransport(lambda _: httpx.Response(200, stream=Drip(clock))))
    with pytest.raises(ConnectionFailedError, match=r"/oauth/token .*deadline"):
        ask(client)
    assert 300 <= clock.monotonic() <= 302


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), "5", None])
def test_senseless_timeout_is_told(make_client: Callable[..., FluentClient], seconds: Any) -> None:
    """P32: a time-out that is no time is refused when the client is made."""
    with pytest.raises(ConfigError, match="timeout_seconds is"):
        make_client(timeout_seconds=seconds)


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({"client_id": ""}, "client_id"),
        ({"client_id": None, "client_secret": None}, "client_id, client_secret"),
        ({"client_secret": 5}, "client_secret"),
        ({"password": None}, "password"),
        ({"username": None}, "username"),
    ],
)
def test_half_given_credentials_are_told(
    make_client: Callable[..., FluentClient], change: dict[str, Any], missing: str
) -> None:
    """P32: a client is not made of half a login, which would sign in as somebody else, and says what is missing."""
    with pytest.raises(ConfigError, match=f"half given: {missing} missing"):
        make_client(**change)


def test_untrusted_certificate_is_told_at_once(platform: Any, client: FluentClient, clock: ManualClock) -> None:
    """A certificate that is not trusted is no passing failure: the error says so after one attempt."""
    platform.on("/oauth/token", httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed"))
    with pytest.raises(RejectedError, match="certificate"):
        client.authenticate()
    assert clock.sleeps == []


def test_dead_server_is_named(platform: Any, client: FluentClient) -> None:
    """A server that cannot be reached is named, with what to check, after the policy's attempts."""
    platform.on("/oauth/token", httpx.ConnectError("[Errno 111] Connection refused"))
    with pytest.raises(ConnectionFailedError, match=r"acme\.api\.example\.com cannot be reached") as raised:
        client.authenticate()
    assert raised.value.attempts == 4
    assert "base_url" in raised.value.hint


def test_target_names_host_and_retailer(make_client: Callable[..., FluentClient]) -> None:
    """A client tells whose platform it talks to."""
    assert make_client().target == "acme.api.example.com (retailer 5)"
    assert make_client(retailer_id=None).target == "acme.api.example.com"
    assert make_client(target="SIMULATOR").target == "SIMULATOR"
    assert repr(make_client(target="SIMULATOR")) == "FluentClient(SIMULATOR)"


def test_client_of_settings(platform: Any, clock: ManualClock) -> None:
    """A client made of settings has their credentials, retailer and target, or the target that is given."""
    secret = Secret("s3cret/of the+client")
    settings = Settings(base_url="https://acme.example", client_id="i", client_secret=secret, retailer_id="9")
    transport = httpx.MockTransport(platform.handle)
    platform.on(JOB, DONE[JOB])
    with FluentClient.from_settings(settings, transport=transport, clock=clock) as client:
        assert client.target == "acme.example (retailer 9)"
        client.create_job("j")
    assert platform.grants[0]["client_secret"] == secret.reveal()
    assert platform.sent(JOB)[0]["retailerId"] == "9"
    with FluentClient.from_settings(settings, target="SIMULATOR") as client:
        assert client.target == "SIMULATOR"


def test_clients_of_one_platform_and_user_ask_alike() -> None:
    """A client that is made anew asks as the one before; one of another user, retailer or platform does not."""
    account = {"base_url": "https://acme.example", "client_id": "i", "client_secret": "s", "username": "u"}
    one = FluentClient(**account, password="p")
    assert one.asks_as(FluentClient(**account, password="changed"))
    for other in ({"username": "another"}, {"retailer_id": "99"}, {"base_url": "https://other.example"}):
        assert not one.asks_as(FluentClient(**{**account, **other}, password="p"))
    assert Simulator().transport() != Simulator().transport()
    assert (there := Simulator()).transport() == there.transport()


def test_context_manager_closes() -> None:
    """Leaving the block closes the connections."""
    transport = httpx.MockTransport(lambda _: httpx.Response(200))
    with FluentClient(
        base_url="https://a.example", client_id="i", client_secret="secret-secret", transport=transport
    ) as client:
        pass
    assert client._http._client.is_closed
