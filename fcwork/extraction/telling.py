"""What is told of a run of an extraction, from its pages and what became of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from fcwork import frames, log
from fcwork.client.paging import MAX_PAGES, MAX_RECORDS
from fcwork.clock import Clock
from fcwork.extraction.delivering import Delivery
from fcwork.extraction.result import ExtractResult, State, empty_counts
from fcwork.extraction.spool import Part, Spool
from fcwork.personal import findings

if TYPE_CHECKING:
    from fcwork.extraction.keeping import Kept
    from fcwork.extraction.marks import Watermark
    from fcwork.extraction.windows import Window
    from fcwork.stages import Stages

LIMITS = frozenset({MAX_RECORDS, MAX_PAGES})
_logger = log.get("extraction")


@dataclass(frozen=True)
class Run:
    """One run of an extraction: its pages, its window, and where the watermark stood when it began."""

    pages: Spool
    window: Window
    mark: Watermark | None

    @property
    def parts(self) -> Sequence[Part]:
        """The pages, by the queries that they are of."""
        return self.pages.parts


@dataclass(frozen=True, kw_only=True)
class Telling:
    """Makes results.

    Attributes:
        entity, target, watermark: what is extracted, from whose platform, and the watermark's name.
        delivery: what made rows of the nodes.
        engine: the kind of the frames of a result.
        stages: timed so far.
    """

    entity: str
    target: str
    watermark: str
    delivery: Delivery
    engine: frames.Kind
    stages: Stages
    clock: Clock

    def of(self, run: Run, *, state: State | None = None, kept: Kept | None = None, **told: Any) -> ExtractResult:
        """Return the result of pages that were fetched."""
        cut, counts = 0, empty_counts()
        if kept:
            cut, counts = kept.cut, {**counts, "repeated": kept.repeated, "known": kept.known}
        limited = [MAX_RECORDS] if cut else []
        reasons = tuple(dict.fromkeys([*(reason for part in run.parts for reason in part.reasons), *limited]))
        read, refused = sum(part.rows for part in run.parts) - cut, self.delivery.refused
        done = self.delivery.mapped if state != "FAILED" else 0
        pile = "ready" if told.get("dry_run") else "written"
        troubles = [trouble for part in run.parts for trouble in part.troubles]
        failed = (refused and self.delivery.on_invalid != "drop") or troubles
        return self.without_pages(
            state or ("COMPLETED_WITH_ERRORS" if failed else "SUCCEEDED"),
            rejected=frames.leave(self._rejected(), self.engine),
            issues=frames.leave(self._issues(troubles), self.engine),
            rows=done,
            pages=sum(part.pages for part in run.parts),
            complete=not reasons,
            reasons=reasons,
            limited=bool(reasons) and set(reasons) <= LIMITS,
            counts={**counts, "read": read, "mapped": done, "rejected": refused, pile: done},
            since=run.window.since,
            until=run.window.until,
            watermark=run.mark.at if run.mark else None,
            resumed=run.pages.resumed,
            **told,
        )

    def without_pages(self, state: State, **told: Any) -> ExtractResult:
        """Return a result of which no more is known than what is told."""
        nothing: dict[str, Any] = {
            "frame": None,
            "rejected": frames.leave(pl.DataFrame(), self.engine),
            "issues": frames.leave(frames.no_issues(), self.engine),
            "rows": 0,
            "pages": 0,
            "complete": False,
            "reasons": (),
            "limited": False,
            "counts": empty_counts(),
        }
        self.stages.end()
        result = ExtractResult(
            **{**nothing, **told},
            state=state,
            entity=self.entity,
            target=self.target,
            mapping=self.delivery.mapping,
            masked=self.delivery.masked,
            watermark_name=self.watermark,
            stages=self.stages.ended(),
        )
        _logger.info("extraction.ended", state=state, target=result.target, pages=result.pages, **result.counts)
        return result

    def _rejected(self) -> pl.DataFrame:
        if not self.delivery.rejected:
            return pl.DataFrame()
        return pl.concat(self.delivery.rejected, how="diagonal_relaxed")

    def _issues(self, troubles: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
        """Return what the mapper found, and the errors that came beside pages."""
        beside = [
            self._issue(
                stage="extract",
                code="extract.partial",
                message=str(trouble.get("message") or "an error without a message"),
                field=".".join(map(str, trouble.get("path") or ())),
            )
            for trouble in troubles
        ]
        return findings.issues(frames.join_issues([*self.delivery.issues, *self._unlisted(), *beside]))

    def _unlisted(self) -> Iterator[pl.DataFrame]:
        """Yield what is told of rejected rows that are not held: how many they are."""
        more = self.delivery.refused - sum(rows.height for rows in self.delivery.rejected)
        if more:
            message = f"{more:,} more rows could not be mapped; the first {self.delivery.refused - more:,} are listed"
            yield self._issue(stage="map", code="map.unlisted", message=message)

    def _issue(self, **columns: Any) -> pl.DataFrame:
        return frames.frame_issue(at=self.clock.now(), source=self.entity, **columns)
