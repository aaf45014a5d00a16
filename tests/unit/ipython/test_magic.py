"""``%%fluent`` in a shell, against the simulator."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from shells import Shell

from fcwork import settings
from fcwork.client import FluentClient
from fcwork.errors import BadRequestError, ConfigError, GraphQLError, ServerError
from fcwork.simulator import Fault, Faults, Simulator

POSITIONS = "{ inventoryPositions(first: 10) { edges { node { ref onHand } } } }"
BY_REF = """query ($refs: [String!], $size: Int = 2) {
  inventoryPositions(ref: $refs, first: $size) { edges { node { ref } } } }"""

Connected = Callable[..., "Tap"]


class Tap(httpx.BaseTransport):
    """Passes requests on and keeps the queries; at the n-th of them somebody presses Ctrl-C."""

    def __init__(self, inner: httpx.BaseTransport, stop_at: int) -> None:
        self.inner = inner
        self.stop_at = stop_at
        self.queries: list[dict[str, Any]] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Pass a request on."""
        if request.url.path.endswith("/graphql"):
            self.queries.append(json.loads(request.content))
            if len(self.queries) == self.stop_at:
                raise KeyboardInterrupt
        return self.inner.handle_request(request)


@pytest.fixture
def connected(shell: Shell) -> Connected:
    """Connect the shell to a simulator with faults."""

    def connect(*faults: Fault, stop_at: int = 0, target: str = "SIMULATOR") -> Tap:
        simulator = Simulator(positions=25, faults=Faults(faults))
        tap = Tap(simulator.transport(), stop_at)
        found = settings.find(**simulator.connect())
        assert found is not None
        shell.shell.user_ns["client"] = FluentClient.from_settings(found, transport=tap, target=target)
        shell("%fluent connect --client client")
        return tap

    return connect


def test_a_query_becomes_a_frame(shell: Shell, connected: Connected) -> None:
    """P28: a cell gives a frame, under a line that says how much it is, whether it is all, and why not."""
    connected()
    said = shell(f"%%fluent -o stock\n{POSITIONS}")
    assert said.error is None
    assert said.value.equals(shell["stock"])
    assert said.value.shape == (10, 2)
    assert "SIMULATOR: 10 rows · 1 page · incomplete: there is more, which --all fetches" in said.text
    assert "→ stock" in said.text


def test_all_pages_are_fetched(shell: Shell, connected: Connected) -> None:
    """``--all`` fetches every page; ``--max-records`` stops exactly there, and says that there is more."""
    connected()
    said = shell(f"%%fluent --all\n{POSITIONS}")
    assert said.value.height == 25
    assert "25 rows · 3 pages · complete" in said.text
    said = shell(f"%%fluent --max-records 12\n{POSITIONS}")
    assert said.value.height == 12
    assert "12 rows · 2 pages · incomplete: there is more than --max-records" in said.text
    assert "25 rows · 1 page · complete" in shell(f"%%fluent --page-size 100\n{POSITIONS}").text


@pytest.mark.parametrize(
    ("engine", "kind"), [("polars", pl.DataFrame), ("pandas", pd.DataFrame), ("pyarrow", pa.Table)]
)
def test_the_frame_is_of_the_kind_that_is_named(shell: Shell, connected: Connected, engine: str, kind: type) -> None:
    """P23: the same rows come as polars, pandas or pyarrow."""
    connected()
    said = shell(f"%%fluent --engine {engine}\n{POSITIONS}")
    assert isinstance(said.value, kind)
    assert pl.DataFrame(said.value).shape == (10, 2)


