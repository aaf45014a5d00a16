"""The vault as settings and connections use it: who is asked, and when."""

import getpass
from pathlib import Path
from typing import Any

import pytest

from fcwork import presence, settings, sources, vault
from fcwork.errors import ConfigError
from fcwork.redact import Secret, mask
from fcwork.sources import connection_file
from fcwork.vault import editing
from fcwork.vault.opened import entries

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


@pytest.mark.usefixtures("opened")
@pytest.mark.parametrize("url", ["https://other.example.com", "https://acme.api.fluentretail.com.example.com"])
def test_a_user_of_another_account_is_not_sent_to_that_of_a_profile(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """P25: where a named profile has no user, that of an environment for another base URL does not take its place."""
    monkeypatch.setenv("FLUENT_BASE_URL", url)
    monkeypatch.setenv("FLUENT_USERNAME", "other-user")
    monkeypatch.setenv("FLUENT_PASSWORD", "word-of-the-other")
    found = settings.find(profile="acme")
    assert found is not None
    assert (found.account, found.username, found.password, found.retailer_id) == ("acme", "", None, "5")


def test_the_environment_completes_a_profile_of_its_own_account(opened: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A password may stay out of the vault: the variable gives it, unless it stands beside another base URL."""
    fields: dict[str, Any] = {"client_id": "B", "client_secret": Secret(VALUE), "username": "bob"}
    editing.put(opened, "bare", fields, Secret(WORDS))
    editing.put(opened, "bob", {**fields, "base_url": "https://b.example.com"}, Secret(WORDS))
    monkeypatch.setenv("FLUENT_PASSWORD", "word-of-bob")
    monkeypatch.setenv("FLUENT_BASE_URL", "https://other.example.com")
    with pytest.raises(ConfigError, match="password missing") as caught:
        settings.find(profile="bob")
    assert caught.value.hint == "set FLUENT_PASSWORD, with its FLUENT_BASE_URL, or none"
    for name, url in (("bare", "https://B.example.com/"), ("bob", "https://B.example.com/"), ("bob", "")):
        monkeypatch.setenv("FLUENT_BASE_URL", url)
        found = settings.find(profile=name)
        assert found is not None
        assert (found.username, found.password) == ("bob", Secret("word-of-bob"))


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


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize("variable", [None, WORDS, "wrong words"])
def test_a_passphrase_that_is_given_goes_before_the_variable(
    monkeypatch: pytest.MonkeyPatch, variable: str | None
) -> None:
    """What ``unlock`` is given opens the vault or does not, whatever the variable says, and only what opens is kept."""
    if variable:
        monkeypatch.setenv(vault.VARIABLE, variable)
    with pytest.raises(ConfigError, match="does not open"):
        vault.unlock("quite other words")
    assert vault.handed_on() == {}
    assert vault.unlock(WORDS) == ["acme"]
    assert vault.handed_on() == {vault.VARIABLE: WORDS}
    if variable:
        assert vault.known()
        assert variable not in mask(f"it was {variable}")


def test_a_vault_that_is_changed_while_it_is_read_is_read_again(opened: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was read before a change is not taken for what the file holds after it."""
    read = Path.read_bytes

    def change_after(path: Path) -> bytes:
        content = read(path)
        monkeypatch.setattr(Path, "read_bytes", read)
        editing.put(opened, "later", ACME, Secret(WORDS))
        return content

    monkeypatch.setattr(Path, "read_bytes", change_after)
    assert vault.unlock() == ["acme"]
    assert sorted(entries(opened)) == ["acme", "later"]


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
            return VALUE if (service, username) in {("fluent", "acme"), ("My Service", "alice")} else None

        def set_password(self, service: str, username: str, password: str) -> None:
            raise NotImplementedError

        def delete_password(self, service: str, username: str) -> None:
            raise NotImplementedError

    before = keyring.get_keyring()
    keyring.set_keyring(Ring())
    try:
        given = {"base_url": "https://x.example.com", "client_id": "X"}
        for where in ("fluent/acme", "My Service/alice"):
            found = settings.find(**given, client_secret=f"keyring:{where}")
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


@pytest.mark.parametrize("value", ["plain", 5, None, "Vault:a/b", "https://x", "my vault:a/b"])
def test_what_is_no_reference(value: object) -> None:
    """Only what begins as a reference does is one; any other text is a secret itself."""
    assert not vault.is_reference(value)


@pytest.mark.usefixtures("opened")
@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("vault:acme", "client_secret names no field"),
        ("vault:acme/b c", "client_secret stands in vault:acme/b c, which is not in the vault"),
        ("vault:", "client_secret names no field"),
        ("keyring:acme", "client_secret names no user"),
        ("env:", "client_secret names no variable"),
    ],
)
def test_half_a_reference_is_never_sent_as_the_secret(
    value: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P25: what begins as a reference and leads nowhere is told as a mistake, and is no secret itself."""
    given = {"base_url": "https://x.example.com", "client_id": "X"}
    monkeypatch.setenv("FLUENT_CLIENT_SECRET", value)
    with pytest.raises(ConfigError, match=message):
        settings.find(**given)
