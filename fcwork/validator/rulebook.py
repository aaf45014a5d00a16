"""Rules as a file or a dict states them, read once and with every mistake told at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeGuard

import polars as pl

from fcwork import frames
from fcwork.errors import ConfigError
from fcwork.validator.columns import nearest, texts_in, texts_of
from fcwork.validator.custom import Custom
from fcwork.validator.keys import KEEPS, Unique
from fcwork.validator.readings import READINGS
from fcwork.validator.rules import FieldRule, Length, OneOf, Pattern, Range, Reference, Required, Typed

Rule: TypeAlias = FieldRule | Unique | Custom

SEVERITIES: tuple[frames.Severity, ...] = ("error", "warning")


@dataclass
class Rulebook:
    """What is to be checked.

    Attributes:
        fields: rules on single fields, in the order in which they are judged.
        keys: keys that stand once.
        custom: checks of the caller's own.
        max_rows: how many rows a frame may have; None for any number.
        severity: by name of a rule, where it is not ``error``.
        problems: mistakes found while reading.
    """

    fields: list[FieldRule] = field(default_factory=list)
    keys: list[Unique] = field(default_factory=list)
    custom: list[Custom] = field(default_factory=list)
    max_rows: int | None = None
    severity: dict[str, frames.Severity] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    @property
    def rules(self) -> list[Rule]:
        """All rules on rows."""
        return [*self.fields, *self.keys, *self.custom]

    def weight(self, rule: str) -> frames.Severity:
        """Return how severe it is to break a rule."""
        return self.severity.get(rule, "error")

    def wrong(self, text: str) -> None:
        """Note a mistake."""
        self.problems.append(text)


def read(rules: Mapping[str, Any], where: str) -> Rulebook:
    """Read rules.

    Args:
        rules: as in ``Validator``.
        where: what messages call them, such as a path.

    Raises:
        ConfigError: with every mistake in it, one a line.
    """
    if not isinstance(rules, Mapping):
        raise ConfigError(f"{where}: rules are a dict of rule names, not {type(rules).__name__}", hint=HINT)
    book = Rulebook()
    for name in rules:
        if name not in READERS:
            book.wrong(f"unknown rule {name!r}{nearest(str(name), READERS)}")
    for name, reader in READERS.items():
        if name in rules:
            reader(book, rules[name])
    if book.problems:
        count = len(book.problems)
        told = "\n".join(f"  {at}. {problem}" for at, problem in enumerate(book.problems, 1))
        raise ConfigError(f"{where}: {count} mistake{'s' if count > 1 else ''} in the rules\n{told}", hint=HINT)
    return book


def _required(book: Rulebook, value: Any) -> None:
    if _is_names(value):
        book.fields += [Required(name) for name in dict.fromkeys(value)]
    else:
        book.wrong(f"required takes a list of columns, not {_came(value)}")


def _types(book: Rulebook, value: Any) -> None:
    for name, kind in _by_field(book, "types", value):
        if isinstance(kind, str) and kind in READINGS:
            book.fields.append(Typed(name, kind))
        else:
            known = ", ".join(READINGS)
            book.wrong(f"types: {name} has the unknown type {kind!r}{nearest(str(kind), READINGS)} (known: {known})")


def _pattern(book: Rulebook, value: Any) -> None:
    for name, regex in _by_field(book, "pattern", value):
        fault = _regex_fault(regex) if isinstance(regex, str) else f"it is {_came(regex)}, not text"
        if fault:
            book.wrong(f"pattern: {name} has no usable expression {regex!r}: {fault}")
        else:
            book.fields.append(Pattern(name, regex))


def _bounded(kind: type[Range | Length]) -> Callable[[Rulebook, Any], None]:
    def reader(book: Rulebook, value: Any) -> None:
        for name, bounds in _by_field(book, kind.name, value):
            limits = _limits(book, f"{kind.name}: {name}", bounds)
            if limits:
                book.fields.append(kind(name, *limits))

    return reader


def _one_of(book: Rulebook, value: Any) -> None:
    for name, values in _by_field(book, "one_of", value):
        if _is_list(values) and values and all(_is_scalar(item) for item in values):
            book.fields.append(OneOf(name, texts_of(values)))
        else:
            book.wrong(f"one_of: {name} takes a list of texts, numbers or dates, not {_came(values)}")


def _reference(book: Rulebook, value: Any) -> None:
    for name, known in _by_field(book, "reference", value):
        if _is_list(known) and all(_is_scalar(item) or item is None for item in known):
            book.fields.append(Reference(name, texts_of(known)))
            continue
        try:
            rows = frames.enter(known)
        except TypeError as error:
            book.wrong(f"reference: {name} takes a frame or a list of values: {error}")
            continue
        column = name if name in rows.columns else rows.columns[0] if rows.width == 1 else None
        if column is None:
            book.wrong(f"reference: {name} is no column of the frame given for it: {', '.join(rows.columns) or 'none'}")
        else:
            book.fields.append(Reference(name, texts_in(rows, column)))


def _unique(book: Rulebook, value: Any) -> None:
    keys = value if _is_list(value) and not _is_names(value) else [value]
    for key in keys:
        shape = key if isinstance(key, Mapping) else {"columns": key}
        columns, keep = shape.get("columns"), shape.get("keep", "first")
        if not _is_names(columns) or not columns or set(shape) - {"columns", "keep"}:
            book.wrong(f'unique takes columns, lists of columns or {{"columns": […], "keep": …}}, not {_came(key)}')
        elif keep not in KEEPS:
            book.wrong(f"unique: keep is one of {', '.join(KEEPS)}, not {keep!r}")
        else:
            book.keys.append(Unique(tuple(dict.fromkeys(columns)), keep))


def _max_rows(book: Rulebook, value: Any) -> None:
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        book.max_rows = value
    else:
        book.wrong(f"max_rows takes a number of rows above 0, not {_came(value)}")


def _custom(book: Rulebook, value: Any) -> None:
    for at, entry in enumerate(value if _is_list(value) else [value], 1):
        shape = entry if isinstance(entry, Mapping) else {"check": entry}
        columns = shape.get("columns", ())
        if set(shape) - {"check", "columns"} or not _is_names(columns):
            book.wrong(f'custom takes functions or {{"check": function, "columns": […]}}, not {_came(entry)}')
            continue
        try:
            book.custom.append(Custom.of(shape.get("check"), at, tuple(columns)))
        except (TypeError, ValueError) as error:
            book.wrong(str(error))


def _severity(book: Rulebook, value: Any) -> None:
    for name, weight in _by_field(book, "severity", value):
        if name not in READERS or name == "severity":
            book.wrong(f"severity: unknown rule {name!r}{nearest(name, READERS)}")
        elif weight not in SEVERITIES:
            book.wrong(f"severity: {name} is one of {', '.join(SEVERITIES)}, not {weight!r}")
        else:
            book.severity[name] = weight


READERS: dict[str, Callable[[Rulebook, Any], None]] = {
    "required": _required,
    "types": _types,
    "length": _bounded(Length),
    "pattern": _pattern,
    "range": _bounded(Range),
    "one_of": _one_of,
    "reference": _reference,
    "unique": _unique,
    "max_rows": _max_rows,
    "custom": _custom,
    "severity": _severity,
}
HINT = f"the rules are: {', '.join(READERS)}"


def _by_field(book: Rulebook, rule: str, value: Any) -> Iterator[tuple[str, Any]]:
    if not isinstance(value, Mapping):
        book.wrong(f"{rule} takes a dict, not {_came(value)}")
        return
    for name, given in value.items():
        if isinstance(name, str) and name.strip():
            yield name, given
        else:
            book.wrong(f"{rule}: {name!r} is no name")


def _limits(book: Rulebook, rule: str, bounds: Any) -> tuple[float | None, float | None] | None:
    if not isinstance(bounds, Mapping) or not bounds or set(bounds) - {"min", "max"}:
        book.wrong(f'{rule} takes {{"min": …, "max": …}}, not {_came(bounds)}')
        return None
    low, high = bounds.get("min"), bounds.get("max")
    strange = [bound for bound in (low, high) if bound is not None and not _is_number(bound)]
    if strange:
        book.wrong(f"{rule} has a bound that is no number: {strange[0]!r}")
    elif low is None and high is None:
        book.wrong(f"{rule} has no bound")
    elif low is not None and high is not None and low > high:
        book.wrong(f"{rule} has a min of {low} above its max of {high}")
    else:
        return low, high
    return None


def _regex_fault(regex: str) -> str:
    """Say why polars cannot use an expression, or nothing."""
    try:
        pl.Series([""]).str.contains(regex)
    except pl.exceptions.ComputeError as error:
        causes = [line.removeprefix("error: ") for line in str(error).splitlines() if line.startswith("error: ")]
        return causes[0] if causes else "it cannot be compiled"
    return ""


def _is_list(value: Any) -> TypeGuard[Sequence[Any]]:
    return isinstance(value, list | tuple | set | frozenset)


def _is_names(value: Any) -> TypeGuard[Sequence[str]]:
    return _is_list(value) and all(isinstance(name, str) and name.strip() for name in value)


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_scalar(value: Any) -> bool:
    return value is not None and not isinstance(value, Mapping | list | tuple | set)


def _came(value: Any) -> str:
    return "nothing" if value is None else f"{value!r:.60}"
