"""How many webhooks a second the receiver takes: ``python tests/benchmarks/bench_receiver.py [EVENTS] [ROUNDS]``.

The receiver is a process of its own with a folder behind it, the sender another. Each event of 2 KB is verified with an
RSA-2048 key, stored with a sync of the disk before it is answered, tracked as a job, and written to the folder.
"""

import base64
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

HERE = Path(__file__).parent
CONNECTIONS = (1, 20, 100)


def main() -> None:
    """Print one row a number of connections."""
    events = int(sys.argv[1]) if len(sys.argv) > 1 else 3_000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    print(f"| {events:,} events of 2 KB | answered a second | p50 ms | p99 ms | handled a second |")
    print("| --- | --- | --- | --- | --- |")
    for connections in CONNECTIONS:
        found = [once(events, connections) for _ in range(rounds)]
        middle = {name: statistics.median(each[name] for each in found) for name in found[0]}
        print(
            f"| {connections} connections | {middle['rate']:,.0f} | {middle['p50']:.1f} | {middle['p99']:.1f} "
            f"| {middle['handled']:,.0f} |"
        )


def once(events: int, connections: int) -> dict[str, float]:
    """Start a receiver, send all events to it, and wait until they are handled."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_signed(events, folder)
        command = ["-m", "fcwork", "receive", "--port", "0", "--keys", "key.pem", "--account", "ACME"]
        environment = {**os.environ, "FCWORK_HOME": str(folder / "home"), "FCWORK_LOG": "quiet"}
        options = ["--to", "folder", "--rate", "1000000"]
        with subprocess.Popen(
            [sys.executable, *command, *options], cwd=folder, env=environment, stdout=subprocess.PIPE, text=True
        ) as receiver:
            assert receiver.stdout is not None
            url = receiver.stdout.readline().split()[0]
            begun = time.perf_counter()
            sent = [sys.executable, str(HERE / "load_receiver.py"), url, str(folder / "signed.json"), str(connections)]
            told = json.loads(subprocess.run(sent, capture_output=True, text=True, check=True).stdout)
            assert told["statuses"] == {"200": events}, told
            seconds = handled_after(url.removesuffix("/webhooks"), events, begun)
            receiver.terminate()
        return {**{each: told[each] for each in ("rate", "p50", "p99")}, "handled": events / seconds}


def handled_after(url: str, events: int, begun: float) -> float:
    """Return the seconds until all events are handled."""
    while True:
        with urllib.request.urlopen(f"{url}/health", timeout=10) as answer:  # noqa: S310 - loopback
            if json.load(answer)["done"] == events:
                return time.perf_counter() - begun
        time.sleep(0.2)


def write_signed(events: int, folder: Path) -> None:
    """Write a key, and signed events."""
    key = rsa.generate_private_key(65537, 2048)
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    (folder / "key.pem").write_bytes(key.public_key().public_bytes(serialization.Encoding.PEM, form))
    signed = []
    for number in range(events):
        event: dict[str, object] = {
            "id": f"event-{number}",
            "name": "OrderCreated",
            "accountId": "ACME",
            "retailerId": "1",
        }
        body = json.dumps(
            {**event, "entityType": "ORDER", "entityRef": f"O-{number}", "attributes": {"note": "x" * 1_850}}
        )
        signature = key.sign(body.encode(), padding.PKCS1v15(), hashes.SHA512())
        signed.append({"body": body, "signature": base64.b64encode(signature).decode()})
    (folder / "signed.json").write_text(json.dumps(signed), "utf-8")


if __name__ == "__main__":
    main()
