"""Key pairs whose padded blocks a test makes by hand: what an honest signer never signs, and a lenient reader believes.

A big modulus is the product of several primes of 1,024 bits, as signing is quick with them; whoever checks a signature
cannot tell, and needs not. The keys are the same in each run, and as anybody can compute them they protect nothing.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import prod
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

PREFIX = {
    "MD5withRSA": bytes.fromhex("3020300c06082a864886f70d020505000410"),
    "SHA512withRSA": bytes.fromhex("3051300d060960864801650304020305000440"),
}
HASH = {"MD5withRSA": "md5", "SHA512withRSA": "sha512"}


@dataclass(frozen=True)
class Pair:
    """A key pair, by its primes."""

    primes: tuple[int, ...]
    exponent: int = 65_537

    @cached_property
    def modulus(self) -> int:
        """Multiply the primes."""
        return prod(self.primes)

    @property
    def size(self) -> int:
        """Say how many bytes a signature has."""
        return (self.modulus.bit_length() + 7) // 8

    @cached_property
    def public(self) -> RSAPublicKey:
        """Return what anybody may have."""
        return RSAPublicNumbers(self.exponent, self.modulus).public_key()

    @property
    def der(self) -> bytes:
        """Return the X.509 form."""
        return self.public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    @property
    def pem(self) -> str:
        """Return it with its frame."""
        return self.public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    @property
    def bare(self) -> str:
        """Return it as the platform gives it."""
        return base64.b64encode(self.der).decode()

    def raised(self, block: bytes) -> bytes:
        """Return the signature whose check brings ``block`` back, prime by prime."""
        number, found, known = int.from_bytes(block, "big"), 0, 1
        for prime in self.primes:
            part = pow(number % prime, pow(self.exponent, -1, prime - 1), prime)
            found += known * ((part - found) * pow(known, -1, prime) % prime)
            known *= prime
        return found.to_bytes(self.size, "big")

    def block(self, raw: bytes, algorithm: str = "SHA512withRSA") -> bytes:
        """Return the one proper padded block of ``raw``."""
        return self.padded(PREFIX[algorithm] + hashlib.new(HASH[algorithm], raw).digest())

    def padded(self, info: bytes) -> bytes:
        """Return the block that ends in ``info``."""
        return b"\0\1" + b"\xff" * (self.size - 3 - len(info)) + b"\0" + info

    def sign(self, raw: bytes, algorithm: str = "SHA512withRSA") -> bytes:
        """Return the signature of ``raw``."""
        return self.raised(self.block(raw, algorithm))

    def signed(self, raw: bytes, algorithm: str = "SHA512withRSA") -> dict[str, str]:
        """Return the header with the signature of ``raw``."""
        name = {"SHA512withRSA": "fluent-signature", "MD5withRSA": "flex.signature"}[algorithm]
        return {name: base64.b64encode(self.sign(raw, algorithm)).decode()}


# How far behind the root of 9/16 of the biggest number of so many bits the primes lie: found once, as that takes long.
PRIMES = {
    1_016: (2, 618, 1_294),
    1_024: (2, 760, 1_504, 2_128, 2_140),
    2_048: (2, 1_036, 1_696, 1_936, 2_086, 2_196, 3_030),
    3_072: (3, 858, 866, 896),
    4_096: (4, 536, 910, 1_126, 2_348),
    8_192: (8, 48, 636, 1_104, 1_308, 2_378, 2_526, 3_164, 3_488),
}


@lru_cache(maxsize=64)
def pair(bits: int, number: int = 0) -> Pair:
    """Return the pair of so many bits; another ``number`` is another one."""
    count, *offsets = PRIMES[bits]
    base = root((9 << bits) // 16, count) | 1
    return Pair(tuple(base + offset for offset in offsets[number * count : (number + 1) * count]))


def root(number: int, degree: int) -> int:
    """Return the biggest whole number whose power is not above ``number``."""
    low, high = 0, 1 << (number.bit_length() // degree + 1)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if middle**degree <= number else (low, middle - 1)
    return low


def body(**fields: Any) -> bytes:
    """Return the compact JSON of an event, as the platform sends it."""
    event = {
        "id": "0e1b5a52-0f1e-4f6c-9f0b-3f8f0f7c4c11",
        "name": "OrderCreated",
        "accountId": "ACME",
        "retailerId": "2",
        "entityId": "6469",
        "entityRef": "HD_1",
        "entityType": "ORDER",
        "entitySubtype": "HD",
        "entityStatus": "RECEIVED",
        "type": "NORMAL",
        "rootEntityType": "ORDER",
        "rootEntityId": "6469",
        "rootEntityRef": "HD_1",
        "attributes": {"size": "40\N{LATIN SMALL LETTER E WITH ACUTE}"},
    }
    merged = {name: value for name, value in {**event, **fields}.items() if value is not ...}
    return json.dumps(merged, ensure_ascii=False, separators=(",", ":")).encode()