def test_variables_are_bound_and_never_pasted(shell: Shell, connected: Connected) -> None:
    """Values of variables are Python, and travel beside the query: what is in them is no GraphQL."""
    tap = connected()
    shell('wanted = ["SKU-00001:LOC001:DEFAULT", \'") { x } #\']')
    said = shell(f"%%fluent -v refs=wanted -v size=len(wanted)\n{BY_REF}")
    assert said.value["ref"].to_list() == ["SKU-00001:LOC001:DEFAULT"]
    [sent] = tap.queries
    assert sent["variables"]["refs"] == shell["wanted"]
    assert "x }" not in sent["query"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("-v size='ten'", r"\$size takes Int, and 'ten' is str 'ten': it should be int"),
        ("-v size=True", r"\$size takes Int, and True is bool True: it should be int"),
        ("-v size=2**40", "more than 32 bits hold"),
        ("-v refs=[1,None]", r"\[0\]: it should be str[\s\S]*\[1\]: it must not be null"),
        ("-v refs=object()", r"\$refs takes \[String!\], and object\(\) is object"),
        ("-v refz=[]", r"the query declares no variable \$refz: did you mean 'refs'\?"),
        ("-v size=siz", r"-v size=siz failed: NameError: name 'siz' is not defined"),
        ("-v size=1/0", "ZeroDivisionError"),
        ("-v size=float('nan') -v refs={'a'}", "refs"),
    ],
)
def test_a_wrong_value_is_told_before_anything_is_sent(
    shell: Shell, connected: Connected, given: str, message: str
) -> None:
    """P32: a value that is not of the type its variable declares is told, with the place, and nothing is sent."""
    tap = connected()
    said = shell(f"%%fluent {given}\n{BY_REF}")
    assert isinstance(said.error, BadRequestError)
    assert re.search(message, said.error.message)
    assert "nothing was sent" in said.error.hint
    assert tap.queries == []


@pytest.mark.parametrize(
    ("setup", "given", "place"),
    [
        ("x = float('nan')", "x", " nan"),
        ("x = float('inf')", "[ 'A', -x ]", r"\[1\]"),
        ("import pandas as pd; x = pd.Series(['A', float('nan')], dtype=object)", "x", r"at \[1\]"),
        ("import numpy as np; x = np.array([[1.0, np.nan]], dtype='float32')", "x", r"at \[0\]\[1\]"),
        ("import numpy as np; x = np.float32('nan')", "[x]", r"at \[0\]"),
        ("import polars as pl; x = pl.Series([None, float('nan')])", "x", r"at \[1\]"),
        ("import enum; x = enum.Enum('E', {'a': [1, float('nan')]}).a", "[x]", r"at \[0\]\[1\]"),
    ],
)
def test_what_is_no_number_is_not_sent_as_null(
    shell: Shell, connected: Connected, setup: str, given: str, place: str
) -> None:
    """P28: NaN, which JSON would not hold, never takes a filter away: it is refused; null is written None."""
    tap = connected(target="acme.example.com")
    shell(setup)
    for kind in ("[String]", "Json"):
        query = f"query ($ref: {kind}) {{ inventoryPositions(ref: $ref) {{ edges {{ node {{ ref }} }} }} }}"
        said = shell(f'%%fluent -v "ref={given}"\n{query}')
        assert isinstance(said.error, BadRequestError)
        assert re.search(rf"{place}.*: it would be sent as null: write None if null is meant", said.error.message)
    assert tap.queries == []


@pytest.mark.parametrize(
    ("value", "given"),
    [
        ("np.datetime64('NaT', 'ns')", "x"),
        ("np.datetime64('NaT', 'D')", "[x]"),
        ("np.array('NaT', dtype='M8[ns]')", "x"),
        ("np.array(['2026-01-01', 'NaT'], dtype='M8[D]')", "{'a': x}"),
        ("np.array(['NaT'], dtype='m8[s]')", "x"),
    ],
)
def test_no_instant_is_not_sent(shell: Shell, connected: Connected, value: str, given: str) -> None:
    """P28: a NaT of numpy is refused, as is a span of time; it is neither null nor a day long ago."""
    tap = connected(target="acme.example.com")
    shell(f"import numpy as np; x = {value}")
    for kind in ("[String]", "Json"):
        query = f"query ($ref: {kind}) {{ inventoryPositions(ref: $ref) {{ edges {{ node {{ ref }} }} }} }}"
        said = shell(f'%%fluent -v "ref={given}"\n{query}')
        assert isinstance(said.error, BadRequestError)
        assert re.search("cannot be written as JSON: (NaT|a span of time)", said.error.message)
    assert tap.queries == []


