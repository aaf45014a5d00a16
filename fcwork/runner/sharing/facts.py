"""The facts of a run that head its page, and stand in it so that the index can be made of pages alone."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Self

from fcwork.runner.result import FIGURES

META = "fcwork-run"
HEAD_BYTES = 16_384  # of a page, within which its facts stand
_LONGEST = 400  # of a text among the facts
_FOUND = re.compile(rf'<meta name="{META}" content="([^"]*)">')


@dataclass(frozen=True)
class Facts:
    """What a page says of its run.

    Attributes:
        run_id, name, title: the run, its notebook, and what heads the page.
        state, target, reason: how it ended, whose platform it was, and why it ended so.
        started_at: an instant in UTC.
        seconds: how long it took.
        figures: the recorded counts of rows.
        dry_run: whether nothing was changed.
    """

    run_id: str
    name: str
    title: str
    state: str
    target: str
    reason: str
    started_at: datetime
    seconds: float
    figures: dict[str, int] = field(default_factory=dict)
    dry_run: bool = False

    @classmethod
    def of(cls, told: Mapping[str, Any], *, run_id: str) -> Self:
        """Return the facts that JSON-like data tell; what is not told, or not of its kind, is empty.

        Raises:
            ValueError: it does not say when the run started.
        """
        texts = {name: _text(told.get(name)) for name in ("name", "title", "state", "target", "reason")}
        started_at = datetime.fromisoformat(_text(told.get("started_at")))
        figures = told.get("figures")
        return cls(
            run_id=run_id,
            **texts,
            started_at=started_at.astimezone(UTC) if started_at.tzinfo else started_at.replace(tzinfo=UTC),
            seconds=float(told["seconds"]) if _is_number(told.get("seconds")) else 0.0,
            figures=_figures(figures if isinstance(figures, Mapping) else {}),
            dry_run=told.get("dry_run") is True,
        )

    @classmethod
    def found_in(cls, page: str, *, run_id: str) -> Self | None:
        """Return the facts that stand in the head of a page; None where it is no page of a run."""
        found = _FOUND.search(page)
        try:
            told = json.loads(html.unescape(found[1])) if found else None
            return cls.of(told, run_id=run_id) if isinstance(told, dict) else None
        except (ValueError, OverflowError, RecursionError):
            return None

    def told(self) -> dict[str, Any]:
        """Return the facts as JSON-like data, which ``of`` reads."""
        return {**asdict(self), "started_at": self.started_at.isoformat()}

    def tag(self) -> str:
        """Return the facts as a tag for the head of a page."""
        return f'<meta name="{META}" content="{html.escape(json.dumps(self.told(), ensure_ascii=False))}">'


def _text(value: object) -> str:
    return value[:_LONGEST] if isinstance(value, str) else ""


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < float("inf")


def _figures(told: Mapping[str, Any]) -> dict[str, int]:
    return {name: told[name] for name in FIGURES if _is_number(told.get(name)) and isinstance(told[name], int)}
