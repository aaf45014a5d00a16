"""The bearer token: fetched once for all threads, renewed once, and never seen by anybody.

``POST /oauth/token`` with a form body; password grant where there is a user, else client credentials
(docs.fluentcommerce.com: authentication-api). Refresh tokens work once.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard
from urllib.parse import urlencode

import httpx
import orjson

from fcwork import log
from fcwork.client import failures
from fcwork.client.calls import Call
from fcwork.clock import Clock
from fcwork.errors import ApiError, AuthError, ConfigError, RetryableError
from fcwork.redact import LostSecret, Secret

TOKEN_PATH = "/oauth/token"  # noqa: S105 - a path
SIGN_IN = Call("POST", TOKEN_PATH)
_BUFFER_SECONDS = 60.0
_BUFFER_SHARE = 0.1  # of a short life, so that a token is always used at least for the rest of it
_REFUSED = frozenset({400, 401, 403})

Exchange = Generator[httpx.Request, httpx.Response, "Token"]

_logger = log.get("client")


@dataclass(frozen=True)
class Credentials:
    """Who asks; what is missing or no text is a ``ConfigError``."""

    client_id: str
    client_secret: Secret
    username: str = ""
    password: Secret | None = None

    def __post_init__(self) -> None:
        needed = ["client_id", "client_secret"]
        needed += ["username", "password"] if self.username or self.password is not None else []
        if missing := [name for name in needed if not _is_given(getattr(self, name))]:
            raise ConfigError(
                f"the credentials are half given: {', '.join(missing)} missing or no text",
                hint="give client_id and client_secret, and username and password both or neither",
            )


@dataclass(frozen=True)
class Token:
    """An access token, what renews it, and the instant of ``clock.monotonic()`` at which it is renewed unasked."""

    access: Secret
    refresh: Secret | None
    renew_at: float


class TokenAuth(httpx.Auth):
    """Puts the token on each request; one thread fetches or renews it while the others wait for that same one.

    A 401 means that the token ended early: it is renewed once, unless another thread has done so meanwhile, and the
    request is sent once more. A refresh that is refused is followed by one sign-in.

    Args:
        credentials: for the sign-in.
        token_url: of the token endpoint.
        clock: for the token's life.
    """

    def __init__(self, credentials: Credentials, *, token_url: str, clock: Clock) -> None:
        self._credentials = credentials
        self._token_url = token_url
        self._clock = clock
        self._lock = threading.Lock()
        self._token: Token | None = None
        self._refusals = 0
        self._refused: AuthError | None = None

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Send ``request`` with the token, and once more with a new one where the first is refused."""
        token = yield from self.token(request.extensions)
        response = yield _bearing(request, token)
        if response.status_code == httpx.codes.UNAUTHORIZED:
            token = yield from self.token(request.extensions, refused=token)
            yield _bearing(request, token)

    def token(self, extensions: Mapping[str, Any], *, refused: Token | None = None) -> Exchange:
        """Yield the requests that it takes to have a token, receive their answers, and return the token.

        Args:
            extensions: of httpx, which hold the time-outs.
            refused: the token that the platform no longer takes.

        Raises:
            AuthError: the credentials are refused, or the answer holds no token.
            RetryableError: the token endpoint failed.
        """
        if (held := self._good(refused)) is not None:
            return held
        refusals = self._refusals
        with self._lock:
            if (held := self._good(refused)) is not None:
                return held
            if self._refused and self._refusals > refusals:  # while this thread waited; asking on could lock the user
                raise self._refused.amended()
            return (yield from self._fetch(extensions))

    def _good(self, refused: Token | None) -> Token | None:
        token = self._token
        usable = token is not None and token is not refused and self._clock.monotonic() < token.renew_at
        return token if usable else None

    def _fetch(self, extensions: Mapping[str, Any]) -> Exchange:
        if isinstance(self._credentials.client_secret, LostSecret):
            raise ConfigError(
                "this client came through a pickle, which leaves secrets behind", hint="connect again here"
            )
        held = self._token
        if held is not None and held.refresh is not None:
            response = yield self._request({"grant_type": "refresh_token", "refresh_token": held.refresh}, extensions)
            renewed = self._read(response, held.refresh)
            if isinstance(renewed, Token):
                return self._keep(renewed, "refreshed")
            if isinstance(renewed, RetryableError):
                raise renewed
        self._token = None
        response = yield self._request({**self._grant(), "scope": "api"}, extensions)
        fetched = self._read(response, None)
        if isinstance(fetched, Token):
            return self._keep(fetched, "fetched")
        if isinstance(fetched, AuthError):
            self._refusals, self._refused = self._refusals + 1, fetched
        raise fetched

    def _keep(self, token: Token, how: str) -> Token:
        self._token = token
        _logger.debug("token.received", how=how)
        return token

    def _grant(self) -> dict[str, str | Secret]:
        user = self._credentials
        if user.username and user.password is not None:
            return {"grant_type": "password", "username": user.username, "password": user.password}
        return {"grant_type": "client_credentials"}

    def _request(self, grant: Mapping[str, str | Secret], extensions: Mapping[str, Any]) -> httpx.Request:
        fields = {
            **grant,
            "client_id": self._credentials.client_id,
            "client_secret": self._credentials.client_secret,
        }
        headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
        return httpx.Request(
            "POST", self._token_url, headers=headers, content=_form(fields), extensions=dict(extensions)
        )

    def _read(self, response: httpx.Response, former: Secret | None) -> Token | ApiError:
        """Return the token of an answer or the error that it is; an answer may leave the former refresh token valid."""
        response.read()
        if not response.is_success:
            return self._refusal(response)
        granted = _granted(response)
        if granted is None:  # the body stays out of the error: it may hold a token all the same
            facts = {**failures.facts_of(SIGN_IN, response), "body": ""}
            return AuthError("the token endpoint answered without an access token", hint="check base_url", **facts)
        access, refresh, seconds = granted
        renew_at = self._clock.monotonic() + seconds - min(_BUFFER_SECONDS, seconds * _BUFFER_SHARE)
        return Token(access, refresh or former, renew_at)

    def _refusal(self, response: httpx.Response) -> ApiError:
        error = failures.of_status(SIGN_IN, response, self._clock.now())
        if response.status_code not in _REFUSED or isinstance(error, RetryableError):
            return error
        hint = "check client_id, client_secret, username and password, and that base_url is this account's"
        return AuthError(f"the platform refuses the credentials: {error.message}", **{**error.facts(), "hint": hint})