def test_a_field_that_is_no_number_is_not_sent_as_null(shell: Shell, connected: Connected) -> None:
    """P28: inside a dict NaN is told with its place, once; None is sent as null."""
    tap = connected()
    query = (
        "query ($refs: [String!], $c: InventoryCatalogueKey) {\n  inventoryPositions("
        "ref: $refs, catalogue: $c) { edges { node { ref } } } }"
    )
    text = shell(f"%%fluent -v c={{'ref':float('nan')}}\n{query}").error.message
    assert text.count("at ref: it would be sent as null") == 1
    assert "must not be null" not in text
    assert shell(f"%%fluent -v refs=None\n{query}").error is None
    assert tap.queries[-1]["variables"]["refs"] is None


def test_all_mistakes_in_values_are_told_at_once(shell: Shell, connected: Connected) -> None:
    """Each variable at fault has its line, and one that is missing too."""
    connected()
    query = (
        "query ($since: DateTime!, $n: Int!, $c: InventoryCatalogueKey) {\n  inventoryPositions("
        "createdOn: {from: $since}, first: $n, catalogue: $c) { edges { node { ref } } } }"
    )
    text = str(shell(f"%%fluent -v since='yesterday' -v c={{'reff':1}}\n{query}").error)
    assert "should be a datetime, or a text such as 2026-01-15T00:00:00Z" in text
    assert "at reff: InventoryCatalogueKey has no 'reff': did you mean 'ref'?" in text
    assert "InventoryCatalogueKey needs 'ref', a String!" in text
    assert "the query needs $n of type Int!: give it with -v n=…" in text
    shell("import datetime as dt\nsince = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)")
    assert shell(f"%%fluent -v since -v n=5 -v c={{'ref':'DEFAULT:1'}}\n{query}").value.height == 5


def test_a_mistake_is_pointed_at(shell: Shell, connected: Connected) -> None:
    """P32: unknown names stand with their line of the cell, a caret and the nearest known name; without a traceback."""
    tap = connected()
    said = shell("%%fluent\n{\n  orders(frist: 5) {\n    edges { node { ref statuss } } } }")
    assert said.error.message.splitlines() == [
        "Unknown argument 'frist' on field 'Query.orders': did you mean 'first' or 'last'?",
        "  3 │   orders(frist: 5) {",
        "    │          ^^^^^",
        "Cannot query field 'statuss' on type 'Order': did you mean 'status'?",
        "  4 │     edges { node { ref statuss } } } }",
        "    │                        ^^^^^^^",
    ]
    assert said.error.hint == "nothing was sent"
    assert "Traceback" not in said.text
    assert tap.queries == []


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("{ orders { edges { node { ref ", "the query ends here and is not whole: is a } missing?"),
        ("{ orders(first: ) { id } }", "this is no GraphQL"),
        ("hello", "this is no GraphQL"),
        ("# nothing", "there is no query in the cell: %fluent describe lists what may be asked"),
        ("\n \n", "there is no query in the cell"),
        ("{ me { id } }\n{ me { id } }", "one operation too many"),
        ("subscription { me { id } }", "the platform takes no subscriptions"),
        ("fragment F on User { id }", "the cell holds 0 operations"),
        ("{a" * 30_000, "nested too deeply"),
        ("{ me { ...F } } fragment F on User { ...F }", "Cannot spread fragment 'F' within itself"),
        ("{ me { zzzzzz } }", "it has id, ref, username"),
        ("{ me { " + " ".join(f"z{n}" for n in range(200)) + " } }", "and 95 more"),
        ("{ me { " + "id " * 20_000 + " } }", "too long or nested too deeply to be compared with the schema"),
        ("{ me { id } orders { edges { node { ref } } } locations { edges { node { ref } } } }", "several connections"),
    ],
)  # fmt: skip
def test_a_query_that_cannot_be_sent_is_told(shell: Shell, connected: Connected, query: str, message: str) -> None:
    """P32: whatever stands in the cell, the error says what is wrong with it, and shows no traceback."""
    connected()
    said = shell(f"%%fluent\n{query}")
    assert isinstance(said.error, BadRequestError)
    assert message in said.error.message
    assert "Traceback" not in said.text


