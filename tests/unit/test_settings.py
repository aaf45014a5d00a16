"""Where settings come from, and what is refused."""

import json
import pickle
from pathlib import Path
from traceback import TracebackException
from typing import Any

import pytest

from fcwork import settings
from fcwork.errors import ConfigError
from fcwork.redact import Secret, mask

FULL = {"base_url": "https://acme.api.fluentretail.com/", "client_id": "acme", "client_secret": "s3cret-of-acme"}


@pytest.fixture(autouse=True)
def profiles(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A folder of profiles of the test's own."""
    monkeypatch.setenv("FLUENT_PROFILE_DIR", str(tmp_path / "profiles"))


@pytest.fixture
def acme(tmp_path: Path) -> Path:
    """A profile as the Fluent CLI writes it, with one retailer."""
    folder = tmp_path / "profiles" / "acme"
    folder.mkdir(parents=True)
    profile = {
        "id": "acme-id",
        "baseUrl": "https://acme.sandbox.api.fluentretail.com",
        "clientSecret": "profile-secret",
        "user": "admin",
    }
    (folder / "profile.json").write_text(json.dumps(profile))
    (folder / "user.admin.json").write_text(json.dumps({"username": "admin", "password": "admins-word"}))
    (folder / "user.r5.json").write_text(json.dumps({"username": "five", "password": "fives-word"}))
    (folder / "retailer.R5.json").write_text(json.dumps({"id": 5, "user": "r5"}))
    return folder


def test_nothing_set_is_none() -> None:
    """Where no argument, variable or profile is given, there are no settings, and no error."""
    assert settings.find() is None


def test_arguments_go_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """An argument wins over its variable, and the variable fills what no argument gives."""
    monkeypatch.setenv("FLUENT_CLIENT_ID", "from-environment")
    monkeypatch.setenv("FLUENT_RETAILER_ID", "7")
    found = settings.find(**FULL)
    assert found is not None
    assert (found.client_id, found.retailer_id) == ("acme", "7")


def test_a_named_profile_goes_before_the_environment(acme: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A profile named in the call is meant: a variable left over from another shell does not override it."""
    monkeypatch.setenv("FLUENT_BASE_URL", "https://other.api.fluentretail.com")
    found = settings.find(profile=acme.name)
    assert found is not None
    assert found.account == "acme"
    assert found.base_url == "https://acme.sandbox.api.fluentretail.com"


def test_what_the_environment_has_of_another_account_adds_nothing_to_a_named_profile(
    acme: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P25: neither retailer nor account of the environment is a named profile's where they are of another URL."""
    monkeypatch.setenv("FLUENT_RETAILER_ID", "99")
    monkeypatch.setenv("FLUENT_ACCOUNT", "of-the-environment")
    for url, retailer in (
        ("https://acme.sandbox.api.fluentretail.com/", "99"),
        ("https://other.api.fluentretail.com", None),
        ("", "99"),
    ):
        monkeypatch.setenv("FLUENT_BASE_URL", url)
        found = settings.find(profile=acme.name)
        assert found is not None
        account = "of-the-environment" if retailer else "acme"
        assert (found.username, found.retailer_id, found.account) == ("admin", retailer, account)
        webhooks = settings.find_webhooks(profile=acme.name)
        assert (webhooks.retailer_id, webhooks.account) == (retailer or "", account)
    found = settings.find(profile=acme.name, retailer_id="7")
    assert found is not None
    assert found.retailer_id == "7"


def test_a_retailer_brings_its_id_and_its_user(acme: Path) -> None:
    """The chain is profile, retailer, then the user that the retailer names; numbers become texts."""
    found = settings.find(profile=acme.name, retailer="R5")
    assert found is not None
    assert (found.retailer_id, found.username) == ("5", "five")
    assert found.password == Secret("fives-word")


@pytest.mark.parametrize("name", ["../acme", "acme/../acme", "/etc", "", ".hidden", "a\0b"])
def test_a_profile_name_never_leaves_the_folder(acme: Path, name: str) -> None:
    """P32: a name that could climb out of the profiles' folder is refused before any file is touched."""
    assert acme.is_dir()
    with pytest.raises(ConfigError):
        settings.read_profile(name)


def test_an_unknown_profile_names_the_nearest(acme: Path) -> None:
    """P32: a misspelt profile is told with the one that was probably meant."""
    assert acme.is_dir()
    with pytest.raises(ConfigError, match="did you mean 'acme'"):
        settings.find(profile="acmee")


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("profile.json", "{", "no JSON"),
        ("profile.json", "[]", "no JSON object"),
        ("profile.json", '{"id": "x"}', "lacks baseUrl, clientSecret, user"),
        ("user.admin.json", '{"username": "admin"}', "lacks password"),
        ("retailer.R5.json", "{}", "lacks id"),
    ],
)
def test_a_broken_profile_file_is_named(acme: Path, file: str, content: str, said: str) -> None:
    """P32: the message names the file and what it lacks."""
    (acme / file).write_text(content)
    with pytest.raises(ConfigError, match=said):
        settings.find(profile="acme", retailer="R5" if file.startswith("retailer") else None)


