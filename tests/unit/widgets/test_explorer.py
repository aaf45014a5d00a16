"""The panel that builds queries."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import pytest

import fcwork as fw
from fcwork import personal, schema, session, settings
from fcwork.client import FluentClient
from fcwork.errors import ConfigError
from fcwork.ipython import cell
from fcwork.redact import MASK
from fcwork.simulator import Fault, Faults, Simulator
from fcwork.widgets import ConnectionPanel, QueryExplorer, typed
from fcwork.widgets.askable import Askable
from fcwork.widgets.building import built

ASKABLE = Askable(schema.platform())


@pytest.fixture
def client() -> Iterator[FluentClient]:
    """A client of an embedded simulator."""
    yield fw.connect("simulator")
    session.forget_simulator()


def asked(explorer: QueryExplorer) -> QueryExplorer:
    """Wait for what is under way."""
    assert explorer.work.wait(20)
    return explorer


def another(positions: int, seed: int = 7) -> FluentClient:
    """A client of another platform, which has so many positions."""
    simulator = Simulator(positions=positions, seed=seed)
    found = settings.find(**simulator.connect())
    assert found is not None
    return FluentClient.from_settings(found, transport=simulator.transport(), target="OTHER")


def takes(root: str, path: str) -> Any:
    """Return the type of a filter."""
    return ASKABLE.filter(root, path).kind


@pytest.mark.parametrize("root", ASKABLE.roots())
def test_what_is_offered_can_be_asked(root: str) -> None:
    """Each query that is built of what the schema offers is one that the magic finds no fault with."""
    level = ASKABLE.level(root)
    paths = [level.below(name) for name in level.plain]
    for name in level.inner:
        inner = ASKABLE.level(root, name)
        paths += [inner.below(one) for one in inner.plain][:2]
    needed = {path: "1" for path, one in ASKABLE.filters(root).items() if one.required}
    query = built(ASKABLE, root, paths, needed)
    line, _, text = query.cell.partition("\n")
    assert cell.read(line.removeprefix("%%fluent"), text, schema.platform()).unknown == ()


def test_a_query_has_its_values_as_variables() -> None:
    """What is written for a filter goes into a variable of its declared type, and never into the text."""
    hostile = 'x" }) { id } #'
    query = built(
        ASKABLE, "orders", ["ref", "items.product.ref"], {"ref": f'"{hostile.replace(chr(34), chr(34) * 2)}"'}
    )
    assert query.variables == {"ref": [hostile]}
    assert "query ($ref: [String]) {" in query.text
    assert hostile not in query.text
    assert query.text.count("edges {") == 2


def test_parts_of_an_object_go_into_one_variable() -> None:
    """Filters within an argument make one object; where one of its parts is needed, that is told."""
    query = built(
        ASKABLE, "orders", ["ref"], {"createdOn.from": "2026-01-31", "createdOn.to": "2026-02-01T10:00:00+01:00"}
    )
    assert query.variables == {"createdOn": {"from": "2026-01-31T00:00:00Z", "to": "2026-02-01T09:00:00Z"}}
    with pytest.raises(ConfigError, match=r"standardProducts needs category.ref"):
        built(ASKABLE, "standardProducts", ["ref"], {"category.catalogue.ref": "PC"})


@pytest.mark.parametrize(
    ("root", "path", "text", "value"),
    [
        ("orders", "status", "CREATED, BOOKED ,", ["CREATED", "BOOKED"]),
        ("orders", "status", '"A, B", C', ["A, B", "C"]),
        ("orders", "workflowVersion", "1,2", [1, 2]),
        ("prices", "value", "1.5, -2e3", [1.5, -2000.0]),
        ("order", "ref", "  =1+1 ", "=1+1"),
    ],
)
def test_a_text_becomes_a_value_of_its_type(root: str, path: str, text: str, value: object) -> None:
    """What is written is read by the type that the schema wants, several with commas."""
    assert typed.value(text, takes(root, path), path) == value


@pytest.mark.parametrize(
    ("root", "path", "text"),
    [
        ("orders", "workflowVersion", "1.5"),
        ("orders", "workflowVersion", "3000000000"),
        ("orders", "workflowVersion", "9" * 5000),
        ("prices", "value", "nan"),
        ("prices", "value", "1e999"),
        ("orders", "createdOn.from", "soon"),
        ("orders", "createdOn.from", "0001-01-01T00:00:00+05:00"),
        ("orders", "createdOn.to", "9999-12-31T23:00:00-05:00"),
    ],
)
def test_a_text_of_another_type_is_told(root: str, path: str, text: str) -> None:
    """P32: what is not of its type is told with its place and what is taken, before anything is sent."""
    with pytest.raises(ConfigError, match=path.replace(".", r"\.")) as error:
        typed.value(text, takes(root, path), path)
    assert error.value.hint.startswith("it takes")


def test_values_of_python_are_written_as_people_do() -> None:
    """Filters given in code are those that a person would have written."""
    explorer = QueryExplorer(
        root="orders", filters={"status": ["A, B", "C"], "createdOn.from": datetime(2026, 1, 31, tzinfo=UTC)}
    )
    assert explorer.variables == {"status": ["A, B", "C"], "createdOn": {"from": "2026-01-31T00:00:00Z"}}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"root": "order s"}, "did you mean 'orders'"),
        ({"fields": ["reff"]}, "did you mean 'ref'"),
        ({"fields": ["items"]}, "items is no value but a OrderItem"),
        ({"filters": {"statuss": "A"}}, "did you mean 'status'"),
        ({"engine": "spark"}, "engine='spark' is not known"),
    ],
)
def test_what_is_not_there_is_told_with_the_nearest(given: dict[str, Any], told: str) -> None:
    """P32: a root, field, filter or engine that is not known is refused at once, with what is."""
    with pytest.raises(ConfigError, match=told):
        QueryExplorer(**given)


def test_nothing_is_asked_before_run(client: FluentClient) -> None:
    """Until Run is pressed the value has the columns and no rows, and the platform was not asked."""
    explorer = QueryExplorer(client, root="inventoryPositions", fields=["ref", "onHand"])
    assert explorer.value.columns == ["ref", "onHand"]
    assert explorer.value.height == 0
    assert "not asked" in str(explorer)
    assert not explorer.complete


def test_rows_are_paged_through_and_then_all_fetched(client: FluentClient) -> None:
    """Next shows further rows and asks for a page where they end; All pages goes on from there to the end."""
    explorer = QueryExplorer(client, root="inventoryPositions", fields=["ref", "onHand"], page_size=30)
    explorer.run()
    assert asked(explorer).value.height == 30
    explorer.turn_page(1)
    assert (explorer["first"], explorer.value.height, explorer.shown().height) == (25, 30, 5)
    explorer.turn_page(1)
    assert (asked(explorer)["first"], explorer.value.height) == (50, 60)
    explorer.run_all()
    whole = client.frame("{ inventoryPositions { edges { node { ref onHand } } } }")
    assert asked(explorer).complete
    assert explorer.value.equals(whole)
    assert "2,500 rows · 84 pages · complete" in str(explorer)
    explorer.turn_page(-1)
    assert explorer["first"] == 25


def test_all_pages_of_what_is_whole_are_asked_anew(client: FluentClient) -> None:
    """All pages, pressed again where none is missing, brings the same rows and none of them twice."""
    explorer = QueryExplorer(client, root="locations", fields=["ref"])
    for _ in range(4):
        explorer.run_all()
        assert asked(explorer).complete
        assert explorer.value["ref"].n_unique() == explorer.value.height > 0


def test_a_table_stays_while_further_pages_come(client: FluentClient) -> None:
    """The rows that are shown are drawn once, so that one may scroll in them; how many there are is told beside."""
    explorer = QueryExplorer(client, root="inventoryPositions", fields=["ref", "onHand"])
    drawn: list[str] = []
    explorer.view._table.observe(lambda change: drawn.append(change["new"]), names="value")
    explorer.run_all()
    assert asked(explorer).complete
    assert len(drawn) == 1
    assert "1 to 25 of 2,500 rows" in explorer.view._span.value


def test_a_query_run_again_shows_what_came_now(monkeypatch: pytest.MonkeyPatch) -> None:
    """The table is of the rows that the value has, also where as many came before."""
    explorer = QueryExplorer(root="inventoryPositions", fields=["ref", "onHand"], page_size=30)
    drawn = []
    for seed in (7, 8):
        monkeypatch.setattr(session, "connect", lambda seed=seed: another(40, seed))
        explorer.run()
        assert asked(explorer).value.height == 30
        drawn.append(explorer.view._table.value)
    assert drawn[0] != drawn[1]
    assert all(f">{number:,}<" in drawn[1] for number in explorer.shown()["onHand"].drop_nulls())


def test_the_rows_are_those_of_the_query_that_is_shown(client: FluentClient) -> None:
    """Another field or filter has no rows until it is asked; what was asked before has its rows still."""
    explorer = QueryExplorer(client, root="locations", fields=["ref"])
    explorer.run()
    assert asked(explorer).value.height > 0
    explorer.tick("status", yes=True)
    assert explorer.value.columns == ["ref", "status"]
    assert explorer.value.height == 0
    explorer.tick("status", yes=False)
    assert explorer.value.height > 0


def test_rows_of_two_platforms_are_never_in_one_frame(client: FluentClient) -> None:
    """P33: where the cell names another client, what came of the first is not shown and not gone on with."""
    asks: dict[str, Any] = {"root": "inventoryPositions", "fields": ["ref", "onHand"], "page_size": 30}
    explorer = QueryExplorer(client, **asks)
    explorer.run()
    assert asked(explorer).value.height == 30
    assert "of 30 rows" in explorer.view._span.value
    other = another(40)
    QueryExplorer(other, **asks)
    assert (explorer.value.height, explorer.complete, explorer.view._span.value) == (0, False, "")
    explorer.turn_page(1)
    explorer.run_all()
    assert asked(explorer).value.equals(other.frame("{ inventoryPositions { edges { node { ref onHand } } } }"))
    QueryExplorer(**asks)
    assert explorer.value.height == 0


def test_rows_are_those_of_the_connection_that_is_chosen() -> None:
    """P33: another choice on the connection's panel has none of the rows of before; that of before has them."""
    connection = ConnectionPanel("simulator")
    explorer = QueryExplorer(connection, root="locations", fields=["ref"])
    explorer.run()
    rows = asked(explorer).value
    assert rows.height > 0
    assert "<table" in explorer.view._table.value
    connection.choose("profile", "elsewhere")
    assert (explorer.value.height, explorer.view._table.value) == (0, "")
    connection.choose("profile", "simulator")
    assert explorer.value.equals(rows)
    assert "<table" in explorer.view._table.value


