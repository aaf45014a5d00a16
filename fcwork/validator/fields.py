"""How the rules on single fields are read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from fcwork import frames
from fcwork.validator.columns import nearest, texts_in, texts_of
from fcwork.validator.drafts import Draft, Reader, by_field, came, is_list, is_names, is_number, is_scalar, is_unicode
from fcwork.validator.readings import READINGS
from fcwork.validator.rules import Enumerated, Length, OneOf, Pattern, Range, Reference, Required, Typed

KNOWN_TYPES = [*READINGS, "enum"]


def _required(draft: Draft, value: Any) -> None:
    if not is_names(value):
        draft.wrong(f"required takes a list of columns, not {came(value)}")
        return
    for name in dict.fromkeys(value):
        draft.add(Required(name))


def _types(draft: Draft, value: Any) -> None:
    for name, kind in by_field(draft, "types", value):
        if isinstance(kind, str) and kind in READINGS:
            draft.add(Typed(name, kind))
        elif kind == "enum":
            draft.wrong(f'types: {name} is an enum of nothing: give its values, {{"enum": ["A", "B"]}}')
        elif isinstance(kind, Mapping) and set(kind) == {"enum"}:
            _enum(draft, name, kind["enum"])
        else:
            known = f"{nearest(str(kind), KNOWN_TYPES)} (known: {', '.join(KNOWN_TYPES)})"
            draft.wrong(f"types: {name} has the unknown type {kind!r:.60}{known}")


def _enum(draft: Draft, name: str, values: Any) -> None:
    if is_list(values) and values and all(isinstance(item, str) and is_unicode(item) for item in values):
        draft.add(Enumerated(name, tuple(dict.fromkeys(values))))
    else:
        draft.wrong(f"types: the enum {name} takes a list of texts, not {came(values)}")


def _pattern(draft: Draft, value: Any) -> None:
    for name, regex in by_field(draft, "pattern", value):
        fault = _regex_fault(regex) if isinstance(regex, str) else f"it is {came(regex)}, not text"
        if fault:
            draft.wrong(f"pattern: {name} has no usable expression {regex!r:.60}: {fault}")
        else:
            draft.add(Pattern(name, regex))


def _bounded(kind: type[Range | Length]) -> Reader:
    def reader(draft: Draft, value: Any) -> None:
        for name, bounds in by_field(draft, kind.name, value):
            limits = _limits(draft, f"{kind.name}: {name}", bounds)
            if limits:
                draft.add(kind(name, *limits))

    return reader


def _one_of(draft: Draft, value: Any) -> None:
    for name, values in by_field(draft, "one_of", value):
        if is_list(values) and values and all(is_scalar(item) for item in values):
            draft.add(OneOf(name, texts_of(values)))
        else:
            draft.wrong(f"one_of: {name} takes a list of texts, numbers or dates, not {came(values)}")


def _reference(draft: Draft, value: Any) -> None:
    for name, known in by_field(draft, "reference", value):
        if is_list(known) and all(is_scalar(item) or item is None for item in known):
            draft.add(Reference(name, texts_of(known)))
            continue
        try:
            rows = frames.enter(known)
        except TypeError as error:
            draft.wrong(f"reference: {name} takes a frame or a list of values: {error}")
            continue
        _reference_frame(draft, name, rows)


def _reference_frame(draft: Draft, name: str, rows: pl.DataFrame) -> None:
    own = name.rpartition("[]")[2].lstrip(".") or name
    named = next((column for column in (name, own) if column in rows.columns), None)
    column = named or (rows.columns[0] if rows.width == 1 else None)
    if column is None:
        draft.wrong(f"reference: {name} is no column of the frame given for it: {', '.join(rows.columns) or 'none'}")
    elif rows.schema[column].is_nested():
        draft.wrong(f"reference: the column {column} given for {name} holds {rows.schema[column]}, no single values")
    else:
        draft.add(Reference(name, texts_in(rows, column)))


FIELD_READERS: dict[str, Reader] = {
    "required": _required,
    "types": _types,
    "length": _bounded(Length),
    "pattern": _pattern,
    "range": _bounded(Range),
    "one_of": _one_of,
    "reference": _reference,
}


def _limits(draft: Draft, rule: str, bounds: Any) -> tuple[float | None, float | None] | None:
    if not isinstance(bounds, Mapping) or not bounds or set(bounds) - {"min", "max"}:
        draft.wrong(f'{rule} takes {{"min": …, "max": …}}, not {came(bounds)}')
        return None
    low, high = bounds.get("min"), bounds.get("max")
    strange = [bound for bound in (low, high) if bound is not None and not is_number(bound)]
    if strange:
        draft.wrong(f"{rule} has a bound that is no number: {strange[0]!r:.60}")
    elif low is None and high is None:
        draft.wrong(f"{rule} has no bound")
    elif low is not None and high is not None and low > high:
        draft.wrong(f"{rule} has a min of {low} above its max of {high}")
    else:
        return low, high
    return None


def _regex_fault(regex: str) -> str:
    """Say why polars cannot use an expression, or nothing."""
    if not is_unicode(regex):
        return "it is no Unicode"
    try:
        pl.Series([""]).str.contains(regex)
    except pl.exceptions.ComputeError as error:
        causes = [line.removeprefix("error: ") for line in str(error).splitlines() if line.startswith("error: ")]
        return causes[0] if causes else "it cannot be compiled"
    return ""
