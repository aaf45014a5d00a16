"""A load that did not arrive."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from answers import Answer, Answers

from fcwork import webhooks
from fcwork.clock import ManualClock
from fcwork.schedule import Book, Schedule, Waiting, Work, overdue_since, tell_overdue
from fcwork.schedule.arrivals import RETELL_SECONDS

Plan = Callable[..., Schedule]
HOUR = 3_600
TELLS = (
    "import os; open('told', 'a').write(' '.join(os.environ['FCWORK_' + n] for n in ('KIND', 'STATE', 'ID')) + '\\n')"
)


@pytest.fixture(autouse=True)
def at_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep runs in the test's own folder."""
    monkeypatch.setenv("FCWORK_HOME", str(home / ".fcwork"))


@pytest.fixture
def told(home: Path) -> Callable[[], list[str]]:
    """Return what was told by the command, a line each time."""

    def lines() -> list[str]:
        file = home / "told"
        return file.read_text().splitlines() if file.exists() else []

    return lines


@pytest.fixture
def expected(book: Book, plan: Plan) -> Schedule:
    """Add a schedule of which a load is expected every 26 hours."""
    made = plan(notebook="./load.ipynb", expect_seconds=26.0 * HOUR, failure_command=(sys.executable, "-c", TELLS))
    book.add(made)
    return made


@pytest.mark.usefixtures("expected")
def test_a_gap_is_told_once(book: Book, clock: ManualClock, told: Callable[[], list[str]]) -> None:
    """A gap is told when it is too long, and not again, also by a scheduler that was started anew."""
    assert tell_overdue(book) == []
    clock.advance(26 * HOUR)
    assert tell_overdue(book) == []
    clock.advance(1)
    assert tell_overdue(book) == ["hourly"]
    assert tell_overdue(book) == []
    clock.advance(100 * HOUR)
    assert tell_overdue(Book(book.store, clock=clock)) == []
    assert told() == ["overdue OVERDUE hourly-overdue-20260116T140000Z"]


@pytest.mark.kernel
def test_an_arrival_ends_a_gap(
    book: Book, expected: Schedule, clock: ManualClock, told: Callable[[], list[str]]
) -> None:
    """P31: rows that were delivered are an arrival; a run that was skipped or brought none is not."""
    clock.advance(27 * HOUR)
    for more in (("ROWS", "0"), ("STATE", "SKIPPED")):
        book.remove("hourly")
        book.add(Schedule(**{**vars(expected), "texts": (more,)}))
        clock.advance(27 * HOUR)
        [turn] = Work(book, "hourly").all_due()
        assert (turn.state, overdue_since(expected, book) is not None) == (
            "SKIPPED" if more[0] == "STATE" else "SUCCEEDED",
            True,
        )
    assert tell_overdue(book) == ["hourly"]
    book.remove("hourly")
    book.add(expected)
    clock.advance(27 * HOUR)
    assert tell_overdue(book) == ["hourly"]
    Work(book, "hourly").now()
    assert (overdue_since(expected, book), book.arrivals.get("hourly")) == (
        None,
        Waiting(since=clock.now(), arrived_at=clock.now()),
    )
    clock.advance(27 * HOUR)
    assert tell_overdue(book) == ["hourly"]
    assert len(told()) == 3


@pytest.mark.usefixtures("expected")
def test_a_schedule_that_is_paused_is_not_overdue(book: Book, clock: ManualClock) -> None:
    """While it is paused nothing is expected, and from when it is resumed time counts anew."""
    book.pause("hourly")
    clock.advance(100 * HOUR)
    assert tell_overdue(book) == []
    book.resume("hourly")
    clock.advance(20 * HOUR)
    assert tell_overdue(book) == []
    clock.advance(7 * HOUR)
    assert tell_overdue(book) == ["hourly"]


@pytest.mark.usefixtures("expected")
def test_one_of_several_tells(book: Book, clock: ManualClock, told: Callable[[], list[str]]) -> None:
    """P30: of two who see a gap one tells; where that one died the other does, some minutes later."""
    clock.advance(27 * HOUR)
    seen = book.arrivals.get("hourly")
    assert seen is not None
    assert book.arrivals.claim("hourly", seen) is not None
    assert book.arrivals.claim("hourly", seen) is None
    assert tell_overdue(book) == []
    clock.advance(RETELL_SECONDS + 1)
    assert tell_overdue(book) == ["hourly"]
    assert len(told()) == 1


@pytest.mark.usefixtures("expected")
def test_a_load_that_comes_while_it_is_told(book: Book, clock: ManualClock) -> None:
    """What is told of a gap does not hide the arrival that ended it meanwhile."""
    clock.advance(27 * HOUR)
    seen = book.arrivals.get("hourly")
    assert seen is not None
    claimed = book.arrivals.claim("hourly", seen)
    assert claimed is not None
    book.arrivals.came("hourly")
    book.arrivals.told("hourly", claimed, "")
    assert book.arrivals.get("hourly") == Waiting(since=clock.now(), arrived_at=clock.now())


@pytest.mark.socket
def test_it_is_posted_as_a_failure_is(
    book: Book, plan: Plan, clock: ManualClock, answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P32: the facts say what is missing since when, signed; what could not be told is written down."""
    secret = "whsec_c2VjcmV0LW9mLXRoaXJ0eS10d28tYnl0ZXMtZXhhY3Q="
    monkeypatch.setenv("HOOK_SECRET", secret)
    answers.rule = lambda _: Answer(204)
    told = {"failure_url": answers.endpoint, "failure_secret_env": "HOOK_SECRET", "expect_seconds": 1.5 * HOUR}
    book.add(plan(**told))
    clock.advance(2 * HOUR)
    assert tell_overdue(book) == ["hourly"]
    [asked] = answers.asked
    facts: dict[str, Any] = json.loads(asked.body)
    assert (facts["kind"], facts["state"], facts["overdue_at"]) == ("overdue", "OVERDUE", "2026-01-15T13:30:00+00:00")
    assert facts["reason"] == "no run has loaded anything for 1.5 hours: none has so far"
    assert asked.headers["webhook-id"] == facts["id"]
    webhooks.verify_hmac(asked.body, asked.headers, secret, scheme="standard", clock=clock)

    book.remove("hourly")
    book.add(plan(**told))
    answers.rule = lambda _: Answer(404)
    clock.advance(2 * HOUR)
    tell_overdue(book)
    waiting = book.arrivals.get("hourly")
    assert waiting is not None
    assert "404" in waiting.untold


def test_a_schedule_that_is_forgotten(book: Book, plan: Plan, clock: ManualClock) -> None:
    """A schedule without an expectation is never overdue; one that is removed leaves nothing behind."""
    book.add(plan())
    clock.advance(1_000 * HOUR)
    assert tell_overdue(book) == []
    book.remove("hourly")
    assert book.store.items() == []