def test_the_place_in_a_long_line_is_shown(shell: Shell, connected: Connected) -> None:
    """P25: a line is cut around the place; wide signs take two columns, and what would act is spelt out."""
    connected()
    query = '{ orders(ref: ["' + "日" * 500 + '\x1b[31m"]) { edges { node { nix } } } }'
    lines = shell(f"%%fluent\n{query}").error.message.splitlines()
    assert len(lines[1]) < 120
    assert "\x1b" not in lines[1]
    assert lines[1].index("nix") + lines[1].count("日") == lines[2].index("^")


def test_a_mutation_is_carried_out_only_when_it_is_said(shell: Shell, connected: Connected) -> None:
    """P33: a cell changes the platform only with ``--write``."""
    tap = connected()
    mutation = "mutation ($s: String) { updateLocation(input: {id: 40000000, name: $s}) { ref name } }"
    said = shell(f"%%fluent -v s='New'\n{mutation}")
    assert "this is a mutation: it would change the platform" in said.error.message
    assert "--write" in said.error.hint
    assert tap.queries == []
    assert shell(f"%%fluent --write -v s='New'\n{mutation}").value["name"].to_list() == ["New"]


def test_what_would_be_sent_is_explained(shell: Shell, connected: Connected) -> None:
    """``--explain`` sends nothing: it tells what is asked, how it is paged, the variables and the cost."""
    tap = connected()
    said = shell(f"%%fluent --explain --all -v refs=['<b>']\n{BY_REF}")
    text = repr(said.value)
    for part in (
        "SIMULATOR; nothing was sent",
        "query of inventoryPositions",
        "every page of inventoryPositions, 2 rows a page, forward by $pageCursor",
        '$refs: [String!] = ["<b>"], $size: Int = 2',
        "about 1 of the 11,111",
        "after: $pageCursor",
    ):
        assert part in text
    assert "<b>" not in said.value._repr_html_()
    assert "refused without --write" in repr(shell("%%fluent --explain\nmutation { updateOrder { id } }").value)
    assert tap.queries == []


def test_what_has_no_pages_is_a_frame_too(shell: Shell, connected: Connected) -> None:
    """An object is a row, several are one row with their names; what is not there is no row."""
    connected()
    assert shell('%%fluent\n{ order(ref: "ORD-00001") { ref type } }').value.columns == ["ref", "type"]
    both = shell('%%fluent\n{ me { username } order(ref: "ORD-00001") { ref } }').value
    assert both.columns == ["me.username", "order.ref"]
    assert shell('%%fluent\n{ order(ref: "none") { ref } }').value.shape == (0, 1)
    said = shell('%%fluent\n{ order(ref: "ORD-00001") { ref items { edges { node { ref } } } } }')
    assert "of order.items" in said.text


def test_what_is_not_in_the_frame_is_told(shell: Shell, connected: Connected) -> None:
    """P28: what was asked for beside the rows that are paged is named, as the frame does not hold it."""
    connected()
    query = '{ me { username } order(ref: "ORD-00001") { ref i: items(first: 9) { edges { node { ref } } } } }'
    assert "not in the frame: me, order.ref" in shell(f"%%fluent\n{query}").text
    assert "me, order.ref: asked for, and not in the frame" in repr(shell(f"%%fluent --explain\n{query}").value)
    assert "not in the frame" not in shell(f"%%fluent\n{POSITIONS}").text


def test_edges_that_are_not_paged_are_not_called_complete(shell: Shell, connected: Connected) -> None:
    """P28: edges under another name come as they are, one page of them; that is said, and with ``--all`` an error."""
    connected()
    query = "{ orders(first: 2) { all: edges { node { ref } } } }"
    assert "incomplete: a connection in it is not paged, and may have more" in shell(f"%%fluent\n{query}").text
    assert isinstance(shell(f"%%fluent --all\n{query}").error, ServerError)