def test_the_code_that_is_handed_on_asks_the_same(client: FluentClient) -> None:
    """The Python gives the same frame when it is run."""
    explorer = QueryExplorer(
        client, root="inventoryPositions", fields=["ref", "product.ref"], filters={"locationRef": "LOC002"}
    )
    explorer.run_all()
    names: dict[str, Any] = {"client": client}
    exec(explorer.built.python, names)  # noqa: S102 - the panel's own code
    assert names["inventory_positions"].equals(asked(explorer).value)
    one = QueryExplorer(client, root="location", fields=["ref"], filters={"ref": "LOC001"}, name="one")
    one.run()
    exec(one.built.python, names)  # noqa: S102 - likewise
    assert names["location"] == {"ref": "LOC001"}
    assert asked(one).value.to_dicts() == [{"ref": "LOC001"}]


def test_rows_stay_where_the_client_is_made_anew() -> None:
    """The cells of client and explorer run again keep the rows that came, as they are of the same platform and user."""
    explorer = QueryExplorer(fw.connect("simulator"), root="inventoryPositions", page_size=10)
    explorer.run()
    rows = asked(explorer).value
    assert QueryExplorer(fw.connect("simulator"), root="inventoryPositions", page_size=10).value.equals(rows)
    explorer.run_all()
    assert asked(explorer).value.head(10).equals(rows)


