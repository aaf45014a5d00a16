"""Kill a sender again and again, and compare what the server holds with the input.

::

    python tests/benchmarks/kill_sender.py [--route batch|ingest|event|all] [--rows N] [--kills N] [--seed N]

A simulator listens on a real socket. A sender in a process of its own loads rows into it and is killed with ``kill -9``
at a random point: after so many requests and a few milliseconds, or so long after its start, as often as not while it
resumes. Then the same command is started again, as a scheduler would, until the load is done.

``batch`` is ``recovery.send`` under a checkpoint with two workers, ``ingest`` is ``fw.ingest`` of a csv file, ``event``
is ``recovery.send`` of events with 100 rows each, which are never sent twice: what nobody can tell is left unknown.
*Equal* says that the server holds the input: every row that is not unknown with its own values, each event's row once
at most, and no row that was told as delivered is missing. The exit code is 1 where a route is not equal.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

import fcwork as fw
from fcwork import recovery
from fcwork.simulator import Fault, Faults, Simulator

ROUTES = ("batch", "ingest", "event")
POSTS = {"batch": "/batch", "ingest": "/batch", "event": "/event/async"}
REQUESTS = 200  # into which the rows of batches are cut
PER_EVENT = 100
EVENT = {
    "name": "UPSERT_PRODUCTS",
    "entityType": "PRODUCT_CATALOGUE",
    "entityRef": "PC:MASTER:2",
    "entitySubtype": "MASTER",
}
MAPPING = {
    "fields": {
        **{name: {"source": name} for name in ("locationRef", "skuRef", "type", "status")},
        "qty": {"source": "qty", "resolver": "sdk.parseInt", "required": True},
    }
}
BLIND = 0.3  # the share of kills at an instant, whatever the sender does then
BLIND_SECONDS = 1.5  # from its start: imports, reading, the looks of a resume
SLOW_SECONDS = 0.02  # of each post, so that there is something to kill
LATER_SECONDS = 0.02  # after a request, so that the next is under way or its entry half written
POLL_SECONDS = 0.001
PATIENCE_SECONDS = 600.0


def stock(rows: int) -> pl.DataFrame:
    """Return inventory rows."""
    number = pl.int_range(rows, dtype=pl.Int64)
    return pl.select(
        locationRef=pl.format("LOC-{}", number % 200),
        skuRef=pl.format("SKU-{}", number),
        qty=number % 99_991,
        type=pl.lit("LAST_ON_HAND"),
        status=pl.lit("ACTIVE"),
    )


def products(rows: int) -> pl.DataFrame:
    """Return products."""
    number = pl.int_range(rows, dtype=pl.Int64)
    return pl.select(ref=pl.format("P-{}", number), name=pl.format("Product {}", number), price=number / 4)


@dataclass(frozen=True)
class Work:
    """What a sender is to do; it travels on the command line."""

    route: str
    connect: dict[str, str]
    rows: str
    batch_size: int

    def command(self) -> list[str]:
        """Return the command that does it."""
        return [sys.executable, __file__, "--sender", json.dumps(vars(self))]


def sender(work: Work) -> None:
    """Load the rows, and print what became of them: this is what gets killed."""
    client = fw.FluentClient(**work.connect)
    if work.route == "ingest":
        plan = fw.ingest(client, work.rows, mapping=MAPPING, batch_size=work.batch_size, workers=2)
        loaded = plan.apply(dry_run=False)
        print(json.dumps({"counts": loaded.counts, "state": loaded.state, "unknown": []}))
        return
    rows = pl.read_ipc(Path(work.rows).read_bytes())
    how: dict[str, Any] = {"batch_size": work.batch_size, "checkpoint": "load"}
    if work.route == "batch":
        result = recovery.send(rows, client.batches(), workers=2, **how)
        unknown = result.unknown["skuRef"]
    else:
        route = client.event_sender(EVENT, rows="attributes", per_event=PER_EVENT)
        result = recovery.send(rows, route, **how)
        unknown = result.unknown["ref"]
    state = "SUCCEEDED" if result.ok else "COMPLETED_WITH_ERRORS"
    print(json.dumps({"counts": result.counts, "state": state, "unknown": unknown.to_list()}))


@dataclass
class Killer:
    """Starts a sender again and again, and kills it so many times.

    Attributes:
        killed: how often it did.
        told: what the last sender printed, that was left to live.
    """

    there: Simulator
    work: Work
    home: Path
    kills: int
    expected: int
    chance: random.Random
    killed: int = 0
    told: dict[str, Any] = field(default_factory=dict)

    def run(self) -> None:
        """Kill, and at last let it end."""
        while self.killed < self.kills and not self.told:
            self._start(stop=self._moment())
        if not self.told:
            self._start(stop=lambda: False)

    def posts(self) -> int:
        """Return how many requests with rows came."""
        return sum(seen.method == "POST" and POSTS[self.work.route] in seen.path for seen in self.there.ledger.requests)

    def again(self) -> dict[str, Any]:
        """Start the same command once more, now that all is done."""
        self.told = {}
        self._start(stop=lambda: False)
        return self.told

    def _moment(self) -> Callable[[], bool]:
        """Choose when to kill the sender that is about to start; the kills are spread over what is left to send."""
        started = time.monotonic()
        if self.chance.random() < BLIND:
            seconds = self.chance.uniform(0, BLIND_SECONDS)
            return lambda: time.monotonic() - started >= seconds
        left = max(self.expected - self.posts(), 0)
        more = self.chance.randint(1, max(2 * left // (self.kills - self.killed + 1), 1))
        until = self.posts() + more
        later, reached = self.chance.uniform(0, LATER_SECONDS), [0.0]

        def is_due() -> bool:
            if not reached[0] and (self.posts() >= until or time.monotonic() - started > PATIENCE_SECONDS):
                reached[0] = time.monotonic()
            return bool(reached[0]) and time.monotonic() - reached[0] >= later

        return is_due

    def _start(self, *, stop: Callable[[], bool]) -> None:
        environment = {**os.environ, "FCWORK_HOME": str(self.home), "FCWORK_LOG": "quiet"}
        process = subprocess.Popen(self.work.command(), env=environment, stdout=subprocess.PIPE, text=True)
        while process.poll() is None and not stop():
            time.sleep(POLL_SECONDS)
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        printed, _ = process.communicate()
        if process.returncode == -signal.SIGKILL:
            self.killed += 1
        else:
            assert (process.returncode, bool(printed)) == (0, True), f"the sender ended with {process.returncode}"
            self.told = json.loads(printed)


@dataclass(frozen=True)
class Held:
    """What the server holds: each row's reference with its value, how often it took effect, and events' refs."""

    values: dict[str, Any]
    effects: Counter[str]


def held_stock(there: Simulator) -> Held:
    """Return what batches left."""
    rows = there.ledger.quantities.select("skuRef", "qty", "effects").rows()
    return Held({sku: qty for sku, qty, _ in rows}, Counter({sku: effects for sku, _, effects in rows}))


def held_products(there: Simulator) -> Held:
    """Return what events left, as the platform's own log tells it."""
    values: dict[str, Any] = {}
    effects: Counter[str] = Counter()
    with fw.FluentClient(**there.connect()) as client:
        for event in client.events(name=EVENT["name"], count=PER_EVENT):
            for row in event["attributes"][0]["value"]:
                values[row["ref"]] = row["price"]
                effects[row["ref"]] += 1
    return Held(values, effects)


