"""The story of a request that was kept."""

import base64
import hashlib
import hmac
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from fcwork import runner
from fcwork.errors import ConfigError, SourceError
from fcwork.reactions import react
from fcwork.simulator import Simulator
from fcwork.webhooks import Judgement, SeenEvents, judge

SAMPLES = runner.shipped() / "samples" / "webhooks"
KEY = SAMPLES / "public_key.pem"
SECRET = "a-secret-of-the-shop-0123456789"


@pytest.fixture
def order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a kept order with its headers beside it, and a home of the test's own."""
    monkeypatch.setenv("FCWORK_HOME", str(tmp_path / "home"))
    for name in ("order.json", "order.headers.json"):
        shutil.copy(SAMPLES / name, tmp_path / name)
    return tmp_path / "order.json"


def told(body: Path | str, headers: Any = None, **given: Any) -> Judgement:
    """Judge with the sample's key."""
    return judge(body, headers, **{"keys": [KEY], "accounts": ["SIMULATOR"], **given})


def step(judgement: Judgement, name: str) -> tuple[bool | None, str]:
    """Return whether a step was passed, and what was found."""
    row = judgement.steps.filter(step=name).row(0, named=True)
    return row["ok"], row["found"]


def test_a_kept_request_is_judged_from_its_files(order: Path) -> None:
    """Body, headers beside it and key are files; the judgement says what is genuine, and that it is new."""
    found = told(order)
    assert (found.ok, found.state, found.path) == (True, "SUCCEEDED", order)
    assert found.event
    assert (found.event.tenant_checked, found.event.replay_checked) == (True, True)
    assert found.raw == order.read_bytes()
    assert found.replay_key == found.event.id
    assert set(found.steps["ok"]) == {True}


def test_base64_carries_the_exact_bytes(order: Path) -> None:
    """Bytes that were given as base64 are judged as those of a file are."""
    given = "base64:" + base64.b64encode(order.read_bytes()).decode()
    found = told(given, order.with_name("order.headers.json"))
    assert (found.ok, found.path) == (True, None)
    assert "base64" in found.where


@pytest.mark.parametrize("change", [lambda raw: raw + b"\n", lambda raw: json.dumps(json.loads(raw)).encode()])
def test_what_was_changed_is_refused_with_what_happened(order: Path, change: Any) -> None:
    """A body that was written anew is refused, the story tells how, and no replay key is given out."""
    order.write_bytes(change(order.read_bytes()))
    found = told(order)
    record = found.to_record()
    assert (found.state, found.reason, found.replay_key) == ("REFUSED", "INVALID_SIGNATURE", "")
    assert "what to do" in record["summary"]
    assert found.finding in record["summary"]
    json.dumps(record)


