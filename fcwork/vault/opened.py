"""The vault as this process has it open: the passphrase is asked for once, and kept by nobody else."""

from __future__ import annotations

import getpass
import os
from pathlib import Path

from fcwork import presence
from fcwork.errors import ConfigError
from fcwork.redact import Secret
from fcwork.vault import sealed
from fcwork.vault.place import file, read, stamped
from fcwork.vault.sealed import Entries, PassphraseError

VARIABLE = "FCWORK_VAULT_PASSPHRASE"
TRIES = 3
_given: dict[str, Secret] = {}  # the passphrase of each file that was opened here
_read: dict[tuple[str, int, int], Entries] = {}  # by file, its time and size


def entry(name: str, *, ask: bool = True) -> dict[str, str | Secret] | None:
    """Return what the vault holds under a name; None where it has no such entry, or there is no vault.

    Args:
        name: of the entry, such as a profile's.
        ask: whether somebody may be asked for the passphrase.

    Raises:
        ConfigError: the passphrase is not known or is wrong, or the file is damaged.
    """
    path = file()
    if not path.is_file() or name not in sealed.names(read(path), path):
        return None
    return dict(entries(path, ask=ask)[name])


def entries(path: Path, *, ask: bool = True) -> Entries:
    """Return all entries of a vault.

    Raises:
        ConfigError: as ``entry``.
    """
    stamp, content = stamped(path)
    key = (str(path), *stamp)
    if key not in _read:
        _read.clear()
        _read[key] = _opened(path, content, ask=ask)
    return _read[key]


def unlock(passphrase: str | Secret | None = None) -> list[str]:
    """Open the vault for this process; without a passphrase somebody is asked for it.

    Returns:
        The names of its entries.

    Raises:
        ConfigError: there is no vault, the passphrase is wrong, or nobody can be asked.
    """
    path = file()
    if not path.is_file():
        raise ConfigError(f"there is no vault at {path}", hint="fcwork vault add NAME makes one")
    lock()
    if passphrase is not None:
        _given[str(path)] = passphrase if isinstance(passphrase, Secret) else Secret(passphrase)
    try:
        return sorted(entries(path))
    except ConfigError:
        lock()
        raise


def lock() -> None:
    """Forget the passphrase, and what was read; the values stay known as secrets, so that nothing shows them."""
    _given.clear()
    _read.clear()


def handed_on() -> dict[str, str]:
    """Return the variable that opens the vault in a kernel of ours, where this process was told the passphrase."""
    known = _given.get(str(file()))
    return {VARIABLE: known.reveal()} if known else {}


def known() -> bool:
    """Say whether the passphrase is known here, which makes it a secret that is masked wherever it would be shown."""
    return passphrase_of(file()) is not None


def passphrase_of(path: Path) -> Secret | None:
    """Return the passphrase as far as it is known: what was given here before, else the variable's."""
    held = os.environ.get(VARIABLE)
    of_variable = Secret(held) if held else None  # made in any case, as it is a secret then
    return _given.get(str(path), of_variable)


def _opened(path: Path, content: bytes, *, ask: bool) -> Entries:
    if known := passphrase_of(path):
        return sealed.unseal(content, known, path)
    if not (ask and presence.may_ask()):
        raise ConfigError(
            f"the vault {path} is locked", hint=f"set {VARIABLE}, or say fcwork.vault.unlock() where you can be asked"
        )
    for left in reversed(range(TRIES)):
        given = Secret(getpass.getpass(f"Passphrase of {path}: "))
        try:
            found = sealed.unseal(content, given, path)
        except PassphraseError:
            if not left:
                raise
        else:
            _given[str(path)] = given
            return found
    raise AssertionError
