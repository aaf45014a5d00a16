"""The wire: uvicorn's HTTP, with an end to waiting for a request's head and to its length."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_SECONDS = 10.0
HEAD_BYTES = 32_768
_TOO_LONG = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: application/json\r\ncontent-length: 22\r\n"
    b'connection: close\r\n\r\n{"status":"too_large"}'
)


class Wire(HttpToolsProtocol):
    """One connection.

    A sender that never finishes its head would be waited for, and kept in memory, without an end.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._patience: asyncio.TimerHandle | None = None
        self._head_bytes = 0
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
        """Take bytes, unless they make the head too long."""
        if self._in_head:
            if self._patience is None:
                self._await_head()
            self._head_bytes += len(data)
            before = self._head_bytes > HEAD_BYTES and len(data) <= HEAD_BYTES
            if before or self._endless(data):
                self.transport.write(_TOO_LONG)
                self.transport.close()
                return
        super().data_received(data)

    def on_headers_complete(self) -> None:
        """Wait for the head no more: the application has its own time for the body."""
        self._forget_head()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Expect another head."""
        super().on_message_complete()
        self._in_head, self._head_bytes = True, 0

    def _endless(self, data: bytes) -> bool:
        """Say whether a head that begins in ``data`` does not end within its room."""
        return len(data) > HEAD_BYTES and b"\r\n\r\n" not in data[:HEAD_BYTES]

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
