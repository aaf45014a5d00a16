"""Read-back: what the platform holds of rows of which it told nothing, against the in-process simulator."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from fcwork.client import FluentClient
from fcwork.clock import ManualClock
from fcwork.errors import AuthError, ConnectionFailedError, GraphQLError
from fcwork.routes import ReadsBack
from fcwork.simulator import Fault, Faults, Simulator

Arrange = Callable[..., tuple[Simulator, FluentClient]]

CODES = {"ref": pl.String, "outcome": pl.String, "code": pl.String, "message": pl.String}
PLAIN = {"locationRef": "L", "skuRef": "A", "type": "LAST_ON_HAND", "status": "ACTIVE", "qty": 5}
REF = "A:L:LAST_ON_HAND"


@pytest.fixture
def arrange(clock: ManualClock) -> Iterator[Arrange]:
    """Give a maker of simulator and client; its arguments are the faults."""
    with ExitStack() as opened:

        def made(*faults: Fault, **how: Any) -> tuple[Simulator, FluentClient]:
            there = Simulator(clock=clock, faults=Faults(faults), **{"positions": 0, "settle_polls": 0, **how})
            client = opened.enter_context(FluentClient(**there.connect(), transport=there.transport(), clock=clock))
            return there, client

        yield made


def load(client: FluentClient, rows: pl.DataFrame, **how: Any) -> None:
    """Send rows."""
    route = client.batches(**how)
    for part in rows.iter_slices(5_000):
        route.post(route.pack(part), part.height)


def look(client: FluentClient, rows: pl.DataFrame, since: datetime | None = None, **how: Any) -> pl.DataFrame:
    """Read rows back."""
    route = client.batches(**how)
    assert isinstance(route, ReadsBack)
    return route.read_back(rows, route.entity_ref(rows), since or datetime(2026, 1, 15, 11, tzinfo=UTC))


def one(**fields: Any) -> pl.DataFrame:
    """Return a frame of one row."""
    return pl.DataFrame([{**PLAIN, **fields}])


def stock(count: int, locations: int = 7) -> pl.DataFrame:
    """Return rows of as many SKUs and locations as it takes."""
    return pl.DataFrame(
        {
            "_row": range(1, count + 1),
            "_source": [""] * count,
            "locationRef": [f"L{at % locations}" for at in range(count)],
            "skuRef": [f"S{at // locations}" for at in range(count)],
            "type": ["LAST_ON_HAND"] * count,
            "status": ["ACTIVE"] * count,
            "qty": [at % 90 for at in range(count)],
        }
    )


def test_healthy_snapshot_is_all_delivered(arrange: Arrange) -> None:
    """P22: a snapshot that the platform merged or dropped without a word is found as it was sent, every row."""
    there, client = arrange(preprocessing=True, settle_polls=1)
    rows = stock(6_000)
    load(client, rows, preprocessing="enabled")
    told = look(client, rows, preprocessing="enabled")
    assert told.schema == CODES
    assert told["ref"].to_list() == client.batches().entity_ref(rows).to_list()
    assert told["outcome"].unique().to_list() == ["delivered"]
    assert told["message"][0] == "read back: the platform holds quantity 0, type LAST_ON_HAND, status ACTIVE"
    assert there.ledger.count("POST", "/graphql") == 12


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"qty": 6}, "quantity 5 (not 6)"),
        ({"status": "INACTIVE"}, "status ACTIVE (not INACTIVE)"),
        ({"condition": "USED"}, "condition nothing (not USED)"),
        ({"expectedOn": "2026-03-01"}, "expected on nothing (not 2026-03-01)"),
        ({"qty": 6, "status": "X"}, "quantity 5 (not 6), status ACTIVE (not X)"),
        ({"qty": None}, "quantity 5 (not nothing)"),
        ({"qty": "five"}, "quantity 5 (not nothing)"),
        ({"qty": float("nan")}, "quantity 5 (not nothing)"),
        ({"qty": [5]}, "quantity 5 (not nothing)"),
    ],
)
def test_what_differs_is_unknown(arrange: Arrange, fields: dict[str, Any], told: str) -> None:
    """P22: where the platform holds something else, the row is unknown, with what is there instead."""
    _, client = arrange()
    load(client, one())
    verdict = look(client, one(**fields)).row(0, named=True)
    assert (verdict["ref"], verdict["outcome"], verdict["code"]) == (REF, "unknown", None)
    assert verdict["message"].startswith(f"read back: the platform holds {told}; it changed last on 2026-01-15T12:00")


@pytest.mark.parametrize(
    "qty",
    [
        pl.Series([5], dtype=pl.Int64),
        pl.Series([5], dtype=pl.UInt8),
        pl.Series([5.0]),
        pl.Series([Decimal("5.00")]),
        pl.Series([" 5 "]),
        pl.Series(["5.0"]),
    ],
)
def test_numbers_are_compared_as_numbers(arrange: Arrange, qty: pl.Series) -> None:
    """A quantity is the same number whatever type its column has."""
    _, client = arrange()
    load(client, one())
    assert look(client, one().with_columns(qty.alias("qty")))["outcome"].to_list() == ["delivered"]
    other = one().with_columns(pl.Series("qty", ["5.25"]).cast(pl.Decimal(9, 2)))
    assert look(client, other)["message"][0].startswith("read back: the platform holds quantity 5 (not 5.25)")


def test_what_a_row_does_not_say_is_the_usual(arrange: Arrange) -> None:
    """Without type and status a row is looked for as LAST_ON_HAND and ACTIVE, under the reference it was given."""
    _, client = arrange()
    load(client, one())
    for rows in (one().drop("type", "status"), one(type=None, status=None)):
        told = look(client, rows)
        assert told.select("ref", "outcome").rows() == [(client.batches().entity_ref(rows)[0], "delivered")]


def test_row_goes_by_the_callers_reference(arrange: Arrange) -> None:
    """The verdict stands under the reference that the caller gave, whatever the platform's is; none has no verdict."""
    _, client = arrange()
    load(client, stock(3))
    told = client.batches().read_back(stock(3), pl.Series([7, None, 9]), datetime(2026, 1, 15, tzinfo=UTC))
    assert told.select("ref", "outcome").rows() == [("7", "delivered"), ("9", "delivered")]


