"""The engine: a plan on a frame in one pass, then the rows that failed set apart and told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias

import polars as pl

from fcwork import frames
from fcwork.errors import MappingError
from fcwork.mapper import custom
from fcwork.mapper.cells import Cell, cell, empty
from fcwork.mapper.names import did_you_mean
from fcwork.mapper.plan import Field, Plan
from fcwork.mapper.resolvers import SDK
from fcwork.redact import MASK

ERRORS = "_errors"
_SHOWN_COLUMNS = 30
_Tree: TypeAlias = "dict[str, str | _Tree]"  # a target's column in the evaluated table, or the fields of an object


@dataclass(frozen=True, eq=False)
class Outcome:
    """What became of a frame: ``mapped`` and ``rejected`` together hold each of its rows once."""

    mapped: pl.DataFrame
    rejected: pl.DataFrame
    issues: pl.DataFrame


class Check(NamedTuple):
    """One way in which rows can fail: ``failed`` is true for each row that did."""

    cell: Cell
    code: str
    message: str | pl.Series
    failed: pl.Series


def run(plan: Plan, rows: pl.DataFrame, *, at: datetime, strict_columns: bool = True) -> Outcome:
    """Map ``rows``.

    Args:
        plan: the mapping.
        rows: source rows with identity.
        at: the instant that issues bear.
        strict_columns: a column that the frame lacks is an error for a required field, and a warning for any other.

    Raises:
        MappingError: the column of a required field is not there.
    """
    columns = _columns(rows)
    cells = [cell(field, columns) for field in plan.fields]
    tables: list[pl.DataFrame] = []
    if strict_columns and columns:
        _refuse_absent(cells, columns)
        tables = [_absent_column(item.field, rows, at) for item in cells if item.absent]
    results, checks = _evaluate(cells, rows)
    failed = [check for check in checks if check.failed.any()]
    tables += [_issues(check, rows, at) for check in failed]
    bad = pl.select(pl.any_horizontal(check.failed for check in failed)).to_series() if failed else None
    return Outcome(
        mapped=_assembled(plan.fields, results if bad is None else results.filter(~bad)),
        rejected=_rejected(rows, failed, bad),
        issues=frames.join_issues(tables),
    )


def _columns(rows: pl.DataFrame) -> dict[str, pl.DataType]:
    """Return the columns that sources may name; a text column without a single value counts as type Null."""
    if not rows.height and not set(rows.columns) - set(frames.IDENTITY):
        return {}  # no rows at all: nothing says which columns they would have had
    return {
        name: pl.Null() if dtype == pl.String and rows[name].null_count() == rows.height else dtype
        for name, dtype in rows.schema.items()
    }


def _refuse_absent(cells: Sequence[Cell], columns: Mapping[str, pl.DataType]) -> None:
    known = [name for name in columns if name not in frames.IDENTITY]
    absent = [item.field for item in cells if item.absent and item.field.required]
    if not absent:
        return
    problems = [
        f"{field.where}.source: the rows have no column {field.source!r}{did_you_mean(field.source, known)}"
        for field in absent
    ]
    shown = ", ".join(known[:_SHOWN_COLUMNS]) + (", …" if len(known) > _SHOWN_COLUMNS else "")
    context = "give context= for $context sources; else " if any(field.source[:1] == "$" for field in absent) else ""
    raise MappingError(
        "required columns are missing:\n" + "\n".join(f"  {problem}" for problem in problems),
        path=f"{absent[0].where}.source",
        known=known,
        problems=problems,
        hint=f"{context}name one of the columns there are: {shown or 'none'}",
    )


def _absent_column(field: Field, rows: pl.DataFrame, at: datetime) -> pl.DataFrame:
    stand_in = "it is left empty" if field.default is None else "its default stands in"
    return frames.frame_issue(
        stage="map",
        code="map.missing_column",
        message=f"the rows have no column {field.source!r}{did_you_mean(field.source, rows.columns)}: {stand_in}",
        at=at,
        severity="warning",
        field=field.label,
        source=rows[frames.SOURCE][0] if rows.height else "",
    )


def _evaluate(cells: Sequence[Cell], rows: pl.DataFrame) -> tuple[pl.DataFrame, list[Check]]:
    """Return the targets' values by position (``v0``, ``v1`` …) beside the identity, and all that was checked."""
    wanted = [pl.col(name) for name in frames.IDENTITY]
    for at, item in enumerate(cells):
        wanted.append(item.value.alias(f"v{at}"))
        if item.void is not None:
            wanted.append(item.void.alias(f"e{at}"))
    table = rows.lazy().select(wanted).collect()  # lazy: what two fields share is worked out once
    checks: list[Check] = []
    for at, item in enumerate(cells):
        values, void = table[f"v{at}"], table[f"e{at}"] if item.void is not None else None
        if item.field.call:
            values, failed = _called(item, item.field.call, rows, values, void)
            table = table.with_columns(values.alias(f"v{at}"))
        else:
            failed = _unread(item, values, void)
        checks += [failed] if failed else []
        checks += [_missing(item, values, void, failed)] if item.field.required else []
    return table, checks


