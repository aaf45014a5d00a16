"""How results look: the card and its table."""

import datetime as dt
from typing import Any

import pandas as pd
import polars as pl
import pytest

from fcwork import cards, frames, personal, redact
from fcwork.cards import Card, Part

AT = dt.datetime(2026, 1, 15, tzinfo=dt.UTC)
EVIL = "</td><script>alert(1)</script>\x1b[31m\u202e"


def test_a_card_says_the_line_the_state_the_parts_and_the_figures() -> None:
    """What matters is told in words: state, line, the piles with their counts, figures that are not 0, facts."""
    page = Card(
        line="10 rows sent",
        state="COMPLETED_WITH_ERRORS",
        tone="doubt",
        parts=(Part("delivered", 9_999, "good"), Part("rejected", 1, "bad")),
        figures={"requests": 2, "repeats": 0, "pages": None},
        facts={"Target": "SIMULATOR", "Checkpoint": None, "Gate": ""},
    ).html()
    for told in (">COMPLETED WITH ERRORS<", "<b>10 rows sent</b>", "9,999 delivered", "1 rejected", "2 requests"):
        assert told in page
    assert "SIMULATOR" in page
    for empty in ("repeats", "pages", "Checkpoint", "Gate"):
        assert empty not in page


def test_a_card_of_a_line_alone_is_that_line() -> None:
    """Where there is nothing more to show there is no badge, no bar and no table."""
    page = Card(line="nothing to do").html()
    assert "<p><b>nothing to do</b></p></div>" in page
    assert "<span" not in page


@pytest.mark.parametrize("place", ["line", "state", "parts", "figures", "facts"])
def test_nothing_of_a_card_is_live(place: str) -> None:
    """P25: tags, escapes and marks of direction are spelled out wherever they stand."""
    given: dict[str, Any] = {
        "line": {"line": EVIL},
        "state": {"state": EVIL},
        "parts": {"parts": [Part(EVIL, 1, "good")]},
        "figures": {"figures": {EVIL: 1}},
        "facts": {"facts": {EVIL: EVIL}},
    }
    page = Card(**{"line": "x", **given[place]}).html()
    assert "<script" not in page
    assert "\x1b" not in page
    assert "\u202e" not in page
    assert "&lt;script&gt;" in page


def test_a_line_is_one_line() -> None:
    """P25: ends of lines go, what steers a terminal is spelled out, and what is very long is cut."""
    assert cards.line("a\nb\r\n  c\x1b[31m") == r"a b c\x1b[31m"
    assert len(cards.line("x" * 100_000)) == 1_000
    assert cards.line("x" * 100_000).endswith("…")


def test_a_long_fact_says_how_long_it_is() -> None:
    """A value of 10,000 characters is cut and says so."""
    page = Card(line="x" * 10_000, facts={"note": "y" * 10_000}).html()
    assert len(page) < 2_000
    assert f"{'x' * 400}…</b>" in page
    assert "(10,000 characters)" in page


def test_secrets_and_personal_data_are_hidden() -> None:
    """P9: a known secret is masked also where it would be cut, and a hidden column and name show no value."""
    redact.register("hunter2hunter2")
    personal.hide("email")
    rows = pl.DataFrame({"email": ["q@tok"], "note": ["x" * 195 + "hunter2hunter2"]})
    page = Card(
        line='{"email": "q@tok"} hunter2hunter2', facts={"f": "hunter2hunter2"}, below=[cards.table(rows)]
    ).html()
    assert "q@tok" not in page
    assert "hunter2" not in page
    assert "hunte" not in page


def test_a_table_is_escaped_and_limited() -> None:
    """P25: a table holds no live tag of the data's and says how many rows it leaves out."""
    evil = "<script>alert(1)</script></td>"
    page = cards.table(pl.DataFrame({evil: [evil, None, "x"]}), limit=2, caption=evil)
    assert evil not in page
    assert page.count("&lt;script&gt;") == 3
    assert "and 1 more" in page
    assert cards.table(pl.DataFrame()) == "<table><thead><tr></tr></thead><tbody></tbody></table>"


def test_a_wide_table_and_long_cells_stay_small() -> None:
    """Of 1,000 columns 40 are shown, and of 10,000 characters 200; both say so."""
    page = cards.table(pl.DataFrame({f"c{at}": ["y" * 10_000] for at in range(1_000)}))
    assert page.count("<td") == 41
    assert "and 960 more columns" in page
    assert page.count("…") == 40
    assert len(page) < 30_000


def test_cells_of_all_types_are_shown() -> None:
    """Nested values are JSON, bytes and spans of time have a text, numbers stand to the right."""
    rows = pl.DataFrame(
        {
            "list": [[1, 2]],
            "struct": [{"a": "ü"}],
            "bytes": [b"ab"],
            "span": [dt.timedelta(hours=1)],
            "number": [5],
            "none": [None],
            "object": pl.Series([{1}], dtype=pl.Object),
        }
    )
    page = cards.table(rows)
    for told in ("[1, 2]", "{&quot;a&quot;: &quot;ü&quot;}", "b&#x27;ab&#x27;", "1:00:00", "{1}"):
        assert told in page
    assert page.count("text-align:right") == 2  # the number, and what heads it


def test_issues_are_shown_in_the_columns_that_say_something() -> None:
    """A column that is empty in all that is shown is left out, and so is a severity that is always the same."""
    rows = pl.DataFrame({"_row": [7], "_source": [""]})
    issues = frames.issues(rows, stage="map", field="qty", code="map.type", message="no number", at=AT)
    page = cards.issues(issues)
    assert [name in page for name in (">row<", ">field<", ">code<", ">message<")] == [True] * 4
    assert [name in page for name in (">source<", ">key<", ">severity<", ">attempts<")] == [False] * 4
    assert cards.issues(frames.no_issues()) == ""


@pytest.mark.parametrize("kind", ["polars", "lazy", "pandas", "pyarrow", "records"])
def test_the_first_rows_of_any_frame(kind: str) -> None:
    """P23: a frame of any kind gives its first rows."""
    rows = pl.DataFrame({"a": range(100)})
    kinds: dict[str, Any] = {
        "polars": rows,
        "lazy": rows.lazy(),
        "pandas": pd.DataFrame({"a": range(100)}),
        "pyarrow": rows.to_arrow(),
        "records": rows.to_dicts(),
    }
    assert frames.enter(cards.first(kinds[kind], 3))["a"].to_list() == [0, 1, 2]


def test_a_single_row_is_seen_in_a_bar() -> None:
    """One row among a million takes some pixels, and a pile without rows takes none."""
    page = cards.bar((Part("delivered", 999_999, "good"), Part("rejected", 1, "bad"), Part("unknown", 0, "doubt")))
    assert page.count("min-width:4px") == 2
    assert "0 unknown" in page
    assert cards.bar((Part("delivered", 0, "good"),)) == ""
