"""What a fault does to a GraphQL answer: errors beside the data, and pages that mislead whoever reads them carelessly.

Only the outermost connection of an answer is touched: the first one met, level by level.
"""

import threading
from collections.abc import Mapping
from typing import Any

_USUAL_ERROR = {"message": "Simulated error", "extensions": {"code": "S0002"}}

Answer = dict[str, Any]


def with_errors(answer: Answer, details: Mapping[str, Any]) -> Answer:
    """Return the answer with errors beside its data, the last node of its page gone."""
    edges = _edges(answer)
    if edges and "node" in edges[-1]:
        edges[-1]["node"] = None
    return {**answer, "errors": [*answer.get("errors", ()), *errors_of(details)]}


def errors_of(details: Mapping[str, Any]) -> list[Any]:
    """Return the errors that a fault brings: its own, else one of the platform's, S0002 (try again later)."""
    return list(details.get("errors", (_USUAL_ERROR,)))


def empty_page(answer: Answer, *, backward: bool) -> Answer:
    """Return the answer with no edges on its page, which says that there are more."""
    return _with_edges(answer, [], backward=backward)


def short_page(answer: Answer, *, backward: bool) -> Answer:
    """Return the answer with half of its page's edges: those nearest to where it was read from."""
    edges = _edges(answer)
    kept = max(len(edges) // 2, 1)
    return _with_edges(answer, edges[-kept:] if backward else edges[:kept], backward=backward)


class Cursors:
    """Remembers the cursors of each query's last page, so that the next page can repeat them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last: dict[str, tuple[Any, Any]] = {}  # query → cursors of the first and last edge

    def remember(self, query: str, answer: Answer) -> None:
        """Keep the cursors of a page as it is served."""
        edges = _edges(answer)
        if edges and "cursor" in edges[0]:
            with self._lock:
                self._last[query] = (edges[0]["cursor"], edges[-1]["cursor"])

    def repeat(self, query: str, answer: Answer, *, backward: bool) -> Answer:
        """Return the answer with the cursors of the page before, which says that there are more.

        A query's first page, having none before it, stays as it is.
        """
        edges = _edges(answer)
        with self._lock:
            before = self._last.get(query)
        if before is None or not edges or "cursor" not in edges[0]:
            return answer
        edges[0]["cursor"], edges[-1]["cursor"] = before
        return _with_edges(answer, edges, backward=backward)


def outermost_connection(data: Any) -> dict[str, Any] | None:
    """Return the first object with a list of ``edges``, level by level; it may be changed in place."""
    level = [data]
    while level:
        for value in level:
            if isinstance(value, dict) and isinstance(value.get("edges"), list):
                return value
        level = [child for value in level for child in _children(value)]
    return None


def _children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _edges(answer: Answer) -> list[dict[str, Any]]:
    connection = outermost_connection(answer.get("data"))
    return connection["edges"] if connection else []


def _with_edges(answer: Answer, edges: list[Any], *, backward: bool) -> Answer:
    """Put ``edges`` on the page and say that there are more; the answer is changed in place and returned."""
    connection = outermost_connection(answer.get("data"))
    if connection is not None:
        connection["edges"] = edges
        info = connection.get("pageInfo")
        if isinstance(info, dict):
            for name in ("hasNextPage", "hasPreviousPage") if backward else ("hasNextPage",):
                if name in info:
                    info[name] = True
    return answer
