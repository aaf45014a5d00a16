"""The entities that can be extracted by name, and what is asked of each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import polars as pl

from fcwork.errors import ConfigError
from fcwork.names import nearest

ENTITIES = pl.Schema(
    {
        "entity": pl.String(),
        "connection": pl.String(),  # by its dotted names
        "query": pl.String(),
    }
)
# What an entity is called besides: by the platform's own names, and by those of the SDK's templates.
_ALIASES = {
    "products": "variant_products",
    "return_orders": "returns",
    "fulfillments": "fulfilments",
}
_OPERATION = re.compile(r"^query (\w+)[^{]*\{.*?^\}", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Entity:
    """An entity that is known by name.

    Attributes:
        name: such as ``inventory_positions``.
        query: the GraphQL text that asks for it, without filters.
    """

    name: str
    query: str


def entities() -> pl.DataFrame:
    """Return what can be extracted by name, one row an entity, in the columns of ``ENTITIES``."""
    from fcwork.client.queries import plan

    rows = [(one.name, ".".join(plan(one.query, {}).path), one.query) for one in _known().values()]
    return pl.DataFrame(rows, schema=ENTITIES, orient="row")


def entity(name: str) -> Entity:
    """Return an entity by its name, in any of its spellings: ``inventory_positions``, ``inventoryPositions``.

    Raises:
        ConfigError: there is none of that name; with the nearest one.
    """
    known = _known()
    spelled = re.sub(r"(?<=[a-z])(?=[A-Z])|[\s-]+", "_", name.strip()).lower()
    for wanted in (spelled, f"{spelled}s", f"{spelled.removesuffix('y')}ies"):
        found = known.get(_ALIASES.get(wanted, wanted))
        if found:
            return found
    near = nearest(spelled, known)
    told = f"did you mean {near!r}? " if near else ""
    raise ConfigError(
        f"there is no entity {name!r}", hint=f"{told}known: {', '.join(known)}; or give a GraphQL query of your own"
    )


@cache
def _known() -> dict[str, Entity]:
    text = files("fcwork.extraction").joinpath("entities.graphql").read_text("utf-8")
    return {found[1]: Entity(found[1], found[0]) for found in _OPERATION.finditer(text)}
