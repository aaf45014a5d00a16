import sys
from pathlib import Path

import pytest

from fcwork.clock import ManualClock
from fcwork.errors import ConfigError
from fcwork.redact import holds_secret
from fcwork.store import PostgresStore, SQLiteStore, Store, open_store


@pytest.mark.parametrize("as_path", [True, False])
def test_a_path_is_a_file(home: Path, *, as_path: bool) -> None:
    """A path, absolute or not, is a SQLite file; nothing is made before the first use."""
    place = home / "a:b" / "state.sqlite"
    clock = ManualClock()
    store: Store = open_store(place if as_path else str(place), clock=clock)
    assert repr(store) == f"SQLiteStore({str(place)!r})"
    assert not place.parent.exists()
    store.set("key", 1, expires=5)
    clock.advance(5)
    assert store.get("key") is None
    store.close()


def test_a_relative_path_is_of_the_working_folder(home: Path) -> None:
    """A path without a folder is a file here, whatever the working folder is later."""
    store = open_store("state.sqlite")
    assert isinstance(store, SQLiteStore)
    assert store.path == home / "state.sqlite"


@pytest.mark.parametrize("url", ["postgresql://u:some-word@db:5433/team", "postgres://u:some-word@db:5433/team"])
def test_a_url_is_a_database(url: str) -> None:
    """Both spellings of a PostgreSQL URL are a database; nobody is called before the first use."""
    assert repr(open_store(url)) == "PostgresStore('postgresql://db:5433/team', schema='fcwork')"
    assert isinstance(open_store(url), PostgresStore)


@pytest.mark.parametrize(
    "place",
    [
        "mysql://u:some-word@db/team",
        "postgresql:/u:some-word@db/team",
        "POSTGRESQL://u:some-word@db/team",
        Path("postgresql://u:some-word@db/team"),
    ],
)
def test_another_url_is_no_file(home: Path, place: str | Path) -> None:
    """P32: a URL of another kind or misspelled is refused without its password, and makes no file of that name."""
    with pytest.raises(ConfigError, match="a store cannot be kept at") as error:
        open_store(place).set("key", 1)
    assert "some" not in str(error.value)
    assert holds_secret("some-word")
    assert list(home.iterdir()) == []


def test_without_psycopg_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """P32: where psycopg is missing, a database as place says what to install, and a file works on."""
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(ConfigError, match=r'needs psycopg.*\n→ pip install "fcwork\[postgres\]"'):
        open_store("postgresql://db/team")
    open_store("state.sqlite")
