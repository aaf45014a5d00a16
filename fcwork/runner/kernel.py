"""What a headless run puts into its kernel: every message that leaves it is masked first.

The kernel learns secrets that the runner never sees (tokens, a profile's password), and knows which columns hold
personal data, so this is where they are hidden. It is loaded by the kernel as an extension, and packs its messages.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jupyter_client.session import json_packer

from fcwork import personal, vault
from fcwork.redact import mask_values
from fcwork.runner import lines, shown
from fcwork.runner.display import RESULT_TYPE, STAGE_TYPE

MASKED = "fcwork_masked"  # stands beside what was masked, so that the runner knows
PACKER = f"{__name__}.pack"  # named on the kernel's command line
EXTENSION = __name__
_OURS = frozenset({RESULT_TYPE, STAGE_TYPE})  # their names are fcwork's own, and no columns


def load_ipython_extension(shell: Any) -> None:
    """Have frames shown without what is hidden, lines sent as a whole, and ``quit()`` leave at once.

    The vault's passphrase, which this process was given, is a secret from then on.
    """
    vault.known()
    shown.install()
    lines.install()
    shell.ask_exit = _leave


def _leave() -> None:
    """Leave as ``sys.exit(0)`` does; Jupyter would end the kernel soon, in whatever cell it then is."""
    raise SystemExit(0)


def pack(message: dict[str, Any]) -> bytes:
    """Return a part of a message as JSON, known secrets masked in everything but the protocol's own names.

    Personal data are hidden in what is shown; a secret that a frame held was masked when it was displayed.
    """
    told = _without_personal_data(message)
    masked = {name: mask_values(value) for name, value in told.items()}
    written = json_packer(masked)
    if not (shown.held_secret() if _is_shown(message) else False) and (
        masked == told or written == json_packer(told)  # a tuple is masked as a list, and written as one
    ):
        return written
    return json_packer({**masked, MASKED: True})


def _is_shown(message: Mapping[str, Any]) -> bool:
    return "data" in message or "text" in message or "traceback" in message


def _without_personal_data(message: dict[str, Any]) -> dict[str, Any]:
    """Return a message without personal data in what a cell printed, displayed or raised."""
    if not (_is_shown(message) and personal.hidden_names()):
        return message
    data = message.get("data")
    told: dict[str, Any] = {name: _texts(message[name]) for name in ("text", "evalue", "traceback") if name in message}
    if isinstance(data, Mapping):
        told["data"] = {kind: _displayed(kind, value) for kind, value in data.items()}
    return {**message, **told}


def _displayed(kind: str, value: Any) -> Any:
    if kind.endswith("json") and kind not in _OURS:
        return personal.hidden(value)
    return value if kind.startswith("image/") else _texts(value, markup=kind == "text/html")  # also a widget's state


def _texts(value: Any, *, markup: bool = False) -> Any:
    """Return a value with each text in it without personal data, whatever its names."""
    if isinstance(value, str):
        return personal.text(value, markup=markup)
    if isinstance(value, Mapping):
        return {name: _texts(item) for name, item in value.items()}
    return [_texts(item) for item in value] if isinstance(value, list | tuple) else value
