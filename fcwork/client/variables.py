"""Variables of an operation: a dict by name, of which nothing becomes null on its way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any

import orjson

from fcwork.client.calls import encoded
from fcwork.errors import BadRequestError

AS_NULL = "it would be sent as null: write None if null is meant"


def given(variables: Any) -> dict[str, Any]:
    """Return the variables by name, or raise a ``BadRequestError``."""
    if not isinstance(variables, Mapping | None):
        kind = type(variables).__name__
        raise BadRequestError(f"the variables are {kind}, not a dict", hint="give them by name: {'first': 100}")
    return dict(variables or {})


def written(variables: Mapping[str, Any]) -> bytes:
    """Return the variables as JSON.

    Raises:
        BadRequestError: one would become null, or has no form in JSON.
    """
    document = encoded(variables, "the variables")
    if b"null" in document and (where := next(lost(variables, orjson.loads(document)), "")):
        raise BadRequestError(f"the variable {where} would be sent as null", hint="write None if null is meant")
    return document


def lost(value: Any, plain: Any, where: str = "") -> Iterator[str]:
    """Yield where something became null in JSON, as NaN does: a filter by null is none, and all would be found.

    Args:
        value: what was given.
        plain: what its JSON holds.
        where: the path to it.
    """
    value = value.value if isinstance(value, Enum) else value
    if plain is None:
        yield from [where] * (value is not None)
    elif isinstance(plain, list):
        listed = getattr(value, "to_list", None) or getattr(value, "tolist", None)  # numbers as those of Python
        for at, (item, kept) in enumerate(zip(listed() if listed else value, plain, strict=True)):
            yield from lost(item, kept, f"{where}[{at}]")
    elif isinstance(plain, dict):
        for name, kept in plain.items():
            item = value[name] if isinstance(value, Mapping) else getattr(value, name)  # that of a dataclass
            yield from lost(item, kept, below(where, name))


def below(where: str, name: str) -> str:
    """Return the path of a field."""
    return f"{where}.{name}" if where else name
