"""A life of sends, deaths and resumes against the simulator, over every route: whatever happens, the account is true.

A machine has one simulator with a script of faults, and senders that die and are started again: each is a client of its
own on the checkpoints that the one before left, byte by byte as they were at its death. After each run the account is
held against what the simulator really did.
"""

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal, NamedTuple

import httpx
import polars as pl
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from fcwork import recovery
from fcwork.client import FluentClient
from fcwork.clock import ManualClock
from fcwork.errors import CheckpointError
from fcwork.recovery.ledger import Ledger, encode
from fcwork.routes import Route
from fcwork.simulator import Fault, Faults, Simulator

KEYS = ("K0", "K1", "K2", "K3", "K4", "K5")
NAMES = ("a", "b")
MOST_REQUESTS = 600  # of one run: more would be a loop without an end
# The same lives each time, as in any suite. To search for others: MACHINE_EXAMPLES=500, set for this file.
IS_SEARCH = "MACHINE_EXAMPLES" in os.environ
EXAMPLES, STEPS = int(os.environ.get("MACHINE_EXAMPLES", "10")), 8
LOSING = {"drop_after", "half_body", "malformed_json", "slow"}
UNDER_WAY = {"interrupted", "incomplete"}
CATALOGUE = {
    "name": "UPSERT_PRODUCTS",
    "entityType": "PRODUCT_CATALOGUE",
    "entityRef": "PC:MASTER:2",
    "entitySubtype": "MASTER",
}

Script = dict[str, Any]


class Row(NamedTuple):
    """What a row says: its key, and a number that no other row of the machine has, but for twins."""

    key: str
    value: int


class How(NamedTuple):
    """How rows are sent: as a version of what, and how many in a request."""

    series: str | None
    batch_size: int


class Death(NamedTuple):
    """Where a sender dies: before or after its n-th request, in or after a line of a ledger, or of its watcher."""

    at: Literal["request", "line", "progress"]
    number: int
    moment: Literal["before", "torn", "after"]
    by: type[BaseException]


@dataclass(eq=False)
class Load:
    """Rows that were begun to be sent.

    Attributes:
        since: how many effects there were before it began.
        delivered, refused: positions that a result told as such, for good.
        disowned, unanswered: rows that were done by a request, as in ``Mortal``.
    """

    rows: list[Row]
    how: How
    since: int
    delivered: set[int] = field(default_factory=set)
    refused: set[int] = field(default_factory=set)
    disowned: set[Row] = field(default_factory=set)
    unanswered: set[Row] = field(default_factory=set)


