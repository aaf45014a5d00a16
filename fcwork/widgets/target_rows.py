"""The targets of a mapping beside what the platform wants, and which of them are to be seen."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fcwork.widgets import mapping_lines
from fcwork.widgets.mapping_lines import Line
from fcwork.widgets.wanted import Target

ALL, MAPPED, OPEN, NEEDED, FAILING = "all", "mapped", "open", "needed", "failing"


@dataclass(frozen=True)
class Row:
    """A target on the panel: what the mapping says of it, and what the platform wants.

    Attributes:
        target: its name.
        line: of the mapping; None where it is not mapped.
        wanted: of the schema; None where that does not know it.
        is_missed: whether it is needed and not mapped.
    """

    target: str
    line: Line | None
    wanted: Target | None
    is_missed: bool

    @property
    def kind(self) -> str:
        """Its type, where that is known."""
        return self.wanted.kind if self.wanted else ""

    @property
    def entry(self) -> Any:
        """What the mapping says of it."""
        return self.line.entry if self.line else None

    @property
    def source(self) -> str:
        """Where its value comes from."""
        return self.line.source if self.line else ""

    @property
    def within(self) -> str:
        """The list whose items hold it; empty where none does."""
        return f"{self.target.rpartition('[].')[0]}[]" if "[]." in self.target else ""

    @property
    def is_number(self) -> bool:
        """Whether a constant of it is a number, or true or false."""
        return bool(self.wanted and self.wanted.is_number)

    def beside(self, source: str) -> dict[str, Any]:
        """Return what a new entry of it says beside its source."""
        reader = self.wanted.reader if self.wanted and not source.startswith("=") else ""
        said: dict[str, Any] = {"isArray": True, "fields": {}} if self.target.endswith("[]") else {}
        return {
            **said,
            **({"required": True} if self.wanted and self.wanted.needed else {}),
            **({"resolver": reader} if reader else {}),
        }


def rows(document: Mapping[str, Any], wanted: Iterable[Target]) -> list[Row]:
    """Return all targets: first what the platform wants, in its order, then what else the mapping fills."""
    lines = {line.target: line for line in mapping_lines.lines(document)}
    filled = set(lines)
    known = {one.path: one for one in wanted}
    offered = [path for path in known if path in lines or _is_offered(path, filled)]
    return [
        Row(path, lines.get(path), known.get(path), path in known and known[path].is_missed(filled))
        for path in dict.fromkeys([*offered, *lines])
    ]


def chosen(found: Iterable[Row], *, show: str, text: str, failing: Collection[str]) -> list[Row]:
    """Return the targets that are to be seen.

    Args:
        found: all.
        show: ``ALL`` or another of the choices.
        text: what stands in the target or its source; empty for all.
        failing: the targets that fail.
    """
    tests: dict[str, Callable[[Row], bool]] = {
        ALL: lambda _: True,
        MAPPED: lambda row: row.line is not None,
        OPEN: lambda row: row.line is None,
        NEEDED: lambda row: row.is_missed,
        FAILING: lambda row: row.target in failing,
    }
    sought = text.strip().lower()
    return [row for row in found if tests[show](row) and sought in f"{row.target} {row.source}".lower()]


def lists_around(target: str) -> list[str]:
    """Return the lists whose items hold a target, the outermost first."""
    return [target[: at.end()] for at in re.finditer(r"\[\](?=\.)", target)]


def _is_offered(path: str, filled: set[str]) -> bool:
    """Say whether a target that is not mapped is offered: what is in a list, once the list has a source."""
    return all(one in filled for one in lists_around(path)) and path.removesuffix("[]") not in filled
