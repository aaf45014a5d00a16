"""Mistakes in the mutation of a mapping, gathered before they are told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fcwork.errors import MappingError
from fcwork.names import did_you_mean


@dataclass(frozen=True)
class Mistake:
    """One mistake.

    Attributes:
        where: the place in the mapping, such as ``arguments.input._type``.
        text: what is wrong there.
        known: the names that would have been right.
    """

    where: str
    text: str
    known: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.where}: {self.text}"


def unknown(where: str, what: str, name: str, known: Iterable[str]) -> Mistake:
    """Return the mistake of a name that is not known, with the nearest one that is."""
    names = tuple(known)
    return Mistake(where, f"{what} {name!r}{did_you_mean(name, names)}", names)


def told(mistakes: Sequence[Mistake], what: str) -> MappingError:
    """Return all mistakes as one error; ``problems`` lists them."""
    count = "1 mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
    problems = [str(mistake) for mistake in mistakes]
    text = f"{what} has {count}:\n" + "\n".join(f"  {problem}" for problem in problems)
    hint = "mend the mapping at the places named; nothing was sent"
    return MappingError(text, path=mistakes[0].where, known=list(mistakes[0].known), problems=problems, hint=hint)
