"""What of the proposals may be applied: by a rule, or by what a human said of the very difference that was shown."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Protocol

import polars as pl

from fcwork import cards, frames
from fcwork.clock import SYSTEM, Clock
from fcwork.errors import ConfigError
from fcwork.reconciliation import answers, quantities, showing
from fcwork.reconciliation.handing_on import HandedOn, hand_on
from fcwork.reconciliation.judging import CHANGING
from fcwork.reconciliation.result import Reconciliation, readable

AUTO = ("update",)


class Recorded(Protocol):
    """The result of a load."""

    def to_record(self) -> dict[str, Any]:
        """Return it without its frames."""
        ...


@dataclass(frozen=True, repr=False, eq=False, kw_only=True)
class Approval:
    """What may be applied, and what waits; keys that propose something = approved + waiting.

    A key goes as a whole: with several quantities it waits as long as one of them does.

    Attributes:
        rows: the rows to apply: those of the left, as they came, with the quantities that the right is to have, and of
            keys that only the right has its own, at zero. Their keys are of the type that was compared, such as texts.
        removals: the rows of the right that are to go; nothing here carries that out.
        approved, waiting: their differences.
        issues: approvals that fit no difference, or one that has changed since.
        counts: ``approved`` and ``waiting`` keys, ``removals`` among the approved, ``stale`` approvals, whose
            difference has changed since.
        found: what was compared.
        reason: why nothing may be applied, where too many rows were refused.
    """

    rows: Any
    removals: Any
    approved: Any
    waiting: Any
    issues: Any
    counts: dict[str, int]
    found: Reconciliation
    reason: str = ""

    @property
    def summary(self) -> str:
        """The approval in one line."""
        counts, unknown = self.counts, self._unknown()
        told = [f"{counts['approved']:,} approved, {counts['waiting']:,} waiting for approval"]
        told += [f"{counts['stale']:,} approvals are of differences that are no longer so"] * bool(counts["stale"])
        told += [f"{unknown:,} approvals are of what is not proposed"] * bool(unknown)
        return f"{', '.join(told)}{f'; {self.reason}' if self.reason else ''}"

    def to_file(self, to: str, *, dry_run: bool = True, **terms: Any) -> HandedOn:
        """Write the rows to a file of whoever the right belongs to, such as a channel; none where there is no row.

        Args:
            to: a URI as in ``sources.write``.
            dry_run: write nothing, and say what would be written.
            **terms: ``mapping`` and ``resolvers``, which make of each row what is written; others go to
                ``sources.write``.

        Raises:
            ValidationError: a row cannot be mapped.
            SourceError: the file cannot be written.
        """
        return hand_on(self, to, dry_run=dry_run, **terms)

    def record(self, applied: Recorded | None = None) -> dict[str, Any]:
        """Return the whole as JSON-like data: what was compared, approved and, if anything was, applied.

        Removals are not: with one among the approved the state is no success.
        """
        load, removals = applied.to_record() if applied else {}, self.counts["removals"]
        state = self.found.to_record()["state"] if load.get("state", "SKIPPED") in {"SUCCEEDED", "SKIPPED"} else ""
        state = "COMPLETED_WITH_ERRORS" if state and removals else state
        undone = f"{removals:,} removals are not carried out here" if removals else None
        said = [self.found.summary, self.summary, undone, load.get("summary") if self.counts["approved"] else None]
        return {
            **load,
            "state": "REFUSED" if self.reason else state or load["state"],
            "summary": "; ".join(filter(None, said)),
            "reconciliation": {**self.found.to_record(), "approval": self.counts},
        }

    def _unknown(self) -> int:
        """Return how many approvals are of keys that propose nothing, as those that were applied already."""
        return int((frames.enter_issues(self.issues)["code"] == answers.UNKNOWN).sum())

    def __str__(self) -> str:
        return self.summary

    __repr__ = __str__

    def _repr_html_(self) -> str:
        waiting = readable(self.waiting, self.found.columns)
        table = cards.table(waiting, limit=10, caption="Waiting for approval") if waiting.height else ""
        issues = cards.issues(showing.issues(self.found, self.issues))
        return cards.Card(line=self.summary, below=[table, issues]).html()


def approve(
    found: Reconciliation,
    *,
    auto: Collection[str] = AUTO,
    approvals: Any = None,
    max_refused: int | None = 0,
    clock: Clock = SYSTEM,
) -> Approval:
    """Return what may be applied of a reconciliation.

    Args:
        found: what was compared.
        auto: the actions that need no approval: ``update``, ``create``, ``zero`` and ``remove``; never ``review``.
        approvals: the differences with a column ``approve``, as ``Reconciliation.write`` leaves them for people: a
            frame, or the path of a file. ``yes`` approves, ``no`` keeps back what else would go by itself, and nothing
            says nothing. One whose ``old``, ``new`` or ``action`` is no longer what it was is not followed, and its
            difference waits. Of several quantities ``field`` says which; a list of keys alone is of all of them.
        max_refused: if more rows than that could not be compared, nothing is approved; None for no such limit.
        clock: stamps the issues.

    Raises:
        ConfigError: an action or an approval that cannot be.
        SourceError: the file cannot be read.
    """
    taken = (auto,) if isinstance(auto, str) else tuple(auto)
    allowed = [action for action in CHANGING if action != "review"]
    if strangers := [action for action in taken if action not in allowed]:
        raise ConfigError(f"{strangers[0]!r} cannot go without approval", hint=f"known: {', '.join(allowed)}")
    lines = _lines(found)
    said, issues = answers.heard(found.columns, lines.filter(pl.col("action").is_in(CHANGING)), approvals, clock)
    reason = ""
    if max_refused is not None and found.refused > max_refused:
        reason = f"nothing may be applied: {found.refused:,} rows were refused, at most {max_refused:,} may be"
    goes = pl.coalesce("said", pl.col("action").is_in(taken)) & pl.lit(not reason)
    decided = said.with_columns(goes=goes.all().over("pair"))
    return _decided(found, lines, decided, issues, reason)


def _lines(found: Reconciliation) -> pl.DataFrame:
    """Return all differences under names of our own, as a caller's columns may have any."""
    keys = [f"k{place}" for place in range(len(found.columns.keys))]
    named = found.lines.select("pair", "side", "at", "at_right", *keys, "field", "old", "new", "action")
    nothing = pl.col("new").is_null() & (pl.col("action") != "remove")
    return named.with_row_index("line").with_columns(nothing=nothing)


