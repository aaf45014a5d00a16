"""The route of mutations: what a request holds, and what is read out of its answer."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import polars as pl
import pytest

import fcwork
from fcwork.client import FluentClient
from fcwork.errors import (
    ApiError,
    AuthError,
    ConfigError,
    ConnectionFailedError,
    GraphQLError,
    MappingError,
    OutcomeUnknownError,
    RateLimitError,
    ServerError,
)
from fcwork.mapper import Mapper
from fcwork.mutations import Argument, Operation
from fcwork.routes import Paced, ReadsBack, Receipt, Route

SCHEMA = Path(fcwork.__file__).parent / "fluent.graphql"
PATH = "/graphql"
ROWS = pl.DataFrame({"_row": [1, 2, 3], "ref": ["A", "B", "C"], "name": ["a", None, "c"]})


def answered(data: dict[str, Any] | None, *errors: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """Return an answer of GraphQL."""
    return 200, {"data": data, **({"errors": list(errors)} if errors else {})}


def failed(code: str, message: str, *path: Any) -> dict[str, Any]:
    """Return an entry of an answer's errors."""
    return {"message": message, "extensions": {"code": code}, **({"path": list(path)} if path else {})}


def outcomes(route: Any, receipt: Receipt) -> list[tuple[Any, ...]]:
    """Return reference, outcome and code of each row of a receipt that has been in a ledger."""
    kept = Receipt(**json.loads(json.dumps({"id": receipt.id, "rows": receipt.rows, "details": receipt.details})))
    findings = route.outcomes([kept])
    assert findings.open == ()
    assert set(findings.records["receipt"]) == {receipt.id}
    found: list[tuple[Any, ...]] = findings.records.sort("ref").select("ref", "outcome", "code").rows()
    return found


def posted(route: Any, rows: pl.DataFrame = ROWS) -> Receipt:
    """Post rows in one request."""
    receipt: Receipt = route.post(route.pack(rows), rows.height)
    return receipt


def test_is_a_route_that_is_paced_and_reads_back(client: FluentClient) -> None:
    """Recovery can drive it, slow it down and let it look for lost rows; updates may be repeated, creates not."""
    route = client.mutations("createLocation")
    assert isinstance(route, Route)
    assert isinstance(route, Paced)
    assert isinstance(route, ReadsBack)
    assert (route.name, route.target, route.verifiable) == ("mutation createLocation", client.target, True)
    assert (route.repeat_safe, route.rate_per_second) == (False, 10.0)
    assert (route.limits.max_rows, route.limits.max_bytes) == (5, 2_000_000)
    assert client.mutations("updateOrder", rate_per_second=None).repeat_safe is True
    assert client.mutations("rebuildThings").repeat_safe is False
    assert client.mutations("createLocation", if_exists="update").repeat_safe is True
    assert client.mutations("createLocation", repeat_safe=True).repeat_safe is True
    assert client.mutations("updateOrder", repeat_safe=False, per_request=25).limits.max_rows == 25


def test_spec_is_a_name_an_operation_or_a_mapper(client: FluentClient) -> None:
    """A mapping brings its mutation, its fields to return and how many it wants in a request."""
    mapping = {
        "mutation": "createLocation",
        "returnFields": ["id", "status"],
        "aliasBatching": {"mutationsPerBatch": 7},
        "fields": {"ref": {"source": "ref"}},
    }
    mapper = Mapper(mapping)
    assert (mapper.operation and mapper.operation.returns, mapper.per_request) == (("id", "status"), 7)
    route = client.mutations(mapper)
    assert route.limits.max_rows == 7
    assert client.mutations(mapper, per_request=3).limits.max_rows == 3
    of_operation = client.mutations(Operation("createLocation", returns=("id", "status")))
    assert route.pack(ROWS) == of_operation.pack(ROWS) != client.mutations("createLocation").pack(ROWS)


