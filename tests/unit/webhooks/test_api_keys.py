"""API keys for endpoints of one's own."""

import contextlib
import hashlib
import pickle
import threading
import traceback
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fcwork.clock import ManualClock
from fcwork.errors import ConfigError, WebhookError
from fcwork.redact import Secret
from fcwork.store import SQLiteStore
from fcwork.webhooks.api_keys import ApiKeys, NewKey

DAY = 86_400.0


@pytest.fixture
def clock() -> ManualClock:
    """Return a clock of the test's own."""
    return ManualClock()


@pytest.fixture
def keys(tmp_path: Path, clock: ManualClock) -> ApiKeys:
    """Return keys in a store of the test's own."""
    return ApiKeys(SQLiteStore(tmp_path / "state.sqlite", clock=clock), clock=clock)


def reason(keys: ApiKeys, key: Any, scopes: Any = ()) -> str:
    """Return why a key is refused; nothing of one that is accepted."""
    try:
        keys.verify(key, scopes=scopes)
    except WebhookError as error:
        refused = error
    else:
        return ""
    assert str(refused) == "the API key is not accepted"
    return refused.reason


def test_a_key_is_accepted_for_its_scopes(keys: ApiKeys) -> None:
    """A new key is accepted as text, bytes and Secret, and verify gives back what it was made with."""
    new = keys.create("shop", scopes=["orders", "stock:read"], name="web shop", metadata={"team": 7})
    known = keys.verify(new.key.reveal(), scopes="orders")
    assert (known.id, known.name, known.scopes) == (new.id, "web shop", ("orders", "stock:read"))
    assert known.metadata == {"team": 7}
    assert keys.verify(new.key) == keys.verify(new.key.reveal().encode()) == new.record


def test_the_form_of_a_key(keys: ApiKeys) -> None:
    """A key is fcw, its prefix, 256 random bits as base64url and a checksum; no two are alike."""
    made = {keys.create("my_shop-1").key.reveal() for _ in range(20)}
    assert len(made) == 20
    assert all(len(key) == len("fcw_my_shop-1_") + 43 + 9 and key.startswith("fcw_my_shop-1_") for key in made)


@pytest.mark.parametrize("key", [None, "", b""])
def test_no_key_is_told(keys: ApiKeys, key: Any) -> None:
    """Where nothing was sent the reason is MISSING_KEY."""
    assert reason(keys, key) == "MISSING_KEY"


def test_each_change_of_a_key_is_unknown(keys: ApiKeys) -> None:
    """A key with one character changed, cut off or added is unknown, whatever the checksum says."""
    key = keys.create().key.reveal()
    changed = [key[:at] + ("A" if key[at] != "A" else "B") + key[at + 1 :] for at in range(len(key))]
    for wrong in [*changed, key[:-1], f"{key}0", f" {key}", f"{key}\n", key.upper(), key * 1_000, f"{key}\ud800"]:
        assert reason(keys, wrong) == "UNKNOWN_KEY"


@given(st.one_of(st.text(), st.binary(), st.integers(1), st.lists(st.integers(), min_size=1)))
def test_anything_at_all_is_refused_by_one_error(key: Any) -> None:
    """Whatever is sent for a key ends in a WebhookError with a reason."""
    store = SQLiteStore(Path(__file__).parent / "none" / "never-opened.sqlite")
    assert reason(ApiKeys(store), key) in {"MISSING_KEY", "UNKNOWN_KEY"}
    assert not store.path.parent.exists()


def test_a_key_ends(keys: ApiKeys, clock: ManualClock) -> None:
    """A key is accepted until the instant of its end, and EXPIRED_KEY from then on."""
    new = keys.create(expires_in=DAY)
    clock.advance(DAY - 1)
    assert reason(keys, new.key) == ""
    clock.advance(1)
    assert reason(keys, new.key) == "EXPIRED_KEY"


@pytest.mark.parametrize(
    "end",
    ["2026-01-16T12:00:00Z", "2026-01-16T14:00:00+02:00", datetime(2026, 1, 16, 12, tzinfo=UTC)],
)
def test_an_end_may_be_an_instant(keys: ApiKeys, end: Any) -> None:
    """expires_at takes an aware datetime and ISO texts, Z among them; expires_in takes a timedelta."""
    assert keys.create(expires_at=end).record.expires_at == datetime(2026, 1, 16, 12, tzinfo=UTC)
    assert keys.create(expires_in=timedelta(days=1)).record.expires_at == datetime(2026, 1, 16, 12, tzinfo=UTC)