class Mortal(httpx.BaseTransport):
    """The way of one sender to the simulator, whose steps are counted until it dies of one.

    Args:
        there: the simulator.
        done: what it did so far.
        death: when the sender dies; None for one that lives.
        home: the folder whose content at the moment of death is kept.
    """

    def __init__(self, there: Simulator, done: list[Row], death: Death | None, home: Path) -> None:
        self._there, self._done, self._death, self._home = there, done, death, home
        self._door = there.transport()
        self._steps: Counter[str] = Counter()
        self.left: Path | None = None
        """What it left behind, once it is dead."""
        self.disowned: set[Row] = set()
        """What was done by requests that were answered with 5xx: the platform says that it failed."""
        self.unanswered: set[Row] = set()
        """What was done by requests whose answer did not arrive whole."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Hand a request on."""
        moment = self._moment("request")
        assert self._steps["request"] <= MOST_REQUESTS, "there is no end of requests"
        if moment == "before":
            self._die()
        before = len(self._done)
        try:
            response = self._door.handle_request(request)
        finally:
            self._note(self._done[before:])
        if moment == "after":
            self._die()
        return response

    def append(self, ledger: Ledger, entry: Any, *, sync: bool = False) -> None:
        """Write a line of a ledger, or die in the middle of it, or after."""
        moment = self._moment("line")
        if moment == "torn":
            line, _ = encode(entry, previous=ledger._sum)
            os.write(ledger._file, line[: len(line) // 2])
            self._die()
        _APPEND(ledger, entry, sync=sync)
        if moment == "after":
            self._die()

    def watch(self, _: recovery.Progress) -> None:
        """Watch the progress, or die of it."""
        if self._moment("progress"):
            self._die()

    def _moment(self, at: str) -> str:
        self._steps[at] += 1
        death = self._death
        return death.moment if death and (death.at, death.number) == (at, self._steps[at]) else ""

    def _note(self, done: list[Row]) -> None:
        seen = self._there.ledger.requests[-1]
        if LOSING & set((seen.fault or "").split(", ")):
            self.unanswered.update(done)
        if (seen.status or 0) >= httpx.codes.INTERNAL_SERVER_ERROR:
            self.disowned.update(done)

    def _die(self) -> None:
        assert self._death
        self.left = self._home.with_name("left")
        shutil.copytree(self._home, self.left)
        raise self._death.by


_APPEND = Ledger.append


def _counted(mortal: Mortal) -> Callable[..., None]:
    """Return a ledger's ``append`` by which a sender may die."""

    def append(ledger: Ledger, entry: Any, *, sync: bool = False) -> None:
        mortal.append(ledger, entry, sync=sync)

    return append


# What each route is, and what a simulator did over it.


def of_stock(rows: Sequence[Row]) -> pl.DataFrame:
    """Return rows as records of a batch; a negative quantity is one that the platform refuses."""
    keys, values = [row.key for row in rows], [row.value for row in rows]
    fixed = {"locationRef": pl.lit("L"), "type": pl.lit("LAST_ON_HAND"), "status": pl.lit("ACTIVE")}
    return pl.DataFrame({"skuRef": keys, "qty": values}).with_columns(**fixed)


def of_products(rows: Sequence[Row]) -> pl.DataFrame:
    """Return rows as attributes of events."""
    return pl.DataFrame({"ref": [row.key for row in rows], "value": [row.value for row in rows]})


def of_catalogue(rows: Sequence[Row]) -> pl.DataFrame:
    """Return rows as products to create; a name that is too long is one that the platform refuses."""
    names = [f"{row.value}" + "x" * (300 if row.value < 0 else 0) for row in rows]
    fixed = {"catalogue": pl.struct(ref=pl.lit("PC:MASTER:2")), "type": pl.lit("STANDARD"), "gtin": pl.lit("1")}
    return pl.DataFrame({"ref": [row.key for row in rows], "name": names}).with_columns(**fixed)


def watch_stock(there: Simulator, done: list[Row]) -> None:
    """Note every record that a simulator applies."""
    upserted = there.ledger.upserted

    def noted(applied: Sequence[tuple[Mapping[str, Any], str]]) -> None:
        done.extend(Row(entity["skuRef"], entity["qty"]) for entity, _ in applied)
        upserted(applied)

    there.ledger.upserted = noted  # type: ignore[method-assign]


def watch_products(there: Simulator, done: list[Row]) -> None:
    """Note every row of an event whose workflow ran."""
    event_seen = there.ledger.event_seen

    def noted(event: Mapping[str, Any], *, event_id: str, status: str, took_effect: bool) -> None:
        said = event["attributes"]
        if took_effect:
            done.extend(Row(row["ref"], row["value"]) for row in said.get("products", [said]))
        event_seen(event, event_id=event_id, status=status, took_effect=took_effect)

    there.ledger.event_seen = noted  # type: ignore[method-assign]


def watch_catalogue(there: Simulator, done: list[Row]) -> None:
    """Note every mutation that took effect."""
    mutated = there.ledger.mutated

    def noted(name: str, arguments: Mapping[str, Any]) -> None:
        done.append(Row(arguments["input"]["ref"], int(arguments["input"]["name"])))
        mutated(name, arguments)

    there.ledger.mutated = noted  # type: ignore[method-assign]


# What may go wrong. A refusal is never arranged after an effect: that platform would lie, and nobody could tell.

times = st.builds(lambda first, count: [*range(first, first + count)], st.integers(1, 8), st.integers(1, 4))
"""Some requests in a row, so that retries come to an end."""
pauses = st.sampled_from([{}, {"retry_after": 3}, {"retry_after": "-1"}, {"retry_after": "soon"}, {"retry_after": 900}])
some_keys = st.lists(st.sampled_from(KEYS), min_size=1, max_size=2, unique=True)
graphql_codes = st.sampled_from(["S0002E", "C0011E", "C0141E", "C0020E", "X"])


def status(*codes: int, **more: Any) -> st.SearchStrategy[Script]:
    """Arrange one of some statuses."""
    return st.builds(
        lambda code, pause: {"kind": "status", "status": code, **pause, **more}, st.sampled_from(codes), pauses
    )


def kinds(*names: str, **more: Any) -> st.SearchStrategy[Script]:
    """Arrange one of some kinds that say all by themselves."""
    return st.sampled_from(names).map(lambda name: {"kind": name, **more})


lost = st.one_of(
    status(429, 408, 500, 503),
    status(500, 502, 503, 504, after_effect=True),
    status(400, 401, 403, 404, 413, 422),
    kinds("drop_before", "drop_after", "half_body", "malformed_json", "expire_token"),
    st.just({"kind": "slow", "seconds": 60}),
)
unseen = st.one_of(
    status(429, 503, 400, 403, 404), kinds("drop_before", "drop_after", "half_body", "malformed_json", "expire_token")
)
sign_in = st.one_of(status(400, 401, 429, 503), kinds("drop_before", "half_body", "malformed_json"))


def at(path: str, faults: st.SearchStrategy[Script], **more: Any) -> st.SearchStrategy[Script]:
    """Arrange a fault at some of the requests that go to a path."""
    return st.builds(lambda fault, nth: {**fault, "path": path, "nth": nth, **more}, faults, times)


def each(path: str, **more: Any) -> st.SearchStrategy[list[Script]]:
    """Arrange what befalls the first requests with rows, one by one; half of them go well."""
    fates = st.lists(st.one_of(st.none(), lost), min_size=4, max_size=20)
    return fates.map(
        lambda befalling: [
            {**fault, "path": path, "nth": nth, **more} for nth, fault in enumerate(befalling, 1) if fault
        ]
    )


about_batches = st.one_of(
    at("/job/*/batch", kinds("shuffle_results", "stuck_pending", "job_closed")),
    at("/job", unseen, method="POST"),
    at("*", unseen, method="GET"),
    at("/graphql", unseen),
    some_keys.map(lambda refs: {"kind": "poison", "refs": refs}),
    some_keys.map(lambda refs: {"kind": "poison_413", "refs": refs}),
    st.builds(
        lambda refs, code, most: {"kind": "record", "refs": refs, "code": code, "times": most},
        some_keys,
        st.sampled_from([404, 500, 301]),
        st.integers(1, 3),
    ),
)
about_events = st.one_of(
    at("*", unseen, method="GET"),
    st.builds(
        lambda refs, end, most: {"kind": "event_status", "refs": refs, "event_status": end, "times": most},
        some_keys,
        st.sampled_from(["FAILED", "PENDING", "SCHEDULED", "NO_MATCH", "SUCCESS"]),
        st.integers(1, 3),
    ),
)
about_mutations = st.one_of(
    at("/graphql", unseen, match='"query":"query'),
    at(
        "/graphql",
        st.builds(
            lambda code, data: {
                "kind": "graphql_errors",
                "data": data,
                "errors": [{"message": "arranged", "extensions": {"code": code}}],
            },
            graphql_codes,
            st.sampled_from([None, "partial"]),
        ),
        match="mutation Batch",
    ),
)
killers = st.sampled_from([KeyboardInterrupt, SystemExit])
deaths = st.one_of(
    st.builds(Death, st.just("request"), st.integers(2, 10), st.sampled_from(["after", "before"]), killers),
    st.builds(Death, st.just("line"), st.integers(1, 14), st.sampled_from(["after", "torn"]), killers),
    st.builds(Death, st.just("progress"), st.integers(1, 6), st.just("after"), killers),
)


class Delivery(RuleBasedStateMachine):
    """Begins, kills, resumes, supersedes and drops sends over one route, and never believes a result unseen."""

    fates: ClassVar[st.SearchStrategy[list[Script]]]
    faults: ClassVar[st.SearchStrategy[Script]]
    options: ClassVar[dict[str, Any]] = {}
    repeat_safe: ClassVar[bool]
    has_own_keys: ClassVar[bool] = False
    """Whether no other send has the same keys: a look at what mutations create tells when it was made, not by whom."""
    looks_at_values: ClassVar[bool] = False
    """Whether a row may be told as delivered because the platform holds what it says, since whenever."""
    frame: ClassVar[Callable[[Sequence[Row]], pl.DataFrame]]
    watched: ClassVar[Callable[[Simulator, list[Row]], None]]

    def route(self, client: FluentClient) -> Route:
        """Return the route of one sender."""
        raise NotImplementedError

    def __init__(self) -> None:
        super().__init__()
        self._patch = pytest.MonkeyPatch()
        self._folder = Path(tempfile.mkdtemp())
        self._patch.setenv("FCWORK_HOME", str(self._folder / "home"))
        self._home = self._folder / "home" / "checkpoints"
        self._home.mkdir(parents=True)
        self.clock = ManualClock()
        self.done: list[Row] = []
        self.loads: dict[str, Load] = {}
        self.allowed: Counter[Row] = Counter()
        self.serial = 0

    @initialize(data=st.data(), settle_polls=st.integers(0, 2))
    def arrange(self, data: st.DataObject, settle_polls: int) -> None:
        """Arrange the simulator, and all that will go wrong there."""
        script = data.draw(self.fates, label="fates")
        script += data.draw(st.lists(st.one_of(self.faults, at("/oauth/token", sign_in)), max_size=4), label="faults")
        faults = Faults([Fault(**entry) for entry in script])
        how = {"positions": 0, "settle_polls": settle_polls, "clock": self.clock, **self.options}
        self.there = Simulator(faults=faults, **how)
        type(self).watched(self.there, self.done)

    @rule(
        name=st.sampled_from(NAMES),
        keys=st.lists(st.sampled_from(KEYS), min_size=1, max_size=8),
        odd=st.sets(st.integers(0, 7), max_size=2),
        how=st.builds(How, st.sampled_from([None, "s"]), st.integers(1, 4)),
        dropped=st.sampled_from([True, True, False]),
        death=st.none() | deaths,
    )
    def begin(self, name: str, keys: list[str], odd: set[int], how: How, *, dropped: bool, death: Death | None) -> None:
        """Send new rows under a name, whose send before may be dropped for it.

        Odd rows say what an earlier row of their key says, or something that is refused.
        """
        if dropped and name in self._states():
            recovery.drop(name)
            assert name not in self._states()
        rows: list[Row] = []
        begun = self.serial
        for place, key in enumerate(f"{key}-{begun}" if self.has_own_keys else key for key in keys):
            self.serial += 1
            twin = next((row for row in rows if row.key == key), None)
            rows.append((twin or Row(key, -self.serial)) if place in odd else Row(key, self.serial))
        self._begin(name, rows, how, death)

    @precondition(lambda self: self.loads)
    @rule(data=st.data(), death=st.none() | deaths)
    def begin_again(self, data: st.DataObject, death: Death | None) -> None:
        """Run the same command again: what is under way goes on, what is settled is a new send."""
        name = data.draw(st.sampled_from(sorted(self.loads)), label="name")
        self._begin(name, self.loads[name].rows, self.loads[name].how, death)

    @precondition(lambda self: self.loads)
    @rule(data=st.data(), death=st.none() | deaths)
    def resume(self, data: st.DataObject, death: Death | None) -> None:
        """Resume a send, whether or not there is anything left of it."""
        name = data.draw(st.sampled_from(sorted(self.loads)), label="name")
        state = self._states().get(name)
        ended = self._run(self.loads[name], death, lambda route, how: recovery.resume(name, route, **how))
        assert (ended == "refused") == (state not in UNDER_WAY), (state, ended)

    @invariant()
    def nothing_is_done_twice(self) -> None:
        """P16: where a repeat would double an effect, each row has one at most."""
        if not self.repeat_safe:
            assert all(effects <= self.allowed[row] for row, effects in Counter(self.done).items()), self.done

    def teardown(self) -> None:
        """Remove what is on disk."""
        self._patch.undo()
        shutil.rmtree(self._folder)

    def _begin(self, name: str, rows: list[Row], how: How, death: Death | None) -> None:
        before, known = self._states(), self.loads.get(name)
        goes_on = before.get(name) in UNDER_WAY
        load = known if known and goes_on and known.rows == rows else Load(rows, how, len(self.done))
        ended = self._run(
            load,
            death,
            lambda route, more: recovery.send(type(self).frame(rows), route, checkpoint=name, **how._asdict(), **more),
        )
        taken = goes_on and known is not load
        assert (ended == "refused") == taken or before.get(name) == "superseded", (before, ended)
        if ended == "refused" or known is load:
            return
        after = self._states()
        if ended == "died" and after.get(name) not in UNDER_WAY:
            assert len(self.done) == load.since, "rows were sent that no ledger tells of"
            self.loads.pop(name, None)
            return
        self.loads[name] = load
        self.allowed.update(rows)
        older = [other for other, state in before.items() if other != name and state in UNDER_WAY]
        if how.series and (older := [other for other in older if self.loads[other].how.series == how.series]):
            assert {after[other] for other in older} == {"superseded"}, after

    def _run(
        self, load: Load, death: Death | None, call: Callable[[Route, dict[str, Any]], recovery.SendResult]
    ) -> str:
        """Let a sender run: it ends with a result, is refused, or dies."""
        self.clock.advance(60)
        begun, mortal = len(self.done), Mortal(self.there, self.done, death, self._home)
        how = {"max_retries": 1, "verify_seconds": 60, "clock": self.clock, "on_progress": mortal.watch}
        client = FluentClient(**self.there.connect(), transport=mortal, clock=self.clock)
        with client, pytest.MonkeyPatch.context() as patch:
            patch.setattr(Ledger, "append", _counted(mortal))
            try:
                result = call(self.route(client), how)
            except CheckpointError:
                assert len(self.done) == begun, "a send that was refused has sent"
                return "refused"
            except (KeyboardInterrupt, SystemExit):
                assert mortal.left, "a sender died of nothing"
                shutil.rmtree(self._home)
                mortal.left.rename(self._home)
                return "died"
            finally:
                load.disowned |= mortal.disowned
                load.unanswered |= mortal.unanswered
                self._check_effects(load, begun)
        self._check(load, result)
        return "ended"

    def _states(self) -> dict[str, str]:
        return dict(recovery.checkpoints().select("name", "state").rows())

    def _check_effects(self, load: Load, begun: int) -> None:
        """Hold what a run did against its rows: it does no others, and of each key never an earlier row again."""
        assert set(self.done[begun:]) <= set(load.rows), "rows of another send were sent"
        last = {row: place for place, row in enumerate(load.rows)}
        highest: dict[str, int] = {}
        for row in self.done[load.since :]:
            if row in last:
                assert last[row] >= highest.get(row.key, 0), f"{row} came after a later row of its key"
                first = load.rows.index(row)
                highest[row.key] = max(highest.get(row.key, 0), first)

    def _check(self, load: Load, result: recovery.SendResult) -> None:
        """Hold a result against the rows, and against what the simulator really did."""
        told = {
            name: {row - 1 for row in getattr(result, name)["_row"]} for name in ("delivered", "rejected", "unknown")
        }
        places = [place for pile in told.values() for place in pile]
        assert sorted(places) == list(range(len(load.rows))), "the rows do not add up"
        assert {row - 1 for row in result.issues["row"]} == told["rejected"] | told["unknown"]
        assert result.ok == (len(told["delivered"]) == len(load.rows))
        codes = dict(result.issues.select("row", "code").rows())
        refused = {row - 1 for row, code in codes.items() if code == "send.rejected"}
        assert load.delivered <= told["delivered"], "what was delivered is not any more"
        assert load.refused <= refused, "what was refused is not any more"
        load.delivered, load.refused = told["delivered"], refused
        left = bool(told["unknown"]) or bool(told["rejected"] - refused)
        assert (result.checkpoint is not None) == left

        effects = Counter(self.done[load.since :])
        ever = Counter(self.done) if self.looks_at_values else effects
        saying = Counter(load.rows)
        delivered, rejected = (Counter(load.rows[place] for place in told[name]) for name in ("delivered", "rejected"))
        # Where a repeat does no harm a 5xx counts as not done, and a refusal counts after a try whose answer was lost.
        excused = load.disowned | ({load.rows[place] for place in refused} & load.unanswered)
        for row in saying:
            assert not delivered[row] or ever[row], f"{row} is told as delivered and was not done"
            if self.repeat_safe:
                untouched = not effects[row] or row in excused
                assert rejected[row] < saying[row] or untouched, f"{row} is told as rejected and was done"
                continue
            assert delivered[row] <= effects[row], f"{row} is told as delivered more often than it was done"
            assert effects[row] <= saying[row] - rejected[row], f"{row} is told as rejected and was done"


class PlainBatches(Delivery):
    """Batches whose every record the platform tells of."""

    fates, faults, repeat_safe = each("/job/*/batch", method="POST"), about_batches, True
    looks_at_values = True
    frame, watched = staticmethod(of_stock), staticmethod(watch_stock)

    def route(self, client: FluentClient) -> Route:
        """Return the route."""
        return client.batches()


class MergedBatches(PlainBatches):
    """Batches of which the platform drops unchanged records and merges what comes at once."""

    options: ClassVar[dict[str, Any]] = {"preprocessing": True}

    def route(self, client: FluentClient) -> Route:
        """Return the route."""
        return client.batches(preprocessing="enabled")


class QueuedEvents(Delivery):
    """Events with a row each, whose end the platform's log tells."""

    fates, faults, repeat_safe = each("/event/*sync", method="POST"), about_events, False
    frame, watched = staticmethod(of_products), staticmethod(watch_products)

    def route(self, client: FluentClient) -> Route:
        """Return the route."""
        return client.event_sender(CATALOGUE, rows="attributes")


class AwaitedEvents(QueuedEvents):
    """Events with a row each, whose end the answer tells."""

    def route(self, client: FluentClient) -> Route:
        """Return the route."""
        return client.event_sender(CATALOGUE, rows="attributes", mode="sync")


class FullEvents(QueuedEvents):
    """Events with up to three rows."""

    def route(self, client: FluentClient) -> Route:
        """Return the route."""
        return client.event_sender(CATALOGUE, rows="attributes", per_event=3)


class Creates(Delivery):
    """Mutations that create, and are refused where there is one already."""

    fates, faults = each("/graphql", match="mutation Batch"), about_mutations
    repeat_safe, has_own_keys = False, True
    frame, watched = staticmethod(of_catalogue), staticmethod(watch_catalogue)

    def route(self, client: FluentClient) -> Route:
        """Return the route."""
        return client.mutations("createStandardProduct", per_request=3, rate_per_second=None)


class Upserts(Creates):
    """Mutations that create or update."""

    repeat_safe = True

    def route(self, client: FluentClient) -> Route:
        """Return the route."""
        return client.mutations("createStandardProduct", per_request=3, if_exists="update", rate_per_second=None)


MACHINES = (PlainBatches, MergedBatches, QueuedEvents, AwaitedEvents, FullEvents, Creates, Upserts)


@pytest.mark.timeout(600)  # a failure is made small before it is told
@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.__name__)
def test_the_account_is_true_whatever_happens(machine: type[Delivery]) -> None:
    """P17, P26: after any faults, deaths, resumes and newer versions each row is told as the platform has it."""
    how = settings(max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, derandomize=not IS_SEARCH)
    run_state_machine_as_test(machine, settings=how)
