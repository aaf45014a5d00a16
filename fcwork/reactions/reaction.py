"""What a reaction came to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from fcwork import cards, frames

if TYPE_CHECKING:
    from fcwork.extraction import ExtractResult
    from fcwork.ingestion import IngestResult
    from fcwork.stages import Stage

Action = Literal["none", "event", "mutation", "export"]
ACTIONS: tuple[Action, ...] = ("none", "event", "mutation", "export")
State = Literal["SUCCEEDED", "COMPLETED_WITH_ERRORS", "SKIPPED", "REFUSED", "FAILED"]


@dataclass(frozen=True, repr=False, kw_only=True)
class Reaction:
    """What a reaction came to.

    Attributes:
        action: what was to be done.
        about: what it is about, in words: the event and its entity, or the file.
        state: SUCCEEDED; COMPLETED_WITH_ERRORS (rows were rejected, or nobody knows of them); SKIPPED (it was done
            before); REFUSED (the body does not go through the mapping, so nothing was done) or FAILED.
        target: whose platform.
        dry_run: whether it was only looked at.
        result: of the load or the extraction; None where there was neither.
        reason: why nothing was done, where something was to be.
        sink: where an export goes, the event's values filled in.
        preview: the first rows as they would be sent or written.
        event: of the webhook, what tells it from others; empty where the body is not one of the platform's.
    """

    action: Action
    about: str
    state: State
    target: str
    dry_run: bool
    result: IngestResult | ExtractResult | None = None
    reason: str = ""
    sink: str = ""
    preview: pl.DataFrame = field(default_factory=pl.DataFrame)
    event: dict[str, Any] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether all was done that was to be, now or before."""
        return self.state in {"SUCCEEDED", "SKIPPED"}

    @property
    def summary(self) -> str:
        """The reaction in one honest line."""
        if self.reason:
            loud = "DRY RUN: " if self.dry_run else ""
            return f"{loud}{self.about}: {self.action} → {self.target} [{self.state}]; {self.reason}"
        if self.result is None:
            return f"{self.about}: nothing is to be done about it [{self.state}]"
        return f"{self.about}: {self.action}: {self.result.summary}"

    @property
    def details(self) -> dict[str, Any]:
        """What a tracked job keeps."""
        return {**self.event, "action": self.action, **(self.result.details if self.result else {})}

    @property
    def stages(self) -> tuple[Stage, ...]:
        """Name, rows and seconds of each stage."""
        return self.result.stages if self.result else ()

    def to_record(self) -> dict[str, Any]:
        """Return the reaction as JSON-like data without the frames: what a run records."""
        return {
            **(self.result.to_record() if self.result else {"target": self.target, "dry_run": self.dry_run}),
            "action": self.action,
            "about": self.about,
            "state": self.state,
            "summary": self.summary,
            "reason": self.reason,
            "sink": self.sink,
            "event": self.event,
            "details": self.details,
        }

    def __str__(self) -> str:
        return cards.line(self.summary)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        told = "As it would go" if self.dry_run else "As it went"
        there = self.preview.width and self.preview.height
        issues = frames.enter_issues(self.result.issues) if self.result else frames.no_issues()
        return cards.Card(
            line=self.summary,
            state=self.state,
            tone=cards.tone_of(self.state),
            facts={"Sink": self.sink},
            below=[cards.table(self.preview, caption=told) if there else "", cards.issues(issues)],
        ).html()
