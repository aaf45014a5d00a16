"""Real servers of the tests' own, on free ports of this machine: a store of S3's kind, and OpenSSH's sshd."""

import getpass
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil
import pytest

CI = bool(os.environ.get("FCWORK_CI"))  # read now: each test begins without
START_SECONDS = 60
REGION = "eu-central-1"
ACCESS_KEY_ID, SECRET_ACCESS_KEY = "AKIAFCWORKTESTS00000", "s3cr3t/Acc+ess=Key%of&the-tests"


class Process:
    """A server as a process, which can be ended at once, frozen, and started again on its port."""

    def __init__(self, command: Callable[[int], list[str]], log: Path) -> None:
        self.port = free_port()
        self.log = log
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, and wait until it listens."""
        with self.log.open("ab") as told:
            self._process = subprocess.Popen(
                self._command(self.port), stdin=subprocess.DEVNULL, stdout=told, stderr=told, start_new_session=True
            )
        deadline = time.monotonic() + START_SECONDS
        while not _listens(self.port):
            assert self._process.poll() is None, self.log.read_text("utf-8")
            assert time.monotonic() < deadline, self.log.read_text("utf-8")
            time.sleep(0.02)

    def kill(self) -> None:
        """End it and what it started at once, as if the power went."""
        self._signal(signal.SIGKILL)
        if self._process:
            self._process.wait(START_SECONDS)

    def freeze(self) -> None:
        """Stop it where it is: its lines stay open, and nobody answers."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        if self._process and self._process.poll() is None:
            for process in _family(self._process.pid):  # sshd gives each connection a session of its own
                with suppress(ProcessLookupError):
                    os.kill(process, number)


@dataclass
class Bucket:
    """A bucket of the S3 server, and a client beside ours to look into it."""

    endpoint: str
    bucket: str
    process: Process
    client: Any
    access_key_id: str = ACCESS_KEY_ID
    secret_access_key: str = SECRET_ACCESS_KEY
    region: str = REGION

    def put(self, key: str, content: bytes = b"", **more: Any) -> str:
        """Put an object there, and return its key."""
        self.client.put_object(Bucket=self.bucket, Key=key, Body=content, **more)
        return key

    def get(self, key: str) -> bytes:
        """Return the bytes of an object."""
        content: bytes = self.client.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        return content

    def objects(self) -> list[str]:
        """Return the keys of all objects."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket)
        return [item["Key"] for page in pages for item in page.get("Contents", [])]

    def uploads(self) -> list[str]:
        """Return the keys of uploads that were begun and not ended."""
        found = self.client.list_multipart_uploads(Bucket=self.bucket)
        return [item["Key"] for item in found.get("Uploads", [])]

    @property
    def settings(self) -> dict[str, Any]:
        """The fields of a connection to it."""
        names = {"bucket": self.bucket, "endpoint_url": self.endpoint, "region": self.region, "path_style": True}
        return names | {"access_key_id": self.access_key_id, "secret_access_key": self.secret_access_key}


@dataclass
class Sftp:
    """OpenSSH's sshd, run by the user of the tests, and a folder on it."""

    host: str
    port: int
    user: str
    key: Path
    known_hosts: Path
    root: Path
    fingerprint: str
    process: Process
    folder: Path = field(repr=False, default=Path())

    @property
    def settings(self) -> dict[str, Any]:
        """The fields of a connection to it."""
        names = {"host": self.host, "port": self.port, "username": self.user, "root": str(self.root)}
        return names | {"private_key": str(self.key), "known_hosts": str(self.known_hosts)}


@pytest.fixture(scope="session")
def s3_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """Yield a running S3 server, one for all tests of this process; its data is in its memory."""
    command = "import sys; from moto.server import main; main(sys.argv[1:])"
    started = Process(
        lambda port: [sys.executable, "-c", command, "-H", "127.0.0.1", "-p", str(port)],
        tmp_path_factory.mktemp("s3") / "log",
    )
    try:
        started.start()
        yield started
    finally:
        started.kill()


@pytest.fixture(scope="session")
def s3_client(s3_process: Process) -> Any:
    """Return a client beside ours, one for all tests of this process: it takes long to make."""
    import boto3

    return boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{s3_process.port}",
        aws_access_key_id=ACCESS_KEY_ID,
        aws_secret_access_key=SECRET_ACCESS_KEY,
        region_name=REGION,
    )


