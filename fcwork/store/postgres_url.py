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


def parse(url: str, schema: str | None = None) -> Address | ConfigError:
    """Return what ``url`` says, or why it says nothing: to be raised where the URL is in no local variable any more.

    ``schema`` comes before that of the URL's query parameter.
    """
    try:
        return _parsed(url, schema)
    except ConfigError as error:
        return error.with_traceback(None)


def _parsed(url: str, schema: str | None) -> Address:
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
    in_url = unquote(given.pop("schema", ""))
    secrets = {"password": Secret(found["password"])} if found["password"] else {}
    secrets |= {name: Secret(value) for name, value in given.items()}
    options = _options(f"{found['scheme']}{user}{found['place']}?{rest}")
    secrets = {name: _decoded(name, secret) for name, secret in secrets.items()}
    return Address(_name(options), _checked_schema(schema or in_url or SCHEMA), options, secrets)


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
    hosts = [quote(host, safe="") for host in options.get("host", "").split(",")]
    hosts = [f"[{unquote(host)}]" if "%3A" in host else host for host in hosts]  # an address of IPv6
    ports = options.get("port", "").split(",")
    ends = ports if len(ports) == len(hosts) else ports * len(hosts)
    places = [f"{host}:{port}" if port else host for host, port in zip(hosts, ends, strict=False)]
    return f"postgresql://{','.join(places)}/{options.get('dbname', '')}"