def test_body_is_one_aliased_mutation_a_row(client: FluentClient) -> None:
    """A row is its mutation's input, without identity and nulls; values go as variables, and always the same."""
    route = client.mutations("createLocation")
    body = route.pack(ROWS)
    assert body == route.pack(ROWS.clone())
    sent = json.loads(body)
    assert sent["query"].splitlines()[0] == (
        "mutation BatchCreateLocations($input1: CreateLocationInput!, $input2: CreateLocationInput!, "
        "$input3: CreateLocationInput!) {"
    )
    assert "createLocation2: createLocation(input: $input2) {" in sent["query"]
    assert sent["variables"] == {
        "input1": {"ref": "A", "name": "a"},
        "input2": {"ref": "B"},
        "input3": {"ref": "C", "name": "c"},
    }


def test_values_keep_their_digits_and_shape(client: FluentClient) -> None:
    """Decimals go as numbers with all digits, instants in UTC, objects and lists as they are."""
    rows = pl.DataFrame(
        {
            "ref": ["A"],
            "price": pl.Series(["12345678901234567.10"]).cast(pl.Decimal(38, 2)),
            "at": pl.Series([datetime(2026, 1, 2, 3, tzinfo=UTC)]),
            "parts": [[{"id": 2**63 - 1, "note": None}]],
        }
    )
    route = client.mutations("createControl")
    body = route.pack(rows)
    assert b'"price":12345678901234567.1' in body
    assert b'"at":"2026-01-02T03:00:00.000Z"' in body
    (values,) = route._form.values_in(body, 1)
    assert values == {
        "input": {
            "ref": "A",
            "price": Decimal("12345678901234567.1"),
            "at": "2026-01-02T03:00:00.000Z",
            "parts": [{"id": Decimal(2**63 - 1)}],
        }
    }


def test_columns_are_the_arguments_of_other_shapes(client: FluentClient) -> None:
    """Where a mutation takes more than an input, columns are its arguments, and another column is refused."""
    operation = Operation("move", (Argument("id", "ID!"), Argument("to", "To!"), Argument("note", "String")))
    route = client.mutations(operation)
    rows = pl.DataFrame({"id": ["1", "2"], "to": [{"x": None}, {"x": 5}], "note": [None, "n"]})
    assert json.loads(route.pack(rows))["variables"] == {
        "id1": "1",
        "to1": {},
        "id2": "2",
        "to2": {"x": 5},
        "note2": "n",
    }
    assert route.entity_ref(rows).to_list() == ["1", "2"]
    with pytest.raises(ConfigError, match="move is given no argument 'nota': did you mean 'note'"):
        route.entity_ref(rows.rename({"note": "nota"}))
    whole = client.mutations("createLocation")
    only = pl.DataFrame({"input": [{"ref": "A"}]})
    assert whole.pack(only) == whole.pack(pl.DataFrame({"ref": ["A"]}))
    assert whole.entity_ref(only).to_list() == ["A"]


def test_references_tell_rows_apart(client: FluentClient) -> None:
    """P15: a row goes by its ref, id or username, or by the named key; without one by a digest of what it says."""
    made = client.mutations("createThing").entity_ref
    assert made(ROWS).to_list() == ["A", "B", "C"]
    assert made(pl.DataFrame({"id": [7, 8], "x": [1, 1]})).to_list() == ["7", "8"]
    assert client.mutations("createSetting").entity_ref(pl.DataFrame({"name": ["n"], "ref": ["r"]})).to_list() == ["n"]
    keyed = client.mutations("createThing", key="sku")
    assert keyed.entity_ref(pl.DataFrame({"ref": ["r"], "sku": ["s"]})).to_list() == ["s"]
    with pytest.raises(ConfigError, match="no key sku"):
        keyed.entity_ref(ROWS)
    loose = made(pl.DataFrame({"x": [1, 2, 1], "ref": [None, "", None]}))
    assert loose[0] == loose[2] != loose[1]
    assert set(loose.str.len_chars()) == {32}