@pytest.mark.parametrize(
    ("setup", "refs"),
    [
        ("import numpy as np; refs = np.array(['ORD-00001'])", ["ORD-00001"]),
        ("import pandas as pd; refs = pd.Series(['ORD-00001'])", ["ORD-00001"]),
        ("import polars as pl; refs = pl.Series(['ORD-00001'])", ["ORD-00001"]),
        ("refs = ('ORD-00001',)", ["ORD-00001"]),
    ],
)
def test_values_of_frames_are_taken_as_they_are(
    shell: Shell, connected: Connected, setup: str, refs: list[str]
) -> None:
    """P23: columns, numbers and times of numpy, pandas and polars are values of variables."""
    tap = connected()
    shell(f"{setup}\nimport numpy as np, pandas as pd\nn, since = np.int64(3), pd.Timestamp('2020-01-01', tz='UTC')")
    query = (
        "query ($refs: [String!], $n: Int, $since: DateTime) { orders(ref: $refs, first: $n, createdOn: {from: $since})"
        " { edges { node { ref } } } }"
    )
    said = shell(f"%%fluent -v refs -v n -v since\n{query}")
    assert said.error is None
    assert said.value["ref"].to_list() == refs
    assert (
        tap.queries[-1]["variables"] | {"refs": refs, "n": 3, "since": "2020-01-01T00:00:00Z"}
        == (tap.queries[-1]["variables"])
    )
    assert "NaTType" in shell(f"%%fluent -v since=pd.NaT\n{query}").error.message
    assert "is datetime64" in shell(f"%%fluent -v since=np.datetime64('NaT')\n{query}").error.message


def test_a_client_that_was_closed_is_told(shell: Shell, connected: Connected) -> None:
    """P32: a client that is closed is named in one line."""
    connected()
    shell("client.close()")
    said = shell(f"%%fluent\n{POSITIONS}")
    assert said.error.message == "this client was closed"
    assert "Traceback" not in said.text


def test_ctrl_c_keeps_what_there_is(shell: Shell, connected: Connected) -> None:
    """P28: what came before Ctrl-C is shown and named, said to be incomplete, and later cells do not run on it."""
    connected(stop_at=3)
    said = shell(f"%%fluent -o stock --all\n{POSITIONS}")
    assert isinstance(said.error, KeyboardInterrupt)
    assert shell["stock"].height == 20
    assert "20 rows · 2 pages · incomplete: interrupted" in said.text
    assert "KeyboardInterrupt: stock holds the 20 rows that came before" in said.text
    assert "Traceback" not in said.text


def test_ctrl_c_before_anything_came_leaves_the_name_as_it_was(shell: Shell, connected: Connected) -> None:
    """P28: a frame of an earlier cell does not give way to an empty one; the cell may be run again at once."""
    tap = connected()
    shell(f"%%fluent -o stock\n{POSITIONS}")
    for query in (POSITIONS, '{ order(ref: "ORD-00001") { ref } }'):
        tap.stop_at = len(tap.queries) + 1
        said = shell(f"%%fluent -o stock\n{query}")
        assert isinstance(said.error, KeyboardInterrupt)
        assert said.text.splitlines()[-1] == "KeyboardInterrupt: nothing had come; stock is as it was"
        assert "Traceback" not in said.text
    assert shell["stock"].height == 10
    assert shell(f"%%fluent -o stock --all\n{POSITIONS}").value.height == 25


def test_ctrl_c_in_a_mutation_does_not_say_that_nothing_was_done(shell: Shell, connected: Connected) -> None:
    """P33: where Ctrl-C ends a mutation nobody knows whether it was carried out, and that is said."""
    tap = connected()
    for option, left in (("", ""), ("-o changed ", "; changed is as it was")):
        tap.stop_at = len(tap.queries) + 1
        said = shell(f'%%fluent --write {option}\nmutation {{ updateLocation(input: {{id: 1, name: "N"}}) {{ ref }} }}')
        assert isinstance(said.error, KeyboardInterrupt)
        assert said.text.splitlines()[-1] == (
            f"KeyboardInterrupt: the mutation may have been carried out: look before you send it again{left}"
        )


def test_entries_that_are_null_are_not_passed_over(shell: Shell, connected: Connected) -> None:
    """P28: a plain list that holds nulls is not called complete; with ``--all`` it is an error."""
    tap = connected(target="acme.example.com")
    answered = {"data": {"things": [{"ref": "A"}, None, {"ref": "B"}]}}
    tap.inner = httpx.MockTransport(lambda _: httpx.Response(200, json=answered))
    said = shell("%%fluent\n{ things { ref } }")
    assert said.value["ref"].to_list() == ["A", "B"]
    assert "2 rows · incomplete: entries that are null are left out" in said.text
    assert isinstance(shell("%%fluent --all\n{ things { ref } }").error, ServerError)
    answered["data"]["things"] = None  # type: ignore[assignment]
    assert "incomplete" not in shell("%%fluent\n{ things { ref } }").text


