"""Several keys: names, rotation, and keys that are no longer accepted."""

import pickle
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from forging import Pair, pair

from fcwork.clock import ManualClock
from fcwork.errors import BadKeyError, InvalidSignatureError
from fcwork.webhooks import KeyRing, load_key, verify


def test_old_and_new_key_are_accepted_and_a_removed_one_is_not(mine: Pair, other: Pair, raw: bytes) -> None:
    """P7: while a key is replaced both are accepted and the event names its own; a removed key is refused at once."""
    ring = KeyRing({"old": mine.pem, "new": other.bare})
    assert verify(raw, mine.signed(raw), ring).key == "old"
    assert verify(raw, other.signed(raw), ring).key == "new"
    ring.remove("old")
    with pytest.raises(InvalidSignatureError):
        verify(raw, mine.signed(raw), ring)
    assert verify(raw, other.signed(raw), ring).key == "new"
    with pytest.raises(BadKeyError, match="no key 'old'"):
        ring.remove("old")


def test_a_key_is_removed_by_its_fingerprint(mine: Pair, other: Pair) -> None:
    """P7: name and full fingerprint both say which key goes, also as openssl writes it; a part of one does not."""
    ring = KeyRing([mine.pem, other.pem])
    fingerprint = load_key(mine.pem).fingerprint
    assert ring.names == [fingerprint, load_key(other.pem).fingerprint]
    with pytest.raises(BadKeyError):
        ring.remove(fingerprint[:32])
    pairs = [fingerprint[at : at + 2] for at in range(0, 64, 2)]
    assert fingerprint in ring
    ring.remove("SHA256:" + ":".join(pairs).upper())
    assert fingerprint not in ring


def test_a_ring_without_keys_accepts_nothing(mine: Pair, raw: bytes) -> None:
    """P5: no ring is made of no key, and one that lost its last refuses all as BAD_KEY."""
    for nothing in ([], {}, (), None, "", [None], {"a": None}, {"": mine.pem}, {1: mine.pem}, 5, [mine.pem, "x"]):
        with pytest.raises(BadKeyError):
            KeyRing(nothing)
    ring = KeyRing(mine.pem)
    ring.remove(ring.names[0])
    with pytest.raises(BadKeyError, match="no key is left"):
        verify(raw, mine.signed(raw), ring)


def test_a_key_is_accepted_until_its_time(mine: Pair, other: Pair, raw: bytes) -> None:
    """P7: with `not_after` a key is refused from that instant on, judged by the clock; a bare time is refused."""
    clock = ManualClock()
    ring = KeyRing({"old": mine.pem}, not_after={"old": clock.now() + timedelta(hours=1)}, clock=clock)
    ring.add("new", other.pem)
    assert verify(raw, mine.signed(raw), ring).key == "old"
    clock.advance(3_601)
    with pytest.raises(InvalidSignatureError):
        verify(raw, mine.signed(raw), ring)
    ring.remove("new")
    with pytest.raises(BadKeyError, match="time is over"):
        verify(raw, mine.signed(raw), ring)
    with pytest.raises(BadKeyError, match="aware"):
        ring.add("third", pair(3_072).pem, not_after=datetime(2026, 1, 1))  # noqa: DTZ001
    with pytest.raises(BadKeyError, match="did you mean 'old'"):
        KeyRing({"old": mine.pem}, not_after={"odl": clock.now()})


def test_one_name_is_one_key(mine: Pair, other: Pair) -> None:
    """No key takes the name of another, and no key stands under two names, so that removing it removes it."""
    ring = KeyRing({"a": mine.pem})
    ring.add("a", mine.bare)
    with pytest.raises(BadKeyError, match="another key 'a'"):
        ring.add("a", other.pem)
    with pytest.raises(BadKeyError, match="same key"):
        ring.add("b", mine.der)
    with pytest.raises(BadKeyError, match="needs a name"):
        ring.add(" ", other.pem)
    assert (len(ring), next(iter(ring)).name) == (1, "a")


def test_keys_of_a_folder(tmp_path: Path, mine: Pair, other: Pair) -> None:
    """A file, or a folder of files, is a ring; hidden files are none, and a file that is no key is named."""
    (tmp_path / "b.der").write_bytes(other.der)
    (tmp_path / "a.pem").write_text(mine.pem)
    (tmp_path / ".hidden").write_text("x")
    assert KeyRing.load(tmp_path).names == ["a", "b"]
    assert KeyRing.load(tmp_path / "a.pem").names == ["a"]
    (tmp_path / "both.pem").write_text(mine.pem + other.pem)
    assert KeyRing.load(tmp_path / "both.pem").names == ["both-1", "both-2"]
    (tmp_path / "readme.txt").write_text("our keys")
    with pytest.raises(BadKeyError, match=r"readme\.txt"):
        KeyRing.load(tmp_path)
    with pytest.raises(BadKeyError, match="cannot be read"):
        KeyRing.load(tmp_path / "none")
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadKeyError, match="holds no key"):
        KeyRing.load(tmp_path / "empty")


def test_files_of_one_name_and_copies_of_one_key(tmp_path: Path, mine: Pair, other: Pair) -> None:
    """In a list, a second file of a name gets a number, and a copy of a key is the key."""
    files = []
    for number, key in enumerate((mine, other, mine)):
        (tmp_path / str(number)).mkdir()
        files.append(tmp_path / str(number) / "public.pem")
        files[-1].write_text(key.pem)
    assert KeyRing(files).names == ["public", "public-2"]


def test_a_setting_is_a_key_or_names_a_file(tmp_path: Path, mine: Pair, other: Pair) -> None:
    """The text of a setting is PEM, several of them, base64, or the path of a file or folder; else it is not told."""
    file = tmp_path / "ours.pem"
    file.write_text(mine.pem)
    assert KeyRing.read(str(file)).names == ["ours"]
    assert KeyRing.read(f" {tmp_path} ").names == ["ours"]
    for text in (mine.pem, mine.pem.replace("\n", "\\n"), mine.bare):
        assert KeyRing.read(text).fingerprints == KeyRing(mine.pem).fingerprints
    assert len(KeyRing.read(mine.pem + other.pem)) == 2
    for text in ("", "/no/such/file.pem", "x" * 5_000, "\0", "~nobody-of-that-name/x", "secretvalue"):
        with pytest.raises(BadKeyError) as told:
            KeyRing.read(text)
        assert "secretvalue" not in str(told.value)
        assert "there is none of that name" in told.value.hint


def test_a_ring_travels(mine: Pair, other: Pair, raw: bytes) -> None:
    """A pickle of a ring has the same keys under the same names, until the same times."""
    clock = ManualClock()
    ring = KeyRing({"old": mine.pem, "new": other.pem})
    ring.remove("new")
    twin = pickle.loads(pickle.dumps(ring))  # noqa: S301
    assert (twin.names, repr(twin)) == (["old"], "KeyRing(old)")
    assert verify(raw, mine.signed(raw), twin).key == "old"
    twin.add("new", other.pem, not_after=clock.now())
    assert ring.names == ["old"]
    ring.remove("old")
    assert pickle.loads(pickle.dumps(ring)).names == []  # noqa: S301


@pytest.mark.parametrize("until", [datetime(2027, 1, 15), "2027-01-15", 5])  # noqa: DTZ001 - naive is what is refused
def test_an_end_without_a_time_zone_makes_no_ring(until: Any, mine: Pair) -> None:
    """P7: an end that cannot be judged is refused when the ring is made, and not with the first request."""
    with pytest.raises(BadKeyError, match="no aware instant"):
        KeyRing({"a": mine.pem}, not_after={"a": until})
