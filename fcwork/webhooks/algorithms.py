"""The signatures of the platform: which algorithm stands in which header (docs.fluentcommerce.com: webhook-receivers).

Both are RSASSA-PKCS1-v1_5 over the raw body. Bodies that collide under MD5 can be made, so it proves nothing against
whoever can have a body signed: it is accepted only where it is named.
"""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType

from cryptography.hazmat.primitives import hashes

from fcwork.errors import AlgorithmUnavailableError
from fcwork.names import did_you_mean

SHA512 = "SHA512withRSA"
MD5 = "MD5withRSA"
DEFAULT = (SHA512,)
STRONGEST_FIRST = (SHA512, MD5)

HASHES = MappingProxyType({SHA512: hashes.SHA512(), MD5: hashes.MD5()})  # noqa: S303 - only where a caller names it

HEADERS = MappingProxyType(
    {
        "fluent-signature": SHA512,
        "x-fluent-signature": SHA512,
        "fluent_signature": SHA512,
        "flex.signature": MD5,
        "flex-signature": MD5,
        "flex_signature": MD5,
    }
)


def named(algorithms: Iterable[str] | str) -> tuple[str, ...]:
    """Return the algorithms that a caller allows, each a known one.

    Raises:
        AlgorithmUnavailableError: none at all, or one that is not known.
    """
    given = (algorithms,) if isinstance(algorithms, str) else algorithms
    try:
        wanted = tuple(given)
    except TypeError:
        wanted = ()
    for name in wanted:
        known(name)
    if not wanted:
        raise AlgorithmUnavailableError("no algorithm is allowed", hint=f"known: {', '.join(STRONGEST_FIRST)}")
    return wanted


def known(name: object) -> hashes.HashAlgorithm:
    """Return the hash of an algorithm.

    Raises:
        AlgorithmUnavailableError: there is no such algorithm.
    """
    if not isinstance(name, str) or name not in HASHES:
        near = did_you_mean(str(name), STRONGEST_FIRST)
        raise AlgorithmUnavailableError(
            f"there is no algorithm {name!r}{near}", hint=f"known: {', '.join(STRONGEST_FIRST)}"
        )
    return HASHES[name]
