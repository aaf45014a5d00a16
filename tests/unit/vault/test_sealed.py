"""The vault's file: what opens it, and what does not."""

import base64
import json
import pickle
import traceback
from pathlib import Path

import pytest

from fcwork import redact, vault
from fcwork.errors import ConfigError
from fcwork.redact import Secret
from fcwork.vault import editing, sealed
from fcwork.vault.opened import entries

WORDS = Secret("four words and more")
VALUE = "hunter2-hunter2"
FIELDS = {"base_url": "https://acme.api.fluentretail.com", "client_secret": Secret(VALUE)}


@pytest.fixture
def content() -> bytes:
    """Return a vault of one entry."""
    return sealed.seal({"acme": FIELDS}, WORDS, cost=2**10)


def changed(content: bytes, *, digest: bool, **fields: object) -> bytes:
    """Return a vault with other fields; with its digest made anew where somebody knows how."""
    whole = {**json.loads(content), **fields}
    if digest:
        whole.pop("digest")
        whole["digest"] = sealed._digest(whole)
    return json.dumps(whole).encode()


def test_what_was_sealed_comes_back(content: bytes) -> None:
    """The passphrase gives back what was sealed, secrets wrapped, and the file holds nothing of them."""
    found = sealed.unseal(content, WORDS, "the vault")
    assert found == {"acme": FIELDS}
    assert isinstance(found["acme"]["client_secret"], Secret)
    assert b"hunter2" not in content
    assert b"acme.api" not in content
    assert base64.b64encode(VALUE.encode()) not in content


def test_each_seal_is_another() -> None:
    """The same entries by the same passphrase give other bytes each time, so that nobody sees that nothing changed."""
    one, two = (json.loads(sealed.seal({"a": {}}, WORDS, cost=2**10)) for _ in range(2))
    assert all(one[name] != two[name] for name in ("salt", "nonce", "sealed", "proof"))


def test_a_wrong_passphrase_is_told(content: bytes) -> None:
    """P32: a wrong passphrase is told as that, and not as damage."""
    with pytest.raises(ConfigError, match="the passphrase does not open the vault"):
        sealed.unseal(content, Secret("four words and mor"), "the vault")


def test_the_passphrase_is_the_same_however_it_is_typed(content: bytes) -> None:
    """A letter with its accent is one whether it came as one character or as two."""
    del content
    made = sealed.seal({"a": {}}, Secret("caf\u00e9 caf\u00e9"), cost=2**10)
    assert sealed.unseal(made, Secret("cafe\u0301 cafe\u0301"), "the vault") == {"a": {}}


