"""Changes of a vault: each reads it, seals it anew and writes it whole."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path

from fcwork.errors import ConfigError
from fcwork.names import did_you_mean
from fcwork.redact import Secret
from fcwork.vault import opened, sealed
from fcwork.vault.place import alone, read, write
from fcwork.vault.sealed import Entries, PassphraseError

SHORTEST = 8  # characters of a new passphrase
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]*")
_FIELD = re.compile(r"[a-z][a-z0-9_]*")


def put(path: Path, name: str, fields: Mapping[str, str | Secret], passphrase: Secret) -> None:
    """Set fields of an entry; the entry, and the vault, are made where there are none.

    Raises:
        ConfigError: a name that is none, a passphrase that is wrong or too short, a vault that is damaged.
    """
    check(name, fields)
    with alone(path):
        before, entries = _open(path, passphrase)
        _write(path, {**entries, name: {**entries.get(name, {}), **fields}}, passphrase, before)


def remove(path: Path, name: str, passphrase: Secret) -> None:
    """Take an entry away.

    Raises:
        ConfigError: there is none, or as ``put``.
    """
    with alone(path):
        before, entries = _open(path, passphrase)
        if name not in entries:
            known = f"there are: {', '.join(entries)}" if entries else "it is empty"
            raise ConfigError(f"{path} has no entry {name!r}{did_you_mean(name, entries)}", hint=known)
        _write(path, {other: fields for other, fields in entries.items() if other != name}, passphrase, before)


def change_passphrase(path: Path, old: Secret, new: Secret) -> None:
    """Seal a vault by another passphrase.

    Raises:
        ConfigError: as ``put``.
    """
    check_passphrase(new)
    with alone(path):
        before, entries = _open(path, old)
        _write(path, entries, new, before)


def check_passphrase(passphrase: Secret) -> None:
    """Refuse a passphrase that is soon guessed.

    Raises:
        PassphraseError: it is too short.
    """
    if len(passphrase.reveal()) < SHORTEST:
        raise PassphraseError(f"the passphrase has less than {SHORTEST} characters", hint="take four words or more")


def check(name: str, fields: Collection[str]) -> None:
    """Judge the names of an entry and of its fields.

    Raises:
        ConfigError: one that can be none.
    """
    if not _NAME.fullmatch(name) or name == "simulator":
        hint = "letters, digits and . _ @ + - only, beginning with a letter or digit; simulator is fcwork's own"
        raise ConfigError(f"{name!r} can be no name of an entry", hint=hint)
    wrong = [field for field in fields if not _FIELD.fullmatch(field)]
    if wrong:
        raise ConfigError(f"{wrong[0]!r} can be no field", hint="small letters, digits and _, such as client_secret")


def _open(path: Path, passphrase: Secret) -> tuple[bytes | None, Entries]:
    if not path.exists():
        check_passphrase(passphrase)
        return None, {}
    content = read(path)
    return content, sealed.unseal(content, passphrase, path)


def _write(path: Path, entries: Entries, passphrase: Secret, before: bytes | None) -> None:
    """Write the entries, unless somebody else has changed the file meanwhile."""
    content = sealed.seal(entries, passphrase)  # before the look, as it takes a while
    if (read(path) if path.exists() else None) != before:
        raise ConfigError(f"{path} was changed meanwhile", hint="do it again; nothing was written")
    write(path, content)
    opened.lock()
