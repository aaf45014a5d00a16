import polars as pl
import pytest

from fcwork.errors import ConfigError
from fcwork.extraction.exploding import explode

ORDERS = pl.DataFrame(
    {
        "ref": ["O1", "O2", "O3"],
        "items": [
            [{"ref": "1", "product": {"ref": "P1"}}, {"ref": "2", "product": None}],
            [],
            None,
        ],
        "status": ["A", "B", "C"],
    }
)


def test_each_item_is_a_row_beside_what_the_node_says() -> None:
    """Items become rows, their fields columns in the list's place, objects in them too."""
    lines = explode(ORDERS, ("items",))

    assert lines.columns == ["ref", "items.ref", "items.product.ref", "status"]
    assert lines.row(0) == ("O1", "1", "P1", "A")
    assert lines.row(1) == ("O1", "2", None, "A")


def test_a_node_without_items_is_not_lost() -> None:
    """An empty or missing list gives a row of nulls."""
    lines = explode(ORDERS, ("items",))
    assert lines.filter(pl.col("ref") != "O1").rows() == [("O2", None, None, "B"), ("O3", None, None, "C")]


def test_a_list_in_an_item_is_exploded_after_it() -> None:
    """Several lists are exploded one after the other."""
    nested = pl.DataFrame({"a": [[{"b": [1, 2]}, {"b": [3]}]]})
    assert explode(nested, ("a", "a.b"))["a.b"].to_list() == [1, 2, 3]


def test_what_is_no_list_cannot_be_exploded() -> None:
    """P32: the message names the lists that there are."""
    with pytest.raises(ConfigError, match=r"is no list[\s\S]*lists: items"):
        explode(ORDERS, ("status",))
    with pytest.raises(ConfigError, match="did you mean 'items'"):
        explode(ORDERS, ("itms",))
