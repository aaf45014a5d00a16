"""What the filter arguments of a connection let through; several arguments must all agree."""

from collections.abc import Mapping, Sequence
from typing import Any

from fcwork.simulator import instants
from fcwork.simulator.graphql.codes import Code, PlatformError
from fcwork.simulator.table import Table
from fcwork.simulator.world import World

_KEYS = {
    "InventoryCatalogueKey": ("catalogue", "InventoryCatalogue"),
    "VirtualCatalogueKey": ("catalogue", "VirtualCatalogue"),
    "ProductCatalogueKey": ("catalogue", "ProductCatalogue"),
    "CategoryKey": ("categories", "Category"),
}


def narrowed(world: World, table: Table, *, places: Sequence[int], name: str, kind: str, wanted: Any) -> Sequence[int]:
    """Return those of ``places`` that a filter argument lets through.

    A list lets through what equals one of its items, so an empty one nothing (assumed). A key lets through what
    belongs to the entity it names, a link what has exactly this link.

    Args:
        world: where keys are looked up.
        table: whose rows are filtered.
        places: rows to choose from, rising.
        name: of the argument, which is that of the column but for keys.
        kind: the GraphQL type of the argument.
        wanted: the argument's value.
    """
    if isinstance(wanted, list):
        return table.among(name, wanted, places)
    if kind == "DateRange":
        return _within(table.column(name), name, wanted, places)
    if kind in _KEYS:
        column, owner = _KEYS[kind]
        found = world.locate([owner], wanted)
        return table.holding(column, found[0].id_at(found[1]), places) if found else ()
    held = table.column(name)
    return [at for at in places if held[at] == wanted]


def instant(value: Any) -> float:
    """Return the milliseconds of a DateTime that a request brought."""
    try:
        return instants.parse(value)
    except (TypeError, ValueError):
        raise PlatformError(Code.BAD_DATE, f"{str(value)[:80]!r} is no ISO 8601 instant") from None


def _within(column: Sequence[int | None], name: str, wanted: Mapping[str, Any], places: Sequence[int]) -> Sequence[int]:
    """Return the places from ``from`` up to ``to``, both inclusive (assumed); one of them may be left out."""
    earliest, latest = wanted.get("from"), wanted.get("to")
    if earliest is None and latest is None:
        raise PlatformError(Code.EMPTY_RANGE, f"{name} needs from, to or both")
    start = float("-inf") if earliest is None else instant(earliest)
    stop = float("inf") if latest is None else instant(latest)
    return [at for at in places if (held := column[at]) is not None and start <= held <= stop]
