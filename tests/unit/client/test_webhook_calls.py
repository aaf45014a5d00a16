"""What a client knows of webhooks: the keys, the account and the retailer of its settings."""

import pickle
from pathlib import Path
from typing import Any

import pytest
from forging import body, pair

from fcwork import connect, settings
from fcwork.client import FluentClient
from fcwork.errors import BadKeyError, ConfigError, DuplicateEventError, InvalidSignatureError, WrongTenantError
from fcwork.webhooks import KeyRing, SeenEvents

KEY = pair(2_048)
RAW = body()
ACCESS = {"client_id": "id", "client_secret": "secret-of-mine"}


def client(**given: Any) -> FluentClient:
    """Return a client of the account acme."""
    return FluentClient(
        **{"base_url": "https://acme.api.example.com", "webhook_public_key": KEY.pem, **ACCESS, **given}
    )


def test_a_client_checks_key_account_retailer_and_replay(home: Path) -> None:
    """P6, P7: a client takes events of its own account and retailer, each once, by the key of its settings."""
    own = client(retailer_id="2")
    event = own.verify_webhook(RAW, KEY.signed(RAW))
    assert (event.tenant_checked, event.replay_checked) == (True, True)
    with pytest.raises(DuplicateEventError):
        client(retailer_id="2").verify_webhook(RAW, KEY.signed(RAW))
    with pytest.raises(InvalidSignatureError):
        own.verify_webhook(RAW, pair(2_048, 1).signed(RAW))
    for given in ({"retailer_id": "1"}, {"account": "other"}, {"base_url": "https://other.api.example.com"}):
        with pytest.raises(WrongTenantError):
            client(**given).verify_webhook(RAW, KEY.signed(RAW))
    own.close()
    assert (home / ".fcwork" / "state.sqlite").exists()


def test_each_check_can_be_given_otherwise(home: Path) -> None:
    """A guard, accounts and retailers of a call go before the settings, and None turns a check off."""
    own = client(retailer_id="1", account="other")
    headers = KEY.signed(RAW)
    event = own.verify_webhook(RAW, headers, seen=None, accounts="ACME", retailers=[2])
    assert (event.tenant_checked, event.replay_checked) == (True, False)
    event = own.verify_webhook(RAW, headers, seen=SeenEvents(home / "own.sqlite"), accounts=None, retailers=None)
    assert (event.tenant_checked, event.replay_checked) == (False, True)
    call = b'{"entityRef":"HD_1","retailerId":"1"}'
    with pytest.raises(WrongTenantError):
        own.verify_webhook(call, KEY.signed(call), seen=None)
    assert own.verify_webhook(call, KEY.signed(call), seen=None, accounts=None).kind == "http_call"
    assert not (home / ".fcwork").exists()


def test_without_a_key_nothing_is_verified() -> None:
    """P5: a client that knows no key says which variable to set; one with a bad key is not made."""
    with pytest.raises(ConfigError, match="no public key") as told:
        client(webhook_public_key=None).verify_webhook(RAW, KEY.signed(RAW))
    assert "FLUENT_WEBHOOK_PUBLIC_KEY" in told.value.hint
    for bad in ("", " ", "garbage", KEY.pem[:100], [], b"\0"):
        with pytest.raises(BadKeyError):
            client(webhook_public_key=bad)


@pytest.mark.parametrize("form", ["PEM", "literal", "base64", "several", "path", "folder", "given"])
def test_the_environment_gives_the_key(form: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """FLUENT_WEBHOOK_PUBLIC_KEY is a PEM, also with literal line ends, base64, several keys, a file or a folder."""
    (home / "keys").mkdir()
    (home / "keys" / "ours.pem").write_text(KEY.pem)
    values = {
        "PEM": KEY.pem,
        "literal": KEY.pem.replace("\n", "\\n"),
        "base64": KEY.bare,
        "several": pair(2_048, 1).pem + KEY.pem,
        "path": "keys/ours.pem",
        "folder": str(home / "keys"),
        "given": "no key, as an argument goes before it",
    }
    monkeypatch.setenv("FLUENT_WEBHOOK_PUBLIC_KEY", values[form])
    given = {"webhook_public_key": home / "keys" / "ours.pem"} if form == "given" else {}
    own = connect(base_url="https://acme.api.example.com", **ACCESS, **given)
    event = own.verify_webhook(RAW, KEY.signed(RAW))
    assert event.tenant_checked
    assert event.key == ("ours" if form in {"path", "folder", "given"} else KeyRing(KEY.pem).names[0])


def test_the_account_is_the_settings_or_the_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    """P7: the account is the first label of the host, unless it is set; an address of this machine names none."""
    for url in ("http://127.0.0.1:8080", "http://localhost:1", "http://[::1]:5", "https://8.8.8.8"):
        assert settings.account_of(url) == ""
        assert client(base_url=url).account == ""
    assert settings.account_of("https://Acme.sandbox.api.example.com") == "acme"
    monkeypatch.setenv("FLUENT_ACCOUNT", "OTHER")
    assert connect(base_url="http://127.0.0.1:8080", **ACCESS).account == "OTHER"
    assert connect(base_url="https://acme.api.example.com", account="mine", **ACCESS).account == "mine"
    assert connect("simulator", account="mine", webhook_public_key=KEY.bare).account == "mine"


def test_settings_of_webhooks_need_no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """A receiver finds keys, account and retailer without credentials; they alone name no platform to connect to."""
    assert settings.find_webhooks() == settings.WebhookSettings()
    monkeypatch.setenv("FLUENT_WEBHOOK_PUBLIC_KEY", KEY.bare)
    monkeypatch.setenv("FLUENT_ACCOUNT", "ACME")
    assert settings.find() is None
    assert settings.find_webhooks() == settings.WebhookSettings(public_key=KEY.bare, account="ACME")
    monkeypatch.delenv("FLUENT_ACCOUNT")
    monkeypatch.setenv("FLUENT_BASE_URL", "https://acme.api.example.com")
    monkeypatch.setenv("FLUENT_RETAILER_ID", "2")
    assert settings.find_webhooks() == settings.WebhookSettings(public_key=KEY.bare, account="acme", retailer_id="2")
    with pytest.raises(ConfigError, match="half set"):
        settings.find()


def test_a_client_takes_its_keys_along() -> None:
    """A pickle of a client has the same keys and account."""
    twin: FluentClient = pickle.loads(pickle.dumps(client(account="ACME")))  # noqa: S301
    assert twin.account == "ACME"
    assert twin.verify_webhook(RAW, KEY.signed(RAW), seen=None).tenant_checked


def test_the_key_can_be_a_ring(home: Path) -> None:
    """P7: the key can be a ring of the caller's own, whose changes take effect at once."""
    ring = KeyRing({"old": KEY.pem, "new": pair(2_048, 1).pem})
    own = client(webhook_public_key=ring)
    assert own.verify_webhook(RAW, KEY.signed(RAW), seen=None).key == "old"
    ring.remove("old")
    with pytest.raises(InvalidSignatureError):
        own.verify_webhook(RAW, KEY.signed(RAW), seen=None)
    assert not list(home.iterdir())
