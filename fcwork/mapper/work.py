"""One field at work: its expressions, to be asked with those of all others, then what remains to be done on columns."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from fcwork import frames
from fcwork.mapper import custom, lenient, levels, places
from fcwork.mapper.cells import Cell, defaulted, empty, within
from fcwork.mapper.checks import Check
from fcwork.mapper.custom import Call
from fcwork.mapper.found import Found
from fcwork.mapper.plan import Step

SEVERAL = "the source leads to several items, and one is meant: name it as [0] or [name=value], or map a list"


class Work:
    """The work on one field of a level.

    Args:
        at: the field's number among those of the level.
        cell: the field.
    """

    def __init__(self, at: int, cell: Cell) -> None:
        self._at, self._cell, self._field = at, cell, cell.field
        self._staged = cell.field.lenient or any(step.sdk is None for step in cell.field.steps)
        self._readings: list[tuple[Step, str]] = []

    def expressions(self) -> Iterator[pl.Expr]:
        """Yield what is asked of the rows: the value, and where it could not be read."""
        cell, at = self._cell, self._at
        value, dtype = cell.given, cell.dtype
        for number, step in enumerate(() if self._staged else self._field.steps):
            before, kind = value, dtype
            value, dtype = step.sdk.read(value, dtype) if step.sdk else (value, dtype)
            if step.expected:
                self._readings.append((step, f"x{at}_{number}"))
                yield (value.is_null() & ~empty(before, kind)).alias(f"x{at}_{number}")
        if self._has_late_default and not self._staged and self._field.default is not None:
            value, dtype = defaulted(value, dtype, self._field.default, blank=False)
        yield value.alias(f"v{at}")
        asked = {"e": cell.void if self._staged or self._field.needs_source else None}
        asked |= {"s": cell.several, "t": cell.there}
        yield from (expression.alias(f"{name}{at}") for name, expression in asked.items() if expression is not None)

    def finish(self, found: Found, table: pl.DataFrame) -> None:
        """Take the field's values from the table, calling what must be called, and check them."""
        at = self._at
        values = table[f"v{at}"]
        void = table.get_column(f"e{at}", default=None)
        self._found, self._there = found, table.get_column(f"t{at}", default=None)
        self._failed = self._undefined = found.never()
        self._several = table.get_column(f"s{at}", default=found.never()).fill_null(value=False)
        if self._several.any():
            self._fail("map.several", SEVERAL, self._several, severity="warning" if self._field.lenient else "error")
        for step, name in self._readings:
            self._fail("map.type", _cannot(step), table[name] & ~self._failed)
        if self._staged:
            values = self._through(values, void if void is not None and self._field.needs_source else found.never())
        values = levels.only(values, self._there)
        if self._cell.untyped and not self._field.steps:
            found.untyped.add(self._field)
        if self._field.required:
            self._require(values, void)
        found.values[self._field] = values

    @property
    def _has_late_default(self) -> bool:
        return self._field.order == "mutation" and self._field.default is not None

    def _through(self, values: pl.Series, skipped: pl.Series) -> pl.Series:
        """Take the values through their resolvers one by one."""
        self._undefined = self._never_there(values)
        for step in self._field.steps:
            if step.sdk is not None or (self._field.lenient and step.lenient is not None):
                values = self._read(step, values)
            elif step.call is not None:
                values = self._called(step.call, values, skipped | self._failed)
        if self._has_late_default:
            values, self._undefined = self._filled(values), self._found.never()
        if self._field.lenient:
            self._found.undefined[self._field] = self._undefined & values.is_null()
        return values

    def _never_there(self, values: pl.Series) -> pl.Series:
        """Say where the SDK has undefined, not null: no such source, no item to have it, or several."""
        field, level = self._field, self._found.level
        if field.literal is not None or field.default is not None:
            return self._found.never()
        if self._cell.absent or self._cell.beyond or not field.sources:
            return values.is_null()
        nothing = self._several if level.above is None else self._several | level.rows[levels.ITEM].is_null()
        return values.is_null() & nothing

    def _filled(self, values: pl.Series) -> pl.Series:
        """Return the values with the default of a mutation's field for what is null."""
        if not self._has_late_default or self._field.default is None or not values.has_nulls():
            return values
        filled, _ = defaulted(pl.col("v"), values.dtype, self._field.default, blank=False)
        return values.alias("v").to_frame().select(filled.alias("v")).to_series()

    def _read(self, step: Step, given: pl.Series) -> pl.Series:
        """Take the values through a resolver of the SDK's."""
        strict = _strictly(step, given)
        if self._field.lenient and step.lenient is not None:
            answer = lenient.answers(step, given, strict, undefined=self._undefined)
            told = f"{step.name} gives what the SDK gives" + (f": expected {step.expected}" if step.expected else "")
            self._fail("map.type", told, answer.changed, severity="warning")
            self._undefined = answer.undefined
            return answer.values
        if step.expected:
            self._fail("map.type", _cannot(step), strict.is_null() & ~empty(given, given.dtype))
        self._undefined &= strict.is_null()
        return strict

    def _called(self, call: Call, given: pl.Series, skipped: pl.Series) -> pl.Series:
        """Take the values through a function of the user's own."""
        if self._there is not None:
            skipped = skipped | ~self._there.fill_null(value=False)
        given = self._filled(given)  # as in the SDK, where such a function comes last
        records = self._records() if call.way == "record" else pl.DataFrame()
        answers = custom.run(call, given, records, skipped)
        self._undefined = self._undefined | answers.values.is_null()
        if answers.failures:
            self._tell_failures(call, answers, skipped)
        return answers.values

    def _tell_failures(self, call: Call, answers: custom.Answers, skipped: pl.Series) -> None:
        field = self._field
        told = pl.Series([answers.failures.get(at) for at in range(len(skipped))], dtype=pl.String)
        failed = told.is_not_null() & ~skipped
        if field.masked:
            told = told.str.extract(r"^(\w+)")  # an exception's text may quote the value
        elif call.code != "map.resolver":  # of the SDK's own resolvers, the exception's type tells nothing
            told = told.str.replace(r"^\w+: ", "")
        soft = field.lenient and not field.required and field.order == "fields"
        self._fail(call.code, f"{call.name} failed: " + told, failed, severity="warning" if soft else "error")

    def _records(self) -> pl.DataFrame:
        """Return the rows as a function is given them: of an object, or of an item, its own fields."""
        level = self._found.level
        if level.above is None and not self._field.within:
            return frames.without_identity(level.rows)
        scope, _ = within(level.scope, self._field)
        whole = level.rows.select(places.one_of(scope.whole).value.alias("value"))
        return whole.unnest("value") if isinstance(whole.schema["value"], pl.Struct) else whole

    def _require(self, values: pl.Series, void: pl.Series | None) -> None:
        field = self._field
        gone = empty(values, values.dtype) & ~self._failed
        if field.needs_source and void is not None:
            gone = void if field.lenient else gone | void
        self._fail("map.required", f"required, but {field.origin} gives no value", gone)

    def _fail(
        self, code: str, message: str | pl.Series, failed: pl.Series, *, severity: frames.Severity = "error"
    ) -> None:
        """Note a check; the rows that fail it as an error count as failed."""
        if self._there is not None:
            failed = failed & self._there.fill_null(value=False)
        field, raw = self._field, self._cell.raw
        self._found.checks.append(
            Check(self._found.level, field.label, code, message, failed, raw, field.masked, severity)
        )
        if severity == "error":
            self._failed = self._failed | failed


def _strictly(step: Step, given: pl.Series) -> pl.Series:
    """Return what a resolver of the SDK's reads strictly, null where it cannot."""
    if step.sdk is not None:
        value, _ = step.sdk.read(pl.col("v"), given.dtype)
        return given.alias("v").to_frame().select(value.alias("v")).to_series()
    if step.call is None:
        return given
    nobody = pl.repeat(value=False, n=len(given), eager=True)
    return custom.run(step.call, given, pl.DataFrame(), nobody).values


def _cannot(step: Step) -> str:
    return f"{step.name} cannot read it: expected {step.expected}"
