from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

from fcwork import frames, personal
from fcwork.personal import findings
from fcwork.redact import MASK

AT = datetime(2026, 1, 15, tzinfo=UTC)


def issue(row: int | None = 1, **told: Any) -> dict[str, Any]:
    """Return a line of the issues table."""
    usual = {"source": "s", "row": row, "stage": "check", "field": "", "code": "c", "severity": "error", "at": AT}
    return {**dict.fromkeys(frames.ISSUES), "attempts": 0, **usual, **told}


def told(*lines: dict[str, Any], rows: list[dict[str, Any]] | None = None) -> list[tuple[Any, ...]]:
    """Return what issues show: key, value and message."""
    given = [pl.DataFrame(rows).with_columns(_source=pl.lit("s"))] if rows else []
    shown = findings.issues(pl.DataFrame(lines, schema=frames.ISSUES), *given)
    return shown.select("key", "value", "message").rows()


def test_a_hidden_field_shows_no_value() -> None:
    """The value of an issue is hidden by its field, one of several fields, and an item's; what is null stays null."""
    personal.hide(["email", "items.price"])
    fields = ["email", "x, email", "items[3].price", "x"]
    lines = [*(issue(field=field, value="v") for field in fields), issue(field="email")]
    assert [value for _, value, _ in told(*lines)] == [MASK, MASK, MASK, "v", None]


def test_texts_do_not_quote_what_the_row_holds() -> None:
    """Key, value and message lose the hidden values of their own row, read or mapped, and of no other row."""
    personal.hide(["email", "customer.phone"])
    rows = [
        {"_row": 1, "email": "ann@x", "customer": {"phone": 4711}},
        {"_row": 2, "email": "bob@x", "customer": {"phone": None}},
    ]
    lines = [
        issue(key="ann@x:7", value="<ann@x>", message="'ann@x' and 4711 do not go together"),
        issue(2, message="ann@x is another row's"),
        issue(None, message="of nobody"),
    ]
    assert told(*lines, rows=rows) == [
        (f"{MASK}:7", f"<{MASK}>", f"'{MASK}' and {MASK} do not go together"),
        (None, None, "ann@x is another row's"),
        (None, None, "of nobody"),
    ]


def test_short_and_long_values_are_known_too() -> None:
    """A value of a letter is looked for in quotes alone; of a long one the beginning is enough to hide a whole text."""
    personal.hide("email")
    rows = [{"_row": 1, "email": "a"}, {"_row": 2, "email": "long " * 20}]
    lines = [issue(key="a", message="'a' is not an address"), issue(2, message="long " * 8 + "… is too long")]
    assert told(*lines, rows=rows) == [(MASK, None, f"{MASK} is not an address"), (None, None, findings.NOT_SHOWN)]


def test_of_values_in_each_other_the_longest_goes_first() -> None:
    """A value that is a part of another leaves nothing of it behind."""
    personal.hide("names")
    rows = [{"_row": 1, "names": ["Ann", "Anna-Ann Smith"]}]
    assert told(issue(message="Anna-Ann Smith, called Ann"), rows=rows) == [(None, None, f"{MASK}, called {MASK}")]


def test_lines_of_a_source_are_not_shown() -> None:
    """A line that is no row is quoted whole, and so not at all where its source has a hidden column."""
    personal.hide("email")
    line = issue(stage="read", value="1;2;ann@x", message="3 fields")
    assert told(line, rows=[{"_row": 7, "email": "q"}]) == [(None, MASK, "3 fields")]
    assert told(line, rows=[{"_row": 7, "ref": "q"}]) == [(None, "1;2;ann@x", "3 fields")]


def test_what_others_say_is_known_by_its_names() -> None:
    """P9: a message of the platform that quotes the request shows no hidden field of it."""
    personal.hide("email")
    assert told(issue(message='refused: {"email": "q", "ref": "R"}')) == [
        (None, None, f'refused: {{"email": "{MASK}", "ref": "R"}}')
    ]


def test_the_reasons_of_rows_are_told_likewise() -> None:
    """The text on a rejected row quotes nothing that is hidden in it, and the row itself is whole."""
    personal.hide("email")
    rows = pl.DataFrame(
        {"_row": [1, 2], "_source": ["s", "s"], "email": ["q@x", None], "_errors": ["'q@x' is bad", "bad"]}
    )
    shown = findings.errors(rows)
    assert shown["_errors"].to_list() == [f"'{MASK}' is bad", "bad"]
    assert shown["email"].to_list() == ["q@x", None]


def test_without_names_nothing_is_touched() -> None:
    """Where nothing is hidden the very same frames come back."""
    found = pl.DataFrame([issue(value="v")], schema=frames.ISSUES)
    assert findings.issues(found, pl.DataFrame({"_row": [1], "_source": ["s"], "email": ["v"]})) is found
    assert findings.errors(found) is found
    personal.hide("email")
    assert findings.issues(frames.no_issues()).is_empty()


@pytest.mark.parametrize("kind", [pl.Binary, pl.Object, pl.Categorical])
def test_columns_without_a_text_do_no_harm(kind: Any) -> None:
    """A hidden column of bytes or objects is no reason to fail."""
    personal.hide("email")
    values: list[Any] = [b"q"] if kind == pl.Binary else ["q@x"]
    rows = pl.DataFrame([pl.Series("email", values, dtype=kind), pl.Series("_row", [1]), pl.Series("_source", ["s"])])
    assert findings.issues(pl.DataFrame([issue(message="m")], schema=frames.ISSUES), rows)["message"].to_list() == ["m"]
