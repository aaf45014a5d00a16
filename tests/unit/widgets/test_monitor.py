"""A send that is watched, paused, stopped and gone on with."""

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import fcwork as fw
from fcwork import recovery
from fcwork.clock import ManualClock
from fcwork.errors import BadRequestError, ConfigError
from fcwork.recovery import Progress
from fcwork.recovery.callables import CallableRoute
from fcwork.simulator import Simulator
from fcwork.widgets import BatchMonitor, forget, sending
from fcwork.widgets.course import Course, line, span
from fcwork.widgets.work import StoppedError

ROWS = pl.DataFrame({"ref": [f"S{n}" for n in range(100)], "qty": range(100)})


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Checkpoints of a test are its own."""
    monkeypatch.setenv("FCWORK_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


class Platform:
    """Takes rows unless it is down; holds the batches back at a gate once so many came."""

    repeat_safe = False

    def __init__(self, hold_at: int | None = None) -> None:
        self.taken: list[str] = []
        self.is_down = False
        self._hold_at = hold_at
        self.reached, self.gate = threading.Event(), threading.Event()

    def __call__(self, records: list[dict[str, Any]]) -> None:
        """Take rows; one that is named bad is refused."""
        if self.is_down:
            raise fw.errors.ServerError("down")
        if any(record["ref"] == "bad" for record in records):
            raise BadRequestError("<script>alert(1)</script> is no ref")
        self.taken += [record["ref"] for record in records]
        if self._hold_at is not None and len(self.taken) >= self._hold_at:
            self._hold_at = None
            self.reached.set()
            assert self.gate.wait(10)


def done(panel: BatchMonitor) -> BatchMonitor:
    """Wait for its end."""
    assert panel.work.wait(10)
    return panel


def sent(panel: BatchMonitor) -> BatchMonitor:
    """Press Send and wait for the end."""
    panel.send()
    return done(panel)


def stopped(rows: pl.DataFrame, platform: Platform, **how: Any) -> BatchMonitor:
    """Begin a send, and stop it where the platform holds it back."""
    panel = BatchMonitor(rows, platform, **how)
    panel.send()
    assert platform.reached.wait(10)
    panel.stop()
    platform.gate.set()
    return done(panel)


def test_nothing_is_sent_by_itself_or_in_a_dry_run() -> None:
    """P33: rows go when the button is pressed and dry_run is false, and not before."""
    platform = Platform()
    panel = BatchMonitor(ROWS, platform)
    assert "100 rows to send; a dry run: nothing is sent" in str(panel)
    with pytest.raises(ConfigError, match="dry run"):
        panel.send()
    with pytest.raises(ConfigError, match="dry run"):
        panel.resume()
    assert (platform.taken, panel.value) == ([], None)


def test_rows_go_and_their_piles_are_told() -> None:
    """P26: the three piles add up to the rows, and the value is the result of the send."""
    panel = BatchMonitor(pl.concat([ROWS, pl.DataFrame({"ref": ["bad"], "qty": [1]})]), Platform(), dry_run=False)
    panel.send()
    assert done(panel).work.standing.phase == "done", panel.work.standing
    assert panel.piles() == {"delivered": 100, "rejected": 1, "unknown": 0}
    assert panel.value.counts["rows"] == 101
    assert panel.course["rows"][-1] == 101
    assert panel.issues()["row"].to_list() == [101]
    assert "<script" not in panel._repr_mimebundle_()["text/html"]


def test_a_pause_lets_nothing_leave_until_it_goes_on() -> None:
    """In a pause what is on its way arrives and nothing more leaves; afterwards the rest goes, each row once."""
    platform = Platform(hold_at=20)
    panel = BatchMonitor(ROWS, platform, dry_run=False, batch_size=10)
    panel.send()
    assert platform.reached.wait(10)
    panel.pause()
    platform.gate.set()
    assert not panel.work.wait(0.3)
    assert (len(platform.taken), panel["paused"]) == (20, True)
    assert "paused; 80 rows not sent yet" in panel.work.standing.told
    panel.go_on()
    assert done(panel).value.counts["delivered"] == 100
    assert platform.taken == ROWS["ref"].to_list()


def test_what_is_stopped_goes_on_in_another_kernel_and_no_row_is_lost() -> None:
    """P17: stopped and with the panel gone, the same rows sent again go on where it stopped, and none goes twice."""
    platform = Platform(hold_at=30)
    panel = stopped(ROWS, platform, dry_run=False, batch_size=10)
    assert panel.work.standing.phase == "stopped"
    assert (panel["kept"], panel["progress"].rows) == (panel.resumable["name"][0], 30)
    assert panel.resumable.select("state", "rows", "delivered", "open").rows() == [("interrupted", 100, 30, 70)]
    forget()
    again = BatchMonitor(ROWS.clone(), platform, dry_run=False, batch_size=10)
    assert again is not panel
    again.look()
    again.work.wait(10)
    again.resume()
    assert done(again).value.counts["delivered"] == 100
    with pytest.raises(ConfigError, match="nothing of them is left"):
        again.send()
    assert platform.taken == ROWS["ref"].to_list()
    assert recovery.checkpoints().is_empty()


def test_a_checkpoint_is_resumed_without_its_rows() -> None:
    """What was cut off is found by a panel that has no rows, and goes on from what was kept."""
    platform = Platform(hold_at=30)
    stopped(ROWS, platform, dry_run=False, batch_size=10, checkpoint="mine")
    other = BatchMonitor(None, platform, dry_run=False, name="after")
    other.look()
    assert done(other)["kept"] == "mine"
    other.resume()
    assert done(other).value.counts["delivered"] == 100
    assert platform.taken == ROWS["ref"].to_list()


def test_a_resume_of_other_rows_says_nothing_of_these() -> None:
    """After the checkpoint of other rows was resumed these can be sent; after their own was, they cannot."""
    platform = Platform(hold_at=30)
    stopped(ROWS, platform, dry_run=False, batch_size=10)
    forget()
    others = ROWS.with_columns(ref="T" + pl.col("ref"))
    panel = BatchMonitor(others, platform, dry_run=False)
    panel.put(found=recovery.checkpoints(), kept=recovery.checkpoints()["name"][0])
    panel.resume()
    assert done(panel).value.counts["delivered"] == 100
    panel.send()
    assert done(panel).value.counts["delivered"] == 100
    assert sorted(platform.taken) == sorted([*ROWS["ref"], *others["ref"]])
    with pytest.raises(ConfigError, match="nothing of them is left"):
        panel.send()


@pytest.mark.parametrize("kernel", ["the same", "another"])
def test_rows_that_were_not_let_in_are_not_taken_for_sent(kernel: str) -> None:
    """P17: where a checkpoint of one's own holds other rows, its resume says nothing of these, and they can be sent."""
    how: dict[str, Any] = {"dry_run": False, "batch_size": 10, "checkpoint": "nightly"}
    platform, others = Platform(hold_at=30), ROWS.with_columns(ref="T" + pl.col("ref"))
    stopped(ROWS, platform, **how)
    if kernel == "another":
        forget()
    panel = sent(BatchMonitor(others, platform, **how))
    assert "of another input" in panel.work.standing.told
    panel.look()
    done(panel).choose("kept", "nightly")
    panel.resume()
    assert done(panel).value.counts["delivered"] == 100
    assert sent(panel).value.counts["delivered"] == 100
    assert sorted(platform.taken) == sorted([*ROWS["ref"], *others["ref"]])


