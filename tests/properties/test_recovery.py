"""Whatever goes wrong, and wherever the sender dies: nothing is lost, nothing is doubled, the rows add up."""

import json
import math
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fcwork import errors, recovery
from fcwork.clock import ManualClock
from fcwork.recovery import plan, spans
from fcwork.routes import OUTCOME_SCHEMA, Findings, Limits, Receipt

FAULTS = ("ok", "ok", "ok", "busy", "drop_before", "drop_after", "kill_before", "kill_after")
TOLD = ("delivered", "retryable", "silent")


@dataclass
class World:
    """What a platform holds and what will go wrong there, so that a sender can die and another go on."""

    poison: set[str]
    refused: set[str]
    told: dict[str, list[str]]
    faults: list[str]
    looks: list[str]
    effects: Counter[str] = field(default_factory=Counter)
    order: list[tuple[str, int]] = field(default_factory=list)
    batches: dict[str, dict[str, str]] = field(default_factory=dict)
    requests: int = 0


class Road:
    """A route into a world."""

    name, target, limits = "batch", "TEST", Limits(max_rows=7, max_bytes=400)

    def __init__(self, world: World, *, repeat_safe: bool, verifiable: bool) -> None:
        self.world, self.repeat_safe, self.verifiable = world, repeat_safe, verifiable

    def entity_ref(self, rows: pl.DataFrame) -> pl.Series:
        """Return the rows' ref."""
        return rows["ref"]

    def pack(self, rows: pl.DataFrame) -> bytes:
        """Return the rows as JSON."""
        return rows.write_json().encode()

    def post(self, body: bytes, rows: int) -> Receipt:
        """Take a request, or let it go wrong."""
        world, records = self.world, json.loads(body)
        refs = [record["ref"] for record in records]
        assert len(set(refs)) == rows <= 7
        assert len(body) <= 400
        world.requests += 1
        fault = world.faults.pop(0) if world.faults else "ok"
        if fault == "busy":
            raise errors.RateLimitError("429", status=429, retry_after=1.0)
        if fault == "drop_before":
            raise errors.ConnectionFailedError("nobody was reached")
        if fault == "kill_before":
            raise KeyboardInterrupt
        if world.poison & set(refs):
            raise errors.BadRequestError("refused", status=400)
        batch = self._take(records)
        if fault == "drop_after":
            raise errors.OutcomeUnknownError("dropped")
        if fault == "kill_after":
            raise KeyboardInterrupt
        return Receipt(batch, rows)

    def outcomes(self, receipts: Sequence[Receipt]) -> Findings:
        """Tell, or be in trouble, or let the sender die."""
        look = self.world.looks.pop(0) if self.world.looks else "ok"
        if look == "kill":
            raise KeyboardInterrupt
        if look == "busy":
            raise errors.ServerError("503", status=503)
        asked = receipts[:1] if look == "one" else receipts
        lines = [
            (receipt.id, ref, outcome, "500" if outcome == "retryable" else "200", outcome)
            for receipt in reversed(asked)
            for ref, outcome in reversed(self.world.batches[receipt.id].items())
            if outcome != "silent"
        ]
        still = tuple(receipt.id for receipt in receipts if receipt not in asked)
        return Findings(pl.DataFrame(lines, schema=OUTCOME_SCHEMA, orient="row"), still)

    def _take(self, records: list[dict[str, Any]]) -> str:
        world, results = self.world, {}
        for record in records:
            ref = record["ref"]
            script = world.told.get(ref, [])
            told = "rejected" if ref in world.refused else script.pop(0) if script else "delivered"
            results[ref] = told if self.verifiable else "delivered"
            if results[ref] in {"delivered", "silent"}:
                world.effects[ref] += 1
                world.order.append((ref, record["row"]))
        world.batches[f"b{len(world.batches)}"] = results
        return f"b{len(world.batches) - 1}"


worlds = st.builds(
    World,
    poison=st.sets(st.sampled_from([f"r{i}" for i in range(12)]), max_size=3),
    refused=st.sets(st.sampled_from([f"r{i}" for i in range(12)]), max_size=2),
    told=st.dictionaries(
        st.sampled_from([f"r{i}" for i in range(12)]), st.lists(st.sampled_from(TOLD), max_size=4), max_size=6
    ),
    faults=st.lists(st.sampled_from(FAULTS), max_size=12),
    looks=st.lists(st.sampled_from(["ok", "busy", "one", "kill"]), max_size=6),
)
references = st.lists(st.sampled_from([f"r{i}" for i in range(12)]), max_size=25)


