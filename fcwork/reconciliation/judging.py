"""What is proposed for each difference, by a code and a sentence that says why."""

from __future__ import annotations

from decimal import Decimal

import polars as pl

from fcwork.reconciliation import quantities
from fcwork.reconciliation.asked import Terms

ACTIONS = ("none", "update", "create", "zero", "remove", "review", "refused")
CHANGING = ("update", "create", "zero", "remove", "review")
CODES = {
    "equal": "both sides say the same",
    "within": "the difference is within the thresholds",
    "beyond.percent": "the difference is beyond the threshold in per cent",
    "beyond.absolute": "the difference is beyond the absolute threshold",
    "beyond.both": "the difference is beyond both thresholds",
    "old.missing": "the right has the key and no quantity",
    "new.negative": "the left says a quantity below zero",
    "left.only": "the right does not have the key",
    "right.only": "the left does not have the key",
    "key.nearly": "the other side has a key that differs in blanks, case or zeros in front alone",
    "left.no_key": "a part of the left's key is empty",
    "right.no_key": "a part of the right's key is empty",
    "left.duplicate": "several rows of the left have the key",
    "right.duplicate": "several rows of the right have the key",
    "left.no_quantity": "the left has the key and no quantity",
    "left.no_number": "what the left has is no number",
    "right.no_number": "what the right has is no number",
}


def judged(lines: pl.DataFrame, terms: Terms, scale: int) -> pl.DataFrame:
    """Add ``difference``, ``percent``, ``code``, ``action`` and ``reason`` to lines.

    Args:
        lines: with ``side`` (both, left, right), ``old`` and ``new`` in one type, ``refusal``, ``n`` and ``value`` of
            it, ``said`` (what the left says before anything is taken off it) and ``near``.
        terms: how they are judged.
        scale: digits after the point of old and new.
    """
    refused, kind = pl.col("refusal").is_not_null(), lines.schema["new"]
    goes = (pl.col("side") == "right") & pl.lit(terms.only_right in {"zero", "review"})
    new = pl.when(refused).then(None).when(goes).then(Decimal(0)).otherwise("new").cast(kind)
    differing = lines.with_columns(new=new).with_columns(difference=pl.col("new") - pl.col("old"))
    units, old = (quantities.units(pl.col(name), scale) for name in ("difference", "old"))
    percent = pl.when(old != 0).then(100 * units / old.abs())
    measured = differing.with_columns(percent=percent, units=units)
    coded = measured.with_columns(code=_code(terms, scale)).with_columns(action=_action(terms))
    return coded.with_columns(reason=_reason(terms)).drop("units")


def _code(terms: Terms, scale: int) -> pl.Expr:
    far_percent = _beyond(pl.col("percent").abs(), terms.percent, 0)
    far_absolute = _beyond(pl.col("units").abs(), terms.absolute, scale)
    given = [limit for limit in (terms.percent, terms.absolute) if limit is not None]
    several = len(given) > 1
    # of nothing there are no per cent: the absolute threshold alone decides then, and without one it is beyond them
    if terms.absolute is None and terms.percent is not None:
        far_percent |= pl.col("percent").is_null()
    far = far_percent | far_absolute
    if terms.rule == "any" and several:
        far = far_absolute & (far_percent | pl.col("percent").is_null())
    how = (
        pl.when(far_percent & far_absolute)
        .then(pl.lit("beyond.both"))
        .when(far_percent)
        .then(pl.lit("beyond.percent"))
        .otherwise(pl.lit("beyond.absolute"))
    )
    return (
        pl.when(pl.col("refusal").is_not_null())
        .then("refusal")
        .when(pl.col("near").is_not_null())
        .then(pl.lit("key.nearly"))
        .when(pl.col("side") == "right")
        .then(pl.lit("right.only"))
        .when((pl.col("said") < 0) & (not terms.allow_negative))
        .then(pl.lit("new.negative"))
        .when(pl.col("side") == "left")
        .then(pl.lit("left.only"))
        .when(pl.col("old").is_null())
        .then(pl.lit("old.missing"))
        .when(pl.col("difference") == 0)
        .then(pl.lit("equal"))
        .when(far)
        .then(how)
        .otherwise(pl.lit("within"))
    )


