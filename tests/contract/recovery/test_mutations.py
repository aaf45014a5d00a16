"""A send of mutations through the client to the simulator, against what the simulator really holds."""

import json
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import polars as pl
import pytest

import fcwork as fw
from fcwork import recovery
from fcwork.client import FluentClient
from fcwork.clock import ManualClock
from fcwork.errors import CheckpointError, ConfigError
from fcwork.mutations import Argument, Operation
from fcwork.simulator import Fault, Simulator

Arrange = Callable[..., Any]

NOTEBOOKS = Path(__file__).parents[3] / "notebooks"
GRAPHQL = "/graphql"
MUTATION = "mutation Batch"
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HOURS = {f"{day}{end}": 900 for day in DAYS for end in ("Start", "End")}
CREATE = "createLocation"


def locations(count: int, name: str = "Store") -> pl.DataFrame:
    """Return rows of new locations, L0 and so on."""
    return pl.DataFrame(
        {
            "ref": [f"L{at}" for at in range(count)],
            "type": ["STORE"] * count,
            "name": [f"{name} {at}" for at in range(count)],
            "retailer": [{"id": "2"}] * count,
            "primaryAddress": [{"ref": f"L{at}", "latitude": at + 0.5, "longitude": 1.25} for at in range(count)],
            "openingSchedule": [{"allHours": False, **HOURS}] * count,
        }
    )


def products(count: int) -> pl.DataFrame:
    """Return rows of new products, P0 and so on."""
    return pl.DataFrame(
        {
            "ref": [f"P{at}" for at in range(count)],
            "catalogue": [{"ref": "PC:MASTER:2"}] * count,
            "type": ["STANDARD"] * count,
            "gtin": [f"{at:013}" for at in range(count)],
            "name": [f"Product {at}" for at in range(count)],
        }
    )


def held(there: Simulator, field: str = CREATE) -> list[dict[str, Any]]:
    """Return the inputs of the mutations that took effect, each of which did so once."""
    done = there.ledger.mutations.filter(field=field)
    assert set(done["effects"]) <= {1}
    return [json.loads(arguments)["input"] for arguments in done["arguments"]]


def table(there: Simulator, kind: str, *columns: str) -> list[tuple[Any, ...]]:
    """Return columns of all that the simulated platform holds of a kind."""
    rows = there.world.tables[kind]
    return sorted(zip(*(rows.column(name) for name in columns), strict=True))


def posts(there: Simulator) -> int:
    """Return how many GraphQL requests came."""
    count: int = there.ledger.count("POST", GRAPHQL)
    return count


def mutated(there: Simulator) -> int:
    """Return how many requests with mutations came."""
    return sum(request.path == GRAPHQL and request.body_bytes > 2_000 for request in there.ledger.requests)


def test_what_was_sent_is_held(arrange: Arrange, clock: ManualClock) -> None:
    """P15: 500 creates in requests of 25 are told of row by row, and the platform holds the input, each row once."""
    there, client = arrange()
    rows = locations(500)
    result = recovery.send(rows, client.mutations(CREATE, per_request=25), clock=clock)
    assert result.ok
    assert (result.verified, result.counts["requests"], posts(there)) == (True, 20, 20)
    assert sorted(held(there), key=str) == sorted(rows.to_dicts(), key=str)


def test_bad_rows_are_rejected_and_the_others_arrive(arrange: Arrange, clock: ManualClock) -> None:
    """P15: refused rows carry the platform's code, rows beside one that the schema refuses arrive, and all add up."""
    there, client = arrange()
    rows = locations(500).with_columns(
        name=pl.when(pl.col("ref").is_in(["L7", "L300"])).then(pl.lit("x" * 300)).otherwise("name"),
        type=pl.when(pl.col("ref").is_in(["L26", "L44", "L499"])).then(None).otherwise("type"),
        ref=pl.when(pl.col("ref") == "L60").then(pl.lit("LOC001")).otherwise("ref"),
    )
    result = recovery.send(rows, client.mutations(CREATE, per_request=25), clock=clock)
    assert result.counts | {"requests": 0} == {
        "rows": 500,
        "delivered": 494,
        "rejected": 6,
        "unknown": 0,
        "retryable": 0,
        "requests": 0,
    }
    told = dict(result.issues.select("key", "message").rows())
    assert {key: text[:6] for key, text in told.items()} == {
        "L7": "C0141E",
        "L300": "C0141E",
        "L26": "C0159E",
        "L44": "C0159E",
        "L499": "C0159E",
        "LOC001": "C0123E",
    }
    assert told["LOC001"].startswith("C0123E: it exists already")
    assert sorted(given["ref"] for given in held(there)) == sorted(result.delivered["ref"])


