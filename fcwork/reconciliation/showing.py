"""Differences and issues of a reconciliation as they are shown: without personal data, also where a sentence quotes it.

A name hides a column on both sides, whichever of them it is the name on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import polars as pl

from fcwork import frames
from fcwork.personal import covers, findings, hidden_names
from fcwork.reconciliation.asked import RESULTS, Columns
from fcwork.redact import MASK

if TYPE_CHECKING:
    from fcwork.reconciliation.result import Reconciliation

_AMOUNTS = ("old", "new", "difference", "percent", "kept_back")


def lines(differences: pl.DataFrame, columns: Columns | None = None) -> pl.DataFrame:
    """Return differences that show nothing that is hidden.

    Args:
        differences: all of their columns, or all but those of the rows' places.
        columns: what was compared with what; what the differences tell of it unless given.
    """
    if not (hidden_names() and differences.width):  # an empty list of dicts has lost its columns
        return differences
    compared = columns or _columns_of(differences)
    keys, fields = _hidden(compared.keys), _hidden(compared.fields)
    if any(map(covers, compared.less)):  # each quantity is made of them
        fields = list(compared.fields)
    of_field = pl.col("field").is_in(pl.Series(fields, dtype=pl.String).implode())
    no_number = pl.col("code").str.ends_with(".no_number")  # it quotes whichever column it is of, in all lines of a row
    quotes = of_field | (pl.lit(bool(keys)) & (pl.col("code") == "key.nearly")) | (pl.lit(bool(fields)) & no_number)
    amounts = [name for name in _AMOUNTS if fields and name in differences.columns]
    return differences.with_columns(
        pl.when(quotes).then(pl.lit(findings.NOT_SHOWN)).otherwise("reason").alias("reason"),
        *[_marked(name, pl.lit(value=True)) for name in keys],
        *[_marked(name, of_field) for name in amounts],
    )


def issues(found: Reconciliation, said: Any = None) -> pl.DataFrame:
    """Return issues of a reconciliation that show nothing that is hidden.

    Args:
        found: what was compared.
        said: issues of it or of its approvals, as a frame of any kind; its own unless given.
    """
    told = frames.enter_issues(found.issues if said is None else said)
    if not hidden_names():
        return told
    names = {**found.columns.keys, **found.columns.fields}
    renamed = (
        found.left.select(*frames.IDENTITY, *[pl.col(ours).alias(theirs) for ours, theirs in names.items()]),
        found.right.select(*frames.IDENTITY, *[pl.col(theirs).alias(ours) for ours, theirs in names.items()]),
    )
    told = findings.issues(told, found.left, found.right, *renamed)
    if not _hidden(found.columns.keys):
        return told
    nearly = pl.col("code") == "reconcile.key.nearly"  # it quotes a row of the other side
    # each key as a whole: a row may hold 7.0, and its issue tell 7
    ours = pl.col("code").str.starts_with("reconcile.") & pl.col("key").is_not_null()
    return told.with_columns(
        pl.when(nearly).then(pl.lit(findings.NOT_SHOWN)).otherwise("message").alias("message"),
        pl.when(ours).then(pl.lit(MASK)).otherwise("key").alias("key"),
    )


def _columns_of(differences: pl.DataFrame) -> Columns:
    keys = [name for name in differences.columns if name not in (*RESULTS, *frames.OWN)]
    return Columns({name: name for name in keys}, {name: name for name in differences["field"].unique()})


def _hidden(names: Mapping[str, str]) -> list[str]:
    """Return which columns are hidden, by what the left calls them."""
    return [left for left, right in names.items() if covers(left) or covers(right)]


def _marked(name: str, where: pl.Expr) -> pl.Expr:
    value = pl.col(name)
    return pl.when(where & value.is_not_null()).then(pl.lit(MASK)).otherwise(value.cast(pl.String)).alias(name)
