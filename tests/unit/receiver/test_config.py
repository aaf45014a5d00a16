"""What people say of doors."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from fcwork.errors import BadKeyError, ConfigError, FcworkError, NotebookError
from fcwork.receiver import ByApiKey, ByHmac, BySignature, ToFolder, ToFunction, Unchecked
from fcwork.receiver.config import load, setup
from fcwork.receiver.door import name_of
from fcwork.webhooks import MD5, SHA512

PEM = (
    rsa.generate_private_key(65537, 2048)
    .public_key()
    .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
)


@pytest.fixture
def key(home: Path) -> str:
    """Write a public key into the working folder."""
    (home / "key.pem").write_bytes(PEM)
    return "key.pem"


def test_a_door_of_the_platform(key: str) -> None:
    """Keys, accounts and retailers are a check by signature; SHA-512 alone unless MD5 is asked for, loudly."""
    made = setup({"orders": {"keys": [key], "accounts": ["ACME"], "retailers": "1"}})
    check = made.doors[0].check
    assert isinstance(check, BySignature)
    assert (check.accounts, check.retailers, check.algorithms) == (("ACME",), ("1",), (SHA512,))
    assert made.doors[0].path == "/webhooks"
    assert isinstance(made.doors[0].handler, ToFolder)
    assert made.warnings == ()
    weak = setup({"orders": {"keys": [key], "accounts": ["ACME"], "allow_md5": True}})
    assert isinstance(weak.doors[0].check, BySignature)
    assert weak.doors[0].check.algorithms == (SHA512, MD5)
    assert "can be forged" in weak.warnings[0]


def test_the_settings_know_key_account_and_retailer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing is said the settings' key, account and retailer are taken."""
    monkeypatch.setenv("FLUENT_WEBHOOK_PUBLIC_KEY", PEM.decode().replace("\n", "\\n"))
    monkeypatch.setenv("FLUENT_ACCOUNT", "ACME")
    monkeypatch.setenv("FLUENT_RETAILER_ID", "7")
    check = setup({"orders": {}}).doors[0].check
    assert isinstance(check, BySignature)
    assert (check.accounts, check.retailers) == (("ACME",), ("7",))


def test_no_account_is_a_loud_warning(key: str) -> None:
    """Without an account every customer's event of the environment would be taken, and that is said."""
    [warning] = setup({"orders": {"keys": [key]}}).warnings
    assert "no account is known" in warning


