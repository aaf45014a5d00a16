"""Rules as a file or a dict states them, read once and with every mistake told at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fcwork.errors import ConfigError
from fcwork.validator.clauses import Condition, Rulebook
from fcwork.validator.columns import nearest
from fcwork.validator.compare import AS, KINDS, OPERATORS, Compare
from fcwork.validator.custom import customs
from fcwork.validator.drafts import (
    Draft,
    Reader,
    by_field,
    came,
    is_list,
    is_name,
    is_names,
    is_unicode,
    read_names,
    read_severity,
    read_threshold,
    weight_of,
)
from fcwork.validator.fields import FIELD_READERS
from fcwork.validator.keys import KEEPS, Unique
from fcwork.validator.preflight import OPTIONS
from fcwork.validator.rules import Blank, FieldRule, Required, Typed

UNIQUE_FORM = 'columns, lists of columns or {"columns": […], "keep": …}'
COMPARE_FORM = '{"left": "start", "op": "<=", "right": "end"}'
WHEN_FORM = '{"if": {"type": {"one_of": […]}}, "then": {"required": […]}}'
CUSTOM_FORM = 'functions or expressions, or {"check": …, "columns": […], "message": …}'


def read(rules: Mapping[str, Any], where: str, *, twice: Sequence[str] = ()) -> Rulebook:
    """Read rules.

    Args:
        rules: as in ``Validator``.
        where: what messages call them, such as a path.
        twice: names that stand twice in one of their objects, of which only one could count.

    Raises:
        ConfigError: with every mistake in it, one a line.
    """
    if not isinstance(rules, Mapping):
        raise ConfigError(f"{where}: rules are a dict of rule names, not {type(rules).__name__}", hint=HINT)
    draft = Draft(rules)
    for name in twice:
        draft.wrong(f"{name!r} stands twice in one object, and only one can count")
    read_names(draft, READERS)
    if draft.problems:
        count = len(draft.problems)
        told = "\n".join(f"  {at}. {problem}" for at, problem in enumerate(draft.problems, 1))
        raise ConfigError(f"{where}: {count} mistake{'s' if count > 1 else ''} in the rules\n{told}", hint=HINT)
    return Rulebook(
        clauses=tuple(entry.clause() for entry in sorted(draft.entries, key=_turn)),
        max_rows=draft.limits.get("max_rows"),
        min_rows=draft.limits.get("min_rows"),
        frame_severity={name: draft.scope.severity[name] for name in FRAME_RULES if name in draft.scope.severity},
        choices=tuple(entry.clause() for entry in draft.choices),
    )


def _turn(entry: Any) -> int:
    """Return when a rule is judged: what is missing or of a wrong type is settled before other rules look at it."""
    return {Required.name: 0, Typed.name: 1}.get(entry.rule.name, 2)


def _unique(draft: Draft, value: Any) -> None:
    keys = value if is_list(value) and not is_names(value) else [value]
    for key in keys:
        shape = key if isinstance(key, Mapping) else {"columns": key}
        own = weight_of(draft, "unique", shape, form=UNIQUE_FORM, known=("columns", "keep"))
        columns, keep = shape.get("columns"), shape.get("keep", "first")
        if own is None:
            continue
        if not is_names(columns) or not columns:
            draft.wrong(f"unique takes {UNIQUE_FORM}, not {came(key)}")
        elif keep not in KEEPS:
            draft.wrong(f"unique: keep is one of {', '.join(KEEPS)}, not {keep!r:.60}")
        else:
            draft.add(Unique(tuple(dict.fromkeys(columns)), keep), own)


def _compare(draft: Draft, value: Any) -> None:
    for at, entry in enumerate(value if is_list(value) else [value], 1):
        if not isinstance(entry, Mapping):
            draft.wrong(f"compare takes {COMPARE_FORM}, or a list of such, not {came(entry)}")
            continue
        before = len(draft.problems)
        own = weight_of(draft, f"compare {at}", entry, form=COMPARE_FORM, known=("left", "op", "right", "as"))
        left, op, right, kind = (entry.get(name) for name in ("left", "op", "right", "as"))
        draft.problems += [
            f"{draft.place}compare {at}: {side} is the name of a field, not {came(name)}"
            for side, name in (("left", left), ("right", right))
            if not is_name(name)
        ]
        if not isinstance(op, str) or op not in OPERATORS:
            draft.wrong(f"compare {at}: op is one of {', '.join(OPERATORS)}, not {came(op)}")
        if "as" in entry and (not isinstance(kind, str) or kind not in AS):
            draft.wrong(f"compare {at}: as is one of {', '.join(AS)}, not {came(kind)}")
        if own and len(draft.problems) == before:
            draft.add(Compare(str(left), str(op), str(right), kind or _declared(draft, left, right)), own)


def _declared(draft: Draft, *fields: Any) -> str:
    """Return as what fields are compared by the types that the rules give them."""
    near = [entry.rule for entry in draft.entries if entry.only is None or entry.only is draft.only]
    kinds = [KINDS[rule.kind] for rule in near if isinstance(rule, Typed) and rule.field in fields]
    return next((kind for kind in kinds if kind != "text"), "")


def _when(draft: Draft, value: Any) -> None:
    for at, entry in enumerate(value if is_list(value) else [value], 1):
        place = f"when {at}: "
        if not isinstance(entry, Mapping) or not isinstance(entry.get("then"), Mapping) or set(entry) - {"if", "then"}:
            draft.wrong(f"{place}takes {WHEN_FORM}, not {came(entry)}")
            continue
        only = _condition(draft, place, entry.get("if"))
        if not {*FIELD_READERS, "compare"}.intersection(entry["then"]):
            draft.wrong(f"{place}then has no rules")
        read_names(draft.within(entry["then"], f"{place}then: ", only), THEN_READERS)


def _condition(draft: Draft, place: str, given: Any) -> Condition:
    tests: list[FieldRule] = []
    asked = draft.within({}, f"{place}if: ", None)
    if not isinstance(given, Mapping) or not given:
        asked.wrong(f'takes fields and what they hold, {{"type": {{"one_of": […]}}}}, not {came(given)}')
        return Condition(())
    for name, rules in by_field(asked, "field", given):
        tests += _tests(asked, name, rules)
    return Condition(tuple(tests))


def _tests(asked: Draft, name: str, rules: Any) -> list[FieldRule]:
    """Read what a condition asks of a field, by the readers of the same rules elsewhere."""
    if not isinstance(rules, Mapping) or not rules:
        asked.wrong(f'{name} takes rules such as {{"one_of": […]}}, not {came(rules)}')
        return []
    single = Draft(rules, asked.place, problems=asked.problems)
    readers = {rule: _on(name, reader) for rule, reader in FIELD_READERS.items()}
    read_names(single, {**readers, "required": _filled(name)})
    return [entry.rule for entry in single.entries if isinstance(entry.rule, FieldRule)]


def _on(name: str, reader: Reader) -> Reader:
    return lambda draft, value: reader(draft, {name: value})


def _filled(name: str) -> Reader:
    def reader(draft: Draft, value: Any) -> None:
        if isinstance(value, bool):
            draft.add(Required(name) if value else Blank(name))
        else:
            draft.wrong(f"{name}: required is true or false here, not {came(value)}")

    return reader


def _rows(name: str) -> Reader:
    def reader(draft: Draft, value: Any) -> None:
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            draft.limits[name] = value
        else:
            draft.wrong(f"{name} takes a number of rows above 0, not {came(value)}")

    return reader


def _custom(draft: Draft, value: Any) -> None:
    for at, entry in enumerate(value if is_list(value) else [value], 1):
        shape = entry if isinstance(entry, Mapping) else {"check": entry}
        own = weight_of(draft, "custom", shape, form=CUSTOM_FORM, known=("check", "columns", "message"))
        columns, message = shape.get("columns", ()), shape.get("message", "")
        if not is_names(columns) or not isinstance(message, str) or not is_unicode(message) or "check" not in shape:
            if own:
                draft.wrong(f"custom takes {CUSTOM_FORM}, not {came(entry)}")
            continue
        try:
            checks = customs(shape["check"], at, tuple(columns), message)
        except (TypeError, ValueError) as error:
            draft.wrong(str(error))
            continue
        for check in checks if own else ():
            draft.add(check, own)


def _severity(draft: Draft, value: Any) -> None:
    for name, given in by_field(draft, "severity", value):
        severity = read_severity(draft, f"severity: {name}", given) if _is_weighed(draft, "severity", name) else None
        if severity:
            draft.scope.severity[name] = severity


def _threshold(draft: Draft, value: Any) -> None:
    for name, given in by_field(draft, "threshold", value):
        if name in FRAME_RULES:
            draft.wrong(f"threshold: {name} counts the rows of a frame, and no row breaks it")
            continue
        threshold = (
            read_threshold(draft, f"threshold: {name}", given) if _is_weighed(draft, "threshold", name) else None
        )
        if threshold:
            draft.scope.threshold[name] = threshold


def _is_weighed(draft: Draft, what: str, name: str) -> bool:
    """Say whether a name means a rule, or a rule of a field as in ``pattern.ref``; else note the mistake."""
    rule, dot, _ = name.partition(".")
    rules = WEIGHED if draft.only is None else THEN_WEIGHED
    known = [f"{entry.rule.name}.{entry.rule.field}" for entry in [*draft.entries, *draft.choices]]
    if name in known or name in rules:
        return True
    choice = [*(known if rule in rules else ()), *rules]
    no_such = f"there is no rule {rule} of {name[len(rule) + 1 :]!r:.60}" if dot and rule in rules else ""
    draft.wrong(f"{what}: {no_such or f'unknown rule {name!r:.60}'}{nearest(name, choice)}")
    return False


def _noted(_draft: Draft, _value: Any) -> None:
    """Take no notice: the name is for editors."""


FRAME_RULES = ("max_rows", "min_rows")
THEN_WEIGHED = (*FIELD_READERS, "compare")
WEIGHED = (*THEN_WEIGHED, "unique", "custom", *FRAME_RULES)
WEIGHTS: dict[str, Reader] = {"severity": _severity, "threshold": _threshold}
THEN_READERS: dict[str, Reader] = {**FIELD_READERS, "compare": _compare, **WEIGHTS}
OWN_READERS: dict[str, Reader] = {
    **FIELD_READERS,
    "unique": _unique,
    "compare": _compare,
    "when": _when,
    "max_rows": _rows("max_rows"),
    "min_rows": _rows("min_rows"),
    "custom": _custom,
}
READERS: dict[str, Reader] = {"$schema": _noted, **OPTIONS, **OWN_READERS, **WEIGHTS}
HINT = f"the rules are: {', '.join([*OWN_READERS, *WEIGHTS])}"
