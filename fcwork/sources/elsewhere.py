"""Named places, and which files a URI that is no path of this machine speaks of.

``warehouse://in/a.csv`` is ``in/a.csv`` below the root of the connection ``warehouse``, of connections.toml or of
``connect``. ``s3://bucket/key`` and ``sftp://user@host:port/path`` need none: credentials are found where AWS's tools
and ssh find them. Names stand in such URIs as they are; nothing in them is decoded.
"""

from __future__ import annotations

import os
import re
import threading
from typing import Any

import polars as pl

from fcwork.errors import ConfigError, SourceError
from fcwork.names import did_you_mean
from fcwork.redact import MASK, Secret, mask_url, register_url
from fcwork.sources import connection_file
from fcwork.sources.connection_file import Connection, Terms
from fcwork.sources.filesystems import Filesystem
from fcwork.sources.filesystems.folder import Folder
from fcwork.sources.filesystems.read_only import ReadOnly
from fcwork.sources.filesystems.terms import FolderTerms, S3Terms, SftpTerms

CONNECTIONS = pl.Schema({"name": pl.String(), "type": pl.String(), "where": pl.String(), "root": pl.String()})
PLAIN = ("s3", "sftp")
_HOST = re.compile(r"(?:(?P<username>[^@]*)@)?(?P<host>\[[^\]]+\]|[^:@\[\]]+)(?::(?P<port>\d{1,5}))?")
_lock = threading.RLock()
_own: dict[str, Connection] = {}  # of this process
_opened: dict[str, tuple[Any, Filesystem]] = {}  # by what URIs begin with: how it was reached, and its files


def connect(name: str, type: str, **fields: Any) -> str:  # noqa: A002 - as connections.toml calls it
    """Name a place for this process, before those of connections.toml, and return what its URIs begin with.

    Args:
        name: the scheme of its URIs.
        type: s3, sftp or local.
        **fields: as in a table of connections.toml; a secret may be a text, a ``Secret`` or a reference (``env:NAME``).

    Raises:
        ConfigError: what is wrong with them, all at once.
    """
    given = {field: connection_file.held(field, value) for field, value in fields.items()}
    shown = {field: MASK if isinstance(value, Secret) else value for field, value in given.items()}
    problems = connection_file.mistakes(name, {"type": type, **shown})
    if problems:
        raise ConfigError(f"{name} can be no connection: {'; '.join(problems)}", hint=connection_file.FIELDS)
    with _lock:
        _own[name] = connection_file.made(name, {"type": type, **given})
    return f"{name}://"


def connections() -> pl.DataFrame:
    """Return the named places as a frame of ``name, type, where, root``, without secrets.

    Raises:
        ConfigError: connections.toml has mistakes.
    """
    lines = [(one.name, one.kind, _where(one), str(one.fields.get("root", ""))) for one in known().values()]
    return pl.DataFrame(lines, schema=CONNECTIONS, orient="row").sort("name")


def known() -> dict[str, Connection]:
    """Return the named places: those of the file, and before them those of this process."""
    return {**connection_file.load(), **_own}


def named(name: str) -> Connection:
    """Return a named place.

    Raises:
        SourceError: there is none of that name.
        ConfigError: connections.toml has mistakes.
    """
    there = known()
    if name in there:
        return there[name]
    where = " or ".join(map(str, connection_file.files()))
    names = f"there are: {', '.join(sorted(there))}" if there else f"connections stand in {where}"
    hint = f"{names}; a file of this machine is a path, ~/a/path or file:///a/path"
    raise SourceError(f"there is no connection {name!r}{did_you_mean(name, there)}", hint=hint)


def found(scheme: str, rest: str, uri: str) -> tuple[Filesystem, str]:
    """Return the files that a URI speaks of, and the path among them.

    Args:
        scheme: what stands before ``://``.
        rest: what stands behind it.
        uri: the whole.

    Raises:
        SourceError: there is no such connection, a password stands in the URI, or it names no bucket or host.
        ConfigError: the connection is not right.
    """
    if scheme.lower() not in PLAIN:
        return opened_once(named(scheme)), rest
    _refuse_password(uri)
    place, _, path = rest.partition("/")
    terms = _bucket(place, uri) if scheme.lower() == "s3" else _host(place, uri)
    return _kept(f"{scheme.lower()}://{place}/", terms, read_only=False), path


def opened_once(connection: Connection) -> Filesystem:
    """Return the files of a named place, reached once a process."""
    return _kept(f"{connection.name}://", connection.terms(), read_only=connection.read_only)


def _kept(shown: str, terms: Terms, *, read_only: bool) -> Filesystem:
    how = (os.getpid(), terms, read_only, _environment() if isinstance(terms, S3Terms) else None)
    with _lock:
        if shown not in _opened or _opened[shown][0] != how:
            files = _files(terms, shown)
            _opened[shown] = how, ReadOnly(files) if read_only else files
        return _opened[shown][1]


def _files(terms: Terms, shown: str) -> Filesystem:
    if isinstance(terms, FolderTerms):
        return Folder(terms, shown)
    try:
        if isinstance(terms, S3Terms):
            from fcwork.sources.filesystems.s3 import S3

            return S3(terms, shown)
        from fcwork.sources.filesystems.sftp import Sftp

        return Sftp(terms, shown)
    except ImportError as error:
        extra = "s3" if isinstance(terms, S3Terms) else "sftp"
        hint = f"pip install 'fcwork[{extra}]'"
        raise SourceError(f"{shown} needs what is not installed: {error.name}", hint=hint, uri=shown) from error


def _environment() -> tuple[tuple[str, str], ...]:
    """Return the variables that AWS's tools heed: what they say now counts, not what they said once."""
    return tuple(sorted(item for item in os.environ.items() if item[0].startswith("AWS_")))


def _refuse_password(uri: str) -> None:
    register_url(uri)
    if re.match(r"[^/]*//[^/]*:[^/]*@", uri):
        raise SourceError(
            f"a password stands in {mask_url(uri)}",
            hint="it would end in logs and notebooks: name a connection in connections.toml, with "
            'password = "env:NAME"',
            uri=mask_url(uri),
        )


def _bucket(name: str, uri: str) -> S3Terms:
    if not name or "@" in name:
        raise SourceError(f"{mask_url(uri)} names no bucket", hint="an object is s3://bucket/key", uri=mask_url(uri))
    return S3Terms(bucket=name)


def _host(place: str, uri: str) -> SftpTerms:
    parts = _HOST.fullmatch(place)
    if not parts or int(parts["port"] or 22) > 65_535:  # noqa: PLR2004 - the highest port
        hint = "a file is sftp://user@host:port/path"
        raise SourceError(f"{mask_url(uri)} names no host", hint=hint, uri=mask_url(uri))
    host, port = parts["host"].strip("[]"), int(parts["port"] or 22)
    return SftpTerms(host=host, port=port, username=parts["username"] or "")


def _where(connection: Connection) -> str:
    fields = connection.fields
    if connection.kind == "s3":
        endpoint = fields.get("endpoint_url")
        return f"{fields['bucket']} at {mask_url(endpoint)}" if endpoint else str(fields["bucket"])
    if connection.kind == "sftp":
        user = f"{fields['username']}@" if fields.get("username") else ""
        return f"{user}{fields['host']}:{fields.get('port', 22)}"
    return "this machine"


def _renew() -> None:
    """Give a forked process a lock that nobody holds."""
    global _lock  # noqa: PLW0603 - it is that of the parent
    _lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)
