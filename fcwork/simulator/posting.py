"""One webhook on its way: posted, and the same request again where no answer comes."""

import ssl
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from ipaddress import ip_address

import httpx

from fcwork.clock import Clock
from fcwork.errors import ConfigError

REPEATS_AFTER_SECONDS = (2.0, 6.0, 14.0)  # docs.fluentcommerce.com: webhook-receivers (3 times within 14 seconds)
"""When a repeat is due, counted from the first post."""


@dataclass(frozen=True)
class Attempt:
    """One post: when it began, and the status of its answer or why there was none."""

    at: datetime
    status: int | None = None
    error: str | None = None


@dataclass(frozen=True)
class Posted:
    """What became of a webhook.

    Attributes:
        attempts: the first post and its repeats.
        request_id: sent as ``x-request-id``, the same with each of them.
    """

    attempts: tuple[Attempt, ...]
    request_id: str

    @property
    def status(self) -> int | None:
        """The status of the last answer; None where none came."""
        return self.attempts[-1].status

    @property
    def ok(self) -> bool:
        """Whether the receiver took it: the last answer was a 2xx."""
        return self.status is not None and httpx.codes.is_success(self.status)


class Post:
    """Posts one request until it is answered, as the platform does.

    Args:
        url: the receiver's.
        clock: what repeats wait on.
        timeout_seconds: how long the receiver may take to be reached, and to answer.
    """

    def __init__(self, url: str, clock: Clock, timeout_seconds: float) -> None:
        self._url = url
        self._clock = clock
        self._timeout_seconds = timeout_seconds

    def send(self, body: bytes, headers: dict[str, str], request_id: str) -> Posted:
        """Post a body; whatever happens to it on the way is told, not raised."""
        told = {**headers, "x-request-id": request_id}
        begun = self._clock.monotonic()
        attempts = [self._attempt(body, told)]
        for due_seconds in REPEATS_AFTER_SECONDS:
            past = self._clock.monotonic() - begun
            if attempts[-1].status is not None or past > REPEATS_AFTER_SECONDS[-1]:
                break
            self._clock.sleep(due_seconds - past)
            attempts.append(self._attempt(body, told))
        return Posted(tuple(attempts), request_id)

    def _attempt(self, body: bytes, headers: dict[str, str]) -> Attempt:
        at = self._clock.now()
        try:
            with self._client() as client, client.stream("POST", self._url, content=body, headers=headers) as answer:
                return Attempt(at, answer.status_code)
        except httpx.TransportError as error:
            return Attempt(at, None, f"{type(error).__name__}: {error}")

    def _client(self) -> httpx.Client:
        """Return a client of its own for each post: a connection that is kept would tell of a receiver before."""
        return httpx.Client(timeout=self._timeout_seconds, verify=_trusted(), trust_env=not _is_loopback(self._url))


def check_url(url: str) -> str:
    """Return the address of a receiver, or refuse what is none."""
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, TypeError):
        parsed = httpx.URL("")
    if parsed.scheme not in {"http", "https"} or not parsed.host:
        raise ConfigError(
            f"webhooks cannot be posted to {url!r}", hint="give an address such as http://127.0.0.1:8791/"
        )
    return url


def _is_loopback(url: str) -> bool:
    host = httpx.URL(url).host
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


@cache
def _trusted() -> ssl.SSLContext:
    """Return the usual certificates, read once: it takes longer than a post."""
    return httpx.create_ssl_context()
