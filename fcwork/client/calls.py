"""One call of the platform, and its answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal
from urllib.parse import quote

import orjson

from fcwork import frames
from fcwork.errors import BadRequestError

Effect = Literal["none", "repeatable", "once"]
"""What a second arrival of the same call does: nothing ever, nothing more, or its effect again."""

_OPTIONS = orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z


@dataclass(frozen=True)
class Call:
    """What is asked of the platform.

    Attributes:
        method: of HTTP.
        path: below the base URL, with a slash in front and its parameters encoded; see ``path_of``.
        effect: decides whether the call may be repeated when nobody knows what became of it.
        query: of the URL; it never holds credentials.
        body: JSON, encoded.
    """

    method: str
    path: str
    effect: Effect = "none"
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Answer:
    """A 2xx answer.

    Attributes:
        data: its parsed JSON; an empty body is an empty object.
        facts: returns what an error would tell of it.
    """

    data: Any = field(repr=False)
    facts: Callable[[], Mapping[str, Any]] = field(default=dict, repr=False)

    def text(self, *names: str) -> str:
        """Return the first of the named fields that is set, as text; an answer that is no object has none."""
        fields = self.data if isinstance(self.data, Mapping) else {}
        return next((str(fields[name]) for name in names if fields.get(name) not in (None, "")), "")


def path_of(template: str, **ids: str | None) -> str:
    """Return a path with each id encoded into one segment.

    Raises:
        BadRequestError: an id is empty, or a dot or two, which would name another path.
    """
    for name, value in ids.items():
        if value is None or str(value).strip(". ") == "":
            raise BadRequestError(f"{name} {value!r} is no id", hint=f"give the {name} that the platform answered with")
    return template.format(**{name: quote(str(value), safe="") for name, value in ids.items()})


def encoded(document: Any, what: str) -> bytes:
    """Return a JSON-like value as JSON; dates are written in UTC, a column of a frame as a list.

    Raises:
        BadRequestError: it holds what JSON has no form for; ``what`` says of what it is part.
    """
    try:
        return orjson.dumps(document, default=_plain, option=_OPTIONS)
    except TypeError as error:
        reason = str(error.__cause__ or error)
    raise BadRequestError(
        f"{what} cannot be written as JSON: {reason}", hint="give texts, numbers, dates, lists, dicts"
    )


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return orjson.Fragment(frames.number_text(value))
    if hasattr(value, "to_list"):
        return value.to_list()
    if type(value).__module__ == "numpy" and value.dtype.kind in "biufmM":
        return _of_numpy(value)
    if hasattr(value, "tolist"):  # an array of pandas or pyarrow, or one of numpy that holds texts
        return value.tolist()
    if isinstance(value, datetime) and value == value:  # noqa: PLR0124 - a pandas Timestamp; NaT equals nothing
        return datetime.fromisoformat(value.isoformat())
    raise TypeError(type(value).__name__)


def _of_numpy(value: Any) -> orjson.Fragment:
    """Return a number, an instant, or an array of them as JSON; of a NaT orjson by itself makes an instant."""
    if value.dtype.kind == "m" or (value.dtype.kind == "M" and bool((value != value).any())):  # noqa: PLR0124
        raise TypeError("a span of time" if value.dtype.kind == "m" else "NaT")
    laid_out = value.astype(value.dtype.newbyteorder("="), order="C", subok=False)[()]
    return orjson.Fragment(orjson.dumps(laid_out, option=_OPTIONS | orjson.OPT_SERIALIZE_NUMPY))
