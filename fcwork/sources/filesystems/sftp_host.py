"""Whether a server is the one that is meant: by the hosts that are known, or by the fingerprint of its key."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncssh

from fcwork import log
from fcwork.errors import SourceError
from fcwork.sources.filesystems.terms import SftpTerms

USUAL_FILES = ("~/.ssh/known_hosts", "/etc/ssh/ssh_known_hosts")
# A server has a key of each kind and shows one; which of them a fingerprint is of it does not say.
_KINDS = (
    ["ssh-ed25519"],
    ["ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"],
    ["rsa-sha2-512", "rsa-sha2-256"],
)
_logger = log.get("sources")


class Visitor(asyncssh.SSHClient):
    """Answers what is asked while a connection is made: is this the host, and what is the password."""

    def __init__(self, terms: SftpTerms) -> None:
        self._fingerprint, self._password = terms.fingerprint, terms.password
        self._questions = 1
        self.came = ""

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        """Take the key that was pinned; any other that is not known is remembered, to be told."""
        del host, addr, port
        self.came = key.get_fingerprint()
        return self.came == self._fingerprint

    def password_auth_requested(self) -> str | None:
        """Give the password, once."""
        given, self._password = self._password, None
        return given.reveal() if given else None

    def kbdint_auth_requested(self) -> str | None:
        """Take part, once, where a server asks for the password by questions; it may offer to, and ask none."""
        self._questions -= 1
        return "" if self._password and self._questions >= 0 else None

    def kbdint_challenge_received(self, name: str, instructions: str, lang: str, prompts: Any) -> list[str] | None:
        """Answer the one question with the password, and none with nothing."""
        del name, instructions, lang
        if not prompts:
            return []
        given = self.password_auth_requested()
        return [given] if given and len(prompts) == 1 else None


def ways(terms: SftpTerms) -> Iterator[dict[str, Any]]:
    """Yield how the host's key may be asked for, one after the other until one fits."""
    if terms.insecure_accept_any_host_key:
        told = "whoever answers is taken for the server, and gets the credentials"
        _logger.warning("sftp.any_host_key_accepted", host=terms.host, port=terms.port, danger=told)
        yield {"known_hosts": None}
    elif terms.fingerprint:
        nobody: list[Any] = []
        yield from ({"known_hosts": (nobody, nobody, nobody), "server_host_key_algs": kind} for kind in _KINDS)
    else:
        known = _known(terms)
        yield {"known_hosts": known}
        yield {"known_hosts": known, "server_host_key_algs": "default"}  # to see the key of one that changed its kind


def refused(terms: SftpTerms, came: str, reason: str) -> SourceError:
    """Return what to tell of a server whose key is not the one that it should be."""
    where = f"{terms.host}:{terms.port}"
    shown = came or "none of that kind"
    if terms.fingerprint:
        return SourceError(
            f"the key of {where} is not the pinned one: expected {terms.fingerprint}, it showed {shown}",
            hint="somebody may be in between: ask who runs the server, and only then change fingerprint",
        )
    files = _files(terms)
    expected = sorted({key.get_fingerprint() for key in _trusted(terms)})
    if "revoked" in reason:
        return SourceError(f"the key of {where} is revoked in {files}: {shown}", hint="ask who runs the server")
    if expected:
        name = terms.host if terms.port == asyncssh.DEFAULT_PORT else f"[{terms.host}]:{terms.port}"
        return SourceError(
            f"the key of {where} has changed: {files} has {' or '.join(expected)}, it showed {shown}",
            hint="somebody may be in between: ask who runs the server for its fingerprint; if it did change, "
            f"take the old one away with ssh-keygen -R '{name}' and add the new one",
        )
    return SourceError(
        f"the key of {where} is not known: expected one of {files}, it showed {shown}",
        hint="ask who runs the server for its fingerprint; if it is this one, set fingerprint of the connection to it, "
        f"or add what ssh-keyscan -p {terms.port} {terms.host} prints to known_hosts",
    )


def _known(terms: SftpTerms) -> asyncssh.SSHKnownHosts:
    """Return the hosts that are known; a usual file may be missing, one that was named may not."""
    named = [terms.known_hosts] if terms.known_hosts else [file for file in USUAL_FILES if _is_file(file)]
    try:
        return asyncssh.read_known_hosts([str(Path(file).expanduser()) for file in named])
    except (OSError, ValueError) as error:
        told = error.strerror if isinstance(error, OSError) else error
        hint = "write the path of a file as ssh-keyscan prints it"
        raise SourceError(f"known_hosts {_files(terms)} cannot be read: {told}", hint=hint) from error


def _trusted(terms: SftpTerms) -> list[asyncssh.SSHKey]:
    port = None if terms.port == asyncssh.DEFAULT_PORT else terms.port
    return list(asyncssh.match_known_hosts(_known(terms), terms.host, "", port)[0])


def _files(terms: SftpTerms) -> str:
    return terms.known_hosts or " and ".join(USUAL_FILES)


def _is_file(name: str) -> bool:
    return Path(name).expanduser().is_file()