def test_rows_resumed_under_a_name_of_ones_own_are_sent() -> None:
    """P17: in another kernel rows whose own checkpoint was resumed to its end do not go once more."""
    how: dict[str, Any] = {"dry_run": False, "batch_size": 10, "checkpoint": "nightly"}
    platform = Platform(hold_at=30)
    stopped(ROWS, platform, **how)
    forget()
    panel = BatchMonitor(ROWS.clone(), platform, **how)
    panel.resume()
    assert done(panel).value.counts["delivered"] == 100
    with pytest.raises(ConfigError, match="nothing of them is left"):
        panel.send()
    assert platform.taken == ROWS["ref"].to_list()


def test_a_cell_that_is_run_as_a_send_ends_can_send_its_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """P17: rows that are given the moment a send of others ends are neither told as sent nor refused."""
    platform, others, mark = Platform(), ROWS.with_columns(ref="T" + pl.col("ref")), sending.Load.mark
    calls: list[sending.Load] = []

    def slow(load: sending.Load) -> str:
        calls.append(load)
        if len(calls) == 2:  # the send is over, and its rows are compared with those that the cell gives
            BatchMonitor(others, platform, dry_run=False)
        return mark(load)

    monkeypatch.setattr(sending.Load, "mark", slow)
    panel = sent(BatchMonitor(ROWS, platform, dry_run=False))
    assert (panel.value, panel["sent"]) == (None, False)
    assert sent(panel).value.counts["delivered"] == 100
    assert len(platform.taken) == 200