def test_digests_are_those_of_the_whole_frame(platform: Any, client: FluentClient) -> None:
    """P15: a row without a key is told of under the reference it was sent with, whatever rows are beside it."""
    rows = pl.DataFrame(
        {
            "at": [datetime(2026, 1, 1, tzinfo=UTC)] * 3,
            "x": [{"y": None}, {"y": 1}, None],
            "opens": [None, None, datetime.min.time()],
        }
    )
    route = client.mutations("createThing")
    platform.on(PATH, answered({"createThing1": {"id": "1"}, "createThing2": {"id": "2"}}))
    told = outcomes(route, posted(route, rows.head(2)))
    assert {ref for ref, *_ in told} == set(route.entity_ref(rows).head(2))


def test_answer_tells_of_every_row(platform: Any, client: FluentClient) -> None:
    """P16: of one answer, rows are delivered, rejected, to be sent again or unknown, each by its own alias."""
    rows = pl.DataFrame({"ref": list("ABCDE")})
    data = {"createLocation1": {"id": "1"}, **{f"createLocation{n}": None for n in range(2, 6)}}
    platform.on(
        PATH,
        answered(
            data,
            failed("C0141E", "too long", "createLocation2"),
            failed("C0011E", "slow down", "createLocation3"),
            failed("S0002E", "broke", "createLocation4"),
            failed("C0123E", "there is one", "createLocation5"),
        ),
    )
    route = client.mutations("createLocation")
    receipt = posted(route, rows)
    assert (receipt.told, receipt.rows) == (True, 5)
    assert outcomes(route, receipt) == [
        ("A", "delivered", None),
        ("B", "rejected", "C0141E"),
        ("C", "retryable", "C0011E"),
        ("D", "unknown", "S0002E"),
        ("E", "rejected", "C0123E"),
    ]
    assert receipt.details["others"][-1] == ["E", "rejected", "C0123E", "it exists already: there is one"]
    assert len(platform.sent(PATH)) == 1


def test_a_named_variable_is_its_rows_alone(platform: Any, client: FluentClient) -> None:
    """P18: a document refused for one variable is that row's refusal; the others are sent again, not rejected."""
    platform.on(PATH, answered(None, failed("C0159E", "Variable '$input2' has invalid value")))
    route = client.mutations("createLocation")
    receipt = posted(route)
    told = [("A", "retryable", "C0159E"), ("B", "rejected", "C0159E"), ("C", "retryable", "C0159E")]
    assert outcomes(route, receipt) == told


@pytest.mark.parametrize(
    ("mutation", "answer", "kind"),
    [
        ("createLocation", answered(None, failed("C0001E", "a complexity of 9 is over 8")), GraphQLError),
        ("createLocation", answered(None, failed("C0140E", "these variables are required: input2")), GraphQLError),
        ("createLocation", answered(None, failed("C0011E", "rate limit")), RateLimitError),
        ("createLocation", answered(None, failed("S0020E", "failed")), OutcomeUnknownError),
        ("updateLocation", answered(None, failed("S0020E", "failed")), ServerError),
        ("createLocation", answered(None, failed("C0020E", "access denied")), AuthError),
        (
            "createLocation",
            answered(
                {f"createLocation{n}": None for n in (1, 2, 3)},
                *[failed("C0020E", "access denied", f"createLocation{n}") for n in (1, 2, 3)],
            ),
            AuthError,
        ),
        ("createLocation", (503, {}), OutcomeUnknownError),
        ("updateLocation", (503, {}), ServerError),
        ("createLocation", (429, {}), RateLimitError),
        ("createLocation", (200, b"<html>"), OutcomeUnknownError),
        ("createLocation", (200, {"hello": 1}), OutcomeUnknownError),
        ("createLocation", (200, [1]), OutcomeUnknownError),
        ("createLocation", httpx.ReadTimeout("late"), OutcomeUnknownError),
        ("updateLocation", httpx.ReadTimeout("late"), OutcomeUnknownError),
        ("createLocation", httpx.ConnectError("nobody"), ConnectionFailedError),
    ],
)
def test_a_request_that_fails_whole_is_a_typed_error(
    platform: Any, client: FluentClient, mutation: str, answer: Any, kind: type[ApiError]
) -> None:
    """P16: what befalls a whole request is raised by its kind, after one try."""
    platform.on(PATH, answer)
    route = client.mutations(mutation)
    with pytest.raises(ApiError) as caught:
        posted(route)
    assert type(caught.value) is kind
    assert len(platform.sent(PATH)) == 1


