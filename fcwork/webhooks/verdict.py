"""``Verdict``: the story of one request, step by step, for people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl

from fcwork import cards
from fcwork.redact import mask
from fcwork.webhooks.hexview import HEX_VIEW

if TYPE_CHECKING:
    from fcwork.webhooks.event import Event
    from fcwork.webhooks.hmacs import Signed

STEPS = pl.Schema(
    {
        "step": pl.String(),  # body, keys, header, signature, event, tenant, replay
        "ok": pl.Boolean(),  # null where it was not reached or not asked for
        "found": pl.String(),
        "hint": pl.String(),
    }
)
VARIANTS = pl.Schema(
    {
        "variant": pl.String(),  # what was tried in place of the body as it came
        "verifies": pl.Boolean(),
        "header": pl.String(),
        "algorithm": pl.String(),
        "key": pl.String(),
        "hint": pl.String(),
    }
)
_MARKS = {True: "✓", False: "✗", None: "·"}


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What is to be said of a request. Only ``ok`` says that it is genuine; everything else is advice.

    Attributes:
        ok: whether it would be accepted.
        reason: why it is not, in one word, as ``WebhookError.reason``; empty where it is.
        summary: the verdict in one line.
        finding: what happened to it, as far as can be told.
        hint: what to do next.
        steps: what was looked at, in order: step, ok (null: not reached, or not asked for), found, hint.
        variants: other forms of the body, header or key that were tried: one that verifies tells what happened.
        hex_view: the bytes around the first difference between the body and the form that was signed, or, where that
            is not known, its JSON written anew: offset, body, hex, text, differs. Its first bytes where none differs.
        difference: the offset of the first byte that differs, if there is one.
        compared: what the body is compared with.
        event: the event of an accepted webhook of the platform.
        signed: the same of another sender's.
    """

    ok: bool
    reason: str = ""
    summary: str
    finding: str = ""
    hint: str = ""
    steps: pl.DataFrame
    variants: pl.DataFrame = field(default_factory=VARIANTS.to_frame)
    hex_view: pl.DataFrame = field(default_factory=HEX_VIEW.to_frame)
    difference: int | None = None
    compared: str = ""
    event: Event | None = None
    signed: Signed | None = None

    @property
    def state(self) -> str:
        """What a notebook's run ends as: SUCCEEDED or REFUSED."""
        return "SUCCEEDED" if self.ok else "REFUSED"

    def to_record(self) -> dict[str, Any]:
        """Return the story as small JSON, without a byte of the body."""
        told = {name: getattr(self, name) for name in ("state", "ok", "reason", "summary", "finding", "hint")}
        return {**told, "steps": self.steps.to_dicts()}

    def __str__(self) -> str:
        return mask("\n".join(self.lines()))

    def __repr__(self) -> str:
        return mask(f"Verdict({self.summary})")

    def lines(self) -> Iterator[str]:
        """Yield the story line by line."""
        yield self.summary
        for step, ok, found, hint in self.steps.iter_rows():
            yield f"  {_MARKS[ok]} {step:<9}  {found}"
            if hint and hint != self.hint:
                yield f"               → {hint}"
        if self.finding:
            yield f"What happened: {self.finding}"
        if self.hint:
            yield f"What to do:    {self.hint}"

    def hex_lines(self) -> Iterator[str]:
        """Yield the hex view line by line; nothing where no byte differs."""
        if self.difference is None:
            return
        yield f"The first difference, at byte {self.difference:,}: received, and {self.compared}"
        for row in self.hex_view.iter_rows(named=True):
            mark = "≠" if row["differs"] else " "
            yield f"  {mark} {row['offset']:>8,}  {row['body']:<8}  {row['hex']:<47}  {row['text']}"

    def _repr_html_(self) -> str:
        steps = self.steps.with_columns(
            pl.when("ok").then(pl.lit("✓")).when(~pl.col("ok")).then(pl.lit("✗")).otherwise(pl.lit("·")).alias("ok")
        )
        tables = [cards.table(steps, caption="steps", ours=True)]
        fitting = self.variants.filter("verifies")
        if fitting.height:
            tables.append(cards.table(fitting, caption="what would verify", ours=True))
        if self.difference is not None and not self.ok:
            caption = f"the first difference, at byte {self.difference:,}: received, and {self.compared}"
            tables.append(cards.table(self.hex_view, caption=caption, ours=True))
        return cards.Card(
            line=self.summary,
            state="genuine" if self.ok else "refused",
            tone="good" if self.ok else "bad",
            facts={"What happened": self.finding, "What to do": self.hint},
            below=tables,
        ).html()
