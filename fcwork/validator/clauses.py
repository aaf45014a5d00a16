"""Rules as they are judged: each with its condition and its weight."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from fcwork import frames
from fcwork.validator.compare import Compare
from fcwork.validator.custom import Custom
from fcwork.validator.keys import Unique
from fcwork.validator.rules import FieldRule
from fcwork.validator.weights import Threshold

if TYPE_CHECKING:
    from graphql import GraphQLInputObjectType

Rule: TypeAlias = FieldRule | Unique | Compare | Custom


@dataclass(frozen=True)
class Condition:
    """Lines for which a rule holds: those in which each field holds what it is asked for."""

    tests: tuple[FieldRule, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The fields it reads."""
        return tuple(test.field for test in self.tests)


@dataclass(frozen=True)
class Clause:
    """A rule, and how it is meant.

    Attributes:
        rule: the rule.
        severity: of its findings.
        threshold: how many rows may break it with no more than a warning.
        only: the lines that it is for; None for all.
    """

    rule: Rule
    severity: frames.Severity = "error"
    threshold: Threshold | None = None
    only: Condition | None = None

    @property
    def told(self) -> str:
        """What the frame's own issues call it."""
        return f"when ({self.rule.name})" if self.only else self.rule.name

    @property
    def columns(self) -> tuple[str, ...]:
        """The fields it reads."""
        return (*self.rule.columns, *(self.only.columns if self.only else ()))


@dataclass(frozen=True)
class Rulebook:
    """What is to be checked.

    Attributes:
        clauses: rules on fields, keys, comparisons and checks of the caller's own, in the order of judging.
        max_rows, min_rows: how many rows a frame may have; None for any number.
        frame_severity: of the rules on the frame, where it is not ``error``.
        choices: several keys, of which the first is judged whose columns the frame has.
        known_names: whether the rules name the platform's own fields: a frame without one of them is no mistake.
        input_type: the GraphQL type that each row is to be an input of.
    """

    clauses: tuple[Clause, ...] = ()
    max_rows: int | None = None
    min_rows: int | None = None
    frame_severity: dict[str, frames.Severity] = field(default_factory=dict)
    choices: tuple[Clause, ...] = ()
    known_names: bool = False
    input_type: GraphQLInputObjectType | None = None

    @property
    def size(self) -> int:
        """How many rules there are."""
        of_frame = (self.max_rows, self.min_rows, self.input_type, self.choices or None)
        return len(self.clauses) + sum(one is not None for one in of_frame)

    def weight(self, rule: str) -> frames.Severity:
        """Return how severe it is when a frame breaks a rule."""
        return self.frame_severity.get(rule, "error")
