"""The service: a socket, the application behind it, the workers, and an end that loses nothing."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, Self

import uvicorn

from fcwork import log, settings
from fcwork.clock import SYSTEM, Clock
from fcwork.errors import ConfigError
from fcwork.receiver.app import App
from fcwork.receiver.door import Door
from fcwork.receiver.handling import Claims, Workers
from fcwork.receiver.inbox import Inbox
from fcwork.receiver.limits import Rate
from fcwork.receiver.quarantine import Quarantine
from fcwork.receiver.request import Limits
from fcwork.receiver.telling import Telling
from fcwork.receiver.wire import Wire
from fcwork.store import Store, open_store
from fcwork.webhooks.seen import SeenEvents

GRACE_SECONDS = 20.0  # for what is in hand when the service is stopped
CONNECTIONS = 500
_IDLE_SECONDS = 30  # of a connection between two requests
_STARTS_SECONDS = 10.0
_BACKLOG = 1_024
_logger = log.get("receiver")


@dataclass(frozen=True, kw_only=True)
class Terms:
    """How the service works.

    Attributes:
        host, port: where it listens; port 0 is a free one.
        workers: messages that are handled at once.
        rate: requests a second of one address; all together may make twice as many.
        limits: what a request may be.
        grace_seconds: for what is in hand when it is stopped.
        tls_cert, tls_key: PEM files, for HTTPS.
        inbox, quarantine: a file and a folder; those of fcwork's run-time folder unless given.
    """

    host: str = "127.0.0.1"
    port: int = 8791
    workers: int = 2
    rate: float = 1_000.0
    limits: Limits = field(default_factory=Limits)
    grace_seconds: float = GRACE_SECONDS
    tls_cert: str | None = None
    tls_key: str | None = None
    inbox: Path | None = None
    quarantine: Path | None = None


class Receiver:
    """Receives messages by its doors, stores them, answers, and hands them on; as a context it runs in a thread.

    Args:
        doors: by which they come in.
        terms: how it works.
        store: of jobs and claims; that of ``FCWORK_STORE``, else ``state.sqlite`` of fcwork's run-time folder, unless
            given.
        clock: the time.

    Raises:
        ConfigError: two doors have one name or path, the certificate cannot be used, or the address cannot be
            listened on.
        StoreError: the inbox cannot be used.
    """

    def __init__(
        self,
        doors: Sequence[Door],
        terms: Terms | None = None,
        *,
        store: Store | None = None,
        clock: Clock = SYSTEM,
    ) -> None:
        self._terms = terms or Terms()
        _check_apart(doors)
        shared = open_store(settings.store_place(), clock=clock) if store is None else store
        self._own_store = shared if store is None else None
        claims: Claims = SeenEvents(shared, name="receiver", clock=clock)
        self._telling = Telling(shared, clock=clock)
        self.inbox = Inbox(self._terms.inbox, clock=clock, taken=self._telling.is_taken)
        self._workers = Workers(
            self.inbox, doors, telling=self._telling, claims=claims, count=self._terms.workers, clock=clock
        )
        self._app = App(
            doors,
            inbox=self.inbox,
            quarantine=Quarantine(self._terms.quarantine, clock=clock),
            telling=self._telling,
            rate=Rate(self._terms.rate, 2 * self._terms.rate, clock=clock),
            stored=self._workers.wake,
            limits=self._terms.limits,
            clock=clock,
        )
        self._server = _Server(self._config(), self._turn_away)
        self._socket = _listening(self._terms.host, self._terms.port)
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self.run, name="receiver", daemon=True)
        self._thread.start()
        if not self._server.begun.wait(_STARTS_SECONDS):
            raise ConfigError("the receiver did not start", hint="its log says why")
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        if self._thread:
            self._thread.join()

    @property
    def url(self) -> str:
        """Where it listens, without a path."""
        host, port = self._socket.getsockname()[:2] if self._socket.fileno() >= 0 else ("", 0)
        shown = f"[{host}]" if ":" in host else host
        return f"{'https' if self._terms.tls_cert else 'http'}://{shown}:{port}"

    def run(self, *, on_listening: Callable[[], None] | None = None) -> bool:
        """Work until a signal comes or ``stop`` is called, and say whether all that was in hand came to its end."""
        self._workers.start()
        if on_listening:
            on_listening()
        try:
            asyncio.run(self._server.serve(sockets=[self._socket]))
        finally:
            done = self._workers.stop(self._terms.grace_seconds)
            self._telling.close()
            if done:
                self.inbox.close()
                if self._own_store:
                    self._own_store.close()
            self._server.forget_signals()
        _logger.info("receiver.stopped", all_done=done)
        return done

    def stop(self) -> None:
        """Take no new requests, answer those that are under way, finish what is in hand."""
        self._turn_away()
        self._server.should_exit = True

    def _turn_away(self) -> None:
        self._app.stopping = True

    def _config(self) -> uvicorn.Config:
        if bool(self._terms.tls_cert) != bool(self._terms.tls_key):
            raise ConfigError("HTTPS needs both a certificate and its key", hint="give --tls-cert and --tls-key")
        config = uvicorn.Config(
            self._app,
            http=Wire,
            ws="none",
            loop="asyncio",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            log_level="critical",  # what there is to tell is told by the application
            access_log=False,
            proxy_headers=False,
            server_header=False,
            limit_concurrency=CONNECTIONS,
            timeout_keep_alive=_IDLE_SECONDS,
            timeout_graceful_shutdown=int(self._terms.grace_seconds),
            ssl_certfile=self._terms.tls_cert,
            ssl_keyfile=self._terms.tls_key,
        )
        try:
            config.load()
        except OSError as error:  # what is wrong with a certificate is one too
            files = f"{self._terms.tls_cert} and {self._terms.tls_key}"
            hint = "--tls-cert is a PEM certificate, --tls-key its private key in PEM"
            raise ConfigError(f"{files} cannot be used for HTTPS: {error.strerror or error}", hint=hint) from None
        return config


class _Server(uvicorn.Server):
    """uvicorn's server, which ends the process by the signal that stopped it; ours has work to finish first."""

    def __init__(self, config: uvicorn.Config, stopping: Callable[[], None]) -> None:
        super().__init__(config)
        self._stopping = stopping
        self._before: dict[int, Any] = {}
        self.begun = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin, and let it be known."""
        await super().startup(sockets)
        self.begun.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop at SIGINT and SIGTERM; a second SIGINT waits for no request any more."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        self._before = {number: signal.signal(number, self._hear) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number in self._before:
                signal.signal(number, _at_once)

    def forget_signals(self) -> None:
        """Let signals do what they did before."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}

    def _hear(self, number: int, frame: FrameType | None) -> None:
        self._stopping()
        self.handle_exit(number, frame)


