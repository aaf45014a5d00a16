"""A connection to an SFTP server, made by sshfs."""

from __future__ import annotations

import errno
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from getpass import getuser
from pathlib import Path
from typing import Any

import asyncssh
from sshfs import SSHFileSystem

from fcwork.errors import SourceError
from fcwork.sources.filesystems import sftp_host
from fcwork.sources.filesystems.calls import Calls
from fcwork.sources.filesystems.sftp_host import Visitor
from fcwork.sources.filesystems.terms import SftpTerms

KNOWN = (asyncssh.Error, ConnectionError)
_CUT = (
    asyncssh.SFTPConnectionLost,
    asyncssh.SFTPNoConnection,
    asyncssh.DisconnectError,
    asyncssh.ChannelOpenError,
    ConnectionError,
)
_TOO_OFTEN = "authentication failures"  # as OpenSSH says it
_MEANINGS: tuple[tuple[tuple[type[Exception], ...], int, str], ...] = (
    ((asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath), errno.ENOENT, ""),
    ((asyncssh.SFTPPermissionDenied, asyncssh.SFTPWriteProtect), errno.EACCES, ""),
    ((asyncssh.SFTPOpUnsupported,), errno.EOPNOTSUPP, ""),
    ((asyncssh.SFTPNoSpaceOnFilesystem, asyncssh.SFTPQuotaExceeded), errno.ENOSPC, ""),
    (_CUT, errno.ECONNRESET, "the connection broke off: {reason}"),
)


@dataclass(frozen=True)
class Link:
    """A connection of this process.

    Attributes:
        process: whose it is; a fork leaves it behind.
        session: keeps the connection.
        sftp: the requests.
        calls: how they are made.
        root: where the root really lies on the server.
    """

    process: int
    session: SSHFileSystem
    sftp: asyncssh.SFTPClient
    calls: Calls
    root: str


class _Cut(logging.Filter):
    """Keeps asyncio from saying of each request on a line that was cut what is told once, as an error."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Drop that, and nothing else."""
        return record.msg != "socket.send() raised exception."


logging.getLogger("asyncio").addFilter(_Cut())


def connected(terms: SftpTerms) -> Link:
    """Return a new connection.

    Raises:
        SourceError: nobody answers, it is not the server that is meant, the user is not let in, or the root is missing.
    """
    session = _session(terms)
    calls = Calls(session.loop, KNOWN, told, terms.timeout_seconds)
    where = f"{terms.host}:{terms.port}"
    try:
        sftp = calls(session.client.start_sftp_client(path_errors="surrogateescape"))
        root = str(calls(sftp.realpath(terms.root or ".")))
        there = calls(sftp.isdir(root))
    except FileNotFoundError:
        there = False
    except OSError as error:
        raise SourceError(f"{where} gives no files: {error.strerror}", hint="is SFTP switched on there?") from error
    if not there:
        hint = "see to root of the connection; it is not made by itself"
        raise SourceError(f"the root {terms.root} is no folder of {where}", hint=hint)
    return Link(os.getpid(), session, sftp, calls, root)


def told(error: Exception) -> Exception:
    """Return the ``OSError`` that says what the server did."""
    reason = _reason(error)
    for kinds, number, said in _MEANINGS:
        if isinstance(error, kinds):
            return OSError(
                number, said.format(reason=reason) if said else os.strerror(number)
            )  # its subclass, by number
    return OSError(errno.EIO, f"the server says {reason!r}")


def _session(terms: SftpTerms) -> SSHFileSystem:
    """Return a connection to the server, in the first of the ways that fits."""
    options = _options(terms)
    came, reason = "", ""
    for way in sftp_host.ways(terms):
        visitor = Visitor(terms)
        try:
            return _opened(terms, visitor, {**options, **way})
        except (asyncssh.DisconnectError, ConnectionError) as error:  # some just leave where no kind of key fits
            came, reason = came or visitor.came, _reason(error)
            if came and not terms.fingerprint:
                break
    if came:
        raise sftp_host.refused(terms, came, reason)
    raise _silent(terms, reason)


def _opened(terms: SftpTerms, visitor: Visitor, options: dict[str, Any]) -> SSHFileSystem:
    where = f"{terms.host}:{terms.port}"
    try:
        return SSHFileSystem(terms.host, client_factory=lambda: visitor, **options, skip_instance_cache=True)
    except PermissionError as error:
        raise _not_let_in(where, options["username"]) from error
    except TimeoutError as error:
        hint = "is host right, and does the server run? timeout_seconds says how long to wait"
        raise SourceError(f"{where} did not answer within {terms.timeout_seconds:g} s", hint=hint) from error
    except asyncssh.DisconnectError as error:
        if _TOO_OFTEN not in error.reason:
            raise
        raise _not_let_in(
            where, options["username"], "; it was tried too often, as with an agent of many keys"
        ) from error
    except ConnectionError:
        raise
    except OSError as error:
        raise _silent(terms, _reason(error)) from error


def _not_let_in(where: str, username: str, why: str = "") -> SourceError:
    hint = "see to username, and to password, private_key or the keys of the SSH agent"
    return SourceError(f"{where} does not let {username} in{why}", hint=hint)


def _reason(error: Exception) -> str:
    said = getattr(error, "reason", "") or getattr(error, "strerror", "")
    return str(said or error)


def _silent(terms: SftpTerms, reason: str) -> SourceError:
    hint = "are host and port right, does the server run, and may this machine reach it?"
    return SourceError(f"{terms.host}:{terms.port} does not answer: {reason}", hint=hint)


def _options(terms: SftpTerms) -> dict[str, Any]:
    return {
        "port": terms.port,
        "username": terms.username or getuser(),
        "timeout": terms.timeout_seconds,
        "login_timeout": terms.timeout_seconds,
        "config": None,  # what counts stands in the connection
        **_keys(terms),
    }


def _keys(terms: SftpTerms) -> dict[str, Any]:
    """Return which keys are offered: that of the connection, else the agent's and those of the user."""
    if terms.private_key:
        return {"client_keys": [_private_key(terms)], "agent_path": None}
    if terms.password:
        return {"client_keys": None, "agent_path": None}
    return {"ignore_encrypted": True}


def _private_key(terms: SftpTerms) -> asyncssh.SSHKey:
    file = Path(terms.private_key or "").expanduser()
    reveal: Callable[[], str | None] = terms.passphrase.reveal if terms.passphrase else lambda: None
    try:
        return asyncssh.read_private_key(file, reveal())
    except OSError as error:
        hint = "write the path of the private key"
        raise SourceError(f"the private key {file} cannot be read: {error.strerror}", hint=hint) from error
    except asyncssh.KeyEncryptionError as error:
        if "bcrypt" in str(error):
            hint = "pip install bcrypt, which opens keys that have a passphrase"
            raise SourceError(f"the private key {file} cannot be opened: {error}", hint=hint) from error
        raise SourceError(f"the passphrase of the private key {file} is wrong", hint="set passphrase") from error
    except asyncssh.KeyImportError as error:
        hint = (
            "set passphrase" if "assphrase" in str(error) else "write the path of the private key, not the public one"
        )
        raise SourceError(f"the private key {file} cannot be used: {error}", hint=hint) from error
