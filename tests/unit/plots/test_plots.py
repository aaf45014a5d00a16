"""Pictures of frames: what they say, what they hide, and that nothing in them acts."""

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import fcwork as fw
from fcwork import plots, redact
from fcwork.errors import ConfigError
from fcwork.personal import columns, names
from fcwork.plots.plot import MIME
from fcwork.widgets.course import COURSE

HOSTILE = ["<script>alert(1)</script>", "<a href='https://x.example'>x</a>", "x" * 10_000, "😀", "שלום", "\u202eabc"]
START = datetime(2026, 1, 15, 12, tzinfo=UTC)


@pytest.fixture
def hidden(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Hide a name in this test alone."""
    return lambda name: monkeypatch.setenv(names.VARIABLE, name)


@pytest.fixture
def stock() -> pl.DataFrame:
    """Positions at two locations; one has no location, one no number."""
    rows = [("A", "5"), ("B", "2.5"), ("A", "1"), (None, "4"), ("B", "many")]
    return pl.DataFrame(rows, schema=["locationRef", "onHand"], orient="row")


def bars(plot: plots.Plot) -> dict[str, list[Any]]:
    """Return what is drawn, by series."""
    return {trace["name"]: trace["x"] for trace in plot.json["data"]}


def test_a_load_is_drawn_stage_by_stage() -> None:
    """P26: each bar of a load has as many rows as were read."""
    counts = {"read": 10, "mapped": 9, "rejected": 2, "delivered": 7, "unknown": 1, "ready": 0}
    plot = plots.piles(counts)
    assert plot.rows["stage"].to_list() == ["read", "mapped", "ended"]
    assert plot.rows.select(pl.sum_horizontal(pl.exclude("stage"))).to_series().to_list() == [10, 10, 10]
    assert "10 read, 9 mapped, 0 ready, 7 delivered, 2 rejected, 1 unknown" in str(plot)


def test_loads_are_drawn_beside_each_other() -> None:
    """A frame of loads, such as the history of runs, has a bar a load; what none has is not drawn."""
    loads = pl.DataFrame({"name": ["one", "two"], "delivered": [3, None], "rejected": [0, 2], "unknown": [0, 0]})
    assert bars(plots.piles(loads)) == {"delivered": [3, 0], "rejected": [0, 2]}
    assert plots.piles(loads, by="delivered").rows.columns == ["delivered", "rejected"]
    with pytest.raises(ConfigError, match="did you mean 'name'"):
        plots.piles(loads, by="nmae")
    with pytest.raises(ConfigError, match="what became of rows"):
        plots.piles(pl.DataFrame({"name": ["one"]}))


def test_issues_are_drawn_by_code() -> None:
    """Errors and warnings of a code are apart, the most frequent code on top."""
    rows = pl.DataFrame({"ref": [None, None, "A", "A"], "qty": ["1", "x", "2", "3"]})
    checked = fw.Validator({"required": ["ref"], "types": {"qty": "integer"}}).check(rows)
    plot = plots.issues(checked)
    assert plot.rows.rows() == [("check.required", 2), ("check.type", 1)]
    assert plots.issues(checked.issues, by="field").rows["field"].to_list() == ["ref", "qty"]
    assert "3 errors" in plot.summary
    assert plots.issues(fw.frames.no_issues()).summary == "no issues"


def test_stock_is_summed_by_location(stock: pl.DataFrame) -> None:
    """P27: what is no number is left out and told, never 0."""
    plot = plots.stock(stock)
    assert plot.rows.rows() == [("A", 6.0), ("(none)", 4.0), ("B", 2.5)]
    assert plot.summary == "12.5 in 3 locations, of 4 rows; 1 row without a number left out"
    assert plots.stock(stock.head(1)).rows["onHand"].dtype == pl.Int64
    with pytest.raises(ConfigError, match="no column tells the location"):
        plots.stock(stock.select("onHand"))
    with pytest.raises(ConfigError, match="no numbers"):
        plots.stock(stock.with_columns(onHand=pl.lit([1])))


def test_many_locations_are_drawn_as_the_largest_and_the_others() -> None:
    """Beyond thirty bars the smallest stand together, and the sum stays."""
    rows = pl.DataFrame({"location": [f"L{n:03}" for n in range(100)], "qty": range(100)})
    plot = plots.stock(rows)
    assert (plot.rows.height, plot.rows["location"][-1]) == (30, "71 others")
    assert plot.rows["qty"].sum() == sum(range(100))


@pytest.mark.parametrize("kind", ["pandas", "polars", "lazy", "pyarrow", "records"])
def test_orders_are_counted_by_state_in_any_kind_of_frame(kind: Any) -> None:
    """P23: the picture of the same rows is the same, whatever holds them."""
    orders = pl.DataFrame({"ref": ["1", "2", "3"], "status": ["BOOKED", "SHIPPED", "BOOKED"]})
    plot = plots.orders(fw.frames.leave(orders, kind))
    assert plot.rows.rows() == [("BOOKED", 2), ("SHIPPED", 1)]
    assert plot.summary == "3 orders in 2 states"


def test_a_rate_counts_rows_a_span_and_shows_the_gaps() -> None:
    """Spans in which nothing came are drawn as 0, and the span is chosen so that there are not too many."""
    at = [START + timedelta(seconds=second) for second in (0, 1, 1, 4)]
    plot = plots.rate(pl.DataFrame({"at": [*at, None]}))
    assert plot.rows["rows a second"].to_list() == [1, 2, 0, 0, 1]
    assert plot.summary == "4 rows, at most 2 a second; 1 row without an instant left out"
    texts = pl.DataFrame({"createdOn": ["2026-01-15T12:00:00Z", "2027-01-15T12:00:00.5+02:00", "soon"]})
    assert "rows a week" in plots.rate(texts).rows.columns
    with pytest.raises(ConfigError, match="no instants"):
        plots.rate(pl.DataFrame({"at": [1]}))
    assert plots.rate(pl.DataFrame({"at": at}).clear()).summary == "no rows"


def test_the_course_of_a_send_is_drawn_as_a_rate() -> None:
    """Of a running total it is drawn by how much it grew, a second."""
    points = [(second, rows) for second, rows in ((0, 0), (1, 50), (3, 70))]
    course = pl.DataFrame(
        [{"at": START + timedelta(seconds=second), "rows": rows, "phase": "sending"} for second, rows in points],
        schema=COURSE,
    )
    plot = plots.rate(course, total="rows")
    assert plot.rows["rows a second"].to_list() == [0, 50, 0, 20]
    assert plot.summary == "rows grew by 70; a point a second"


def test_hostile_values_are_only_texts() -> None:
    """P25: no tag of the data's is one in the picture, the table or the page, and labels are short."""
    plot = plots.stock(pl.DataFrame({"location": HOSTILE, "qty": range(1, 7)}))
    shown = plot._repr_mimebundle_()
    labels = shown[MIME]["layout"]["yaxis"]["ticktext"]
    assert not any(sign in label for sign in "<>" for label in labels)
    assert all(len(label) < 80 for label in labels)
    assert "\u202e" not in "".join(labels)
    assert "<script" not in shown["text/html"] + json.dumps(shown[MIME])
    assert "<a " not in shown["text/html"] + json.dumps(shown[MIME])
    assert len(shown["text/html"]) < 3_000


def test_what_is_hidden_is_hidden_in_a_picture(stock: pl.DataFrame, hidden: Callable[[str], None]) -> None:
    """P8: the values of a hidden column are no labels, and of a hidden quantity there is no sum."""
    hidden("locationRef")
    assert plots.stock(stock).rows.rows() == [("•••", 8.5), ("(none)", 4.0)]
    hidden("onHand")
    with pytest.raises(ConfigError, match="hidden"):
        plots.stock(stock)


def test_a_known_secret_is_no_label() -> None:
    """P8: a known secret in a value is masked before it is cut short."""
    redact.register("hunter2-and-more")
    plot = plots.orders(pl.DataFrame({"status": ["x" * 34 + "hunter2-and-more"]}))
    assert "hunter" not in json.dumps(plot.json)
    assert "hunter" not in str(plot)


def test_a_million_rows_are_drawn_as_few_figures() -> None:
    """What is shown of a large frame is small."""
    rows = pl.DataFrame({"status": ["A", "B"] * 500_000})
    plot = plots.orders(rows)
    assert plot.rows["orders"].to_list() == [500_000, 500_000]
    assert len(json.dumps(plot.json)) < 5_000


def test_a_page_needs_no_network(stock: pl.DataFrame, tmp_path: Path) -> None:
    """The page holds all that draws it, and the figures as a table."""
    pytest.importorskip("plotly")
    page = plots.stock(stock).write_html(tmp_path / "stock.html").read_text("utf-8")
    assert "default-src 'none'" in page
    assert "<table>" in page
    assert 'src="http' not in page
    assert plots.stock(stock).figure.layout.height > 100


def test_without_plotly_a_picture_says_what_to_install(stock: pl.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    """P32: figures and text are there without plotly; what needs it says how to get it."""
    monkeypatch.setitem(sys.modules, "plotly.graph_objects", None)
    plot = plots.stock(stock)
    assert "12.5 in 3 locations" in plot._repr_mimebundle_()["text/html"]
    with pytest.raises(ConfigError, match="not installed"):
        plot.figure  # noqa: B018


def test_of_a_hidden_column_there_is_no_rate(hidden: Callable[[str], None]) -> None:
    """P8: instants and totals that are hidden are not drawn over time, as their sums are not."""
    rows = pl.DataFrame({"born": [START], "at": [START], "salary": [5]})
    hidden("born,salary")
    for asked in ({"at": "born"}, {"total": "salary"}):
        with pytest.raises(ConfigError, match=f"{next(iter(asked.values()))}' is hidden"):
            plots.rate(rows, **asked)
    assert plots.rate(rows).rows.height == 1


def test_only_what_is_drawn_is_looked_through(hidden: Callable[[str], None], monkeypatch: pytest.MonkeyPatch) -> None:
    """Labels are made of the column that they are of: no value of another is read, but where it says what they are."""
    read: list[str] = []
    monkeypatch.setattr(columns, "cell", lambda value, path: read.append(path) or value)
    hidden("email")
    rows = pl.DataFrame({"status": ["A", "B"], "raw": ['{"email": "q@x"}'] * 2})
    assert plots.orders(rows).rows["status"].to_list() == ["A", "B"]
    assert read == []
    sideways = pl.DataFrame({"name": ["email", "size"], "value": ["q@x", "L"]})
    assert set(plots.orders(sideways, state="value").rows["value"]) == {"•••", "L"}


def test_a_column_may_be_called_as_what_is_counted() -> None:
    """A column that is called as the figures, or as our own columns, is drawn as any other."""
    for name in ("orders", "label"):
        assert plots.orders(pl.DataFrame({name: ["A", "B", "A"]}), state=name).rows.rows() == [("A", 2), ("B", 1)]
    positions = pl.DataFrame({"amount": ["A", "B"], "label": [2, 3]})
    assert plots.stock(positions, location="amount", quantity="label").rows.rows() == [("B", 3), ("A", 2)]
    assert plots.stock(positions, location="label", quantity="label").rows.rows() == [("3", 3), ("2", 2)]