@pytest.mark.parametrize("at", [0, 20, 200, -40, -1])
def test_damage_is_told_whatever_the_passphrase(content: bytes, at: int) -> None:
    """P32: a byte that is another one, and a file that is cut off, are told as damage."""
    for broken in (content[:at] + bytes([content[at] ^ 1]) + content[at:][1:], content[: len(content) // 2], b""):
        if broken.strip() == content.strip():
            continue
        with pytest.raises(ConfigError, match="is damaged"):
            sealed.unseal(broken, WORDS, "the vault")


@pytest.mark.parametrize("field", ["sealed", "nonce", "names"])
def test_what_somebody_changed_on_purpose_is_refused(content: bytes, field: str) -> None:
    """Whoever changes what is sealed, or the names beside it, and mends the digest, is found out all the same."""
    value = json.loads(content)[field]
    other = ["else"] if field == "names" else base64.b64encode(bytes([base64.b64decode(value)[0] ^ 1]) * 12).decode()
    with pytest.raises(ConfigError, match="changed by something other than fcwork"):
        sealed.unseal(changed(content, digest=True, **{field: other}), WORDS, "the vault")


@pytest.mark.parametrize(
    "terms", [{"n": 2**30, "r": 8, "p": 1}, {"n": 2**15, "r": 1_000, "p": 1}, {"n": 2**15, "r": 8, "p": 99}, {}]
)
def test_a_file_cannot_ask_for_all_memory(content: bytes, terms: dict[str, int]) -> None:
    """P24: terms of the key that would take gigabytes are refused before anything is derived."""
    with pytest.raises(ConfigError, match="damaged"):
        sealed.unseal(changed(content, digest=True, scrypt=terms), WORDS, "the vault")


@pytest.mark.parametrize("broken", [b"[]", b"null", b'{"fcwork_vault": 1}', b"[" * 100_000, b"\xff", b'"x"'])
def test_what_is_no_vault_is_told(broken: bytes) -> None:
    """P24: any other file is refused as none, without a traceback of ours."""
    with pytest.raises(ConfigError, match="damaged, or no vault"):
        sealed.unseal(broken, WORDS, "the vault")


@pytest.mark.parametrize("field", ["salt", "nonce", "sealed", "proof", "names", "scrypt"])
@pytest.mark.parametrize("value", [None, 1, True, "", "é", "no base64!", [], [1], {}, {"n": 1024}])
def test_a_part_that_is_none_is_told(content: bytes, field: str, value: object) -> None:
    """P32: whatever stands where a part should be, with its digest made anew, the file is refused in words."""
    broken = changed(content, digest=True, **{field: value})
    with pytest.raises(ConfigError, match=r"the vault"):
        sealed.unseal(broken, WORDS, "the vault")


def test_a_later_form_is_told(content: bytes) -> None:
    """A vault of a later fcwork is not called damaged."""
    with pytest.raises(ConfigError, match="of a later fcwork"):
        sealed.unseal(changed(content, digest=True, fcwork_vault=2), WORDS, "the vault")


def test_the_file_is_its_owner_s_and_whole(place: Path) -> None:
    """P29: the file has the mode 0600, its folder 0700, and no part of a write stays beside it."""
    editing.put(place, "acme", FIELDS, WORDS)
    editing.put(place, "other", {"token": Secret(VALUE)}, WORDS)
    assert place.stat().st_mode & 0o777 == 0o600
    assert place.parent.stat().st_mode & 0o777 == 0o700
    assert list(place.parent.iterdir()) == [place]
    assert vault.names() == ["acme", "other"]


def test_entries_are_changed_field_by_field_and_taken_away(place: Path) -> None:
    """Other fields and entries stay as they are; the one that is gone is told with the nearest name."""
    editing.put(place, "acme", FIELDS, WORDS)
    editing.put(place, "acme", {"username": "me"}, WORDS)
    vault.unlock(WORDS)
    assert vault.entry("acme") == {**FIELDS, "username": "me"}
    with pytest.raises(ConfigError, match="did you mean 'acme'"):
        editing.remove(place, "acm", WORDS)
    editing.remove(place, "acme", WORDS)
    assert vault.entry("acme") is None


def test_another_passphrase(place: Path) -> None:
    """After a change the new passphrase opens the vault, and the old one does not."""
    editing.put(place, "acme", FIELDS, WORDS)
    new = Secret("other words, also four")
    editing.change_passphrase(place, WORDS, new)
    assert vault.unlock(new) == ["acme"]
    with pytest.raises(ConfigError, match="does not open"):
        vault.unlock(WORDS)


@pytest.mark.parametrize("name", ["", "simulator", "../x", "a/b", "-x", "a b"])
def test_names_that_are_none(place: Path, name: str) -> None:
    """P32: an entry has a name that can be one of a profile; simulator is taken."""
    with pytest.raises(ConfigError, match="can be no name"):
        editing.put(place, name, FIELDS, WORDS)
    assert not place.exists()


def test_a_short_passphrase_is_refused(place: Path) -> None:
    """A vault is not made by a passphrase that is soon guessed."""
    with pytest.raises(ConfigError, match="less than 8"):
        editing.put(place, "acme", FIELDS, Secret("1234567"))
    assert not place.exists()


def test_what_was_changed_meanwhile_is_not_overwritten(place: Path) -> None:
    """Of two who change a vault at once the later one is told, and loses nothing of the other's."""
    editing.put(place, "acme", FIELDS, WORDS)
    before, found = editing._open(place, WORDS)
    editing.put(place, "other", {}, WORDS)
    with pytest.raises(ConfigError, match="changed meanwhile"):
        editing._write(place, {**found, "mine": {}}, WORDS, before)
    assert vault.names() == ["acme", "other"]


def test_nothing_shows_a_secret_of_the_vault(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """P9: reprs, pickles and tracebacks with their locals show neither a value nor the passphrase."""
    editing.put(place, "acme", FIELDS, WORDS)
    monkeypatch.setenv("FCWORK_VAULT_PASSPHRASE", "four words and more")
    found = entries(place)
    assert VALUE not in repr(found)
    assert VALUE.encode() not in pickle.dumps(found)
    assert redact.mask(f"{VALUE} four words and more") == f"{redact.MASK} {redact.MASK}"
    monkeypatch.setenv("FCWORK_VAULT_PASSPHRASE", "not the right one")
    vault.lock()
    with pytest.raises(ConfigError) as caught:
        entries(place)
    told = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    assert "not the right one" not in told
    assert VALUE not in told