def test_two_functions_are_two_ways() -> None:
    """Rows that one function took can be given to another, and the first takes them once."""
    taken: dict[str, int] = {"one": 0, "other": 0}

    def one(records: list[dict[str, Any]]) -> None:
        taken["one"] += len(records)

    def other(records: list[dict[str, Any]]) -> None:
        taken["other"] += len(records)

    for deliver in (one, other, one):
        sent(BatchMonitor(ROWS, deliver, dry_run=False))
    assert taken == {"one": 100, "other": 100}


def test_two_monitors_of_the_same_rows_do_not_send_them_twice() -> None:
    """P17, P32: while one sends, another of the same rows is told so and what to do, and sends nothing."""
    platform = Platform(hold_at=30)
    first, second = (BatchMonitor(ROWS, platform, dry_run=False, batch_size=10, name=name) for name in ("a", "b"))
    first.send()
    assert platform.reached.wait(10)
    second.send()
    standing = done(second).work.standing
    assert (standing.phase, second.value) == ("failed", None)
    assert "in use by another send" in standing.told
    assert standing.hint.startswith("wait for it to end")
    platform.gate.set()
    assert done(first).value.counts["delivered"] == 100
    assert platform.taken == ROWS["ref"].to_list()


def test_rows_that_were_sent_are_not_sent_twice() -> None:
    """The cell run again, also with an equal frame, keeps the result; another press is refused with what to do."""
    platform = Platform()
    panel = BatchMonitor(ROWS, platform, dry_run=False)
    panel.send()
    result = done(panel).value
    assert BatchMonitor(ROWS.clone(), platform, dry_run=False).value is result
    with pytest.raises(ConfigError, match="nothing of them is left"):
        panel.send()
    assert BatchMonitor(ROWS.head(5), platform, dry_run=False).value is None


def test_rows_that_were_sent_are_known_by_what_they_hold() -> None:
    """P17: other rows sent meanwhile, or another checkpoint resumed, do not let rows that were sent go again."""
    platform, others = Platform(), ROWS.with_columns(ref="T" + pl.col("ref"))
    sent(BatchMonitor(ROWS, platform, dry_run=False))
    assert sent(BatchMonitor(others, platform, dry_run=False)).value.counts["delivered"] == 100
    panel = sent(BatchMonitor(pl.concat([ROWS.head(7), ROWS.tail(93)]), platform, dry_run=False))
    assert "nothing of them is left" in panel.work.standing.told
    assert panel.value is None
    assert len(platform.taken) == 200
    forget()
    assert sent(BatchMonitor(ROWS, platform, dry_run=False)).value.counts["delivered"] == 100


