"""Looks up what the platform holds already of what mutations create, and turns creating it into updating it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import polars as pl

from fcwork import frames
from fcwork.client.entities import Entity, Identity
from fcwork.client.graphql import GraphQL
from fcwork.client.paging import Pages
from fcwork.client.queries import USUAL_SIZE, plan
from fcwork.errors import ConfigError

if TYPE_CHECKING:
    from graphql import GraphQLInputField, GraphQLInputObjectType

Node = Mapping[str, Any]


class Existing:
    """Finds entities of one kind by their identity.

    Args:
        graphql: what asks.
        entity: the kind.
    """

    def __init__(self, graphql: GraphQL, entity: Entity) -> None:
        self.entity = entity
        self._graphql = graphql
        self._plan = plan(entity.query(), {}, page_size=USUAL_SIZE)

    def find(self, inputs: Sequence[Mapping[str, Any]]) -> list[Node | None]:
        """Return for each input the node that has its identity, if there is one. Raises as ``FluentClient.graphql``."""
        wanted = [self.entity.identity_of(given) for given in inputs]
        nodes = self._listed([identity[0] for identity in wanted if identity])
        held: dict[Identity | None, Node] = {self.entity.identity_of(node): node for node in nodes}
        held.pop(None, None)
        return [held.get(identity) for identity in wanted]

    def candidates(self, inputs: Sequence[Mapping[str, Any]]) -> list[list[Node]]:
        """Return for each input the nodes with all that it says of its identity. Raises as ``FluentClient.graphql``."""
        held: dict[str, list[Node]] = {}
        for node in self._listed([key for given in inputs if (key := self.entity.key_of(given))]):
            held.setdefault(self.entity.key_of(node), []).append(node)
        return [
            [node for node in held.get(self.entity.key_of(given), ()) if self.entity.agree(given, node)]
            for given in inputs
        ]

    def _listed(self, keys: Sequence[str]) -> list[Node]:
        """Return the nodes whose first value of identity is among the keys."""
        nodes: list[Node] = []
        apart = list(dict.fromkeys(keys))
        for at in range(0, len(apart), USUAL_SIZE):
            pages = Pages(self._graphql, self._plan, {"keys": apart[at : at + USUAL_SIZE]})
            nodes += [node for page in pages for node in page.nodes]
            pages.raise_if_incomplete()
        return nodes


class Updates:
    """Makes the input of an update of an input of a create.

    Args:
        entity: the kind.
        create_only: fields that the caller leaves to creates; dotted inside an object.
        taken: the input type of the update, where a schema tells it.
    """

    def __init__(self, entity: Entity, create_only: Collection[str], taken: GraphQLInputObjectType | None) -> None:
        self._entity = entity
        self._left_out = {*entity.naming, *create_only}
        self._taken = taken

    def check(self, rows: pl.DataFrame) -> None:
        """Refuse rows with fields that an update would lose without the caller's word.

        Raises:
            ConfigError: it names them.
        """
        rows = frames.without_identity(rows)
        lost = [path for name in rows.columns if rows[name].count() for path in self._lost(name, rows.schema[name])]
        if lost:
            raise ConfigError(
                f"{self._entity.update} does not take {', '.join(lost)}",
                hint=f"create_only={lost} leaves them to creates: what exists keeps its own; or drop the columns",
            )

    def input(self, given: Mapping[str, Any], node: Node) -> dict[str, Any]:
        """Return the input that updates ``node`` to what ``given`` would create; what is not given stays as it is."""
        changed: dict[str, Any] = {"id": node["id"]} if self._entity.by_id else {}
        changed |= self._kept(given, "")
        for name in self._entity.parts:
            if isinstance(changed.get(name), Mapping):
                changed[name] = {"id": (node.get(name) or {}).get("id"), **changed[name]}
        return changed

    def _kept(self, given: Mapping[str, Any], above: str) -> dict[str, Any]:
        left = {name: value for name, value in given.items() if above + name not in self._left_out}
        return {
            name: self._kept(value, f"{above}{name}.") if isinstance(value, Mapping) else value
            for name, value in left.items()
        }

    def _lost(self, name: str, dtype: pl.DataType) -> Iterator[str]:
        if self._taken is not None:
            yield from self._strange(dtype, self._taken.fields.get(name), name)
        elif name in self._entity.create_only and name not in self._left_out:
            yield name

    def _strange(self, dtype: Any, field: GraphQLInputField | None, path: str) -> Iterator[str]:
        """Yield the paths at or below a field that the update's type does not know."""
        from graphql import GraphQLInputObjectType, get_named_type, get_nullable_type, is_list_type

        if path in self._left_out:
            return
        if field is None:
            yield path
            return
        named = get_named_type(field.type)
        if not isinstance(named, GraphQLInputObjectType):
            return
        if is_list_type(get_nullable_type(field.type)) and _needs_id(named):
            yield path
            return
        inner = dtype.inner if isinstance(dtype, pl.List) else dtype
        for item in getattr(inner, "fields", ()):
            yield from self._strange(item.dtype, named.fields.get(item.name), f"{path}.{item.name}")


def created_at(node: Node) -> datetime | None:
    """Return when a node was created, where the platform tells it."""
    try:
        told = datetime.fromisoformat(str(node.get("createdOn")))
    except ValueError:
        return None
    return told if told.tzinfo else None


def _needs_id(named: GraphQLInputObjectType) -> bool:
    from graphql import is_required_input_field

    return "id" in named.fields and is_required_input_field(named.fields["id"])
