"""How much it weighs to break a rule: its severity, and how many rows may."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from fcwork import frames

SEVERITIES: tuple[frames.Severity, ...] = ("error", "warning")
_FORM = re.compile(r"\s*(\d{1,12}(?:\.\d{1,12})?)\s*(%?)\s*", re.ASCII)
FORM = 'a share such as "2%" or a number of rows such as 10'


@dataclass(frozen=True)
class Threshold:
    """How many rows may break a rule before it counts: up to it, its findings are warnings.

    Attributes:
        text: as it was given.
        figure: rows, or per cent of the rows.
        is_share: which of the two.
    """

    text: str
    figure: Fraction
    is_share: bool

    @classmethod
    def read(cls, given: Any) -> Threshold:
        """Read a threshold.

        Raises:
            ValueError: it is neither a share nor a number of rows.
        """
        found = _FORM.fullmatch(str(given)) if isinstance(given, int | str) and not isinstance(given, bool) else None
        figure = Fraction(found[1]) if found else Fraction(0)
        if not found or (figure > 100 if found[2] else figure.denominator > 1):  # noqa: PLR2004 - per cent
            raise ValueError(f"{given!r:.60} is no threshold: give {FORM}")
        return cls(str(given).strip(), figure, bool(found[2]))

    def covers(self, broken: int, total: int) -> bool:
        """Say whether ``broken`` of ``total`` rows are within it."""
        return broken * 100 <= self.figure * total if self.is_share else broken <= self.figure


@dataclass(frozen=True)
class Weight:
    """What is said of a rule's weight in one place; None where nothing is said."""

    severity: frames.Severity | None = None
    threshold: Threshold | None = None


@dataclass
class Scope:
    """What a set of rules says of the weights of its rules.

    Attributes:
        severity, threshold: by a rule's name, or by name and field as in ``pattern.ref``.
    """

    severity: dict[str, frames.Severity] = field(default_factory=dict)
    threshold: dict[str, Threshold] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """All that is weighed."""
        return [*self.severity, *self.threshold]


def weigh(name: str, of: str | None, own: Weight, scopes: Sequence[Scope]) -> Weight:
    """Return what holds for a rule: its entry's own word, then the nearest scope's, of its field before its name.

    Args:
        name: the rule's.
        of: its field.
        own: what its entry says.
        scopes: the innermost first.
    """
    severities = [scope.severity.get(key) for scope in scopes for key in (f"{name}.{of}", name)]
    thresholds = [scope.threshold.get(key) for scope in scopes for key in (f"{name}.{of}", name)]
    return Weight(
        next((one for one in (own.severity, *severities) if one), None),
        next((one for one in (own.threshold, *thresholds) if one), None),
    )
