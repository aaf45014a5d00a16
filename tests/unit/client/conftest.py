"""A platform of canned answers behind httpx's mock transport, and clients of it on a clock that tests move."""

from __future__ import annotations

import json
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest

from fcwork.client import FluentClient
from fcwork.clock import ManualClock

BASE = "https://acme.api.example.com"


class CannedPlatform:
    """Answers each path with its list of answers, the last one for good, and hands out tokens ``t1``, ``t2`` and so on.

    An answer is ``(status, body)`` or ``(status, body, headers)``, an exception to raise, or a function of the request.
    Refresh tokens work once. ``good`` names the token that calls must bear; None takes any.
    """

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []
        self.grants: list[dict[str, str]] = []
        self.answers: dict[str, list[Any]] = defaultdict(list)
        self.expires_in: Any = 86_400
        self.good: str | None = None
        self.issued = 0
        self._refresh: set[str] = set()
        self._lock = threading.Lock()

    def on(self, path: str, *answers: Any) -> None:
        """Answer ``path`` with these, one after the other."""
        self.answers[path] = list(answers)

    def sent(self, path: str) -> list[Any]:
        """Return the JSON bodies that ``path`` got."""
        return [json.loads(r.content) if r.content else None for r in self.requests if r.url.path == path]

    def handle(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        with self._lock:
            if request.url.path == "/oauth/token":
                self.grants.append(dict(parse_qsl(request.content.decode())))
                if not self.answers["/oauth/token"]:
                    return self._grant()
            else:
                self.requests.append(request)
                bearer = request.headers.get("authorization", "")
                if self.good is not None and bearer != f"Bearer {self.good}":
                    return httpx.Response(401, json={"error": "expired"})
            answers = self.answers[request.url.path] or [(404, {"message": "nothing here"})]
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
        return _response(answer, request)

    def _grant(self) -> httpx.Response:
        grant = self.grants[-1]
        if grant["grant_type"] == "refresh_token":
            if grant["refresh_token"] not in self._refresh:
                return httpx.Response(400, json={"error": "invalid_grant"})
            self._refresh.discard(grant["refresh_token"])
        self.issued += 1
        access, refresh = f"access-token-{self.issued}", f"refresh-token-{self.issued}"
        self._refresh.add(refresh)
        self.good = self.good and access
        answer = {"access_token": access, "refresh_token": refresh, "expires_in": self.expires_in}
        return httpx.Response(200, json=answer)

    def revoke_refresh(self) -> None:
        """Refuse every refresh token handed out so far."""
        self._refresh.clear()


def _response(answer: Any, request: httpx.Request) -> httpx.Response:
    if callable(answer):
        return _response(answer(request), request)
    if isinstance(answer, Exception):
        raise answer
    status, body, *headers = answer
    content = {"content": body} if isinstance(body, bytes) else {"json": body}
    return httpx.Response(status, headers=headers[0] if headers else None, **content)


@pytest.fixture
def platform() -> CannedPlatform:
    """Return a platform without answers but for tokens."""
    return CannedPlatform()


@pytest.fixture
def clock() -> ManualClock:
    """Return a clock that moves only when told to."""
    return ManualClock()


@pytest.fixture
def make_client(platform: CannedPlatform, clock: ManualClock) -> Iterator[Callable[..., FluentClient]]:
    """Return a function that makes clients of the platform; its keyword arguments go before the usual ones."""
    made = []

    def make(**changes: Any) -> FluentClient:
        usual = {
            "base_url": BASE,
            "client_id": "FLUENT_INTEGRATION",
            "client_secret": "s3cret/of the+client",
            "username": "robot",
            "password": "pa55 wörd&more",
            "retailer_id": "5",
            "transport": httpx.MockTransport(platform.handle),
            "clock": clock,
        }
        made.append(FluentClient(**{**usual, **changes}))
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture
def client(make_client: Callable[..., FluentClient]) -> FluentClient:
    """Return a client of the platform."""
    return make_client()
