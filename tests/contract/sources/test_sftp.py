import errno
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from servers import Sftp
from ssh_server import PASSWORD, PasswordServer

from fcwork import sources
from fcwork.errors import SourceError
from fcwork.sources.elsewhere import named, opened_once
from fcwork.sources.filesystems import Filesystem


@pytest.fixture
def server(sftp_server: Sftp) -> Sftp:
    """Name the folder of OpenSSH's server ``dock``."""
    sources.connect("dock", type="sftp", **sftp_server.settings)
    return sftp_server


@pytest.fixture
def inside(password_server: PasswordServer) -> PasswordServer:
    """Name the folder of the server inside the tests ``dock``."""
    sources.connect("dock", type="sftp", **password_server.settings)
    return password_server


def files() -> Filesystem:
    """Return the files as fcwork sees them."""
    return opened_once(named("dock"))


def names(folder: Path) -> list[str]:
    """Return what a folder holds."""
    return sorted(path.name for path in folder.iterdir())


def fail(error: Exception) -> Callable[[], None]:
    """Return what fails so."""

    def raised() -> None:
        raise error

    return raised


def test_an_unknown_host_is_refused(sftp_server: Sftp, tmp_path: Path) -> None:
    """P24: a host whose key is not known is refused; what was expected, what came and how to mend it is told."""
    (tmp_path / "nobody").write_text("", "utf-8")
    sources.connect("dock", type="sftp", **{**sftp_server.settings, "known_hosts": str(tmp_path / "nobody")})
    with pytest.raises(SourceError, match=r"is not known: expected one of .*nobody, it showed SHA256:") as caught:
        sources.list("dock://")
    assert sftp_server.fingerprint in str(caught.value)
    assert f"ssh-keyscan -p {sftp_server.port} 127.0.0.1" in caught.value.hint


def test_a_host_whose_key_has_changed_is_refused(sftp_server: Sftp, tmp_path: Path) -> None:
    """P24: another key than the one that is known is refused, of the same kind or of another."""
    for kind in ("ssh-ed25519", "ecdsa-sha2-nistp256"):
        other = asyncssh.generate_private_key(kind)
        line = f"[127.0.0.1]:{sftp_server.port} {other.export_public_key().decode()}"
        (tmp_path / kind).write_text(line, "utf-8")
        sources.connect("dock", type="sftp", **{**sftp_server.settings, "known_hosts": str(tmp_path / kind)})
        with pytest.raises(
            SourceError, match=r"has changed: .*\n→ somebody may be in between.*ssh-keygen -R"
        ) as caught:
            sources.list("dock://")
        assert other.get_fingerprint() in str(caught.value)
        assert f"it showed {sftp_server.fingerprint}" in str(caught.value)


def test_a_pinned_key_is_enough_and_no_other_will_do(sftp_server: Sftp) -> None:
    """P24: with a fingerprint no known_hosts is needed; another key than that is refused, whatever its kind."""
    settings = {name: value for name, value in sftp_server.settings.items() if name != "known_hosts"}
    sources.connect("dock", type="sftp", **settings, fingerprint=sftp_server.fingerprint)
    assert sources.list("dock://").height == 0
    sources.connect("dock", type="sftp", **settings, fingerprint="SHA256:" + "A" * 43)
    with pytest.raises(SourceError, match="is not the pinned one: expected SHA256:AAA") as caught:
        sources.list("dock://")
    assert sftp_server.fingerprint in str(caught.value)


def test_a_pinned_key_may_be_of_any_kind(password_server: PasswordServer) -> None:
    """A fingerprint of a key that is not the first that would be asked for is found."""
    password_server.stop()
    password_server.change_key("ecdsa-sha2-nistp256")
    password_server.start()
    settings = {name: value for name, value in password_server.settings.items() if name != "known_hosts"}
    sources.connect("dock", type="sftp", **settings, fingerprint=password_server.key.get_fingerprint())
    assert sources.list("dock://").height == 0


