"""Reading a value strictly, or with a default for what cannot be read."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any, Final, TypeVar

_Read = TypeVar("_Read")
_Default = TypeVar("_Default")
_SHOWN = 60  # characters of a value in a message


class Required(Enum):
    """The type of ``REQUIRED``, which stands for no default: what cannot be read is an error."""

    REQUIRED = "required"


REQUIRED: Final = Required.REQUIRED


def read(reader: Callable[[], _Read], default: _Default | Required) -> _Read | _Default:
    """Return what ``reader`` gives, or the default where it raises ValueError and there is one."""
    try:
        return reader()
    except ValueError:
        if isinstance(default, Required):
            raise
        return default


def unlike(expected: str, value: Any) -> ValueError:
    """Return the error that says what was expected and what came."""
    shown = repr(value)
    return ValueError(f"expected {expected}, not {shown if len(shown) <= _SHOWN else shown[:_SHOWN] + '…'}")


def text_of(value: Any) -> str:
    """Return a value that is a text.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(value, str):
        raise unlike("a text", value)
    return value
