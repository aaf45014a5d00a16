"""A PostgreSQL URL taken apart, so that its password goes nowhere but to the server."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

from fcwork.errors import ConfigError
from fcwork.redact import Secret, register_url

SCHEMA = "fcwork"
_LOOKS = "it looks like postgresql://user:password@host:5432/database?sslmode=require"
_FORM = re.compile(
    r"(?P<scheme>postgres(?:ql)?://)(?:(?P<user>[^:@/?#]*)(?::(?P<password>[^@/?#]*))?@)?(?P<place>[^@?]*)(?P<query>\?[^@]*)?"
)
_BAD_PERCENT = re.compile("%(?!(?!00)[0-9A-Fa-f]{2})")
_SCHEMA_NAME = re.compile("(?!pg_)[a-z_][a-z0-9_]{0,62}")
_SECRET_OPTIONS = frozenset({"password", "sslpassword"})


@dataclass(frozen=True)
class Address:
    """Which server, database and schema.

    Attributes:
        name: the server and database for people, without user and password.
        options: what libpq takes, without the secrets.
        secrets: ``password`` and ``sslpassword``, as far as they were given.
    """

    name: str
    schema: str
    options: Mapping[str, str] = field(repr=False)
    secrets: Mapping[str, Secret] = field(repr=False)


def parse(url: str, schema: str | None = None) -> Address:
    """Return what ``url`` says; ``schema`` comes before that of its query parameter.

    Raises:
        ConfigError: it is no such URL, or psycopg is missing.
    """
    register_url(url)
    found = _FORM.fullmatch(url.strip())
    if found is None:
        raise ConfigError(
            "the store's PostgreSQL URL cannot be read: it is of another form, or has an @, /, ? or # too many",
            hint=f"{_LOOKS}; inside a password write @ / ? # % as %40 %2F %3F %23 %25",
        )
    pairs = [pair.partition("=") for pair in (found["query"] or "")[1:].split("&") if pair]
    given = {name: value for name, _, value in pairs if name in _SECRET_OPTIONS | {"schema"}}
    rest = "&".join("".join(pair) for pair in pairs if pair[0] not in given)
    user = f"{found['user']}@" if found["user"] else ""
    named = schema or unquote(given.pop("schema", "")) or SCHEMA
    secrets = {"password": Secret(found["password"])} if found["password"] else {}
    secrets |= {name: Secret(value) for name, value in given.items()}
    options = _options(f"{found['scheme']}{user}{found['place']}?{rest}")
    secrets = {name: _decoded(name, secret) for name, secret in secrets.items()}
    return Address(_name(options), _checked_schema(named), options, secrets)


def _options(bare: str) -> dict[str, str]:
    """Return what libpq reads from a URL whose secrets were taken out: its complaints quote the URL."""
    try:
        from psycopg import ProgrammingError
        from psycopg.conninfo import conninfo_to_dict
    except ImportError as error:
        raise ConfigError(
            "a store in PostgreSQL needs psycopg, which is not installed", hint='pip install "fcwork[postgres]"'
        ) from error
    try:
        return {name: str(value) for name, value in conninfo_to_dict(bare).items()}
    except ProgrammingError as error:
        raise ConfigError(f"the store's PostgreSQL URL cannot be read: {str(error).strip()}", hint=_LOOKS) from error


def _decoded(name: str, secret: Secret) -> Secret:
    if _BAD_PERCENT.search(secret.reveal()):
        raise ConfigError(f"the {name} of the store's PostgreSQL URL has a % that is none", hint="write % as %25")
    return Secret(unquote(secret.reveal()))


def _checked_schema(name: str) -> str:
    if not _SCHEMA_NAME.fullmatch(name) or name == "information_schema":
        raise ConfigError(
            f"{name!r} is no schema name for a store",
            hint="lower-case letters, digits and _, at most 63, not beginning with a digit or pg_",
        )
    return name


def _name(options: Mapping[str, str]) -> str:
    host = quote(options.get("host", ""), safe=",:[]")
    port = f":{options['port']}" if "port" in options else ""
    return f"postgresql://{host}{port}/{options.get('dbname', '')}"