def test_verdicts_come_in_the_order_of_the_rows(arrange: Arrange) -> None:
    """The answer is in the order of the rows, one line a reference; rows that share one must all be as it says."""
    _, client = arrange()
    load(client, stock(3))
    rows = stock(3).with_columns(qty=pl.Series([0, 7, 2]))
    assert look(client, rows)["outcome"].to_list() == ["delivered", "unknown", "delivered"]
    twice = pl.concat([rows.head(1), rows.head(1).with_columns(qty=pl.lit(8, pl.Int64))])
    assert look(client, twice)["outcome"].to_list() == ["unknown"]


@pytest.mark.parametrize("known", ["DELTA", "CORRECTION", "delta"])
def test_a_change_is_never_proven(arrange: Arrange, known: str) -> None:
    """P22: what is held cannot prove a change of a level, not even where the numbers are the same."""
    there, client = arrange()
    load(client, one(type=known))
    verdict = look(client, one(type=known)).row(0, named=True)
    assert verdict["outcome"] == "unknown"
    assert verdict["message"].startswith(f"read back: a {known} is a change, not a level")
    assert there.ledger.count("POST", "/graphql") == 0


def test_what_is_not_there_is_not_told(arrange: Arrange) -> None:
    """P22: a row that the platform does not hold is not in the answer, nor is one of another kind than INVENTORY."""
    _, client = arrange()
    load(client, one())
    rows = pl.concat([one(), one(skuRef="B"), one(type="EXPECTED"), one(locationRef="M")])
    assert look(client, rows)["ref"].to_list() == [REF]
    assert look(client, rows, entity_type="LOCATION").height == 0
    assert look(client, one(ref="R").drop("skuRef")).height == 0
    assert look(client, rows.clear()).schema == CODES


def test_own_reference_that_is_not_there_is_looked_for_at_the_position(arrange: Arrange) -> None:
    """A quantity that the platform keeps under another reference is found at its SKU, location and type."""
    there, client = arrange()
    load(client, one(ref="OLD"))
    rows = pl.concat([one(ref="NEW"), one(ref="GONE", skuRef="Z")])
    assert look(client, rows).select("ref", "outcome").rows() == [("NEW", "delivered")]
    assert look(client, one(qty=9)).select("ref", "outcome").rows() == [(REF, "unknown")]
    assert there.ledger.count("POST", "/graphql") == 4


