r"""Public keys, in every form that they are handed around in: PEM, DER, base64 without its frame.

The platform gives the key of an environment as "x509 base64", the body of a PEM (docs.fluentcommerce.com:
webhook-receivers). Settings files turn line ends into ``\n``, and editors indent; such a key is still the same key.
What is no RSA public key, or one that proves nothing, is refused when it is loaded and not with the first request.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from fcwork.errors import AlgorithmUnavailableError, BadKeyError
from fcwork.webhooks.algorithms import known
from fcwork.webhooks.key_forms import blocks, der_of, read_file
from fcwork.webhooks.key_rules import judge

_PADDING = PKCS1v15()


@dataclass(frozen=True)
class PublicKey:
    """An RSA key that signatures are checked with.

    Attributes:
        name: what its owner calls it; empty where nobody gave it a name.
        fingerprint: the SHA-256 of its DER, 64 hex digits; the same for all forms of one key.
        bits, exponent: of the key.
        warnings: what is weak about it and was accepted all the same.
    """

    name: str
    fingerprint: str
    bits: int
    exponent: int
    warnings: tuple[str, ...] = ()
    der: bytes = field(default=b"", repr=False, compare=False)

    def __repr__(self) -> str:
        return f"PublicKey({self.name or 'unnamed'}, RSA-{self.bits}, {self.fingerprint})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuilt, (self.name, self.der, self.exponent)

    @property
    def size(self) -> int:
        """How many bytes each of its signatures has."""
        return (self.bits + 7) // 8

    @cached_property
    def _rsa(self) -> RSAPublicKey:
        return _parsed(self.der)

    def check(self, algorithm: str, signature: bytes, raw: bytes) -> bool:
        """Say whether ``signature`` is this key's over exactly ``raw``.

        The padded block is made anew and compared as a whole; nothing in the signature is parsed.

        Raises:
            AlgorithmUnavailableError: the algorithm is unknown, or switched off on this machine (MD5 under FIPS).
        """
        scheme = known(algorithm)
        if len(signature) != self.size:
            return False
        try:
            self._rsa.verify(signature, raw, _PADDING, scheme)
        except InvalidSignature:
            return False
        except UnsupportedAlgorithm:
            raise AlgorithmUnavailableError(
                f"this machine does not offer {algorithm}, so the signature was not checked",
                hint="its cryptography is restricted (FIPS, for one): ask for SHA512withRSA",
            ) from None
        return True


def load_key(
    data: bytes | str | Path | RSAPublicKey | PublicKey | None, *, name: str = "", allow_small_exponent: bool = False
) -> PublicKey:
    r"""Return the one public key in ``data``.

    Args:
        data: PEM (X.509 or PKCS#1; with literal ``\n``, indented, in one line), DER, base64 without a frame, the path
            of a file with any of these, or a key of the cryptography package.
        name: what to call it.
        allow_small_exponent: whether an exponent below 65537, such as 3, is accepted.

    Raises:
        BadKeyError: nothing, garbage, several keys, a private key, a certificate, another kind of key, or an RSA key
            that is too small, too big or has no proper exponent.
    """
    found = load_keys(data, name=name, allow_small_exponent=allow_small_exponent)
    if len(found) > 1:
        raise BadKeyError(
            f"there are {len(found)} keys where one is expected", hint="give them as a KeyRing, or to load_keys"
        )
    return found[0]


def load_keys(
    data: bytes | str | Path | RSAPublicKey | PublicKey | None, *, name: str = "", allow_small_exponent: bool = False
) -> tuple[PublicKey, ...]:
    """Return all public keys of a text with several PEM blocks, in its order; else the one that ``load_key`` gives.

    Args:
        data, allow_small_exponent: as in ``load_key``.
        name: what to call it; of several keys each is called ``name-1``, ``name-2`` …

    Raises:
        BadKeyError: as ``load_key``, for any of the keys.
    """
    if isinstance(data, PublicKey):
        return (_named(data, name or data.name),)
    if isinstance(data, Path):
        return load_keys(read_file(data), name=name or data.stem, allow_small_exponent=allow_small_exponent)
    forms = (der_of(data),) if isinstance(data, RSAPublicKey) else blocks(data)
    single = len(forms) == 1 or not name
    names = [name if single else f"{name}-{number}" for number in range(1, len(forms) + 1)]
    return tuple(
        _named(_judged(form, small_exponent=bool(allow_small_exponent)), each)
        for form, each in zip(forms, names, strict=True)
    )


def _named(key: PublicKey, name: str) -> PublicKey:
    return key if key.name == name else PublicKey(name, key.fingerprint, key.bits, key.exponent, key.warnings, key.der)


@lru_cache(maxsize=256)  # by the whole of the key: two keys never share a place
def _judged(der: bytes, *, small_exponent: bool) -> PublicKey:
    facts = judge(der, small_exponent=small_exponent)
    return PublicKey("", sha256(facts.der).hexdigest(), facts.bits, facts.exponent, facts.warnings, facts.der)


@lru_cache(maxsize=256)
def _parsed(der: bytes) -> RSAPublicKey:
    return judge(der, small_exponent=True).key


def _rebuilt(name: str, der: bytes, exponent: int) -> PublicKey:
    return load_key(der, name=name, allow_small_exponent=exponent < 65_537)  # noqa: PLR2004 - it was accepted before
