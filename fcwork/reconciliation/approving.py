"""What of the proposals may be applied: by a rule, or by what a human said of the very difference that was shown."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import polars as pl

from fcwork import cards, frames, sources
from fcwork.clock import SYSTEM, Clock
from fcwork.errors import ConfigError
from fcwork.reconciliation import quantities
from fcwork.reconciliation.handing_on import HandedOn, hand_on
from fcwork.reconciliation.judging import CHANGING
from fcwork.reconciliation.result import Reconciliation, readable

AUTO = ("update",)
APPROVE = "approve"
_YES, _NO = ("yes", "y", "true", "1", "x", "ok", "approved"), ("no", "n", "false", "0")


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
            keys that only the right has its own, at zero.
        removals: the rows of the right that are to go.
        approved, waiting: their differences.
        issues: approvals that fit no difference, or one that has changed since.
        counts: ``approved`` and ``waiting`` keys, ``removals`` among the approved, ``stale`` approvals.
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
        told = f"{self.counts['approved']:,} approved, {self.counts['waiting']:,} waiting for approval"
        stale = f", {self.counts['stale']:,} approvals are of differences that are no longer so"
        return f"{told}{stale if self.counts['stale'] else ''}{f'; {self.reason}' if self.reason else ''}"

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
        """Return the whole as JSON-like data: what was compared, approved and, if anything was, applied."""
        load = applied.to_record() if applied else {}
        state = self.found.to_record()["state"] if load.get("state", "SKIPPED") in {"SUCCEEDED", "SKIPPED"} else ""
        said = [self.found.summary, self.summary, load.get("summary") if self.counts["approved"] else None]
        return {
            **load,
            "state": "REFUSED" if self.reason else state or load["state"],
            "summary": "; ".join(filter(None, said)),
            "reconciliation": {**self.found.to_record(), "approval": self.counts},
        }

    def __str__(self) -> str:
        return self.summary

    __repr__ = __str__

    def _repr_html_(self) -> str:
        waiting = readable(self.waiting)
        table = cards.table(waiting, limit=10, caption="Waiting for approval") if waiting.height else ""
        return cards.Card(line=self.summary, below=[table, cards.issues(frames.enter_issues(self.issues))]).html()


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
            says nothing. One whose ``old``, ``new`` or ``action`` is no longer what it was is not followed.
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
    said, issues = _said(found, _lines(found).filter(pl.col("action").is_in(CHANGING)), approvals, clock)
    reason = ""
    if max_refused is not None and found.refused > max_refused:
        reason = f"nothing may be applied: {found.refused:,} rows were refused, at most {max_refused:,} may be"
    goes = pl.coalesce("said", pl.col("action").is_in(taken)) & pl.lit(not reason)
    decided = said.with_columns(goes=goes.all().over("pair"))
    return _decided(found, decided, issues, reason)


def _lines(found: Reconciliation) -> pl.DataFrame:
    """Return all differences, each with its pair and the places of its rows."""
    places = found.lines.select("pair", "side", "at", "at_right", at_line="pair")
    return frames.enter(found.differences).hstack(places)


def _decided(found: Reconciliation, lines: pl.DataFrame, issues: pl.DataFrame, reason: str) -> Approval:
    goes, waits = lines.filter("goes"), lines.filter(~pl.col("goes"))
    gone = (pl.col("side") == "right") & pl.col("new").is_null()
    shown = [name for name in frames.enter(found.differences).columns if name in lines.columns]
    removals = found.right[goes.filter(gone)["at_right"].unique(maintain_order=True)]
    counts = {"approved": goes["pair"].n_unique(), "waiting": waits["pair"].n_unique(), "removals": removals.height}
    counts["stale"] = issues.height
    piles = {
        "rows": _rows(found, goes.filter(~gone)),
        "removals": removals,
        "approved": goes.select(shown),
        "waiting": waits.select(shown),
        "issues": issues,
    }
    return Approval(
        **{name: frames.leave(pile, found.kind) for name, pile in piles.items()},
        counts=counts,
        found=found,
        reason=reason,
    )


def _rows(found: Reconciliation, lines: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of both sides with the quantities that were approved."""
    fields = list(found.columns.fields)
    firsts = lines.unique("pair", keep="first", maintain_order=True)
    ours, theirs = firsts.filter(pl.col("side") != "right"), firsts.filter(pl.col("side") == "right")
    of_left = found.left[ours["at"]].with_columns(ours["pair"])
    rows = pl.concat([of_left, _apart(_of_right(found, theirs), of_left)], how="diagonal").drop(fields)
    for name in fields:
        of_field = _lines(found).filter(pl.col("field") == name)  # those with nothing to do too: they stay as they are
        value = pl.when(pl.col("action") == "none").then("old").otherwise("new").alias(name)
        rows = rows.join(of_field.select("pair", value), on="pair", how="left", maintain_order="left")
    return rows.select(found.left.columns)