def test_reference_of_another_position_proves_nothing(arrange: Arrange) -> None:
    """P22: the same reference and amount at another SKU is not this row."""
    _, client = arrange()
    load(client, one(ref="R", skuRef="OTHER"))
    assert look(client, one(ref="R")).height == 0
    load(client, pl.concat([one(skuRef="A:B", locationRef="C")]))
    assert look(client, one(skuRef="A", locationRef="B:C")).height == 0


def test_another_delivery_at_the_position_proves_nothing(arrange: Arrange) -> None:
    """P22: an expected quantity under another reference may be another delivery, however alike the two are."""
    _, client = arrange()
    load(client, one(type="EXPECTED", ref="ASN-1"))
    verdict = look(client, one(type="EXPECTED", ref="ASN-2")).row(0, named=True)
    assert verdict["outcome"] == "unknown"
    assert "5 under the reference ASN-1 (not ASN-2)" in verdict["message"]


def test_quantity_of_another_row_is_not_this_rows(arrange: Arrange) -> None:
    """P22: a quantity that goes by another row's reference proves that row alone."""
    _, client = arrange()
    load(client, one(ref="R1"))
    assert look(client, pl.concat([one(ref="R1"), one(ref="R2")]))["ref"].to_list() == ["R1"]


def test_same_quantity_twice_must_agree_twice(arrange: Arrange) -> None:
    """P22: where several quantities fit a row, all must say what it says: one of them may be the wrong one."""
    there, client = arrange()
    load(client, one())
    quantities = there.world.tables["InventoryQuantity"]
    quantities.add({**quantities.row(0), "quantity": 5})
    assert look(client, one())["outcome"].to_list() == ["delivered"]
    quantities.change(1, {"quantity": 6})
    assert look(client, one())["outcome"].to_list() == ["unknown"]


def test_position_with_more_quantities_than_asked_for_proves_nothing(arrange: Arrange) -> None:
    """P21: where a position's quantities are cut, what is seen of them is no proof."""
    there, client = arrange()
    load(client, one(ref="OLD"))
    quantities = there.world.tables["InventoryQuantity"]
    for _ in range(20):
        quantities.add(quantities.row(0))
    verdict = look(client, one(ref="NEW")).row(0, named=True)
    assert verdict["outcome"] == "unknown"
    assert verdict["message"].endswith("more quantities of the type than were asked for")


@pytest.mark.parametrize(
    "said",
    [
        "2026-02-01T00:00:00.000Z",
        "2026-02-01",
        "2026-02-01T00:00:00",
        "2026-02-01T01:00:00+01:00",
        date(2026, 2, 1),
        datetime(2026, 2, 1),  # noqa: DTZ001 - one without a zone is the case
        datetime(2026, 2, 1, 1, tzinfo=timezone(timedelta(hours=1))),
    ],
)
def test_dates_are_compared_as_instants(arrange: Arrange, said: Any) -> None:
    """A date that a row names is the same instant however it is written; another one differs."""
    _, client = arrange()
    load(client, one(type="EXPECTED", expectedOn="2026-02-01T00:00:00.000Z", condition="NEW", storageAreaRef="Z"))
    rows = one(type="EXPECTED", expectedOn=said, condition="NEW", storageAreaRef="Z")
    told = look(client, rows)
    assert told["outcome"].to_list() == ["delivered"]
    assert "condition NEW, storage area Z, expected on 2026-02-01T00:00:00.000Z" in told["message"][0]
    assert look(client, rows.with_columns(expectedOn=pl.lit("soon")))["outcome"].to_list() == ["unknown"]


def test_it_says_whether_the_difference_is_older_than_the_row(arrange: Arrange, clock: ManualClock) -> None:
    """P22: what differs is told with the instant of its last change, before or after the row was sent."""
    _, client = arrange()
    load(client, one())
    messages = [look(client, one(qty=6), clock.now() + timedelta(seconds=s))["message"][0] for s in (-1, 1)]
    assert [text.rsplit(", ", 1)[1] for text in messages] == ["after the row was sent", "before the row was sent"]


@pytest.mark.parametrize("kind", ["short_page", "drop_before", "half_body"])
def test_a_bad_connection_hides_nothing(arrange: Arrange, kind: str) -> None:
    """P21: pages that come short or not at all are asked for again, and every row is found."""
    _, client = arrange(Fault(kind, path="/graphql", times=2))
    load(client, stock(1_200))
    assert look(client, stock(1_200))["outcome"].to_list() == ["delivered"] * 1_200


