"""The choke point: every request of the client leaves here, and what goes wrong comes back as one of the typed errors.

No error carries a frame of httpx: those hold the bearer token in their locals. So failures are values inside and are
raised at one place, outside of any ``except``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, TypeVar, cast

import httpx
import orjson

from fcwork import __version__, log
from fcwork.client import failures
from fcwork.client.auth import SIGN_IN, TOKEN_PATH, Credentials, Exchange, Token, TokenAuth
from fcwork.client.calls import Answer, Call
from fcwork.clock import Clock
from fcwork.errors import ApiError, BadRequestError, ConfigError, OutcomeUnknownError, RetryableError
from fcwork.retry import Retrier
from fcwork.settings import is_loopback

T = TypeVar("T")
Judge = Callable[[Call, Answer], ApiError | None]

_POOL = httpx.Limits(max_connections=100, max_keepalive_connections=100)
_SHORTEST_SECONDS = 0.001
_DEADLINE = "fcwork.deadline"  # among a request's extensions, which the token's requests share

_logger = log.get("client")


class Http:
    """Sends calls to one origin, with the token, time-outs, retries and the run's correlation id.

    Args:
        base_url: checked; every call stays below it.
        credentials: for the token.
        transport: of httpx, where it is not the network.
        retrier: policy, budget and clock.
        timeout_seconds: for connecting, for each read and write, and for a free connection.
    """

    def __init__(
        self,
        base_url: str,
        credentials: Credentials,
        *,
        transport: httpx.BaseTransport | None,
        retrier: Retrier,
        timeout_seconds: Any,
    ) -> None:
        if not isinstance(timeout_seconds, int | float) or not timeout_seconds > 0:
            raise ConfigError(f"timeout_seconds is {timeout_seconds!r}", hint="it is a number above zero")
        log.guard_http_loggers()
        self._base = _parsed(base_url)
        self._retrier = retrier
        self._timeout_seconds = timeout_seconds
        self._auth = TokenAuth(credentials, token_url=base_url + TOKEN_PATH, clock=retrier.clock)
        self._client = httpx.Client(
            transport=transport,
            headers={"accept": "application/json", "user-agent": f"fcwork/{__version__}"},
            follow_redirects=False,
            limits=_POOL,
            trust_env=not is_loopback(self._base.host),  # a proxy of the environment has no business on loopback
            event_hooks={"response": [self._bound]},
        )

    @property
    def clock(self) -> Clock:
        """What stamps and waits."""
        return self._retrier.clock

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def send(self, call: Call, *, judge: Judge | None = None) -> Answer:
        """Make a call, again and again where that is safe and worth it, and return its answer.

        Args:
            call: what is asked.
            judge: looks at a 2xx answer and returns the error that it is, if it is one.

        Raises:
            ApiError: one of its kinds.
        """
        outcome = self._retrier.run(partial(self._attempt, call, judge), again=partial(_worth_another, call))
        if isinstance(outcome, ApiError):
            raise outcome
        return outcome

    def attempt(self, call: Call, *, judge: Judge | None = None) -> Answer | ApiError:
        """Make a call once and return its end, an error unraised; a token is renewed all the same."""
        return self._attempt(call, judge, self.clock.monotonic() + self._retrier.policy.deadline_seconds)

    def sign_in(self) -> None:
        """Have a token: fetched now, unless there is a good one. Raises as ``send``."""
        outcome = self._retrier.run(self._sign_in, again=partial(_worth_another, SIGN_IN))
        if isinstance(outcome, ApiError):
            raise outcome

    def _attempt(self, call: Call, judge: Judge | None, deadline: float) -> Answer | ApiError:
        started = self.clock.monotonic()
        request = self._request(call, deadline)
        response = self._guarded(call, partial(self._client.send, request, auth=self._auth, follow_redirects=False))
        status = response.status if isinstance(response, ApiError) else response.status_code
        seconds = round(self.clock.monotonic() - started, 4)
        _logger.debug("http.call", method=call.method, path=call.path, status=status, duration_seconds=seconds)
        return response if isinstance(response, ApiError) else self._outcome(call, judge, response)

    def _outcome(self, call: Call, judge: Judge | None, response: httpx.Response) -> Answer | ApiError:
        if not response.is_success:
            return failures.of_status(call, response, self.clock.now())
        try:
            data = orjson.loads(response.content) if response.content.strip() else {}
        except orjson.JSONDecodeError:
            return failures.of_body(call, response)
        answer = Answer(data, partial(failures.facts_of, call, response))
        return (judge(call, answer) if judge else None) or answer

    def _request(self, call: Call, deadline: float) -> httpx.Request:
        url = httpx.URL(f"{self._base}{call.path}", params=dict(call.query))
        if (url.scheme, url.netloc) != (self._base.scheme, self._base.netloc):
            raise BadRequestError(f"{call.path!r} leads away from {self._base}", hint="paths stay below base_url")
        headers = {"x-correlation-id": log.correlation_id()}
        if call.body is not None:
            headers["content-type"] = "application/json"
        extensions = self._extensions(deadline)
        return self._client.build_request(call.method, url, headers=headers, content=call.body, extensions=extensions)

    def _extensions(self, deadline: float) -> dict[str, Any]:
        seconds = min(self._timeout_seconds, max(deadline - self.clock.monotonic(), _SHORTEST_SECONDS))
        return {"timeout": httpx.Timeout(seconds).as_dict(), _DEADLINE: deadline}

    def _bound(self, response: httpx.Response) -> None:
        """Bound the body of each answer, of the token endpoint and of a refusal too, by the deadline of its call."""
        deadline = response.request.extensions[_DEADLINE]
        response.stream = _InTime(response, is_late=lambda: self.clock.monotonic() > deadline)

    def _sign_in(self, deadline: float) -> Token | ApiError:
        flow = self._auth.token(self._extensions(deadline))
        return self._guarded(SIGN_IN, partial(self._drive, flow))

    def _drive(self, flow: Exchange) -> Token:
        try:
            request = next(flow)
            while True:
                request = flow.send(self._client.send(request, auth=None, follow_redirects=False))
        except StopIteration as end:
            token: Token = end.value
            return token
        finally:
            flow.close()

    def _guarded(self, call: Call, exchange: Callable[[], T]) -> T | ApiError:
        if self._client.is_closed:
            raise ConfigError("this client was closed", hint="make another one: client = fw.connect()")
        try:
            return exchange()
        except httpx.HTTPError as failure:
            signing_in = failure.request.url.path.endswith(TOKEN_PATH)
            return failures.of_transport(SIGN_IN if signing_in else call, failure)
        except ApiError as error:
            return error.with_traceback(None)


class _InTime(httpx.SyncByteStream):
    """A body that ends with a time-out when the deadline of its call is over, however slowly it drips."""

    def __init__(self, response: httpx.Response, *, is_late: Callable[[], bool]) -> None:
        self._stream = cast("httpx.SyncByteStream", response.stream)
        self._request = response.request
        self._is_late = is_late

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._stream:
            if self._is_late():
                raise httpx.ReadTimeout("the deadline of the call is over", request=self._request)
            yield chunk

    def close(self) -> None:
        self._stream.close()


def _parsed(base_url: str) -> httpx.URL:
    try:
        return httpx.URL(base_url)
    except httpx.InvalidURL as error:
        reason = str(error)
    raise ConfigError(f"base_url {base_url!r} is no web address: {reason}", hint="check it for stray characters")


def _worth_another(call: Call, error: ApiError) -> bool:
    lost = isinstance(error, OutcomeUnknownError) and call.effect != "once"
    return lost or isinstance(error, RetryableError)