def test_a_lost_answer_is_unknown_and_found_on_looking(arrange: Arrange, clock: ManualClock) -> None:
    """P16: a create whose answer is lost is never sent again: a look finds it, and tells what was there before."""
    lost = Fault("drop_after", path=GRAPHQL, match=MUTATION, nth=2)
    there, client = arrange(lost, Fault("half_body", path=GRAPHQL, match=MUTATION, nth=3))
    route = client.mutations(CREATE, per_request=25)
    since = clock.now()
    result = recovery.send(locations(100), route, clock=clock)
    assert (result.counts["delivered"], result.read_back, mutated(there)) == (100, 50, 4)
    assert len(held(there)) == 100
    refs = route.entity_ref(locations(50))
    found = route.read_back(locations(50), refs, since)
    assert set(found.select("ref", "outcome").rows()) == {(ref, "delivered") for ref in refs}
    clock.sleep(3_600)
    later = route.read_back(locations(50), refs, clock.now())
    assert set(later["outcome"]) == {"unknown"}
    assert route.read_back(locations(1).with_columns(ref=pl.lit("nowhere")), refs.head(1), since).height == 0


def test_a_lost_request_never_left_a_trace(arrange: Arrange, clock: ManualClock) -> None:
    """P16: a connection that drops before anything was done leaves rows unknown, and a look does not find them."""
    there, client = arrange(Fault("drop_before", path=GRAPHQL, match=MUTATION, nth=1))
    route = client.mutations(CREATE, per_request=25)
    since = clock.now()
    result = recovery.send(locations(50), route, clock=clock)
    assert (result.counts["delivered"], result.counts["unknown"]) == (25, 25)
    assert route.read_back(result.unknown, route.entity_ref(result.unknown), since).height == 0
    assert len(held(there)) == 25


def test_an_upsert_goes_on_after_a_lost_answer(arrange: Arrange, clock: ManualClock) -> None:
    """P16: with rows that exist updated, a lost answer and a 503 are sent again, and each row is there once."""
    there, client = arrange(
        Fault("drop_after", path=GRAPHQL, match=MUTATION, nth=2),
        Fault("status", status=503, path=GRAPHQL, match=MUTATION, nth=4),
        Fault("status", status=503, after_effect=True, path=GRAPHQL, match=MUTATION, nth=6),
    )
    result = recovery.send(locations(100), client.mutations(CREATE, per_request=25, if_exists="update"), clock=clock)
    assert result.ok
    names = [row for row in table(there, "Location", "ref", "name") if row[0].startswith("L") and row[0][1] != "O"]
    assert names == sorted(locations(100).select("ref", "name").rows())


def test_a_lost_update_is_not_taken_for_done(arrange: Arrange, clock: ManualClock) -> None:
    """P16: that a row of its key was created just now is no proof of an update that never arrived."""
    lost = Fault("drop_before", path=GRAPHQL, match=MUTATION, nth=[2, 3])
    there, client = arrange(lost)
    rows = pl.concat([locations(1), locations(1, "Shop")])
    route = client.mutations(CREATE, if_exists="update")
    result = recovery.send(rows, route, max_retries=1, clock=clock)
    assert (result.delivered["name"].to_list(), result.unknown["name"].to_list()) == (["Store 0"], ["Shop 0"])
    assert recovery.resume(result.checkpoint, route, clock=clock).ok
    assert ("L0", "Shop 0") in table(there, "Location", "ref", "name")


@pytest.mark.parametrize("after_effect", [False, True])
def test_a_failing_platform_leaves_creates_unknown(arrange: Arrange, clock: ManualClock, *, after_effect: bool) -> None:
    """P16: a 503 may come after the effect, so a create that gets one is not sent again."""
    failing = Fault("status", status=503, after_effect=after_effect, path=GRAPHQL, match=MUTATION, times=1)
    there, client = arrange(failing)
    result = recovery.send(locations(50), client.mutations(CREATE, per_request=25), clock=clock)
    assert (result.counts["unknown"], result.read_back) == ((0, 25) if after_effect else (25, 0))
    assert (result.counts["delivered"], mutated(there)) == (50 if after_effect else 25, 2)