def test_rows_that_cannot_be_looked_for_are_told_as_such(arrange: Arrange) -> None:
    """P22: a query that fails leaves its own rows unknown with the reason, and hides none of the others."""
    failing = Fault("status", status=500, path="/graphql", match='"S0:L0:LAST_ON_HAND"')
    _, client = arrange(failing, Fault("status", status=500, path="/graphql", match="FcworkPositions"))
    load(client, stock(1_200))
    told = look(client, stock(1_200))
    assert told.group_by("outcome").len().sort("outcome").rows() == [("delivered", 700), ("unknown", 500)]
    unread = told.filter(outcome="unknown")
    assert unread["message"].str.starts_with("could not be read back: POST /graphql was answered 500").all()


def test_dead_platform_is_told_and_soon(arrange: Arrange) -> None:
    """P22: where nothing can be looked at the error is raised, after a few queries and not after hundreds."""
    there, client = arrange(Fault("drop_before", path="/graphql"))
    with pytest.raises(ConnectionFailedError):
        look(client, stock(20_000))
    assert there.ledger.count("POST", "/graphql") < 30


def test_missing_rights_are_told_at_once(arrange: Arrange) -> None:
    """P26: a user who may read neither quantities nor positions is told so after one query for each."""
    there, client = arrange(Fault("status", status=403, path="/graphql"))
    with pytest.raises(AuthError):
        look(client, stock(20_000))
    assert there.ledger.count("POST", "/graphql") == 2


def test_rights_to_one_of_both_are_used(arrange: Arrange) -> None:
    """P26: who may read only quantities has the rows found by reference, who may read only positions all of them."""
    rows = pl.concat([stock(600), stock(601).tail(1).with_columns(ref=pl.lit("NEW"))], how="diagonal")
    ends = {}
    for denied in ("FcworkQuantities", "FcworkPositions"):
        _, client = arrange(Fault("status", status=403, path="/graphql", match=denied))
        load(client, stock(601))
        ends[denied] = dict(look(client, rows).group_by("outcome").len().iter_rows())
    assert ends == {"FcworkQuantities": {"delivered": 601}, "FcworkPositions": {"delivered": 600, "unknown": 1}}


def test_a_platform_of_smaller_pages_is_asked_for_less(arrange: Arrange) -> None:
    """P21: where a query asks for too much, half as much is asked for, from then on, and all rows are found."""
    errors = [{"message": "at most 250 a page", "extensions": {"code": "C0001E"}}]
    there, client = arrange(Fault("graphql_errors", errors=errors, match='"first":500'))
    load(client, stock(2_000))
    assert look(client, stock(2_000))["outcome"].to_list() == ["delivered"] * 2_000
    assert there.ledger.count("POST", "/graphql") == 9


def test_a_query_that_is_always_refused_ends(arrange: Arrange) -> None:
    """P21: a query that is refused however little it asks for is told as the platform's refusal."""
    errors = [{"message": "no", "extensions": {"code": "C0001E"}}]
    there, client = arrange(Fault("graphql_errors", errors=errors))
    with pytest.raises(GraphQLError):
        look(client, stock(100))
    assert there.ledger.count("POST", "/graphql") < 30


def test_catalogue_is_that_of_the_route(arrange: Arrange) -> None:
    """The rows are looked for in the catalogue that the route's batches go to."""
    there, client = arrange()
    load(client, one())
    assert look(client, one(), catalogue_ref="DEFAULT:1")["outcome"].to_list() == ["delivered"]
    assert look(client, one(), catalogue_ref="OTHER:1").height == 0
    assert there.ledger.count("POST", "/graphql") == 3


@pytest.mark.parametrize("locations", [1, 3, 40, 3_000])
def test_positions_of_any_spread_are_found_in_few_queries(arrange: Arrange, locations: int) -> None:
    """Positions are asked for by SKUs and locations together, so that a query finds as many as it may."""
    there, client = arrange()
    rows = stock(3_000, locations)
    load(client, rows.with_columns(ref=pl.format("OLD-{}", "_row")))
    assert look(client, rows)["outcome"].to_list() == ["delivered"] * 3_000
    assert there.ledger.count("POST", "/graphql") <= 6 + 21
