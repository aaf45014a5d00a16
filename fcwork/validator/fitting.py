"""Which rules can be judged on a frame, and what becomes of the others."""

from __future__ import annotations

from fcwork.errors import ConfigError
from fcwork.validator.clauses import Clause, Rulebook
from fcwork.validator.inputs import InputRules, Warned
from fcwork.validator.keys import Unique
from fcwork.validator.levels import Level, Levels
from fcwork.validator.rules import FieldRule, Required, Shaped


class Fitting:
    """The rules of a book as they fit a frame.

    What is no list or object, where a path leads into one, rejects its row. A required column that the frame lacks
    rejects the rows that it is required of. A rule that needs such a column (a key, a reference, a comparison, a check
    of the caller's own) cannot be judged; any other is warned of.

    Attributes:
        clauses: the rules to judge, those of the GraphQL type first.
        warnings: what is said of columns as a whole.

    Raises:
        ConfigError: a rule cannot be judged on this frame.
    """

    def __init__(self, book: Rulebook, levels: Levels) -> None:
        self._levels, self._known_names = levels, book.known_names
        inputs = InputRules(levels)
        if book.input_type is not None:
            inputs.take(book.input_type)
        self.warnings: list[Warned] = inputs.warnings
        asked = [*inputs.clauses, *book.clauses, *self._chosen(book)]
        absent = [name for clause in asked for name in clause.columns if levels.locate(name).column is None]
        asked = [*(Clause(Shaped(name, shape)) for name, shape in levels.misfits.items()), *asked]
        self._absent = dict.fromkeys(absent)
        self._rejecting = {clause.rule.columns[0] for clause in asked if _rejects(clause) and not clause.only}
        self._refuse(asked)
        self.clauses = tuple(clause for clause in asked if self._is_judged(clause))
        self._warn(asked)

    def _chosen(self, book: Rulebook) -> list[Clause]:
        """Return the first of several keys whose columns the frame has; where it has none of them, say so."""
        for clause in book.choices:
            if all(self._levels.locate(name).column for name in clause.rule.columns):
                return [clause]
        for clause in book.choices[-1:]:
            name = clause.rule.columns[0]
            told = f"{self._levels.locate(name).lacks}; without it duplicates were not looked for"
            self.warnings.append(Warned(name, "check.missing_column", told))
        return []

    def _is_judged(self, clause: Clause) -> bool:
        lacking = [name for name in clause.rule.columns if name in self._absent]
        return not lacking or _rejects(clause)

    def _refuse(self, asked: list[Clause]) -> None:
        """Raise for rules that need what the frame has not: to let them pass would be a lie."""
        problems = dict.fromkeys(problem for clause in asked for problem in self._problems(clause))
        if problems:
            told = "\n".join(f"  {problem}" for problem in problems)
            raise ConfigError(
                f"the rules cannot be judged on this frame\n{told}", hint="mend the names, or add the column"
            )

    def _problems(self, clause: Clause) -> list[str]:
        rule, problems = clause.rule, []
        for name in rule.columns:
            place = self._levels.locate(name)
            needed = not (rule.skippable or self._known_names)
            if place.column is None and needed and not _rejects(clause) and name not in self._rejecting:
                problems.append(f"{rule.name}: {place.lacks}")
            if place.level.above and not isinstance(rule, FieldRule) and rule.name != "compare":
                problems.append(f"{rule.name}: {name} is in the items of a list, which are no rows")
            if isinstance(rule, Unique) and place.column and not place.column.is_plain:
                problems.append(f"unique: {name} holds {place.column.dtype}, which cannot be a key")
        return problems + self._crossings(clause)

    def _crossings(self, clause: Clause) -> list[str]:
        """Tell of fields that stand in different lists, so that no item of one belongs to one of the other."""
        levels = {self._levels.locate(name).level.path: name for name in clause.rule.columns}
        if len(levels) > 1 and clause.rule.name == "compare":
            return [f"compare: {' and '.join(levels.values())} are not in the same list"]
        if clause.only is None:
            return []
        around = _around(self._levels.locate(clause.rule.columns[0]).level)
        strays = [name for name in clause.only.columns if self._levels.locate(name).level.path not in around]
        return [f"when: {name} is in a list that {clause.rule.columns[0]} is not in" for name in strays]

    def _warn(self, asked: list[Clause]) -> None:
        for name in sorted(set() if self._known_names else set(self._absent) - self._rejecting):
            idle = [clause for clause in asked if name in clause.columns and not self._is_told(clause, name)]
            if idle:
                rules = ", ".join(dict.fromkeys(clause.told for clause in idle))
                told = f"{self._levels.locate(name).lacks}; without it these rules judged nothing: {rules}"
                self.warnings.append(Warned(name, "check.missing_column", told))

    def _is_told(self, clause: Clause, name: str) -> bool:
        """Say whether each row that a clause is for will be told of a column that the frame lacks."""
        return name in clause.rule.columns and _rejects(clause)


def _rejects(clause: Clause) -> bool:
    """Say whether a clause rejects the rows that it is for and that lack its field."""
    return isinstance(clause.rule, Required) and clause.severity == "error"


def _around(level: Level) -> list[str]:
    return [level.path, *(_around(level.above) if level.above else ())]
