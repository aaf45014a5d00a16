"""Write the sample data that the package ships, always the same bytes: python tests/data/make_samples.py [FOLDER]."""

import csv
import io
import json
import random
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

HEADER = (
    "locationRef", "skuRef", "qty", "type", "status", "expectedOn", "expiryDate", "batchNumber", "condition",
    "storageZone",
)  # fmt: skip
LOCATIONS = [f"LOC{number:03d}" for number in range(1, 26)]
ROWS = 10_000
BAD_QUANTITIES = ("", "12 pcs", "-4", "3.5", "n/a", "1,204")
POISON = "SKU-66666"

# A small stock file, as each of the shapes that the templates of the SDK for inventory files take.
STOCK: tuple[tuple[str | int | None, ...], ...] = (
    ("DC-NORTH", "SHIRT-0042-M", 120, "last_on_hand", "active", "2026-12-01", "2028-06-30", "LOT-7781", None, "N-01"),
    ("DC-NORTH", "SHIRT-0042-L", 0, "LAST_ON_HAND", "ACTIVE", None, None, "LOT-7781", "NEW", "N-02"),
    ("STORE-9", "00815", 35, "LAST_ON_HAND", "Active", None, "2027-02-28", None, "REFURBISHED", "FLOOR"),
)
OF_POSITION = 6  # columns of HEADER that are no attributes

PRODUCT_HEADER = (
    "ref", "type", "status", "gtin", "name", "summary", "category_refs", "price_default_currency",
    "price_default_value", "price_special_currency", "price_special_value", "tax_country", "tax_group", "tax_tariff",
)  # fmt: skip
CONTROL_HEADER = (
    "controlGroupRef", "virtualCatalogueRef", "controlType", "productRef", "categoryRef", "locationRef",
    "executionOrder", "value", "status", "description",
)  # fmt: skip
NAMES = (
    "Linen shirt, short sleeve",
    'Screen 55" "Aurora"',
    "Café crème mug ☕",
    "Gift box 🎁, large",
    "Kids' raincoat",
    "Rug <Nord> 80 cm & pad",
    "靴下, 3-pack",
    "Plain tee",
)
SUMMARIES = ("<p>Cotton &amp; linen,\nmade in the EU</p>", "", 'Soft; "very" soft, they say', "<ul><li>one</li></ul>")
CATEGORIES = ("APPAREL|SALE", "SHOES", "HOME | BAGS|SALE", "")
TARIFFS = ("6109.10", "0901.21", "8528.72")
PEOPLE = (
    ("Zoë", "O'Brien"),
    ("José", "García, Jr."),
    ("李", "小龙"),
    ("Mary-Jane", 'van "Dutch" Dyk'),
    ("Ömer", "Müller"),
)
CITIES = (
    ("Dresden", "SN", "01067", "DE", "51.0504", "13.7373", "Europe/Berlin"),
    ("Newark", "NJ", "07102", "US", "40.7357", "-74.1724", "America/New_York"),
    ("Zürich", "ZH", "8001", "CH", "47.3769", "8.5417", "Europe/Zurich"),
    ("Sydney", "NSW", "2000", "AU", "-33.8688", "151.2093", "Australia/Sydney"),
)
SINGLE = 28  # the order with one custom attribute
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def inventory() -> str:
    """Return a warehouse's stock of 10,000 rows with planted faults, 2.2 % of them all."""
    chance = random.Random(20260115)
    rows = [_row(number, chance) for number in range(ROWS)]
    picks = iter(chance.sample(range(100, ROWS - 100), 230))
    for number in range(120):
        rows[next(picks)]["qty"] = BAD_QUANTITIES[number % len(BAD_QUANTITIES)]
    for number in range(50):
        rows[next(picks)]["skuRef" if number % 2 else "locationRef"] = ""
    for _ in range(40):
        at = next(picks)
        rows[at].update({name: rows[at - 90][name] for name in ("locationRef", "skuRef", "type")})
    for number in range(10):
        rows[next(picks)]["expectedOn"] = ("31/01/2026", "2026-02-30")[number % 2]
    rows[next(picks)]["skuRef"] = POISON
    return _csv(HEADER, rows)