def _beyond(value: pl.Expr, limit: Decimal | None, scale: int) -> pl.Expr:
    """Say whether a measure is beyond a threshold; it is not where it is none."""
    if limit is None:
        return pl.lit(value=False)
    return (value > float(limit.scaleb(scale))).fill_null(value=False)


def _action(terms: Terms) -> pl.Expr:
    code = pl.col("code")
    by_code = {
        "equal": "none",
        "within": terms.within,
        "left.only": terms.only_left,
        "right.only": terms.only_right,
        **dict.fromkeys(("beyond.percent", "beyond.absolute", "beyond.both"), terms.beyond),
        **dict.fromkeys(("old.missing", "new.negative", "key.nearly"), "review"),
    }
    action = code.replace_strict(by_code, default="refused", return_dtype=pl.String)
    nothing = (code == "right.only") & (pl.col("old") == 0) & (pl.col("new") == 0)  # zero already
    return pl.when(nothing).then(pl.lit("none")).otherwise(action)


def _reason(terms: Terms) -> pl.Expr:
    """Say in a sentence why."""
    code, value, about = pl.col("code"), pl.col("value").fill_null(""), pl.col("about").fill_null("")
    sentences = {**_of_one_side(), **_of_both(terms)}
    for side in ("left", "right"):
        sentences[f"{side}.duplicate"] = pl.format("{} rows of the {} have this key", pl.col("n"), pl.lit(side))
        sentences[f"{side}.no_number"] = pl.format('"{}" in {} of the {} is no number', value, about, pl.lit(side))
    said = code.replace_strict(CODES, default="", return_dtype=pl.String)
    for name, sentence in sentences.items():
        said = pl.when(code == name).then(sentence).otherwise(said)
    return said


def _of_one_side() -> dict[str, pl.Expr]:
    old, new = _shown("old").fill_null("no quantity"), _shown("new")
    other = pl.when(pl.col("side") == "left").then(pl.lit("right")).otherwise(pl.lit("left"))
    differs = "the {} has {}, which differs in blanks, case or zeros in front alone"
    return {
        "left.only": pl.format("only the left has it: {}", new),
        "right.only": pl.format("only the right has it: {}", old),
        "old.missing": pl.format("the right has the key and no quantity; the left says {}", new),
        "new.negative": pl.format("the left says {}, which is below zero", _shown("said")),
        "key.nearly": pl.format(differs, other, pl.col("near")),
    }


def _of_both(terms: Terms) -> dict[str, pl.Expr]:
    percent = "" if terms.percent is None else f"{terms.percent:f} %"
    absolute = "" if terms.absolute is None else f"{terms.absolute:f}"
    limits = " and ".join(filter(None, (percent, absolute)))
    if terms.rule == "any":
        limits = limits.replace(" and ", " or ")
    share = pl.format(", {} %", pl.col("percent").round(1) + 0.0).fill_null("")  # -0.0 would be shown
    by = pl.format("{} instead of {} ({}{})", _shown("new"), _shown("old"), _shown("difference", signed=True), share)
    passed = {"percent": percent, "absolute": absolute, "both": limits}
    return {
        "equal": pl.format("both say {}", _shown("new")),
        "within": pl.format("{}: within {}", by, pl.lit(limits)) if limits else by,
        **{f"beyond.{what}": pl.format("{}: beyond {}", by, pl.lit(limit)) for what, limit in passed.items()},
    }


def _shown(name: str, *, signed: bool = False) -> pl.Expr:
    """Return decimals as people write them: without zeros behind the fraction."""
    text = pl.col(name).cast(pl.String)
    plain = (
        pl.when(text.str.contains(".", literal=True))
        .then(text.str.strip_chars_end("0").str.strip_suffix("."))
        .otherwise(text)
    )
    return pl.when(pl.col(name) > 0).then(pl.format("+{}", plain)).otherwise(plain) if signed else plain
