"""What goes next, as pure functions: how rows are cut into requests, and what an error means for the rows of one."""

from __future__ import annotations

from enum import Enum, auto

import polars as pl

from fcwork.errors import AuthError, FcworkError, NotFoundError, OutcomeUnknownError, RejectedError, RetryableError
from fcwork.recovery.entries import UNKNOWN, WORTH_RETRYING

REFUSED_IN_A_ROW = 50
"""So many rows refused one by one, and not one request ever taken: what is sent is wrong as a whole."""
LEAST_FAILED = 5
"""Fewer requests that came to nothing are no sign that the platform is down."""
SMALL_BATCH = 500
"""Below so many rows a batch on average, what was told of many batches is joined at once: else cheaper one by one."""
READ_BACK_LOOKS = 5
"""How often to look for rows that the platform told nothing of: what was merged may be done a little later."""
FIRST_LOOK_SECONDS, LOOK_GROWTH, LONGEST_LOOK_SECONDS = 2.0, 1.5, 30.0
"""How often to ask for outcomes (docs.fluentcommerce.com: batch-api tells of no push)."""


class Step(Enum):
    """What to do with the rows of a request."""

    DONE = auto()  # the platform took them
    RETRY = auto()  # send the same again
    SPLIT = auto()  # one of them is at fault, nobody says which: send each half
    REJECT = auto()  # the one row in it is refused
    EXHAUSTED = auto()  # enough retries
    DOUBTFUL = auto()  # they may have been done, and must not be done twice
    STOP = auto()  # no request of this send can succeed


def next_step(error: FcworkError, *, rows: int, repeat_safe: bool) -> Step:
    """Return what an error means for the rows of the request; RETRY is subject to how often it was tried.

    An answer that names no record is opaque: one row may be at fault, or all. Missing rights and missing places are
    no row's fault.
    """
    if isinstance(error, OutcomeUnknownError):
        return Step.RETRY if repeat_safe else Step.DOUBTFUL
    if isinstance(error, RetryableError):
        return Step.RETRY
    opaque = isinstance(error, RejectedError) and not isinstance(error, AuthError | NotFoundError)
    if not opaque:
        return Step.STOP
    return Step.SPLIT if rows > 1 else Step.REJECT


def gave_up(error: FcworkError) -> Step:
    """Return what an error that will not be retried any more means."""
    return Step.DOUBTFUL if isinstance(error, OutcomeUnknownError) else Step.EXHAUSTED


def hopeless(*, refused: int, accepted: int) -> bool:
    """Say whether going on to single out bad rows makes no sense."""
    return not accepted and refused >= REFUSED_IN_A_ROW


def circuit_opens(*, failed: int, accepted: int, ratio: float) -> bool:
    """Say whether so many requests came to nothing, in spite of their retries, that the platform is to be left alone.

    Args:
        failed: requests that were given up; those that were refused for what they hold are none.
        accepted: requests that the platform took.
        ratio: from which share of both on.
    """
    return failed >= LEAST_FAILED and failed >= ratio * (failed + accepted)


def chunks(rows: pl.Series, size: int) -> list[pl.Series]:
    """Return the rows in requests of at most ``size``."""
    return [rows.slice(at, size) for at in range(0, len(rows), size)]


def halves(rows: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Return the first and the second half of two rows or more."""
    middle = (len(rows) + 1) // 2
    return rows.slice(0, middle), rows.slice(middle)


def waves(rows: pl.Series, references: pl.Series) -> list[pl.Series]:
    """Return the rows in waves, to be settled one after the other: none holds a reference twice, a repeat comes later.

    So results can be joined by reference, and what is sent for one reference arrives in its order.

    Args:
        rows: positions.
        references: the reference of each of ``rows``; a null repeats nothing.
    """
    if references.null_count() == len(rows) or references.hash().n_unique() == len(rows):
        return [rows] if len(rows) else []
    told = pl.DataFrame({"row": rows, "reference": references})
    earlier = pl.col("reference").cum_count().over("reference") - 1
    told = told.with_columns(wave=pl.when(pl.col("reference").is_null()).then(0).otherwise(earlier))
    return [wave["row"] for _, wave in sorted(told.group_by("wave", maintain_order=True), key=lambda item: item[0])]


def next_pause(pause: float) -> float:
    """Return how long to wait for the look after the next."""
    return min(pause * LOOK_GROWTH, LONGEST_LOOK_SECONDS)


def behind(wave: pl.Series, unsettled: pl.Series, references: pl.Series) -> pl.Series:
    """Return the rows of a wave that would overtake an unsettled row with the same reference.

    Args:
        wave: positions about to be sent.
        unsettled: positions that a later run may still send.
        references: the reference of each row of the input.
    """
    if not len(unsettled):
        return wave.clear()
    blocked = references.gather(unsettled).drop_nulls()
    return wave.filter(references.gather(wave).is_in(blocked.implode()).fill_null(value=False))


def is_unsettled() -> pl.Expr:
    """Say which verdicts keep a checkpoint: what may go through later, and what nobody knows."""
    return pl.col("code").is_in(list(WORTH_RETRYING)) | (pl.col("pile") == UNKNOWN)
