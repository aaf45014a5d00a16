"""Seed data of the simulated account: small, awkward on purpose, and the same for the same seed.

What is awkward: many rows share the millisecond ``EDGE``; the last row of each long table was committed late, its
``updatedOn`` lying ``LATE_SECONDS`` before ``EDGE``; optional fields are null in the first row and in a later one;
some references hold a comma, a quote, a newline, an ampersand, an emoji or leading zeros; orders have up to 300 items.
"""

import math
from collections.abc import Mapping
from random import Random

from fcwork.simulator.seed.assortment import sow_assortment
from fcwork.simulator.seed.calendar import EDGE, LATE_SECONDS
from fcwork.simulator.seed.orders import sow_orders
from fcwork.simulator.seed.places import sow_places
from fcwork.simulator.seed.returns import sow_returns
from fcwork.simulator.seed.stock import sow_stock
from fcwork.simulator.seed.terms import PRODUCT_CATALOGUE, RETAILER_ID, WORKFLOWS
from fcwork.simulator.table import Table

__all__ = ["EDGE", "LATE_SECONDS", "PRODUCT_CATALOGUE", "RETAILER_ID", "WORKFLOWS", "sow"]

_FEWEST_LOCATIONS = 5
_FEWEST_SKUS = 12  # enough for every awkward reference


def sow(tables: Mapping[str, Table], *, seed: int, positions: int) -> None:
    """Fill empty tables with seed data.

    Args:
        tables: by GraphQL type.
        seed: of the random values.
        positions: how many inventory positions; SKUs and locations grow with it.
    """
    random = Random(seed)  # noqa: S311 - repeatable test data, no cryptography
    locations = max(_FEWEST_LOCATIONS, math.isqrt(positions) // 10)
    skus = max(_FEWEST_SKUS, -(-positions // locations))
    sow_places(tables, random, locations=locations)
    sow_assortment(tables, random, skus=skus)
    sow_stock(tables, random, positions=positions)
    sow_orders(tables, random)
    sow_returns(tables, random)