def _unread(item: Cell, values: pl.Series, void: pl.Series | None) -> Check | None:
    sdk = SDK.get(item.field.resolver)
    if not sdk or not sdk.expected or void is None:
        return None
    message = f"{item.field.resolver} cannot read it: expected {sdk.expected}"
    return Check(item, "map.type", message, values.is_null() & ~void)


def _called(
    item: Cell, call: custom.Call, rows: pl.DataFrame, values: pl.Series, void: pl.Series | None
) -> tuple[pl.Series, Check | None]:
    skipped = void if void is not None else pl.repeat(value=False, n=rows.height, eager=True)
    answers = custom.run(call, values, frames.without_identity(rows), skipped)
    if not answers.failures:
        return answers.values, None
    told = pl.Series([answers.failures.get(at) for at in range(rows.height)], dtype=pl.String)
    if item.field.masked:
        told = told.str.extract(r"^(\w+)")  # an exception's text may quote the value
    return answers.values, Check(item, call.code, f"{call.name} failed: " + told, told.is_not_null() & ~skipped)


def _missing(item: Cell, values: pl.Series, void: pl.Series | None, failed: Check | None) -> Check:
    gone = empty(values, values.dtype)
    if failed:
        gone &= ~failed.failed
    gone = gone if void is None else gone | void
    return Check(item, "map.required", f"required, but {item.field.origin} gives no value", gone)


def _issues(check: Check, rows: pl.DataFrame, at: datetime) -> pl.DataFrame:
    field, message = check.cell.field, check.message
    value = check.cell.raw
    if field.masked:
        value = pl.when(value.is_not_null()).then(pl.lit(MASK))
    failed = rows.filter(check.failed)
    told = pl.lit(message if isinstance(message, str) else message.filter(check.failed))
    lines = failed.select(*frames.IDENTITY, value=value, message=told)
    return frames.issues(
        lines, stage="map", field=field.label, code=check.code, message=pl.col("message"), at=at, value=pl.col("value")
    )


def _rejected(rows: pl.DataFrame, failed: Sequence[Check], bad: pl.Series | None) -> pl.DataFrame:
    if bad is None:
        return rows.clear().with_columns(pl.lit(None, dtype=pl.String).alias(ERRORS))
    words = [
        pl.when(pl.lit(check.failed.filter(bad))).then(pl.lit(f"{check.code} {check.cell.field.label}"))
        for check in failed
    ]
    return rows.filter(bad).with_columns(pl.concat_str(words, separator="; ", ignore_nulls=True).alias(ERRORS))


def _assembled(fields: Sequence[Field], results: pl.DataFrame) -> pl.DataFrame:
    """Return the targets under their names, in the mapping's order, dotted ones as objects, then the identity."""
    tree: _Tree = {}
    for at, field in enumerate(fields):
        branch: Any = tree
        for segment in field.target[:-1]:
            branch = branch.setdefault(segment, {})
        branch[field.target[-1]] = f"v{at}"
    return results.select(*_named(tree), *frames.IDENTITY)


def _named(tree: _Tree) -> Iterator[pl.Expr]:
    for name, branch in tree.items():
        if isinstance(branch, str):
            yield pl.col(branch).alias(name)
        else:
            held = pl.any_horizontal(pl.col(leaf).is_not_null() for leaf in _leaves(branch))
            yield pl.when(held).then(pl.struct(_named(branch))).alias(name)  # an object without any value is none


def _leaves(tree: _Tree) -> Iterator[str]:
    for branch in tree.values():
        yield from [branch] if isinstance(branch, str) else _leaves(branch)