def test_partly_forbidden_rows_do_not_stop_the_send(platform: Any, client: FluentClient) -> None:
    """Missing rights stop a send only where no row of the request was done."""
    answer = answered({"createLocation1": {"id": "1"}}, failed("C0020E", "denied", "createLocation2"))
    platform.on(PATH, answer)
    route = client.mutations("createLocation")
    assert outcomes(route, posted(route, ROWS.head(2))) == [("A", "delivered", None), ("B", "rejected", "C0020E")]


def existing(*nodes: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """Return the answer to a look for locations."""
    page = {"edges": [{"cursor": str(at), "node": node} for at, node in enumerate(nodes)]}
    return answered({"locations": {**page, "pageInfo": {"hasNextPage": False}}})


def test_what_exists_is_updated_in_the_same_request(platform: Any, client: FluentClient) -> None:
    """Rows that exist go as updates by their ids beside the creates, and packing knows nothing of it."""
    rows = pl.DataFrame(
        {
            "ref": ["A", "B"],
            "name": ["a", "b"],
            "primaryAddress": [{"ref": "A", "latitude": 1.5}, {"ref": "B", "latitude": 2.5}],
        }
    )
    route = client.mutations("createLocation", if_exists="update")
    done = answered({"createLocation1": {"id": "1"}, "updateLocation2": {"id": "2"}})
    platform.on(PATH, existing({"id": "2", "ref": "B", "primaryAddress": {"id": "20"}}), done)
    assert outcomes(route, posted(route, rows)) == [("A", "delivered", None), ("B", "delivered", None)]
    look, change = platform.sent(PATH)
    assert look["variables"]["keys"] == ["A", "B"]
    assert "updateLocation2: updateLocation(input: $input2)" in change["query"]
    assert change["variables"] == {
        "input1": {"ref": "A", "name": "a", "primaryAddress": {"ref": "A", "latitude": 1.5}},
        "input2": {"id": "2", "name": "b", "primaryAddress": {"id": "20", "latitude": 2.5}},
    }
    assert json.loads(route.pack(rows))["variables"].keys() == {"input1", "input2"}


def test_what_exists_is_left_as_it_is(platform: Any, client: FluentClient) -> None:
    """Where rows that exist are skipped they are delivered with that word, and no mutation leaves for them."""
    route = client.mutations("createLocation", if_exists="skip")
    platform.on(PATH, existing(*({"id": ref, "ref": ref} for ref in "ABC")))
    receipt = posted(route)
    assert [line[1:] for line in receipt.details["others"]] == [
        ["delivered", None, "it exists already and was left as it is"]
    ] * 3
    assert len(platform.sent(PATH)) == 1


@pytest.mark.parametrize(
    ("if_exists", "second", "outcome"),
    [
        ("skip", existing({"id": "1", "ref": "A"}), "delivered"),
        ("update", existing({"id": "1", "ref": "A"}), "retryable"),
        ("update", existing(), "rejected"),
        ("skip", (401, {}), "retryable"),
    ],
)
def test_one_that_comes_in_between_is_looked_up_again(
    platform: Any, client: FluentClient, if_exists: Any, second: Any, outcome: str
) -> None:
    """A create refused as existing though nothing was found is looked up again, and other rows keep their end."""
    twin = answered(
        {"createLocation1": None, "createLocation2": {"id": "2"}}, failed("C0123E", "there is", "createLocation1")
    )
    platform.on(PATH, existing(), twin, second)
    route = client.mutations("createLocation", if_exists=if_exists)
    told = outcomes(route, posted(route, ROWS.head(2)))
    assert [line[:2] for line in told] == [("A", outcome), ("B", "delivered")]


def test_a_look_that_fails_means_nothing_was_done(platform: Any, client: FluentClient) -> None:
    """Where what exists cannot be looked up no mutation leaves."""
    platform.on(PATH, (500, {}))
    route = client.mutations("createLocation", if_exists="update")
    with pytest.raises(ServerError):
        posted(route)
    assert all("mutation" not in sent["query"] for sent in platform.sent(PATH))


def test_fields_are_never_dropped_unsaid(client: FluentClient) -> None:
    """A field that the update does not take is refused before anything leaves, unless it is left to creates."""
    rows = pl.DataFrame({"ref": ["Q"], "catalogue": [{"ref": "C"}], "position": [{"ref": "P"}], "quantity": [1]})
    route = client.mutations("createInventoryQuantity", if_exists="update")
    with pytest.raises(ConfigError, match="updateInventoryQuantity does not take position") as caught:
        route.entity_ref(rows)
    assert "create_only=['position']" in caught.value.hint
    route.entity_ref(rows.with_columns(position=pl.lit(None)))
    agreed = client.mutations("createInventoryQuantity", if_exists="update", create_only=["position"])
    assert agreed.entity_ref(rows).to_list() == ["Q"]
    assert client.mutations("createInventoryQuantity", if_exists="skip").entity_ref(rows).to_list() == ["Q"]


def test_the_schema_says_what_an_update_takes(client: FluentClient) -> None:
    """With a schema the update's own type decides, at any depth; lists whose items need ids are not taken."""
    rows = pl.DataFrame(
        {
            "ref": ["O"],
            "retailer": [{"id": "2"}],
            "items": [[{"ref": "1"}]],
            "totalPrice": [1.5],
            "attributes": [[{"name": "n", "type": "t", "value": "v", "more": 1}]],
        }
    )
    route = client.mutations("createOrder", if_exists="update", schema=SCHEMA)
    with pytest.raises(ConfigError, match=r"updateOrder does not take items, attributes\.more"):
        route.entity_ref(rows)
    left = ["items", "attributes.more"]
    agreed = client.mutations("createOrder", if_exists="update", schema=SCHEMA, create_only=left)
    assert agreed.entity_ref(rows).to_list() == ["O"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"spec": 5}, "5 is of no mutation"),
        ({"spec": Mapper({"fields": {"a": {"source": "a"}}})}, "is of no mutation"),
        ({"if_exists": "replace"}, "if_exists='replace' is not known"),
        ({"spec": "createThing", "if_exists": "skip"}, "cannot be had for createThing"),
        ({"spec": "createCategory", "if_exists": "update"}, "cannot be had for createCategory"),
        ({"spec": "updateLocation", "if_exists": "update"}, "cannot be had for updateLocation"),
        ({"if_exists": "update", "create_only": "items"}, "create_only is 'items'"),
        ({"create_only": "items"}, "create_only is 'items'"),
        ({"create_only": 5}, "create_only is 5"),
        ({"create_only": None}, "create_only is None"),
        ({"if_exists": "update", "create_only": [5]}, "create_only is [5]"),
        ({"key": 5}, "key is 5"),
        ({"key": ""}, "key is ''"),
        ({"key": ["ref"]}, "key is ['ref']"),
        ({"per_request": 0}, "per_request is 0"),
        ({"per_request": True}, "per_request is True"),
        ({"rate_per_second": 0}, "rate_per_second is 0"),
        ({"rate_per_second": float("inf")}, "rate_per_second is inf"),
    ],
)
def test_wrong_arguments_are_told_at_once(client: FluentClient, given: dict[str, Any], message: str) -> None:
    """A call that cannot be meant is refused before anything is sent."""
    spec = given.pop("spec", "createLocation")
    with pytest.raises(ConfigError) as caught:
        client.mutations(spec, **given)
    assert message in str(caught.value)
    assert caught.value.hint