def test_a_revoked_key_is_refused_at_once(keys: ApiKeys) -> None:
    """After revoke the reason is REVOKED_KEY; to revoke again changes nothing."""
    new = keys.create()
    gone = keys.revoke(new.id)
    assert reason(keys, new.key) == "REVOKED_KEY"
    assert keys.revoke(new.id) == gone


def test_scopes_are_enforced(keys: ApiKeys) -> None:
    """Each scope that is asked for has to be the key's, letter for letter; a text is one scope."""
    new = keys.create(scopes="orders")
    assert reason(keys, new.key, "orders") == ""
    assert reason(keys, new.key, "order") == "MISSING_SCOPE"
    assert reason(keys, new.key, ["orders", "stock"]) == "MISSING_SCOPE"
    assert reason(keys, keys.create().key, "orders") == "MISSING_SCOPE"


def test_a_rotation_overlaps(keys: ApiKeys, clock: ManualClock) -> None:
    """After rotate both keys are accepted for the overlap, then the new one alone; it has the old one's life."""
    old = keys.create("erp", scopes="orders", expires_in=10 * DAY, name="ERP")
    clock.advance(5 * DAY)
    new = keys.rotate(old.id, overlap_seconds=DAY)
    assert (new.record.prefix, new.record.scopes, new.record.name) == ("erp", ("orders",), "ERP")
    assert new.record.expires_at == clock.now() + timedelta(days=10)
    assert (reason(keys, old.key), reason(keys, new.key)) == ("", "")
    clock.advance(DAY)
    assert (reason(keys, old.key), reason(keys, new.key)) == ("EXPIRED_KEY", "")


def test_a_rotation_never_lengthens_a_life(keys: ApiKeys, clock: ManualClock) -> None:
    """A key that would end within the overlap ends when it would have."""
    old = keys.create(expires_in=60)
    keys.rotate(old.id)
    clock.advance(60)
    assert reason(keys, old.key) == "EXPIRED_KEY"


def test_a_rotation_without_overlap_revokes(keys: ApiKeys) -> None:
    """With overlap_seconds=0 the old key is refused at once."""
    old = keys.create()
    keys.rotate(old.id, overlap_seconds=0)
    assert reason(keys, old.key) == "REVOKED_KEY"


def test_a_key_is_replaced_once(keys: ApiKeys) -> None:
    """A key that was replaced or revoked is not rotated, and no key is left over of the try."""
    old, gone = keys.create(), keys.create()
    new = keys.rotate(old.id)
    keys.revoke(gone.id)
    with pytest.raises(ConfigError, match=f"was replaced by {new.id}"):
        keys.rotate(old.id)
    with pytest.raises(ConfigError, match="is revoked"):
        keys.rotate(gone.id)
    assert keys.keys().height == 3


