"""A server of HTTP that says what it is told to, for what no real store says when it is asked to."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

import pytest


class Asked(NamedTuple):
    """A request that came."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes


class Answer(NamedTuple):
    """What is said to it."""

    status: int
    body: str = ""
    headers: dict[str, str] = {}  # noqa: RUF012 - nobody changes it


class Answers:
    """Answers each request by a rule, and remembers it."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.rule: Callable[[Asked], Answer] = lambda _: Answer(404)
        answers = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                url = urlsplit(self.path)
                names = {name.lower(): value for name, value in self.headers.items()}
                query = parse_qs(url.query, keep_blank_values=True)
                answers.asked.append(Asked(self.command, url.path, query, names, content))
                said = answers.rule(answers.asked[-1])
                body = said.body.encode()
                self.send_response(said.status)
                for name, value in ({"Content-Length": str(len(body))} | said.headers).items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = answer  # noqa: N815 - the base's names

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Listen no more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def answers() -> Iterator[Answers]:
    """Yield a server that says what it is told to."""
    server = Answers()
    yield server
    server.stop()