@contextmanager
def home() -> Iterator[None]:
    """Keep checkpoints in a folder of this example's own."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("FCWORK_HOME", folder)
        yield


def deliver(rows: pl.DataFrame, road: Road, **how: Any) -> recovery.SendResult:
    """Send, and start again each time the sender dies."""
    return outlive(lambda: recovery.send(rows, road, checkpoint="mine", clock=ManualClock(), **how))


def resume(road: Road) -> recovery.SendResult:
    """Go on with what is left, and start again each time the sender dies."""
    return outlive(lambda: recovery.resume("mine", road, clock=ManualClock()))


def outlive(run: Callable[[], recovery.SendResult]) -> recovery.SendResult:
    """Run until the sender lives to the end; the script of faults has one."""
    while True:
        try:
            return run()
        except KeyboardInterrupt:
            continue


def check(rows: pl.DataFrame, road: Road, result: recovery.SendResult) -> None:
    """Hold a result against the input and against what the platform really holds."""
    piles = [result.delivered, result.rejected, result.unknown]
    assert sorted(row for pile in piles for row in pile["row"]) == rows["row"].to_list()
    assert sorted(result.issues["row"]) == sorted([*result.rejected["_row"], *result.unknown["_row"]])
    held = set(road.world.order)
    assert set(result.delivered.select("ref", "row").rows()) <= held
    assert not set(result.rejected.select("ref", "row").rows()) & held
    if not road.repeat_safe:
        assert set(Counter(road.world.order).values()) <= {1}


@settings(max_examples=150, deadline=None)
@given(
    world=worlds,
    refs=references,
    repeat_safe=st.booleans(),
    verifiable=st.booleans(),
    batch_size=st.integers(1, 9),
    max_retries=st.integers(0, 3),
    workers=st.sampled_from([1, 1, 3]),
)
def test_nothing_is_lost_or_doubled(
    *,
    world: World,
    refs: list[str],
    repeat_safe: bool,
    verifiable: bool,
    batch_size: int,
    max_retries: int,
    workers: int,
) -> None:
    """P17: after any script of faults and kills, delivered is on the platform, rejected is not, and all rows add up."""
    rows = pl.DataFrame({"ref": refs, "row": list(range(len(refs)))}, schema={"ref": pl.String, "row": pl.Int64})
    road = Road(world, repeat_safe=repeat_safe, verifiable=verifiable)
    with home():
        result = deliver(rows, road, batch_size=batch_size, max_retries=max_retries, workers=workers)
        check(rows, road, result)
        if result.checkpoint:
            check(rows, road, resume(road))


@settings(max_examples=75, deadline=None)
@given(world=worlds, refs=references, batch_size=st.integers(1, 9))
def test_the_last_row_of_a_key_has_the_last_word(*, world: World, refs: list[str], batch_size: int) -> None:
    """P16: whatever is sent again, a reference never goes back behind a row that was told delivered."""
    rows = pl.DataFrame({"ref": refs, "row": list(range(len(refs)))}, schema={"ref": pl.String, "row": pl.Int64})
    road = Road(world, repeat_safe=True, verifiable=True)
    with home():
        result = deliver(rows, road, batch_size=batch_size, max_retries=1, workers=1)
        if result.checkpoint:
            result = resume(road)
    last_held = dict(world.order)
    for ref, row in result.delivered.select("ref", "row").rows():
        assert last_held[ref] >= row


@settings(max_examples=100, deadline=None)
@given(count=st.integers(2, 400), data=st.data())
def test_singling_out_stays_within_its_bound(*, count: int, data: st.DataObject) -> None:
    """P18: one poison among n rows costs at most 2·⌈log2 n⌉+1 further requests, k of them at most that each."""
    bad = data.draw(st.sets(st.integers(0, count - 1), min_size=1, max_size=4))

    class Wide(Road):
        limits = Limits()

        def post(self, body: bytes, rows: int) -> Receipt:
            self.world.requests += 1
            if self.world.poison & {record["ref"] for record in json.loads(body)}:
                raise errors.BadRequestError("refused", status=400)
            return Receipt("b", rows)

    world = World(poison={f"r{i}" for i in bad}, refused=set(), told={}, faults=[], looks=[])
    rows = pl.DataFrame({"ref": [f"r{i}" for i in range(count)]})
    with home():
        result = recovery.send(rows, Wide(world, repeat_safe=True, verifiable=False), clock=ManualClock())
    assert set(result.rejected["ref"]) == world.poison
    assert world.requests - 1 <= len(bad) * 2 * math.ceil(math.log2(count)) + 1


@given(positions=st.sets(st.integers(0, 300)))
def test_any_set_of_rows_survives_the_ledger(*, positions: set[int]) -> None:
    """P17: rows are read back from the ledger's pairs exactly, and the pairs never touch."""
    rows = pl.Series(sorted(positions), dtype=spans.POSITION)
    pairs = spans.spell(rows)
    assert spans.read(pairs).equals(rows)
    assert all(stop < start for (_, stop), (start, _) in pairwise(pairs))


@given(refs=st.lists(st.one_of(st.none(), st.sampled_from("abcd")), max_size=30))
def test_waves_keep_every_row_and_the_order_of_each_reference(*, refs: list[str | None]) -> None:
    """P15: waves hold all rows once, a reference at most once each, and its rows in the input's order."""
    references = pl.Series(refs, dtype=pl.String)
    waves = plan.waves(spans.between(0, len(refs)), references)
    flat = [int(row) for wave in waves for row in wave]
    assert sorted(flat) == list(range(len(refs)))
    for wave in waves:
        named = [refs[row] for row in wave if refs[row] is not None]
        assert len(named) == len(set(named))
    for ref in set(refs) - {None}:
        rows = [row for row in flat if refs[row] == ref]
        assert rows == sorted(rows)
