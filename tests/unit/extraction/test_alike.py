from typing import Any

import polars as pl
import pytest

from fcwork.extraction import alike
from fcwork.extraction.exploding import explode


def joined(*pages: list[Any]) -> pl.Series:
    """Return a field that no schema knows, of several pages that each have their own type of it."""
    frames = [alike.untyped(pl.DataFrame({"x": page}, strict=False), ["x"]) for page in pages]
    return alike.together(frames, alike.common([frame.schema for frame in frames]))["x"]


@pytest.mark.parametrize(
    ("pages", "values", "kind"),
    [
        (([1], [2.5]), [1.0, 2.5], pl.Float64()),
        (([None], [[1]]), [None, [1]], pl.List(pl.Int64)),
        (([None], [{"a": 1}]), [None, {"a": 1}], pl.Struct({"a": pl.Int64})),
        (([None], [None]), [None, None], pl.String()),
        (([1], ["x"]), ["1", "x"], pl.String()),
        (([1], [True]), ["1", "true"], pl.String()),
        (([1], [[1, None]], [{"é": "ü"}]), ["1", "[1, null]", '{"é": "ü"}'], pl.String()),
        (([{"a": 1}], [{"b": "x"}]), [{"a": 1, "b": None}, {"a": None, "b": "x"}], None),
        (([[{"a": 1}]], [[{"a": [1]}]]), [[{"a": "1"}], [{"a": "[1]"}]], pl.List(pl.Struct({"a": pl.String}))),
        (([[1]], [["x"]], [None]), [["1"], ["x"], None], pl.List(pl.String)),
    ],
    ids=str,
)
def test_what_differs_from_page_to_page_comes_together(
    pages: tuple[list[Any], ...], values: list[Any], kind: pl.DataType | None
) -> None:
    """A field has the type that holds all its values; what has none in common is text, lists and objects as JSON."""
    column = joined(*pages)

    assert column.to_list() == values
    assert kind is None or column.dtype == kind


def test_a_list_that_comes_after_a_page_without_it_can_be_exploded() -> None:
    """A field that is null on one page and a list on the next is a list."""
    rows = pl.DataFrame({"id": ["a", "b", "c"], "x": joined([None], [[{"n": 1}], [{"n": 2}, {"n": 3}]])})
    assert explode(rows, ("x",))["x.n"].to_list() == [None, 1, 2, 3]


def test_pages_may_lack_columns() -> None:
    """A column that a page does not have is null there."""
    one, other = pl.DataFrame({"a": [1]}), pl.DataFrame({"b": [[1]]})
    rows = alike.together([one, other], alike.common([one.schema, other.schema]))
    assert rows.rows() == [(1, None), (None, [1])]


def test_nothing_at_all_has_no_columns() -> None:
    """Without a page there is no column."""
    assert alike.common([]) == pl.Schema()
