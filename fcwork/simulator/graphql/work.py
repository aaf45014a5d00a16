"""One mutation under way: how rows are found, added and changed, whatever their kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLInputObjectType

from fcwork.simulator.graphql.codes import Code, PlatformError
from fcwork.simulator.graphql.inputs import columns, found, inner
from fcwork.simulator.graphql.resolvers import CHILDREN, PRODUCTS, Request
from fcwork.simulator.seed import WORKFLOWS
from fcwork.simulator.table import Table
from fcwork.simulator.world import World

_IDENTITY = {
    "Order": ("ref", "retailer"),
    "ReturnOrder": ("ref", "retailer"),
    "Fulfilment": ("ref", "order"),
    "Location": ("ref",),
    "Control": ("ref", "controlGroup"),
    "Customer": ("username",),
    "Setting": ("name", "context", "contextId"),
}
"""What no two rows of a kind share, and what an update without an id names its row by; usually ref and catalogue."""
_USUAL = ("ref", "catalogue")


@dataclass(frozen=True)
class Brought:
    """Rows that an input brings along, each with its input, before they are added or changed."""

    work: Work
    inputs: Sequence[Mapping[str, Any]]
    rows: Sequence[dict[str, Any]]

    def ids(self) -> list[str]:
        """Return the ids that the rows will have."""
        return self.work.ids(len(self.rows))

    def add(self, **owner: str) -> None:
        """Add the rows to the one that they belong to."""
        for row in self.rows:
            self.work.add({**row, **owner})

    def places(self, **owner: str) -> list[int]:
        """Return where the rows stand that the inputs name by id; those of another owner are refused."""
        wanted = {name: {"id": entity_id} for name, entity_id in owner.items()}
        return [found(self.work.world, (self.work.kind,), {"id": one["id"], **wanted})[1] for one in self.inputs]

    def change(self, places: Iterable[int]) -> None:
        """Change the rows at ``places``."""
        for at, row in zip(places, self.rows, strict=True):
            self.work.change(at, row)


@dataclass(frozen=True)
class Work:
    """A mutation's work on rows of one kind, as one input type describes them.

    Nothing is added or changed before all that the input names is found, so a refused mutation leaves no trace.
    """

    request: Request
    kind: str
    fields: GraphQLInputObjectType

    @property
    def world(self) -> World:
        """The world that is worked on."""
        return self.request.world

    @property
    def table(self) -> Table:
        """The rows of this kind."""
        return self.world.tables[self.kind]

    def columns(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the columns that an input sets."""
        return columns(self.world, self.kind, self.fields, given)

    def bring(self, given: Mapping[str, Any], name: str, kind: str) -> Brought:
        """Return the rows of ``kind`` that the input brings along under ``name``: none, one or a list."""
        held = given.get(name) or ()
        inputs = [held] if isinstance(held, Mapping) else [one for one in held if one is not None]
        work = Work(self.request, kind, inner(self.fields, name)) if inputs else self
        return Brought(work, inputs, [work.columns(one) for one in inputs])

    def refuse_twin(self, given: Mapping[str, Any]) -> None:
        """Refuse an input that describes a row there is already; the three kinds of products share their refs."""
        wanted = {name: given[name] for name in _IDENTITY.get(self.kind, _USUAL)}
        if self.world.locate(PRODUCTS if self.kind in PRODUCTS else (self.kind,), wanted):
            code = Code.ORDER_EXISTS if self.kind == "Order" else Code.NOT_UNIQUE
            raise PlatformError(code, f"there is {self.kind} {next(iter(wanted.values()))!r} already")

    def existing(self, given: Mapping[str, Any]) -> int:
        """Return the place of the row that an update names."""
        names = ("id",) if "id" in given else _IDENTITY.get(self.kind, _USUAL)
        return found(self.world, (self.kind,), {name: given.get(name) for name in names})[1]

    def ids(self, count: int) -> list[str]:
        """Return the ids of the next ``count`` rows."""
        return [self.table.id_at(len(self.table) + number) for number in range(count)]

    def add(self, row: Mapping[str, Any]) -> int:
        """Add a row: CREATED, as no workflow runs here (assumed), with its times and workflow."""
        own, adopted = self._apart(row)
        now = self.request.now_ms
        born = {"status": "CREATED", "createdOn": now, "updatedOn": now}
        flow = {"workflowRef": WORKFLOWS[self.kind], "workflowVersion": 1} if self.kind in WORKFLOWS else {}
        at = self.table.add({**born, **flow, **own})
        self._adopt(at, adopted)
        return at

    def change(self, at: int, values: Mapping[str, Any]) -> None:
        """Change a row; attributes are merged by their names (assumed)."""
        own, adopted = self._apart(values)
        if "attributes" in own:
            attributes = [*(self.table.column("attributes")[at] or ()), *own["attributes"]]
            own["attributes"] = list({attribute["name"]: attribute for attribute in attributes}.values())
        self.table.change(at, {**own, "updatedOn": self.request.now_ms})
        self._adopt(at, adopted)

    def _apart(self, row: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Iterable[str]]]:
        """Return a row's own columns, and the ids of the rows that are to hang on it."""
        adopted = {name: row[name] for name in row if (self.kind, name) in CHILDREN}
        return {name: value for name, value in row.items() if name not in adopted}, adopted

    def _adopt(self, at: int, adopted: Mapping[str, Iterable[str]]) -> None:
        for name, ids in adopted.items():
            for child in filter(None, map(self.world.place, ids)):
                child[0].change(child[1], {CHILDREN[self.kind, name]: self.table.id_at(at)})