def _at_once(number: int, _frame: FrameType | None) -> None:
    """End now: what is in hand is handled again by the next process."""
    os._exit(128 + number)


def _check_apart(doors: Sequence[Door]) -> None:
    if not doors:
        raise ConfigError("the receiver has no door", hint="say how it is checked and to whom it leads")
    for what in ("name", "path"):
        found = [getattr(door, what) for door in doors]
        twice = sorted({each for each in found if found.count(each) > 1})
        if twice:
            raise ConfigError(f"two doors have the {what} {twice[0]!r}", hint=f"give each a {what} of its own")


def _listening(host: str, port: int) -> socket.socket:
    """Return a socket that is bound, so that a taken port is known before anything else is begun."""
    try:
        [family, kind, protocol, _, address] = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError, OverflowError) as error:
        hint = "give --host 127.0.0.1, another address of this machine, or 0.0.0.0 for all of them"
        raise ConfigError(f"cannot listen on {host}:{port}: {error}", hint=hint) from None
    found = socket.socket(family, kind, protocol)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(address)
        found.listen(_BACKLOG)
    except OSError as error:
        found.close()
        hint = "another process may listen there: give another --port"
        raise ConfigError(f"cannot listen on {host}:{port}: {error}", hint=hint) from None
    found.set_inheritable(False)
    return found
