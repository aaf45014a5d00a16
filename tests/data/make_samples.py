"""Write the sample data that the package ships, always the same bytes: python tests/data/make_samples.py [FOLDER]."""

import csv
import io
import random
import sys
from pathlib import Path

HEADER = (
    "locationRef", "skuRef", "qty", "type", "status", "expectedOn", "expiryDate", "batchNumber", "condition",
    "storageZone",
)  # fmt: skip
LOCATIONS = [f"LOC{number:03d}" for number in range(1, 26)]
ROWS = 10_000
BAD_QUANTITIES = ("", "12 pcs", "-4", "3.5", "n/a", "1,204")
POISON = "SKU-66666"


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
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, HEADER, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


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


def main() -> None:
    """Write the samples into the folder given, else into the shipped ones."""
    shipped = Path(__file__).parents[2] / "notebooks" / "samples"
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else shipped
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "inventory.csv").write_text(inventory(), "utf-8", newline="")


if __name__ == "__main__":
    main()
