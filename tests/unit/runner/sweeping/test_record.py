import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from fcwork import runner
from fcwork.clock import ManualClock
from fcwork.errors import NotebookError
from fcwork.runner import Notebook
from fcwork.runner.sweeping import Swept, look, swept
from fcwork.runner.sweeping.given import given
from fcwork.runner.sweeping.plan import planned
from fcwork.runner.sweeping.record import BEGUN, ENDED, Record
from fcwork.runner.sweeping.standing import Standing, facts_of, standings

Make = Callable[..., Notebook]
Made = Callable[..., Path]
AT = datetime(2026, 1, 15, 12, tzinfo=UTC)
CLOCK = ManualClock(AT)
ROWS = [{"STORE": "a", "N": 1}, {"STORE": "=b", "N": 2, "run": "odd"}, {"STORE": "<c>", "N": 3}]


@pytest.fixture
def record(make: Make) -> Record:
    """Leave a sweep of three rows of which none was begun."""
    notebook = make(parameters="STORE: str\nN: int = 0", name="load")
    return Record.create(planned("s1", notebook, given(ROWS), values={}, at=AT))


def begin(record: Record, row: int, attempt: int = 1) -> str:
    """Note that a row was begun, and return its run's id."""
    run_id = record.plan.run_id(record.plan.rows[row - 1], attempt)
    record.note(BEGUN, CLOCK, row=row, attempt=attempt, run_id=run_id)
    return run_id


def states(record: Record) -> list[str]:
    """Return how the rows stand."""
    return [one.state for one in standings(record)]


def test_a_sweep_is_on_disk_before_its_first_run(record: Record) -> None:
    """The plan is written before a row is begun, and a row that was not begun says so."""
    again = Record.load("s1")

    assert again.plan == record.plan
    assert states(again) == ["NOT_RUN"] * 3
    assert [one.next_attempt for one in standings(again)] == [1, 1, 1]
    assert record.path.stat().st_mode & 0o777 == 0o700


def test_an_id_is_used_once(record: Record, make: Make) -> None:
    """P14: a second sweep of one id is refused, as is one whose runs would be called like runs that there are."""
    with pytest.raises(NotebookError, match="there is a sweep s1 already"):
        Record.create(record.plan)

    notebook = make(parameters="N: int")
    (runner.runs() / "x-1").mkdir(parents=True)
    with pytest.raises(NotebookError, match="run x-1 was made before, and the sweep x would make it again"):
        Record.create(planned("x", notebook, given([{"N": 1}]), values={}, at=AT))


def test_a_sweep_is_found_by_its_beginning(record: Record, make: Make) -> None:
    """An id, as much of its beginning as is enough, or `latest` finds a sweep; else the nearest is named."""
    notebook = make(parameters="N: int")
    for name in ("s22", "s23"):
        Record.create(planned(name, notebook, given([{"N": 1}]), values={}, at=AT))

    assert Record.load("s1").plan == record.plan
    assert Record.load("latest").plan.sweep_id == "s23"
    assert Record.load("s22").plan.sweep_id == "s22"
    with pytest.raises(NotebookError, match="'s2' may be any of s22, s23"):
        Record.load("s2")
    with pytest.raises(NotebookError, match=r"there is no sweep 'S1' in .*: did you mean 's1'"):
        Record.load("S1")


def test_without_a_sweep_that_is_told(home: Path) -> None:
    """P32: where there is no sweep at all the place is named, and what makes one."""
    with pytest.raises(NotebookError, match=r"there is no sweep 'latest' in .*sweeps") as told:
        swept()
    assert str(home) in str(told.value)
    assert "--sweep FILE" in str(told.value)


def test_a_damaged_plan_is_told(record: Record) -> None:
    """P32: a plan that was cut off is named, and no row is guessed."""
    file = record.path / "sweep.json"
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(NotebookError, match=r"sweep.json is no plan of a sweep"):
        Record.load("s1")


def test_a_row_is_what_its_run_says(record: Record, made: Made) -> None:
    """The state of a row is its run's: of the last attempt, and of the last that was made as a kernel had died."""
    begin(record, 1)
    made("s1-1", state="FAILED", ename="ValueError", evalue="boo")
    made("s1-1-retry2", state="KERNEL_DIED", evalue="it went away")
    made("s1-1-retry10", state="SUCCEEDED", result={"summary": "3 rows"})
    begin(record, 2)
    made("s1-2-odd", state="FAILED", ename="ValueError", evalue="boo")

    first, second, third = standings(record)
    assert (first.state, first.reason, first.is_done) == ("SUCCEEDED", "3 rows", True)
    assert (second.state, second.reason, second.next_attempt) == ("FAILED", "ValueError: boo", 2)
    assert (third.state, third.run) == ("NOT_RUN", None)

    assert begin(record, 2, 2) == "s1-2-odd-again1"
    made("s1-2-odd-again1", state="SKIPPED")
    assert states(record) == ["SUCCEEDED", "SKIPPED", "NOT_RUN"]


def test_what_ended_is_known_when_its_folder_is_gone(record: Record, made: Made) -> None:
    """A row that succeeded is not run again because its run was cleared away."""
    run_id = begin(record, 1)
    folder = made(run_id, state="SUCCEEDED", read=7, delivered=7, target="T", result={"summary": "7 rows"})
    facts = json.loads((folder / "result.json").read_text("utf-8"))
    record.note(ENDED, CLOCK, row=1, run_id=run_id, **facts_of(facts))
    shutil.rmtree(folder)

    first = standings(record)[0]
    assert (first.state, first.reason, first.is_done) == ("SUCCEEDED", "7 rows", True)
    assert first.run
    assert first.run.figures == {"read": 7, "delivered": 7}


