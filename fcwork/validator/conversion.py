"""Texts as what the type rules say of their columns: a csv holds nothing but texts, and the platform wants numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import polars as pl

from fcwork.validator.clauses import Clause
from fcwork.validator.rules import Typed

_MOST_DIGITS = 38


def typed(rows: pl.DataFrame, clauses: Iterable[Clause]) -> pl.DataFrame:
    """Return checked rows with the texts of integer, decimal and boolean columns converted; see ``Validator.typed``."""
    converted = list(_converted(rows, clauses))
    return rows.with_columns(converted) if converted else rows


def _converted(rows: pl.DataFrame, clauses: Iterable[Clause]) -> Iterator[pl.Series]:
    for clause in clauses:
        rule = clause.rule
        if not isinstance(rule, Typed) or clause.only or rows.schema.get(rule.field) != pl.String:
            continue
        texts = rows[rule.field]
        values = _values(texts, rule.kind)
        if values is not None and values.null_count() == texts.null_count():  # else one of them is more than its type
            yield values


def _values(texts: pl.Series, kind: str) -> pl.Series | None:
    if kind == "integer":
        return texts.cast(pl.Int64, strict=False)
    if kind == "decimal":
        scale = int(str(texts.str.extract(r"\.([0-9]*)$").str.len_chars().max() or 0))
        return texts.cast(pl.Decimal(_MOST_DIGITS, scale), strict=False) if scale <= _MOST_DIGITS else None
    if kind == "boolean":
        return texts.str.to_lowercase() == "true"
    return None
