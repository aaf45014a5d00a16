"""Credentials at rest: an encrypted file that a passphrase opens, and references to it and to the system's keyring."""

from fcwork.vault.opened import VARIABLE, entry, handed_on, known, lock, unlock
from fcwork.vault.place import file, names
from fcwork.vault.references import is_reference, meant

__all__ = ["VARIABLE", "entry", "file", "handed_on", "is_reference", "known", "lock", "meant", "names", "unlock"]