def test_an_error_keeps_what_there_is(shell: Shell, connected: Connected) -> None:
    """P21: pages before an error are shown and named, and the error is raised after them."""
    connected(Fault("graphql_errors", nth=2, errors=[{"message": "no\x1b[31m onHand", "path": ["inventoryPositions"]}]))
    said = shell(f"%%fluent -o stock --all\n{POSITIONS}")
    assert isinstance(said.error, GraphQLError)
    assert shell["stock"].height == 10
    assert "incomplete: the platform answered with errors" in said.text
    assert "2 │ { inventoryPositions" in said.error.message
    assert "\x1b" not in said.error.message


def test_a_refusal_keeps_what_there_is(shell: Shell, connected: Connected) -> None:
    """P28: also where the platform refuses a later page the pages before it are kept."""
    connected(Fault("status", path="/graphql", status=400, nth=2))
    said = shell(f"%%fluent -o stock --all\n{POSITIONS}")
    assert isinstance(said.error, BadRequestError)
    assert shell["stock"].height == 10
    assert "10 rows · 1 page · incomplete: an error ended it" in said.text


def test_errors_beside_rows_are_not_passed_over(shell: Shell, connected: Connected) -> None:
    """P21: rows that came with errors are shown as incomplete, and the errors are raised after them."""
    connected(Fault("graphql_errors", data="partial", nth=1))
    said = shell(f"%%fluent -o stock\n{POSITIONS}")
    assert isinstance(said.error, GraphQLError)
    assert "Simulated error" in said.error.message
    assert shell["stock"].height == 9
    assert "incomplete: " in said.text
    assert "the platform answered with errors" in said.text


def test_where_nothing_came_there_is_only_the_error(shell: Shell, connected: Connected) -> None:
    """P32: a query that the platform refuses shows no empty frame, but its place and the reason."""
    connected()
    said = shell("%%fluent -o stock\n{ inventoryPositions(first: 1000) { edges { node { ref } } } }")
    assert said.error.message.startswith("a page has 0 to 500 nodes, not 1000\n  2 │ { inventoryPositions")
    assert "rows" not in said.text
    assert "stock" not in shell.shell.user_ns


def test_all_that_is_not_whole_is_an_error(shell: Shell, connected: Connected) -> None:
    """P28: ``--all`` raises where the platform did not give all; a first page only says so."""
    connected(Fault("repeat_cursor", nth=(2, 3)))
    said = shell(f"%%fluent -o stock --all\n{POSITIONS}")
    assert isinstance(said.error, ServerError)
    assert "repeated_cursor" in said.error.message
    assert shell["stock"].height == 20


def test_what_the_shipped_schema_does_not_know_may_be_asked(shell: Shell, connected: Connected) -> None:
    """An account's own fields are asked for: only the platform knows; its refusal is pointed at in the cell."""
    connected(target="acme")
    said = shell("%%fluent\n{\n  orders { edges { node { ref mine } } } }")
    assert isinstance(said.error, GraphQLError)
    assert "3 │   orders { edges { node { ref mine } } } }" in said.error.message
    assert said.error.message.splitlines()[2].index("^") == said.error.message.splitlines()[1].index("mine")


def test_an_account_s_own_schema_checks_queries(shell: Shell, connected: Connected) -> None:
    """With ``--schema`` completion and checks go by the account's own schema."""
    connected(target="acme")
    Path("own.graphql").write_text("type Query { mine(first: Int): Mine }\ntype Mine { one: Int }")
    assert "own.graphql" in repr(shell("%fluent connect --client client --schema own.graphql").value)
    assert "Cannot query field 'orders'" in shell("%%fluent\n{ orders { id } }").error.message
    assert shell("%fluent describe Mine").value.frame["name"].to_list() == ["one"]
    assert isinstance(shell("%fluent connect --client client --schema none.graphql").error, ConfigError)


