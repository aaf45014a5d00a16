"""``fcwork vault`` in processes of its own: at a terminal, by a pipe, two at once, killed while it writes."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fcwork import vault
from fcwork.redact import Secret
from fcwork.vault import place

pytestmark = pytest.mark.skipif(os.name == "nt", reason="terminals and signals of POSIX")
WORDS, OTHER, SECRET = "four words and more", "other words, four of them", "hunter2-hunter2"
PATIENCE = 60
FCWORK = [sys.executable, "-m", "fcwork", "vault"]
KILLED = """
import os, signal, sys
from pathlib import Path
from fcwork.redact import Secret
from fcwork.vault import editing
Path.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)  # just before the new file is put in its place
editing.put(Path(sys.argv[1]), "late", {"x": "y"}, Secret(sys.argv[2]))
"""


@pytest.fixture
def kept(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Name a vault that is not there yet."""
    monkeypatch.setenv("FCWORK_VAULT", str(home / "own" / "fcwork.vault"))
    vault.lock()
    yield home / "own" / "fcwork.vault"
    vault.lock()


@pytest.fixture
def terminal(kept: Path) -> Iterator[Callable[..., Any]]:
    """Return what starts a verb at a terminal."""
    del kept
    pexpect = pytest.importorskip("pexpect", reason="a terminal to type in")
    started = []

    def start(*arguments: str) -> Any:
        child = pexpect.spawn(FCWORK[0], [*FCWORK[1:], *arguments], timeout=PATIENCE, encoding="utf-8")
        child.logfile_read = Seen()
        started.append(child)
        return child

    yield start
    for child in started:
        child.close(force=True)


class Seen(list[str]):
    """What a terminal has shown."""

    def write(self, text: str) -> None:
        """Take down more of it."""
        self.append(text)

    def flush(self) -> None:
        """Nothing waits."""


def ended(child: Any) -> int:
    """Wait for the end of a verb at a terminal; return its exit code."""
    import pexpect

    child.expect(pexpect.EOF)
    child.close()
    return int(child.exitstatus if child.exitstatus is not None else -child.signalstatus)


