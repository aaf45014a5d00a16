"""Values that say where a secret lies: in a variable, in the system's keyring, or in the vault."""

from __future__ import annotations

import os
from collections.abc import Callable

from fcwork.errors import ConfigError
from fcwork.redact import Secret
from fcwork.vault.opened import entry


def is_reference(value: object) -> bool:
    """Say whether a value is ``env:NAME``, ``keyring:service/user`` or ``vault:NAME/FIELD``, or is meant to be.

    What only begins so is one too, as it would be sent as the secret otherwise; ``meant`` tells what it lacks.
    """
    return isinstance(value, str) and value.startswith(tuple(f"{where}:" for where in _FOUND))


def meant(reference: str, what: str) -> str | Secret:
    """Return what a reference stands for; who knows it to be a secret wraps it.

    Args:
        reference: as ``is_reference`` has it.
        what: whose it is, for what is said where there is none.

    Raises:
        ConfigError: it leads nowhere, or what holds it is locked.
    """
    where, _, key = reference.partition(":")
    found, told = _FOUND[where](key, what)
    if not found:
        raise ConfigError(f"{what} stands in {reference}, which {told}", hint=f"set {key}")
    return found


def _of_variable(key: str, what: str) -> tuple[str | None, str]:
    if not key:
        raise ConfigError(f"{what} names no variable", hint="write env:NAME")
    return os.environ.get(key), "is not set"


def _of_keyring(key: str, what: str) -> tuple[str | None, str]:
    service, slash, user = key.rpartition("/")
    if not slash:
        raise ConfigError(f"{what} names no user", hint="write keyring:service/user")
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError:
        hint = "pip install 'fcwork[keyring]', or write env:NAME"
        raise ConfigError(f"{what} is in a keyring, and none is installed", hint=hint) from None
    try:
        return keyring.get_password(service, user), "is not in the keyring"
    except KeyringError as error:
        raise ConfigError(f"the keyring does not give {key}: {error}", hint="unlock it, or write env:NAME") from error


def _of_vault(key: str, what: str) -> tuple[str | Secret | None, str]:
    name, slash, field = key.rpartition("/")
    if not slash:
        raise ConfigError(f"{what} names no field", hint="write vault:NAME/FIELD")
    return (entry(name) or {}).get(field), "is not in the vault"


_FOUND: dict[str, Callable[[str, str], tuple[str | Secret | None, str]]] = {
    "env": _of_variable,
    "keyring": _of_keyring,
    "vault": _of_vault,
}
