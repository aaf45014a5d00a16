"""A real PostgreSQL server of the tests' own, with a password; psycopg has to be installed where this is imported."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

PASSWORD = "pa ss/w@rd%41:żółć"
WRITTEN = "pa%20ss%2Fw%40rd%2541%3A%C5%BC%C3%B3%C5%82%C4%87"
CI = bool(os.environ.get("FCWORK_CI"))  # read now: each test begins without
START_SECONDS = 60


class Server:
    """A PostgreSQL server in a folder of its own, on a port of this machine."""

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        self._who: dict[str, Any] = {}
        if os.getuid() == 0:  # it does not run as root
            self._who = {"user": "nobody", "group": _group("nobody"), "extra_groups": []}
        self.folder = Path(tempfile.mkdtemp(prefix="fcwork-pg-", dir="/tmp" if self._who else None))
        self._process: subprocess.Popen[bytes] | None = None
        self._frozen: list[int] = []
        self.port = _free_port()

    def make(self) -> None:
        """Make the cluster: UTF-8, and an order of its own that is not that of bytes where the server knows one."""
        password = self.folder / "password"
        password.write_text(PASSWORD, "utf-8")
        for path in (self.folder, password):
            if self._who:
                shutil.chown(path, self._who["user"], self._who["group"])
        self._run("initdb", f"--pwfile={password}", "--auth=scram-sha-256", "--username=fcwork", "--no-sync")
        password.unlink()
        self.start()
        with self.connected("postgres") as connection:
            try:
                connection.execute(
                    "CREATE DATABASE team TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'en'"
                )
            except psycopg.Error:  # older than 15, or built without ICU
                connection.execute("CREATE DATABASE team")

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), "-D", str(self.folder / "data"), "--encoding=UTF8", "--locale=C"]
        done = subprocess.run(
            [*command, *arguments], check=False, capture_output=True, text=True, cwd=self.folder, **self._who
        )
        assert done.returncode == 0, done.stderr

    def start(self) -> None:
        """Start, and wait until it lets in."""
        options = ["fsync=off", "listen_addresses=127.0.0.1", "unix_socket_directories="]
        options += ["max_connections=60", "timezone=Asia/Tokyo", "default_transaction_isolation=serializable"]
        command = [str(self._programs / "postgres"), "-D", str(self.folder / "data"), "-p", str(self.port)]
        with (self.folder.parent / f"{self.folder.name}.log").open("ab") as told:
            self._process = subprocess.Popen(
                [*command, *(part for option in options for part in ("-c", option))],
                stdout=told,
                stderr=told,
                cwd=self.folder,
                **self._who,
            )
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                self.connected("postgres").close()
            except psycopg.OperationalError:
                assert self._process.poll() is None, self.log.read_text("utf-8")
                assert time.monotonic() < deadline, self.log.read_text("utf-8")
                time.sleep(0.05)
            else:
                return

    @property
    def log(self) -> Path:
        """The file in which the server tells of itself."""
        return self.folder.parent / f"{self.folder.name}.log"

    def crash(self) -> None:
        """End at once, as if the power went: nobody is told goodbye."""
        assert self._process is not None
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait(START_SECONDS)

    def freeze(self) -> None:
        """Stop all processes of the server where they are; its lines stay open, and nobody answers."""
        assert self._process is not None
        with self.connected("postgres") as connection:
            sessions = connection.execute("SELECT pid FROM pg_stat_activity").fetchall()
        self._frozen = [self._process.pid, *(process for (process,) in sessions)]
        self._signal_frozen(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let them go on."""
        self._signal_frozen(signal.SIGCONT)

    def _signal_frozen(self, number: int) -> None:
        for process in self._frozen:
            with suppress(ProcessLookupError):
                os.kill(process, number)

    def remove(self) -> None:
        """End, and take the folder away."""
        if self._process is not None and self._process.poll() is None:
            self.crash()
        shutil.rmtree(self.folder)
        self.log.unlink(missing_ok=True)

    def connected(self, database: str = "team") -> psycopg.Connection[Any]:
        """Return a connection beside the store's."""
        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            dbname=database,
            user="fcwork",
            password=PASSWORD,
            autocommit=True,
            connect_timeout=2,
        )

    def url(self, schema: str = "", *, user: str = "fcwork", password: str = WRITTEN, **options: str) -> str:
        """Return the URL of a store with a schema of its own."""
        options = {"schema": schema or f"t_{uuid4().hex}", **options}
        query = "&".join(f"{name}={value}" for name, value in options.items())
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/team?{query}"


def _group(user: str) -> int:
    import pwd

    return pwd.getpwnam(user).pw_gid


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _programs() -> Path | None:
    """Return the folder of the server's programs: that on the PATH, else the newest that a Debian keeps."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    kept = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    return max((path.parent for path in kept), key=lambda path: float(path.parent.name), default=None)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """Yield a running server, one for all tests of this process."""
    programs = _programs()
    if programs is None:
        told = "PostgreSQL is not installed, so the team's store is NOT tested: apt-get install postgresql"
        pytest.fail(told) if CI else pytest.skip(told)
    made = Server(programs)
    try:
        made.make()
        yield made
    finally:
        made.remove()
