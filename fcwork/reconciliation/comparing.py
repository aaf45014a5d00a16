"""Two sides brought together by key: a line for each key and quantity, in the order of the left, then of the right."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import polars as pl

from fcwork import frames
from fcwork.reconciliation import judging, keys, quantities
from fcwork.reconciliation.asked import Columns, Terms
from fcwork.reconciliation.sides import NO_QUANTITY, Side

_OF_RIGHT = "_right"


def paired(left: Side, right: Side, k: Sequence[str]) -> pl.DataFrame:
    """Return a row for each key of either side, and for each row without one.

    ``side`` says where it is, ``refusal`` why it is not compared, with ``about``, ``value`` and ``n`` of what was
    found; ``pair`` is its number.
    """
    both = left.rows.join(right.rows, on=list(k), how="full", coalesce=True, suffix=_OF_RIGHT, maintain_order="left")
    in_order = both.sort("at", "at_right", nulls_last=True)
    of_right = right.keyless.rename({name: f"{name}{_OF_RIGHT}" for name in right.keyless.columns if name not in k})
    pairs = pl.concat([in_order, left.keyless, of_right], how="diagonal")
    side = pl.when(pl.col("at").is_null()).then(pl.lit("right")).when(pl.col("at_right").is_null()).then(pl.lit("left"))
    # a key that the right has without a quantity is known: a human says what becomes of it
    bad_right = pl.when(pl.col("code_right") != NO_QUANTITY).then(pl.format("right.{}", "code_right"))
    bad_left = pl.format("left.{}", pl.col("code"))
    by_left = pl.col("code").is_not_null()
    told = [
        pl.when(by_left).then(name).when(bad_right.is_not_null()).then(f"{name}_right").alias(name)
        for name in ("about", "value", "n")
    ]
    return pairs.with_columns(
        side.otherwise(pl.lit("both")).alias("side"),
        pl.coalesce(pl.when(by_left).then(bad_left), bad_right).alias("refusal"),
        *told,
        n_left=pl.col("n"),
    ).with_row_index("pair")


def nearly_alike(pairs: pl.DataFrame, k: Sequence[str]) -> pl.DataFrame:
    """Add ``near``: of a key that is on one side alone, the other side's key that is nearly the same."""
    sound = pl.col("refusal").is_null()
    texts = pairs.select("pair", "side", *[pl.col(part).cast(pl.String) for part in k]).with_columns(
        near=pl.concat_str(k, separator=":")
    )
    alone = texts.filter(pairs.select(sound & (pl.col("side") != "both")).to_series())
    loose = alone.with_columns(keys.nearly(pl.col(part)) for part in k)
    parts = {side: loose.filter(pl.col("side") == side) for side in ("left", "right")}
    found = [
        parts[one].drop("near").join(parts[other].unique(k, keep="first").drop("pair", "side"), on=list(k))
        for one, other in (("left", "right"), ("right", "left"))
    ]
    near = pl.concat([part.select("pair", "near") for part in found])
    return pairs.join(near, on="pair", how="left", maintain_order="left")


def lines_of(pairs: pl.DataFrame, left: Side, right: Side, columns: Columns, terms: Terms) -> pl.DataFrame:
    """Return a line for each pair and quantity, judged."""
    count = len(columns.fields)
    amounts = [f"{letter}{at}{side}" for letter in "fs" for at in range(count) for side in ("", _OF_RIGHT)]
    alike = quantities.alike([pairs[name] for name in (*amounts, "kept") if name in pairs.columns])
    scale = quantities.scale_of(alike[0])
    pairs = pairs.with_columns(alike)
    parts = [_of_field(pairs, at, name, terms) for at, name in enumerate(columns.fields)]
    lines = parts[0] if count == 1 else pl.concat(parts).sort("pair", maintain_order=True)
    return judging.judged(_with_identity(lines, left, right), terms, scale)


def _of_field(pairs: pl.DataFrame, at: int, name: str, terms: Terms) -> pl.DataFrame:
    new = pl.col(f"f{at}")
    said = pl.col(f"s{at}" if f"s{at}" in pairs.columns else f"f{at}")
    if terms.floors:
        lowered = new - pl.col("kept")
        new = lowered if terms.allow_negative else pl.when(lowered < 0).then(lowered - lowered).otherwise(lowered)
    kind = pairs.schema[f"f{at}"]
    return pairs.select(
        "pair",
        *[column for column in pairs.columns if column.startswith("k") and column[1:].isdigit()],
        "side",
        "refusal",
        "about",
        "value",
        "n",
        "near",
        "at",
        "at_right",
        field=pl.lit(name),
        old=pl.col(f"f{at}_right").cast(kind),
        new=new.cast(kind),
        said=said,
        **({"kept_back": pl.col("kept")} if "kept" in pairs.columns else {}),
    )


def _with_identity(lines: pl.DataFrame, left: Side, right: Side) -> pl.DataFrame:
    """Add the place of each line's row: the left's, where it has one."""
    ours, theirs = (side.frame.select(frames.IDENTITY) for side in (left, right))
    of_left = lines["at"].is_not_null()
    return lines.with_columns(
        pl.when(of_left)
        .then(ours[name].gather(lines["at"]))
        .otherwise(theirs[name].gather(lines["at_right"]))
        .alias(name)
        for name in frames.IDENTITY
    )


def near_issues(lines: pl.DataFrame, key: pl.Expr, columns: Columns, at: datetime) -> pl.DataFrame:
    """Return a warning for each key that is nearly one of the other side."""
    near = lines.filter(pl.col("code") == "key.nearly").unique("pair", keep="first", maintain_order=True)
    if not near.height:
        return frames.no_issues()
    return frames.issues(
        near,
        stage="reconcile",
        field=", ".join(columns.keys),
        code="reconcile.key.nearly",
        message=pl.col("reason"),
        at=at,
        key=key,
        severity="warning",
    )


def counted(pairs: pl.DataFrame, left: Side, right: Side) -> dict[str, int]:
    """Return what became of the rows of each side: rows = matched + only here + refused + merged."""
    sound = pl.col("refusal").is_null()
    alone = {side: pairs.filter(sound & (pl.col("side") == side)).height for side in ("both", "left", "right")}
    found = {"matched": alone["both"], "only_left": alone["left"], "only_right": alone["right"]}
    for side in (left, right):
        taken = "n_left" if side.name == "left" else "n_right"
        of_side = pairs.filter(pl.col("side") != ("right" if side.name == "left" else "left"))
        refused = int(of_side.filter(~sound)[taken].sum())
        kept = of_side.filter(sound)
        found[side.name] = side.frame.height
        found[f"refused_{side.name}"] = refused
        found[f"merged_{side.name}"] = int(kept[taken].sum()) - kept.height
    return found
