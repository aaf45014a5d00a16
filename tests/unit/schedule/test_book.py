"""Where schedules are kept."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from fcwork.clock import ManualClock
from fcwork.errors import ConfigError, LeaseTakenError, StoreError
from fcwork.schedule import Book, Schedule, Standing, Turn

Plan = Callable[..., Schedule]


def test_added_and_removed(book: Book, plan: Plan) -> None:
    """A schedule is kept under its name once, until it is removed."""
    book.add(plan())
    assert book.get("hourly") == plan()
    with pytest.raises(ConfigError, match="already"):
        book.add(plan(cron="* * * * *"))
    assert [each.name for each in book.all()] == ["hourly"]
    book.remove("hourly")
    assert book.all() == []


def test_unknown_names(book: Book, plan: Plan) -> None:
    """A name that is not known is told with the nearest."""
    book.add(plan())
    for call in (book.get, book.pause, book.resume, book.remove):
        with pytest.raises(ConfigError, match="did you mean 'hourly'"):
            call("hourlly")


def test_what_was_before_is_not_due(book: Book, plan: Plan, clock: ManualClock) -> None:
    """A new schedule begins now, and a paused one goes on from when it is resumed."""
    book.add(plan())
    assert book.standing("hourly") == Standing(clock.now())
    assert book.pause("hourly")
    assert not book.pause("hourly")
    clock.advance(10_000)
    assert book.resume("hourly")
    assert not book.resume("hourly")
    assert book.standing("hourly").decided == clock.now()
    assert not book.get("hourly").paused


def test_how_far_it_has_come(book: Book, plan: Plan, clock: ManualClock) -> None:
    """A turn is kept with its instants; resuming keeps the last turn."""
    book.add(plan())
    turn = Turn(
        instant=clock.now(), run_id="r", attempt=2, state="FAILED", started_at=clock.now(), ended_at=clock.now()
    )
    with book.alone("hourly") as held:
        book.keep("hourly", Standing(clock.now(), turn), held.lease)
        assert book.is_running("hourly")
    assert not book.is_running("hourly")
    assert book.standing("hourly").turn == turn
    book.pause("hourly")
    book.resume("hourly")
    assert book.standing("hourly").turn == turn


def test_one_at_a_time(book: Book, plan: Plan, clock: ManualClock) -> None:
    """P14: while one runs a schedule another is refused; whoever lost the lease writes nothing."""
    book.add(plan())
    with book.alone("hourly") as held:
        with pytest.raises(LeaseTakenError), book.alone("hourly"):
            pass
        with book.alone("hour"):  # another schedule
            pass
        late = replace(held.lease, token=held.lease.token - 1)
        with pytest.raises(StoreError):
            book.keep("hourly", Standing(clock.now() + timedelta(1)), late)
    assert book.standing("hourly").decided == clock.now()
