"""Pages of a connection: opaque cursors on the edges, forward by first and after, backward by last and before."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fcwork.simulator.graphql.codes import Code, PlatformError

DEFAULT_SIZE = 100  # SDK 0.1.56, its guides
MAX_SIZE = 500  # assumed; the guides of SDK 0.1.56 say 250
SIZES = frozenset({"first", "last"})
ARGUMENTS = SIZES | {"after", "before"}


def page(
    kind: str,
    places: Sequence[int],
    arguments: Mapping[str, Any],
    *,
    node: Callable[[int], Any],
    max_size: int = MAX_SIZE,
) -> dict[str, Any]:
    """Return a connection over ``places``, which rise, as far as the paging arguments ask for it.

    A cursor stands for a place, not for a row of the selection, so it holds where rows came or went meanwhile.

    Args:
        kind: what is paged; a cursor of another kind is refused.
        places: of all that the connection leads to.
        arguments: of the field; those that are no paging arguments are left alone.
        node: what stands at a place.
        max_size: the most that one page may ask for.
    """
    start, stop = _bounds(kind, places, arguments)
    size = page_size(arguments, max_size=max_size)
    if _is_backward(arguments):
        start = max(start, stop - size)
    else:
        stop = min(stop, start + size)
    edges = [{"cursor": cursor(kind, at), "node": node(at)} for at in places[start:stop]]
    return {"edges": edges, "pageInfo": {"hasNextPage": stop < len(places), "hasPreviousPage": start > 0}}


def page_size(arguments: Mapping[str, Any], *, max_size: int = MAX_SIZE) -> int:
    """Return how many nodes a connection's arguments ask for at most."""
    first, last = arguments.get("first"), arguments.get("last")
    if first is not None and last is not None:
        raise PlatformError(Code.BAD_REQUEST, "a page is asked for by first or by last, not by both")
    size = next((size for size in (first, last) if size is not None), DEFAULT_SIZE)
    if not 0 <= size <= max_size:
        raise PlatformError(Code.BAD_REQUEST, f"a page has 0 to {max_size} nodes, not {size}")
    return size


def cursor(kind: str, at: int) -> str:
    """Return the cursor of a place."""
    return urlsafe_b64encode(f"{kind}:{at}".encode()).decode()


def _is_backward(arguments: Mapping[str, Any]) -> bool:
    if arguments.get("last") is not None:
        return True
    return arguments.get("first") is None and arguments.get("before") is not None


def _bounds(kind: str, places: Sequence[int], arguments: Mapping[str, Any]) -> tuple[int, int]:
    after, before = arguments.get("after"), arguments.get("before")
    start = 0 if after is None else bisect_right(places, _place(kind, after))
    stop = len(places) if before is None else bisect_left(places, _place(kind, before))
    return start, max(start, stop)


def _place(kind: str, text: str) -> int:
    try:
        named, _, at = urlsafe_b64decode(text).decode().partition(":")
    except ValueError:
        named, at = "", ""
    if named != kind or not at.isdecimal() or cursor(kind, int(at)) != text:
        raise PlatformError(Code.BAD_REQUEST, f"{text[:80]!r} is no cursor of these {kind} pages")
    return int(at)
