"""Post signed events to a receiver from many connections: ``load_receiver.py URL FILE CONNECTIONS``; prints JSON."""

import asyncio
import json
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit


async def post(host: str, port: int, requests: list[bytes], latencies: list[float], statuses: dict[str, int]) -> None:
    """Send requests one after the other on one connection."""
    reader, writer = await asyncio.open_connection(host, port)
    while requests:
        request = requests.pop()
        begun = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        await reader.readexactly(length)
        latencies.append(time.perf_counter() - begun)
        status = head.split(b" ")[1].decode()
        statuses[status] = statuses.get(status, 0) + 1
    writer.close()


async def main(requests: list[bytes]) -> None:
    """Send all, and tell how fast they were answered."""
    url = urlsplit(sys.argv[1])
    latencies: list[float] = []
    statuses: dict[str, int] = {}
    begun = time.perf_counter()
    posts = (post(url.hostname or "", url.port or 0, requests, latencies, statuses) for _ in range(int(sys.argv[3])))
    await asyncio.gather(*posts)
    seconds = time.perf_counter() - begun
    latencies.sort()
    told = {f"p{share}": latencies[len(latencies) * share // 100] * 1000 for share in (50, 99)}
    print(json.dumps({"rate": len(latencies) / seconds, "statuses": statuses, **told}))


def request(path: str, body: bytes, signature: str) -> bytes:
    """Return the bytes of a request."""
    head = f"POST {path} HTTP/1.1\r\nhost: receiver\r\ncontent-type: application/json\r\n"
    head += f"fluent-signature: {signature}\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


if __name__ == "__main__":
    signed = json.loads(Path(sys.argv[2]).read_text("utf-8"))
    path = urlsplit(sys.argv[1]).path
    asyncio.run(main([request(path, one["body"].encode(), one["signature"]) for one in signed]))
