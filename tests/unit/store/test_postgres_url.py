import traceback
from collections.abc import Callable

import pytest

from fcwork.errors import ConfigError, StoreError
from fcwork.redact import mask
from fcwork.store import PostgresStore, open_store
from fcwork.store.postgres_url import Address, parse


def _address(url: str, schema: str | None = None) -> Address:
    found = parse(url, schema)
    assert isinstance(found, Address)
    return found


@pytest.mark.parametrize(
    ("url", "name", "options"),
    [
        ("postgresql://", "postgresql:///", {}),
        ("postgres://db", "postgresql://db/", {"host": "db"}),
        ("postgresql://db/team", "postgresql://db/team", {"host": "db", "dbname": "team"}),
        ("postgresql://u@db:1/t", "postgresql://db:1/t", {"host": "db", "port": "1", "user": "u", "dbname": "t"}),
        (" postgresql://[::1]:1/t\n", "postgresql://[::1]:1/t", {"host": "::1", "port": "1", "dbname": "t"}),
        ("postgresql://a:1,b:2/t", "postgresql://a:1,b:2/t", {"host": "a,b", "port": "1,2", "dbname": "t"}),
        ("postgresql://%2Frun%2Fpg/t", "postgresql://%2Frun%2Fpg/t", {"host": "/run/pg", "dbname": "t"}),
        (
            "postgresql://db/t?sslmode=require&schema=s&connect_timeout=3",
            "postgresql://db/t",
            {"host": "db", "dbname": "t", "sslmode": "require", "connect_timeout": "3"},
        ),
    ],
)
def test_a_url_is_read_as_libpq_reads_it(url: str, name: str, options: dict[str, str]) -> None:
    """Server, database and options are what libpq makes of the URL; the schema is ours."""
    address = _address(url)
    assert address.name == name
    assert address.options == options
    assert address.schema == ("s" if "schema" in url else "fcwork")
    assert address.secrets == {}


@pytest.mark.parametrize(
    ("url", "password"),
    [
        ("postgresql://u:secret-word@db/t", "secret-word"),
        ("postgresql://u:a%40b%2Fc%25@db/t", "a@b/c%"),
        ("postgresql://:secret-word@db/t", "secret-word"),
        ("postgresql://u@db/t?password=q%26word", "q&word"),
        ("postgresql://u:x:y@db/t", "x:y"),
    ],
)
def test_a_password_is_taken_out(url: str, password: str) -> None:
    """P9: the password is wrapped, decoded, and in nothing that is shown; texts that hold the URL are masked."""
    address = _address(url)
    assert address.secrets["password"].reveal() == password
    assert "password" not in address.options
    for shown in (repr(address), str(vars(address)), repr(PostgresStore(url)), mask(f"see {url}")):
        assert password not in shown
        assert url not in shown


def test_the_password_of_a_key_is_one_too() -> None:
    """P9: the password of a client's key file is kept like that of the user."""
    address = _address("postgresql://db/t?sslkey=k.pem&sslpassword=key-word")
    assert address.secrets["sslpassword"].reveal() == "key-word"
    assert address.options == {"host": "db", "dbname": "t", "sslkey": "k.pem"}


@pytest.mark.parametrize(
    "url",
    [
        "mysql://u:pw7@db/t",
        "postgresql:u:pw7@db",
        "postgresql://u:a@pw7@db/t",
        "postgresql://u:a/pw7@db/t",
        "postgresql://u:a?pw7@db/t",
        "postgresql://u:a#pw7@db/t",
        "postgresql://u:a%pw7@db/t",
        "postgresql://u:a%00pw7@db/t",
        "postgresql://u:pw7%@db/t",
        "postgresql://u:pw7@db/t?no_such=1",
        "postgresql://u:pw7@db/t?sslmode",
        "postgresql://u:pw7@[db/t",
        "postgresql://u:pw7@db/t?schema=Team-A",
        "postgresql://u:pw7@db/t?schema=pg_own",
        "postgresql://u:pw7@db/t?schema=information_schema",
        'postgresql://u:pw7@db/t?schema=a"b',
    ],
)
@pytest.mark.parametrize("opener", [PostgresStore, open_store])
def test_a_url_that_cannot_be_read_is_told_without_its_password(opener: Callable[[str], object], url: str) -> None:
    """P9: a mistake in the URL is told, and no part of a password, however short, is in a text or a local variable."""
    with pytest.raises(ConfigError) as error:
        opener(url)
    assert error.value.hint
    cause: BaseException | None = error.value
    while cause is not None:
        assert "pw7" not in str(cause)
        frames = [
            frame for frame, _ in traceback.walk_tb(cause.__traceback__) if "tests" not in frame.f_code.co_filename
        ]
        held = [(name, value) for frame in frames for name, value in frame.f_locals.items() if name != "self"]
        assert "pw7" not in repr(held)
        cause = cause.__cause__ or cause.__context__


def test_the_schema_of_a_call_comes_first() -> None:
    """A schema given to the store is taken instead of the URL's, and checked alike."""
    assert _address("postgresql://db/t?schema=a", "b").schema == "b"
    assert _address("postgresql://db/t?schema=", None).schema == "fcwork"
    with pytest.raises(ConfigError, match="'No' is no schema name"):
        PostgresStore("postgresql://db/t", schema="No")


def test_a_senseless_timeout_is_told() -> None:
    """P32: a server is given some time to answer."""
    with pytest.raises(StoreError, match="timeout_seconds=0 is no time"):
        PostgresStore("postgresql://db/t", timeout_seconds=0)