def _row(number: int, chance: random.Random) -> dict[str, str]:
    day = 1 + number % 28
    return {
        "locationRef": LOCATIONS[number % len(LOCATIONS)],
        "skuRef": f"SKU-{10_000 + number // len(LOCATIONS)}",
        "qty": str(chance.randrange(0, 500)),
        "type": "LAST_ON_HAND",
        "status": ("ACTIVE", "active")[number % 17 == 0],
        "expectedOn": f"2026-02-{day:02d}" if number % 9 == 0 else "",
        "expiryDate": f"2027-0{1 + number % 9}-{day:02d}" if number % 4 == 0 else "",
        "batchNumber": f"BATCH-{'ABC'[number % 3]}{number % 1000:03d}",
        "condition": ("NEW", "", "OPEN_BOX")[number % 3],
        "storageZone": f"ZONE-{'ABCD'[number % 4]}",
    }


def products() -> str:
    """Return 40 products as flat rows; those of lines 7, 15, 22, 30 and 37 are at fault."""
    chance = random.Random(20260116)
    rows = [_product(number, chance) for number in range(40)]
    rows[4]["price_default_value"] = "12,50"
    rows[10]["ref"] = ""
    rows[16].update(price_special_currency="", price_special_value="9.90")
    rows[22]["name"] = ""
    rows[28].update(price_special_currency="EUR", price_special_value="half")
    return _csv(PRODUCT_HEADER, rows)