def test_half_set_names_what_is_missing() -> None:
    """P32: half a set of credentials is an error that names the other half's variables."""
    with pytest.raises(ConfigError, match="client_secret missing") as caught:
        settings.find(base_url=FULL["base_url"], client_id="acme")
    assert "FLUENT_CLIENT_SECRET" in caught.value.hint


def test_a_user_without_a_password_is_half_set() -> None:
    """P32: username and password come together."""
    with pytest.raises(ConfigError, match="password missing"):
        settings.find(**FULL, username="me")


@pytest.mark.parametrize(
    "url",
    [
        "http://acme.api.fluentretail.com",
        "file:///etc/passwd",
        "ftp://acme.api.fluentretail.com",
        "https://169.254.169.254",
        "http://169.254.169.254/latest",
        "https://[fe80::1]",
        "https://10.0.0.1",
        "https://0.0.0.0",
        "https://2852039166",
        "https://0xA9FEA9FE",
        "https://169.254.43518",
        "https://169.254.169.254.",
        "https://[::ffff:169.254.169.254]",
        "https://user:word@acme.api.fluentretail.com",
        "https://acme.api.fluentretail.com?token=x",
        "acme.api.fluentretail.com",
        "https://",
    ],
)
def test_base_urls_that_would_leak_are_refused(url: str) -> None:
    """P25: clear text, files, link-local and private addresses and credentials in the URL are refused."""
    with pytest.raises(ConfigError):
        settings.check_base_url(url)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080", "http://localhost", "http://[::1]:1", "https://acme.api.fluentretail.com"]
)
def test_https_and_loopback_are_allowed(url: str) -> None:
    """P25: https anywhere, plain http to this machine only."""
    assert settings.check_base_url(url + "/") == url


def test_settings_show_no_secret() -> None:
    """P9: repr, str, vars, format and pickle of settings hold no secret."""
    found = settings.find(**FULL, username="me", password="word-of-mine")
    shown = f"{found!r} {found} {vars(found)} {pickle.dumps(found)!r}"
    assert "s3cret-of-acme" not in shown
    assert "word-of-mine" not in shown


def test_the_target_names_host_and_retailer() -> None:
    """Results name whose platform it was."""
    found = settings.find(**FULL, retailer_id=2)
    assert found is not None
    assert found.target == "acme.api.fluentretail.com (retailer 2)"


def test_run_time_files_go_to_the_workspace_found_upwards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """FCWORK_HOME wins; else the workspace above; else the working folder, or one that is asked of."""
    deep = tmp_path / "shop" / "notebooks"
    deep.mkdir(parents=True)
    monkeypatch.chdir(deep)
    assert settings.home() == deep / ".fcwork"
    (tmp_path / "shop" / ".fcwork").mkdir()
    (tmp_path / "shop" / ".fcwork" / "workspace.json").write_text("{}")
    assert settings.home() == tmp_path / "shop" / ".fcwork"
    monkeypatch.chdir(tmp_path)
    assert [settings.home(deep), settings.store_place(deep)] == [
        tmp_path / "shop" / ".fcwork",
        tmp_path / "shop" / ".fcwork" / "state.sqlite",
    ]
    monkeypatch.setenv("FCWORK_HOME", str(tmp_path / "elsewhere"))
    assert settings.home() == tmp_path / "elsewhere"


def test_another_spelling_of_a_link_local_address_is_no_private_one() -> None:
    """P25: allow_private opens no way to a link-local address."""
    with pytest.raises(ConfigError, match="link-local"):
        settings.check_base_url("https://[::ffff:169.254.169.254]", allow_private=True)


def test_base_url_that_is_no_text() -> None:
    """P32: a base URL that is no text is told."""
    with pytest.raises(ConfigError, match="base_url is NoneType"):
        settings.check_base_url(None)


@pytest.mark.parametrize("refused", [{"unknown": 1}, {"base_url": "http://acme.example.com"}, {"client_id": b"x"}])
def test_a_refused_setting_shows_no_secret(refused: dict[str, Any]) -> None:
    """P9: no frame of ours holds the secrets that came as arguments when a setting is refused."""
    with pytest.raises(ConfigError) as raised:
        settings.find(**{**FULL, "password": "word-of-mine", "username": "me", **refused})
    told = TracebackException.from_exception(raised.value, capture_locals=True)
    ours = [frame for frame in told.stack if Path(frame.filename).parts[-2] == "fcwork"]
    assert ours
    assert not any("word-of-mine" in str(frame.locals) for frame in ours)


def test_state_is_kept_at_home_unless_a_place_is_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """FCWORK_STORE names a file or a database; without it, and where it is empty, state is kept in a file at home."""
    assert settings.store_place() == home / ".fcwork" / "state.sqlite"
    monkeypatch.setenv("FCWORK_STORE", " ")
    assert settings.store_place() == home / ".fcwork" / "state.sqlite"
    for place in ("team/state.sqlite", "postgresql://db/team"):
        monkeypatch.setenv("FCWORK_STORE", place)
        assert settings.store_place() == place


def test_the_password_of_the_stores_place_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """P9: the password of a URL in FCWORK_STORE is masked as soon as the place was read."""
    monkeypatch.setenv("FCWORK_STORE", "postgresql://u:stores%40word@db/team")
    place = str(settings.store_place())
    for text in ("stores@word", "stores%40word", place):
        assert "word" not in mask(f"see {text}")
