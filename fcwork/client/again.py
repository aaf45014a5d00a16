"""The text of a request that asks several connections inside nodes for their next page, each for itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import print_ast
from graphql.language import (
    FragmentDefinitionNode,
    FragmentSpreadNode,
    VariableNode,
    Visitor,
    visit,
)

from fcwork.client.asked import Asked, Field
from fcwork.client.connections import check_form
from fcwork.client.documents import document
from fcwork.client.lookups import Inner, kept, value_of
from fcwork.client.queries import BACKWARD, FORWARD, Way

_PAGING = {way.cursor for way in (FORWARD, BACKWARD)} | {way.size for way in (FORWARD, BACKWARD)}


@dataclass(frozen=True)
class Wanted:
    """A connection inside a node, and where it goes on.

    Attributes:
        inner: which connection.
        way: the direction in which it goes on.
        trail: the objects from the node to it, one for each key.
        cursor: where its next page begins.
    """

    inner: Inner
    way: Way
    trail: tuple[dict[str, Any], ...]
    cursor: Any

    def known(self) -> dict[str, Any] | None:
        """Return what singles out the objects on the way, by the names of ``Request``; None where one is not known."""
        inner = self.inner
        if inner.begin is None:
            return None
        values = {f"ref{at}": value_of("ref", self.node_under(at)) for at in inner.narrowed}
        ids = [value_of("id", self.node_under(at)) for at in inner.narrowed]
        if inner.lookup:
            held = self.trail[inner.held(inner.begin - 1)]
            values.update((key.name, value_of(key.name, held)) for key in inner.lookup.keys)
        return None if None in (*values.values(), *ids) else values

    def node_under(self, at: int) -> dict[str, Any]:
        """Return the node that a connection on the way is narrowed to."""
        return self.trail[self.inner.held(at + 2)]

    def found(self, answer: Mapping[str, Any], number: int) -> Any:
        """Return the connection in the answer to a request in which it has a number; None where it is not there."""
        inner, value = self.inner, answer.get(f"n{number}")
        first = 1 if inner.begin is None or inner.lookup is None else inner.begin
        for at in range(first, len(inner.chain)):
            if not isinstance(value, dict):
                return None
            value = self._edge(value, at - 1) if at - 1 in inner.narrowed else value.get(inner.chain[at].key)
        return value

    def _edge(self, connection: Mapping[str, Any], at: int) -> Any:
        """Return the edge of the node that is meant; a ref may be that of several."""
        check_form(connection, self.inner.place)
        wanted = value_of("id", self.node_under(at))
        held = [edge for edge in connection.get("edges") or () if edge and edge.get("node")]
        return next((edge for edge in held if edge["node"].get(kept("id")) == wanted), None)


class Request:
    """One request for several connections; its variables are those of the query that they use, and its own.

    Args:
        query: the text of the query, as it is sent.
        variables: the query's.
    """

    def __init__(self, query: str, variables: Mapping[str, Any]) -> None:
        self._asked = Asked(document(query))
        self._given = variables
        self._parts: list[str] = []
        self._definitions: list[str] = []
        self._values: dict[str, Any] = {}
        self._prefix = _free("again", self._asked.variables)

    def add(self, wanted: Wanted) -> None:
        """Ask for one connection's next page."""
        inner, number, known = wanted.inner, len(self._parts), wanted.known() or {}
        names = {"cursor": self._variable(number, "cursor", "String", wanted.cursor)}
        for at in inner.narrowed:
            names[f"ref{at}"] = self._variable(number, f"ref{at}", "String!", known[f"ref{at}"])
        if inner.lookup is None:
            self._parts.append(_text(wanted, 0, names, key=f"n{number}"))
            return
        for key in inner.lookup.keys:
            names[key.name] = self._variable(number, key.name, key.kind, known[key.name])
        taken = ", ".join(f"{key.name}: ${names[key.name]}" for key in inner.lookup.keys)
        self._parts.append(f"n{number}: {inner.lookup.field}({taken}) {{ {_text(wanted, inner.begin or 0, names)} }}")

    def built(self) -> tuple[str, dict[str, Any]]:
        """Return the text, and the values of its variables."""
        selections = f"{{ {' '.join(self._parts)} }}"
        uses = _Uses(self._asked.fragments)
        visit(document(selections), uses)
        used = [print_ast(node) for name, node in self._asked.variables.items() if name in uses.variables]
        fragments = [print_ast(self._asked.fragments[name]) for name in uses.fragments]
        values = {name: value for name, value in self._given.items() if name in uses.variables}
        text = " ".join([f"query ({', '.join([*used, *self._definitions])})", selections, *fragments])
        return text, values | self._values

    def _variable(self, number: int, name: str, kind: str, value: Any) -> str:
        own = f"{self._prefix}{number}_{name}"
        self._definitions.append(f"${own}: {kind}")
        self._values[own] = value
        return own


class _Uses(Visitor):
    """Collects the variables and fragments that a document uses."""

    def __init__(self, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        super().__init__()
        self._known = fragments
        self.variables: set[str] = set()
        self.fragments: dict[str, None] = {}

    def enter_variable(self, node: VariableNode, *_: Any) -> None:
        self.variables.add(node.name.value)

    def enter_fragment_spread(self, node: FragmentSpreadNode, *_: Any) -> None:
        name = node.name.value
        if name in self._known and name not in self.fragments:
            self.fragments[name] = None
            visit(self._known[name], self)


def _text(wanted: Wanted, at: int, names: Mapping[str, str], *, key: str = "") -> str:
    """Return the selection of the connection, below one field on the way to it."""
    chain, narrowed = wanted.inner.chain, wanted.inner.narrowed
    field = chain[at]
    key = key or field.key
    shown = field.name if key == field.name else f"{key}: {field.name}"
    if at == len(chain) - 1:
        arguments = [*_arguments(field, {wanted.way.cursor}), f"{wanted.way.cursor}: ${names['cursor']}"]
        return _on(chain, at, f"{shown}({', '.join(arguments)}) {{ {wanted.inner.selection} }}")
    arguments = _arguments(field, {*_PAGING, "ref"} if at in narrowed else set())
    if at in narrowed:
        arguments.append(f"ref: [${names[f'ref{at}']}]")
    taken = f"({', '.join(arguments)})" if arguments else ""
    known = f"{kept('id')}: id " if at - 2 in narrowed else ""
    return _on(chain, at, f"{shown}{taken} {{ {known}{_text(wanted, at + 1, names)} }}")


def _on(chain: Sequence[Field], at: int, text: str) -> str:
    """Return a selection, said to be of one type where what it is made on may be of several."""
    owner, holder = chain[at].owner, chain[at - 1].named if at else None
    return text if owner is None or holder is None or owner is holder else f"... on {owner.name} {{ {text} }}"


def _arguments(field: Field, without: set[str]) -> list[str]:
    return [print_ast(one) for one in field.nodes[0].arguments or () if one.name.value not in without]


def _free(prefix: str, names: Iterable[str]) -> str:
    while any(name.startswith(prefix) for name in names):
        prefix += "_"
    return prefix
