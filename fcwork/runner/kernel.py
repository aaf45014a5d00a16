"""What a headless run puts into its kernel: every message that leaves it is masked first.

The kernel learns secrets that the runner never sees (tokens, a profile's password), so this is where they are known.
"""

from __future__ import annotations

from typing import Any

from jupyter_client.session import json_packer

from fcwork.redact import mask_values

PACKER = f"{__name__}.pack"  # named on the kernel's command line


def pack(message: dict[str, Any]) -> bytes:
    """Return a part of a message as JSON, known secrets masked in everything but the protocol's own names."""
    return json_packer({name: mask_values(value) for name, value in message.items()})
