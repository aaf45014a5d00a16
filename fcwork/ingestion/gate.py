"""The gate before sending: too many rejected rows stop a load while nothing has been sent."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from fcwork.errors import ConfigError
from fcwork.frames import SOURCE

UNREADABLE = "read.file"  # the code of a file that could not be read; the others are loaded all the same
_LIMIT = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(%?)\s*")


@dataclass(frozen=True)
class Limit:
    """How many rows may be rejected: ``5%`` is a share of the rows read, ``12`` a number of rows."""

    text: str
    figure: float
    is_share: bool

    @classmethod
    def read(cls, given: str | float) -> "Limit":
        """Read a limit as a person writes it, or raise a ``ConfigError``."""
        found = _LIMIT.fullmatch(str(given))
        figure = float(found[1]) if found else math.nan
        sound = figure <= 100 if found and found[2] else figure.is_integer()  # noqa: PLR2004 - per cent
        if not found or not sound or isinstance(given, bool):  # 0.05 would be no rows at all, and is rarely meant so
            raise ConfigError(f"MAX_REJECTED is {given!r}", hint="a share such as 5%, or a number of rows such as 12")
        return cls(str(given).strip(), figure, bool(found[2]))

    def rows(self, read: int) -> int:
        """Return how many of ``read`` rows may be rejected."""
        return math.floor(read * self.figure / 100) if self.is_share else int(self.figure)


@dataclass(frozen=True)
class Gate:
    """Whether a load may be sent.

    Attributes:
        limit: how many rows may be rejected, as it was given, such as ``5%``.
        reason: why the gate is closed; empty while it is open.
    """

    limit: str
    reason: str = ""

    @property
    def is_open(self) -> bool:
        """Whether the load may go on."""
        return not self.reason

    def __str__(self) -> str:
        return f"open (at most {self.limit} rejected)" if self.is_open else f"closed: {self.reason}"


def judge(limit: Limit, counts: Mapping[str, int], issues: pl.DataFrame) -> Gate:
    """Return the gate for these counts; an error that concerns the whole frame closes it whatever the limit."""
    of_all = pl.col("row").is_null() & (pl.col("severity") == "error") & (pl.col("code") != UNREADABLE)
    whole = issues.filter(of_all)
    if whole.height:
        return Gate(limit.text, str(whole["message"][0]))
    rejected, read = counts["rejected"], counts["read"]
    if rejected <= limit.rows(read):
        return Gate(limit.text)
    return Gate(limit.text, f"{rejected:,} of {read:,} rows were rejected, at most {limit.text} may be")


def judge_each(
    limit: Limit, uris: Sequence[str], rows: Sequence[pl.DataFrame], rejected: pl.DataFrame, issues: pl.DataFrame
) -> dict[str, Gate]:
    """Return the gate of each file by itself.

    Args:
        limit: of each.
        uris: the files.
        rows: what was read of them, and the lines that are no rows; all frames with the file of each as their source.
        rejected: the rows that will not be sent.
        issues: of all files.
    """
    read = [_by_source(part) for part in rows]
    refused = _by_source(rejected)
    return {
        uri: judge(
            limit,
            {"read": sum(part.get(uri, 0) for part in read), "rejected": refused.get(uri, 0)},
            issues.filter(pl.col("source").is_in(["", uri])),
        )
        for uri in uris
    }


def _by_source(rows: pl.DataFrame) -> dict[str, int]:
    return dict(rows.group_by(SOURCE).len().rows()) if rows.height else {}
