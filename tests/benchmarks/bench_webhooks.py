"""Print how many webhooks a second are verified on one core: ``python tests/benchmarks/bench_webhooks.py [ROUNDS]``.

Bodies have 2 KB. Each round verifies for a second of the processor's time; figures are the medians, and the least of a
round in brackets. ``whole`` parses the event and checks account and retailer, ``seen`` asks a store in memory besides.
"""

import base64
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA512

sys.path.insert(0, str(Path(__file__).parents[1]))

from forging import body

from fcwork.webhooks import KeyRing, load_key, verify, verify_signature

BYTES = 2_048


class Memory:
    """Remembers in a set."""

    def __init__(self) -> None:
        self.keys: set[str] = set()

    def first(self, key: str) -> bool:
        """Say that each key is new."""
        self.keys.add(key)
        return True


def main() -> None:
    """Print one row a size of the key and a way of asking."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    print(f"| key | asked | verified a second, {BYTES:,} bytes |\n| --- | --- | --- |")
    for bits in (1_024, 2_048, 3_072, 4_096):
        for name, ask in ways(bits).items():
            rates = [rate(ask) for _ in range(rounds)]
            print(f"| RSA-{bits} | {name} | {statistics.median(rates):,.0f} ({min(rates):,.0f}) |")


def ways(bits: int) -> dict[str, Callable[[], object]]:
    """Return what is timed, by its name."""
    key = rsa.generate_private_key(public_exponent=65_537, key_size=bits)
    raw = event()
    signature = base64.b64encode(key.sign(raw, padding.PKCS1v15(), SHA512())).decode()
    headers = {"Content-Type": "application/json", "Fluent-Signature": signature, "x-request-id": "1"}
    loaded, ring = load_key(key.public_key()), KeyRing({"ours": key.public_key()})
    tenant = {"accounts": ["ACME"], "retailers": [2]}
    return {
        "signature": lambda: verify_signature(raw, headers, loaded),
        "whole": lambda: verify(raw, headers, ring, **tenant),
        "whole, seen": lambda: verify(raw, headers, ring, seen=Memory(), **tenant),
        "whole, spaced JSON": spaced(key, ring, tenant),
    }


def spaced(key: rsa.RSAPrivateKey, ring: KeyRing, tenant: dict[str, list[object]]) -> Callable[[], object]:
    """Return the way of JSON that is not the compact one."""
    raw = json.dumps(json.loads(event())).encode()
    signature = base64.b64encode(key.sign(raw, padding.PKCS1v15(), SHA512())).decode()
    return lambda: verify(raw, {"fluent-signature": signature}, ring, **tenant)


def event() -> bytes:
    """Return an event of 2 KB."""
    lines = [{"skuRef": f"SKU-{number:05d}", "qty": number, "price": 12.5} for number in range(30)]
    bare = body(attributes={"items": lines, "note": ""})
    return body(attributes={"items": lines, "note": "x" * (BYTES - len(bare))})


def rate(ask: Callable[[], object]) -> float:
    """Return how often a second of the processor is enough for."""
    done, begun = 0, time.process_time()
    while time.process_time() - begun < 1:
        for _ in range(100):
            ask()
        done += 100
    return done / (time.process_time() - begun)


if __name__ == "__main__":
    main()
