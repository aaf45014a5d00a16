"""The two doors to the app, one in the caller's thread and one a socket; each carries out what befell a request."""

import io
import socket
import threading
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

import httpx
from werkzeug.exceptions import ClientDisconnected
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from fcwork.clock import Clock
from fcwork.errors import ConfigError
from fcwork.simulator.exchange import CONDUCT, Conduct

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_POLL_SECONDS = 0.05  # how soon a stopping server notices
_HIGHEST_PORT = 65_535


class InProcessDoor(httpx.BaseTransport):
    """An httpx transport that calls the app in the caller's thread and fails as a socket would.

    Args:
        app: what answers.
        clock: what delays are slept on.
    """

    def __init__(self, app: "WSGIApplication", clock: Clock) -> None:
        self._app = app
        self._clock = clock

    def __eq__(self, other: object) -> bool:
        return isinstance(other, InProcessDoor) and self._app is other._app

    def __hash__(self) -> int:
        return id(self._app)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request.

        Raises:
            httpx.ReadTimeout: the answer takes longer than the request's read timeout.
            httpx.RemoteProtocolError: the connection was dropped, at once or in the middle of the body.
        """
        status, headers, content, conduct = self._called(request)
        patience = request.extensions.get("timeout", {}).get("read")
        if patience is not None and conduct.delay_seconds > patience:
            self._clock.sleep(patience)
            raise httpx.ReadTimeout("timed out")
        if conduct.delay_seconds:
            self._clock.sleep(conduct.delay_seconds)
        if conduct.drop:
            raise httpx.RemoteProtocolError("Server disconnected without sending a response.")
        stream = _HalfBody(content) if conduct.half else httpx.ByteStream(content)
        return httpx.Response(status, headers=headers, stream=stream)

    def _called(self, request: httpx.Request) -> tuple[int, list[tuple[str, str]], bytes, Conduct]:
        environ = _environ(request)
        begun: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(status: str, headers: list[tuple[str, str]], _: Any = None) -> Any:
            begun.append((status, headers))

        content = b"".join(self._app(environ, start_response))
        status, headers = begun[0]
        return int(status.split()[0]), headers, content, environ[CONDUCT]


class SocketDoor:
    """A threaded server on a real socket.

    Args:
        app: what answers.
        clock: what delays are slept on.
        host: the address to listen on.
        port: the port; 0 for a free one.
    """

    def __init__(self, app: "WSGIApplication", clock: Clock, *, host: str, port: int) -> None:
        self._server = _server(_Wire(app, clock), host, port)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_POLL_SECONDS,), name="fcwork-simulator", daemon=True
        )
        self._thread.start()
        self.url = f"http://{host}:{self._server.port}"

    def close(self) -> None:
        """Stop listening; calls that are being answered are left alone."""
        self._server.shutdown()
        self._thread.join()


class _Wire:
    """The app as the server runs it: late, cut off or dropped where the app says so."""

    def __init__(self, app: "WSGIApplication", clock: Clock) -> None:
        self._app = app
        self._clock = clock

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        try:
            chunks = self._app(environ, start_response)
        except ClientDisconnected:  # such as a sender that was killed: nothing was done, and nobody is to be answered
            raise _ClosedOnPurposeError from None
        conduct: Conduct = environ[CONDUCT]
        if conduct.delay_seconds:
            self._clock.sleep(conduct.delay_seconds)
        if conduct.drop:
            raise _ClosedOnPurposeError
        return _half_then_closed(b"".join(chunks)) if conduct.half else chunks


class _ClosedOnPurposeError(ConnectionError):
    """Makes the server close the connection as it stands."""


class _Handler(WSGIRequestHandler):
    disable_nagle_algorithm = True  # headers and body go out in two writes

    def connection_dropped(self, error: BaseException, environ: Any = None) -> None:
        """Close the connection, whether the peer or a fault ended the exchange."""
        del error, environ
        self.close_connection = True

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing: the ledger holds every request."""


class _HalfBody(httpx.SyncByteStream):
    def __init__(self, content: bytes) -> None:
        self._content = content

    def __iter__(self) -> Iterator[bytes]:
        half = self._content[: len(self._content) // 2]
        yield half
        counts = f"received {len(half)} bytes, expected {len(self._content)}"
        raise httpx.RemoteProtocolError(f"peer closed connection without sending complete message body ({counts})")


def _half_then_closed(content: bytes) -> Iterator[bytes]:
    yield content[: len(content) // 2]
    raise _ClosedOnPurposeError


def _server(app: "WSGIApplication", host: str, port: int) -> BaseWSGIServer:
    if not 0 <= port <= _HIGHEST_PORT:
        raise _cannot_listen(host, port, f"ports go from 0 to {_HIGHEST_PORT}")
    try:
        listening = socket.create_server((host, port), backlog=128)
    except OSError as error:
        raise _cannot_listen(host, port, error) from None
    with listening:
        return make_server(host, port, app, threaded=True, request_handler=_Handler, fd=listening.fileno())


def _cannot_listen(host: str, port: int, why: object) -> ConfigError:
    what = f"the simulator cannot listen on {host}:{port}: {why}"
    return ConfigError(what, hint="choose another port, or 0 for a free one")


def _environ(request: httpx.Request) -> "WSGIEnvironment":
    body = request.read()
    path, _, query = request.url.raw_path.partition(b"?")
    headers = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in request.headers.items()}
    return {
        **headers,
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query.decode("latin-1"),
        "SERVER_NAME": request.url.host,
        "SERVER_PORT": str(request.url.port or 80),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_TYPE": request.headers.get("content-type", ""),
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