def test_two_rotations_at_once_make_one_key(tmp_path: Path) -> None:
    """Of workers that rotate one key at the same time one gets a new key, the others are told."""
    place = tmp_path / "state.sqlite"
    old = ApiKeys(SQLiteStore(place)).create()
    made: list[NewKey] = []

    def rotate() -> None:
        with contextlib.suppress(ConfigError):
            made.append(ApiKeys(SQLiteStore(place)).rotate(old.id))

    workers = [threading.Thread(target=rotate) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(made) == 1
    assert set(ApiKeys(SQLiteStore(place)).keys()["id"]) == {old.id, made[0].id}


def test_the_list_tells_states_and_no_key(keys: ApiKeys, clock: ManualClock, tmp_path: Path) -> None:
    """keys() names each key with its state; neither it nor the store's file holds a key or its whole hash in sight."""
    first = keys.create(name="first", metadata={"a": 1})
    clock.advance(1)
    second, third = keys.create(expires_in=60), keys.create()
    keys.revoke(first.id)
    clock.advance(60)
    listed = keys.keys()
    assert dict(zip(listed["id"], listed["state"], strict=True)) == {
        first.id: "revoked",
        second.id: "expired",
        third.id: "active",
    }
    assert listed["id"][-1] == first.id
    shown = listed.write_json()
    for new in (first, second, third):
        key = new.key.reveal()
        assert key not in shown
        assert hashlib.sha256(key.encode()).hexdigest() not in shown
        assert key.encode() not in b"".join(path.read_bytes() for path in tmp_path.glob("state*"))


def test_no_keys_are_a_frame_without_rows(keys: ApiKeys) -> None:
    """Without a key the list has its columns and no row."""
    assert keys.keys().columns[:4] == ["id", "prefix", "name", "state"]
    assert keys.keys().height == 0


def test_an_ended_key_is_forgotten_in_the_end(keys: ApiKeys, clock: ManualClock) -> None:
    """90 days after its end a key is unknown and no longer listed."""
    ended, gone = keys.create(expires_in=DAY), keys.create()
    keys.revoke(gone.id)
    clock.advance(89 * DAY)
    assert (reason(keys, ended.key), reason(keys, gone.key)) == ("EXPIRED_KEY", "REVOKED_KEY")
    clock.advance(3 * DAY)
    assert (reason(keys, ended.key), reason(keys, gone.key)) == ("UNKNOWN_KEY", "UNKNOWN_KEY")
    assert keys.keys().height == 0


def test_a_key_is_nowhere_to_be_read(keys: ApiKeys) -> None:
    """P9: a new key is in no repr and no pickle, and a refused one in no error, traceback or local variable."""
    new = keys.create()
    key = new.key.reveal()
    assert key not in f"{new!r}{new}{new.record!r}"
    assert key.encode() not in pickle.dumps(new.record)
    other = key[:-8] + "00000000"
    with pytest.raises(WebhookError) as refused:
        keys.verify(other)
    frames = traceback.TracebackException.from_exception(refused.value, capture_locals=True).stack
    ours = "".join(str(frame.locals) for frame in frames if "/fcwork/webhooks/" in frame.filename)
    assert other not in f"{refused.value!r}{pickle.dumps(refused.value)!r}{ours}"


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"prefix": ""}, "the prefix '' is none"),
        ({"prefix": "a" * 21}, "is none"),
        ({"prefix": "ä"}, "is none"),
        ({"prefix": "a b"}, "is none"),
        ({"scopes": ["a b"]}, "the scope 'a b' is none"),
        ({"scopes": [1]}, "the scope 1 is none"),
        ({"scopes": ""}, "the scope '' is none"),
        ({"expires_in": 0}, "expires_in=0 is no time"),
        ({"expires_in": -1}, "is no time"),
        ({"expires_in": float("nan")}, "is no time"),
        ({"expires_in": float("inf")}, "is no time"),
        ({"expires_in": True}, "is no time"),
        ({"expires_in": "1d"}, "is no time"),
        ({"expires_in": 60, "expires_at": "2027-01-01T00:00:00Z"}, "both given"),
        ({"expires_at": "2026-01-01T00:00:00Z"}, "not ahead of now"),
        ({"expires_at": "9999-01-01T00:00:00Z"}, "too far"),
        ({"expires_at": "2027-01-01T00:00:00"}, "time zone"),
        ({"expires_at": "soon"}, "is no instant"),
        ({"expires_at": 7}, "is no instant"),
        ({"metadata": {"a": float("nan")}}, "no JSON object"),
        ({"metadata": {"a": object()}}, "no JSON object"),
        ({"metadata": {"a": "x" * 5_000}}, "5,009 bytes"),
    ],
)
def test_a_wrong_wish_is_told(keys: ApiKeys, wrong: dict[str, Any], told: str) -> None:
    """A key that cannot be made as asked is not made, and the error says what is wrong."""
    with pytest.raises(ConfigError, match=told):
        keys.create(**wrong)
    assert keys.keys().height == 0


@pytest.mark.parametrize("overlap", [-1, float("nan"), True, "1d"])
def test_a_wrong_overlap_is_told(keys: ApiKeys, overlap: Any) -> None:
    """An overlap that is no time changes nothing."""
    old = keys.create()
    with pytest.raises(ConfigError, match="overlap_seconds"):
        keys.rotate(old.id, overlap_seconds=overlap)
    assert keys.keys().height == 1


def test_an_unknown_id_is_told_with_the_nearest(keys: ApiKeys) -> None:
    """To revoke or rotate what is not there says so, and names the id most like it."""
    new = keys.create()
    for call in (keys.revoke, keys.rotate):
        with pytest.raises(ConfigError, match=f"did you mean '{new.id}'"):
            call(new.id[:-1])
    with pytest.raises(ConfigError, match="no API key of the id 'x'"):
        keys.revoke("x")


def test_the_store_is_that_of_the_settings(home: Path) -> None:
    """Without a store the keys lie in that of fcwork's run-time folder, and outlive the process that made them."""
    new = ApiKeys().create()
    assert (home / ".fcwork" / "state.sqlite").is_file()
    assert ApiKeys().verify(Secret(new.key.reveal())).id == new.id