def test_an_error_on_the_way_keeps_what_came() -> None:
    """P32: where a page fails, the rows of before are there, the panel says why, and Next goes on from there."""
    simulator = Simulator(positions=40, faults=Faults([Fault("status", path="/graphql", nth=3, status=400)]))
    found = settings.find(**simulator.connect())
    assert found is not None
    client = FluentClient.from_settings(found, transport=simulator.transport())
    explorer = QueryExplorer(client, page_size=10, root="inventoryPositions")
    explorer.run_all()
    assert asked(explorer).work.standing.phase == "failed"
    assert explorer.value.height == 20
    assert not explorer.complete
    explorer.run_all()
    assert asked(explorer).complete
    assert explorer.value["ref"].n_unique() == explorer.value.height == 40


def test_what_was_ticked_is_of_no_other_field() -> None:
    """A tick or a filter that comes after another root was chosen changes nothing of that one."""
    explorer = QueryExplorer(root="orders", filters={"status": "A"})
    view = explorer.view
    tick, narrowing = view._ticks["orders", "updatedOn"], view._filters["orders", "status"].children[0]
    explorer.choose("root", "locations")
    tick.value, narrowing.value = True, "B"
    assert (explorer["fields"], explorer["filters"]) == (("ref", "type", "status"), {})


