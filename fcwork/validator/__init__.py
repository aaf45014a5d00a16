"""Rules, and frames checked by them: what is valid, what is rejected, and why.

Each name is imported when it is first used: who only asks what the platform takes needs none.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fcwork.validator.result import CheckResult
    from fcwork.validator.validator import Validator

__all__ = ["CheckResult", "Validator"]

_HOMES = {"CheckResult": "result", "Validator": "validator"}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"fcwork.validator.{_HOMES[name]}"), name)
    message = f"module 'fcwork.validator' has no attribute {name!r}"
    raise AttributeError(message)
