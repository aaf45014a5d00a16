"""The vault's bytes: JSON around entries that are encrypted by a key made of the passphrase (scrypt, AES-256-GCM).

The names of entries stand in the open, bound to what is sealed, so that one need not be asked for a passphrase to learn
that there is no such entry. A digest tells damage from a passphrase that is wrong; it proves nothing else.
"""

from __future__ import annotations

import base64
import hmac
import json
import secrets
import unicodedata
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, NamedTuple

from fcwork.errors import ConfigError
from fcwork.redact import Secret

Entries = dict[str, dict[str, str | Secret]]
VERSION = 1
COST = 2**16  # 64 MB and a fifth of a second
_COSTS = frozenset(2**power for power in range(10, 19))  # a file of somebody else's must not take all memory
_BLOCK, _LANES = 8, 1
_PROOF = b"fcwork vault: the passphrase is right"
PLAIN = frozenset({"base_url", "client_id", "username", "retailer_id", "account", "webhook_public_key"})
_RESTORE = "bring it back from a copy, or remove it and add its entries again"


class PassphraseError(ConfigError):
    """A passphrase does not open the vault, or is too short to make one."""


class _Keys(NamedTuple):
    """What a passphrase comes to: a key that seals, and a proof that it is the right one."""

    sealing: Secret
    proof: str


def seal(entries: Mapping[str, Mapping[str, str | Secret]], passphrase: Secret, *, cost: int = COST) -> bytes:
    """Return the bytes of a vault of these entries; each time with a new salt."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    head = {
        "fcwork_vault": VERSION,
        "scrypt": {"n": cost, "r": _BLOCK, "p": _LANES},
        "salt": _text(secrets.token_bytes(16)),
        "names": sorted(entries),
    }
    keys = _keys(head, passphrase)
    nonce = secrets.token_bytes(12)
    hidden = AESGCM(bytes.fromhex(keys.sealing.reveal())).encrypt(nonce, _plain(entries), _bytes(head))
    whole = {**head, "proof": keys.proof, "nonce": _text(nonce), "sealed": _text(hidden)}
    return _bytes({**whole, "digest": _digest(whole)}, indent=1) + b"\n"


def unseal(content: bytes, passphrase: Secret, place: object) -> Entries:
    """Return the entries, each field wrapped that is a secret.

    Raises:
        PassphraseError: the passphrase is wrong.
        ConfigError: the file is damaged, or was changed by something else.
    """
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    whole = _whole(content, place)
    head = {name: whole[name] for name in ("fcwork_vault", "scrypt", "salt", "names")}
    try:
        keys = _keys(head, passphrase)
        if not hmac.compare_digest(keys.proof.encode(), str(whole["proof"]).encode()):
            raise PassphraseError(f"the passphrase does not open {place}", hint="try again; nobody can open it without")
        cipher = AESGCM(bytes.fromhex(keys.sealing.reveal()))
        return _entries(cipher.decrypt(_raw(whole["nonce"]), _raw(whole["sealed"]), _bytes(head)))
    except (InvalidTag, ValueError, TypeError):
        message = f"{place} was changed by something other than fcwork: its entries cannot be trusted"
        raise ConfigError(message, hint=_RESTORE) from None


def names(content: bytes, place: object) -> list[str]:
    """Return the names of the entries, as they stand in the open.

    Raises:
        ConfigError: the file is damaged.
    """
    return list(_whole(content, place)["names"])


def _whole(content: bytes, place: object) -> dict[str, Any]:
    """Return what the file says, once it is known to be as it was written."""
    try:
        whole = json.loads(content)
        version = whole["fcwork_vault"]
        digest = whole.pop("digest")
        fine = version != VERSION or (hmac.compare_digest(str(digest), _digest(whole)) and _is_formed(whole))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ConfigError(f"{place} is damaged, or no vault", hint=_RESTORE) from None
    if version != VERSION:
        raise ConfigError(f"{place} is of a later fcwork (form {version!r})", hint="upgrade fcwork")
    if not fine:
        raise ConfigError(f"{place} is damaged: it is not as it was written", hint=_RESTORE)
    return dict(whole)


def _is_formed(whole: Mapping[str, Any]) -> bool:
    """Say whether each part is what it should be: a digest can be made by anybody.

    Raises:
        ValueError, KeyError, TypeError: a part is not.
    """
    terms, names, proof = whole["scrypt"], whole["names"], whole["proof"]
    sizes = [len(_raw(whole[name])) for name in ("salt", "nonce", "sealed")]
    told = all(isinstance(one, str) for one in [*names, proof]) and isinstance(names, list) and proof.isascii()
    return told and all(sizes) and terms["n"] in _COSTS and (terms["r"], terms["p"]) == (_BLOCK, _LANES)


def _keys(head: Mapping[str, Any], passphrase: Secret) -> _Keys:
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    terms = head["scrypt"]
    derive = Scrypt(salt=_raw(head["salt"]), length=64, n=terms["n"], r=terms["r"], p=terms["p"]).derive
    made = Secret(derive(_bare(passphrase)).hex())
    half = len(made.reveal()) // 2
    proof = hmac.new(bytes.fromhex(made.reveal()[half:]), _PROOF, sha256).hexdigest()
    return _Keys(Secret(made.reveal()[:half]), proof)


def _bare(passphrase: Secret) -> bytes:
    """Return the bytes of a passphrase, the same however its accents were typed; of a variable any bytes may come."""
    return unicodedata.normalize("NFKC", passphrase.reveal()).encode("utf-8", "surrogatepass")


def _plain(entries: Mapping[str, Mapping[str, str | Secret]]) -> bytes:
    return _bytes({name: {field: _shown(value) for field, value in one.items()} for name, one in entries.items()})


def _shown(value: str | Secret) -> str:
    return value.reveal() if isinstance(value, Secret) else value


def _entries(opened: bytes) -> Entries:
    return {
        name: {field: value if field in PLAIN else Secret(value) for field, value in one.items()}
        for name, one in json.loads(opened).items()
    }


def _digest(whole: Mapping[str, Any]) -> str:
    return sha256(_bytes(whole)).hexdigest()


def _bytes(value: Mapping[str, Any], indent: int | None = None) -> bytes:
    return json.dumps(value, sort_keys=True, ensure_ascii=True, indent=indent).encode()


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _raw(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
