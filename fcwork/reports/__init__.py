"""What is left of a run for people and machines: one page, the figures as JSON, the piles and issues as files.

The writing is imported when it is first used: panels take the page's words alone.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fcwork.reports.writing import Report, write

__all__ = ["Report", "write"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(import_module("fcwork.reports.writing"), name)
    message = f"module 'fcwork.reports' has no attribute {name!r}"
    raise AttributeError(message)
