"""Which public keys prove something: RSA, of a proper size, with a proper exponent, in the one form that DER allows."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_private_key,
    load_der_public_key,
)

from fcwork.errors import BadKeyError
from fcwork.webhooks.key_forms import der_of, private

LEAST_BITS = 1024  # such keys are in the field
GOOD_BITS = 2048
MOST_BITS = 16_384
LEAST_EXPONENT = 65_537
MOST_EXPONENT_BITS = 64  # OpenSSL refuses more, and each bit costs every check time
_ASK = "ask for the environment's public key anew: RSA of 2048 bits or more, exponent 65537"


@dataclass(frozen=True)
class Facts:
    """What there is to know of a key that may be used; ``der`` is its X.509 form."""

    key: RSAPublicKey
    der: bytes
    bits: int
    exponent: int
    warnings: tuple[str, ...]


def judge(der: bytes, *, small_exponent: bool) -> Facts:
    """Return the facts of a key in DER.

    Raises:
        BadKeyError: it cannot be used.
    """
    key = _rsa(der)
    numbers = key.public_numbers()
    bits, exponent = numbers.n.bit_length(), numbers.e
    _check_size(bits)
    _check_exponent(exponent, small=small_exponent)
    if numbers.n % 2 == 0:
        raise BadKeyError("the key's modulus is even, so anybody can forge its signatures", hint=_ASK)
    return Facts(key, der_of(key), bits, exponent, tuple(_weaknesses(bits, exponent)))


def _rsa(der: bytes) -> RSAPublicKey:
    try:
        key = load_der_public_key(der)
    except (ValueError, UnsupportedAlgorithm, OverflowError):
        raise _no_key(der) from None
    if not isinstance(key, RSAPublicKey):
        kind = type(key).__name__.strip("_").removesuffix("PublicKey")
        raise BadKeyError(f"this is a key for {kind}, and the platform signs with RSA", hint=_ASK)
    if der not in {der_of(key), key.public_bytes(Encoding.DER, PublicFormat.PKCS1)}:
        raise BadKeyError("the key is not in the one form that DER allows", hint=_ASK)
    return key


def _no_key(der: bytes) -> BadKeyError:
    """Return why there is no public key; a private one is told apart, and not a word of it is said."""
    try:
        load_der_private_key(der, None)
    except TypeError:  # it has a passphrase
        return private()
    except (ValueError, UnsupportedAlgorithm, OverflowError):
        return BadKeyError("this is no public key, or a damaged one", hint=_ASK)
    return private()


def _check_size(bits: int) -> None:
    if bits < LEAST_BITS:
        raise BadKeyError(f"the key has {bits} bits, and keys below {LEAST_BITS} can be broken", hint=_ASK)
    if bits > MOST_BITS:
        raise BadKeyError(f"the key has {bits} bits; {MOST_BITS} are the most", hint=_ASK)


def _check_exponent(exponent: int, *, small: bool) -> None:
    if exponent % 2 == 0 or exponent < 3:  # noqa: PLR2004 - what RSA needs
        raise BadKeyError("the key's exponent is none of RSA", hint=_ASK)
    if exponent < LEAST_EXPONENT and not small:
        raise BadKeyError(
            f"the key's exponent is {exponent}, and such signatures were forged before",
            hint=f"{_ASK}; or say allow_small_exponent=True if the key's owner insists on it",
        )
    if exponent.bit_length() > MOST_EXPONENT_BITS:
        raise BadKeyError(f"the key's exponent has {exponent.bit_length()} bits, too many to check with", hint=_ASK)


def _weaknesses(bits: int, exponent: int) -> list[str]:
    found = []
    if bits < GOOD_BITS:
        found.append(f"the key has {bits} bits, fewer than {GOOD_BITS}: ask for a new one")
    if exponent < LEAST_EXPONENT:
        found.append(f"the key's exponent is {exponent}: ask for a key with {LEAST_EXPONENT}")
    return found
