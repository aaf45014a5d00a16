"""What an extraction asks: the query with its filters put in as variables, and the parts in which it is asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fcwork import schema
from fcwork.client.documents import Selections, document, key_of, operation
from fcwork.client.queries import changed, plan
from fcwork.errors import ConfigError
from fcwork.extraction.entities import entity
from fcwork.names import nearest

if TYPE_CHECKING:
    from graphql import GraphQLArgument, GraphQLObjectType
    from graphql.language import FieldNode, OperationDefinitionNode

ID, CHANGED = "id", "updatedOn"
RETAILER = "retailerId"
ENDINGS = (".graphql", ".gql")
PAGING = frozenset({"first", "last", "before", "after"})


@dataclass(frozen=True)
class Question:
    """One query of an extraction, and the values of its variables.

    Attributes:
        entity: what is extracted, for people and file names.
        query: the GraphQL text.
        path: the connection, by its dotted response keys.
        parts: the variables of each of the queries that together are the extraction; one, unless a filter that takes
            one value was given several.
        window: the variable of the window; empty where there is none.
        added: the fields that were added to those asked for, and are not wanted in the result.
        has_id, has_changed: whether the nodes tell their id, and when they were changed last.
    """

    entity: str
    query: str
    path: str
    parts: tuple[dict[str, Any], ...]
    window: str
    added: tuple[str, ...]
    has_id: bool
    has_changed: bool


def ask(
    what: str | Path,
    variables: Mapping[str, Any],
    filters: Mapping[str, Any],
    *,
    path: str | None,
    window: str,
    retailer_id: str | None,
) -> Question:
    """Return the query of an entity, or one of the caller's own, with the filters in it.

    Args:
        what: the name of an entity, a GraphQL query, or the path of a ``.graphql`` file with one.
        variables: of the query, as it declares them.
        filters: arguments of the connection, by their names.
        path: of the connection, where the query has several.
        window: the argument of the connection that takes the window, such as ``updatedOn``; empty for none.
        retailer_id: whose; asked for where an entity's connection takes it and no filter says otherwise.

    Raises:
        ConfigError: no such entity or filter, or a value of a wrong kind.
        BadRequestError: the text is no GraphQL, or has no connection.
    """
    what = _read(str(what)) if str(what).endswith(ENDINGS) else str(what)
    own = "{" in what
    edit = _Edit(what if own else entity(what).query, variables, path)
    values = dict(filters)
    if not own and retailer_id and RETAILER in edit.arguments and not edit.given(RETAILER):
        values.setdefault(RETAILER, retailer_id)
    parts = edit.filter(values)
    asked = edit.window(window) if window else ""
    added = edit.identify()
    name = edit.field if own else entity(what).name
    return Question(
        name, edit.text(), edit.path, parts, asked, added, has_id=edit.tells(ID), has_changed=edit.tells(CHANGED)
    )


def _read(path: str) -> str:
    try:
        return Path(path).read_text("utf-8-sig")
    except (OSError, ValueError) as error:
        raise ConfigError(f"the query {path} cannot be read: {error}", hint="give its path, or the text") from None


class _Edit:
    """A query whose connection gets arguments, each with a variable of its own."""

    def __init__(self, query: str, variables: Mapping[str, Any], path: str | None) -> None:
        planned = plan(query, variables, path=path)
        self.path = ".".join(planned.path)
        self._document = document(query)
        self._variables = dict(variables)
        self._selections = Selections(self._document)
        acted = operation(query, None)
        self._connection = next(
            node
            for place, node in self._selections.connections(self._selections.fields(acted.selection_set))
            if place == planned.path
        )
        self.field = self._connection.name.value
        self._declared = {item.variable.name.value: item.type for item in acted.variable_definitions or ()}
        self._parent = _parent(acted, self._selections, planned.path)
        self._added: dict[str, str] = {}  # argument: type
        self._fields: list[str] = []

    @property
    def arguments(self) -> Mapping[str, GraphQLArgument]:
        """What the connection takes, as far as the schema knows it."""
        known = self._parent.fields.get(self.field) if self._parent else None
        return {name: it for name, it in known.args.items() if name not in PAGING} if known else {}

    def given(self, argument: str) -> Any:
        """Return the node of an argument that the query gives already."""
        return next((item.value for item in self._connection.arguments or () if item.name.value == argument), None)

    def tells(self, field: str) -> bool:
        """Say whether the nodes are asked for a field under its own name."""
        nodes = self._selections.node_fields(self._connection)
        return field in self._fields or any(key_of(node) == field == node.name.value for node in nodes)

    def filter(self, values: Mapping[str, Any]) -> tuple[dict[str, Any], ...]:
        """Put filters in, and return the variables of each part."""
        singles: dict[str, Any] = dict(self._variables)
        several: dict[str, list[Any]] = {}
        for name, value in values.items():
            if value is None:
                continue
            variable, kind = self._variable(name)
            choices = _choices(kind, value)
            if len(choices) == 1:
                singles[variable] = _fitted(kind, choices[0], name)
            else:
                several[variable] = [_fitted(kind, choice, name) for choice in choices]
        return tuple({**singles, **dict(zip(several, chosen, strict=True))} for chosen in product(*several.values()))

    def window(self, argument: str) -> str:
        """Return the variable that takes the window; empty where the connection has no such argument."""
        from graphql.language import VariableNode

        here = self.given(argument)
        if isinstance(here, VariableNode):
            return here.name.value
        if here is None and argument in self.arguments:
            return self._variable(argument)[0]
        return ""

    def identify(self) -> tuple[str, ...]:
        """Ask for id and time of change where the schema has them and nothing goes by their names; return these."""
        kind = _node_type(self._parent, self.field)
        taken = {key_of(node) for node in self._selections.node_fields(self._connection)}
        self._fields += [name for name in (ID, CHANGED) if kind and name in kind.fields and name not in taken]
        return tuple(self._fields)

    def text(self) -> str:
        """Return the changed query."""
        from graphql import print_ast, visit

        if not self._added and not self._fields:
            return print_ast(self._document)
        return print_ast(visit(self._document, _put(self._connection, self._added, self._fields)))

    def _variable(self, name: str) -> tuple[str, Any]:
        """Return the variable of a filter and its type: one that the query declares, or one made for an argument."""
        from graphql import type_from_ast

        if name in self._declared:
            return name, type_from_ast(schema.platform(), self._declared[name])
        argument = self.arguments.get(name)
        if argument is None or self.given(name) is not None:
            known = sorted({*self.arguments, *self._declared})
            near = nearest(name, known)
            told = f"did you mean {near!r}? " if near else ""
            why = "the query gives it a value of its own" if argument else "there is no such argument"
            raise ConfigError(
                f"{self.field} cannot be filtered by {name!r}: {why}", hint=f"{told}known: {', '.join(known) or 'none'}"
            )
        self._added[name] = str(argument.type)
        return name, argument.type


def _put(connection: FieldNode, arguments: Mapping[str, str], fields: Sequence[str]) -> Any:
    """Return a visitor that adds arguments, their variables, and fields of the nodes."""
    from graphql.language import SelectionSetNode, Visitor, parse

    listed = ", ".join(f"${name}: {kind}" for name, kind in arguments.items())
    given = ", ".join(f"{name}: ${name}" for name in arguments)
    selected = f"{{ edges {{ node {{ {' '.join(fields)} }} }} }}" if fields else ""
    [added] = parse(
        f"query{f'({listed})' if listed else ''} {{ field{f'({given})' if given else ''} {selected} }}"
    ).definitions
    field: Any = added.selection_set.selections[0]  # type: ignore[attr-defined]

    class _Put(Visitor):
        def leave_operation_definition(self, node: OperationDefinitionNode, *_: Any) -> Any:
            definitions = (*(node.variable_definitions or ()), *(added.variable_definitions or ()))  # type: ignore[attr-defined]
            return changed(node, variable_definitions=definitions)

        def enter_field(self, node: FieldNode, *_: Any) -> Any:
            if node is not connection:
                return None
            selections = [*(node.selection_set.selections if node.selection_set else ())]
            selections += field.selection_set.selections if field.selection_set else ()
            together = SelectionSetNode(selections=tuple(selections))
            return changed(node, arguments=(*(node.arguments or ()), *(field.arguments or ())), selection_set=together)

    return _Put()


def _parent(acted: OperationDefinitionNode, selections: Selections, path: Sequence[str]) -> GraphQLObjectType | None:
    """Return the type on which the connection is a field; None where the schema does not know it."""
    from graphql import GraphQLObjectType, get_named_type

    kind: Any = schema.platform().query_type
    fields = list(selections.fields(acted.selection_set))
    for key in path[:-1]:
        node = next((one for one in fields if key_of(one) == key), None)
        known = kind.fields.get(node.name.value) if node and isinstance(kind, GraphQLObjectType) else None
        if node is None or known is None:
            return None
        kind, fields = get_named_type(known.type), list(selections.fields(node.selection_set))
    return kind if isinstance(kind, GraphQLObjectType) else None


def _node_type(parent: GraphQLObjectType | None, field: str) -> GraphQLObjectType | None:
    from graphql import GraphQLObjectType, get_named_type

    kind: Any = parent
    for name in (field, "edges", "node"):
        known = kind.fields.get(name) if isinstance(kind, GraphQLObjectType) else None
        kind = get_named_type(known.type) if known else None
    return kind if isinstance(kind, GraphQLObjectType) else None


def _choices(kind: Any, value: Any) -> list[Any]:
    """Return the values that are asked for one after the other: several, where a filter that takes one has a list."""
    from graphql import GraphQLList, get_nullable_type

    takes_one = kind is not None and not isinstance(get_nullable_type(kind), GraphQLList)
    if takes_one and isinstance(value, list | tuple) and value:
        return list(value)
    return [value]


def _fitted(kind: Any, value: Any, name: str) -> Any:
    """Return a value as the type of its argument takes it: a text for a key, one for a list, digits for a number."""
    from graphql import GraphQLInputObjectType, GraphQLList, get_nullable_type

    if kind is None:
        return value
    kind = get_nullable_type(kind)
    if isinstance(kind, GraphQLList):
        return [_fitted(kind.of_type, item, name) for item in (value if isinstance(value, list | tuple) else [value])]
    if isinstance(kind, GraphQLInputObjectType):
        return _key(kind, value, name)
    if kind.name in {"Int", "Float"} and isinstance(value, str):
        return _number(kind.name, value, name)
    return str(value) if kind.name in {"String", "ID"} and isinstance(value, int) else value


def _key(kind: Any, value: Any, name: str) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, str) and "ref" in kind.fields:
        return {"ref": value}
    raise ConfigError(
        f"the filter {name} is {value!r}", hint=f"give an object with {', '.join(kind.fields)}, as {kind.name} has them"
    )


def _number(kind: str, value: str, name: str) -> int | float:
    try:
        return int(value) if kind == "Int" else float(value)
    except ValueError:
        raise ConfigError(f"the filter {name} is {value!r}", hint=f"it takes a number ({kind})") from None


def instant(value: Any, name: str) -> datetime | None:
    """Return a time as an aware instant: an ISO text, a date (its beginning, UTC), or an instant (UTC where unzoned).

    Raises:
        ConfigError: it is none of these.
    """
    if value is None:
        return None
    if isinstance(value, str):
        value = _parsed(value.strip(), name)
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time())
    if not isinstance(value, datetime):
        raise ConfigError(f"{name} is {value!r}", hint="give a time such as 2026-01-31 or 2026-01-31T06:00:00Z")
    try:
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except OverflowError:
        raise ConfigError(f"{name} is {value.isoformat()}", hint="its year in UTC lies beyond 1 to 9999") from None


def _parsed(text: str, name: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(
            f"{name} is {text!r}", hint="give a time such as 2026-01-31 or 2026-01-31T06:00:00Z"
        ) from None


def bounds(start: datetime | None, end: datetime | None) -> dict[str, str]:
    """Return a window as the platform's ``DateRange`` has it; both bounds count as inside (assumed)."""
    told = {"from": start, "to": end}
    return {name: wire(at) for name, at in told.items() if at is not None}


def wire(at: datetime) -> str:
    """Return an instant as it is written on the wire: UTC, in milliseconds."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def cut(start: datetime, end: datetime, pieces: int) -> Iterator[tuple[datetime, datetime]]:
    """Yield a window cut into pieces of one length; each begins where the one before it ends."""
    step = (end - start) / pieces
    for at in range(pieces):
        yield start + step * at, end if at == pieces - 1 else start + step * (at + 1)
