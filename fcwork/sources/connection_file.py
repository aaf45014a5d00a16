"""connections.toml: a table for each named place, read strictly."""

from __future__ import annotations

import os
import re
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any

from fcwork import settings, vault
from fcwork.errors import ConfigError
from fcwork.names import did_you_mean
from fcwork.redact import Secret
from fcwork.sources.filesystems.terms import FolderTerms, S3Terms, SftpTerms

NAME = "connections.toml"
FIELDS = "the guide 'Files on S3 and SFTP' names the fields"
Terms = S3Terms | SftpTerms | FolderTerms
KINDS: dict[str, type[Terms]] = {"s3": S3Terms, "sftp": SftpTerms, "local": FolderTerms}
ALIASES = {"s3": {"prefix": "root"}}
SECRETS = frozenset({"password", "passphrase", "secret_access_key", "session_token"})
RESERVED = frozenset({"file", "http", "https", "s3", "s3a", "sftp", "ssh"})
_ENDPOINT = re.compile(r"https?://[^\s/@?#]+(?:/[^\s@?#]*)?", re.IGNORECASE)
_TYPES: dict[str, tuple[tuple[type, ...], str]] = {
    "bool": ((bool,), "true or false"),
    "int": ((int,), "a whole number"),
    "float": ((int, float), "a number"),
    "str": ((str,), "a text"),
}


@dataclass(frozen=True)
class Connection:
    """A named place.

    Attributes:
        name: the scheme of its URIs.
        kind: s3, sftp or local.
        fields: as they were written, references among them, secrets wrapped.
        read_only: nothing is written there.
    """

    name: str
    kind: str
    fields: Mapping[str, Any]
    read_only: bool = False

    def terms(self) -> Terms:
        """Return how the place is reached, with what its references stand for.

        Raises:
            ConfigError: a reference leads nowhere, or to an address that is none.
        """
        found = {field: _meant(self.name, field, value) for field, value in self.fields.items()}
        if wrong := _address_mistakes(found):
            raise ConfigError(
                f"the connection {self.name} is not right: {'; '.join(wrong)}", hint="see to its variables"
            )
        return KINDS[self.kind](**found)


def files() -> list[Path]:
    """Return where the file is looked for; the first that is there counts."""
    named = os.environ.get("FCWORK_CONNECTIONS")
    if named:
        return [Path(named).expanduser()]
    return [settings.home() / NAME, settings.profile_root() / NAME]


def load() -> dict[str, Connection]:
    """Return the connections of the file, by name; none where there is no file.

    Raises:
        ConfigError: it is named and missing, no TOML, or has mistakes, which are all told at once.
    """
    there = [file for file in files() if file.is_file()]
    if not there:
        if os.environ.get("FCWORK_CONNECTIONS"):
            hint = "write it, or unset FCWORK_CONNECTIONS"
            raise ConfigError(f"FCWORK_CONNECTIONS names {files()[0]}, which is not there", hint=hint)
        return {}
    file = there[0]
    tables = _tables(file)
    problems = [told for name, table in tables.items() for told in mistakes(name, table)]
    if problems:
        raise ConfigError(f"{file} is not right: {'; '.join(problems)}", hint=f"mend it; {FIELDS}")
    _check_secrecy(file, tables)
    return {name: made(name, table) for name, table in tables.items()}


def made(name: str, table: Mapping[str, Any]) -> Connection:
    """Return the connection that a table without mistakes describes."""
    kind, aliases = table["type"], ALIASES.get(table["type"], {})
    given = {aliases.get(field, field): value for field, value in table.items() if field not in {"type", "read_only"}}
    return Connection(name, kind, {field: held(field, value) for field, value in given.items()}, _read_only(table))


def mistakes(name: str, table: Any) -> list[str]:
    """Return what is wrong with a table."""
    wrong = _name_mistakes(name)
    if not isinstance(table, Mapping):
        return [*wrong, f"{name} is no table: write [{name}]"]
    kind = table.get("type")
    if kind not in KINDS:
        close = did_you_mean(str(kind), KINDS) if kind else ""
        told = f"type {kind!r} is not known{close}" if kind else "type is missing"
        return [*wrong, f"{name}: {told} (known: {', '.join(KINDS)})"]
    known = {field.name: str(field.type) for field in fields(KINDS[kind])}
    known |= {other: known[field] for other, field in ALIASES.get(kind, {}).items()}
    known |= {"type": "str", "read_only": "bool"}
    for field, value in table.items():
        if field not in known:
            wrong.append(f"{name}: {field} is not known{did_you_mean(field, known) or f' to {kind}'}")
        elif not _fits(value, known[field]):
            wrong.append(f"{name}: {field} is {_type_of(known[field])[1]}, not {type(value).__name__}")
    wrong += [f"{name}: {field} is missing" for field in _needed(kind) if not table.get(field)]
    return wrong + _against_each_other(name, table)