def is_equal(held: Held, wanted: dict[str, Any], unknown: set[str], *, once: bool) -> bool:
    """Say whether the server holds the input, but for rows that are told as unknown."""
    strangers = held.values.keys() - wanted.keys()
    lost = {ref for ref in wanted if ref not in held.values} - unknown
    changed = [ref for ref, value in held.values.items() if ref in wanted and wanted[ref] != value]
    doubled = [ref for ref, times in held.effects.items() if once and times > 1]
    for what, refs in (("strangers", strangers), ("lost", lost), ("changed", changed), ("doubled", doubled)):
        if refs:
            print(f"{len(refs):,} {what}, such as {sorted(refs)[:5]}", file=sys.stderr)
    return not (strangers or lost or changed or doubled)


def measure(route: str, count: int, kills: int, seed: int) -> bool:
    """Run one route and print its line of the table; say whether the server holds the input."""
    rows = products(count) if route == "event" else stock(count)
    batch_size = PER_EVENT if route == "event" else min(max(count // REQUESTS, 1), 5_000)
    began = time.monotonic()
    slow = Faults([Fault("slow", method="POST", path=POSTS[route], seconds=SLOW_SECONDS)])
    with tempfile.TemporaryDirectory() as folder, Simulator(positions=0, settle_polls=0, faults=slow) as there:
        path = Path(folder) / ("rows.csv" if route == "ingest" else "rows.arrow")
        if route == "ingest":
            rows.write_csv(path)
        else:
            rows.write_ipc(path)
        work = Work(route, there.connect(), str(path), batch_size)
        expected = -(-count // batch_size)
        killer = Killer(there, work, Path(folder) / "home", kills, expected, random.Random(seed))
        killer.run()
        seconds, told, posts = time.monotonic() - began, killer.told, killer.posts()
        requests = len(there.ledger.requests)
        held = held_products(there) if route == "event" else held_stock(there)
        wanted = dict(rows.select("ref", "price").rows() if route == "event" else rows.select("skuRef", "qty").rows())
        unknown = set(told["unknown"])
        counts = told["counts"]
        equal = is_equal(held, wanted, unknown, once=route == "event")
        equal &= counts["delivered"] + counts["unknown"] == count
        if route == "ingest":
            again = killer.again()
            equal &= (again["state"], killer.posts()) == ("SKIPPED", posts)
    twice = sum(held.effects.values()) - len(held.effects)
    arrived = len(unknown & held.values.keys())
    left = f"{counts['unknown']:,}" + (f" ({arrived:,} of them held)" if unknown else "")
    line = (route, f"{count:,}", killer.killed, f"{posts:,} of {requests:,}", f"{twice:,}", left, f"{seconds:.0f}")
    print("| " + " | ".join(map(str, (*line, "yes" if equal else "NO"))) + " |", flush=True)
    return equal


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--route", choices=(*ROUTES, "all"), default="all")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sender", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.sender:
        sender(Work(**json.loads(given.sender)))
        return
    print("| route | rows | kills | posts of requests | rows sent again | unknown | seconds | equal |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |", flush=True)
    routes = ROUTES if given.route == "all" else (given.route,)
    sound = [measure(route, given.rows, given.kills, given.seed) for route in routes]
    sys.exit(0 if all(sound) else 1)


if __name__ == "__main__":
    main()
