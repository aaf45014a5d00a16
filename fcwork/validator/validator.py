"""``Validator``: rules, and a frame checked by them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import Any, Self

import polars as pl

from fcwork import documents, frames
from fcwork import schema as schemas
from fcwork.clock import SYSTEM, Clock
from fcwork.errors import ConfigError
from fcwork.personal import findings
from fcwork.validator import conversion, rulebook
from fcwork.validator.clauses import Rulebook
from fcwork.validator.columns import nearest
from fcwork.validator.entities import ENTITIES
from fcwork.validator.judging import Judging
from fcwork.validator.result import CheckResult, summarize, tally
from fcwork.validator.strangers import Given, taken


class Validator:
    r"""Rules that rows must keep before they are sent.

    A field is a column, a dotted path into a struct column (``address.city``), or a path into the items of a list
    (``items[].sku``, ``tags[]``, ``items[].tags[]``): each item is judged, and messages say which one is at fault.

    ==========  ==============================================  =======================================================
    required    ``["ref", "qty"]``                              not null, not empty, not only white space
    types       ``{"qty": "integer"}``                          string, integer, decimal, boolean, date, timestamp or
                                                                ``{"enum": ["A", "B"]}``; text passes where it reads as
                                                                the type
    length      ``{"ref": {"min": 1, "max": 50}}``              characters
    pattern     ``{"ref": "^[A-Z0-9-]+$"}``                     a match somewhere in the text, in the syntax of Rust's
                                                                regex: Unicode, no look-around, no backreferences
    range       ``{"qty": {"min": 0, "max": None}}``            numbers, or text that reads as one; bounds are allowed
    one_of      ``{"status": ["ACTIVE"]}``                      one of these, compared as text
    reference   ``{"locationRef": frame_or_list}``              the value exists there; of a frame, the column of the
                                                                same name, or its only one
    unique      ``["ref"]``, ``[["ref"], ["a", "b"]]``,         one row a key; ``keep`` (``first``, ``last``, ``none``)
                ``{"columns": ["ref"], "keep": "last"}``        says which of the rows that share one stays valid
    compare     ``[{"left": "start", "op": "<=",                ``==``, ``!=``, ``<``, ``<=``, ``>``, ``>=``; see below
                "right": "end"}]``
    when        ``[{"if": {"type": {"one_of": ["EXPECTED"]}},   field rules and ``compare`` for the rows that match; see
                "then": {"required": ["expectedOn"]}}]``        below
    max_rows    ``5000``                                        one error of the frame: no row is rejected for it;
                                                                ``min_rows`` likewise
    custom      ``[pl.col("qty") >= pl.col("reserved"), fn]``   see below
    severity    ``{"unique": "warning",                         ``error`` or ``warning``, by rule, or by rule and field;
                "pattern.ref": "error"}``                       a warning rejects no row
    threshold   ``{"pattern": "2%", "range.qty": 10}``          how many rows may break a rule; see below
    ==========  ==============================================  =======================================================

    Null passes every rule but ``required``, and NaN is null, as pandas has it. Empty text is a value to every other
    rule. A value that is missing though required is told of by ``required`` alone, a value of a wrong type by ``types``
    alone. A key with a null in it is no key. Keys are compared over all rows, valid or not.

    A rule that cannot run never passes: a required column that the frame lacks rejects every row; a key, a reference, a
    comparison or a custom check on such a column is a ``ConfigError``; any other rule on it is a warning
    ``check.missing_column``, since its cells count as null. A value that is no list or struct, where a path leads into
    one, is an error ``check.type`` of its row.

    ``compare``: numbers are compared as numbers and dates as instants where either column holds them, or where a
    ``types`` rule of either field says so; else as text. ``"as"`` (``number``, ``instant``, ``text``) decides
    otherwise. Null on either side passes, what cannot be compared does not.

    ``when``: ``if`` says of each field by which rules it matches (``one_of``, ``range``, ``pattern`` and the other
    field rules, and ``{"required": true}`` or ``false`` for whether it holds anything); a row matches where all of them
    do, and null matches no other rule. ``then`` may have a ``severity`` and ``threshold`` of its own, which come first.

    ``threshold``: each rule on each field is counted by itself. While the share of all rows checked that break it, or
    their number, is at or below the threshold, its findings are warnings and reject no row; above it, all of them are
    what ``severity`` says. An entry of ``unique``, ``compare`` or ``custom`` may have its own ``severity`` and
    ``threshold``, which come before those by name.

    ``custom``: a polars expression, or a function. One whose first parameter is annotated ``polars.DataFrame`` is
    called once with all rows, one annotated ``polars.Series`` once with each of its ``columns``; either returns, as an
    expression does, a boolean Series (true: good; null is no yes) or a Series of messages (null: good). Any other is
    called with each record, a dict, and with its position from 0 if it takes two arguments; it returns a message or
    None, or a truth. What it raises for a record rejects that row. ``{"check": …, "columns": […], "message": "…"}``
    names the columns that it is given and what is said of a row it refuses.

    The options of the SDK's ``PreflightValidator`` are taken as they are, alone or beside these rules:
    ``requiredFields, checkDuplicates, maxBatchSize, validateTypes, customValidator, entityType``.

    Args:
        rules: as above; ``{}`` lets every row pass and says so.
        clock: stamps the issues.

    Raises:
        ConfigError: the rules are wrong; the message lists every mistake.
    """

    def __init__(self, rules: Mapping[str, Any], *, clock: Clock = SYSTEM) -> None:
        self._book = rulebook.read(rules, "rules")
        self._clock = clock

    @classmethod
    def load(cls, path: str | Path, *, clock: Clock = SYSTEM) -> Self:
        """Read rules from a JSON or YAML file.

        Raises:
            ConfigError: the file cannot be read, is no JSON or YAML, or its rules are wrong.
        """
        document = documents.load(path, what="rules", error=ConfigError)
        return cls._of(rulebook.read(document.content, str(path), twice=document.twice), clock)

    @classmethod
    def for_entity(cls, entity: str, *, clock: Clock = SYSTEM) -> Self:
        """Return the rules of an entity of the platform, such as ``INVENTORY`` or ``PRODUCT``.

        Rules on a field that need not be there say nothing of a frame without it.

        Raises:
            ConfigError: there are no rules for it.
        """
        if str(entity) not in ENTITIES:
            raise ConfigError(
                f"there are no rules for the entity {entity!r}{nearest(str(entity), ENTITIES)}",
                hint=f"known: {', '.join(ENTITIES)}; for others give rules of your own, or Validator.from_schema",
            )
        return cls._of(replace(rulebook.read(ENTITIES[str(entity)], str(entity)), known_names=True), clock)

    @classmethod
    def from_schema(
        cls, schema: Any, input_type: str, *, rules: Mapping[str, Any] | None = None, clock: Clock = SYSTEM
    ) -> Self:
        """Return the rules that a GraphQL input type makes: rows are to be inputs of it.

        Required fields hold a value where the object around them is there; ``Int`` (32 bits), ``Float``, ``String``,
        ``ID``, ``Boolean`` and ``DateTime`` (ISO 8601) are of their type, and text is no number; enums hold one of
        their values; objects and lists are gone into, each item of a list judged by itself. A ``Json`` may be anything.
        A column that the type does not know is one warning ``check.unknown_field``, and a scalar that is not known
        here one ``check.unknown_scalar``. Columns such as ``address.city`` are together an ``address``.

        Args:
            schema: what ``fcwork.schema.load`` takes: a schema, SDL, an introspection result, or a path to one.
            input_type: its name, such as ``CreateLocationInput``.
            rules: more rules, as for ``Validator``.
            clock: stamps the issues.

        Raises:
            ConfigError: the schema cannot be loaded, has no such type, or the rules are wrong.
        """
        kind = schemas.input_type(schemas.load(schema), input_type)
        return cls._of(replace(rulebook.read(rules or {}, "rules"), input_type=kind), clock)

    @staticmethod
    def json_schema() -> dict[str, Any]:
        """Return the JSON Schema of rule files, for editors and other programs."""
        text = resources.files(__package__).joinpath("rules.schema.json").read_text(encoding="utf-8")
        schema: dict[str, Any] = json.loads(text)
        return schema

    def check(self, frame: frames.Frame) -> CheckResult:
        """Check every row.

        Args:
            frame: pandas, polars eager or lazy, a pyarrow Table or a list of dicts; it stays as it is. ``_row`` and
                ``_source`` name its rows, where it has them; an ``_errors`` column of a former check is dropped. An
                item of a list that is no dict is an error ``check.record`` of its row.

        Raises:
            ConfigError: a rule cannot be judged on this frame.
            TypeError: ``frame`` is no frame.
        """
        return self._check(taken(frame), None)

    def typed(self, frame: frames.Frame) -> Any:
        """Return checked rows with their texts as what ``types`` says of the columns: a csv holds texts alone.

        Columns of texts under ``integer``, ``decimal`` (with all digits) and ``boolean`` are converted; one that holds
        a text that cannot be, as rows that were not checked may, stays as it is.

        Args:
            frame: of any kind; the same kind comes back.

        Raises:
            TypeError: ``frame`` is no frame.
        """
        kind = frames.kind_of(frame)
        return frames.leave(conversion.typed(frames.enter(frame), self._book.clauses), kind)

    def peek(self, frame: frames.Frame, rows: int = 1) -> CheckResult:
        """Check the first rows only; the result says that it is a sample.

        ``max_rows`` is judged by the whole frame, keys and thresholds within the sample only.

        Raises:
            ConfigError: a rule cannot be judged on this frame, or ``rows`` is less than 1.
            TypeError: ``frame`` is no frame.
        """
        if rows < 1:
            raise ConfigError(f"a sample has at least 1 row, not {rows}", hint="peek(frame, rows=10)")
        given = taken(frame, rows)
        return self._check(given, given.total)

    def __repr__(self) -> str:
        return f"Validator({self._book.size} rule{'' if self._book.size == 1 else 's'})"

    @classmethod
    def _of(cls, book: Rulebook, clock: Clock) -> Self:
        validator = cls({}, clock=clock)
        validator._book = book
        return validator

    def _check(self, given: Given, sample_of: int | None) -> CheckResult:
        at, rows, kind = self._clock.now(), given.rows, given.kind
        judging = Judging(self._book if rows.height else Rulebook(), rows, given.strangers)  # no row breaks no rule
        found, errors = judging.errors(at)
        of_frame = [*self._too_many_or_few(sample_of or rows.height, at), *judging.of_frame(at)]
        issues = findings.issues(frames.join_issues([*of_frame, found]), rows)
        refused, shared, tolerated = judging.rejected, judging.shared, tuple(judging.tolerated)
        del judging  # and the items of lists with it, before rows are copied
        count = int(refused.sum())
        return CheckResult(
            valid=frames.leave(rows.filter(~refused) if count else rows, kind),
            rejected=frames.leave(findings.errors(rows.filter(refused).with_columns(errors)), kind),
            issues=frames.leave(issues, kind),
            duplicates=frames.leave(rows.filter(shared), kind),
            ok=not (issues["severity"] == "error").any(),
            total=rows.height,
            valid_count=rows.height - count,
            rejected_count=count,
            counts=tally(issues),
            sample_of=sample_of,
            tolerated=tolerated,
            summary=summarize(
                issues,
                total=rows.height,
                rejected=count,
                rules=self._book.size,
                sample_of=sample_of,
                tolerated=tolerated,
            ),
        )

    def _too_many_or_few(self, height: int, at: datetime) -> list[pl.DataFrame]:
        most, least = self._book.max_rows, self._book.min_rows
        told = {}
        if most is not None and height > most:
            told["max_rows"] = f"the frame has {_rows(height)}, above the maximum {most:,}"
        if least is not None and height < least:
            told["min_rows"] = f"the frame has {_rows(height)}, below the minimum {least:,}"
        return [
            frames.frame_issue(
                stage="check", code=f"check.{name}", severity=self._book.weight(name), message=message, at=at
            )
            for name, message in told.items()
        ]


def _rows(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}" if count else "no rows"
