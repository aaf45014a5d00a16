"""The retailer, its user, networks, locations, controls and settings."""

from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

from fcwork.simulator.seed.calendar import creations, updates
from fcwork.simulator.seed.terms import CONTROL_GROUP, NULL_ROWS, RETAILER_ID, workflow
from fcwork.simulator.table import Table

_PLACES = (
    ("Newark", "NJ", "07102", "US", 40.7357, -74.1724, "America/New_York"),
    ("Los Angeles", "CA", "90058", "US", 34.0022, -118.2195, "America/Los_Angeles"),
    ("Chicago", "IL", "60601", "US", 41.8858, -87.6229, "America/Chicago"),
    ("Sydney", "NSW", "2000", "AU", -33.8688, 151.2093, "Australia/Sydney"),
    ("Zürich", "ZH", "8001", "CH", 47.3769, 8.5417, "Europe/Zurich"),
)
_TYPES = ("WAREHOUSE", "DC", "STORE", "STORE")
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SETTINGS = (
    ("fc.enable.batch.preprocessing", "BOOLEAN", "false", None),
    ("fc.order.prefix", "STRING", "ORD-", None),
    ("RETURN_REASONS", "LOB", None, [{"value": "DAMAGED", "label": "Damaged"}, {"value": "SIZE", "label": "Size"}]),
    ("TIMEZONE", "STRING", "America/New_York", None),
)
_BUFFERS = (10, 5, 20, 100)


def sow_places(tables: Mapping[str, Table], random: Random, *, locations: int) -> None:
    """Fill the tables of retailer, user, networks, locations, controls and settings."""
    tables["Retailer"].add(_retailer())
    tables["User"].add(_user(tables))
    tables["Network"].extend(_networks())
    tables["Location"].extend(_locations(tables, locations))
    tables["StoreAddress"].extend(_addresses(tables, locations))
    tables["OpeningSchedule"].extend(_schedules(tables, locations))
    tables["ControlGroup"].extend(_control_groups())
    tables["Control"].extend(_controls(tables, random))
    tables["Setting"].extend(_settings())


def _times(count: int) -> Iterator[dict[str, Any]]:
    for created, updated in zip(creations(count), updates(count), strict=True):
        yield {"createdOn": created, "updatedOn": updated}


def _retailer() -> dict[str, Any]:
    contact = {"primaryEmail": "office@example.com", "supportEmail": "help@example.com", "supportPhone": "+1 555 0100"}
    named = {"ref": "RETAILER-2", "tradingName": "Example & Sons", "websiteUrl": "https://example.com"}
    return {**next(_times(1)), "status": "ACTIVE", "summary": None, **named, **contact}


def _user(tables: Mapping[str, Table]) -> dict[str, Any]:
    home = {"primaryRetailer": tables["Retailer"].id_at(0), "primaryLocation": tables["Location"].id_at(0)}
    named = {"ref": "fcwork", "username": "fcwork", "firstName": "Ada", "lastName": "Example"}
    rest = {"primaryEmail": "ada@example.com", "type": "RETAILER", "status": "ACTIVE", "timezone": "UTC"}
    return {**named, **rest, **home}


def _networks() -> Iterator[dict[str, Any]]:
    for ref, times in zip(("BASE", "STORES"), _times(2), strict=True):
        yield {**times, "ref": ref, "type": "DEFAULT", "status": "ACTIVE"}


def _locations(tables: Mapping[str, Table], count: int) -> Iterator[dict[str, Any]]:
    everywhere, stores = (tables["Network"].id_at(at) for at in range(2))
    for at, times in enumerate(_times(count)):
        kind, bare = _TYPES[at % len(_TYPES)], at in NULL_ROWS
        yield {
            **times,
            **workflow("Location"),
            "ref": f"LOC{at + 1:03d}",
            "name": f'{_PLACES[at % len(_PLACES)][0]} "{kind.title()}", No. {at + 1}',
            "type": kind,
            "status": "ACTIVE" if at % 11 != 10 else "INACTIVE",  # noqa: PLR2004 - now and then one is closed
            "attributes": None if bare else [{"name": "FLOORS", "type": "INTEGER", "value": at % 4 + 1}],
            "supportPhoneNumber": None if bare else f"+1 555 {at:04d}",
            "defaultCarrier": "CARRIER",
            "defaultCarrierName": "Example Carrier",
            "primaryAddress": tables["StoreAddress"].id_at(at),
            "openingSchedule": None if bare else tables["OpeningSchedule"].id_at(at),
            "retailer": str(RETAILER_ID),
            "networks": [everywhere, stores] if kind == "STORE" else [everywhere],
        }


def _addresses(tables: Mapping[str, Table], count: int) -> Iterator[dict[str, Any]]:
    for at, times in enumerate(_times(count)):
        city, state, postcode, country, latitude, longitude, zone = _PLACES[at % len(_PLACES)]
        yield {
            **times,
            "ref": f"ADDR{at + 1:03d}",
            "type": "AGENT",
            "companyName": "Example & Sons",
            "name": f"Location {at + 1}",
            "street": f"{at + 1} High Street",
            "city": city,
            "state": state,
            "postcode": postcode,
            "country": country,
            "latitude": latitude,
            "longitude": longitude,
            "timeZone": zone,
            "location": tables["Location"].id_at(at),
        }


def _schedules(tables: Mapping[str, Table], count: int) -> Iterator[dict[str, Any]]:
    for at, times in enumerate(_times(count)):
        always = at % len(_TYPES) == 1
        hours = (0, 2400) if always else (900, 2100)
        week = {f"{day}{end}": hour for day in _DAYS for end, hour in zip(("Start", "End"), hours, strict=True)}
        yield {**times, "allHours": always, **week, "location": tables["Location"].id_at(at)}


def _control_groups() -> Iterator[dict[str, Any]]:
    for ref, times in zip((CONTROL_GROUP, "CG:EMPTY:2"), _times(2), strict=True):
        named = {"ref": ref, "type": "DEFAULT", "status": "ACTIVE", "name": f"Controls {ref}"}
        yield {**times, **workflow("ControlGroup"), **named, "retailerRefs": [str(RETAILER_ID)]}


def _controls(tables: Mapping[str, Table], random: Random) -> Iterator[dict[str, Any]]:
    kinds = [("EXCLUSION", 0)] * 2 + [("QUANTITY_BUFFER", buffer) for buffer in _BUFFERS]
    for at, ((kind, value), times) in enumerate(zip(kinds, _times(len(kinds)), strict=True)):
        yield {
            **times,
            **workflow("Control"),
            "ref": f"{kind}:{at + 1}",
            "type": kind,
            "status": "ACTIVE",
            "name": f"{kind.title()} {at + 1}",
            "description": None if at in NULL_ROWS else f"Drawn {random.randint(1, 9)}",
            "values": [{"name": "VALUE", "type": "INTEGER", "value": value}],
            "executionOrder": at + 1,
            "controlGroup": tables["ControlGroup"].id_at(0),
        }


def _settings() -> Iterator[dict[str, Any]]:
    for name, kind, value, lob in _SETTINGS:
        held = {"name": name, "valueType": kind, "value": value, "lobValue": lob}
        yield {**held, "context": "RETAILER", "contextId": RETAILER_ID}