def _name_mistakes(name: str) -> list[str]:
    if name.lower() in RESERVED:
        return [f"{name} is the name of a kind of URI: take another"]
    if not (
        len(name) > 1 and name[0].isalpha() and name.isascii() and name.replace("_", "").replace("-", "").isalnum()
    ):
        return [f"{name!r} can be no name: letters, digits, - and _, a letter first, two at least"]
    return []


def _against_each_other(name: str, table: Mapping[str, Any]) -> list[str]:
    """Return which fields do not go together."""
    wrong = []
    host_keys = [field for field in ("known_hosts", "fingerprint", "insecure_accept_any_host_key") if table.get(field)]
    if len(host_keys) > 1:
        wrong.append(f"{name}: {' and '.join(host_keys)} exclude each other")
    if bool(table.get("access_key_id")) != bool(table.get("secret_access_key")):
        wrong.append(f"{name}: access_key_id and secret_access_key belong together")
    ways = [field for field in ("access_key_id", "profile", "anonymous") if table.get(field)]
    if len(ways) > 1:
        wrong.append(f"{name}: {' and '.join(ways)} exclude each other")
    if table.get("prefix") and table.get("root"):
        wrong.append(f"{name}: prefix and root are the same: write one")
    wrong += [f"{name}: {told}" for told in _address_mistakes(table)]
    if isinstance(table.get("timeout_seconds"), int | float) and not table["timeout_seconds"] > 0:
        wrong.append(f"{name}: timeout_seconds is more than 0")
    return wrong


def _address_mistakes(table: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with where a place is; credentials in it would show wherever it is named."""
    endpoint, host = (
        "" if vault.is_reference(table.get(field)) else str(table.get(field) or "")
        for field in ("endpoint_url", "host")
    )
    wrong = []
    if endpoint and not _ENDPOINT.fullmatch(endpoint):
        wrong.append("endpoint_url is an address such as https://host:9000, without a user or password in it")
    if "@" in host or "/" in host:
        wrong.append("host is a name or an address alone: the user is username, the folder root")
    return wrong


def _needed(kind: str) -> list[str]:
    return [field.name for field in fields(KINDS[kind]) if field.default is MISSING]


def _type_of(declared: str) -> tuple[tuple[type, ...], str]:
    return _TYPES.get(declared.partition(" ")[0], _TYPES["str"])  # Secret and str | None are texts


def _fits(value: Any, declared: str) -> bool:
    types, _ = _type_of(declared)
    return isinstance(value, types) and (isinstance(value, bool) == (bool in types))


def _read_only(table: Mapping[str, Any]) -> bool:
    return bool(table.get("read_only"))


def held(field: str, value: Any) -> Any:
    """Return the value of a field, wrapped if it is a secret."""
    return Secret(value) if _is_plain_secret(field, value) else value


def _is_plain_secret(field: str, value: Any) -> bool:
    return field in SECRETS and isinstance(value, str) and not vault.is_reference(value)


def _tables(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}", hint="see to its permissions") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} is no TOML: {error}", hint="texts stand in quotes, tables in brackets") from None


def _check_secrecy(file: Path, tables: Mapping[str, Any]) -> None:
    """Refuse secrets in a file that others may read.

    Raises:
        ConfigError: there are some.
    """
    plain = [
        f"{name}.{field}"
        for name, table in tables.items()
        for field, value in table.items()
        if _is_plain_secret(field, value)
    ]
    if plain and os.name != "nt" and file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ConfigError(
            f"{file} holds {', '.join(plain)}, and others may read it",
            hint=f"chmod 600 {file}, or write env:NAME in its place and set that variable",
        )


def _meant(name: str, field: str, value: Any) -> Any:
    """Return what a field stands for."""
    if not vault.is_reference(value):
        return value
    found = vault.meant(value, f"{field} of the connection {name}")
    if isinstance(found, Secret):
        return found if field in SECRETS else found.reveal()
    return held(field, found)
