"""The wire: uvicorn's HTTP, with an end to waiting for a request's head, and to all that comes beside bodies."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_SECONDS = 10.0
HEAD_BYTES = 32_768  # of a head; and of what else is no body: the lines between its chunks, and after the last
PIPELINED = 16  # requests that wait on one connection; each that is answered lets more of them in
_TOO_LONG = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: application/json\r\ncontent-length: 22\r\n"
    b'connection: close\r\n\r\n{"status":"too_large"}'
)


class Wire(HttpToolsProtocol):
    """One connection.

    A sender that never finishes its head would be waited for, and kept in memory, without an end. So would one whose
    headers go on after its body, or that sends request after request and reads no answer.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._patience: asyncio.TimerHandle | None = None
        self._barren_bytes = 0  # since the last byte of a body, or since the request before
        self._in_head = True

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as the base has it
        """Begin to wait for a head."""
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._forget_head()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes, unless there are too many that are no body."""
        if self._in_head and self._patience is None:
            self._await_head()
        if self._too_long(data):
            self.transport.write(_TOO_LONG)
            self.transport.close()
            return
        self._barren_bytes += len(data)
        super().data_received(data)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header, unless it comes after the body: nobody asks for those."""
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Wait for the head no more: the application has its own time for the body."""
        self._forget_head()
        if len(self.pipeline) >= PIPELINED:
            raise OverflowError("too many requests wait on this connection")  # the parser stops, and it is closed
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a part of a body."""
        self._barren_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Expect another head."""
        super().on_message_complete()
        self._in_head, self._barren_bytes = True, 0

    def _too_long(self, data: bytes) -> bool:
        """Say whether there is too much that is no body; a head that begins in ``data`` has to end within its room."""
        if not self._in_head:
            return self._barren_bytes > HEAD_BYTES
        if len(data) > HEAD_BYTES:
            return b"\r\n\r\n" not in data[:HEAD_BYTES]
        return self._barren_bytes + len(data) > HEAD_BYTES

    def _await_head(self) -> None:
        self._patience = self.loop.call_later(HEAD_SECONDS, self._gave_up)

    def _forget_head(self) -> None:
        self._in_head = False
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _gave_up(self) -> None:
        self._patience = None
        if not self.transport.is_closing():
            self.transport.close()