def test_a_resume_of_others_does_not_let_sent_rows_go_again() -> None:
    """P17: rows that were sent stay sent when the checkpoint of other rows is resumed beside them."""
    platform = Platform(hold_at=130)
    panel = sent(BatchMonitor(ROWS, platform, dry_run=False, batch_size=10))
    stopped(ROWS.with_columns(ref="T" + pl.col("ref")), platform, dry_run=False, name="other")
    panel.put(found=recovery.checkpoints(), kept=recovery.checkpoints()["name"][0])
    panel.resume()
    assert done(panel).value.counts["delivered"] == 100
    with pytest.raises(ConfigError, match="nothing of them is left"):
        panel.send()
    assert panel.view._send.disabled


def test_a_checkpoint_of_ones_own_is_of_the_rows_it_was_begun_with() -> None:
    """Other rows given under a name that rows are kept under are not taken for sent when those are resumed."""
    platform = Platform(hold_at=30)
    how: dict[str, Any] = {"dry_run": False, "batch_size": 10, "checkpoint": "mine"}
    panel = stopped(ROWS, platform, **how)
    BatchMonitor(ROWS.with_columns(ref="T" + pl.col("ref")), platform, **how).resume()
    assert done(panel).value.counts["delivered"] == 100
    assert sent(panel).value.counts["delivered"] == 100
    assert len(set(platform.taken)) == len(platform.taken) == 200
    assert "nothing of them is left" in sent(BatchMonitor(ROWS, platform, **how)).work.standing.told


def test_lazy_rows_keep_their_result_and_go_once() -> None:
    """A cell that makes its lazy frame anew keeps the value, and what the frame holds is not sent twice."""
    platform = Platform()
    panel = sent(BatchMonitor(ROWS.lazy().filter(pl.col("qty") < 50), platform, dry_run=False))
    result = panel.value
    again = BatchMonitor(ROWS.lazy().filter(pl.col("qty") < 50), platform, dry_run=False)
    assert again.value is result
    assert "nothing of them is left" in sent(again).work.standing.told
    assert (again.value, len(platform.taken)) == (result, 50)
    assert BatchMonitor(ROWS.lazy().filter(pl.col("qty") < 60), platform, dry_run=False).value is None


def test_lazy_rows_that_changed_are_sent() -> None:
    """What a lazy frame reads is judged when it is sent: a file with other rows goes."""
    platform = Platform()
    ROWS.head(5).write_csv("rows.csv")
    sent(BatchMonitor(pl.scan_csv("rows.csv"), platform, dry_run=False))
    ROWS.tail(5).write_csv("rows.csv")
    sent(BatchMonitor(pl.scan_csv("rows.csv"), platform, dry_run=False))
    assert platform.taken == [*ROWS["ref"].head(5), *ROWS["ref"].tail(5)]


def stock(rows: int = 1) -> pl.DataFrame:
    """Return rows of a load."""
    one = {"locationRef": "LOC_A", "qty": 3, "type": "LAST_ON_HAND", "status": "ACTIVE"}
    return pl.DataFrame([{**one, "skuRef": f"SKU-{n}"} for n in range(rows)])


def test_a_plan_that_is_made_anew_keeps_its_result() -> None:
    """A cell that plans the same load anew keeps the value, and does not send it twice; a changed one begins anew."""
    client = fw.connect("simulator")
    panel = sent(BatchMonitor(fw.ingest(client, stock(), verify=False), dry_run=False))
    result = panel.value
    assert result.counts["delivered"] == 1
    again = BatchMonitor(fw.ingest(client, stock(), verify=False), dry_run=False)
    assert again.value is result
    with pytest.raises(ConfigError, match="nothing of them is left"):
        again.send()
    assert BatchMonitor(fw.ingest(client, stock(2), verify=False), dry_run=False).value is None
    back = sent(BatchMonitor(fw.ingest(client, stock(), verify=False), dry_run=False))
    assert "nothing of them is left" in back.work.standing.told