def test_a_row_that_was_begun_and_left_nothing_is_lost(record: Record) -> None:
    """A row whose process was killed before it wrote anything is LOST, and its id is used again: nobody used it."""
    begin(record, 1)
    first = standings(record)[0]
    assert (first.state, first.reason, first.next_attempt) == ("LOST", "it was begun and left nothing", 1)


def test_a_line_that_was_cut_off_spoils_no_other(record: Record, made: Made) -> None:
    """After a kill in the middle of a line the steps before and after it count."""
    made(begin(record, 1), state="SUCCEEDED")
    with (record.path / "steps.jsonl").open("ab") as stream:
        stream.write(b'{"event": "row.be')
    made(begin(record, 2), state="FAILED")

    assert states(record) == ["SUCCEEDED", "FAILED", "NOT_RUN"]


def test_one_process_works_at_a_sweep(record: Record) -> None:
    """P14: a sweep that is under way is not begun beside itself."""
    with record.alone(CLOCK):
        assert record.is_under_way
        begin(record, 1)
        assert states(record) == ["RUNNING", "NOT_RUN", "NOT_RUN"]
        with (
            pytest.raises(NotebookError, match="the sweep s1 is under way"),
            record.alone(ManualClock(AT)),
        ):
            pass


def kept(record: Record, made: Made) -> Swept:
    """Return a sweep with a row of each fate, its frame and page written."""
    made(begin(record, 1), state="SUCCEEDED", read=1_000, delivered=998, rejected=2, target="T")
    made(begin(record, 2), state="FAILED", ename="ValueError", evalue="=cmd|'/c calc'!A0 <script>x</script>")
    told = Swept(record, tuple(standings(record)), why_not="the sweep was stopped")
    told.keep(CLOCK)
    return told


def test_one_frame_tells_of_all_rows(record: Record, made: Made) -> None:
    """The frame has a row a run, in the order of the rows: state, swept parameters, figures, seconds and reason."""
    told = kept(record, made).frame

    assert told.select("row", "run", "state", "STORE", "N", "read", "delivered", "duration_seconds").rows() == [
        (1, None, "SUCCEEDED", "a", 1, 1_000, 998, 1.5),
        (2, "odd", "FAILED", "=b", 2, None, None, 1.5),
        (3, None, "NOT_RUN", "<c>", 3, None, None, None),
    ]
    assert told["reason"].to_list()[1:] == ["ValueError: =cmd|'/c calc'!A0 <script>x</script>", "the sweep was stopped"]
    assert told["sweep"].unique().to_list() == ["s1"]
    assert swept("s1").drop("reason").equals(told.drop("reason"))
    assert pl.read_parquet(record.path / "runs.parquet").equals(told)


def test_the_sheet_and_the_page_are_safe(record: Record, made: Made) -> None:
    """P25: in the sheet no cell is a formula, in the page no text is a tag, and each run is a link away."""
    kept(record, made)

    sheet = (record.path / "runs.csv").read_text("utf-8-sig")
    page = (record.path / "sweep.html").read_text("utf-8")
    assert ",'=b," in sheet
    assert "<script>" not in page
    assert "&lt;c&gt;" in page
    assert "1 SUCCEEDED, 1 FAILED, 1 NOT RUN" in page


def test_a_column_of_the_frame_s_own_name_is_told_apart(make: Make) -> None:
    """A parameter that is called like a column of the frame stands under a name that says so."""
    record = Record.create(
        planned("s2", make(parameters="state: str"), given([{"state": "x"}, {"state": "y"}]), values={}, at=AT)
    )
    assert swept("s2")["parameter.state"].to_list() == ["x", "y"]
    assert look("s2").record == record


def test_values_that_share_no_type_come_as_text(make: Make) -> None:
    """A swept parameter whose values are of several types is text in the frame; lists are lists."""
    rows: list[dict[str, Any]] = [{"ANY": 1, "TAGS": ["a"]}, {"ANY": "x", "TAGS": []}]
    Record.create(planned("s3", make(parameters="ANY: object = None\nTAGS: list = []"), given(rows), values={}, at=AT))
    told = swept("s3")
    assert (told["ANY"].to_list(), told["TAGS"].to_list()) == (["1", "x"], [["a"], []])


@pytest.mark.parametrize(
    ("found", "state"),
    [
        (["SUCCEEDED", "SKIPPED"], "SUCCEEDED"),
        (["SUCCEEDED", "REFUSED"], "COMPLETED_WITH_ERRORS"),
        (["REFUSED", "KERNEL_DIED"], "FAILED"),
        (["FAILED", "LOST"], "INCOMPLETE"),
    ],
)
def test_a_sweep_ends_as_its_gravest_rows(record: Record, made: Made, found: list[str], state: str) -> None:
    """The state of the whole is that of the rows which are not done."""
    for number, one in enumerate(found, 1):
        made(begin(record, number), state=one)
    ends = standings(record)[: len(found)]
    assert Swept(record, tuple(ends)).state == state
    stopped = Swept(record, tuple(ends), stopped=True)
    assert stopped.state == ("SUCCEEDED" if state == "SUCCEEDED" else "CANCELLED")


@pytest.mark.usefixtures("temporary")
def test_sweeps_are_cleared_away_by_their_age(record: Record) -> None:
    """`runner.clean` takes old sweeps too, and says so."""
    later = ManualClock(datetime.now(UTC) + timedelta(days=40))
    gone = runner.clean(clock=later)
    assert gone.select("kind", "id").rows() == [("sweep", "s1")]
    assert not record.path.exists()


def test_a_standing_without_a_run_has_no_reason(record: Record) -> None:
    """A row that was never begun has nothing to say."""
    one = Standing(record.plan.rows[0])
    assert (one.state, one.reason, one.is_done) == ("NOT_RUN", "", False)
