"""One frame judged by one rulebook: masks for all rows first, words only for the rows at fault."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from fcwork import frames
from fcwork.errors import ConfigError
from fcwork.validator.columns import Column, find, nearest
from fcwork.validator.custom import Custom
from fcwork.validator.keys import Unique, key_text
from fcwork.validator.rulebook import Rule, Rulebook
from fcwork.validator.rules import FieldRule, Required, Typed

NOTE = "_fcwork_note"


@dataclass(frozen=True)
class Finding:
    """The rows that break one rule, and how to tell of them.

    Attributes:
        rule: the rule that was broken.
        field: what issues name as the field; None for no single one.
        fails: for each row of the frame, whether it is one of them.
        message: an expression on the rows, and on ``NOTE`` where there is a note.
        value: the value at fault.
        note: for each row, something that the message tells and the frame does not hold.
    """

    rule: Rule
    field: str | None
    fails: pl.Series
    message: pl.Expr
    value: pl.Expr | None = None
    note: pl.Series | None = None


class Judging:
    """The judgement of ``rows`` (with identity, at least one) by the rules of ``book``.

    Attributes:
        rejected: which rows break a rule whose severity is ``error``.
        shared: which rows share a key that must be unique.

    Raises:
        ConfigError: a rule cannot be judged on this frame.
    """

    def __init__(self, book: Rulebook, rows: pl.DataFrame) -> None:
        self.book, self.rows = book, rows
        self.rejected = self.shared = _none(rows)
        self._settled: dict[str, pl.Series] = {}
        self._findings: list[Finding] = []
        self._columns = {name: find(rows.schema, name) for rule in book.rules for name in rule.columns}
        certain = {rule.field for rule in book.fields if isinstance(rule, Required) and self._weight(rule) == "error"}
        absent = {name for name, column in self._columns.items() if column is None}
        self._rejecting, self._unknown = absent & certain, absent - certain
        self._refuse()
        self._judge()

    def errors(self, at: datetime) -> tuple[pl.DataFrame, pl.Series]:
        """Return the issues of single rows, and for each rejected row its messages in one text."""
        key, lines, tables = self._key(), [], []
        for finding in self._findings:
            table = self._issues(finding, key, at)
            tables.append(table)
            if self._weight(finding.rule) == "error":
                lines.append(pl.DataFrame({"at": finding.fails.arg_true(), "message": table["message"]}))
        if not lines:
            return frames.join_issues(tables), pl.Series("_errors", [], dtype=pl.String)
        by_row = pl.concat(lines).group_by("at", maintain_order=True).agg(pl.col("message").str.join("; "))
        return frames.join_issues(tables), by_row.sort("at")["message"].alias("_errors")

    def absent_columns(self, at: datetime) -> list[pl.DataFrame]:
        """Return a warning for each column that rules name and the frame lacks, though no row is lost by it."""
        return [
            frames.frame_issue(
                stage="check",
                code="check.missing_column",
                severity="warning",
                field=name,
                message=f"{self._lacks(name)}; without it these rules judged nothing: {self._rules_on(name)}",
                at=at,
            )
            for name in sorted(self._unknown)
        ]

    def _judge(self) -> None:
        """Ask all rules of columns at once, so that polars may share the work, then each in turn what it found."""
        fields = [rule for rule in self.book.fields if rule.field not in self._unknown]
        judged = [key for key in self.book.keys if not self._rejecting.intersection(key.columns)]
        keys = [key for key in judged if not key.all_differ(self.rows, self._parts(key))]
        asked = [self._fails(rule) for rule in fields] + [key.shared(self._parts(key)) for key in keys]
        marks = self.rows.select(mark.alias(str(at)) for at, mark in enumerate(asked)).get_columns()
        for rule, mark in zip(fields, marks, strict=False):
            self._take_field(rule, mark)
        for key, mark in zip(keys, marks[len(fields) :], strict=True):
            self._take_key(key, mark)
        for custom in self.book.custom:
            if not self._rejecting.intersection(custom.columns):
                self._take_custom(custom)

    def _fails(self, rule: FieldRule) -> pl.Expr:
        column = self._columns[rule.field]
        if column is None:  # required says so in every row; what else is asked of the field adds nothing
            return pl.repeat(value=True, n=pl.len(), dtype=pl.Boolean)
        return rule.fails(column)

    def _take_field(self, rule: FieldRule, mark: pl.Series) -> None:
        column, fails = self._columns[rule.field], self._open(mark, [rule.field])
        if not fails.any():
            return
        if column is None:
            self._find(Finding(rule, rule.field, fails, pl.lit(f"{rule.field} is missing: {self._lacks(rule.field)}")))
        else:
            self._find(Finding(rule, rule.field, fails, rule.message(column), column.shown()))
        if isinstance(rule, Required | Typed) and self._weight(rule) == "error":
            self._settled[rule.field] = self._settled.get(rule.field, _none(self.rows)) | fails

    def _take_key(self, key: Unique, mark: pl.Series) -> None:
        shared = self._open(mark, key.columns)
        if not shared.any():
            return
        parts = self._parts(key)
        repeats = key.repeats(self.rows, shared, parts)
        self.shared |= repeats.shared
        message = key.message(parts, pl.col(NOTE))
        self._find(Finding(key, key.field, repeats.fails, message, key_text(parts), repeats.note))

    def _take_custom(self, custom: Custom) -> None:
        own = (self._columns[name] for name in custom.columns)
        given = self.rows.select(column.value.alias(column.name) for column in own if column)
        messages = custom.messages(given if custom.columns else frames.without_identity(self.rows))
        if messages.null_count() < len(messages):
            field = ", ".join(custom.columns) or None
            self._find(Finding(custom, field, messages.is_not_null(), pl.col(NOTE), note=messages))

    def _find(self, finding: Finding) -> None:
        self._findings.append(finding)
        if self._weight(finding.rule) == "error":
            self.rejected |= finding.fails

    def _open(self, mark: pl.Series, fields: Iterable[str]) -> pl.Series:
        """Leave out the rows whose field is missing or of a wrong type: that was said, and says it all."""
        for field in fields:
            if field in self._settled:
                mark = mark & ~self._settled[field]
        return mark

    def _issues(self, finding: Finding, key: pl.Expr | None, at: datetime) -> pl.DataFrame:
        rows = self.rows if finding.note is None else self.rows.with_columns(finding.note.alias(NOTE))
        return frames.issues(
            rows.filter(finding.fails),
            stage="check",
            field=pl.lit(finding.field, dtype=pl.String),
            code=finding.rule.code,
            message=finding.message,
            at=at,
            value=finding.value,
            key=key,
            severity=self._weight(finding.rule),
        )

    def _key(self) -> pl.Expr | None:
        """Return what names a row: its first unique key, else its ``ref``."""
        parts = self._parts(self.book.keys[0]) if self.book.keys else []
        if not parts or len(parts) < len(self.book.keys[0].columns):
            ref = find(self.rows.schema, "ref")
            parts = [ref] if ref and ref.is_plain else []
        return key_text(parts) if parts else None

    def _parts(self, key: Unique) -> list[Column]:
        return [column for column in map(self._columns.get, key.columns) if column]

    def _weight(self, rule: Rule) -> frames.Severity:
        return self.book.weight(rule.name)

    def _refuse(self) -> None:
        """Raise for rules that need what the frame has not: to let them pass would be a lie."""
        problems = []
        for rule in self.book.rules:
            if not rule.skippable:
                problems += [f"{rule.name}: {self._lacks(name)}" for name in rule.columns if name in self._unknown]
        for key in self.book.keys:
            nested = [part for part in self._parts(key) if not part.is_plain]
            problems += [f"unique: {part.name} holds {part.dtype}, which cannot be a key" for part in nested]
        if problems:
            told = "\n".join(f"  {problem}" for problem in problems)
            raise ConfigError(
                f"the rules cannot be judged on this frame\n{told}", hint="mend the names, or add the column"
            )

    def _lacks(self, name: str) -> str:
        return f"the frame has no column {name}{nearest(name, frames.without_identity(self.rows).columns)}"

    def _rules_on(self, name: str) -> str:
        return ", ".join(rule.name for rule in self.book.fields if rule.field == name)


def _none(rows: pl.DataFrame) -> pl.Series:
    return pl.repeat(value=False, n=rows.height, dtype=pl.Boolean, eager=True)
