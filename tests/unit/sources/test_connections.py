import os
from pathlib import Path
from typing import Any

import pytest
from servers import write_connections

import fcwork as fw
from fcwork import settings, sources
from fcwork.errors import ConfigError, SourceError
from fcwork.redact import Secret, holds_secret, mask
from fcwork.sources.elsewhere import known, named

PLAIN = "hunter2-in-plain"


@pytest.fixture
def file(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return where connections.toml is; FCWORK_CONNECTIONS names it."""
    monkeypatch.setenv("FCWORK_CONNECTIONS", str(home / "own.toml"))
    return home / "own.toml"


def test_a_folder_can_be_a_connection(file: Path, home: Path) -> None:
    """A connection of the type local is a folder, so that a workflow can be tried on one."""
    (home / "box").mkdir()
    write_connections(file, in_box={"type": "local", "root": str(home / "box")})
    (home / "box" / "a.csv").write_text("a\n1\n", "utf-8")
    assert fw.sources.read("in_box://a.csv")["_source"].to_list() == ["in_box://a.csv"]
    assert sources.connections().rows() == [("in_box", "local", "this machine", str(home / "box"))]


def test_where_the_file_is_looked_for(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """FCWORK_CONNECTIONS, else that of the workspace, else that beside the Fluent CLI's profiles."""
    assert known() == {}
    profiles = settings.profile_root()
    profiles.mkdir(exist_ok=True)
    write_connections(profiles / "connections.toml", first={"type": "local", "root": "."})
    assert list(known()) == ["first"]
    (home / ".fcwork").mkdir()
    write_connections(home / ".fcwork" / "connections.toml", second={"type": "local", "root": "."})
    assert list(known()) == ["second"]
    monkeypatch.setenv("FCWORK_CONNECTIONS", str(home / "third.toml"))
    with pytest.raises(ConfigError, match=r"FCWORK_CONNECTIONS names .*third\.toml, which is not there"):
        known()
    write_connections(home / "third.toml", third={"type": "local", "root": "."})
    assert list(known()) == ["third"]
    (profiles / "connections.toml").unlink()


@pytest.mark.parametrize(
    ("tables", "told"),
    [
        ({"a1": {"type": "sftp", "hots": "x"}}, ["a1: hots is not known: did you mean 'host'?", "a1: host is missing"]),
        ({"a1": {"type": "sftp", "host": "x", "port": "22"}}, ["a1: port is a whole number, not str"]),
        ({"a1": {"type": "sftp", "host": "x", "port": True}}, ["a1: port is a whole number, not bool"]),
        (
            {"a1": {"type": "s3"}, "b1": {"type": "sfpt"}},
            ["a1: bucket is missing", "b1: type 'sfpt' is not known: did you"],
        ),
        ({"a1": {"root": "x"}}, ["a1: type is missing (known: s3, sftp, local)"]),
        ({"s3": {"type": "local", "root": "x"}}, ["s3 is the name of a kind of URI"]),
        ({"x": {"type": "local", "root": "x"}}, ["'x' can be no name"]),
        ({"a1": {"type": "s3", "bucket": "b", "access_key_id": "x"}}, ["access_key_id and secret_access_key belong"]),
        ({"a1": {"type": "s3", "bucket": "b", "profile": "x", "anonymous": True}}, ["profile and anonymous exclude"]),
        ({"a1": {"type": "s3", "bucket": "b", "prefix": "x", "root": "y"}}, ["prefix and root are the same"]),
        ({"a1": {"type": "s3", "bucket": "b", "timeout_seconds": 0}}, ["timeout_seconds is more than 0"]),
        (
            {"a1": {"type": "sftp", "host": "x", "fingerprint": "SHA256:x", "insecure_accept_any_host_key": True}},
            ["fingerprint and insecure_accept_any_host_key exclude each other"],
        ),
    ],
)
def test_all_mistakes_are_told_at_once(file: Path, tables: dict[str, Any], told: list[str]) -> None:
    """P32: unknown, missing and wrong fields are listed in one answer, with the nearest known name."""
    write_connections(file, **tables)
    with pytest.raises(ConfigError) as caught:
        sources.connections()
    for one in told:
        assert one in str(caught.value)


@pytest.mark.parametrize("text", ["a = [", "lake = 1", "\xff"])
def test_what_is_no_toml_is_told(file: Path, text: str) -> None:
    """P32: a broken file is told with its name."""
    file.write_bytes(text.encode("latin-1"))
    with pytest.raises(ConfigError, match=r"own\.toml is (no TOML|not right)"):
        sources.list("lake://")


def test_a_plain_secret_asks_for_a_file_of_ones_own(file: Path) -> None:
    """P8: a secret in plain text is taken only from a file that nobody else may read."""
    write_connections(file, dock={"type": "sftp", "host": "x", "password": PLAIN})
    assert list(known()) == ["dock"]
    file.chmod(0o640)
    with pytest.raises(ConfigError, match=r"holds dock\.password, and others may read it\n→ chmod 600") as caught:
        known()
    assert PLAIN not in str(caught.value)
    write_connections(file, dock={"type": "sftp", "host": "x", "password": "env:DOCK_PASSWORD"})
    file.chmod(0o644)
    assert list(known()) == ["dock"]


def test_references_are_followed_when_they_are_needed(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """P8, P32: ``env:NAME`` stands for a variable, in any text; one that is not set is told, no value ever shows."""
    write_connections(file, dock={"type": "sftp", "host": "env:DOCK_HOST", "password": "env:DOCK_PASSWORD"})
    monkeypatch.setenv("DOCK_HOST", "dock.example")
    with pytest.raises(
        ConfigError, match="password of the connection dock stands in env:DOCK_PASSWORD, which is not set"
    ):
        named("dock").terms()
    monkeypatch.setenv("DOCK_PASSWORD", PLAIN)
    terms = named("dock").terms()
    assert (terms.host, terms.password) == ("dock.example", Secret(PLAIN))  # type: ignore[union-attr]
    assert PLAIN not in repr(terms) + repr(named("dock")) + str(sources.connections().rows())
    assert holds_secret(PLAIN)
    assert PLAIN not in mask(f"it was {PLAIN}")


def test_a_keyring_is_asked(file: Path) -> None:
    """P8: ``keyring:service/user`` is looked up in the keyring of the system."""
    import keyring
    from keyring.backend import KeyringBackend

    class Ring(KeyringBackend):
        priority = 1.0  # type: ignore[assignment]

        def get_password(self, service: str, username: str) -> str | None:
            return PLAIN if (service, username) == ("acme/dock", "erp") else None

        def set_password(self, service: str, username: str, password: str) -> None:
            raise NotImplementedError

        def delete_password(self, service: str, username: str) -> None:
            raise NotImplementedError

    before = keyring.get_keyring()
    keyring.set_keyring(Ring())
    try:
        write_connections(file, dock={"type": "sftp", "host": "x", "password": "keyring:acme/dock/erp"})
        assert named("dock").terms().password == Secret(PLAIN)  # type: ignore[union-attr]
        write_connections(file, dock={"type": "sftp", "host": "x", "password": "keyring:acme/other"})
        with pytest.raises(ConfigError, match="which is not in the keyring"):
            named("dock").terms()
        write_connections(file, dock={"type": "sftp", "host": "x", "password": "keyring:erp"})
        with pytest.raises(ConfigError, match="write keyring:service/user"):
            named("dock").terms()
    finally:
        keyring.set_keyring(before)


def test_a_connection_of_the_session_goes_before_the_file(file: Path, home: Path) -> None:
    """``sources.connect`` names a place for this process, with its mistakes told at once and no secret repeated."""
    write_connections(file, box={"type": "local", "root": "nowhere"})
    assert sources.connect("box", type="local", root=str(home)) == "box://"
    assert sources.list("box://")["name"].to_list() == ["own.toml"]
    with pytest.raises(ConfigError, match=r"hst is not known: did you mean 'host'\?; .*host is missing") as caught:
        sources.connect("dock", type="sftp", hst="x", password=PLAIN)
    assert PLAIN not in str(caught.value)
    with pytest.raises(SourceError, match=r"there is no connection 'bix': did you mean 'box'\?\n→ there are: box"):
        sources.list("bix://")


def test_a_change_of_the_file_counts_at_once(file: Path, home: Path) -> None:
    """What the file says now is what counts, not what it said when a place was first used."""
    for name in ("one", "two"):
        (home / name).mkdir()
        (home / name / f"{name}.csv").touch()
        write_connections(file, box={"type": "local", "root": str(home / name)})
        assert sources.list("box://")["name"].to_list() == [f"{name}.csv"]


def test_a_read_only_connection_is_not_written(file: Path, home: Path) -> None:
    """With ``read_only`` nothing is written, copied or deleted, and a probe only lists."""
    (home / "box").mkdir()
    (home / "box" / "a.csv").write_text("a\n1\n", "utf-8")
    write_connections(file, box={"type": "local", "root": str(home / "box"), "read_only": True})
    assert sources.read("box://a.csv").height == 1
    assert sources.list("box://*.csv").height == sources.list("box://").height == 1
    with pytest.raises(SourceError, match="its connection is read_only"), sources.whole("box://b.csv"):
        pass
    files = sources.place.locate("box://a.csv").filesystem
    for call in (lambda: files.copy("a.csv", "b.csv"), lambda: files.remove("a.csv")):
        with pytest.raises(SourceError, match="its connection is read_only"):
            call()
    assert sources.probe("box")["step"].to_list() == ["list"]
    assert os.listdir(home / "box") == ["a.csv"]  # noqa: PTH208 - names are what is asked


def test_a_link_out_of_a_folder_is_refused(file: Path, home: Path) -> None:
    """P24: below a local root no link leads out either."""
    (home / "box").mkdir()
    (home / "secret.csv").write_text("a\n1\n", "utf-8")
    (home / "box" / "link.csv").symlink_to(home / "secret.csv")
    (home / "box" / "out").symlink_to(home)
    write_connections(file, box={"type": "local", "root": str(home / "box")})
    for name in ("link.csv", "out/secret.csv", "out"):
        with pytest.raises(SourceError, match="leads out of the root"):
            sources.list(f"box://{name}")
    assert sources.list("box://").height == 0
    with pytest.raises(SourceError, match="no file matches"):
        sources.list("box://**/*.csv")


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "s3", "bucket": "b", "endpoint_url": "https://me:hunter2hunter2@host"},
        {"type": "s3", "bucket": "b", "endpoint_url": "https://host?password=hunter2hunter2"},
        {"type": "s3", "bucket": "b", "endpoint_url": "hunter2hunter2"},
        {"type": "sftp", "host": "me:hunter2hunter2@host"},
    ],
)
def test_credentials_in_an_address_are_refused_and_not_repeated(
    fields: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """P8: an endpoint or host that holds a password is refused, written out or in a variable, as it would be shown."""
    with pytest.raises(ConfigError) as plain:
        sources.connect("shop", **fields)
    address = next(name for name in ("endpoint_url", "host") if name in fields)
    monkeypatch.setenv("SHOP_ADDRESS", fields[address])
    sources.connect("shop", **{**fields, address: "env:SHOP_ADDRESS"})
    with pytest.raises(ConfigError) as meant:
        sources.list("shop://")
    for caught in (plain, meant):
        assert f"{address} is " in str(caught.value)
        assert "hunter2" not in str(caught.value)


def test_a_password_in_a_uri_is_refused_and_not_repeated() -> None:
    """P8: a URI with a password is refused by any way in, and the password is a known secret from then on."""
    for uri in (f"sftp://erp:{PLAIN}@host/a.csv", f"s3://key:{PLAIN}@bucket/a.csv"):
        with pytest.raises(SourceError, match=r"name a connection in connections\.toml") as caught:
            sources.read(uri)
        assert PLAIN not in str(caught.value) + repr(vars(caught.value))
        assert holds_secret(PLAIN)