def held(value: Any) -> Any:
    """Return a secret wrapped, an empty one as None; what is no text is refused by ``Credentials``."""
    return (Secret(value) if value else None) if isinstance(value, str) else value


def _is_given(value: Any) -> bool:
    return isinstance(value, Secret) or (isinstance(value, str) and bool(value))


def _bearing(request: httpx.Request, token: Token) -> httpx.Request:
    request.headers["authorization"] = "Bearer " + token.access.reveal()
    return request


def _form(fields: Mapping[str, str | Secret]) -> bytes:
    return urlencode({k: v.reveal() if isinstance(v, Secret) else v for k, v in fields.items()}).encode()


def _granted(response: httpx.Response) -> tuple[Secret, Secret | None, float] | None:
    """Return access token, refresh token and seconds of life; nothing here raises while they are in the open."""
    try:
        answer = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return None
    access, refresh, life = (
        answer.get(name) if isinstance(answer, dict) else None
        for name in ("access_token", "refresh_token", "expires_in")
    )
    if not _is_token(access):
        return None
    return Secret(access), Secret(refresh) if _is_token(refresh) else None, _seconds(life)


def _is_token(value: Any) -> TypeGuard[str]:
    return isinstance(value, str) and bool(value) and value.isascii() and value.isprintable() and " " not in value


def _seconds(life: Any) -> float:
    """Return a token's life; one that is not told lasts until the platform refuses it."""
    try:
        seconds = float(life)
    except (TypeError, ValueError):
        return math.inf
    return seconds if seconds > 0 else math.inf
