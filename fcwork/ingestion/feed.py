"""The feed gate: a load that is far from those before it is told of, or kept back while nothing has been sent.

Each load that was applied leaves its profile; what was refused, and what was only looked at, leaves none.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from fcwork import frames, log, settings
from fcwork.clock import Clock
from fcwork.errors import StoreError
from fcwork.ingestion.feed_history import FeedHistory, series_of
from fcwork.ingestion.feed_judging import Doubt, doubts
from fcwork.ingestion.feed_profile import Profile, profile_of
from fcwork.ingestion.feed_terms import Expect
from fcwork.ingestion.files import FileVersion
from fcwork.ingestion.piles import by_file, stack
from fcwork.ingestion.ways import EMBEDDED
from fcwork.store import open_store

if TYPE_CHECKING:
    from fcwork.ingestion.loading import Load
    from fcwork.mapper import Mapper

NOT_KEPT = "feed.not_kept"
Expected = Expect | Mapping[str, Any] | Literal[False] | None
_logger = log.get("ingestion")


@dataclass(frozen=True)
class Judgement:
    """What there is to say of a load beside those before it: findings, and a few words; none where nobody asked."""

    issues: pl.DataFrame
    words: str = ""


@dataclass(frozen=True, kw_only=True)
class Feed:
    """The feed that a load belongs to.

    Attributes:
        history: of its loads; None where none is kept.
        expect: how the load is to be; None where it is not judged.
        per_file: whether each file is a load of its own.
        forced: whether a doubt is only told.
        masked: columns whose values are not kept.
        clock: the time.
    """

    history: FeedHistory | None
    expect: Expect | None
    per_file: bool
    forced: bool
    masked: tuple[str, ...]
    clock: Clock

    def concerns(self, read: pl.DataFrame) -> bool:
        """Say whether what was read is a load of the feed; dead letters, which are sent again, are none."""
        return "_code" not in read.columns

    def judged(self, rows: pl.DataFrame, files: Sequence[FileVersion], origins: Mapping[str, str]) -> Judgement:
        """Hold what is to be sent against the loads before.

        Raises:
            ConfigError: the column of the location is not there.
            StoreError: what was loaded before cannot be read.
        """
        if self.expect is None or not files:
            return Judgement(frames.no_issues())
        if self.history is None:
            return Judgement(frames.no_issues(), "not judged, as the embedded simulator keeps no history")
        before = self.history.latest(self.expect.history)
        if len(before) < self.expect.min_loads:
            known = f"{len(before)} of the {self.expect.min_loads} loads that it takes are known"
            return Judgement(frames.no_issues(), f"not judged, as {known}")
        loads = self._loads(rows, files, origins)
        found = [self._issues(uri, doubts(self.expect, self._profile(own), before)) for uri, own in loads]
        issues = frames.join_issues(found)
        if not issues.height:
            return Judgement(issues, f"as in the last {len(before)} loads")
        codes = ", ".join(issues["code"].unique(maintain_order=True))
        return Judgement(issues, f"in doubt by {codes}{', and loaded all the same' if self._only_tells else ''}")

    def keep(self, files: Sequence[Load]) -> pl.DataFrame:
        """Keep the profile of what was applied, and return what went wrong with that as an issue."""
        sent = [file for file in files if file.sent and file.sent.counts["delivered"]]
        if self.history is None or not sent:
            return frames.no_issues()
        try:
            for part in [[file] for file in sent] if self.per_file else [sent]:
                self.history.keep(self._applied(part))
        except StoreError as error:  # the rows are where they belong: that alone is no reason to say otherwise
            _logger.warning(NOT_KEPT, error=error.message)
            return frames.frame_issue(
                stage="send", code=NOT_KEPT, message=error.message, at=self.clock.now(), severity="warning"
            )
        return frames.no_issues()

    @property
    def _only_tells(self) -> bool:
        return self.forced or (self.expect is not None and self.expect.on_doubt == "warn")

    def _loads(
        self, rows: pl.DataFrame, files: Sequence[FileVersion], origins: Mapping[str, str]
    ) -> Iterator[tuple[str, pl.DataFrame]]:
        """Yield what counts as a load, with the file that it is of where each is judged by itself."""
        if not self.per_file or len(files) == 1:
            yield "", rows
            return
        parts = by_file(rows, origins)
        for file in files:
            yield file.uri, parts.get(file.uri, rows.clear())

    def _profile(self, rows: pl.DataFrame) -> Profile:
        return profile_of(rows, location=self.expect.location if self.expect else None, masked=self.masked)

    def _issues(self, uri: str, found: Sequence[Doubt]) -> pl.DataFrame:
        at, severity = self.clock.now(), "warning" if self._only_tells else "error"
        return frames.join_issues(
            frames.frame_issue(
                stage="check",
                code=doubt.code,
                field=doubt.field,
                message=doubt.message,
                at=at,
                source=uri,
                severity=severity,
            )
            for doubt in found
        )

    def _applied(self, files: Sequence[Load]) -> Profile:
        """Return the profile of files that were loaded together."""
        found = self._profile(files[0].rows if len(files) == 1 else stack([file.rows for file in files]))
        hashes = sorted(file.version.sha256 for file in files)
        whole = hashes[0] if len(hashes) == 1 else hashlib.sha256("".join(hashes).encode()).hexdigest()
        run_id = os.environ.get("FCWORK_RUN_ID", "")
        return replace(found, at=self.clock.now().isoformat(), run_id=run_id, sha256=whole)


def feed_of(
    expected: Expected,
    source: Any,
    *,
    target: str,
    workflow: str,
    tracked: bool,
    per_file: bool,
    forced: bool,
    mapper: Mapper | None,
    clock: Clock,
) -> Feed:
    """Return the feed of a load.

    Args:
        expected: what ``ingest`` was given; ``False`` for a load that belongs to no feed.
        source: what is loaded.
        target, workflow: whose history it is; none is kept of an embedded simulator, which dies with its process.
        tracked: whether account is kept of the source's files; then it leaves its profile also where nobody expects.
        per_file, forced, clock: as in ``Feed``.
        mapper: says which columns are masked.

    Raises:
        ConfigError: what is expected cannot be.
    """
    expect = None if expected is None or expected is False else Expect.read(expected)
    keeps = target != EMBEDDED and expected is not False and (tracked or expect is not None)
    history = FeedHistory(open_store(settings.store_place()), target, workflow, series_of(source)) if keeps else None
    return Feed(
        history=history,
        expect=expect,
        per_file=per_file,
        forced=forced,
        masked=mapper.masked_columns if mapper else (),
        clock=clock,
    )
