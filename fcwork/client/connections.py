"""Connections as they are answered: whether one has the form, its nodes, and where it goes on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fcwork.client.documents import Path
from fcwork.errors import BadRequestError, ServerError

Edge = dict[str, Any]


def connection_at(data: Any, path: Path) -> dict[str, Any] | None:
    """Return the connection; None where it or what it is in is null."""
    found = _object(data, path)
    for key in path:
        found = None if found is None else _object(found.get(key), path)
    return found


def check_form(connection: Mapping[str, Any], path: Sequence[str]) -> None:
    """Refuse what no connection looks like, before a part of it is taken for the whole."""
    edges, info = connection.get("edges"), connection.get("pageInfo")
    are_edges = isinstance(edges, list | None) and all(map(_is_edge, edges or ()))
    if not (are_edges and isinstance(info, dict | None)):
        raise malformed(path)


def malformed(path: Sequence[str]) -> ServerError:
    """Return the error for something that is no connection."""
    message = f"{'.'.join(path)} was answered with something that is no connection"
    return ServerError(message, hint="check base_url, and with graphql what the platform answers")


def cursor_of(edges: list[Edge], info: Mapping[str, Any], *, forward: bool) -> str | None:
    """Return the last cursor in the direction of paging; the platform gives cursors of edges only."""
    edge = edges[-1 if forward else 0].get("cursor") if edges else None
    return edge or info.get("endCursor" if forward else "startCursor")


def is_cut(value: Any, path: Path, flag: str) -> bool:
    """Say whether one of the connections at a path has more than was asked of it."""
    if isinstance(value, list):
        return any(is_cut(item, path, flag) for item in value)
    if not isinstance(value, dict):
        return False
    if path:
        return is_cut(value.get(path[0]), path[1:], flag)
    return bool((value.get("pageInfo") or {}).get(flag))


def _object(value: Any, path: Path) -> dict[str, Any] | None:
    if isinstance(value, list):
        raise BadRequestError(
            f"{'.'.join(path)} is a list of connections, which have no cursor in common",
            hint="ask for one of them by its id or ref and page that",
        )
    if not isinstance(value, dict | None):
        raise malformed(path)
    return value


def _is_edge(edge: Any) -> bool:
    return edge is None or (
        isinstance(edge, dict)
        and isinstance(edge.get("node"), dict | None)
        and isinstance(edge.get("cursor"), str | int | None)
    )
