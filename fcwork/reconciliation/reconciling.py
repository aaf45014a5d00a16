"""``reconcile``: two frames by key, and what to do about each difference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import polars as pl

from fcwork import frames, log
from fcwork.clock import SYSTEM, Clock
from fcwork.reconciliation import asked, comparing, keys, quantities
from fcwork.reconciliation import buffers as keeping
from fcwork.reconciliation.asked import Beyond, Columns, Duplicates, Names, OnlyLeft, OnlyRight, Terms, Within
from fcwork.reconciliation.judging import ACTIONS
from fcwork.reconciliation.result import Reconciliation
from fcwork.reconciliation.sides import Side, side_of

_logger = log.get("reconciliation")


def reconcile(
    left: Any,
    right: Any,
    *,
    key: Names,
    compare: Names | None = None,
    threshold_pct: float | None = 5,
    threshold_abs: float | None = 10,
    rule: Literal["all", "any"] = "all",
    buffers: Any = None,
    less: Names | None = None,
    within: Within = "update",
    beyond: Beyond = "review",
    only_left: OnlyLeft = "create",
    only_right: OnlyRight = "zero",
    duplicates: Duplicates | Mapping[str, Duplicates] = "refuse",
    allow_negative: bool = False,
    as_text: bool = False,
    clock: Clock = SYSTEM,
) -> Reconciliation:
    """Compare what should be (left) with what is (right), and say what to do about each difference.

    Quantities are compared as decimals, exactly: 78.68 in a csv is 78.68 in a JSON. A row whose quantity is no
    number, whose key is empty, or that shares its key with another is refused, and never taken as zero; so is the row
    of the same key on the other side.

    Args:
        left: what should be: a count, a channel, another system; any kind of frame.
        right: what is, such as the platform's stock; its frame may be of another kind.
        key: the columns that say what a row is about: a name, several, or ``{left: right}`` where the names differ.
        compare: the quantities, named in the same ways; all columns of numbers that both have unless given.
        threshold_pct, threshold_abs: how far new may be from old, in per cent of old and as it is; None for no such
            threshold. Of an old zero there are no per cent: the other decides, and without one any difference is
            beyond.
        rule: a difference is within the thresholds if it is within ``all``, or within ``any`` of them.
        buffers: what is kept back of each quantity of the left: a number, or a table (a frame or the path of one) with
            ``buffer`` and columns of the key, in which an empty cell is any. What is left is zero at the least.
        less: columns of the left that are taken off its quantities, such as what is reserved.
        within: what a difference within the thresholds leads to: ``update``, or ``none`` where it is mere noise.
        beyond: what one beyond them leads to: ``review``, a human looks, or ``update``.
        only_left: what a key leads to that the right does not have: ``create``, ``review`` or ``none``.
        only_right: what one leads to that the left does not have: ``zero``, ``remove``, ``review``, or ``none``, where
            the left is only a part.
        duplicates: what becomes of rows that share a key: ``refuse``, or one row is made of them: ``sum`` (bins of one
            location), ``min`` (never sell more than the channel that has least), ``max``, ``first`` or ``last``. For
            both sides, or ``{"left": "sum"}``.
        allow_negative: take quantities below zero as they are; else they are for review.
        as_text: compare keys of different types by their texts.
        clock: stamps the issues.

    Raises:
        ConfigError: a column is not there, keys are of different types, or an argument cannot be.
        TypeError: this is no frame.
    """
    asked.known(
        rule=(rule, Literal["all", "any"]),
        within=(within, Within),
        beyond=(beyond, Beyond),
        only_left=(only_left, OnlyLeft),
        only_right=(only_right, OnlyRight),
    )
    kinds = asked.both_sides(duplicates)
    kind, begun = frames.kind_of(left), clock.monotonic()
    ours, theirs = (frames.with_identity(frames.enter(frame)) for frame in (left, right))
    columns = asked.columns_of(ours, theirs, key, compare, less)
    terms = Terms(
        percent=quantities.limit("threshold_pct", threshold_pct),
        absolute=quantities.limit("threshold_abs", threshold_abs),
        rule=rule,
        within=within,
        beyond=beyond,
        only_left=only_left,
        only_right=only_right,
        allow_negative=allow_negative,
        floors=buffers is not None or bool(columns.less),
    )
    one, other = _sides(ours, theirs, columns, kinds, clock, as_text=as_text)
    if terms.floors:
        one = _lowered(one, 0 if buffers is None else buffers, columns, as_text=as_text)
    found = _compared(one, other, columns, terms, kind=kind, clock=clock)
    _logger.info(
        "reconciliation.ended", **found.counts, **found.actions, duration_seconds=round(clock.monotonic() - begun, 3)
    )
    return found


def _sides(
    left: pl.DataFrame,
    right: pl.DataFrame,
    columns: Columns,
    duplicates: Mapping[asked.SideName, Duplicates],
    clock: Clock,
    *,
    as_text: bool,
) -> tuple[Side, Side]:
    pairs = [keys.alike(left[ours], right[theirs], as_text=as_text) for ours, theirs in columns.keys.items()]
    parts: tuple[tuple[asked.SideName, pl.DataFrame, list[pl.Series]], ...] = (
        ("left", left, [ours for ours, _ in pairs]),
        ("right", right, [theirs for _, theirs in pairs]),
    )
    one, other = (
        side_of(name, frame, key, columns=columns, duplicates=duplicates[name], at=clock.now())
        for name, frame, key in parts
    )
    return one, other


def _lowered(left: Side, given: Any, columns: Columns, *, as_text: bool) -> Side:
    """Note at each row of the left what is kept back of it."""
    names = list(columns.keys)
    kept = keeping.kept_back(left.rows, given, names, as_text=as_text)
    return Side(left.name, left.frame, left.rows.with_columns(kept), left.keyless, left.issues)


def _compared(
    left: Side, right: Side, columns: Columns, terms: Terms, *, kind: frames.Kind, clock: Clock
) -> Reconciliation:
    k = [f"k{place}" for place in range(len(columns.keys))]
    pairs = comparing.nearly_alike(comparing.paired(left, right, k), k)
    lines = comparing.lines_of(pairs, left, right, columns, terms)
    near = comparing.near_issues(lines, frames.key_text(k), columns, clock.now())
    issues = frames.join_issues([left.issues, right.issues, near])
    shown = _shown(lines, dict(zip(k, columns.keys, strict=True)))
    counts = dict(lines["action"].value_counts().iter_rows()) if lines.height else {}
    return Reconciliation(
        differences=frames.leave(shown, kind),
        issues=frames.leave(issues, kind),
        counts=comparing.counted(pairs, left, right),
        actions={action: counts.get(action, 0) for action in ACTIONS},
        columns=columns,
        kind=kind,
        lines=lines,
        left=left.frame,
        right=right.frame,
    )


def _shown(lines: pl.DataFrame, names: Mapping[str, str]) -> pl.DataFrame:
    """Return the lines as people see them."""
    amounts = [quantities.settled(lines[name]) for name in ("old", "new", "difference", "kept_back") if name in lines]
    columns = [*names, "field", "old", "new", "kept_back", "difference", "percent", "action", "code", "reason"]
    kept = [name for name in columns if name in lines.columns]
    return lines.with_columns(amounts).select(*kept, *frames.IDENTITY).rename(dict(names))
