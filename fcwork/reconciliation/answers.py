"""What people said of differences that were shown to them, met with the differences of today."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from fcwork import frames, sources
from fcwork.clock import Clock
from fcwork.errors import ConfigError
from fcwork.reconciliation import quantities
from fcwork.reconciliation.asked import Columns

APPROVE = "approve"
STALE, UNKNOWN, NOTHING = (f"reconcile.approval.{why}" for why in ("stale", "unknown", "nothing"))
_YES, _NO = ("yes", "y", "true", "1", "x", "ok", "approved"), ("no", "n", "false", "0")
_AMOUNTS = ("old", "new")
_DAY, _TIME = "%Y-%m-%d", "%H:%M:%S%.f"  # as `Reconciliation.write` has them: what is meant by 1/2/2026 is not guessed
_DIGITS = {"ms": 3, "us": 6, "ns": 9}
_TOLD = {
    STALE: "the difference is no longer what it was when this was said, and waits: look again",
    UNKNOWN: "no proposal of this reconciliation has the key",
    NOTHING: "there is no quantity to apply: make the keys of both sides alike",
}


def heard(columns: Columns, lines: pl.DataFrame, approvals: Any, clock: Clock) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Add to each line what people said of it, and return an issue for each answer that is not followed.

    An answer to what a line no longer says is a no: whoever gave it knows nothing of what the line says today.

    Args:
        columns: what was compared.
        lines: what proposes something, with ``line``, ``k0`` …, ``field``, ``old``, ``new``, ``action``, and
            ``nothing`` where there is no quantity to apply.
        approvals: a frame, or the path of a file; None for no answers.
        clock: stamps the issues.

    Raises:
        ConfigError: a column is missing, or a word is neither yes nor no.
        SourceError: the file cannot be read.
    """
    if approvals is None:
        return lines.with_columns(said=pl.lit(None, pl.Boolean)), frames.no_issues()
    given, k = _given(columns, lines, approvals), _named(columns)
    same = [name for name in (*_AMOUNTS, "action") if name in given.columns]
    on = [name for name in (*k, "field") if name in given.columns]
    today = _alike(given, lines).select(*on, *same, "line", "nothing")
    met = _alike(lines, given).filter(pl.col("said").is_not_null()).join(today, on, "left", suffix="_now")
    judged = met.with_columns(why=_why(same))
    followed = pl.col("said") & pl.col("why").is_null()
    of_lines = judged.filter(pl.col("line").is_not_null()).group_by("line").agg(said=followed.all())
    return lines.join(of_lines, on="line", how="left", maintain_order="left"), _issues(judged, clock)


def _why(same: list[str]) -> pl.Expr:
    """Say why an answer is not followed; null where it is."""
    fits = [pl.col(name).eq_missing(pl.col(f"{name}_now")) for name in same]
    return (
        pl.when(pl.col("line").is_null())
        .then(pl.lit(UNKNOWN))
        .when(pl.col("unreadable") | ~pl.all_horizontal(pl.lit(value=True), *fits))
        .then(pl.lit(STALE))
        .when(pl.col("said") & pl.col("nothing"))
        .then(pl.lit(NOTHING))
    )


def _issues(judged: pl.DataFrame, clock: Clock) -> pl.DataFrame:
    missed = judged.filter(pl.col("why").is_not_null()).unique(frames.ROW, keep="first", maintain_order=True)
    return frames.issues(
        missed.sort(frames.ROW),
        stage="reconcile",
        field=APPROVE,
        code=pl.col("why"),
        message=pl.col("why").replace_strict(_TOLD, return_dtype=pl.String),
        at=clock.now(),
        key=pl.col("told"),
        severity="warning",
    )


def _given(columns: Columns, lines: pl.DataFrame, approvals: Any) -> pl.DataFrame:
    """Return answers under the names of the lines, so that no column of a caller's meets one of ours."""
    of_file = isinstance(approvals, str | Path)
    came = frames.enter(_read(approvals) if of_file else approvals)
    came = came.drop(frames.IDENTITY, strict=False)  # a difference's own place is not the answer's
    came = frames.with_identity(came, str(approvals) if of_file else "")
    _complete(came, columns)
    k = _named(columns)
    amounts = {name: _amount(came[name]) for name in _AMOUNTS if name in came.columns}
    unreadable = [read.is_null() & _present(came[name]) for name, read in amounts.items()]
    texts = [pl.col(name).cast(pl.String) for name in ("field", "action") if name in came.columns]
    keys = [_key(came[name], lines.schema[part]).alias(part) for name, part in zip(columns.keys, k, strict=True)]
    return came.select(
        *frames.IDENTITY,
        *texts,
        *keys,
        *amounts.values(),
        pl.any_horizontal(pl.lit(value=False), *unreadable).alias("unreadable"),
        frames.key_text(columns.keys).alias("told"),
        _said(came[APPROVE]).alias("said"),
    )


