"""The product catalogue: categories, standard products with their variants, groups, and prices of two types."""

from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

from fcwork.simulator.seed.calendar import creations, updates
from fcwork.simulator.seed.terms import NULL_ROWS, PRODUCT_CATALOGUE, RETAILER_ID, awkward, price, workflow
from fcwork.simulator.table import Table

VARIANTS = 5  # of one standard product
_GROUPS = 3
_CATEGORIES = ("APPAREL", "SHOES", "BAGS", "SALE", "HOME")
_COLOURS = ("red", "bleu foncé", "grün", "黒", "off-white")
_KNOWN_SKUS = ("SKU-12345", "SKU-67890")  # those of the SDK's samples
_UNPRICED = 6  # every so many products have no special price


def sow_assortment(tables: Mapping[str, Table], random: Random, *, skus: int) -> None:
    """Fill the tables of product catalogues, categories and products, with ``skus`` variants."""
    standards = -(-skus // VARIANTS)
    tables["ProductCatalogue"].add(
        {
            **workflow("ProductCatalogue"),
            "createdOn": creations(1)[0],
            "updatedOn": updates(1)[0],
            "ref": PRODUCT_CATALOGUE,
            "type": "MASTER",
            "status": "ACTIVE",
            "name": "Master catalogue",
            "retailerRefs": [str(RETAILER_ID)],
        }
    )
    tables["Category"].extend(_categories(tables))
    tables["StandardProduct"].extend(_standards(tables, random, standards))
    tables["VariantProduct"].extend(_variants(tables, random, skus))
    tables["GroupProduct"].extend(_groups(tables))


def sku_refs(count: int) -> list[str]:
    """Return the references of ``count`` variants."""
    refs = awkward([f"SKU-{number:05d}" for number in range(1, count + 1)])
    refs[1:3] = _KNOWN_SKUS
    return refs


def _common(tables: Mapping[str, Table], kind: str, count: int) -> Iterator[dict[str, Any]]:
    catalogue = tables["ProductCatalogue"].id_at(0)
    for created, updated in zip(creations(count), updates(count), strict=True):
        yield {**workflow(kind), "createdOn": created, "updatedOn": updated, "catalogue": catalogue, "status": "ACTIVE"}


def _categories(tables: Mapping[str, Table]) -> Iterator[dict[str, Any]]:
    top = tables["Category"].id_at(0)
    for at, (ref, common) in enumerate(zip(_CATEGORIES, _common(tables, "Category", len(_CATEGORIES)), strict=True)):
        parent = None if at == 0 else top
        yield {**common, "ref": ref, "type": "DEFAULT", "name": ref.title(), "summary": None, "parentCategory": parent}


def _standards(tables: Mapping[str, Table], random: Random, count: int) -> Iterator[dict[str, Any]]:
    refs = awkward([f"G_PROD_{number:04d}" for number in range(1, count + 1)])
    for at, (ref, common) in enumerate(zip(refs, _common(tables, "StandardProduct", count), strict=True)):
        yield {
            **common,
            **_goods(tables, random, at),
            "ref": ref,
            "type": "STANDARD",
            "gtin": f"{at:013d}",
            "name": f"Product {at + 1}",
            "status": "ACTIVE" if at % 10 != 9 else "DISCONTINUED",  # noqa: PLR2004 - one in ten
        }


def _variants(tables: Mapping[str, Table], random: Random, count: int) -> Iterator[dict[str, Any]]:
    for at, (ref, common) in enumerate(zip(sku_refs(count), _common(tables, "VariantProduct", count), strict=True)):
        colour = _COLOURS[at % VARIANTS]
        yield {
            **common,
            **_goods(tables, random, at),
            "ref": ref,
            "type": "VARIANT",
            "gtin": f"0{at:012d}",
            "name": f"Product {at // VARIANTS + 1}, {colour}",
            "attributes": None if at in NULL_ROWS else [{"name": "COLOUR", "type": "STRING", "value": colour}],
            "product": tables["StandardProduct"].id_at(at // VARIANTS),
        }


def _goods(tables: Mapping[str, Table], random: Random, at: int) -> dict[str, Any]:
    cents = random.randint(500, 20_000)
    prices = [{"type": "DEFAULT", "currency": "USD", "value": price(cents)}]
    if at % _UNPRICED:
        prices.append({"type": "SPECIAL", "currency": "USD", "value": price(cents * 4 // 5)})
    bare = at in NULL_ROWS
    return {
        "summary": None if bare else f"<p>Cotton &amp; linen, \"{at % 3}\" grade;\nmade in 'EU'</p>",
        "prices": prices,
        "tax": None if bare else {"country": "US", "group": "STANDARD", "tariff": "6109.10"},
        "categories": [tables["Category"].id_at(place) for place in sorted({0, at % len(_CATEGORIES)})],
    }


def _groups(tables: Mapping[str, Table]) -> Iterator[dict[str, Any]]:
    for at, common in enumerate(_common(tables, "GroupProduct", _GROUPS)):
        named = {"ref": f"GROUP-{at + 1}", "type": "GROUP", "name": f"Bundle {at + 1}"}
        yield {**common, **named, "categories": [tables["Category"].id_at(at)]}