def test_a_file_that_was_loaded_keeps_its_result_when_it_is_planned_anew() -> None:
    """A cell that is run again after its load, when there is no file left to load, keeps the value."""
    there = Simulator(positions=0)
    with fw.FluentClient(**there.connect(), transport=there.transport()) as client:
        stock().write_csv("stock.csv")
        panel = sent(BatchMonitor(fw.ingest(client, "stock.csv", verify=False), dry_run=False))
        result = panel.value
        assert result.counts["delivered"] == 1
        plan = fw.ingest(client, "stock.csv", verify=False)
        assert plan.ready.is_empty()
        assert BatchMonitor(plan, dry_run=False).value is result
        stock(2).write_csv("stock.csv")
        assert BatchMonitor(fw.ingest(client, "stock.csv", verify=False), dry_run=False).value is None


class Elsewhere(CallableRoute):
    """A way to a platform that has a name."""

    def __init__(self, platform: Platform, target: str) -> None:
        super().__init__(platform)
        self.target = target


def test_another_platform_has_nothing_yet() -> None:
    """P33: the same rows on the way to another platform are not told to be there, and can be sent."""
    test, live = Platform(), Platform()
    sent(BatchMonitor(ROWS, Elsewhere(test, "TEST"), dry_run=False))
    panel = BatchMonitor(ROWS, Elsewhere(live, "LIVE"), dry_run=False)
    assert (panel.value, panel.piles()["delivered"], panel["sent"]) == (None, 0, False)
    assert sent(panel).value.counts["delivered"] == 100
    assert (len(test.taken), len(live.taken)) == (100, 100)


def test_a_send_shows_its_own_figures() -> None:
    """While rows go again the figures are those of this send, and not of the one that failed before."""
    platform = Platform(hold_at=50)
    platform.is_down = True
    quick = {"max_retries": 0, "batch_size": 10, "clock": ManualClock()}
    panel = sent(BatchMonitor(ROWS, platform, dry_run=False, **quick))
    assert panel.piles()["rejected"] == 100
    platform.is_down = False
    panel.send()
    assert platform.reached.wait(10)
    assert (panel.value, panel.piles()) == (None, {"delivered": 10, "rejected": 0, "unknown": 0})  # no time passes
    assert "10 of 100 rows" in panel.work.standing.told
    platform.gate.set()
    assert done(panel).value.counts["delivered"] == 100


def test_a_send_that_began_nothing_leaves_what_was_known() -> None:
    """Where a press comes to nothing, as another send is at the rows, what the panel knew of them stays."""
    platform = Platform(hold_at=10)
    platform.is_down = True
    quick = {"max_retries": 0, "batch_size": 10, "clock": ManualClock(), "dry_run": False}
    panel = sent(BatchMonitor(ROWS, platform, **quick))
    result, platform.is_down = panel.value, False
    other = BatchMonitor(ROWS, platform, name="other", **quick)
    other.send()
    assert platform.reached.wait(10)
    assert "in use by another send" in sent(panel).work.standing.told
    assert panel.value is result
    platform.gate.set()
    done(other)


def test_a_cell_that_gives_other_rows_meanwhile_is_not_told_of_the_old_ones() -> None:
    """Rows that a cell gives while others go begin with nothing, also when those have ended, and can be sent."""
    platform = Platform(hold_at=50)
    panel = BatchMonitor(ROWS, platform, dry_run=False, batch_size=10)
    panel.send()
    assert platform.reached.wait(10)
    others = ROWS.head(3).with_columns(ref="T" + pl.col("ref"))
    assert BatchMonitor(others, platform, dry_run=False) is panel
    platform.gate.set()
    done(panel)
    assert (panel.value, panel["progress"], panel.course.height) == (None, None, 0)
    assert "3 rows to send" in str(panel)
    assert sent(panel).value.counts["delivered"] == 3


