"""What a headless run puts into its kernel: every message that leaves it is masked first.

The kernel learns secrets that the runner never sees (tokens, a profile's password), so this is where they are known.
"""

from __future__ import annotations

from typing import Any

from jupyter_client.session import json_packer

from fcwork.redact import mask_values

MASKED = "fcwork_masked"  # stands beside what was masked, so that the runner knows
PACKER = f"{__name__}.pack"  # named on the kernel's command line


def pack(message: dict[str, Any]) -> bytes:
    """Return a part of a message as JSON, known secrets masked in everything but the protocol's own names."""
    masked = {name: mask_values(value) for name, value in message.items()}
    told = json_packer(masked)
    if masked == message or told == json_packer(message):  # a tuple is masked as a list, and written as one
        return told
    return json_packer({**masked, MASKED: True})