def _complete(came: pl.DataFrame, columns: Columns) -> None:
    """Raise where a column is missing: without ``field`` a yes to one quantity would be one to another."""
    needed = [*columns.keys, APPROVE]
    if len(columns.fields) > 1 and any(name in came.columns for name in (*_AMOUNTS, "action")):
        needed.append("field")
    if missing := [name for name in needed if name not in came.columns]:
        raise ConfigError(
            f"the approvals have no column {missing[0]!r}",
            hint=f"they are the differences with yes or no in {APPROVE}: {', '.join(needed)}",
        )


def _said(words: pl.Series) -> pl.Series:
    """Return yes as true, no as false, and nothing as null."""
    word = words.cast(pl.String).str.strip_chars().str.to_lowercase()
    unknown = word.filter(word.is_not_null() & ~word.is_in([*_YES, *_NO, ""]))
    if unknown.len():
        raise ConfigError(f"the approvals say {unknown[0]!r}", hint="yes, no, or nothing")
    known = dict.fromkeys(_YES, True) | dict.fromkeys(_NO, False)
    return word.replace_strict(known, default=None, return_dtype=pl.Boolean)


def _read(path: str | Path) -> Any:
    """Return a file that people filled in; keys that a spreadsheet would have run were marked in it."""
    rows = sources.read(path)
    return sources.as_written(rows) if str(path).lower().endswith((".csv", ".tsv")) else rows


def _key(column: pl.Series, kind: pl.DataType) -> pl.Series:
    """Return a part of the key in the type that was compared; null, which no line has, where it would be another."""
    if column.dtype == pl.String:
        return _of_texts(column, kind)
    typed = _cast(column, kind)
    if kind == pl.String:
        return typed
    other = _cast(typed, column.dtype).ne_missing(column)  # 7.5 is not the key 7, nor noon the day
    return typed.to_frame("key").select(pl.when(~other).then("key")).to_series()


def _of_texts(texts: pl.Series, kind: pl.DataType) -> pl.Series:
    """Return a part of the key that a file holds as texts; null where one cannot be read."""
    if isinstance(kind, pl.Datetime):
        return _instants(texts, kind)
    if kind == pl.Date:
        return texts.str.to_date(_DAY, strict=False)
    if kind == pl.Time:
        return texts.str.to_time(_TIME, strict=False)
    if kind == pl.Boolean:
        words = {"true": True, "false": False}
        return texts.str.to_lowercase().replace_strict(words, default=None, return_dtype=pl.Boolean)
    return texts.cast(kind, strict=False)


def _instants(texts: pl.Series, kind: pl.Datetime) -> pl.Series:
    """Return texts as instants; null for one with more digits than the key has, which would be cut to another."""
    finer = texts.str.contains(rf"\.[0-9]{{{_DIGITS[kind.time_unit]}}}[0-9]*[1-9]").fill_null(value=False)
    form = f"{_DAY}T{_TIME}{'%#z' if kind.time_zone else ''}"
    return texts.set(finer, None).str.to_datetime(
        form, time_unit=kind.time_unit, time_zone=kind.time_zone, strict=False
    )


def _cast(column: pl.Series, kind: pl.DataType) -> pl.Series:
    """Return a column in another type; nulls where nothing of it can be of that type."""
    try:
        return column.cast(kind, strict=False)
    except pl.exceptions.InvalidOperationError:
        return pl.repeat(None, column.len(), dtype=kind, eager=True)


def _amount(column: pl.Series) -> pl.Series:
    kind = column.dtype
    return quantities.read(column if kind.is_numeric() else column.cast(pl.String, strict=False), column.name)


def _present(column: pl.Series) -> pl.Series:
    return column.cast(pl.String, strict=False).str.strip_chars().fill_null("") != ""


def _alike(like: pl.DataFrame, frame: pl.DataFrame) -> pl.DataFrame:
    """Return a frame's amounts with as many digits as either has: 14.2 is not 14, and 14.20 is 14.2."""
    both = [name for name in _AMOUNTS if name in like.columns and name in frame.columns]
    return frame.with_columns(quantities.alike([frame[name], like[name]])[0] for name in both)


def _named(columns: Columns) -> list[str]:
    return [f"k{place}" for place in range(len(columns.keys))]
