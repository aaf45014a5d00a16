"""An SFTP server inside the tests: it takes passwords, may change its key, cut its lines and fail as it is told."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import asyncssh
import pytest

USER, PASSWORD = "warehouse", "pa ss/w@rd%41:żółć"
WAIT_SECONDS = 30


class PasswordServer:
    """A server on a loop of its own, whose clients see nothing but one folder."""

    def __init__(self, root: Path, keys: Path) -> None:
        self.root, self._keys = root, keys
        self.port = 0
        self.by_questions = False  # ask for the password by keyboard-interactive
        self.fails: dict[str, Callable[[], None]] = {}  # by the request's name: what it does before
        self.sign_ins = 0
        self.open: list[asyncssh.SSHServerConnection] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._acceptor: Any = None
        self.change_key()

    def start(self) -> None:
        """Listen, on the same port as before if there was one."""
        self._acceptor = self._run(self._listen())
        self.port = self._acceptor.get_port()

    def stop(self) -> None:
        """Cut all lines, and listen no more."""
        if self._acceptor:
            self._acceptor.close()
            self._run(self._acceptor.wait_closed())
            self._acceptor = None
        self.cut()

    def cut(self) -> None:
        """Cut all lines."""
        for connection in self.open:
            self._loop.call_soon_threadsafe(connection.abort)
        self.open.clear()

    def end(self) -> None:
        """Stop, and let go of the loop."""
        self.stop()
        self._run(self._cancel_rest())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(WAIT_SECONDS)
        self._loop.close()

    def change_key(self, kind: str = "ssh-ed25519") -> None:
        """Have another host key from the next start on."""
        self.key = asyncssh.generate_private_key(kind)

    @property
    def known_hosts(self) -> Path:
        """A file that knows the key that the server has now."""
        file = self._keys / "known_hosts"
        public = self.key.export_public_key().decode().strip()
        file.write_text(f"[127.0.0.1]:{self.port} {public}\n", "utf-8")
        return file

    @property
    def settings(self) -> dict[str, Any]:
        """The fields of a connection to it."""
        names = {"host": "127.0.0.1", "port": self.port, "username": USER, "password": PASSWORD}
        return names | {"known_hosts": str(self.known_hosts), "timeout_seconds": 5.0}

    async def _listen(self) -> Any:
        return await asyncssh.listen(
            "127.0.0.1",
            self.port,
            server_host_keys=[self.key],
            server_factory=lambda: _Door(self),
            sftp_factory=lambda channel: _Files(channel, self),
            reuse_address=True,
        )

    async def _cancel_rest(self) -> None:
        rest = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    def _run(self, call: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(call, self._loop).result(WAIT_SECONDS)


class _Door(asyncssh.SSHServer):
    def __init__(self, server: PasswordServer) -> None:
        self._server = server

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._server.open.append(conn)

    def password_auth_supported(self) -> bool:
        return not self._server.by_questions

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == (USER, PASSWORD)

    def kbdint_auth_supported(self) -> bool:
        return self._server.by_questions

    def get_kbdint_challenge(self, username: str, lang: str, submethods: str) -> Any:
        del username, lang, submethods
        return "", "", "", [("Password:", False)]

    def validate_kbdint_response(self, username: str, responses: Any) -> bool:
        return self.validate_password(username, responses[0])

    def auth_completed(self) -> None:
        self._server.sign_ins += 1


class _Files(asyncssh.SFTPServer):
    def __init__(self, channel: Any, server: PasswordServer) -> None:
        self._server = server
        super().__init__(channel, chroot=str(server.root).encode())

    def write(self, file_obj: Any, offset: int, data: bytes) -> int:
        self._before("write")
        return super().write(file_obj, offset, data)

    def read(self, file_obj: Any, offset: int, size: int) -> bytes:
        self._before("read")
        return super().read(file_obj, offset, size)

    def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
        self._before("posix_rename")
        super().posix_rename(oldpath, newpath)

    def fsync(self, file_obj: Any) -> None:
        self._before("fsync")
        super().fsync(file_obj)

    def mkdir(self, path: bytes, attrs: Any) -> None:
        self._before("mkdir")
        super().mkdir(path, attrs)

    def remove(self, path: bytes) -> None:
        self._before("remove")
        super().remove(path)

    def scandir(self, path: bytes) -> Any:
        self._before("scandir")
        return super().scandir(path)

    def _before(self, request: str) -> None:
        if request in self._server.fails:
            self._server.fails[request]()


@pytest.fixture
def password_server(tmp_path: Path) -> Iterator[PasswordServer]:
    """Yield an SFTP server that takes ``USER`` with ``PASSWORD`` and has an empty folder."""
    for name in ("chroot", "keys"):
        (tmp_path / name).mkdir()
    server = PasswordServer(tmp_path / "chroot", tmp_path / "keys")
    try:
        server.start()
        yield server
    finally:
        with suppress(asyncio.CancelledError):
            server.end()