def test_a_rate_limit_is_waited_for(arrange: Arrange, clock: ManualClock) -> None:
    """P19: a whole request that is turned away for the rate is sent again later, and nothing is doubled."""
    slow = {"message": "Rate limit exceeded", "extensions": {"code": "C0011E"}}
    there, client = arrange(
        Fault("graphql_errors", errors=[slow], match=MUTATION, nth=[1, 3]),
        Fault("status", status=429, retry_after=5, path=GRAPHQL, match=MUTATION, nth=5),
    )
    result = recovery.send(locations(100), client.mutations(CREATE, per_request=25), clock=clock)
    assert result.ok
    assert (len(held(there)), posts(there)) == (100, 7)


def test_a_request_that_is_too_complex_is_cut(arrange: Arrange, clock: ManualClock) -> None:
    """P18: what the estimate lets through and the platform finds too complex is halved until it is not."""
    complex_one = {"message": "a complexity of 12000 is over 11111", "extensions": {"code": "C0001E"}}
    there, client = arrange(Fault("graphql_errors", errors=[complex_one], match="input20", times=1))
    result = recovery.send(locations(25), client.mutations(CREATE, per_request=25), clock=clock)
    assert result.ok
    assert (len(held(there)), posts(there)) == (25, 3)


def test_the_estimate_keeps_requests_under_the_limit(arrange: Arrange, clock: ManualClock) -> None:
    """P18: fields to return that cost much make requests small enough that the platform takes every one."""
    there, client = arrange()
    inner = "locations(first: 50) { edges { node { networks { edges { cursor } } } } }"
    deep = f"networks(first: 40) {{ edges {{ node {{ {inner} }} }} }}"
    route = client.mutations(Operation(CREATE, returns=("id", deep)), per_request=25)
    assert route.limits.max_rows == 5
    result = recovery.send(locations(30), route, clock=clock)
    assert (result.ok, posts(there)) == (True, 6)


def test_a_request_over_two_megabytes_is_cut(arrange: Arrange, clock: ManualClock) -> None:
    """P18: no request is over 2 MB, and a single row of that size is rejected here."""
    there, client = arrange()
    long = [{"name": "NOTE", "type": "JSON", "value": "y" * 150_000}]
    rows = locations(30).with_columns(attributes=pl.Series([long] * 30))
    rows = rows.with_columns(name=pl.when(pl.col("ref") == "L3").then(pl.lit("z" * 2_000_000)).otherwise("name"))
    result = recovery.send(rows, client.mutations(CREATE, per_request=25), clock=clock)
    assert (result.counts["delivered"], result.rejected["ref"].to_list()) == (29, ["L3"])
    assert max(seen.body_bytes for seen in there.ledger.requests) <= 2_000_000
    assert "2,000,000" in result.issues["message"][0]


def test_missing_rights_stop_the_send(arrange: Arrange, clock: ManualClock) -> None:
    """Missing rights are no row's fault: the send stops, and all rows can be sent again."""
    denied = {"message": "Access denied", "extensions": {"code": "C0020E"}}
    there, client = arrange(Fault("graphql_errors", errors=[denied]))
    result = recovery.send(locations(200), client.mutations(CREATE, per_request=25), clock=clock)
    assert (result.counts["retryable"], posts(there)) == (200, 1)


def test_an_upsert_run_twice_leaves_one_of_each(arrange: Arrange, clock: ManualClock) -> None:
    """Upserted twice, with other values the second time, there is one of each with the second's values."""
    there, client = arrange()
    before = there.world.count("Location")
    first = recovery.send(locations(60), client.mutations(CREATE, per_request=25, if_exists="update"), clock=clock)
    route = client.mutations(CREATE, per_request=25, if_exists="update")
    second = recovery.send(locations(100, "Shop"), route, clock=clock)
    third = recovery.send(locations(100, "Shop"), route, clock=clock)
    assert (first.ok, second.ok, third.ok) == (True, True, True)
    assert there.world.count("Location") == before + 100
    shops = [row for row in table(there, "Location", "ref", "name") if str(row[1]).startswith("Shop")]
    assert shops == sorted(locations(100, "Shop").select("ref", "name").rows())
    assert len(held(there)) == 100
    assert there.ledger.mutations.filter(field="updateLocation")["effects"].sum() == 160


@pytest.mark.parametrize("schema", [True, False])
def test_products_are_upserted_by_both_keys(arrange: Arrange, clock: ManualClock, *, schema: bool) -> None:
    """What is told apart by two fields is looked up by both, with a schema and without."""
    there, client = arrange()
    sdl = Path(fw.__file__).parent / "fluent.graphql" if schema else None
    made = client.mutations("createStandardProduct", per_request=25, if_exists="update", schema=sdl)
    rows = products(500)
    assert recovery.send(rows, made, clock=clock).ok
    again = rows.with_columns(summary=pl.lit("new"))
    assert recovery.send(again, made, clock=clock).ok
    mine = [row for row in table(there, "StandardProduct", "ref", "name", "summary") if row[2] == "new"]
    assert mine == sorted(again.select("ref", "name", "summary").rows())
    assert len(held(there, "createStandardProduct")) == len(held(there, "updateStandardProduct")) == 500


