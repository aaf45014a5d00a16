"""What rows say, what the platform holds, and how far the two agree, as frames."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import polars as pl

from fcwork.client.jobs import CHANGES

_HELD = pl.Schema(
    {
        "held_ref": pl.String(),
        "held_sku": pl.String(),
        "held_location": pl.String(),
        "held_type": pl.String(),
        "held_status": pl.String(),
        "held_quantity": pl.Float64(),
        "held_condition": pl.String(),
        "held_storage area": pl.String(),
        "held_expected on": pl.String(),
        "held_updated": pl.String(),
        "cut": pl.Boolean(),  # the position holds more quantities than were asked for
    }
)
_USUAL = {"type": "LAST_ON_HAND", "status": "ACTIVE"}  # what the platform takes where a row does not say: assumed
_COMPARED = ("quantity", "type", "status")
_ALSO = {"condition": "condition", "storage area": "storageAreaRef", "expected on": "expectedOn"}
"""What is compared too where a row says it."""
_INSTANTS = ("%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%dT%H:%M%#z")
_LOCAL = ("%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M")

NO_VERDICTS = pl.DataFrame(schema={"ref": pl.String, "outcome": pl.String, "code": pl.String, "message": pl.String})
IS_CHANGE = pl.col("type").str.to_uppercase().is_in(CHANGES)
HAS_PLACE = pl.col("sku").is_not_null() & pl.col("location").is_not_null()


def wanted(rows: pl.DataFrame, refs: pl.Series) -> pl.DataFrame:
    """Return what rows say, one line a row that has a reference.

    Columns: ``at`` (its place), ``ref`` (the caller's reference), ``look_ref`` (the platform's: the row's own, else
    ``skuRef:locationRef:type``, assumed), ``sku``, ``location``, ``type``, ``status``, ``quantity``, and what else is
    compared.
    """
    texts = {
        "sku": "skuRef",
        "location": "locationRef",
        "own": "ref",
        **dict(zip(_USUAL, _USUAL, strict=True)),
        **_ALSO,
    }
    said = rows.select(
        *(_text(rows, column).alias(name) for name, column in texts.items()),
        _number(rows, "qty").alias("quantity"),
    ).with_columns(pl.col(name).fill_null(usual) for name, usual in _USUAL.items())
    built = pl.concat_str("sku", "location", "type", separator=":")
    said = said.with_columns(refs.cast(pl.String).alias("ref"), look_ref=pl.coalesce("own", built))
    return said.with_row_index("at").filter(pl.col("ref").is_not_null()).drop("own")


def held(nodes: Iterable[Mapping[str, Any]]) -> pl.DataFrame:
    """Return quantities of the platform as a frame."""
    return pl.DataFrame([_held(node, node.get("position") or {}) for node in nodes], schema=_HELD, orient="row")


def found_by_ref(rows: pl.DataFrame, quantities: pl.DataFrame) -> pl.DataFrame:
    """Return rows beside what is held under their reference, unless that lies at another position."""
    both = rows.join(quantities, left_on="look_ref", right_on="held_ref", how="inner", coalesce=False)
    elsewhere = (pl.col("held_sku") != pl.col("sku")) | (pl.col("held_location") != pl.col("location"))
    return both.filter(~elsewhere.fill_null(value=False)).with_columns(other=pl.lit(value=False))


def found_at_position(rows: pl.DataFrame, quantities: pl.DataFrame, *, refs: pl.Series) -> pl.DataFrame:
    """Return rows beside the quantities of their type at their position, whatever their reference.

    What goes by a reference of ``refs`` is another row's. A position has one LAST_ON_HAND; of other types it may have
    several, such as deliveries, and one under another reference (``other``) need not be the row's (assumed).
    """
    place, there = ["sku", "location", "type"], ["held_sku", "held_location", "held_type"]
    both = rows.join(quantities, left_on=place, right_on=there, how="inner", coalesce=False)
    strange = pl.col("held_ref").ne_missing(pl.col("look_ref"))
    another = strange & pl.col("held_ref").is_in(refs.implode()).fill_null(value=False)
    return both.filter(~another).with_columns(other=strange & (pl.col("type") != _USUAL["type"]))


def verdicts(found: pl.DataFrame, since: datetime) -> pl.DataFrame:
    """Return what is known of found rows: ``delivered`` where all that was found says what the row says."""
    equal = pl.all_horizontal(_agrees(name) for name in (*_COMPARED, *_ALSO)) & ~pl.col("cut") & ~pl.col("other")
    told = pl.when(equal).then(_holds()).otherwise(_differs(since))
    outcome = pl.when(equal).then(pl.lit("delivered")).otherwise(pl.lit("unknown"))
    return found.select("ref", outcome=outcome, code=pl.lit(None, pl.String), message=told)


def change_verdicts(rows: pl.DataFrame) -> pl.DataFrame:
    """Return that nothing can be known of rows that say a change."""
    why = pl.format("read back: a {} is a change, not a level, so what the platform holds cannot prove it", "type")
    return _unknown(rows, why)


def unread_verdicts(rows: pl.DataFrame, reason: str) -> pl.DataFrame:
    """Return that rows could not be looked for."""
    return _unknown(rows, pl.lit(f"could not be read back: {reason}"))


def one_each(told: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Return one verdict a reference, in the order of ``rows``.

    What agrees with one thing that is held and not with another is unknown.
    """
    worst = told.sort("outcome", descending=True, maintain_order=True).unique("ref", keep="first", maintain_order=True)
    return rows.select("ref").unique(maintain_order=True).join(worst, on="ref", how="inner", maintain_order="left")