def _product(number: int, chance: random.Random) -> dict[str, str]:
    cents, special = chance.randrange(499, 29_900), number % 3 == 1
    return {
        "ref": f"{number:05d}" if number % 8 == 3 else f"G_PROD_{number + 1:04d}",
        "type": ("STANDARD", "VARIANT", "variant")[number % 3],
        "status": ("ACTIVE", "active", "", "DISCONTINUED")[number % 4],
        "gtin": _gtin(("400638", "003600", "501234")[number % 3], number),
        "name": NAMES[number % len(NAMES)],
        "summary": SUMMARIES[number % len(SUMMARIES)],
        "category_refs": CATEGORIES[number % len(CATEGORIES)],
        "price_default_currency": "EUR",
        "price_default_value": _money(cents),
        "price_special_currency": "EUR" if special else "",
        "price_special_value": _money(cents * 4 // 5) if special else "",
        "tax_country": ("DE", "AT")[number % 2],
        "tax_group": "STANDARD",
        "tax_tariff": TARIFFS[number % len(TARIFFS)],
    }


def nested_products() -> str:
    """Return 24 products as nested JSON; items 5, 9, 13 and 17 are at fault."""
    chance = random.Random(20260117)
    items = [_nested(_product(number, chance), number) for number in range(24)]
    items[4]["prices"][1]["value"] = "129,00"
    items[8]["prices"] = []
    items[12]["gtin"] = None
    items[16]["attributes"][0]["name"] = None
    return json.dumps({"products": items}, ensure_ascii=False, indent=1) + "\n"


def _nested(row: Mapping[str, str], number: int) -> dict[str, Any]:
    prices = [
        {"type": kind.upper(), "currency": row[f"price_{kind}_currency"], "value": row[f"price_{kind}_value"]}
        for kind in ("default", "special")
        if row[f"price_{kind}_value"]
    ]
    colours = [{"name": "COLOUR", "type": "STRING", "value": ("bleu foncé", "黒", "off-white")[number % 3]}]
    weights = [{"name": "WEIGHT", "type": "", "value": f"0{number}"}] if number % 2 else []
    return {
        **{name: row[name] or None for name in ("ref", "type", "status", "gtin", "name", "summary")},
        "categoryRefs": [ref.strip() for ref in row["category_refs"].split("|") if ref],
        "prices": prices,
        "tax": {name: row[f"tax_{name}"] for name in ("country", "group", "tariff")} if number % 5 else None,
        "attributes": [] if number % 4 == 3 else [*colours, *weights],
    }


def locations() -> str:
    """Return 24 locations as XML; elements 5, 9, 13 and 17 are at fault, and the 21st is one that a platform has."""
    places = [_location(number) for number in range(24)]
    places[4] = places[4].replace('lat="51.0504"', 'lat="51,0504"')
    places[8] = places[8].replace(' ref="LOC-0109"', "")
    places[12] = places[12].replace('name="mon" open="0900"', 'name="mon" open="9 am"')
    places[16] = _without(places[16], "name")
    places[20] = places[20].replace("LOC-0121", "LOC001")
    return _document("locations", places)


def _location(number: int) -> str:
    kind = ("STORE", "WAREHOUSE", "STORE", "DC")[number % 4]
    city, state, postcode, country, latitude, longitude, zone = CITIES[number % len(CITIES)]
    week = DAYS[5:6] if number == 22 else DAYS if number % 3 else DAYS[:6]
    hours = [f'<day name="{day}" open="0900" close="{2100 if day != "sat" else 1330}"/>' for day in week]
    traits = [f'<attribute name="FLOORS" type="INTEGER">0{number % 5 + 1}</attribute>']
    traits += ['<attribute name="SLOGAN" type="STRING">Fresh &amp; "near" 🍏</attribute>'] if number % 3 else []
    return "\n".join(
        [
            f'  <location ref="LOC-{101 + number:04d}" type="{kind}">',
            f"    <name>{city} &quot;{kind.title()}&quot;, No. {number + 1}</name>",
            *([f"    <phone>0049 351 {number:04d}</phone>"] if number % 2 else []),
            f'    <address country="{country}"><street>{number + 1} High Street</street><city>{city}</city>',
            f"      <state>{state}</state><postcode>{postcode}</postcode></address>",
            f'    <coordinates lat="{latitude}" lon="{longitude}"/>',
            f"    <timeZone>{zone}</timeZone>",
            f'    <openingSchedule allHours="{str(number % 4 == 3).lower()}">{"".join(hours)}</openingSchedule>',
            *([f"    <attributes>{''.join(traits)}</attributes>"] if number % 6 else []),
            "  </location>",
        ]
    )


def orders() -> str:
    """Return 30 orders of a shop as XML; orders 4, 8, 12, 16 and 20 are at fault, and the 24th for a platform."""
    chance = random.Random(20260118)
    placed = [_order(number, chance) for number in range(30)]
    placed[3] = placed[3].replace(' order-no="00012004"', "")
    placed[7] = placed[7].replace('<quantity unit="pc">', '<quantity unit="pc">two or ', 1)
    placed[11] = _without(placed[11], "customer-email")
    placed[15] = placed[15].replace("2026-02-16T10:00:00Z", "2026-02-30T10:00:00Z")
    placed[19] = placed[19].replace("&amp;lt;/delivery&amp;gt;", "")
    placed[23] = placed[23].replace("SKU-000", "SKU-999", 1)
    return _document("orders", placed, ' xmlns="urn:example:shop:orders"')


def _order(number: int, chance: random.Random) -> str:
    first, last = PEOPLE[number % len(PEOPLE)]
    city, state, postcode, country, *_ = CITIES[number % len(CITIES)]
    lines = [(chance.randrange(500, 9_900), chance.randrange(1, 4)) for _ in range(1 + number % 3)]
    total = sum(cents * quantity for cents, quantity in lines)
    return "\n".join(
        [
            f'  <order order-no="{12001 + number:08d}" type="hd">',
            f'    <customer customer-no="{457 + number:06d}" opt-in="{("true", "false")[number % 2]}">',
            f"      <first-name>{_xml(first)}</first-name><last-name>{_xml(last)}</last-name>",
            f"      <customer-email>Buyer{number + 1}@Example.com</customer-email></customer>",
            "    <product-lineitems>",
            *(_line(number, position, *line) for position, line in enumerate(lines, 1)),
            "    </product-lineitems>",
            f"    <shipment><requested-date>2026-02-{number % 28 + 1:02d}T10:00:00Z</requested-date>",
            f"      <shipping-address><address1>{number + 1} Quai &lt;Nord&gt;</address1><city>{city}</city>",
            f"        <state-code>{state}</state-code><postal-code>{postcode}</postal-code>",
            f"        <country-code>{country}</country-code></shipping-address></shipment>",
            f"    <payments>{''.join(_payments(number, total))}</payments>",
            f"    <totals><tax>{_money(total * 19 // 119)}</tax>",
            f'      <order-total currency="EUR">{_money(total)}</order-total></totals>',
            "    <custom-attributes>",
            *_customs(number),
            "    </custom-attributes>",
            "  </order>",
        ]
    )


def _customs(number: int) -> Iterator[str]:
    """Yield an order's custom attributes: a JSON of its own, a text, and an XML whose signs are escaped once more."""
    attribute = '      <custom-attribute attribute-id="{}">{}</custom-attribute>'
    if number % 4:
        wraps = [{"name": "WRAP", "type": "STRING", "value": "gold"}] * (number % 3)
        gift = {"message": f'For you 🎁, "№ {number}" & more', "attributes": wraps}
        yield attribute.format("gift", f"<![CDATA[{json.dumps(gift, ensure_ascii=False)}]]>")
    if number != SINGLE:
        yield attribute.format("channel", "web, mobile")
    kind = ("EXPRESS", "STANDARD")[number % 2]
    delivery = f'<delivery type="{kind}"><note>Ring twice at 0{number}</note></delivery>'
    yield attribute.format("delivery", _xml(_xml(delivery)))


def _line(order: int, position: int, cents: int, quantity: int) -> str:
    return (
        f"      <product-lineitem><position>{position:03d}</position>"
        f"<product-id>SKU-{9 + order + position:05d}</product-id>"
        f'<quantity unit="pc">{quantity}</quantity><base-price>{_money(cents)}</base-price>'
        f"<tax>{_money(cents * 19 // 119)}</tax></product-lineitem>"
    )


def _payments(number: int, total: int) -> Iterator[str]:
    parts = [("CREDITCARD", total)] if number % 4 else [("VOUCHER", 500), ("CREDITCARD", total - 500)]
    for at, (method, cents) in enumerate(parts):
        amount = f"<amount>{_money(cents)}</amount>"
        yield f'<payment transaction-id="{number:04d}-{at}" method="{method}">{amount}</payment>'


def positions() -> str:
    """Return 40 inventory positions as the platform's nodes, a line each; lines 7, 14, 21 and 28 are at fault."""
    nodes = [_position(number) for number in range(40)]
    nodes[6]["onHand"] = "12 pcs"
    nodes[13]["productRef"] = None
    nodes[20]["createdOn"] = "2026-13-01T00:00:00.000Z"
    nodes[27]["updatedOn"] = None
    return "".join(json.dumps(node, ensure_ascii=False, separators=(",", ":")) + "\n" for node in nodes)


def _position(number: int) -> dict[str, Any]:
    product = ("SKU-00123", "00047", 'SKU-"7"', "SKU-📦, large")[number % 4]
    location = LOCATIONS[number % len(LOCATIONS)] if number % 9 else None
    catalogue = {"ref": "DEFAULT:1", "name": "Default, all locations"}
    return {
        "id": f"{100_000_000 + number}",
        "ref": f"{product}:{location or 'NOWHERE'}:{number:03d}",
        "productRef": product,
        "locationRef": location,
        "onHand": number * 7 % 50,
        "type": ("DEFAULT", "FREE")[number % 2],
        "status": "ACTIVE" if number % 5 else None,
        "catalogue": catalogue if number % 7 else None,
        "createdOn": f"2026-01-{number % 28 + 1:02d}T08:30:00.000Z",
        "updatedOn": f"2026-02-{number % 28 + 1:02d}T17:45:10.5Z",
    }


def controls() -> str:
    """Return 30 controls as flat rows; lines 5, 9, 13, 17 and 21 are at fault, and line 25 repeats line 3."""
    rows = [_control(number) for number in range(30)]
    rows[3]["value"] = "ten"
    rows[7]["controlGroupRef"] = ""
    rows[11]["executionOrder"] = "first"
    rows[15]["controlType"] = "BUFFER"
    rows[19].update(productRef="", categoryRef="")
    rows[23] = {**rows[1], "description": "The same again"}
    return _csv(CONTROL_HEADER, rows)


def _control(number: int) -> dict[str, str]:
    exclusion, whole = number % 5 == 0, number % 10 == 0
    return {
        "controlGroupRef": "CG:BASE:2",
        "virtualCatalogueRef": "BASE:2",
        "controlType": "EXCLUSION" if exclusion else ("QUANTITY_BUFFER", "quantity_buffer")[number % 2],
        "productRef": "" if whole else f"{number:05d}" if number % 7 == 1 else f"SKU-{10 + number:05d}",
        "categoryRef": f"SALE-{number}" if whole else "",
        "locationRef": f"LOC{number % 5 + 1:03d}" if number % 3 == 0 and not exclusion else "",
        "executionOrder": str(1 if exclusion else 3 + number % 4),
        "value": "0" if exclusion else str(5 * (number % 8)),
        "status": "ACTIVE",
        "description": f'Keep back, "{NAMES[number % len(NAMES)]}"' if number % 6 else f"Never sell № {number} 🚫",
    }


def _gtin(prefix: str, number: int) -> str:
    """Return 13 digits, the last of which is the check digit of GS1."""
    digits = f"{prefix}{number:06d}"
    return digits + str(-sum(int(digit) * (1, 3)[at % 2] for at, digit in enumerate(digits)) % 10)


def stock_csv() -> str:
    """Return the small stock file as flat columns."""
    rows = [dict(zip(HEADER, map(str, row), strict=True)) for row in STOCK]
    return _csv(HEADER, ({name: "" if value == "None" else value for name, value in row.items()} for row in rows))


def stock_array() -> str:
    """Return it as a JSON array."""
    return _indented(_positions_of(STOCK))


def stock_records() -> str:
    """Return it as an object with ``records``."""
    return _indented({"generatedOn": "2026-11-25T06:00:00Z", "records": _positions_of(STOCK, "DC-SOUTH")})


def stock_envelope() -> str:
    """Return one position of it as an object with ``inventory``."""
    return _indented({"inventory": _positions_of(STOCK[2:], "STORE-12")})


def stock_one() -> str:
    """Return one position of it as the whole of a JSON file."""
    return _indented(_positions_of(STOCK[:1], "STORE-15")[0])


def stock_lines() -> str:
    """Return it as JSON lines."""
    return "".join(f"{json.dumps(position)}\n" for position in _positions_of(STOCK, "DC-WEST"))


def stock_xml() -> str:
    """Return it as XML."""
    return _document("inventories", map(_position_element, _positions_of(STOCK)))


def stock_one_xml() -> str:
    """Return one position of it as XML."""
    return _document("inventories", map(_position_element, _positions_of(STOCK[:1], "STORE-21")))


def _positions_of(rows: Iterable[Sequence[str | int | None]], location: str | None = None) -> list[dict[str, Any]]:
    """Return rows as objects, without what they do not tell; at another location where one is given."""
    found = []
    for row in rows:
        told = [(name, value) for name, value in zip(HEADER, row, strict=True) if value is not None]
        position: dict[str, Any] = {name: value for name, value in told if name in HEADER[:OF_POSITION]}
        position["attributes"] = {name: value for name, value in told if name in HEADER[OF_POSITION:]}
        found.append(position | ({"locationRef": location} if location else {}))
    return found


def _position_element(position: Mapping[str, Any]) -> str:
    keys = " ".join(f'{name}="{_xml(position[name])}"' for name in HEADER[:2])
    facts = [f"    <{name}>{position[name]}</{name}>" for name in HEADER[2:OF_POSITION] if name in position]
    more = [f"      <{name}>{value}</{name}>" for name, value in position["attributes"].items()]
    lines = [f"  <inventory {keys}>", *facts, "    <attributes>", *more, "    </attributes>", "  </inventory>"]
    return "\n".join(lines)


def _indented(content: Any) -> str:
    return json.dumps(content, indent=2) + "\n"


def _money(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


def _xml(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def _without(element: str, name: str) -> str:
    before, _, rest = element.partition(f"<{name}>")
    return before + rest.partition(f"</{name}>")[2]


def _document(name: str, elements: Iterable[str], attributes: str = "") -> str:
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', f"<{name}{attributes}>", *elements, f"</{name}>", ""])


def _csv(header: Sequence[str], rows: Iterable[Mapping[str, str]]) -> str:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, header, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


SAMPLES: Mapping[str, Callable[[], str]] = {
    "inventory.csv": inventory,
    "products.csv": products,
    "products.json": nested_products,
    "locations.xml": locations,
    "orders.xml": orders,
    "positions.jsonl": positions,
    "controls.csv": controls,
    "inventory_stock.csv": stock_csv,
    "inventory_array.json": stock_array,
    "inventory_records.json": stock_records,
    "inventory_envelope.json": stock_envelope,
    "inventory_one.json": stock_one,
    "inventory_lines.jsonl": stock_lines,
    "inventory_many.xml": stock_xml,
    "inventory_one.xml": stock_one_xml,
}


def main() -> None:
    """Write the samples into the folder given, else into the shipped ones."""
    shipped = Path(__file__).parents[2] / "notebooks" / "samples"
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else shipped
    folder.mkdir(parents=True, exist_ok=True)
    for name, made in SAMPLES.items():
        (folder / name).write_text(made(), "utf-8", newline="")


if __name__ == "__main__":
    main()
