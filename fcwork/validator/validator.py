"""``Validator``: rules, and a frame checked by them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import polars as pl

from fcwork import frames
from fcwork.clock import SYSTEM, Clock
from fcwork.errors import ConfigError
from fcwork.validator import rulebook
from fcwork.validator.columns import nearest
from fcwork.validator.entities import ENTITIES
from fcwork.validator.judging import Judging
from fcwork.validator.result import CheckResult, summarize, tally


class Validator:
    r"""Rules that rows must keep before they are sent.

    A field is a column, or a dotted path into a struct column (``address.city``). The rules:

    ==========  ==============================================  =======================================================
    required    ``["ref", "qty"]``                              not null, not empty, not only white space
    types       ``{"qty": "integer"}``                          string, integer, decimal, boolean, date or timestamp;
                                                                text passes where it reads as the type
    length      ``{"ref": {"min": 1, "max": 50}}``              characters
    pattern     ``{"ref": "^[A-Z0-9-]+$"}``                     a match somewhere in the text, in the syntax of Rust's
                                                                regex: Unicode, no look-around, no backreferences
    range       ``{"qty": {"min": 0, "max": None}}``            numbers, or text that reads as one; bounds are allowed
    one_of      ``{"status": ["ACTIVE"]}``                      one of these, compared as text
    reference   ``{"locationRef": frame_or_list}``              the value exists there; of a frame, the column of the
                                                                same name, or its only one
    unique      ``["ref"]``, ``[["ref"], ["a", "b"]]``,         one row a key; ``keep`` (``first``, ``last``, ``none``)
                ``{"columns": ["ref"], "keep": "last"}``        says which of the rows that share one stays valid
    max_rows    ``5000``                                        one error of the frame: no row is rejected for it
    custom      ``[fn, {"check": fn, "columns": ["qty"]}]``     see below
    severity    ``{"unique": "warning"}``                       by rule; a warning rejects no row
    ==========  ==============================================  =======================================================

    Null passes every rule but ``required``, and NaN is null, as pandas has it. Empty text is a value to every other
    rule. A value that is missing though required is told of by ``required`` alone, a value of a wrong type by ``types``
    alone. A key with a null in it is no key. Keys are compared over all rows, valid or not.

    A rule that cannot run never passes: a required column that the frame lacks rejects every row; a key, a reference or
    a custom check on such a column is a ``ConfigError``; any other rule on it is a warning ``check.missing_column``,
    since its cells count as null.

    A custom check whose first parameter is annotated ``polars.DataFrame`` is called once, with all rows, and returns a
    boolean Series (true: good; null is no yes) or a Series of messages (null: good). Any other is called with each
    record, a dict, and with its position from 0 if it takes two arguments; it returns a message or None, or a truth.
    What it raises for a record rejects that row.

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
        """Read rules from a JSON file.

        Raises:
            ConfigError: the file cannot be read, is no JSON, or its rules are wrong.
        """
        validator = cls({}, clock=clock)
        validator._book = rulebook.read(_parsed(Path(path)), str(path))
        return validator

    @classmethod
    def for_entity(cls, entity: str, *, clock: Clock = SYSTEM) -> Self:
        """Return the rules of an entity of the platform's batch jobs, such as ``INVENTORY``.

        Raises:
            ConfigError: there are no rules for it.
        """
        if entity not in ENTITIES:
            raise ConfigError(
                f"there are no rules for the entity {entity!r}{nearest(entity, ENTITIES)}",
                hint=f"known: {', '.join(ENTITIES)}; for others give rules of your own",
            )
        return cls(ENTITIES[entity], clock=clock)

    def check(self, frame: frames.Frame) -> CheckResult:
        """Check every row.

        Args:
            frame: pandas, polars eager or lazy, a pyarrow Table or a list of dicts; it stays as it is. ``_row`` and
                ``_source`` name its rows, where it has them; an ``_errors`` column of a former check is dropped.

        Raises:
            ConfigError: a rule cannot be judged on this frame.
            TypeError: ``frame`` is no frame.
        """
        return self._check(frame, frames.kind_of(frame), None)

    def peek(self, frame: frames.Frame, rows: int = 1) -> CheckResult:
        """Check the first rows only; the result says that it is a sample.

        ``max_rows`` is judged by the whole frame, keys within the sample only.

        Raises:
            ConfigError: a rule cannot be judged on this frame, or ``rows`` is less than 1.
            TypeError: ``frame`` is no frame.
        """
        if rows < 1:
            raise ConfigError(f"a sample has at least 1 row, not {rows}", hint="peek(frame, rows=10)")
        head, total = _head(frame, rows)
        return self._check(head, frames.kind_of(frame), total)

    def __repr__(self) -> str:
        return f"Validator({self._rules} rule{'' if self._rules == 1 else 's'})"

    @property
    def _rules(self) -> int:
        return len(self._book.rules) + (self._book.max_rows is not None)

    def _check(self, frame: Any, kind: frames.Kind, sample_of: int | None) -> CheckResult:
        at = self._clock.now()
        rows = frames.with_identity(frames.enter(frame).drop("_errors", strict=False))
        judging = Judging(self._book if rows.height else rulebook.Rulebook(), rows)  # no row breaks no rule
        found, errors = judging.errors(at)
        of_frame = [*self._too_many(sample_of or rows.height, at), *judging.absent_columns(at)]
        issues = frames.join_issues([*of_frame, found])
        count = int(judging.rejected.sum())
        return CheckResult(
            valid=frames.leave(rows.filter(~judging.rejected) if count else rows, kind),
            rejected=frames.leave(rows.filter(judging.rejected).with_columns(errors), kind),
            issues=frames.leave(issues, kind),
            duplicates=frames.leave(rows.filter(judging.shared), kind),
            ok=not (issues["severity"] == "error").any(),
            total=rows.height,
            valid_count=rows.height - count,
            rejected_count=count,
            counts=tally(issues),
            sample_of=sample_of,
            summary=summarize(issues, total=rows.height, rejected=count, rules=self._rules, sample_of=sample_of),
        )

    def _too_many(self, height: int, at: datetime) -> list[pl.DataFrame]:
        most = self._book.max_rows
        if most is None or height <= most:
            return []
        message = f"the frame has {height:,} rows, above the maximum {most:,}"
        weight = self._book.weight("max_rows")
        return [frames.frame_issue(stage="check", code="check.max_rows", severity=weight, message=message, at=at)]


def _head(frame: Any, rows: int) -> tuple[Any, int]:
    """Return the first rows as the same kind of frame, and how many there are in all."""
    kind = frames.kind_of(frame)
    if kind == "lazy":
        return frame.head(rows), frame.select(pl.len()).collect().item()
    if kind == "pyarrow":
        return frame.slice(0, rows), frame.num_rows
    return (frame[:rows] if kind == "records" else frame.head(rows)), len(frame)


def _parsed(path: Path) -> Any:
    """Return what a JSON file holds.

    Raises:
        ConfigError: it cannot be read, or is no JSON.
    """
    hint = "a rule file is a JSON object of rules"
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"), object_pairs_hook=_once)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}", hint=hint) from error
    except json.JSONDecodeError as error:
        raise ConfigError(f"{path}, line {error.lineno}: no JSON: {error.msg}", hint=hint) from error
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: no usable JSON: {error}", hint=hint) from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a name that stands twice, of which JSON would keep the last."""
    names = [name for name, _ in pairs]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"{twice[0]!r} stands twice in one object")
    return dict(pairs)