def test_others_and_api_keys(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    """A door may take others' signatures, API keys of a scope, or anything on this machine."""
    del home
    monkeypatch.setenv("SHOP_SECRET", "long-enough-to-be-one")
    made = setup(
        {
            "shop": {"path": "/shop", "hmac": "shopify", "secret_env": "SHOP_SECRET"},
            "partner": {"path": "/partner", "api_keys": ["orders"]},
            "any": {"path": "/any", "unchecked": True},
        }
    )
    assert [type(door.check) for door in made.doors] == [ByHmac, ByApiKey, Unchecked]
    assert "not checked at all" in made.warnings[0]
    assert "long-enough" not in repr(made)


MISTAKES: list[tuple[dict[str, Any], dict[str, Any], type[FcworkError], str]] = [
    ({}, {}, ConfigError, "no public key is known"),
    ({"keys": ["none.pem"]}, {}, BadKeyError, "none.pem"),
    ({"hmac": "shopify"}, {}, ConfigError, "has no secret"),
    ({"hmac": "shopify", "secret_env": "NOT_SET"}, {}, ConfigError, "NOT_SET is not set"),
    ({"hmac": "shopify", "secret_env": "SHORT"}, {}, BadKeyError, ""),
    ({"hmac": "nobody", "secret_env": "LONG"}, {}, ConfigError, "nobody"),
    ({"secret_env": "LONG"}, {}, ConfigError, "no hmac"),
    ({"hmac": "shopify", "api_keys": ["a"]}, {}, ConfigError, "in several ways"),
    ({"unchecked": True, "keys": ["key.pem"]}, {}, ConfigError, "in several ways"),
    ({"unchecked": True}, {"host": "0.0.0.0"}, ConfigError, "reached from outside"),  # noqa: S104 - it is refused
    ({"unchecked": True, "path": "no"}, {}, ConfigError, "cannot have the path"),
    ({"unchecked": True, "path": "/health"}, {}, ConfigError, "is taken"),
    ({"unchecked": True, "attempts": 0}, {}, ConfigError, "attempts=0"),
    ({"unchecked": True, "to": "nowhere"}, {}, ConfigError, "cannot lead"),
    ({"unchecked": True, "to": "no_such_module:f"}, {}, ConfigError, "cannot be imported"),
    ({"unchecked": True, "to": "os:sep"}, {}, ConfigError, "is no function"),
    ({"unchecked": True, "to": "notebook"}, {}, ConfigError, "names no notebook"),
    ({"unchecked": True, "notebook": "no-such"}, {}, NotebookError, "no-such"),
    ({"unchecked": True, "to": "folder", "notebook": "x"}, {}, ConfigError, "leave out notebook"),
    ({"unchecked": True, "folder": "x", "to": "os:getcwd"}, {}, ConfigError, "leave out folder"),
    ({"unchecked": True}, {"workers": 0}, ConfigError, "workers=0"),
    ({"unchecked": True}, {"rate": 0.5}, ConfigError, "rate=0.5"),
    ({"unchecked": True}, {"workers": 65}, ConfigError, "give 1 to 64"),
    ({"unchecked": True}, {"rate": float("nan")}, ConfigError, "rate=nan"),
    ({"unchecked": True}, {"rate": float("inf")}, ConfigError, "rate=inf"),
    ({"unchecked": True}, {"port": 99_999}, ConfigError, "give 0 to 65,535"),
    ({"unchecked": True}, {"grace_seconds": float("inf")}, ConfigError, "grace_seconds=inf"),
    ({"api_keys": ["a b"]}, {}, ConfigError, "the scope 'a b' is none"),
    ({"api_keys": [""]}, {}, ConfigError, "the scope '' is none"),
    ({"hmac": "github", "secret_env": ["LONG", "SHORT"]}, {}, BadKeyError, "the secret 'SHORT' has 3 bytes"),
    ({"unchecked": True, "folder": "key.pem"}, {}, ConfigError, "cannot be made"),
    ({"unchecked": True, "folder": "key.pem/in"}, {}, ConfigError, "cannot be made"),
    ({"unchecked": True}, {"max_mb": 0}, ConfigError, "max_mb=0"),
    ({"unchecked": True}, {"max_mb": 500}, ConfigError, "max_mb=500"),
]


@pytest.mark.usefixtures("key")
@pytest.mark.parametrize(("door", "said", "kind", "words"), MISTAKES)
def test_mistakes_are_told(
    door: dict[str, Any], said: dict[str, Any], kind: type[FcworkError], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be is refused before anything listens, and the message says what to do."""
    monkeypatch.setenv("SHORT", "abc")
    monkeypatch.setenv("LONG", "long-enough-to-be-one")
    with pytest.raises(kind) as told:
        setup({"d": door}, **said)
    assert words in str(told.value)


def test_a_function_is_imported(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """module:name is imported from the working folder."""
    (home / "receiving_here.py").write_text("def receive(received): ...\n", "utf-8")
    monkeypatch.syspath_prepend(str(home))
    handler = setup({"d": {"unchecked": True, "to": "receiving_here:receive"}}).doors[0].handler
    assert isinstance(handler, ToFunction)
    assert handler.target == "function receiving_here:receive"


def test_a_file_is_read_strictly(home: Path) -> None:
    """Every mistake of a receiver.yml is told at once, each with its place and the nearest name."""
    (home / "receiver.yml").write_text(
        "port: many\nworker: 2\ndoors:\n  a: {key: x, attempts: two}\n  b: nothing\n  a: {unchecked: true}\n", "utf-8"
    )
    with pytest.raises(ConfigError) as told:
        load("receiver.yml")
    text = str(told.value)
    assert "port: 'many' is not a whole number" in text
    assert "worker: there is no such key" in text
    assert "did you mean 'workers'?" in text
    assert "doors.b: it is no object" in text
    assert "'a' stands twice in doors" in text


@pytest.mark.parametrize("text", ["[]", "{}", '{"doors": {}}', '{"doors": []}', "{", ""])
def test_a_file_without_doors_is_refused(text: str, home: Path) -> None:
    """A file that says nothing of doors makes no receiver."""
    (home / "receiver.json").write_text(text, "utf-8")
    with pytest.raises(ConfigError):
        load("receiver.json")


def test_the_command_line_goes_before_the_file(home: Path) -> None:
    """Host, port and the like of the call go before those of the file."""
    (home / "receiver.yml").write_text("port: 1\nmax_mb: 1\ndoors:\n  a: {unchecked: true, to: folder}\n", "utf-8")
    terms = load("receiver.yml", port=0, rate=None).terms
    assert (terms.port, terms.limits.max_bytes, terms.rate) == (0, 1_000_000, 1_000.0)


def test_the_call_says_what_is_wrong(fcwork: Callable[..., Any], key: str) -> None:
    """`fcwork receive` ends with 2 where nothing can be received, and names what to give."""
    said = fcwork("receive", "--port", "0")
    assert (said.code, "FLUENT_WEBHOOK_PUBLIC_KEY" in said.err) == (2, True)
    said = fcwork("receive", "-c", "receiver.yml", "--keys", key)
    assert (said.code, "leave out --keys" in said.err) == (2, True)
    said = fcwork("receive", "--unchecked", "--tls-cert", "cert.pem")
    assert (said.code, "both a certificate and its key" in said.err) == (2, True)
    said = fcwork("receive", "--unchecked", "--port", "0", "--tls-cert", key, "--tls-key", key)
    assert (said.code, "cannot be used for HTTPS" in said.err, said.out) == (2, True, "")
    said = fcwork("receive", "--unchecked", "--port", "0", "--tls-cert", "no.pem", "--tls-key", "no.pem")
    assert (said.code, "No such file" in said.err, said.out) == (2, True, "")
    for host in ("", "a" * 80, "no such host"):
        said = fcwork("receive", "--keys", key, "--port", "0", "--host", host)
        assert (said.code, "give --host 127.0.0.1" in said.err) == (2, True)


def test_a_key_that_is_none_is_a_mistake_in_the_call(fcwork: Callable[..., Any], home: Path) -> None:
    """`fcwork receive` ends with 2 where a public key cannot be used, and names its file."""
    (home / "bad.pem").write_text("garbage", "utf-8")
    for file in ("bad.pem", "missing.pem"):
        said = fcwork("receive", "--port", "0", "--keys", file)
        assert (said.code, file in said.err) == (2, True)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (None, "webhooks"),
        ("/rubix-order", "rubix-order"),
        ("/a/b~c/", "a-b-c"),
        ("/", "root"),
        ("/" + "x" * 99, "x" * 60),
    ],
)
def test_a_door_without_a_name_is_called_for_its_path(path: str | None, name: str) -> None:
    """Services that were started for two paths are two doors, and neither handles what came in by the other."""
    assert name_of(path) == name
