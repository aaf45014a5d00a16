"""What a load is expected to be like, beside the loads before it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, Self

from fcwork.errors import ConfigError
from fcwork.names import did_you_mean

KEPT = 30  # profiles of a feed
OnDoubt = Literal["refuse", "warn"]
_SHARE = re.compile(r"\s*(\d{1,6}(?:\.\d+)?)\s*%\s*")
_LOOKS = 'such as {"rows": "50%", "zeros": "20%", "missing_locations": 0}; {} for what is usual'


@dataclass(frozen=True, kw_only=True)
class Expect:
    """How far a load may be from the loads of its feed before it; what is None is not looked at.

    Attributes:
        history: how many of them are looked at, the latest; 30 at the most.
        min_loads: with fewer of them nothing is judged.
        rows: how far the number of rows may be from their median, as a share of it.
        zeros: by how many points the share of zeros in a column of numbers may differ from their median.
        empty: likewise the share of rows in which a field is empty.
        missing_locations: how many locations may be missing of those that half of them had.
        location: the column with the location, where its name does not tell.
        on_doubt: ``refuse`` closes the gate, ``warn`` tells and loads.
    """

    history: int = 7
    min_loads: int = 3
    rows: str | None = "50%"
    zeros: str | None = "20%"
    empty: str | None = None
    missing_locations: int | None = 0
    location: str | None = None
    on_doubt: OnDoubt = "refuse"

    def __post_init__(self) -> None:
        if wrong := list(self._mistakes()):
            raise ConfigError(f"expect cannot be met: {'; '.join(wrong)}", hint=_LOOKS)

    @classmethod
    def read(cls, given: Any) -> Self:
        """Return what somebody expects, from a dict of these names.

        Raises:
            ConfigError: a name is not known or a value cannot be; all of them are named.
        """
        if isinstance(given, cls):
            return given
        if not isinstance(given, Mapping):
            raise ConfigError(f"expect is {given!r}, and not a dict", hint=_LOOKS)
        known = [field.name for field in fields(cls)]
        if strange := [name for name in given if name not in known]:
            told = "; ".join(f"it knows no {name!r}{did_you_mean(str(name), known)}" for name in strange)
            raise ConfigError(f"expect cannot be met: {told}", hint=f"known: {', '.join(known)}")
        return cls(**given)

    def share(self, name: Literal["rows", "zeros", "empty"]) -> float | None:
        """Return a share as a number, 1 for 100%; None where it is not looked at."""
        text = getattr(self, name)
        found = None if text is None else _SHARE.fullmatch(text)
        return float(found[1]) / 100 if found else None

    def _mistakes(self) -> Iterator[str]:
        if not _whole(self.history) or not 1 <= self.history <= KEPT:
            yield f"history is {self.history!r}, not a number of loads from 1 to {KEPT}"
        elif not _whole(self.min_loads) or not 1 <= self.min_loads <= self.history:
            yield f"min_loads is {self.min_loads!r}, not a number of loads from 1 to the {self.history} of history"
        for name in ("rows", "zeros", "empty"):
            text = getattr(self, name)
            if text is not None and not (isinstance(text, str) and _SHARE.fullmatch(text)):
                yield f'{name} is {text!r}, not a share such as "50%"'
        if self.missing_locations is not None and not (_whole(self.missing_locations) and self.missing_locations >= 0):
            yield f"missing_locations is {self.missing_locations!r}, not a whole number of 0 or more"
        column: Any = self.location
        if column is not None and not (isinstance(column, str) and column):
            yield f"location is {column!r}, not the name of a column"
        if self.on_doubt not in {"refuse", "warn"}:
            yield f"on_doubt is {self.on_doubt!r}, not refuse or warn"


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
