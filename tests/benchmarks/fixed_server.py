"""A fast platform with fixed answers (token, Relay pages, batch jobs), so that a benchmark measures its client.

python tests/benchmarks/fixed_server.py PORT [RECORDS]
"""

import asyncio
import functools
import json
import re
import sys
from typing import ClassVar
from urllib.parse import SplitResult, parse_qs, urlsplit

TOKEN = {"access_token": "token", "refresh_token": "refresh", "token_type": "bearer", "expires_in": 3600}
STATUS = re.compile(r"/api/v4\.1/job/1/batch/(\d+)")


class FixedPlatform(asyncio.Protocol):
    """One connection: whole requests in, fixed answers out."""

    records = 200_000
    batches: ClassVar[dict[str, bytes]] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self.transport = transport
        self.buffer = bytearray()

    def data_received(self, data: bytes) -> None:
        """Answer each request that has come in whole."""
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = bytes(self.buffer[:end]).decode("latin-1")
            length = re.search(r"content-length: (\d+)", head, re.IGNORECASE)
            total = end + 4 + (int(length[1]) if length else 0)
            if len(self.buffer) < total:
                return
            body = bytes(self.buffer[end + 4 : total])
            del self.buffer[:total]
            method, target, _ = head.split("\r\n", 1)[0].split(" ")
            self.answer(*self.decide(method, urlsplit(target), body))

    def decide(self, method: str, url: SplitResult, body: bytes) -> tuple[int, bytes]:
        """Return status and body."""
        if url.path == "/oauth/token":
            return 200, json.dumps(TOKEN).encode()
        if url.path == "/graphql":
            variables = json.loads(body).get("variables") or {}
            after = next((str(v) for v in variables.values() if isinstance(v, str) and v.startswith("c")), "")
            size = next((v for v in variables.values() if isinstance(v, int)), 100)
            return 200, page(int(after[1:]) + 1 if after else 0, size, self.records)
        if method == "POST" and url.path.endswith("/batch"):
            if b'"POISON' in body:
                return 400, b'{"errors":[{"message":"invalid entity in batch"}]}'
            number = str(len(self.batches) + 1)
            self.batches[number] = body
            return 200, b'{"id":"%s"}' % number.encode()
        if method == "POST" and url.path == "/api/v4.1/job":
            return 200, b'{"id":"1","name":"bench","status":"OPEN","retailerId":"1"}'
        if (asked := STATUS.fullmatch(url.path)) and asked[1] in self.batches:
            return 200, self.results(asked[1], parse_qs(url.query))
        return 404, b'{"errors":[{"message":"no such path"}]}'

    def results(self, number: str, query: dict[str, list[str]]) -> bytes:
        """Return a page of a batch's record results, each a success."""
        entities = json.loads(self.batches[number])["entities"]
        start, count = (int(query.get(name, [usual])[0]) for name, usual in (("start", "0"), ("count", "100")))
        shown = [{"entityRef": e["ref"], "responseCode": 200, "message": None} for e in entities[start : start + count]]
        told = {"id": number, "jobId": "1", "status": "COMPLETE", "start": start, "count": count}
        return json.dumps({**told, "total": len(entities), "entities": shown}).encode()

    def answer(self, status: int, body: bytes) -> None:
        """Write one response."""
        head = f"HTTP/1.1 {status} -\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        self.transport.write(head.encode() + body)


@functools.lru_cache(maxsize=4096)
def page(start: int, size: int, total: int) -> bytes:
    """Return one page of virtual positions."""
    edges = [{"cursor": f"c{i}", "node": node(i)} for i in range(start, min(total, start + size))]
    info = {"hasNextPage": start + size < total, "hasPreviousPage": start > 0}
    return json.dumps({"data": {"virtualPositions": {"edges": edges, "pageInfo": info}}}).encode()


def node(i: int) -> dict[str, object]:
    """Return one virtual position."""
    return {
        "id": str(100_000 + i), "ref": f"VP-{i}", "type": "DEFAULT", "status": "ACTIVE", "quantity": i % 997,
        "productRef": f"SKU-{i % 5000}", "groupRef": f"GRP-{i % 50}", "createdOn": "2025-01-01T00:00:00.000Z",
        "updatedOn": f"2025-01-24T10:00:{i % 60:02d}.000Z", "catalogue": {"ref": "BASE:2"},
    }  # fmt: skip


async def main() -> None:
    """Serve until stopped."""
    FixedPlatform.records = int(sys.argv[2]) if len(sys.argv) > 2 else 200_000
    for start in range(0, FixedPlatform.records, 500):
        page(start, 500, FixedPlatform.records)
    server = await asyncio.get_running_loop().create_server(FixedPlatform, "127.0.0.1", int(sys.argv[1]))
    print("listening", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
