"""Write the webhook samples that the package ships: python tests/data/make_webhook_samples.py [FOLDER].

Each run signs with a new key pair, of which only the public half is kept.
"""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fcwork.clock import ManualClock
from fcwork.simulator import SignedWebhook, Simulator

FOLDER = Path(__file__).parents[2] / "notebooks" / "samples" / "webhooks"
AT = datetime(2026, 1, 15, 9, 30, 12, 482_000, tzinfo=UTC)
WEBHOOKS: dict[str, dict[str, Any]] = {
    "order": {
        "name": "NotifyOrderBooked",
        "entity_type": "ORDER",
        "entity_ref": "ORD-00002",
        "id": "5d0c1f0e-6c0b-4d5e-9a55-0d3b6f8a2c11",
        "attributes": {"channel": "WEB", "giftWrap": False},
    },
    "fulfilment": {
        "name": "NotifyFulfilmentAssigned",
        "entity_type": "FULFILMENT",
        "entity_ref": "FUL-00003",
        "id": "8b6a4e52-1f37-4c9d-b0d4-7e2f5a913c64",
        "attributes": {"pickupName": "Zoë Müller", "parcels": 1},
    },
    "http_call": {
        "kind": "http_call",
        "name": "FULFILMENT_WORKFLOW",
        "entity_type": "FULFILMENT",
        "entity_ref": "FUL-00002",
    },
}
CANCEL = {"orderRef": "ORD-00001", "reason": "CUSTOMER_REQUEST", "cancelledBy": "web-shop"}
UPDATE = {
    "orderRef": "ORD-00003",
    "externalOrderId": "WEB-100482",
    "customerNotes": "Ring twice & ask for Zoë",
    "priority": "HIGH",
    "tags": "gift,express",
    "specialHandling": True,
    "sourceSystem": "web-shop",
    "integrationId": "int-7719",
}


def main(folder: Path) -> None:
    """Write every sample into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    sim = Simulator(positions=0, clock=ManualClock(AT))
    (folder / "public_key.pem").write_text(sim.webhook_public_key, "utf-8", newline="")
    for name, facts in WEBHOOKS.items():
        _write_signed(folder, name, sim.webhook(**facts))
    for name, root, record in (("order_cancel", "orderCancel", CANCEL), ("order_update", "orderUpdate", UPDATE)):
        (folder / f"{name}.json").write_text(_json(record), "utf-8", newline="")
        (folder / f"{name}.xml").write_text(_xml(root, record), "utf-8", newline="")


def _write_signed(folder: Path, name: str, signed: SignedWebhook) -> None:
    (folder / f"{name}.json").write_bytes(signed.body)
    (folder / f"{name}.headers.json").write_text(_json({"headers": dict(signed.headers)}), "utf-8", newline="")


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _xml(root: str, record: dict[str, Any]) -> str:
    lines = [f"  <{name}>{_xml_text(value)}</{name}>" for name, value in record.items()]
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', f"<{root}>", *lines, f"</{root}>", ""])


def _xml_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value).replace("&", "&amp;").replace("<", "&lt;")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if sys.argv[1:] else FOLDER)
