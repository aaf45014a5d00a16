"""Checkpoints in a person's hands: look into one, drop one, clear away what is old."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import polars as pl

from fcwork import cards, frames, log
from fcwork.clock import SYSTEM, Clock
from fcwork.errors import CheckpointError, ConfigError
from fcwork.personal import findings
from fcwork.recovery.checkpoint import LEDGER, folder_of, remove, spooled
from fcwork.recovery.entries import Opened
from fcwork.recovery.ledger import peek, seized
from fcwork.recovery.listing import CHECKPOINTS, check_known, checkpoints
from fcwork.recovery.standing import Standing

LONGEST_DAYS = 36_500
_logger = log.get("recovery")


@dataclass(frozen=True, repr=False)
class CheckpointView:
    """What a checkpoint holds.

    Attributes:
        facts: its line of ``checkpoints()``.
        rows: the spooled input, behind ``_state`` (delivered, rejected, unknown, or open: to send, or to be told of),
            ``_code`` and ``_message``.
        batches: one line a request: ``batch, rows, attempt, outcome, receipt, message``.
    """

    facts: dict[str, Any]
    rows: pl.DataFrame
    batches: pl.DataFrame

    def __str__(self) -> str:
        facts = self.facts
        piles = ", ".join(f"{facts[pile]:,} {pile}" for pile in ("delivered", "rejected", "unknown", "open"))
        where = facts["target"] or facts["route"]
        return cards.line(f"checkpoint {facts['name']} to {where} is {facts['state']}: {piles}")

    __repr__ = __str__

    def _repr_html_(self) -> str:
        left = findings.errors(self.rows.filter(pl.col("_state") != "delivered"), column="_message")
        table = cards.table(left, limit=10, caption="Rows not delivered") if left.height else ""
        return cards.Card(line=str(self), below=[table]).html()


def show(name: str) -> CheckpointView:
    """Return what a checkpoint holds, whoever is sending it.

    Raises:
        CheckpointError: there is no such checkpoint, it is damaged, or nothing was sent under it yet.
    """
    check_known(name)
    folder = folder_of(name)
    entries = peek(folder / LEDGER, checkpoint=name)
    if not entries or not isinstance(opened := entries[0], Opened):
        raise CheckpointError(
            f"checkpoint {name!r} holds nothing yet", hint=f"recovery.drop({name!r}) removes it", checkpoint=name
        )
    standing = Standing.of(opened.rows, entries)
    rows = spooled(folder, opened, checkpoint=name)
    return CheckpointView(_facts(name), _with_states(rows, standing), standing.requests())


def drop(name: str) -> None:
    """Remove a checkpoint with its spooled input: what it had left is not sent any more.

    Raises:
        CheckpointError: there is none of that name, or it is being sent at this moment.
    """
    folder = folder_of(name)
    if not (folder / LEDGER).exists():
        if not folder.is_dir():
            check_known(name)
        remove(folder)
        return
    with seized(folder / LEDGER, checkpoint=name):
        remove(folder)
    _logger.info("checkpoint.dropped", checkpoint=name)


def clean(
    *, older_than_days: float = 30, settled: bool = False, dry_run: bool = False, clock: Clock = SYSTEM
) -> pl.DataFrame:
    """Remove checkpoints that nobody has touched for so long, and return their lines of ``checkpoints()``.

    One that is being sent stays.

    Args:
        older_than_days: for how long.
        settled: only those of which nothing will be sent any more, as a newer version superseded them.
        dry_run: remove none, and return the lines of those that would go.
        clock: the time.

    Raises:
        ConfigError: ``older_than_days`` is no number, or below zero.
    """
    days: Any = older_than_days
    if isinstance(days, bool) or not isinstance(days, int | float) or not 0 <= days <= LONGEST_DAYS:
        raise ConfigError(f"older_than_days is {older_than_days!r}", hint="give a number of days, such as 30")
    before = clock.now() - timedelta(days=older_than_days)
    old = checkpoints().filter((pl.col("updated_at") < before) & (pl.col("state") != "running"))
    if settled:
        old = old.filter(pl.col("state") == "superseded")
    if dry_run:
        return old
    gone = [name for name in old["name"] if _dropped(name)]
    return old.filter(pl.col("name").is_in(gone)) if gone else pl.DataFrame(schema=CHECKPOINTS)


def _dropped(name: str) -> bool:
    try:
        drop(name)
    except CheckpointError as error:
        _logger.warning("checkpoint.kept", checkpoint=name, reason=error.message)
        return False
    return True


def _facts(name: str) -> dict[str, Any]:
    return checkpoints().row(by_predicate=pl.col("name") == name, named=True)


def _with_states(rows: pl.DataFrame, standing: Standing) -> pl.DataFrame:
    verdicts = standing.verdicts().select("position", _state="pile", _code="code", _message="message")
    delivered = standing.delivered().alias("position").to_frame().with_columns(_state=pl.lit("delivered"))
    states = pl.concat([verdicts, delivered], how="diagonal")
    numbered = rows.with_row_index("position").join(states, on="position", how="left", maintain_order="left")
    told = numbered.with_columns(pl.col("_state").fill_null("open")).drop("position")
    first = [*frames.IDENTITY, "_state", "_code", "_message"]
    return told.select(*first, pl.exclude(first))