def test_the_state_and_the_connection_are_told(shell: Shell) -> None:
    """P33: ``%fluent`` says to whom one is connected; nothing but a name makes it the simulator where nobody sits."""
    assert "not connected" in repr(shell("%fluent").value)
    assert "no platform is named" in shell(f"%%fluent\n{POSITIONS}").error.message
    assert "connected to SIMULATOR" in repr(shell("%fluent connect --simulator").value)
    assert "connected to SIMULATOR" in repr(shell("%fluent").value)
    assert "there is no profile 'none'" in shell("%fluent connect --profile none").error.message
    assert "connected to SIMULATOR" in repr(shell("%fluent").value)
    assert "there is nothing of that name" in shell("%fluent connect --client none").error.message
    assert "did you mean 'connect'" in shell("%fluent conect").error.message


def test_the_schema_is_described(shell: Shell) -> None:
    """``%fluent describe`` lists what may be asked, a type's fields, a field's arguments."""
    assert {"orders", "createOrder"} <= set(shell("%fluent describe").value.frame["name"])
    assert shell("%fluent describe Retailer").value.frame.row(0) == ("id", "ID!", "")
    assert shell("%fluent describe order").value.frame["name"].to_list() == ["id", "ref", "(answer)"]
    assert "first" in shell("%fluent describe Order.items").value.frame["name"]
    assert shell("%fluent describe OrderId").value.frame["name"].to_list() == ["id"]
    every = shell("%fluent describe").value
    assert repr(every).count("\n") == every._repr_html_().count("<tr>") - 1 == every.frame.height > 60
    assert "did you mean 'Order'?" in shell("%fluent describe Oder").error.message
    assert "did you mean 'items'?" in shell("%fluent describe Order.item").error.message


def test_secrets_are_masked(shell: Shell, connected: Connected) -> None:
    """P8: a known secret stands neither in what is told of a cell nor in its errors."""
    connected()
    shell("from fcwork.redact import Secret\nSecret('s3cr3t-of-a-cell')")
    assert "s3cr3t" not in repr(shell(f"%%fluent --explain -v refs=['s3cr3t-of-a-cell']\n{BY_REF}").value)
    assert "s3cr3t" not in str(shell(f"%%fluent -v size='s3cr3t-of-a-cell'\n{BY_REF}").error)


def test_frames_do_not_act_in_a_terminal(shell: Shell) -> None:
    """P25: escapes and marks of direction in cells are spelt out when IPython writes or shows a frame."""
    cells: Any = {"a": ["\x1b[31mred", "\u202eright", "👩\u200d👧"]}
    formatter = shell.shell.display_formatter.formatters["text/plain"]
    for frame in (pl.DataFrame(cells), pd.DataFrame(cells), pa.table(cells)):
        text = formatter(frame)
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert r"\x1b[31mred" in text
    in_html = shell.shell.display_formatter.formatters["text/html"]
    for frame in (pl.DataFrame(cells), pd.DataFrame(cells)):
        assert "\u202e" not in in_html(frame)
        assert r"\u202eright" in in_html(frame)
        assert "👩\u200d👧" in in_html(frame)
    with pd.option_context("display.notebook_repr_html", False):  # noqa: FBT003 - as pandas takes it
        assert in_html(pd.DataFrame(cells)) is None


def test_long_texts_in_lists_are_cut_when_they_are_shown(shell: Shell) -> None:
    """P25: a cell that holds 10,000 characters takes no page, also inside a list; no entity is cut in two."""
    nested = pl.DataFrame({"a": [[{"b": "<" * 10_000}]], "c": ["short"]})
    formatters = shell.shell.display_formatter.formatters
    shown = formatters["text/html"](nested)
    assert 200 < len(shown) < 3_000
    assert shown.count("&lt;") * len("&lt;") > 700
    assert "&lt;…</td>" in shown
    assert "short" in shown
    assert max(map(len, formatters["text/plain"](nested).splitlines())) <= 400
    assert formatters["text/html"](pl.DataFrame({"a": [1]})) == pl.DataFrame({"a": [1]})._repr_html_()
