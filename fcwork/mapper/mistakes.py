"""The mistakes of a mapping, gathered while it is read and told all at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fcwork.errors import MappingError
from fcwork.names import did_you_mean

_MEND = "mend the mapping at the places named; nothing was mapped"


class Mistakes:
    """A list of mistakes, each with its place."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self._first: tuple[str, tuple[str, ...]] = ("", ())

    def __len__(self) -> int:
        return len(self.problems)

    def add(self, where: str, text: str, known: Iterable[str] = ()) -> None:
        """Note one mistake, its place and what is known there."""
        if not self.problems:
            self._first = (where, tuple(known))
        self.problems.append(f"{where}: {text}" if where else text)

    def unknown(self, where: str, what: str, name: str, known: Iterable[str]) -> None:
        """Note a name that is not known, with the nearest that is."""
        known = tuple(known)
        self.add(where, f"unknown {what}{did_you_mean(name, known)}", known)

    def error(self, origin: str) -> MappingError:
        """Return all mistakes as one error."""
        count = "1 mistake" if len(self) == 1 else f"{len(self)} mistakes"
        text = f"{origin} has {count}:\n" + "\n".join(f"  {problem}" for problem in self.problems)
        where, known = self._first
        return MappingError(text, path=where, known=list(known), problems=self.problems, hint=_MEND)


def kind_of(value: Any) -> str:
    """Name the kind of a JSON value in words."""
    names = {dict: "an object", list: "a list", str: "text", bool: "true or false", type(None): "nothing"}
    return names.get(type(value), "a number" if isinstance(value, int | float) else type(value).__name__)