def test_the_schema_checks_the_mutation(client: FluentClient) -> None:
    """With a schema a mutation that is not there, or misspelt, is told with the nearest name."""
    with pytest.raises(MappingError, match="createLocation"):
        client.mutations("createLocatoin", schema=SCHEMA)
    assert client.mutations("createSetting", schema=SCHEMA).limits.max_rows == 5


def test_lost_rows_are_looked_for(platform: Any, client: FluentClient) -> None:
    """P16: what was created since is delivered, what was there before is unknown, the rest is not found."""
    since = datetime(2026, 1, 1, 12, tzinfo=UTC)
    nodes = [
        {"id": "1", "ref": "A", "createdOn": "2026-01-01T12:00:00.000Z"},
        {"id": "2", "ref": "B", "createdOn": "2025-01-01T00:00:00Z"},
    ]
    platform.on(PATH, existing(*nodes, {"id": "9", "ref": "X", "createdOn": "2026-01-01T12:00:00Z"}))
    refs = pl.Series(["a", "b", "c"])
    found = client.mutations("createLocation").read_back(ROWS, refs, since)
    assert found.columns == ["ref", "outcome", "code", "message"]
    assert found.select("ref", "outcome").rows() == [("a", "delivered"), ("b", "unknown")]
    assert "was before this was sent" in found["message"][1]
    a_little_later = since + timedelta(seconds=5)
    doubtful = client.mutations("createLocation").read_back(ROWS, refs, a_little_later)
    assert doubtful.select("ref", "outcome").rows() == [("a", "unknown"), ("b", "unknown")]
    assert "about when this was sent" in doubtful["message"][0]
    skipping = client.mutations("createLocation", if_exists="skip").read_back(ROWS, refs, since)
    assert skipping["outcome"].to_list() == ["delivered", "delivered"]
    twins = client.mutations("createLocation").read_back(pl.concat([ROWS, ROWS]), pl.concat([refs, refs]), since)
    assert twins["outcome"].to_list() == ["unknown"] * 4
    updating = client.mutations("createLocation", if_exists="update").read_back(ROWS, refs, since)
    assert updating["outcome"].to_list() == ["unknown", "unknown"]
    assert client.mutations("updateLocation").read_back(ROWS, refs, since).height == 0
    node = {"id": "1", "name": "n", "context": "ACCOUNT", "contextId": 0}
    platform.on(PATH, answered({"settings": {"edges": [{"node": node}], "pageInfo": {"hasNextPage": False}}}))
    row = pl.DataFrame({"name": ["n"], "context": ["ACCOUNT"], "contextId": [0]})
    undated = client.mutations("createSetting").read_back(row, pl.Series(["n"]), since)
    assert undated.select("ref", "outcome").rows() == [("n", "unknown")]