def test_any_host_is_taken_only_loudly(sftp_server: Sftp, capsys: pytest.CaptureFixture[str]) -> None:
    """P24: the check of the host is left out by an option of its own alone, and each connecting says so."""
    settings = {name: value for name, value in sftp_server.settings.items() if name != "known_hosts"}
    sources.connect("dock", type="sftp", **settings, insecure_accept_any_host_key=True)
    assert sources.list("dock://").height == 0
    assert "sftp.any_host_key_accepted" in capsys.readouterr().err


def test_a_plain_uri_checks_the_host_too(sftp_server: Sftp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """P24: ``sftp://user@host:port/path`` is absolute; host and user are known by ``~/.ssh``, or it is refused."""
    (tmp_path / "home" / ".ssh").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    (sftp_server.root / "a.csv").write_bytes(b"a\n1\n")
    uri = f"sftp://{sftp_server.user}@127.0.0.1:{sftp_server.port}{sftp_server.root}/a.csv"
    with pytest.raises(SourceError, match="is not known"):
        sources.read(uri)
    shutil.copy(sftp_server.known_hosts, tmp_path / "home" / ".ssh" / "known_hosts")
    with pytest.raises(SourceError, match=f"does not let {sftp_server.user} in"):
        sources.read(uri)
    shutil.copy(sftp_server.key, tmp_path / "home" / ".ssh" / "id_ed25519")
    assert sources.read(uri)["_source"].to_list() == [uri]
    with pytest.raises(SourceError, match=r"leave its place by '\.\.'"):
        sources.read(uri.replace("a.csv", "../a.csv"))


def test_the_agent_is_asked(server: Sftp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without password and key those of the SSH agent are offered."""
    address = str(tmp_path / "agent")
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", address], stdout=subprocess.DEVNULL)
    try:
        monkeypatch.setenv("SSH_AUTH_SOCK", address)
        monkeypatch.setenv("HOME", str(tmp_path))
        while subprocess.run(["ssh-add", "-q", str(server.key)], check=False, capture_output=True).returncode == 2:
            time.sleep(0.02)  # nobody listens yet
        sources.connect("dock", type="sftp", **{**server.settings, "private_key": ""})
        assert sources.list("dock://").height == 0
    finally:
        agent.kill()
        agent.wait()


def test_a_key_with_a_passphrase(sftp_server: Sftp, tmp_path: Path) -> None:
    """P32: a private key is opened by its passphrase; without it, or with another, that is told and not repeated."""
    locked = tmp_path / "locked"
    key = asyncssh.read_private_key(sftp_server.key)
    locked.write_bytes(key.export_private_key("pkcs8-pem", passphrase="open-sesame"))
    for passphrase, told in (("open-sesame", ""), ("wrong-sesame", "passphrase"), ("", "passphrase")):
        given = {**sftp_server.settings, "private_key": str(locked), "passphrase": passphrase}
        sources.connect("dock", type="sftp", **given)
        if not told:
            assert sources.list("dock://").height == 0
            continue
        with pytest.raises(SourceError, match=told) as caught:
            sources.list("dock://")
        assert "wrong-sesame" not in str(caught.value)
    sources.connect("dock", type="sftp", **{**sftp_server.settings, "private_key": f"{sftp_server.key}.pub"})
    with pytest.raises(SourceError, match="not the public one"):
        sources.list("dock://")
    sources.connect("dock", type="sftp", **{**sftp_server.settings, "private_key": str(tmp_path / "none")})
    with pytest.raises(SourceError, match="cannot be read: No such file"):
        sources.list("dock://")


@pytest.mark.parametrize("by_questions", [False, True])
def test_a_password_signs_in(inside: PasswordServer, by_questions: bool) -> None:  # noqa: FBT001 - a case of the test
    """A password is given as such, or as the answer to the server's question; a wrong one is told, not repeated."""
    inside.by_questions = by_questions
    assert sources.list("dock://").height == 0
    sources.connect("dock", type="sftp", **{**inside.settings, "password": "a-wrong-password"})
    with pytest.raises(SourceError, match=r"does not let warehouse in\n→ see to username") as caught:
        sources.list("dock://")
    assert "a-wrong-password" not in str(caught.value) + repr(named("dock"))
    assert PASSWORD not in str(sources.connections().rows())


def test_a_server_that_offers_questions_and_asks_none_is_told(sftp_server: Sftp) -> None:
    """P32: a server that takes no password, and offers questions which it never asks, is told as not letting in."""
    given = {name: value for name, value in sftp_server.settings.items() if name != "private_key"}
    sources.connect("dock", type="sftp", **given, password="a-wrong-password")
    with pytest.raises(SourceError, match=rf"does not let {sftp_server.user} in\n→ see to username"):
        sources.list("dock://")


def test_no_link_leads_out_of_the_root(server: Sftp, tmp_path: Path) -> None:
    """P24: a link to what lies outside is not read, listed, written through or copied; one inside is followed."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.csv").write_bytes(b"a\nsecret\n")
    (server.root / "in").mkdir()
    (server.root / "in" / "a.csv").write_bytes(b"a\n1\n")
    (server.root / "out").symlink_to(outside)
    (server.root / "file.csv").symlink_to(outside / "secret.csv")
    (server.root / "new.csv").symlink_to(outside / "new.csv")
    (server.root / "link.csv").symlink_to(server.root / "in" / "a.csv")

    for name in ("out/secret.csv", "file.csv", "out", "out/deep/er.csv", "in/../out/secret.csv"):
        for call in (sources.list, sources.digest, lambda uri: sources.whole(uri).__enter__()):
            with pytest.raises(SourceError):
                call(f"dock://{name}")
    with pytest.raises(SourceError, match="leads out of the root"), sources.whole("dock://new.csv") as stream:
        stream.write(b"1")
    for source, target in (("file.csv", "b.csv"), ("in/a.csv", "out/b.csv")):
        with pytest.raises(SourceError, match="leads out of the root"):
            files().copy(source, target)
    with pytest.raises(SourceError, match="leads out of the root"):
        files().remove("out/secret.csv")
    assert sources.read("dock://link.csv")["a"].to_list() == ["1"]
    assert sources.list("dock://**/*.csv")["name"].to_list() == ["a.csv", "link.csv"]
    assert names(outside) == ["secret.csv"]
    files().remove("file.csv")
    assert (outside / "secret.csv").exists()


def test_a_missing_root_is_told(sftp_server: Sftp) -> None:
    """P32: a root that is not there is told, and not made."""
    sources.connect("dock", type="sftp", **{**sftp_server.settings, "root": f"{sftp_server.root}/nope"})
    with pytest.raises(SourceError, match=r"nope is no folder of 127\.0\.0\.1"):
        sources.list("dock://")
    assert not (sftp_server.root / "nope").exists()


def test_nobody_there_is_told(sftp_server: Sftp) -> None:
    """P32: a port that nobody listens on, and a host that there is none of, are told."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        sources.connect("dock", type="sftp", **{**sftp_server.settings, "port": taken.getsockname()[1]})
        with pytest.raises(SourceError, match=r"does not answer: .*\n→ are host and port right"):
            sources.list("dock://")
    sources.connect("dock", type="sftp", **{**sftp_server.settings, "host": "no-such-host.invalid"})
    with pytest.raises(SourceError, match="no-such-host"):
        sources.list("dock://")


def test_a_server_that_says_nothing_is_given_up(sftp_server: Sftp) -> None:
    """P32: a server that takes connections and never speaks is told after timeout_seconds."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings = {**sftp_server.settings, "port": silent.getsockname()[1], "timeout_seconds": 0.5}
        sources.connect("dock", type="sftp", **settings)
        begun = time.monotonic()
        with pytest.raises(SourceError, match=r"did not answer within 0\.5 s"):
            sources.list("dock://")
        assert time.monotonic() - begun < 20


def test_a_server_that_stops_answering_is_given_up(server: Sftp) -> None:
    """P32: a server that freezes while it is read or written is told, and used again when it is back."""
    (server.root / "a.bin").write_bytes(bytes(30_000_000))
    sources.connect("dock", type="sftp", **server.settings, timeout_seconds=2.0)
    with pytest.raises(SourceError, match="cannot be written: no answer came within 2 s"):  # noqa: PT012, SIM117
        with sources.whole("dock://b.bin") as writer, files().open("a.bin") as reader:
            reader.read(10)
            server.process.freeze()
            try:
                with pytest.raises(TimeoutError):
                    reader.read()
                writer.write(bytes(30_000_000))
            finally:
                server.process.thaw()
    assert not (server.root / "b.bin").exists()
    assert sources.digest("dock://a.bin")


def test_a_line_that_was_cut_is_made_anew(inside: PasswordServer) -> None:
    """What can be asked twice is asked again on a new connection: listing, looking, opening, beginning to write."""
    (inside.root / "a.csv").write_bytes(b"a\n1\n")
    calls: list[Callable[[], Any]] = [
        lambda: sources.list("dock://"),
        lambda: sources.read("dock://a.csv"),
        lambda: sources.write(sources.read("dock://a.csv"), "dock://b.csv"),
        lambda: files().remove("nope"),
    ]
    for number, call in enumerate(calls, 1):
        call()
        inside.cut()
        call()
        assert inside.sign_ins == number + 1
    assert names(inside.root) == ["a.csv", "b.csv"]


def test_a_line_that_is_cut_while_writing_leaves_nothing(inside: PasswordServer) -> None:
    """P29: where the line is cut in the middle nothing stands under the name, and the rest is cleared away."""
    (inside.root / "a.bin").write_bytes(b"before")
    with pytest.raises(SourceError, match="cannot be written: the connection broke off"):  # noqa: PT012, SIM117
        with sources.whole("dock://a.bin") as stream:
            stream.write(bytes(3_000_000))
            inside.cut()
            stream.write(bytes(30_000_000))
    assert names(inside.root) == ["a.bin"]
    assert (inside.root / "a.bin").read_bytes() == b"before"


def test_a_line_that_is_cut_while_reading_is_told(inside: PasswordServer) -> None:
    """P29: what was read so far is no whole file: the reading fails."""
    (inside.root / "a.csv").write_bytes(b"a\n" + b"1\n" * 10_000_000)
    with files().open("a.csv") as stream:  # noqa: SIM117
        with pytest.raises(OSError, match="broke off"):  # noqa: PT012 - it fails when what was fetched ahead is used up
            for _ in range(20):
                stream.read(1_000_000)
                inside.cut()
    assert sources.digest("dock://a.csv")


def test_a_server_that_is_killed_while_writing_leaves_nothing_under_the_name(inside: PasswordServer) -> None:
    """P29: where the server is gone for good the error comes in bounded time; only a temporary file may be left."""
    with pytest.raises(SourceError, match="cannot be written"):  # noqa: PT012, SIM117
        with sources.whole("dock://a.bin") as stream:
            stream.write(bytes(3_000_000))
            inside.stop()
            stream.write(bytes(30_000_000))
    assert not [name for name in names(inside.root) if not name.startswith(".")]


@pytest.mark.parametrize(
    ("request_", "error", "told"),
    [
        ("write", OSError(errno.ENOSPC, "No space left on device"), "cannot be written: .*No space left"),
        ("write", asyncssh.SFTPQuotaExceeded("quota"), "cannot be written"),
        (
            "write",
            asyncssh.SFTPPermissionDenied("no"),
            "cannot be written: Permission denied\n→ .*may this user write to",
        ),
        (
            "posix_rename",
            asyncssh.SFTPFailure("no rename today"),
            "cannot be written: the server says 'no rename today'",
        ),
        ("mkdir", asyncssh.SFTPPermissionDenied("no"), "cannot be written: Permission denied"),
    ],
)
def test_a_server_that_cannot_write_is_told(inside: PasswordServer, request_: str, error: Exception, told: str) -> None:
    """P29, P32: a full disk, a quota, a missing permission are told as the server does, and nothing is left behind."""
    (inside.root / "a.bin").write_bytes(b"before")
    inside.fails[request_] = fail(error)
    target = "dock://new/a.bin" if request_ == "mkdir" else "dock://a.bin"
    with pytest.raises(SourceError, match=told), sources.whole(target) as stream:
        stream.write(bytes(5_000_000))
    assert names(inside.root) == ["a.bin"]
    assert (inside.root / "a.bin").read_bytes() == b"before"


def test_what_may_not_be_read_is_told(inside: PasswordServer) -> None:
    """P32: a file or a folder that may not be read is told as that."""
    (inside.root / "a.csv").write_bytes(b"a\n1\n")
    inside.fails["read"] = fail(asyncssh.SFTPPermissionDenied("no"))
    inside.fails["scandir"] = fail(asyncssh.SFTPPermissionDenied("no"))
    for call in (sources.read, sources.digest):
        with pytest.raises(SourceError, match=r"dock://a\.csv may not be read"):
            call("dock://a.csv")
    with pytest.raises(SourceError, match="may not be read"):
        sources.list("dock://")


def test_a_server_that_offers_little_will_do(inside: PasswordServer) -> None:
    """Without fsync and without renaming over a file it is written all the same, and what stood there is replaced."""
    inside.fails = {name: fail(asyncssh.SFTPOpUnsupported(name)) for name in ("fsync", "posix_rename")}
    for content in (b"one", b"two"):
        with sources.whole("dock://a.bin") as stream:
            stream.write(content)
    assert (inside.root / "a.bin").read_bytes() == b"two"
    assert names(inside.root) == ["a.bin"]


def test_a_copy_keeps_the_time_of_the_last_change(server: Sftp) -> None:
    """A copy within a server has the bytes and the time of its source, large or small."""
    content = os.urandom(3_000_000)
    (server.root / "a.bin").write_bytes(content)
    os.utime(server.root / "a.bin", (1_700_000_000, 1_700_000_000))
    files().copy("a.bin", "done/b.bin")
    assert (server.root / "done" / "b.bin").read_bytes() == content
    assert (server.root / "done" / "b.bin").stat().st_mtime == 1_700_000_000


def test_pipes_are_neither_read_nor_replaced(server: Sftp) -> None:
    """P24: what is no plain file is refused, as it would block or be lost."""
    os.mkfifo(server.root / "pipe.csv")
    with pytest.raises(SourceError, match="is no plain file"):
        sources.read("dock://pipe.csv")
    with pytest.raises(SourceError, match="is no plain file"), sources.whole("dock://pipe.csv"):
        pass
    (server.root / "file").write_bytes(b"1")
    with pytest.raises(SourceError, match=r"dock://file is no folder"), sources.whole("dock://file/a.csv"):
        pass


def test_names_that_are_no_utf8_are_told_and_read(server: Sftp) -> None:
    """P24: a name of other bytes is listed under a name that can be written down, and found by a glob."""
    (server.root / os.fsdecode(b"caf\xe9.csv")).write_bytes(b"a\n1\n")
    assert sources.list("dock://")["name"].to_list() == ["caf\ufffd.csv"]
    assert sources.read("dock://c*.csv")["a"].to_list() == ["1"]


def test_without_the_extra_its_name_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """P32: where what SFTP needs is not installed, the error says what to install."""
    monkeypatch.setitem(sys.modules, "asyncssh", None)
    for name in [name for name in sys.modules if name.startswith("fcwork.sources.filesystems.sftp")]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(SourceError, match=r"pip install 'fcwork\[sftp\]'"):
        sources.list("sftp://nobody-yet@some.host/")