def _held(node: Mapping[str, Any], position: Mapping[str, Any]) -> tuple[Any, ...]:
    texts = (node.get("ref"), position.get("productRef"), position.get("locationRef"), node.get("type"))
    also = (node.get("condition"), node.get("storageAreaRef"), node.get("expectedOn"), node.get("updatedOn"))
    quantity = node.get("quantity")
    number = float(quantity) if isinstance(quantity, int | float) else None
    return *texts, node.get("status"), number, *also, bool(node.get("cut"))


def _text(rows: pl.DataFrame, name: str) -> pl.Expr:
    dtype = rows.schema.get(name)
    if dtype is None or dtype.is_nested() or dtype in {pl.Binary, pl.Object}:
        return pl.lit(None, pl.String)
    if isinstance(dtype, pl.Datetime):
        instant = pl.col(name).dt.convert_time_zone("UTC") if dtype.time_zone else pl.col(name)
        return instant.dt.strftime("%Y-%m-%dT%H:%M:%S%.3fZ")
    return pl.col(name).cast(pl.String)


def _number(rows: pl.DataFrame, name: str) -> pl.Expr:
    """Return a number whatever it was written as; what is none is null, as it is not what the platform took."""
    dtype = rows.schema.get(name)
    if dtype is not None and dtype.is_numeric():
        number = pl.col(name).cast(pl.Float64)
    elif dtype == pl.String:
        number = pl.col(name).str.strip_chars().cast(pl.Float64, strict=False)
    else:
        return pl.lit(None, pl.Float64)
    return pl.when(number.is_finite()).then(number)


def _agrees(name: str) -> pl.Expr:
    """Say whether what is held is what a row says; what a row need not say and does not agrees with anything."""
    mine, theirs = pl.col(name), pl.col(f"held_{name}")
    if name == "quantity":
        return mine.eq(theirs).fill_null(value=False)
    same = mine.eq(theirs)
    if name == "expected on":
        same = same | _instant(mine).eq(_instant(theirs))
    same = same.fill_null(value=False)
    return same if name in _COMPARED else mine.is_null() | same


def _instant(text: pl.Expr) -> pl.Expr:
    """Return the instant that a text names; one without a zone is UTC, one without a time midnight."""
    zoned = [text.str.to_datetime(form, time_unit="ms", time_zone="UTC", strict=False) for form in _INSTANTS]
    local = [text.str.to_datetime(form, time_unit="ms", strict=False) for form in _LOCAL]
    local.append(text.str.to_date("%Y-%m-%d", strict=False).cast(pl.Datetime("ms")))
    return pl.coalesce(*zoned, *(one.dt.replace_time_zone("UTC") for one in local))


def _holds() -> pl.Expr:
    parts = [_pair(name) for name in _COMPARED]
    parts += [pl.when(pl.col(name).is_not_null()).then(_pair(name)) for name in _ALSO]
    return pl.lit("read back: the platform holds ") + pl.concat_str(parts, separator=", ", ignore_nulls=True)


def _differs(since: datetime) -> pl.Expr:
    """Return a text that says what is held instead, and since when."""
    parts = [pl.when(~_agrees(name)).then(_instead(name)) for name in (*_COMPARED, *_ALSO)]
    reference = pl.format("{} under the reference {} (not {})", _shown("held_quantity"), _shown("held_ref"), "look_ref")
    parts.append(pl.when("other").then(reference))
    differences = pl.concat_str(parts, separator=", ", ignore_nulls=True)
    changed = pl.format(
        "; it changed last on {}, {} the row was sent",
        "held_updated",
        pl.when(_instant(pl.col("held_updated")) < pl.lit(since.astimezone(UTC)))
        .then(pl.lit("before"))
        .otherwise(pl.lit("after")),
    )
    cut = pl.when("cut").then(pl.lit("; its position holds more quantities of the type than were asked for"))
    whole = [pl.lit("read back: the platform holds ") + differences, changed, cut]
    return pl.concat_str(whole, ignore_nulls=True)


def _pair(name: str) -> pl.Expr:
    return pl.format("{} {}", pl.lit(name), _shown(f"held_{name}"))


def _instead(name: str) -> pl.Expr:
    return pl.format("{} {} (not {})", pl.lit(name), _shown(f"held_{name}"), _shown(name))


def _shown(name: str) -> pl.Expr:
    text = pl.col(name).cast(pl.String)
    return (
        text.str.replace(r"\.0$", "").fill_null("nothing") if name.endswith("quantity") else text.fill_null("nothing")
    )


def _unknown(rows: pl.DataFrame, message: pl.Expr) -> pl.DataFrame:
    return rows.select("ref", outcome=pl.lit("unknown"), code=pl.lit(None, pl.String), message=message)