def found(*nodes: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """Return the answer to a look for orders, each with its retailer."""
    page = {"edges": [{"cursor": str(at), "node": node} for at, node in enumerate(nodes)]}
    return answered({"orders": {**page, "pageInfo": {"hasNextPage": False}}})


def order(number: str, ref: str, retailer: str = "5") -> dict[str, Any]:
    """Return an order as the look for it is answered."""
    return {"id": number, "ref": ref, "retailer": {"id": retailer}}


CHANGES = pl.DataFrame({"_row": [1, 2, 3], "ref": ["A", "B", "C"], "status": ["x", "y", "z"]})


def test_rows_name_what_they_change_by_its_ref(platform: Any, client: FluentClient) -> None:
    """Refs are looked up in one request, the updates carry the ids, and what is not there is refused by itself."""
    route = client.mutations("updateOrder", find_by="ref")
    done = answered({"updateOrder1": {"id": "11"}, "updateOrder3": {"id": "13"}})
    platform.on(PATH, found(order("11", "A"), order("13", "C")), done)

    told = outcomes(route, posted(route, CHANGES))

    assert told == [("A", "delivered", None), ("B", "rejected", "NOT_FOUND"), ("C", "delivered", None)]
    look, change = platform.sent(PATH)
    assert look["variables"]["keys"] == ["A", "B", "C"]
    assert change["variables"] == {"input1": {"id": "11", "status": "x"}, "input3": {"id": "13", "status": "z"}}
    assert route.repeat_safe


def test_what_is_not_there_is_asked_for_and_no_more(platform: Any, client: FluentClient) -> None:
    """Where no row names anything that is there, no mutation leaves; a row without a ref is told as such."""
    platform.on(PATH, found())
    route = client.mutations("updateOrder", find_by="ref")
    told = outcomes(route, posted(route, CHANGES.with_columns(ref=pl.Series(["A", None, ""]))))
    assert sorted(line[1:] for line in told) == [("rejected", "NOT_FOUND"), *[("rejected", "NOT_NAMED")] * 2]
    assert len(platform.sent(PATH)) == 1


def test_a_ref_of_several_is_refused_unless_the_row_says_whose(platform: Any, client: FluentClient) -> None:
    """Orders of another retailer are not meant, and a fulfilment whose ref two orders have needs its order."""
    route = client.mutations("updateOrder", find_by="ref")
    platform.on(PATH, found(order("11", "A"), order("12", "A", "9")), answered({"updateOrder1": {"id": "12"}}))
    rows = CHANGES.head(1).with_columns(retailer=pl.Series([{"id": "9"}]))
    assert outcomes(route, posted(route, rows)) == [("A", "delivered", None)]
    assert platform.sent(PATH)[1]["variables"] == {"input1": {"id": "12", "status": "x"}}

    twins = [{"id": at, "ref": "F", "order": {"id": at}} for at in ("1", "2")]
    page = {"edges": [{"cursor": node["id"], "node": node} for node in twins], "pageInfo": {"hasNextPage": False}}
    platform.on(PATH, answered({"fulfilments": page}))
    of_fulfilments = client.mutations("updateFulfilment", find_by="ref")
    receipt = posted(of_fulfilments, pl.DataFrame({"ref": ["F"], "status": ["PICKED"]}))
    assert outcomes(of_fulfilments, receipt) == [("F", "rejected", "AMBIGUOUS")]
    assert "order.id" in receipt.details["others"][0][3]


def test_a_mutation_that_takes_the_ref_looks_nothing_up(platform: Any, client: FluentClient) -> None:
    """Controls are updated by their ref as it is; find_by asks for nothing there."""
    platform.on(PATH, answered({"updateControl1": {"id": "1"}}))
    route = client.mutations("updateControl", find_by="ref")
    assert outcomes(route, posted(route, ROWS.head(1))) == [("A", "delivered", None)]
    assert len(platform.sent(PATH)) == 1


def test_a_row_names_what_it_changes_once(client: FluentClient) -> None:
    """An id beside a reference that is to be looked up is refused before anything is sent."""
    route = client.mutations("updateOrder", find_by="ref")
    with pytest.raises(ConfigError, match="have an id"):
        route.entity_ref(CHANGES.with_columns(id=pl.lit("5")))


@pytest.mark.parametrize(
    ("spec", "given", "message"),
    [
        ("createOrder", {"find_by": "ref"}, "cannot be had for createOrder"),
        ("updateThing", {"find_by": "ref"}, "cannot be had for updateThing"),
        ("updateOrder", {"find_by": "status"}, "finds nothing by 'status'"),
        ("updateOrder", {"find_by": ["ref"]}, "find_by is ['ref']"),
        ("updateOrder", {"find_by": ""}, "find_by is ''"),
        ("createOrder", {"find_by": "ref", "if_exists": "update"}, "if_exists for creates"),
    ],
)
def test_what_cannot_be_found_by_a_field_is_told_at_once(
    client: FluentClient, spec: str, given: dict[str, Any], message: str
) -> None:
    """find_by is for updates of what is known, by the field that it is listed by."""
    with pytest.raises(ConfigError) as caught:
        client.mutations(spec, **given)
    assert message in str(caught.value)
    assert caught.value.hint
