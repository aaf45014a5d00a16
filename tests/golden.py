"""Golden copies of what presets gave, under tests/notebooks/golden; GOLDEN=write pytest writes them anew."""

import os
from pathlib import Path

GOLDEN = Path(__file__).parent / "notebooks" / "golden"


def compare(preset: str, name: str, content: str | bytes) -> None:
    """Compare with the golden copy, byte for byte."""
    given = content.encode() if isinstance(content, str) else content
    path = GOLDEN / preset / name
    if os.environ.get("GOLDEN") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(given)
    assert given == path.read_bytes()
