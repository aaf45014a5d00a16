"""How a query is paged, read from its parsed text; nothing is guessed from names.

The cursor is what stands at ``after:`` or ``before:`` of the connection that is paged. What a query lacks for paging
(a variable for the cursor, ``edges { cursor }``, ``pageInfo``) is added to it; nothing else in it changes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, TypeVar, cast

from graphql import print_ast, value_from_ast_untyped
from graphql.language import (
    DocumentNode,
    FieldNode,
    Node,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableNode,
    Visitor,
    parse,
    visit,
)

from fcwork.client.columns import columns
from fcwork.client.documents import Path, Selections, document, key_of, operation_of
from fcwork.client.flatten import Flattener
from fcwork.client.lookups import additions
from fcwork.errors import BadRequestError

Direction = Literal["forward", "backward"]
Nested = Literal["follow", "report"]
N = TypeVar("N", bound=Node)

USUAL_SIZE = 100  # nodes a page; the platform's own default, by the documents of SDK 0.1.56


@dataclass(frozen=True)
class Way:
    """The names that paging in one direction goes by."""

    cursor: str
    size: str
    more: str


FORWARD = Way("after", "first", "hasNextPage")
BACKWARD = Way("before", "last", "hasPreviousPage")


@dataclass(frozen=True)
class PagedQuery:
    """A query and how to page it.

    Attributes:
        text: the query, with what paging needs.
        path: response keys from the data to the connection.
        way: forward or backward.
        cursor: name of the variable that takes the cursor.
        start: the cursor to begin at, if any.
        sizes: the page size under its variable's name; empty where the query has no such variable.
        size: nodes a page, wherever that is said.
        nested: paths from a node to each connection in it, with the direction in which it goes on.
        follows: whether ``text`` asks for what is needed to fetch the rest of those connections.
        hidden: paths from a node to what only that is asked for.
        asked: the query as its author wrote it.
    """

    text: str
    path: Path
    way: Way
    cursor: str
    start: Any
    sizes: Mapping[str, Any]
    size: Any
    nested: tuple[tuple[Path, Way], ...]
    follows: bool
    hidden: tuple[Path, ...]
    asked: str

    @cached_property
    def flattener(self) -> Flattener:
        """What makes frames of its nodes."""
        return Flattener(columns(self.asked, self.path))

    def resized(self, size: int, variables: Mapping[str, Any]) -> PagedQuery:
        """Return the same query with another page size."""
        return plan(
            self.asked,
            variables,
            path=".".join(self.path),
            page_size=size,
            direction="forward" if self.way is FORWARD else "backward",
            nested="follow" if self.follows else "report",
        )


def plan(
    query: str,
    variables: Mapping[str, Any],
    *,
    path: str | None = None,
    page_size: int | None = None,
    direction: Direction = "forward",
    nested: Nested = "report",
) -> PagedQuery:
    """Return how to page ``query``.

    Args:
        query: one operation, a query.
        variables: the caller's.
        path: dotted response keys of the connection; needed where there are several.
        page_size: nodes a page, instead of what the query and its variables say.
        direction: where the query does not tell it by having only ``last`` or ``before``.
        nested: ``follow`` asks also for what is needed to fetch the rest of connections inside the nodes.

    Raises:
        BadRequestError: a mutation, no connection, or several and no ``path``; the candidates are named.
    """
    if direction not in ("forward", "backward"):  # a set would ask for its hash
        raise BadRequestError(f"direction={direction!r} is not known", hint="direction is 'forward' or 'backward'")
    if nested not in ("follow", "report"):
        raise BadRequestError(f"nested={nested!r} is not known", hint="nested is 'follow' or 'report'")
    try:
        return _plan(query, variables, path, page_size, direction, follows=nested == "follow")
    except RecursionError:
        pass
    raise BadRequestError("the query's fragments go in a circle", hint="a fragment must not hold itself")


def _plan(
    query: str,
    variables: Mapping[str, Any],
    path: str | None,
    page_size: int | None,
    direction: Direction,
    *,
    follows: bool,
) -> PagedQuery:
    parsed = document(query)
    acted = operation_of(parsed, None)
    if acted.operation is not OperationType.QUERY:
        raise BadRequestError("only a query is paged, and this is a mutation", hint="send it with client.graphql")
    selections = Selections(parsed)
    place, field = _chosen(list(selections.connections(selections.fields(acted.selection_set))), path)
    if not selections.node_fields(field):
        raise BadRequestError(f"{'.'.join(place)} is asked for no nodes", hint="select edges { node { … } } of it")
    way = _way(field, direction)
    inner = [(at, node, _way(node, "forward")) for at, node in selections.inner_connections(field)]
    edit = _Edit(parsed, acted, variables)
    cursor, start = edit.cursor(field, way)
    sizes, size = edit.size(field, way, page_size)
    edit.select(field, _needs(selections, field, way, cursor=True))
    for _, node, its in inner:
        edit.select(node, _needs(selections, node, its, cursor=follows))
    added = additions(parsed, place) if follows and inner else []
    for addition in added:
        for node in addition.fields:
            edit.select(node, addition.selection)
    return PagedQuery(
        text=edit.text() or query,
        path=place,
        way=way,
        cursor=cursor,
        start=start,
        sizes=sizes,
        size=size,
        nested=tuple((at, its) for at, _, its in inner),
        follows=follows,
        hidden=tuple(addition.hidden for addition in added),
        asked=query,
    )


def _chosen(candidates: Sequence[tuple[Path, FieldNode]], path: str | None) -> tuple[Path, FieldNode]:
    names = ", ".join(".".join(place) for place, _ in candidates)
    fitting = [found for found in candidates if path is None or ".".join(found[0]) == path]
    if not candidates:
        raise BadRequestError("the query holds no connection to page", hint="ask for edges { node { … } } of a field")
    if not fitting:
        raise BadRequestError(f"the query pages no connection at {path!r}", hint=f"path is one of: {names}")
    if len(fitting) > 1:
        raise BadRequestError("the query holds several connections", hint=f"say which to page: path is one of {names}")
    if sum(field is fitting[0][1] for _, field in candidates) > 1:
        raise BadRequestError(
            f"the connection {path!r} stands in a fragment that is used twice",
            hint="write it out, so that one is paged",
        )
    return fitting[0]


def _way(field: FieldNode, direction: Direction) -> Way:
    given = {argument.name.value for argument in field.arguments or ()}
    forward, backward = given & {"first", "after"}, given & {"last", "before"}
    if direction == "backward" and forward and not backward:
        raise BadRequestError(
            f"{key_of(field)} is asked for its first nodes and paged backward", hint="use last and before in the query"
        )
    return BACKWARD if direction == "backward" or (backward and not forward) else FORWARD


def _needs(selections: Selections, field: FieldNode, way: Way, *, cursor: bool = False) -> str:
    edges, info = selections.below([field], "edges"), selections.below([field], "pageInfo")
    missing = "" if selections.below(info, way.more) else f"pageInfo {{ {way.more} }}"
    return f"edges {{ cursor }} {missing}" if cursor and not selections.below(edges, "cursor") else missing


class _Edit:
    """Collects changes of a document: variables that take the place of arguments, and added selections."""

    def __init__(self, whole: DocumentNode, acted: OperationDefinitionNode, variables: Mapping[str, Any]) -> None:
        self._whole = whole
        self._acted = acted
        self._variables = variables
        self._changed: dict[int, Node] = {}
        self._declared = {item.variable.name.value: item for item in acted.variable_definitions or ()}
        uses = _Uses()
        visit(whole, uses)
        self._uses = uses.counts - Counter(self._declared.keys())

    def cursor(self, field: FieldNode, way: Way) -> tuple[str, Any]:
        """Return the variable that takes the cursor, made if need be, and the cursor to begin at."""
        name, start = self._argument(field, way.cursor)
        return name or self._put(field, way.cursor, "pageCursor", "String"), start

    def size(self, field: FieldNode, way: Way, page_size: int | None) -> tuple[dict[str, Any], Any]:
        """Return the page size under its variable's name, and alone; no variable where the query leaves it be."""
        name, given = self._argument(field, way.size)
        if page_size is not None:
            return {name or self._put(field, way.size, "pageSize", "Int"): page_size}, page_size
        size = USUAL_SIZE if given is None else given
        return {name: size} if name else {}, size

    def select(self, field: FieldNode, selections: str) -> None:
        """Ask a field for more."""
        if not selections:
            return
        now = self._now(field)
        added = _first(f"{{ field {{ {selections} }} }}").selection_set
        held = now.selection_set.selections if now.selection_set else ()
        together = SelectionSetNode(selections=(*held, *(added.selections if added else ())))
        self._changed[id(field)] = changed(now, selection_set=together)

    def text(self) -> str:
        """Return the changed document, or nothing where there is no change."""
        return print_ast(visit(self._whole, _Swap(self._changed))) if self._changed else ""

    def _argument(self, field: FieldNode, name: str) -> tuple[str, Any]:
        """Return the variable that an argument alone uses, if any, and the argument's present value."""
        value = next((item.value for item in field.arguments or () if item.name.value == name), None)
        if value is None:
            return "", None
        if not isinstance(value, VariableNode):
            return "", value_from_ast_untyped(value)
        variable = value.name.value
        declared = self._declared.get(variable)
        usual = declared.default_value if declared else None
        present = self._variables.get(variable, value_from_ast_untyped(usual) if usual else None)
        return variable if self._uses[variable] == 1 else "", present

    def _put(self, field: FieldNode, argument: str, name: str, kind: str) -> str:
        """Give an argument a variable of its own and return the variable's name."""
        while name in self._declared:
            name += "_"
        now = self._now(field)
        others = [item for item in now.arguments or () if item.name.value != argument]
        added = (_first(f"{{ field({argument}: ${name}) }}").arguments or ())[0]
        self._changed[id(field)] = changed(now, arguments=(*others, added))
        acted = self._now(self._acted)
        definition = (_operation(f"query (${name}: {kind}) {{ field }}").variable_definitions or ())[0]
        self._declared[name] = definition
        definitions = (*(acted.variable_definitions or ()), definition)
        self._changed[id(self._acted)] = changed(acted, variable_definitions=definitions)
        return name

    def _now(self, node: N) -> N:
        return cast("N", self._changed.get(id(node), node))


class _Uses(Visitor):
    """Counts the places where each variable stands, its definition included."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: Counter[str] = Counter()

    def enter_variable(self, node: VariableNode, *_: Any) -> None:
        self.counts[node.name.value] += 1


class _Swap(Visitor):
    """Puts the changed nodes in."""

    def __init__(self, changed: Mapping[int, Node]) -> None:
        super().__init__()
        self._changed = changed

    def enter(self, node: Node, *_: Any) -> Node | None:
        return self._changed.get(id(node))


def _operation(text: str) -> OperationDefinitionNode:
    return cast("OperationDefinitionNode", parse(text).definitions[0])


def _first(text: str) -> FieldNode:
    return cast("FieldNode", _operation(text).selection_set.selections[0])


def changed(node: N, **changes: Any) -> N:
    """Return a node with other parts; the one that was given stays as it is."""
    return type(node)(**{**{name: getattr(node, name) for name in node.keys}, **changes})
