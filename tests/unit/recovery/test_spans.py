"""Sets of rows in memory and in the ledger."""

import polars as pl
import pytest

from fcwork.recovery import spans


@pytest.mark.parametrize(
    ("rows", "pairs"),
    [
        ([], []),
        ([0], [[0, 1]]),
        ([3, 4, 5], [[3, 6]]),
        ([0, 2, 3, 9], [[0, 1], [2, 4], [9, 10]]),
        ([7, 9], [[7, 8], [9, 10]]),
    ],
)
def test_rows_are_spelt_as_the_fewest_pairs_and_read_back(rows: list[int], pairs: list[list[int]]) -> None:
    """Each run of neighbours is one pair, and reading the pairs gives the rows again."""
    positions = pl.Series(rows, dtype=spans.POSITION)
    assert spans.spell(positions) == pairs
    assert spans.read(pairs).to_list() == rows
    assert spans.read(pairs).dtype == spans.POSITION


def test_a_million_neighbours_are_one_pair() -> None:
    """A run of any length costs one pair in the ledger."""
    assert spans.spell(spans.between(0, 1_000_000)) == [[0, 1_000_000]]


def test_take_gives_the_rows_in_order_with_or_without_gaps() -> None:
    """Rows are taken by position, and nothing is taken for no positions."""
    letters = pl.DataFrame({"letter": list("abcdef")})
    assert spans.take(letters, spans.between(2, 4))["letter"].to_list() == ["c", "d"]
    assert spans.take(letters, spans.read([[0, 1], [4, 6]]))["letter"].to_list() == ["a", "e", "f"]
    assert spans.take(letters, spans.between(0, 0)).height == 0


def test_union_is_ascending() -> None:
    """Parts are put together in the input's order, whatever order they settle in."""
    assert spans.union([spans.between(4, 6), spans.between(0, 2)]).to_list() == [0, 1, 4, 5]
    assert spans.union([]).to_list() == []
