"""The vault as settings and connections use it: who is asked, and when."""

import getpass
from pathlib import Path
from typing import Any

import pytest

from fcwork import presence, settings, sources, vault
from fcwork.errors import ConfigError
from fcwork.redact import Secret
from fcwork.sources import connection_file
from fcwork.vault import editing

WORDS = "four words and more"
VALUE = "hunter2-hunter2"
ACME: dict[str, Any] = {
    "base_url": "https://acme.api.fluentretail.com",
    "client_id": "ACME",
    "client_secret": Secret(VALUE),
    "retailer_id": "5",
}


@pytest.fixture
def kept(place: Path) -> Path:
    """Make a vault with a profile and a secret."""
    editing.put(place, "acme", {**ACME, "note": Secret("other-secret")}, Secret(WORDS))
    return place


@pytest.fixture
def opened(kept: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Set the passphrase in the environment."""
    monkeypatch.setenv(vault.VARIABLE, WORDS)
    return kept


@pytest.mark.usefixtures("opened")
def test_an_entry_is_a_profile() -> None:
    """A profile that the Fluent CLI does not have is taken from the vault."""
    found = settings.find(profile="acme")
    assert found is not None
    assert (found.base_url, found.client_id, found.retailer_id) == ("https://acme.api.fluentretail.com", "ACME", "5")
    assert found.client_secret.reveal() == VALUE
    assert "acme" in settings.profiles()


@pytest.mark.usefixtures("opened")
def test_arguments_go_before_a_profile_named_and_the_environment_before_one_that_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The order of sources is the same for the vault's profiles as for those of the Fluent CLI."""
    monkeypatch.setenv("FLUENT_CLIENT_ID", "OF_ENVIRONMENT")
    found = settings.find(profile="acme")
    assert found is not None
    assert found.client_id == "ACME"
    monkeypatch.setenv("FLUENT_PROFILE", "acme")
    found = settings.find(retailer_id="7")
    assert found is not None
    assert (found.client_id, found.retailer_id) == ("OF_ENVIRONMENT", "7")


def test_a_profile_of_the_fluent_cli_goes_first(opened: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where both have a profile of that name it is the Fluent CLI's, and nobody is asked for a passphrase."""
    del opened
    monkeypatch.setenv("FLUENT_PROFILE_DIR", str(tmp_path / "profiles"))
    monkeypatch.delenv(vault.VARIABLE)
    folder = tmp_path / "profiles" / "acme"
    folder.mkdir(parents=True)
    text = '{"id": "CLI", "baseUrl": "https://acme.example.com", "clientSecret": "cli-secret", "user": "me"}'
    (folder / "profile.json").write_text(text, "utf-8")
    (folder / "user.me.json").write_text('{"username": "me", "password": "cli-password"}', "utf-8")
    found = settings.find(profile="acme")
    assert found is not None
    assert found.client_id == "CLI"


@pytest.mark.usefixtures("kept")
def test_a_profile_that_nobody_has_needs_no_passphrase() -> None:
    """P32: a profile that is in no vault is told as missing, with the nearest name, and nobody is asked anything."""
    with pytest.raises(ConfigError, match="there is no profile 'acmee'") as caught:
        settings.find(profile="acmee")
    assert "did you mean 'acme'" in caught.value.hint


@pytest.mark.usefixtures("kept")
def test_a_locked_vault_says_so_where_nobody_can_be_asked() -> None:
    """P32: without the passphrase and without a person the error names the variable."""
    with pytest.raises(ConfigError, match="is locked") as caught:
        settings.find(profile="acme")
    assert "FCWORK_VAULT_PASSPHRASE" in caught.value.hint


@pytest.mark.usefixtures("kept")
def test_a_person_is_asked_once_and_may_mistype(monkeypatch: pytest.MonkeyPatch) -> None:
    """The passphrase is asked for until it fits, three times at the most, and then kept for this process."""
    typed = iter(["wrong words", WORDS])
    asked: list[str] = []
    monkeypatch.setattr(presence, "may_ask", lambda: True)
    monkeypatch.setattr(getpass, "getpass", lambda prompt: asked.append(prompt) or next(typed))
    for _ in range(3):
        assert settings.find(profile="acme") is not None
    assert len(asked) == 2
    assert vault.handed_on() == {vault.VARIABLE: WORDS}
    vault.lock()
    assert vault.handed_on() == {}
    monkeypatch.setattr(getpass, "getpass", lambda _: "wrong words")
    with pytest.raises(ConfigError, match="does not open"):
        settings.find(profile="acme")


def test_a_retailer_s_file_is_no_matter_of_the_vault(opened: Path) -> None:
    """P32: the name of a retailer's file is refused, with what to give instead."""
    del opened
    with pytest.raises(ConfigError, match="is of the vault, and has no retailer") as caught:
        settings.find(profile="acme", retailer="R1")
    assert "retailer" in caught.value.hint


@pytest.mark.usefixtures("opened")
def test_a_secret_may_say_where_it_lies(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client secret of an argument or a variable may be a reference to the vault; the reference itself is none."""
    given = {"base_url": "https://x.example.com", "client_id": "X"}
    found = settings.find(**given, client_secret="vault:acme/note")
    assert found is not None
    assert found.client_secret.reveal() == "other-secret"
    monkeypatch.setenv("FLUENT_CLIENT_SECRET", "vault:acme/client_secret")
    found = settings.find(**given)
    assert found is not None
    assert found.client_secret.reveal() == VALUE
    with pytest.raises(ConfigError, match="client_secret stands in vault:acme/nothing, which is not in the vault"):
        settings.find(**given, client_secret="vault:acme/nothing")


def test_a_secret_may_lie_in_the_keyring() -> None:
    """P8: ``keyring:service/user`` is looked up in the keyring of the system."""
    import keyring
    from keyring.backend import KeyringBackend

    class Ring(KeyringBackend):
        priority = 1  # type: ignore[assignment]

        def get_password(self, service: str, username: str) -> str | None:
            return VALUE if (service, username) == ("fluent", "acme") else None

        def set_password(self, service: str, username: str, password: str) -> None:
            raise NotImplementedError

        def delete_password(self, service: str, username: str) -> None:
            raise NotImplementedError

    before = keyring.get_keyring()
    keyring.set_keyring(Ring())
    try:
        given = {"base_url": "https://x.example.com", "client_id": "X"}
        found = settings.find(**given, client_secret="keyring:fluent/acme")
        assert found is not None
        assert found.client_secret.reveal() == VALUE
        with pytest.raises(ConfigError, match="which is not in the keyring"):
            settings.find(**given, client_secret="keyring:fluent/other")
    finally:
        keyring.set_keyring(before)


def test_a_connection_takes_its_secret_from_the_vault(
    opened: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``vault:NAME/FIELD`` stands for a secret in connections.toml, too."""
    del opened
    file = tmp_path / "connections.toml"
    file.write_text('[dock]\ntype = "sftp"\nhost = "x"\npassword = "vault:acme/note"\n', "utf-8")
    monkeypatch.setenv("FCWORK_CONNECTIONS", str(file))
    terms = connection_file.load()["dock"].terms()
    assert terms.password.reveal() == "other-secret"  # type: ignore[union-attr]
    assert "other-secret" not in repr(sources.connections())


def test_a_damaged_vault_is_told_and_not_passed_over(kept: Path) -> None:
    """P32: a profile that would be looked for in a vault that cannot be read is not said to be missing."""
    kept.write_bytes(kept.read_bytes()[:100])
    with pytest.raises(ConfigError, match="is damaged"):
        settings.find(profile="acme")
    assert settings.profiles() == []


@pytest.mark.parametrize("value", ["keyring:x", "vault:x", "env:", "plain", 5, None, "vault:a/b c"])
def test_what_is_no_reference(value: object) -> None:
    """Only what has the whole form is a reference; any other text is a secret itself."""
    assert not vault.is_reference(value)