def left(child: Any) -> int:
    """Press Ctrl-C until a verb ends, as Python misses one that comes between a prompt and the wait for an answer."""
    import pexpect

    for _ in range(PATIENCE // 5):
        child.sendintr()
        if child.expect([pexpect.EOF, pexpect.TIMEOUT], timeout=5) == 0:
            break
    return ended(child)


def piped(*arguments: str, lines: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a verb whose input is no terminal."""
    return subprocess.run(
        [*FCWORK, *arguments],
        input=lines,
        text=True,
        capture_output=True,
        check=False,
        timeout=PATIENCE,
        env={**os.environ, **environment},
    )


def test_a_profile_is_typed_in(terminal: Callable[..., Any], kept: Path) -> None:
    """P9: a passphrase typed twice makes a vault; secrets are not seen, and what cannot be is asked for once more."""
    child = terminal("add", "acme")
    child.expect("New passphrase of .*: ")
    child.sendline("short")
    child.expect("Repeat for confirmation: ")
    child.sendline("short")
    child.expect("less than 8 characters")
    for _ in range(2):
        child.expect(": $")
        child.sendline(WORDS)
    child.expect("Address.*: ")
    child.sendline("http://evil.example.com")
    child.expect("clear text")
    child.expect("Address.*: ")
    child.sendline("https://acme.api.fluentretail.com/")
    child.expect("Client id: ")
    child.sendline("ACME")
    child.expect("Client secret: ")
    child.sendline("")  # it is needed
    child.expect("Client secret: ")
    child.sendline(SECRET)
    child.expect("User .nothing: the client's own credentials.: ")
    child.sendline("")
    child.expect("Retailer id .nothing: none.: ")
    child.sendline("5")
    child.expect("Next: fcwork connect --profile acme")
    assert ended(child) == 0
    shown = "".join(child.logfile_read)
    assert SECRET not in shown
    assert WORDS not in shown
    vault.unlock(WORDS)
    assert vault.entry("acme") == {
        "base_url": "https://acme.api.fluentretail.com",
        "client_id": "ACME",
        "client_secret": Secret(SECRET),
        "retailer_id": "5",
    }
    assert kept.stat().st_mode & 0o777 == 0o600


def test_a_wrong_passphrase_is_told_before_anything_is_asked(terminal: Callable[..., Any]) -> None:
    """P32: whoever mistypes the passphrase is told at once, and may try again, three times in all."""
    assert piped("set", "warehouse/password", lines=f"{WORDS}\n{SECRET}\n").returncode == 0
    child = terminal("set", "warehouse/user")
    child.expect("Passphrase of .*: ")
    child.sendline("not the words")
    child.expect("does not open")
    child.expect("Once more: ")
    child.sendline(WORDS)
    child.expect("user: ")
    child.sendline("me-and-mine")
    child.expect("vault:warehouse/user is set")
    assert ended(child) == 0
    child = terminal("list")
    for prompt in ("Passphrase of .*: ", "Once more: ", "Once more: "):
        child.expect(prompt)
        child.sendline("not the words")
    child.expect("does not open")
    assert ended(child) == 2


def test_a_person_may_leave_in_the_middle(terminal: Callable[..., Any], kept: Path) -> None:
    """Ctrl-C at a prompt ends it with 130, and nothing was kept."""
    child = terminal("add", "acme")
    child.expect("New passphrase of .*: ")
    child.sendline(WORDS)
    child.expect("Repeat for confirmation: ")
    child.sendline(WORDS)
    child.expect("Address.*: ")
    assert left(child) == 130
    assert "Traceback" not in "".join(child.logfile_read)
    assert not kept.exists()


def test_a_field_of_an_entry_is_changed_alone(terminal: Callable[..., Any]) -> None:
    """Of an entry that is there, nothing leaves a field as it is; its password is asked for though its user stays."""
    lines = f"{WORDS}\n{SECRET}\nme\nold-password\n5\n"
    plain = ("--base-url", "https://acme.api.fluentretail.com", "--client-id", "ACME")
    assert piped("add", "acme", *plain, lines=lines).returncode == 0
    child = terminal("add", "acme")
    child.expect("Passphrase of .*: ")
    child.sendline(WORDS)
    for label in ("Address.*", "Client id", "Client secret", "User", "Password", "Retailer id"):
        child.expect(f"{label} .nothing: as it is.: ")
        child.sendline("new-password" if label == "Password" else "")
    assert ended(child) == 0
    vault.unlock(WORDS)
    found = vault.entry("acme")
    assert found is not None
    assert found["password"] == Secret("new-password")
    assert (found["username"], found["client_secret"], found["retailer_id"]) == ("me", Secret(SECRET), "5")


def test_a_pipe_gives_the_passphrase_to_every_verb() -> None:
    """Passphrase and secrets come as lines where nobody types: of each verb, ``list`` among them."""
    assert piped("set", "a/b", lines=f"{WORDS}\n{SECRET}\n").returncode == 0
    said = piped("list", lines=f"{WORDS}\n")
    assert (said.returncode, said.stdout) == (0, "a: b\n")
    assert piped("passphrase", lines=f"{WORDS}\n{OTHER}\n").returncode == 0
    for arguments, lines, told in (
        (("list",), f"{WORDS}\n", "does not open"),
        (("list",), "", "no passphrase came"),
        (("set", "a/b"), f"{OTHER}\n", "nothing was given"),
        (("set", "a/b", SECRET), f"{OTHER}\n", "never an argument"),
    ):
        said = piped(*arguments, lines=lines)
        assert said.returncode == 2
        assert told in said.stderr
        assert SECRET not in said.stdout + said.stderr
    assert piped("remove", "a", lines=f"{OTHER}\n").returncode == 0


def test_bytes_that_are_no_text_are_told(kept: Path) -> None:
    """P32: a passphrase that is no UTF-8 is told as that, without a traceback; one of a variable may be any bytes."""
    said = subprocess.run([*FCWORK, "list"], input=b"\xff\xfe\n", capture_output=True, check=False, timeout=PATIENCE)
    assert b"there is no vault" in said.stdout
    environment = {**os.environb, vault.VARIABLE.encode(): b"\xff\xfe-long-enough"}
    for arguments, given in ((("set", "a/b"), b"value\n"), (("list",), b"")):
        said = subprocess.run(
            [*FCWORK, *arguments], input=given, capture_output=True, check=False, timeout=PATIENCE, env=environment
        )
        assert (said.returncode, said.stderr) == (0, b"")
    strict = {**os.environ, "PYTHONIOENCODING": "utf-8:strict"}  # as it is where the locale is UTF-8
    said = subprocess.run(
        [*FCWORK, "list"], input=b"\xff\n", capture_output=True, check=False, timeout=PATIENCE, env=strict
    )
    assert said.returncode == 2
    assert b"no text in UTF-8" in said.stderr
    assert kept.exists()


def test_those_who_write_at_once_lose_nothing(kept: Path) -> None:
    """Of several processes that change one vault at the same time each gets its entry in, a new vault's too."""
    environment = {**os.environ, vault.VARIABLE: WORDS}
    started = [
        subprocess.Popen([*FCWORK, "set", f"entry-{n}/x"], stdin=subprocess.PIPE, text=True, env=environment)
        for n in range(4)
    ]
    for process in started:
        assert process.stdin
        process.stdin.write(f"value-{process.pid}\n")
        process.stdin.close()
    assert [process.wait(PATIENCE) for process in started] == [0] * 4
    assert vault.unlock(WORDS) == [f"entry-{n}" for n in range(4)]
    assert list(kept.parent.iterdir()) == [kept]


def test_a_kill_in_the_middle_of_a_write_leaves_what_was_there(kept: Path) -> None:
    """P29: a process that is killed as it writes leaves the vault as it was; what it left behind goes next time."""
    assert piped("set", "a/b", lines=f"{WORDS}\n{SECRET}\n").returncode == 0
    before = kept.read_bytes()
    killed = subprocess.run([sys.executable, "-c", KILLED, str(kept), WORDS], check=False, timeout=PATIENCE)
    assert killed.returncode == -signal.SIGKILL
    assert kept.read_bytes() == before
    left = [path for path in kept.parent.iterdir() if path != kept]
    assert [path.stat().st_mode & 0o777 for path in left] == [0o600]
    assert SECRET.encode() not in left[0].read_bytes()
    assert piped("set", "c/d", lines=f"{WORDS}\nvalue\n").returncode == 0
    assert list(kept.parent.iterdir()) == [kept]
    assert vault.unlock(WORDS) == ["a", "c"]


def test_nothing_is_to_be_seen_of_a_secret_while_it_is_typed(terminal: Callable[..., Any], kept: Path) -> None:
    """P9: no command line of a process holds passphrase or secret, and no file that is left behind does."""
    import psutil

    child = terminal("set", "warehouse/password")
    for _ in range(2):
        child.expect(": $")
        child.sendline(WORDS)
    child.expect("password: ")
    one = psutil.Process(child.pid)
    assert WORDS not in " ".join(one.cmdline())
    child.sendline(SECRET)
    assert ended(child) == 0
    for path in kept.parents[1].rglob("*"):
        if path.is_file():
            assert SECRET.encode() not in path.read_bytes()
            assert WORDS.encode() not in path.read_bytes()


def test_a_link_stays_a_link(home: Path, kept: Path) -> None:
    """A vault that lies elsewhere, with a link where it is looked for, is changed where it lies."""
    kept.parent.mkdir()
    kept.symlink_to(home / "elsewhere.vault")
    assert piped("set", "a/b", lines=f"{WORDS}\n{SECRET}\n").returncode == 0
    assert kept.is_symlink()
    assert (home / "elsewhere.vault").is_file()
    with place.alone(kept):  # who reads waits for nobody
        assert piped("list", lines=f"{WORDS}\n").returncode == 0