def test_a_press_leaves_a_look_or_is_refused() -> None:
    """P32: Send leaves a look that is under way; Resume and Look beside a send say what is under way."""
    platform, goes_on = Platform(hold_at=50), threading.Event()
    panel = BatchMonitor(ROWS, platform, dry_run=False, batch_size=10)
    panel.begin("Look", lambda _: "late" if goes_on.wait(10) else None, leave=True)
    panel.pause()
    assert not panel["paused"]
    panel.send()
    assert platform.reached.wait(10)
    panel.pause()
    panel.put(kept="mine")
    for press in (panel.send, panel.resume, panel.look):
        panel.work.attempt(press)
        assert panel.work.standing.refused[0] == "Send is under way"
    assert panel["paused"]
    panel.go_on()
    platform.gate.set()
    goes_on.set()
    assert done(panel).value.counts["delivered"] == 100


def test_a_stop_is_heeded_while_it_waits_for_another_try() -> None:
    """Stop ends a long wait between two tries at once; the rows stay in the checkpoint."""
    began = threading.Event()

    def busy(_: list[dict[str, Any]]) -> None:
        began.set()
        raise fw.errors.RateLimitError("busy", retry_after=50)

    panel = BatchMonitor(ROWS, busy, dry_run=False)
    panel.send()
    assert began.wait(10)
    panel.stop()
    assert done(panel).work.standing.phase == "stopped"
    assert panel.resumable["open"].to_list() == [100]


def test_a_plan_of_a_load_is_applied() -> None:
    """A plan goes as its apply does, with its own way, and its result is the value."""
    platform = Platform()
    client = fw.connect("simulator")
    rows = pl.DataFrame(
        {"locationRef": ["LOC_A"], "skuRef": ["SKU-1"], "qty": [3], "type": ["LAST_ON_HAND"], "status": ["ACTIVE"]}
    )
    panel = BatchMonitor(fw.ingest(client, rows, verify=False), dry_run=False)
    assert (panel.total, panel.target) == (1, "SIMULATOR")
    panel.send()
    assert done(panel).work.standing.phase == "done", panel.work.standing
    assert (panel.value.state, panel.piles()["delivered"], platform.taken) == ("SUCCEEDED", 1, [])


@pytest.mark.parametrize("trouble", [fw.errors.OutcomeUnknownError("gone"), fw.errors.ServerError("down")])
def test_a_send_that_did_not_come_to_its_end_is_no_success(trouble: Exception) -> None:
    """P32: where nobody knows of rows, or the platform is in trouble, the panel says so, why, and how to go on."""

    def deliver(_: list[dict[str, Any]]) -> None:
        raise trouble

    quick = {"max_retries": 0, "batch_size": 10, "clock": ManualClock()}
    panel = BatchMonitor(ROWS, deliver, dry_run=False, **quick)
    panel.send()
    standing = done(panel).work.standing
    assert standing.phase == "failed"
    assert str(trouble) in standing.told or "unknown" in standing.told
    assert "press Send or Resume" in standing.hint
    assert panel.value.counts["rows"] == sum(panel.piles().values()) == 100
    assert panel["kept"] == panel.resumable["name"][0]
    assert "100 of 100 left" in panel.view._kept.options[1][0]