def test_what_exists_is_left_alone(arrange: Arrange, clock: ManualClock) -> None:
    """Where rows that exist are skipped they keep their values, and only the others are created."""
    there, client = arrange()
    recovery.send(locations(60), client.mutations(CREATE, per_request=25), clock=clock)
    route = client.mutations(CREATE, per_request=25, if_exists="skip")
    result = recovery.send(locations(100, "Shop"), route, clock=clock)
    assert result.ok
    names = [str(name).split()[0] for ref, name in table(there, "Location", "ref", "name") if ref[1:].isdecimal()]
    assert (names.count("Store"), names.count("Shop")) == (60, 40)


def test_a_send_that_died_goes_on(arrange: Arrange, clock: ManualClock) -> None:
    """P17: a sender that dies in the middle is resumed by another client's route, and each row is created once."""
    there, client = arrange()
    seen: list[recovery.Progress] = []

    def dies(progress: recovery.Progress) -> None:
        seen.append(progress)
        if progress.batches == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        recovery.send(
            locations(200), client.mutations(CREATE, per_request=25), checkpoint="c", on_progress=dies, clock=clock
        )
    other = FluentClient(**there.connect(), transport=there.transport(), clock=clock)
    with pytest.raises(CheckpointError, match="mutation createLocation"):
        recovery.resume("c", other.mutations("createControl"), clock=clock)
    result = recovery.resume("c", other.mutations(CREATE, per_request=25), clock=clock)
    assert result.ok
    assert (len(held(there)), posts(there)) == (200, 8)


