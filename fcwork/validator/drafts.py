"""Rules while they are read: what was understood, and every mistake."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeGuard

from fcwork import frames
from fcwork.validator.clauses import Clause, Condition, Rule
from fcwork.validator.columns import nearest
from fcwork.validator.weights import FORM, SEVERITIES, Scope, Threshold, Weight, weigh


@dataclass(frozen=True)
class Entry:
    """A rule that was read, before its weight is known.

    Attributes:
        rule: the rule.
        own: what its own entry says of its weight.
        scopes: what the rules around it say, the innermost first.
        only: the lines that it is for.
        usual: its severity where nothing is said.
    """

    rule: Rule
    own: Weight
    scopes: tuple[Scope, ...]
    only: Condition | None
    usual: frames.Severity = "error"

    def clause(self) -> Clause:
        """Return the rule with its weight."""
        weight = weigh(self.rule.name, self.rule.field, self.own, self.scopes)
        return Clause(self.rule, weight.severity or self.usual, weight.threshold, self.only)


@dataclass
class Draft:
    """A set of rules as it is read.

    Attributes:
        rules: what is read.
        place: what stands before its mistakes, such as ``when 1: then: ``.
        only: the condition that all its rules share.
        scopes: what is said of weights, here first and then around.
        entries: the rules that were understood, of all sets alike.
        problems: the mistakes, of all sets alike.
        choices: keys of which one is judged.
        limits: the rules on the frame.
    """

    rules: Mapping[str, Any]
    place: str = ""
    only: Condition | None = None
    scopes: tuple[Scope, ...] = field(default_factory=lambda: (Scope(),))
    entries: list[Entry] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    choices: list[Entry] = field(default_factory=list)
    limits: dict[str, int] = field(default_factory=dict)

    @property
    def scope(self) -> Scope:
        """What is said of weights here."""
        return self.scopes[0]

    def wrong(self, text: str) -> None:
        """Note a mistake."""
        self.problems.append(f"{self.place}{text}")

    def add(self, rule: Rule, own: Weight | None = None, usual: frames.Severity = "error") -> None:
        """Take a rule in."""
        self.entries.append(Entry(rule, own or Weight(), self.scopes, self.only, usual))

    def within(self, rules: Mapping[str, Any], place: str, only: Condition | None) -> Draft:
        """Return the draft of a set of rules within this one."""
        scopes = (Scope(), *self.scopes)
        return Draft(rules, f"{self.place}{place}", only, scopes, self.entries, self.problems)


Reader: TypeAlias = Callable[[Draft, Any], None]


def read_names(draft: Draft, readers: Mapping[str, Reader]) -> None:
    """Read each rule by its name; a name that there is no reader for is a mistake."""
    for name in draft.rules:
        if name not in readers:
            draft.wrong(f"unknown rule {name!r:.60}{nearest(str(name), readers)}")
    for name, reader in readers.items():
        if name in draft.rules:
            reader(draft, draft.rules[name])


def by_field(draft: Draft, rule: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Go through a dict of fields; whatever is no name of a field is a mistake."""
    if not isinstance(value, Mapping):
        draft.wrong(f"{rule} takes a dict, not {came(value)}")
        return
    for name, given in value.items():
        if is_name(name):
            yield name, given
        else:
            draft.wrong(f"{rule}: {name!r:.60} is no name")


def weight_of(draft: Draft, rule: str, entry: Mapping[str, Any], *, form: str, known: Sequence[str]) -> Weight | None:
    """Return what an entry says of its own weight, or None where it says something unknown.

    Args:
        draft: where mistakes are noted.
        rule: what they call the entry.
        entry: a dict.
        form: what it should look like.
        known: the names that may stand in it beside those of its weight.
    """
    names = [*known, "severity", "threshold"]
    strange = [name for name in entry if name not in names]
    for name in strange:
        draft.wrong(f"{rule} takes {form}; unknown name {name!r:.60}{nearest(str(name), names)}")
    if strange:
        return None
    severity = read_severity(draft, f"{rule}: severity", entry["severity"]) if "severity" in entry else None
    threshold = read_threshold(draft, f"{rule}: threshold", entry["threshold"]) if "threshold" in entry else None
    return Weight(severity, threshold)


def read_severity(draft: Draft, what: str, given: Any) -> frames.Severity | None:
    """Return a severity, or note why it is none."""
    known: dict[Any, frames.Severity] = {severity: severity for severity in SEVERITIES}
    if isinstance(given, str) and given in known:
        return known[given]
    draft.wrong(f"{what} is one of {', '.join(SEVERITIES)}, not {given!r:.60}")
    return None


def read_threshold(draft: Draft, what: str, given: Any) -> Threshold | None:
    """Return a threshold, or note why it is none."""
    try:
        return Threshold.read(given)
    except ValueError:
        draft.wrong(f"{what} takes {FORM}, not {given!r:.60}")
        return None


def is_list(value: Any) -> TypeGuard[Sequence[Any]]:
    """Say whether a value is a list, tuple or set."""
    return isinstance(value, list | tuple | set | frozenset)


def is_name(value: Any) -> TypeGuard[str]:
    """Say whether a value can be the name of a field: text that holds something and is Unicode."""
    return isinstance(value, str) and bool(value.strip()) and is_unicode(value)


def is_names(value: Any) -> TypeGuard[Sequence[str]]:
    """Say whether a value is a list of names of fields."""
    return is_list(value) and all(is_name(name) for name in value)


def is_unicode(text: str) -> bool:
    """Say whether a text has no half of a surrogate pair in it, which no frame can hold."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def is_number(value: Any) -> TypeGuard[float]:
    """Say whether a value is a finite number that a column can be compared with."""
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    return plain and (abs(value) < 2**63 if isinstance(value, int) else math.isfinite(value))


def is_scalar(value: Any) -> bool:
    """Say whether a value can stand in a cell, and be looked up there."""
    if value is None or isinstance(value, Mapping | list | tuple | set | frozenset):
        return False
    return not isinstance(value, str) or is_unicode(value)


def came(value: Any) -> str:
    """Return a value as a mistake shows it."""
    return "nothing" if value is None else f"{value!r:.60}"
