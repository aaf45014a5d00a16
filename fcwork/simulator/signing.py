"""The key pair with which a simulated environment signs its webhooks."""

import base64
from collections.abc import Iterable
from functools import cache
from threading import Lock
from typing import Self

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from fcwork.errors import ConfigError

FLUENT_SIGNATURE = "fluent-signature"  # SHA512withRSA
FLEX_SIGNATURE = "flex.signature"  # MD5withRSA
_ALGORITHMS: dict[str, hashes.HashAlgorithm] = {FLEX_SIGNATURE: hashes.MD5(), FLUENT_SIGNATURE: hashes.SHA512()}  # noqa: S303 - what the platform sends
_EXPONENT = 65_537
_making = Lock()
_FEWEST_BITS, _MOST_BITS = 1_024, 16_384


class Signer:
    """An RSA key pair; the private half is in memory only, and in nobody's repr.

    Args:
        private: the key pair.
    """

    def __init__(self, private: rsa.RSAPrivateKey) -> None:
        self._private = private

    def __repr__(self) -> str:
        return f"Signer({self._private.key_size} bits)"

    @classmethod
    def made(cls, bits: int) -> Self:
        """Return a new key pair."""
        return cls(rsa.generate_private_key(public_exponent=_EXPONENT, key_size=bits))

    @property
    def pem(self) -> str:
        """The public key as PEM."""
        return self._public(Encoding.PEM).decode()

    @property
    def base64(self) -> str:
        """The public key as the platform gives it: X.509 (SPKI) in base64, without PEM's first and last line."""
        return base64.b64encode(self._public(Encoding.DER)).decode()

    def headers(self, body: bytes, names: Iterable[str] = tuple(_ALGORITHMS)) -> dict[str, str]:
        """Return the signature headers of a body: RSASSA-PKCS1-v1_5 over its bytes, in base64."""
        return {name: base64.b64encode(self._signed(body, _ALGORITHMS[name])).decode() for name in names}

    def _signed(self, body: bytes, algorithm: hashes.HashAlgorithm) -> bytes:
        return self._private.sign(body, padding.PKCS1v15(), algorithm)

    def _public(self, encoding: Encoding) -> bytes:
        return self._private.public_key().public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo)


def check_bits(bits: int) -> int:
    """Return a size of key that can be made, or refuse it."""
    if not _FEWEST_BITS <= bits <= _MOST_BITS:
        raise ConfigError(
            f"webhook_key_bits is {bits}", hint=f"it is from {_FEWEST_BITS} to {_MOST_BITS}, usually 2048"
        )
    return bits


def usual_signer(seed: int, bits: int) -> Signer:
    """Return the key pair that simulators of one seed begin with, made once a process as it takes a while."""
    with _making:  # a cache alone would let two threads make two
        return _usual(seed, bits)


@cache
def _usual(seed: int, bits: int) -> Signer:
    del seed  # it tells the keys of simulators apart
    return Signer.made(bits)
