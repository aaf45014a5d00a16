"""A run that was made before, as its folder tells it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from fcwork import cards
from fcwork.runner.finding import LATEST, folder_of
from fcwork.runner.folder import BEGINNING, EVENTS, PAGE, PARAMETERS, parse, read_json
from fcwork.runner.history import instant, told
from fcwork.runner.manifest import Published, published
from fcwork.runner.result import FIGURES, REPORT


@dataclass(frozen=True)
class Stage:
    """A stage of a run: when it began, and how long it took as far as the run tells."""

    name: str
    message: str
    started_at: datetime | None
    duration_seconds: float | None


@dataclass(frozen=True, repr=False)
class PastRun:
    """A run, read back.

    Attributes:
        run_id, folder: which, and where its files are.
        facts: its ``result.json``, or ``run.json`` where it has no result.
    """

    run_id: str
    folder: Path
    facts: dict[str, Any]

    @classmethod
    def of(cls, folder: Path) -> Self:
        """Return the run of a folder."""
        return cls(folder.name, folder, told(folder))

    @property
    def state(self) -> str:
        """How it ended, or stands; see ``history``."""
        return str(self.facts["state"])

    @property
    def name(self) -> str:
        """The notebook's."""
        return str(self.facts.get("name") or "")

    @property
    def target(self) -> str:
        """Whose platform; nothing where the run did not get so far."""
        return str(self.facts.get("target") or "")

    @property
    def figures(self) -> dict[str, int]:
        """The counts of rows that the notebook recorded."""
        return {name: self.facts[name] for name in FIGURES if type(self.facts.get(name)) is int}

    @property
    def parameters(self) -> dict[str, Any]:
        """What the notebook ran with, as far as the values were plain."""
        return read_json(self.folder / PARAMETERS)

    @property
    def reason(self) -> str:
        """Why it ended as it did; nothing for a plain success."""
        ename, evalue = self.facts.get("ename"), self.facts.get("evalue")
        recorded = self.facts.get("result")
        summary = recorded.get("summary") if isinstance(recorded, dict) else None
        return f"{ename}: {evalue}" if ename else str(evalue or summary or "")

    @property
    def started_at(self) -> datetime | None:
        """When it began."""
        return instant(self.facts.get("started_at"))

    @property
    def ended_at(self) -> datetime | None:
        """When it ended; None for a run without a result."""
        return instant(self.facts.get("ended_at"))

    @property
    def beginning(self) -> dict[str, Any]:
        """What was written down before it ran; nothing for a run of a fcwork that did not."""
        return read_json(self.folder / BEGINNING)

    @property
    def failed_step(self) -> str:
        """The heading and the first line of the cell that failed."""
        number = self.facts.get("failed_cell")
        begun = [event for event in self.events() if event.get("event") == "cell.started"]
        found = next((event for event in begun if number and event.get("cell") == number), {})
        return ": ".join(str(found[part]) for part in ("step", "line") if found.get(part))

    @property
    def stages(self) -> list[Stage]:
        """The stages that the notebook told of, in their order."""
        events = list(self.events())
        begun = [event for event in events if event.get("event") == "stage.started"]
        starts = [instant(event.get("at")) for event in begun]
        last = self.ended_at or (instant(events[-1].get("at")) if events else None)
        ends = [*starts[1:], last]
        return [
            Stage(str(event.get("stage")), str(event.get("message") or ""), start, _seconds(start, end))
            for event, start, end in zip(begun, starts, ends, strict=False)
        ]

    @property
    def files(self) -> dict[str, int]:
        """The size in bytes of each file in its folder, by its name there."""
        found = [file for file in sorted(self.folder.rglob("*")) if file.is_file()]
        named = {file.relative_to(self.folder).as_posix(): file for file in found}
        return {name: file.stat().st_size for name, file in named.items() if not name.startswith(".")}

    @property
    def frames(self) -> dict[str, Published]:
        """The frames that it published, by name; ``load`` reads one."""
        return published(self.folder)

    @property
    def page(self) -> Path | None:
        """The page to read first: the report, else the notebook's own; None where there is neither."""
        pages = (self.folder / REPORT, self.folder / PAGE)
        return next((page for page in pages if page.is_file()), None)

    def events(self) -> Iterator[dict[str, Any]]:
        """Yield the events of the run; a line that was cut off is left out."""
        file = self.folder / EVENTS
        lines = file.read_bytes().split(b"\n") if file.is_file() else []
        yield from filter(None, map(parse, lines))

    def to_dict(self) -> dict[str, Any]:
        """Return the run as JSON-like data."""
        stages = [
            {
                "name": stage.name,
                "message": stage.message,
                "started_at": stage.started_at.isoformat() if stage.started_at else None,
                "duration_seconds": stage.duration_seconds,
            }
            for stage in self.stages
        ]
        own = {"run_id": self.run_id, "folder": str(self.folder), "parameters": self.parameters, "stages": stages}
        frames = {name: frame.to_dict() for name, frame in self.frames.items()}
        return {**self.facts, **own, "failed_step": self.failed_step, "frames": frames, "files": self.files}

    def __str__(self) -> str:
        target = f" → {self.target}" if self.target else ""
        return cards.line(f"{self.name or self.run_id} {self.state}{target} ({self.folder})")

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return cards.Card(
            line=str(self),
            state=self.state,
            tone=cards.tone_of(self.state),
            parts=cards.piles(self.figures),
            facts={"Run": self.run_id, "Reason": self.reason, "Failed in": self.failed_step, "Page": self.page},
        ).html()


def past(which: str | Path = LATEST) -> PastRun:
    """Return a run that was made before.

    Args:
        which: its id, as much of the beginning or as many of the last digits as no other has; ``latest``; or the path
            of its folder.

    Raises:
        NotebookError: there is no such run, or there are several.
    """
    return PastRun.of(folder_of(which))


def _seconds(start: datetime | None, end: datetime | None) -> float | None:
    return (end - start).total_seconds() if start and end else None