def _of_right(found: Reconciliation, lines: pl.DataFrame) -> pl.DataFrame:
    """Return rows that the right alone has, under the names of the left, with what else both have."""
    left, right, columns = found.left.schema, found.right.schema, found.columns
    compared = {*columns.keys, *columns.fields, *columns.keys.values(), *columns.fields.values()}
    others = [name for name in left if name not in compared and left[name] == right.get(name)]
    key = [pl.col(name).cast(left[name], strict=False) for name in columns.keys]
    return found.right[lines["at_right"]].select(others).hstack(lines.select("pair", *key))


def _apart(theirs: pl.DataFrame, ours: pl.DataFrame) -> pl.DataFrame:
    """Return rows of the right that are told apart from those of the left: frames count both from 1."""
    if not theirs.join(ours, on=frames.IDENTITY, how="semi").height:
        return theirs
    return theirs.with_columns(pl.format("right {}", frames.SOURCE).str.strip_chars_end().alias(frames.SOURCE))


def _said(
    found: Reconciliation, lines: pl.DataFrame, approvals: Any, clock: Clock
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Add to each line what a human said of it, and return what was said of nothing."""
    if approvals is None:
        return lines.with_columns(said=pl.lit(None, pl.Boolean)), frames.no_issues()
    given = _given(found, approvals)
    on = [name for name in (*found.columns.keys, "field") if name in given.columns]
    words = given.filter(pl.col("said").is_not_null())
    same = [name for name in ("old", "new", "action") if name in words.columns]
    asked = words.select(*on, *same, "said", frames.ROW, frames.SOURCE)
    met = asked.join(lines.select(*on, *same, at_line="at_line"), on=on, how="left", suffix="_now", nulls_equal=True)
    fits = pl.all_horizontal(pl.lit(value=True), *[_same(name) for name in same])
    known = pl.col("at_line").is_not_null()
    followed = met.filter(known & fits).group_by(on).agg(pl.col("said").all())
    missed = met.filter(~(known & fits)).unique(frames.ROW, keep="first", maintain_order=True)
    told = pl.when(known).then(pl.lit("the difference is no longer what it was when this was said: look again"))
    issues = frames.issues(
        missed,
        stage="reconcile",
        field=APPROVE,
        code=pl.when(known).then(pl.lit("reconcile.approval.stale")).otherwise(pl.lit("reconcile.approval.unknown")),
        message=told.otherwise(pl.lit("no proposal of this reconciliation has the key")),
        at=clock.now(),
        key=frames.key_text(found.columns.keys),
        severity="warning",
    )
    return lines.join(followed, on=on, how="left", maintain_order="left", nulls_equal=True), issues


def _same(name: str) -> pl.Expr:
    return pl.col(name).eq_missing(pl.col(f"{name}_now"))


def _given(found: Reconciliation, approvals: Any) -> pl.DataFrame:
    """Return approvals with columns of the types that the differences have."""
    given = frames.enter(_read(approvals) if isinstance(approvals, str | Path) else approvals).drop(
        frames.IDENTITY, strict=False
    )  # a difference's own place is not the approval's
    given = frames.with_identity(given, str(approvals) if isinstance(approvals, str | Path) else "")
    keys = list(found.columns.keys)
    if missing := [name for name in (*keys, APPROVE) if name not in given.columns]:
        raise ConfigError(
            f"the approvals have no column {missing[0]!r}",
            hint=f"they are the differences with yes or no in {APPROVE}: {', '.join([*keys, APPROVE])}",
        )
    word = given[APPROVE].cast(pl.String).str.strip_chars().str.to_lowercase()
    unknown = word.filter(word.is_not_null() & ~word.is_in([*_YES, *_NO, ""]))
    if unknown.len():
        raise ConfigError(f"the approvals say {unknown[0]!r}", hint="yes, no, or nothing")
    said = pl.when(word.is_in(_YES)).then(pl.lit(value=True)).when(word.is_in(_NO)).then(pl.lit(value=False))
    lines = frames.enter(found.differences)
    typed = [_typed(given[name], lines.schema[name]) for name in (*keys, "old", "new") if name in given.columns]
    return given.with_columns(*typed, said.alias("said"))


def _read(path: str | Path) -> Any:
    """Return a file that people filled in; keys that a spreadsheet would have run were marked in it."""
    rows = sources.read(path)
    return sources.as_written(rows) if str(path).lower().endswith((".csv", ".tsv")) else rows


def _typed(column: pl.Series, kind: pl.DataType) -> pl.Series:
    """Return a column of a csv in the type of the differences."""
    if kind.is_decimal() or (kind.is_integer() and column.dtype == pl.String):
        column = quantities.read(column, column.name)
    return column.cast(kind, strict=False)