def test_keys_and_tenant_come_from_the_settings(order: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without keys and accounts those of the settings count, and no credentials are needed for that."""
    monkeypatch.setenv("FLUENT_WEBHOOK_PUBLIC_KEY", str(KEY))
    assert told(order, keys=None, accounts=None).ok
    monkeypatch.setenv("FLUENT_ACCOUNT", "OTHER")
    assert told(order, keys=None, accounts=None).reason == "WRONG_TENANT"
    assert told(order, keys=None, accounts=["*"]).ok
    assert told(order, keys=None, retailers=["3"]).reason == "WRONG_TENANT"


def test_a_key_that_cannot_be_had_is_a_step_of_the_story(order: Path, tmp_path: Path) -> None:
    """No key, a missing file or one that is no key ends the story at its step, and raises nothing."""
    (tmp_path / "no.pem").write_text("-----BEGIN PUBLIC KEY-----\nxx\n-----END PUBLIC KEY-----")
    for keys in (None, [tmp_path / "nowhere.pem"], [tmp_path / "no.pem"], []):
        found = told(order, keys=keys)
        assert (found.reason, step(found, "keys")[0]) == ("BAD_KEY", False), keys
        assert found.hint


def test_replays_are_known_by_where_they_lie(order: Path, tmp_path: Path) -> None:
    """One that is handled may go on from its place; from another it is a repeat; a look alone remembers nothing."""
    other = tmp_path / "other.json"
    shutil.copy(order, other)
    headers = order.with_name("order.headers.json")
    assert told(order).ok
    assert told(other, headers).ok
    first = told(order)
    assert first.claims
    assert first.claims.first(first.replay_key)
    assert told(order).ok
    second = told(other, headers)
    assert (second.reason, step(second, "replay")[0]) == ("DUPLICATE", False)
    assert told(other, headers, replay=False).ok
    assert first.claims.forget(first.replay_key)
    assert told(other, headers).ok
    assert SeenEvents(name="webhooks.handled").first(first.replay_key, owner="another")
    assert told(order).reason == "DUPLICATE"


def test_what_was_only_verified_was_not_handled(order: Path) -> None:
    """That an event was verified before, where it came in, is no repeat of its handling."""
    found = told(order)
    assert SeenEvents().first(found.replay_key)
    assert told(order).ok


def receipt(raw: bytes, **noted: Any) -> dict[str, Any]:
    """Return what a receiver writes beside a body."""
    told = {"door": "shop", "scheme": "api_key", "key": "k1", "sha256": hashlib.sha256(raw).hexdigest(), **noted}
    return {"headers": {"content-type": "application/json"}, "received": told}


@pytest.mark.parametrize(
    ("noted", "reason"),
    [
        ({}, ""),
        ({"sha256": "0" * 64}, "INVALID_SIGNATURE"),
        ({"sha256": None}, "MISSING_SIGNATURE"),
    ],
)
def test_what_a_receiver_checked_is_known_by_its_bytes(tmp_path: Path, noted: Mapping[str, Any], reason: str) -> None:
    """By the scheme receiver a body passes only if it is, byte for byte, the one that was noted as checked."""
    body = tmp_path / "x.json"
    body.write_bytes(b'{"orderRef": "1"}')
    (tmp_path / "x.headers.json").write_text(json.dumps(receipt(body.read_bytes(), **noted)))
    found = judge(body, scheme="receiver")
    assert (found.ok, found.reason) == (not reason, reason)
    as_fluent = judge(body, keys=[KEY])
    assert (as_fluent.ok, as_fluent.reason) == (False, "MISSING_SIGNATURE")
    assert "SCHEME receiver" in as_fluent.hint


def test_a_body_alone_was_checked_by_nobody(tmp_path: Path) -> None:
    """Without a receiver's note the scheme receiver refuses, and what an open door took in is called unchecked."""
    body = tmp_path / "x.json"
    body.write_bytes(b"{}")
    assert judge(body, scheme="receiver").reason == "MISSING_SIGNATURE"
    assert judge(body, {"received": "x"}, scheme="receiver").reason == "MISSING_SIGNATURE"
    (tmp_path / "x.headers.json").write_text(json.dumps(receipt(b"{}", scheme="none")))
    assert "nobody checked" in judge(body, scheme="receiver").summary


def test_others_are_judged_by_a_secret_of_the_environment(order: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The secret of another scheme is named by its variable; it stands in no text of the story."""
    raw = order.read_bytes()
    digest = base64.b64encode(hmac.digest(SECRET.encode(), raw, "sha256")).decode()
    monkeypatch.setenv("SHOP", SECRET)
    found = judge(order, {"X-Shopify-Hmac-Sha256": digest}, scheme="shopify", secret_env="SHOP")
    assert found.ok, found.summary
    assert SECRET not in found._repr_html_() + str(found) + repr(found)
    order.write_bytes(raw + b" ")
    assert not judge(order, {"X-Shopify-Hmac-Sha256": digest}, scheme="shopify", secret_env="SHOP").ok


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"scheme": "shopify"}, "is not named"),
        ({"scheme": "shopify", "secret_env": "NOWHERE"}, "NOWHERE is not set"),
        ({"scheme": "sha1"}, "'sha1' is not known"),
        ({"profile": "nowhere"}, "no profile 'nowhere'"),
    ],
)
def test_calls_that_cannot_be_meant_are_told(order: Path, given: dict[str, Any], message: str) -> None:
    """A scheme, a variable or a profile that there is not is a mistake of the caller's, and no refusal."""
    with pytest.raises(ConfigError, match=message):
        told(order, **given)


def test_a_body_that_is_not_there_is_told(tmp_path: Path) -> None:
    """A missing file is no refused webhook."""
    with pytest.raises(SourceError):
        judge(tmp_path / "nowhere.json")


def test_the_page_says_the_verdict_first(order: Path) -> None:
    """Refused or genuine, then what to do next, then the failed step, are seen before any byte."""
    good = told(order)._repr_html_()
    assert "✓ Genuine" in good
    order.write_bytes(json.dumps(json.loads(order.read_bytes())).encode())
    bad = told(order)._repr_html_()
    places = [
        bad.index(text) for text in ("✗ Refused", "INVALID_SIGNATURE", "What to do next", 'class="bad"', "<mark>")
    ]
    assert places == sorted(places)


def test_the_page_holds_no_markup_of_others_and_no_credentials(order: Path) -> None:
    """What came from outside is text on the page, credentials are not shown, and long values are cut."""
    evil = "<script>alert(1)</script>"
    order.write_bytes(json.dumps({"id": evil, "name": evil, "entityRef": evil}).encode())
    headers = [("fluent-signature", evil), (evil, evil), ("Authorization", "Bearer abc"), ("x", "y" * 5_000)]
    shown = told(order, headers)._repr_html_()
    assert "<script" not in shown
    assert "Bearer abc" not in shown
    assert "y" * 200 not in shown
    assert len(told(order, [("h", "v")] * 5_000)._repr_html_()) < 60_000


def test_signs_that_a_screen_obeys_are_spelled_out(order: Path) -> None:
    """P25: no control sign and no turn of direction of an event or a header reaches the page or the steps."""
    simulator = Simulator(positions=0)
    signed = simulator.webhook(name="\x1b[31mred", entity_type="ORDER", entity_ref="a\u202eb")
    order.write_bytes(signed.body)
    key = order.with_name("key.pem")
    key.write_text(simulator.webhook_public_key)
    found = told(order, {**signed.headers, "x": "\x1b[2J"}, keys=[key])
    for shown in (found._repr_html_(), str(found), str(react(None, found))):
        assert "\\x1b[31mred" in shown
        assert not {"\x1b", "\u202e"} & set(shown)
