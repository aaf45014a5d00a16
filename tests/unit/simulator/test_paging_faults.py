"""What faults do to a GraphQL page."""

from copy import deepcopy
from typing import Any

from fcwork.simulator.paging_faults import Cursors, empty_page, outermost_connection, short_page, with_errors


def _page(*names: str, more: bool = True) -> dict[str, Any]:
    edges = [{"cursor": f"c-{name}", "node": {"ref": name, "items": {"edges": [{"node": {}}]}}} for name in names]
    return {"data": {"orders": {"edges": edges, "pageInfo": {"hasNextPage": more, "hasPreviousPage": False}}}}


def _refs(answer: dict[str, Any]) -> list[str]:
    return [edge["node"]["ref"] for edge in answer["data"]["orders"]["edges"]]


def test_outermost_connection_is_the_one_found() -> None:
    """The connection nearest to the root is touched, not one inside its nodes; data without one has none."""
    answer = {"data": {"order": {"ref": "A", "items": {"edges": [{"node": {"tags": {"edges": []}}}]}}}}
    assert outermost_connection(answer["data"]) is answer["data"]["order"]["items"]
    assert outermost_connection({"order": {"ref": "A"}}) is None
    assert outermost_connection(None) is None


def test_empty_page_says_that_there_is_more() -> None:
    """P21: an empty page has no edges and hasNextPage true, even where it was the last."""
    answer = empty_page(_page("A", more=False), backward=False)
    assert _refs(answer) == []
    assert answer["data"]["orders"]["pageInfo"] == {"hasNextPage": True, "hasPreviousPage": False}


def test_short_page_loses_nothing_that_the_cursor_would_not_bring() -> None:
    """P21: a short page keeps the half nearest to where it was read from, in the direction of reading."""
    forward, backward = (
        short_page(_page("A", "B", "C"), backward=False),
        short_page(_page("A", "B", "C"), backward=True),
    )
    assert (_refs(forward), _refs(backward)) == (["A"], ["C"])
    assert backward["data"]["orders"]["pageInfo"]["hasPreviousPage"] is True


def test_repeated_cursor_is_that_of_the_page_before() -> None:
    """P21: a page repeats the cursors of the page before it; a query's first page has none to repeat."""
    cursors = Cursors()
    first = cursors.repeat("q", _page("A", "B"), backward=False)
    assert first == _page("A", "B")
    cursors.remember("q", first)
    second = cursors.repeat("q", _page("C", "D", more=False), backward=False)
    assert _refs(second) == ["C", "D"]
    assert [edge["cursor"] for edge in second["data"]["orders"]["edges"]] == ["c-A", "c-B"]
    assert second["data"]["orders"]["pageInfo"]["hasNextPage"] is True


def test_partial_answer_lacks_its_last_node() -> None:
    """P21: errors stand beside the data, and the last node is gone."""
    answer = with_errors(_page("A", "B"), {"errors": [{"message": "lost"}]})
    assert answer["errors"] == [{"message": "lost"}]
    assert [edge["node"] and edge["node"]["ref"] for edge in answer["data"]["orders"]["edges"]] == ["A", None]


def test_answer_without_a_connection_stays_as_it_is() -> None:
    """A fault of paging has nothing to do where nothing is paged."""
    answer = {"data": {"order": {"ref": "A"}}}
    for changed in (empty_page(deepcopy(answer), backward=False), short_page(deepcopy(answer), backward=False)):
        assert changed == answer
