"""``fcwork vault`` on the command line."""

import io
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from fcwork import settings, vault
from fcwork.vault import sealed

WORDS = "four words and more"
PLAIN = ("--base-url", "https://acme.api.fluentretail.com/", "--client-id", "ACME")


@pytest.fixture(autouse=True)
def place(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Name a file that is not there yet."""
    monkeypatch.setenv("FCWORK_VAULT", str(home / "own.vault"))
    monkeypatch.setattr(sealed, "seal", partial(sealed.seal, cost=2**10))
    vault.lock()
    yield home / "own.vault"
    vault.lock()


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Give lines on the standard input."""
    return lambda *lines: monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{line}\n" for line in lines)))


def test_a_profile_is_kept_and_used(fcwork: Any, typed: Any, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """P9: ``add`` takes secrets from what is typed alone, shows none, and the profile works by its name."""
    typed(WORDS, "hunter2-hunter2", "me", "pass-word-1", "5")
    said = fcwork("vault", "add", "acme", *PLAIN)
    assert (said.code, said.err) == (0, "")
    assert "fcwork connect --profile acme" in said.out
    assert "hunter2" not in said.out
    assert place.stat().st_mode & 0o777 == 0o600
    monkeypatch.setenv(vault.VARIABLE, WORDS)
    found = settings.find(profile="acme")
    assert found is not None
    assert (found.base_url, found.username, found.retailer_id) == ("https://acme.api.fluentretail.com", "me", "5")
    assert found.client_secret.reveal() == "hunter2-hunter2"


def test_entries_are_listed_without_values_changed_and_removed(
    fcwork: Any, typed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P9: ``list`` names fields and no values; ``set`` adds one, ``remove`` takes an entry away."""
    monkeypatch.setenv(vault.VARIABLE, WORDS)
    typed("secret-value")
    assert fcwork("vault", "set", "warehouse/password").code == 0
    said = fcwork("vault", "list")
    assert said.out == "warehouse: password\n"
    assert fcwork("vault", "remove", "warehouse").code == 0
    assert fcwork("vault", "list").out == ""
    assert fcwork("vault", "remove", "warehouse").code == 2


def test_the_passphrase_is_changed(fcwork: Any, typed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """``passphrase`` takes the old one and the new one."""
    typed(WORDS, "value")
    assert fcwork("vault", "set", "a/b").code == 0
    typed(WORDS, "other words, four of them")
    assert fcwork("vault", "passphrase").code == 0
    monkeypatch.setenv(vault.VARIABLE, WORDS)
    said = fcwork("vault", "list")
    assert said.code == 2
    assert "the passphrase does not open" in said.err


@pytest.mark.parametrize(
    ("arguments", "lines", "told"),
    [
        (("add", "acme"), (WORDS,), "acme lacks base_url, client_id, client_secret"),
        (("add", "acme", *PLAIN), ("short", "x-secret", ""), "less than 8"),
        (("add", "../x", *PLAIN), (WORDS, "x-secret", ""), "can be no name"),
        (("add", "a", "--base-url", "http://evil.example.com", "--client-id", "A"), (WORDS, "s-s-s", ""), "clear text"),
        (("set", "warehouse"), (WORDS, "x"), "names no field"),
        (("set", "warehouse/password"), (WORDS,), "nothing was given"),
        (("remove", "x"), (WORDS,), "there is no vault"),
        (("passphrase",), (WORDS,), "there is no vault"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_kept(
    fcwork: Any, typed: Any, arguments: tuple[str, ...], lines: tuple[str, ...], told: str
) -> None:
    """P32: each mistake is told with what to do, exit code 2, and no vault is made."""
    typed(*lines)
    said = fcwork("vault", *arguments)
    assert said.code == 2
    assert told in said.err
    assert not vault.file().exists()


@pytest.mark.parametrize("verb", [("list",), ("set", "a/b"), ("remove", "a"), ("passphrase",), ("add", "a")])
def test_damage_is_told_before_anybody_is_asked(fcwork: Any, typed: Any, place: Path, verb: tuple[str, ...]) -> None:
    """P32: a vault that is damaged, or no vault, is told by each verb at once, and stays as it is."""
    typed()
    for content in (b"", b"no vault at all", b"{}", b"\xff" * 1_000):
        place.write_bytes(content)
        said = fcwork("vault", *verb)
        assert said.code == 2
        assert "damaged" in said.err
        assert "bring it back from a copy" in said.err
        assert place.read_bytes() == content


def test_a_profile_that_another_hides_is_told(
    fcwork: Any, typed: Any, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P32: where the Fluent CLI has a profile of the same name, who adds one is told that the other is taken."""
    monkeypatch.setenv("FLUENT_PROFILE_DIR", str(home / "profiles"))
    (home / "profiles" / "acme").mkdir(parents=True)
    (home / "profiles" / "acme" / "profile.json").write_text("{}", "utf-8")
    typed(WORDS, "hunter2-hunter2", "", "")
    said = fcwork("vault", "add", "acme", *PLAIN)
    assert said.code == 0
    assert "add it by another name" in said.out