def _decided(
    found: Reconciliation, lines: pl.DataFrame, decided: pl.DataFrame, issues: pl.DataFrame, reason: str
) -> Approval:
    goes, waits = decided.filter("goes"), decided.filter(~pl.col("goes"))
    gone = pl.col("action") == "remove"
    shown = frames.enter(found.differences)
    removals = found.right[goes.filter(gone)["at_right"].unique(maintain_order=True)]
    counts = {"approved": goes["pair"].n_unique(), "waiting": waits["pair"].n_unique(), "removals": removals.height}
    counts["stale"] = int((issues["code"] == answers.STALE).sum())
    piles = {
        "rows": _rows(found, lines, goes.filter(~gone)),
        "removals": removals,
        "approved": shown[goes["line"]],
        "waiting": shown[waits["line"]],
        "issues": issues,
    }
    return Approval(
        **{name: frames.leave(pile, found.kind) for name, pile in piles.items()},
        counts=counts,
        found=found,
        reason=reason,
    )


def _rows(found: Reconciliation, lines: pl.DataFrame, goes: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of both sides with the keys that were compared and the quantities that were approved."""
    firsts = goes.unique("pair", keep="first", maintain_order=True)
    ours, theirs = firsts.filter(pl.col("side") != "right"), firsts.filter(pl.col("side") == "right")
    of_left = found.left[ours["at"]].drop(*found.columns.keys, *found.columns.fields)
    rows = pl.concat([of_left, _apart(_of_right(found, theirs), of_left)], how="diagonal")
    pairs = pl.concat([ours, theirs])
    # the key of a row that the right alone has may be none of the left's type: "008" is not 8
    keys = [pairs[f"k{place}"].alias(name) for place, name in enumerate(found.columns.keys)]
    values = [_values(lines, pairs, name) for name in found.columns.fields]
    return rows.with_columns(*keys, *values).select(found.left.columns)


def _values(lines: pl.DataFrame, pairs: pl.DataFrame, field: str) -> pl.Series:
    """Return a quantity of each pair; one with nothing to do stays as it is."""
    value = pl.when(pl.col("action") == "none").then("old").otherwise("new").alias("value")
    of_field = lines.filter(pl.col("field") == field).select("pair", value)
    found = pairs.select("pair").join(of_field, on="pair", how="left", maintain_order="left")
    return quantities.settled(found["value"]).alias(field)


def _of_right(found: Reconciliation, lines: pl.DataFrame) -> pl.DataFrame:
    """Return of rows that the right alone has what else both sides have."""
    left, right, columns = found.left.schema, found.right.schema, found.columns
    compared = {*columns.keys, *columns.fields, *columns.keys.values(), *columns.fields.values()}
    others = [name for name in left if name not in compared and left[name] == right.get(name)]
    return found.right[lines["at_right"]].select(others)


def _apart(theirs: pl.DataFrame, ours: pl.DataFrame) -> pl.DataFrame:
    """Return rows of the right that are told apart from those of the left: frames count both from 1."""
    if not theirs.join(ours, on=frames.IDENTITY, how="semi").height:
        return theirs
    return theirs.with_columns(pl.format("right {}", frames.SOURCE).str.strip_chars_end().alias(frames.SOURCE))