def test_two_lost_rows_of_one_key_are_not_both_found(arrange: Arrange, clock: ManualClock) -> None:
    """P16: what is there once is no proof of two rows that would have created it, lost before and after a death."""
    there, client = arrange(Fault("drop_before", path=GRAPHQL, match=MUTATION, nth=1))

    class Dies(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            response = there.transport().handle_request(request)
            if there.ledger.mutations.height:
                raise KeyboardInterrupt
            return response

    rows = pl.concat([locations(1), locations(1, "Shop")])
    dying = FluentClient(**there.connect(), transport=Dies(), clock=clock)
    with pytest.raises(KeyboardInterrupt):
        recovery.send(rows, dying.mutations(CREATE), checkpoint="c", clock=clock)
    result = recovery.resume("c", client.mutations(CREATE), clock=clock)
    assert result.unknown["name"].to_list() == ["Store 0", "Shop 0"]
    assert "several rows would have created it" in result.issues["message"][0]
    assert [given["name"] for given in held(there)] == ["Shop 0"]


def test_what_an_unknown_row_may_have_done_is_no_proof_of_another(arrange: Arrange, clock: ManualClock) -> None:
    """P16: what a look finds may be the work of an earlier row of its key, of which nobody knows either."""
    barred = Fault("status", status=403, path=GRAPHQL, match="locations(", nth=1)
    there, client = arrange(Fault("drop_after", path=GRAPHQL, match=MUTATION), barred)
    result = recovery.send(pl.concat([locations(1), locations(1, "Shop")]), client.mutations(CREATE), clock=clock)
    assert result.unknown["name"].to_list() == ["Store 0", "Shop 0"]
    assert "a row of the same reference was delivered, or may have been" in result.issues["message"][1]
    assert [given["name"] for given in held(there)] == ["Store 0"]


def test_rows_of_one_reference_go_one_after_the_other(arrange: Arrange, clock: ManualClock) -> None:
    """P15: a reference that comes twice is sent in its order, never twice in a request; the last value stays."""
    there, client = arrange()
    rows = pl.concat([locations(20), locations(20, "Shop")])
    route = client.mutations(CREATE, per_request=25, if_exists="update")
    assert recovery.send(rows, route, workers=4, clock=clock).ok
    names = {ref: name for ref, name in table(there, "Location", "ref", "name") if ref[1:].isdecimal()}
    assert names == dict(locations(20, "Shop").select("ref", "name").rows())


def test_workers_share_a_route(arrange: Arrange, clock: ManualClock) -> None:
    """Several workers send over one route, and each row arrives once."""
    there, client = arrange()
    result = recovery.send(locations(300), client.mutations(CREATE, per_request=7), workers=8, clock=clock)
    assert result.ok
    assert len(held(there)) == 300


@pytest.mark.parametrize(
    ("mapping", "sample", "twin"),
    [("locations", "locations.xml", "LOC001"), ("controls", "controls.csv", "BASE:2:QUANTITY_BUFFER:00001")],
)
def test_shipped_mappings_are_sent(
    arrange: Arrange, clock: ManualClock, *, mapping: str, sample: str, twin: str
) -> None:
    """P26: the rows of a shipped mapping arrive over its route, and one that exists already is told as such."""
    there, client = arrange()
    own = runpy.run_path(str(NOTEBOOKS / "mappings" / "resolvers.py"))["resolvers"]
    path = NOTEBOOKS / "mappings" / f"{mapping}.json"
    mapper = fw.Mapper.load(path, resolvers=own, context={"retailerId": "2"})
    options = {"path": "locations.location"} if sample.endswith("xml") else {}
    rows = mapper.apply(fw.sources.read(NOTEBOOKS / "samples" / sample, **options)).frame
    create = mapper.operation.mutation if mapper.operation else ""

    result = recovery.send(rows, client.mutations(mapper), clock=clock)

    assert rows.height > 10
    assert (result.counts["delivered"], result.rejected["ref"].to_list()) == (rows.height - 1, [twin])
    assert "exists already" in result.issues["message"][0]
    assert len(held(there, create)) == rows.height - 1

    again = recovery.send(result.delivered, client.mutations(mapper, if_exists="update"), clock=clock)

    assert again.ok
    assert len(held(there, create)) == len(held(there, create.replace("create", "update"))) == rows.height - 1


@pytest.mark.parametrize(
    "error",
    [
        {"message": "Execution aborted", "extensions": {"classification": "ExecutionAborted"}},
        {"message": "it broke", "extensions": {"classification": "DataFetchingException"}},
        {"message": "it broke", "extensions": {"code": "EXECUTIONABORTED"}},
    ],
)
def test_creates_that_broke_off_are_never_sent_again(
    arrange: Arrange, clock: ManualClock, error: dict[str, Any]
) -> None:
    """P16: an answer without a word of any row that tells of a break leaves creates unknown: none is repeated."""
    body = {"data": None, "errors": [error]}
    broken = Fault("status", status=200, body=body, after_effect=True, path=GRAPHQL, match=MUTATION)
    there, client = arrange(broken)
    result = recovery.send(locations(4), client.mutations(CREATE, per_request=4), clock=clock)
    assert result.counts["rejected"] == 0
    assert len(held(there)) == 4
    assert result.read_back == 4


def test_a_key_of_the_caller_s_own_keeps_the_checks(arrange: Arrange, clock: ManualClock) -> None:
    """P32: with a key of one's own a column that the mutation does not take is refused as without."""
    _, client = arrange()
    operation = Operation("updateOrder", (Argument("id", "ID!"), Argument("reason", "String")))
    with pytest.raises(ConfigError, match="reson"):
        recovery.send([{"id": "1", "reson": "late"}], client.mutations(operation), key="id", clock=clock)


def test_refusals_reach_rows_by_a_key_of_the_caller_s_own(arrange: Arrange, clock: ManualClock) -> None:
    """P15: with a key of one's own what the platform says of a mutation reaches its row."""
    _, client = arrange()
    rows = pl.concat([locations(3), locations(1, "Twin")])
    result = recovery.send(rows, client.mutations(CREATE, per_request=4), key="name", clock=clock)
    assert (result.counts["delivered"], result.counts["rejected"]) == (3, 1)
    assert result.issues["key"].to_list() == ["Twin 0"]


def test_orders_are_updated_by_their_refs(arrange: Arrange, clock: ManualClock) -> None:
    """Rows that name orders by ref change these orders alone, and one that is not there is rejected by its row."""
    there, client = arrange()
    refs = [ref for ref, whose in table(there, "Order", "ref", "retailerId") if str(whose) == "2"][:30]
    rows = pl.DataFrame({"ref": [*refs, "nowhere"], "status": ["CHECKED"] * 31})

    result = recovery.send(rows, client.mutations("updateOrder", find_by="ref", per_request=10), clock=clock)

    assert (result.counts["delivered"], result.rejected["ref"].to_list()) == (30, ["nowhere"])
    assert "NOT_FOUND: none of the orders of retailer 2 has the ref 'nowhere'" in result.issues["message"][0]
    assert sorted(ref for ref, status in table(there, "Order", "ref", "status") if status == "CHECKED") == sorted(refs)
