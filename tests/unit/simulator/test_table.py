"""Tables: indexes and remembered selections follow every change; instants are whole milliseconds."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fcwork.simulator import instants
from fcwork.simulator.table import Table

ROWS = st.lists(st.tuples(st.sampled_from("abc"), st.lists(st.sampled_from("xyz"), unique=True)), max_size=8)


@given(
    ROWS, st.lists(st.tuples(st.integers(0, 7), st.sampled_from("abc"), st.lists(st.sampled_from("xyz"), unique=True)))
)
def test_index_finds_what_a_scan_finds(
    rows: list[tuple[str, list[str]]], changes: list[tuple[int, str, list[str]]]
) -> None:
    """After any additions and changes an index finds the rows that a scan finds, in their order."""
    table = Table("Thing", 100)
    for name in ("ref", "tags"):
        table.find((name,), None)
    for ref, tags in rows:
        table.add({"ref": ref, "tags": tags})
    for at, ref, tags in changes:
        if at < len(table):
            table.change(at, {"ref": ref, "tags": tags})
    held = [(table.row(at)["ref"], table.row(at)["tags"]) for at in range(len(table))]
    for key in "abc":
        assert list(table.find(("ref",), key)) == [at for at, (ref, _) in enumerate(held) if ref == key]
    for key in "xyz":
        assert list(table.find(("tags",), key)) == [at for at, (_, tags) in enumerate(held) if key in tags]


def test_rows_need_not_have_the_same_columns() -> None:
    """A column that only some rows have is None in the others, whenever it came."""
    table = Table("Thing", 100)
    table.add({"ref": "a"})
    table.add({"name": "b"})
    assert [table.row(at) for at in range(2)] == [
        {"ref": "a", "name": None, "id": "100", "__typename": "Thing"},
        {"ref": None, "name": "b", "id": "101", "__typename": "Thing"},
    ]
    assert table.column("none") == [None, None]


def test_selection_is_remembered_until_a_change() -> None:
    """A selection is made once and again only after a row was added or changed; not without end are they kept."""
    table = Table("Thing", 100)
    table.add({"ref": "a"})
    made: list[int] = []

    def select() -> list[int]:
        made.append(len(made))
        return [0]

    for _ in range(3):
        table.selection("all", select)
    table.change(0, {"ref": "b"})
    table.selection("all", select)
    assert made == [0, 1]
    for number in range(1000):
        table.selection(number, select)
    assert len(table._selections) <= 32


@pytest.mark.parametrize("text", ["1969-12-31T23:59:59.999Z", "2026-01-10T00:00:00.000Z", "0999-05-05T05:05:05.005Z"])
def test_instants_come_back_as_written(text: str) -> None:
    """An instant that was read is written again as it was."""
    assert instants.to_text(int(instants.parse(text))) == text


def test_instant_is_the_millisecond_it_lies_in() -> None:
    """Microseconds are cut off, not rounded up into a millisecond that has not begun."""
    instant = datetime(2026, 1, 10, tzinfo=UTC) + timedelta(microseconds=1999)
    assert instants.to_text(instants.to_ms(instant)) == "2026-01-10T00:00:00.001Z"