def test_a_root_that_changes_has_fields_of_its_own() -> None:
    """Another root begins with its usual fields and no filter, whoever chose it."""
    explorer = QueryExplorer(root="orders", fields=["ref", "items.ref"], filters={"status": "A"})
    explorer.choose("root", "prices")
    assert (explorer["fields"], explorer["filters"]) == (("type",), {})
    again = QueryExplorer(root="locations", name="again")
    again.tick("primaryAddress.city", yes=True)
    again = QueryExplorer(root="orders", name="again")
    assert again["fields"] == ("ref", "type", "status")


def test_the_kind_of_frame_is_chosen(client: FluentClient) -> None:
    """The value is of the engine that was named."""
    explorer = QueryExplorer(client, root="locations", fields=["ref"], engine="pandas")
    explorer.run()
    assert isinstance(asked(explorer).value, pd.DataFrame)


def test_levels_lead_down_and_up() -> None:
    """Fields are offered of the rows, of what is in them, of what is above, and of where one is chosen."""
    explorer = QueryExplorer(root="orders", fields=["ref", "customer.username"])
    explorer.choose("level", "items")
    offered = [path for _, path in explorer.levels()]
    assert {"", "items", "items.product", "customer"} <= set(offered)
    assert explorer.level().kind == "OrderItem"


def test_a_picture_has_the_query_and_its_rows_without_live_tags(client: FluentClient) -> None:
    """P25: the picture has what is asked for and the first rows, and no tag of anybody's."""
    explorer = QueryExplorer(client, root="location", fields=["ref"], filters={"ref": "<script>alert(1)</script>"})
    html = explorer._repr_mimebundle_()["text/html"]
    assert "&lt;script&gt;" in html
    assert "<script" not in html
    assert "<script>" not in explorer.view._query.value


def test_a_picture_has_no_value_under_a_hidden_name() -> None:
    """P8: what is asked for by a hidden name is not in the picture, which shared runs have too."""
    filters = {"username": "jane.doe@example.org", "firstName": "Jane"}
    explorer = QueryExplorer(root="customers", fields=["id"], filters=filters)
    personal.hide("username")
    shown = str(explorer) + explorer._repr_mimebundle_()["text/html"]
    assert "jane.doe" not in shown
    assert MASK in shown
    assert "Jane" in shown
