"""Checks that belong together: strict for production, and telling for development."""

import json
from pathlib import Path

import pytest
from forging import Pair, body, pair

from fcwork.errors import (
    BadKeyError,
    ConfigError,
    DuplicateEventError,
    InvalidSignatureError,
    MissingSignatureError,
    WebhookError,
    WrongTenantError,
)
from fcwork.webhooks import MD5, SeenEvents, development, production


def test_production_is_strict(home: Path, mine: Pair, other: Pair, raw: bytes) -> None:
    """P4, P6, P7: production takes SHA-512 only, own accounts only, and each event once, without being told to."""
    strict = production({"ours": mine.pem}, accounts=iter(["ACME"]), retailers=[2])
    event = strict.verify(raw, mine.signed(raw))
    assert (event.tenant_checked, event.replay_checked) == (True, True)
    with pytest.raises(DuplicateEventError):
        production(mine.pem, accounts="ACME").verify(raw, mine.signed(raw))
    with pytest.raises(WrongTenantError):
        production(mine.pem, accounts="OTHER").verify(raw, mine.signed(raw))
    with pytest.raises(MissingSignatureError):
        strict.verify(raw, mine.signed(raw, MD5))
    with pytest.raises(InvalidSignatureError):
        strict.verify(raw, other.signed(raw))
    assert home.exists()


def test_production_needs_to_know_whose_events(home: Path, mine: Pair) -> None:
    """P5, P7: production without account or key is not made."""
    for accounts in (None, "", [], [""], ()):
        with pytest.raises(ConfigError, match="whose events"):
            production(mine.pem, accounts=accounts)
    for keys in (None, "", [], "x"):
        with pytest.raises(BadKeyError):
            production(keys, accounts="ACME")  # type: ignore[arg-type]
        with pytest.raises(BadKeyError):
            development(keys)  # type: ignore[arg-type]
    assert home.exists()


def test_a_key_removed_from_the_ring_is_refused_by_the_preset(home: Path, mine: Pair, other: Pair, raw: bytes) -> None:
    """P7: the preset holds the ring itself, so a key that is removed later is refused at once."""
    strict = production([mine.pem, other.pem], accounts="ACME", seen=SeenEvents(home / "s.sqlite"))
    strict.keys.remove(strict.keys.names[0])
    with pytest.raises(InvalidSignatureError):
        strict.verify(raw, mine.signed(raw))


def test_development_tells_what_production_would_refuse(
    tmp_path: Path, raw: bytes, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Development takes MD5, others' events and replays, and says so in the event and, each time, in the log."""
    monkeypatch.setenv("FCWORK_LOG", "json")
    key = pair(1_024)
    lenient = development(key.pem, accounts="OTHER", seen=SeenEvents(tmp_path / "state.sqlite"))
    lenient.verify(raw, key.signed(raw))
    capsys.readouterr()
    event = lenient.verify(raw, key.signed(raw, MD5))
    assert (event.tenant_checked, event.replay_checked) == (False, False)
    told = "\n".join(event.warnings)
    for word in ("WRONG_TENANT", "DUPLICATE", "MISSING_SIGNATURE", "1024 bits", "MD5"):
        assert word in told
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert len(lines) >= 5
    assert {line["event"] for line in lines} == {"webhook.production_would_refuse"}
    assert "accounts" in str(development(key.pem).verify(raw, key.signed(raw)).warnings)


def test_development_takes_no_forgery(mine: Pair, other: Pair, raw: bytes) -> None:
    """P4: development takes no bad, missing or malformed signature, nor MD5 beside a wrong SHA-512 one."""
    lenient = development(mine.pem)
    md5 = mine.signed(raw, MD5)
    for given, headers in (
        (raw, {}),
        (raw, other.signed(raw)),
        (raw + b" ", mine.signed(raw)),
        (raw, {"fluent-signature": ""}),
        (raw, {**md5, **other.signed(raw)}),
        (raw, {**md5, "fluent-signature": ""}),
        (raw, other.signed(raw, MD5)),
        (body(id=[]), mine.signed(body(id=[]))),
    ):
        with pytest.raises(WebhookError):
            lenient.verify(given, headers)