def test_what_is_offered_is_what_can_be_done() -> None:
    """Without rows there is nothing to send; a rate is told while rows go, and not while the platform is asked."""
    panel = BatchMonitor(None, print, dry_run=False)
    assert panel.view._send.disabled
    panel = BatchMonitor(ROWS, print, dry_run=False, name="rows")
    assert not panel.view._send.disabled
    goes, stop = threading.Event(), threading.Event()

    def action(turn: Any) -> str:
        turn.put(progress=progress(500))
        goes.set()
        stop.wait(10)
        return ""

    panel.work.start("Send", action)
    assert goes.wait(10)
    assert "rows a second" in panel.view._figures.value
    panel.put(progress=replace(progress(1_000), phase="verifying"))
    assert "rows a second" not in panel.view._figures.value
    stop.set()
    done(panel)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"what": ROWS}, "nobody says how the rows go"),
        ({"what": ROWS, "deliver": 3}, "neither a route nor a function"),
        ({"what": ROWS, "deliver": print, "worker": 2}, "did you mean 'workers'"),
    ],
)
def test_what_could_not_be_sent_is_refused_at_once(given: dict[str, Any], says: str) -> None:
    """P32: rows without a way, a way that is none and a term that is none are told when the cell runs."""
    with pytest.raises(ConfigError, match=says):
        BatchMonitor(**given)
    with pytest.raises(TypeError, match="no frame"):
        BatchMonitor(7, print)


def test_resuming_needs_a_way_and_a_choice() -> None:
    """P32: a resume without a route, or without a checkpoint, says what is missing."""
    with pytest.raises(ConfigError, match="no way to the platform"):
        BatchMonitor(dry_run=False).resume()
    with pytest.raises(ConfigError, match="no checkpoint is chosen"):
        BatchMonitor(None, print, dry_run=False).resume()


class Turn:
    """What a course is given, in a test."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.facts: dict[str, Any] = {}
        self.is_stopped = False

    def check(self) -> None:
        """Raise where it is stopped."""
        if self.is_stopped:
            raise StoppedError

    def tell(self, line: str, share: float | None = None) -> None:
        """Keep a line."""
        self.lines.append(f"{line} [{share}]")

    def put(self, **facts: Any) -> None:
        """Keep facts."""
        self.facts |= facts


def progress(rows: int) -> Progress:
    """Return how far a send of 1,000 rows is."""
    piles = {"delivered": rows, "rejected": 0, "unknown": 0}
    return Progress(
        phase="sending", rows=rows, total=1_000, batches=rows, requests=rows, rate_per_second=10, eta_seconds=1, **piles
    )


def test_thousands_of_batches_are_told_a_few_times_a_second() -> None:
    """A send of many small batches neither floods the view nor keeps a point for each; the last is always there."""
    turn, goes_on, clock = Turn(), threading.Event(), ManualClock()
    goes_on.set()
    course: Any = Course(turn, goes_on, clock)  # type: ignore[arg-type]
    for rows in range(1, 1_001):
        course(progress(rows))
        clock.advance(0.001)
    assert len(turn.lines) <= 6
    assert turn.facts["points"][-1][1].rows == 1_000
    turn.is_stopped = True
    with pytest.raises(StoppedError):
        course(progress(1_000))


def test_a_rate_of_nothing_is_not_told() -> None:
    """Before a row went there is no rate to tell, and never one below nought."""
    for rate in (0.0, -1.0):
        assert "rows/s" not in line(replace(progress(5), rate_per_second=rate, eta_seconds=None))


def test_spans_are_said_as_people_say_them() -> None:
    """Seconds, minutes and hours."""
    assert [span(seconds) for seconds in (3.4, 75, 3_700)] == ["3 s", "1 min 15 s", "1 h 1 min"]


def test_what_holds_a_send_up_is_told_at_once() -> None:
    """P32: while a request has to go again the panel says why, at once, and no longer once it went."""
    turn, goes_on = Turn(), threading.Event()
    goes_on.set()
    course: Any = Course(turn, goes_on, ManualClock())  # type: ignore[arg-type]
    for rows, trouble in ((5, ""), (5, "POST /batch:\nno\tanswer"), (6, "")):
        course(replace(progress(rows), trouble=trouble))
    assert [told.partition("; tried again: ")[2] for told in turn.lines] == ["", "POST /batch: no answer [0.005]", ""]
