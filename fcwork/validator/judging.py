"""One frame judged by one rulebook: marks for all rows first, words only for the rows at fault."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

import polars as pl

from fcwork import frames
from fcwork.validator.clauses import Clause, Rulebook
from fcwork.validator.columns import Column
from fcwork.validator.compare import Compare
from fcwork.validator.custom import Custom, Record
from fcwork.validator.fitting import Fitting
from fcwork.validator.keys import Unique, key_text
from fcwork.validator.levels import Level, Levels, Located
from fcwork.validator.rules import Blank, FieldRule

NOTE, KEY = "_fcwork_note", "_fcwork_key"
SETTLING = ("required", "types")


@dataclass(frozen=True)
class Finding:
    """The lines that break one rule, and how to tell of them.

    Attributes:
        clause: the rule that was broken, with the severity that its findings have.
        level: the rows, or the items of a list.
        fails: for each line, whether it is one of them.
        message: an expression on the lines, and on ``NOTE`` where there is a note.
        value: the value at fault.
        note: for each line, something that the message tells and the frame does not hold.
    """

    clause: Clause
    level: Level
    fails: pl.Series
    message: pl.Expr
    value: pl.Expr | None = None
    note: pl.Series | None = None


class Judging:
    """The judgement of ``rows`` (with identity, at least one) by the rules of ``book``.

    Attributes:
        rejected: which rows break a rule whose findings are errors.
        shared: which rows share a key that must be unique.
        tolerated: for each rule that was broken within its threshold, a few words.

    Args:
        book: the rules.
        rows: the frame.
        strangers: for each row, why it is no record; no rule is asked of such a one.

    Raises:
        ConfigError: a rule cannot be judged on this frame.
    """

    def __init__(self, book: Rulebook, rows: pl.DataFrame, strangers: pl.Series | None = None) -> None:
        self.rows, self._levels = rows, Levels(rows)
        self.rejected = self.shared = self._levels.root.none()
        self._strangers = None if strangers is None else strangers.is_not_null()
        self._fitting = Fitting(book, self._levels)
        self._clauses = self._fitting.clauses
        self.tolerated: list[str] = []
        self._settled: dict[str, pl.Series] = {}
        self._findings: list[Finding] = []
        if strangers is not None and self._strangers is not None:
            record = Clause(Record(None, "record", "record"))
            self._find(Finding(record, self._levels.root, self._strangers, pl.col(NOTE), note=strangers))
        self._judge()

    def errors(self, at: datetime) -> tuple[pl.DataFrame, pl.Series]:
        """Return the issues of single rows, and for each rejected row its messages in one text."""
        lines, tables = [], []
        for finding in self._findings:
            table = self._issues(finding, at)
            tables.append(table)
            if finding.clause.severity == "error":
                rows = finding.level.row_of(finding.fails.arg_true())
                lines.append(pl.DataFrame({"at": rows, "message": table["message"]}))
        if not lines:
            return frames.join_issues(tables), pl.Series("_errors", [], dtype=pl.String)
        by_row = pl.concat(lines).group_by("at", maintain_order=True).agg(pl.col("message").str.join("; "))
        return frames.join_issues(tables), by_row.sort("at")["message"].alias("_errors")

    def of_frame(self, at: datetime) -> list[pl.DataFrame]:
        """Return a warning for each column that concerns the frame as a whole, though no row is lost by it."""
        return [
            frames.frame_issue(
                stage="check",
                code=warned.code,
                severity="warning",
                field=warned.field,
                message=warned.message,
                at=at,
            )
            for warned in self._fitting.warnings
        ]

    def _judge(self) -> None:
        """Ask all rules on the same lines at once, so that polars may share the work, then each what it found."""
        asked = [clause for clause in self._clauses if isinstance(clause.rule, FieldRule | Compare)]
        marks = self._marks(asked)
        for clause in asked:
            if isinstance(clause.rule, Compare):
                self._take_compare(clause, clause.rule, marks[id(clause)])
            elif isinstance(clause.rule, FieldRule):
                self._take_field(clause, clause.rule, marks[id(clause)])
        for clause in self._clauses:
            if isinstance(clause.rule, Unique):
                self._take_key(clause, clause.rule)
        for clause in self._clauses:
            if isinstance(clause.rule, Custom):
                self._take_custom(clause, clause.rule)

    def _marks(self, asked: list[Clause]) -> dict[int, pl.Series]:
        """Return by the identity of each clause which lines break its rule; each level is asked once."""
        wanted: dict[str, tuple[Level, dict[int, pl.Expr]]] = {}
        for clause in asked:
            level = self._place(clause.rule.columns[0]).level
            wanted.setdefault(level.path, (level, {}))[1][id(clause)] = self._fails(clause)
            for test in clause.only.tests if clause.only else ():
                level = self._place(test.field).level
                wanted.setdefault(level.path, (level, {}))[1][id(test)] = self._holds(test)
        marks: dict[int, pl.Series] = {}
        for level, exprs in wanted.values():
            columns = level.lines.select(expr.alias(str(at)) for at, expr in enumerate(exprs.values())).get_columns()
            marks |= dict(zip(exprs, columns, strict=True))
        for clause in asked:
            level = self._place(clause.rule.columns[0]).level
            for test in clause.only.tests if clause.only else ():
                meant = level.lift(marks[id(test)], self._place(test.field).level)
                marks[id(clause)] = marks[id(clause)] & meant
        return marks

    def _fails(self, clause: Clause) -> pl.Expr:
        rule = clause.rule
        columns = [column for column in map(self._column, rule.columns) if column]
        if isinstance(rule, Compare):
            return rule.fails(*columns)
        if columns and isinstance(rule, FieldRule):
            return rule.fails(columns[0])
        return pl.repeat(value=True, n=pl.len(), dtype=pl.Boolean)  # a required field that the frame lacks

    def _holds(self, test: FieldRule) -> pl.Expr:
        column = self._column(test.field)
        held = test.holds(column) if column else pl.lit(isinstance(test, Blank))
        return pl.repeat(value=True, n=pl.len(), dtype=pl.Boolean) & held

    def _take_field(self, clause: Clause, rule: FieldRule, mark: pl.Series) -> None:
        place = self._place(rule.field)
        fails = self._open(mark, [rule.field], place.level)
        if not fails.any():
            return
        column = place.column
        if column is None:
            told = pl.format("{} is missing: {}", place.level.label(rule.field), pl.lit(place.lacks))
            clause = self._find(Finding(clause, place.level, fails, told))
        else:
            clause = self._find(Finding(clause, place.level, fails, rule.message(column), column.shown()))
        if rule.name in SETTLING and clause.severity == "error":
            self._settled[rule.field] = self._settled.get(rule.field, place.level.none()) | fails

    def _take_compare(self, clause: Clause, rule: Compare, mark: pl.Series) -> None:
        place = self._place(rule.left)
        left, right = place.column, self._column(rule.right)
        fails = self._open(mark, rule.columns, place.level)
        if left and right and fails.any():
            self._find(Finding(clause, place.level, fails, rule.message(left, right), left.shown()))

    def _take_key(self, clause: Clause, key: Unique) -> None:
        parts = self._parts(key)
        shared = self._open(key.shared(self.rows, parts), key.columns, self._levels.root)
        if not shared.any():
            return
        repeats = key.repeats(self.rows, shared, parts)
        self.shared |= repeats.shared
        message = key.message(parts, pl.col(NOTE))
        self._find(Finding(clause, self._levels.root, repeats.fails, message, key_text(parts), repeats.note))

    def _take_custom(self, clause: Clause, custom: Custom) -> None:
        names = custom.columns or frames.without_identity(self.rows).columns
        own = [column for column in map(self._column, names) if column]
        given = [column.value.alias(column.name) for column in own] or [
            pl.col(frames.ROW)
        ]  # a frame of no columns has no rows
        messages = custom.messages(self.rows.select(given))
        fails = self._open(messages.is_not_null(), [], self._levels.root)
        if fails.any():
            self._find(Finding(clause, self._levels.root, fails, pl.col(NOTE), note=messages))

    def _find(self, finding: Finding) -> Clause:
        """Take a finding in; within its threshold it is a warning."""
        clause, rows = finding.clause, finding.level.rows(finding.fails)
        threshold, broken = clause.threshold, int(rows.sum())
        if threshold and threshold.covers(broken, self.rows.height):
            field = f" of {clause.rule.field}" if clause.rule.field else ""
            told = f"{clause.rule.name}{field} broken by {broken:,}, within the threshold {threshold.text}"
            self.tolerated += [told] if clause.severity == "error" else []
            clause = replace(clause, severity="warning")
        if clause.severity == "error":
            self.rejected |= rows
        self._findings.append(replace(finding, clause=clause))
        return clause

    def _open(self, mark: pl.Series, fields: Iterable[str], level: Level) -> pl.Series:
        """Leave out the lines whose field is missing or of a wrong type: that was said, and says it all."""
        if self._strangers is not None:
            mark = mark & ~level.lift(self._strangers, self._levels.root)
        for field in fields:
            if field in self._settled:
                mark = mark & ~self._settled[field]
            for name in self._levels.misfits:
                if field.startswith(f"{name}.") and name in self._settled:
                    mark = mark & ~level.lift(self._settled[name], self._place(name).level)
        return mark

    def _issues(self, finding: Finding, at: datetime) -> pl.DataFrame:
        lines = finding.level.lines.filter(finding.fails)
        if finding.level.above:
            identity = self.rows[finding.level.row_of(finding.fails.arg_true())]
            lines = lines.hstack(identity.select(*frames.IDENTITY, self._key().alias(KEY)))
        else:
            lines = lines.with_columns(self._key().alias(KEY))
        if finding.note is not None:
            lines = lines.with_columns(finding.note.filter(finding.fails).alias(NOTE))
        return frames.issues(
            lines,
            stage="check",
            field=pl.lit(finding.clause.rule.field, dtype=pl.String),
            code=finding.clause.rule.code,
            message=finding.message,
            at=at,
            value=finding.value,
            key=pl.col(KEY),
            severity=finding.clause.severity,
        )

    def _key(self) -> pl.Expr:
        """Return what names a row: its first unique key, else its ``ref``."""
        keys = [clause.rule for clause in self._fitting.clauses if isinstance(clause.rule, Unique)]
        parts = self._parts(keys[0]) if keys else []
        if not parts:
            ref = self._column("ref")
            parts = [ref] if ref and ref.is_plain else []
        return key_text(parts) if parts else pl.lit(None, dtype=pl.String)

    def _parts(self, key: Unique) -> list[Column]:
        return [column for column in map(self._column, key.columns) if column]

    def _column(self, name: str) -> Column | None:
        return self._place(name).column

    def _place(self, name: str) -> Located:
        return self._levels.locate(name)
