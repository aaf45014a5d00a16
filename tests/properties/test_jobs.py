"""Whatever several handles do to a job, in any order and between each other's steps: its record is a legal one."""

import tempfile
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from fcwork.clock import ManualClock
from fcwork.errors import JobError
from fcwork.jobs import JOBS, JobTracker
from fcwork.jobs.record import MOVES, from_json
from fcwork.store import SQLiteStore

Move = Callable[[JobTracker], object]
HANDLES = 3
ENDS = {status for status, moves in MOVES.items() if not moves}
MOVE: dict[str, Move] = {
    "start": lambda tracker: tracker.start("j"),
    "beat": lambda tracker: tracker.beat("j"),
    "stage": lambda tracker: tracker.update("j", stage="s", counts={"rows": 1}),
    "counts": lambda tracker: tracker.update("j", counts={"rows": 2, "files": 1}),
    "details": lambda tracker: tracker.update("j", details={"d": 1}),
    "queued": lambda tracker: tracker.update("j", status="queued"),
    "processing": lambda tracker: tracker.update("j", status="processing"),
    "lost": lambda tracker: tracker.update("j", status="lost"),  # type: ignore[arg-type]
    "end stage": lambda tracker: tracker.end_stage("j", 0),
    "complete": lambda tracker: tracker.complete("j"),
    "with errors": lambda tracker: tracker.complete("j", with_errors=True),
    "fail": lambda tracker: tracker.fail("j", "no"),
    "cancel": lambda tracker: tracker.cancel("j"),
}
STEP = st.tuples(st.integers(0, HANDLES - 1), st.sampled_from(list(MOVE)), st.integers(0, 40))


class RacedStore(SQLiteStore):
    """A store in which others are quicker now and then, and which remembers every record that it held."""

    def __init__(self, *where: Any, **how: Any) -> None:
        super().__init__(*where, **how)
        self.quicker: list[Callable[[], object]] = []
        self.held: list[Any] = []

    def compare_and_set(self, key: str, expected: Any, new: Any, **how: Any) -> bool:
        """Let another go first, if one waits; then set, and remember what is there."""
        if self.quicker:
            with suppress(JobError):
                self.quicker.pop()()
        done = super().compare_and_set(key, expected, new, **how)
        if done:
            self.held.append(new)
        return done


def judge(before: Any, after: Any) -> None:
    """See that one record may follow the other."""
    old, new = from_json("j", before), from_json("j", after)
    assert new.status == old.status or new.status in MOVES[old.status]
    if old.ended:
        assert new == old
    assert (new.status in ENDS) == (new.ended_at is not None)
    assert (new.started_at is None) <= (new.status in {"queued", "failed", "cancelled"})
    assert old.started_at in {None, new.started_at}
    assert all(stage.ended_at for stage in new.stages[:-1])
    assert not (new.ended and new.stages and new.stages[-1].ended_at is None)
    assert [stage.started_at for stage in new.stages[: len(old.stages)]] == [stage.started_at for stage in old.stages]
    assert old.details.items() <= new.details.items()
    assert all(set(one.counts) <= set(other.counts) for one, other in zip(old.stages, new.stages, strict=False))
    times = [new.created_at, new.started_at, *(stage.started_at for stage in new.stages), new.ended_at]
    known = [at for at in times if at]
    assert known == sorted(known)
    assert new.updated_at >= old.updated_at


@settings(max_examples=100, deadline=None)
@given(steps=st.lists(st.tuples(STEP, st.none() | STEP), min_size=5, max_size=30))
def test_no_order_of_moves_makes_an_illegal_record(steps: list[tuple[Any, Any]]) -> None:
    """Legal and illegal moves of several handles, some in the middle of each other's, leave only legal records."""
    clock = ManualClock()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as opened:
        stores = [opened.enter_context(RacedStore(Path(folder, "s.sqlite"), clock=clock)) for _ in range(HANDLES)]
        for store in stores:
            store.held = stores[0].held
        trackers = [JobTracker(store, clock=clock) for store in stores]
        trackers[0].create("load", job_id="j")
        for (handle, move, seconds), racing in steps:
            if racing:
                other, its_move, _ = racing
                stores[handle].quicker = [lambda other=other, its_move=its_move: MOVE[its_move](trackers[other])]
            clock.advance(seconds)
            with suppress(JobError):
                MOVE[move](trackers[handle])
            stores[handle].quicker = []
            seen = trackers[0].get("j")
            assert seen.status != "lost" or seen.lost_after_seconds
            assert not seen.ended or stores[0].get("job-heartbeat:j") is None
        for before, after in zip(stores[0].held, stores[0].held[1:], strict=False):
            judge(before, after)
        assert trackers[0].history().schema == JOBS