@pytest.fixture
def s3_server(s3_process: Process, s3_client: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Bucket:
    """Return a new bucket of the S3 server; no AWS settings of this machine count."""
    forget_aws(monkeypatch, tmp_path)
    made = Bucket(f"http://127.0.0.1:{s3_process.port}", f"b-{uuid4().hex}", s3_process, s3_client)
    s3_client.create_bucket(Bucket=made.bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    return made


def forget_aws(monkeypatch: pytest.MonkeyPatch, empty: Path) -> None:
    """Take away the AWS settings of the environment and of the home folder."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(empty / "no-aws-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(empty / "no-aws-credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture(scope="session")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sftp]:
    """Yield a running sshd, one for all tests of this process, with keys of its own."""
    program = shutil.which("sshd") or shutil.which("sshd", path="/usr/sbin:/usr/local/sbin")
    if program is None or not shutil.which("ssh-keygen"):
        told = "OpenSSH's server is not installed, so SFTP is NOT tested: apt-get install openssh-server"
        pytest.fail(told) if CI else pytest.skip(told)
    folder = tmp_path_factory.mktemp("sshd")
    for name in ("host_key", "user_key"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
    started = Process(lambda port: [program, "-D", "-e", "-f", str(_sshd_config(folder, port))], folder / "log")
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # where it locks up what has no rights yet
    try:
        started.start()
        yield _sftp(folder, started)
    finally:
        started.kill()


def _sshd_config(folder: Path, port: int) -> Path:
    shutil.copy(folder / "user_key.pub", folder / "authorized_keys")
    lines = ["ListenAddress 127.0.0.1", f"Port {port}", f"HostKey {folder}/host_key", "PidFile none"]
    lines += [f"AuthorizedKeysFile {folder}/authorized_keys", "StrictModes no", "UsePAM no", "LogLevel VERBOSE"]
    lines += ["PasswordAuthentication no", "PermitRootLogin yes", "Subsystem sftp internal-sftp", "MaxStartups 100"]
    config = folder / "config"
    config.write_text("\n".join([*lines, ""]), "utf-8")
    return config


def _sftp(folder: Path, process: Process) -> Sftp:
    known = folder / "known_hosts"
    public = (folder / "host_key.pub").read_text("utf-8")
    known.write_text(f"[127.0.0.1]:{process.port} {public}", "utf-8")
    listed = subprocess.run(
        ["ssh-keygen", "-lf", str(folder / "host_key.pub")], check=True, capture_output=True, text=True
    )
    return Sftp(
        host="127.0.0.1",
        port=process.port,
        user=getpass.getuser(),
        key=folder / "user_key",
        known_hosts=known,
        root=folder,
        fingerprint=listed.stdout.split()[1],
        process=process,
        folder=folder,
    )


@pytest.fixture
def sftp_server(sshd: Sftp, tmp_path: Path) -> Sftp:
    """Return the running sshd with an empty folder of the test's own as its root."""
    root = tmp_path / "sftp"
    root.mkdir()
    return Sftp(**{**vars(sshd), "root": root})


@pytest.fixture
def connections(s3_server: Bucket, sftp_server: Sftp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write a connections.toml with ``lake`` (S3) and ``warehouse`` (SFTP), which FCWORK_CONNECTIONS names."""
    file = tmp_path / "connections.toml"
    write_connections(
        file,
        lake={"type": "s3", **s3_server.settings, "secret_access_key": "env:LAKE_SECRET"},
        warehouse={"type": "sftp", **sftp_server.settings},
    )
    monkeypatch.setenv("LAKE_SECRET", s3_server.secret_access_key)
    monkeypatch.setenv("FCWORK_CONNECTIONS", str(file))
    return file


def write_connections(file: Path, **tables: dict[str, Any]) -> None:
    """Write a table for each connection; only the owner may read the file."""
    lines = [
        line
        for name, fields in tables.items()
        for line in [f"[{name}]", *(f"{field} = {_toml(value)}" for field, value in fields.items()), ""]
    ]
    file.write_text("\n".join(lines), "utf-8")
    file.chmod(0o600)


def _toml(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _family(process: int) -> list[int]:
    """Return a process and all that came from it."""
    try:
        return [process, *(child.pid for child in psutil.Process(process).children(recursive=True))]
    except psutil.NoSuchProcess:
        return [process]
