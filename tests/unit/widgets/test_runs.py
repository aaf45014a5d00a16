"""The browser of runs, without a kernel."""

import html
import json
import threading
from pathlib import Path

import pytest
from executed import leave_run

from fcwork import personal
from fcwork.errors import ConfigError, NotebookError
from fcwork.redact import MASK
from fcwork.runner import past
from fcwork.schedule import Book
from fcwork.widgets import RunBrowser, runs
from fcwork.widgets.rerunning import texts_of
from fcwork.widgets.runs import told
from fcwork.widgets.runs_view import difference, whole

TAG = "<script>alert(1)</script>"
NOTEBOOK = Path(__file__).parents[2] / "data" / "notebooks" / "records.ipynb"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Runs of a test are its own: three that ended, and one whose process is gone."""
    monkeypatch.setenv("FCWORK_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    leave_run("# Load", run_id="one", read=3, delivered=3)
    failed = {"state": "FAILED", "ename": "ValueError", "evalue": TAG + "x" * 10_000}
    leave_run("# Load", run_id="two", started_at="2026-01-16T12:00:00+00:00", **failed)
    leave_run("# Other", run_id="three", name="extract", started_at="2026-01-16T13:00:00+00:00")
    gone = leave_run(run_id="four", started_at="2026-01-17T12:00:00+00:00")
    begun = {"name": "load", "started_at": "2026-01-17T12:00:00+00:00", "runner": "elsewhere:1:2"}
    (gone / "run.json").write_text(json.dumps(begun))
    (gone / "result.json").unlink()
    return tmp_path


def looked(**given: str) -> RunBrowser:
    """Return a browser that looked at the runs."""
    browser = RunBrowser(**given)
    browser.refresh()
    assert browser.work.wait(10)
    assert browser.work.standing.phase == "done", browser.work.standing
    return browser


def test_nothing_is_looked_at_by_itself() -> None:
    """Where nobody sits, the browser reads no run and its picture says so."""
    browser = RunBrowser()
    assert (browser.found.height, browser.value) == (0, None)
    assert "not looked at" in str(browser)


def test_runs_are_parted_by_name_state_and_day() -> None:
    """Each choice leaves the runs that it names, and says of each other choice how many it would leave."""
    browser = looked()
    assert browser.shown["run_id"].to_list() == ["four", "three", "two", "one"]
    assert browser.states() == [
        ("all (4)", ""),
        ("FAILED (1)", "FAILED"),
        ("SUCCEEDED (2)", "SUCCEEDED"),
        ("UNFINISHED (1)", "UNFINISHED"),
    ]
    browser.choose("day", "2026-01-16")
    assert browser.shown["run_id"].to_list() == ["three", "two"]
    browser.choose("notebook", "lo*")
    assert browser.shown["run_id"].to_list() == ["two"]
    assert browser.days()[0] == ("all (3)", "")
    assert looked(name="b", state="SUCCEEDED").shown["run_id"].to_list() == ["three", "one"]
    with pytest.raises(ConfigError, match="no state"):
        RunBrowser(state="GOOD")


def test_a_state_is_told_by_a_sign_and_a_word() -> None:
    """No colour alone tells how a run stands."""
    states = told(looked().shown)["state"].to_list()
    assert states == ["? UNFINISHED", "✓ SUCCEEDED", "✗ FAILED", "✓ SUCCEEDED"]


def test_a_run_that_is_chosen_is_the_value() -> None:
    """The chosen run is read whole; one that is gone at the next look is not chosen any more."""
    browser = looked()
    browser.choose("run", "one")
    assert browser.value is not None
    assert browser.value.parameters == {}
    for file in browser.value.folder.iterdir():
        file.unlink()
    browser.value.folder.rmdir()
    browser.refresh()
    assert browser.work.wait(10)
    assert (browser.value, browser["run"]) == (None, "")


def test_what_is_shown_of_a_run_is_short_and_harmless() -> None:
    """P25: an error of ten thousand characters with a tag is cut and shown as text, in the run and in the picture."""
    browser = looked()
    browser.choose("run", "two")
    assert browser.value is not None
    for shown in (whole(browser.value), browser._repr_mimebundle_()["text/html"]):
        assert "<script" not in shown
        assert len(shown) < 6_000


def test_parameters_that_are_none_stand_in_a_line() -> None:
    """Of a run's parameters those with a value are a table, and the others are named; its page is told from here."""
    browser = looked()
    browser.choose("run", "one")
    assert browser.value is not None
    (browser.value.folder / "parameters.json").write_text(json.dumps({"SOURCE": "a.csv", "RULES": None, TAG: None}))
    (browser.value.folder / "report.html").write_text("a page")
    shown = whole(browser.value)
    assert "Parameters: 1 row" in shown
    assert f"None: RULES, {html.escape(TAG)}" in shown
    assert f"<td>{Path('runs', 'one', 'report.html')}</td>" in shown


def test_two_runs_are_told_apart() -> None:
    """What is different is told from the run compared with to the chosen one; without a choice it says what to do."""
    browser = looked()
    with pytest.raises(ConfigError, match="no run is chosen"):
        browser.compare()
    browser.choose("run", "two")
    with pytest.raises(ConfigError, match="compare with"):
        browser.compare()
    browser.choose("other", "one")
    browser.compare()
    assert browser["difference"].facts["state"] == ("SUCCEEDED", "FAILED")
    assert "<script" not in difference(browser["difference"])
    browser.choose("run", "three")
    assert browser["difference"] is None


def test_a_page_is_shown_in_a_frame_without_scripts() -> None:
    """P25: the page of a run is shown where no script of it runs; a run without one says where its files are."""
    browser = looked()
    browser.choose("run", "one")
    with pytest.raises(ConfigError, match="has no page"):
        browser.open()
    assert browser.value is not None
    (browser.value.folder / "notebook.html").write_text(f'<h1>"page"</h1>{TAG}')
    browser.open()
    shown = browser.view._page.value
    assert 'sandbox=""' in shown
    assert "<script" not in shown
    assert "<h1" not in shown
    browser.open()
    assert browser["page"] is None


def test_what_differs_in_a_rerun_is_read_line_by_line(home: Path) -> None:
    """P33, P32: a run made again is a dry run unless somebody says otherwise; a line that is none is told."""
    (home / "runs" / "one" / "parameters.json").write_text('{"DRY_RUN": false, "COUNT": 3}')
    run = past("one")
    assert texts_of("", run, dry=True) == {"DRY_RUN": "true"}
    assert texts_of(" COUNT 5 \n\nDRY_RUN false", run, dry=True) == {"DRY_RUN": "false", "COUNT": "5"}
    assert texts_of("", run, dry=False) == {}
    with pytest.raises(NotebookError, match="has no value"):
        texts_of("COUNT", run, dry=True)
    with pytest.raises(NotebookError, match="without a parameter 'COUNTS'"):
        texts_of("COUNTS 5", run, dry=True)


def test_a_run_is_shared() -> None:
    """The page of the chosen run lies in the folder that is named, with the index beside it."""
    browser = looked(share_to="for-all")
    browser.choose("run", "one")
    browser.share()
    assert browser.work.wait(10)
    assert browser.work.standing.phase == "done", browser.work.standing
    assert sorted(file.name for file in Path("for-all").iterdir()) == ["index.html", "one.html"]


def test_a_run_is_scheduled_with_its_values(home: Path) -> None:
    """The schedule has the run's notebook and those of its values that are not the usual; its times are told."""
    leave_run(run_id="five", name="records", notebook={"path": str(NOTEBOOK)})
    (home / "runs" / "five" / "parameters.json").write_text('{"COUNT": 3, "NOTE": "a b"}')
    browser = looked()
    browser.choose("run", "five")
    browser.schedule()
    assert browser.work.wait(10)
    assert "has no name" in browser.work.standing.told
    browser.choose("schedule_name", "nightly")
    browser.choose("zone", "Australia/Sydney")
    browser.schedule()
    assert browser.work.wait(10)
    assert browser.work.standing.phase == "done", browser.work.standing
    assert "next (UTC): " in browser.work.standing.told
    kept = Book().get("nightly")
    assert (kept.notebook, kept.cron, kept.zone) == (str(NOTEBOOK), "0 2 * * *", "Australia/Sydney")
    assert dict(kept.texts) == {"COUNT": "3", "NOTE": "a b"}


def test_a_run_that_cannot_be_scheduled_says_why(home: Path) -> None:
    """P32, P8: a run that does not know its notebook, or had a secret as a value, is not scheduled."""
    browser = looked()
    for choice, value in (("run", "one"), ("schedule_name", "nightly")):
        browser.choose(choice, value)
    browser.schedule()
    assert browser.work.wait(10)
    assert "does not say which notebook" in browser.work.standing.told
    leave_run(run_id="five", name="records", notebook={"path": str(NOTEBOOK)})
    (home / "runs" / "five" / "parameters.json").write_text(json.dumps({"COUNT": 3, "NOTE": MASK}))
    browser.choose("run", "five")
    browser.schedule()
    assert browser.work.wait(10)
    assert "held a secret" in browser.work.standing.told


def test_parameters_of_a_run_show_nothing_that_is_hidden(home: Path) -> None:
    """P8: a parameter of a hidden name is hidden in the run, and in what is different from another."""
    personal.hide("email")
    for run_id, value in (("one", "q@tok"), ("two", "r@tok")):
        given = {"EMAIL": value, "SIZE": value[0], "WHO": {"email": value}, "NONE": None}
        (home / "runs" / run_id / "parameters.json").write_text(json.dumps(given))
    browser = looked()
    browser.choose("run", "one")
    browser.choose("other", "two")
    browser.compare()
    assert browser.value is not None
    for shown in (whole(browser.value), difference(browser["difference"])):
        assert "@tok" not in shown
        assert f'<td class=fcw-short dir="auto">{MASK}</td>' in shown
        assert ">q<" in shown


def test_what_is_pressed_during_a_look_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    """A look gives way to what a person asks for, and puts back no run that was chosen before."""
    browser, goes_on, history = looked(), threading.Event(), runs._history
    monkeypatch.setattr(runs, "_history", lambda: history() if goes_on.wait(10) else None)
    browser.choose("run", "one")
    browser.refresh()
    browser.share()
    assert browser.work.wait(10)
    assert (browser.work.standing.what, browser.work.standing.phase) == ("Share", "done")
    browser.refresh()
    browser.choose("run", "three")
    goes_on.set()
    assert browser.work.wait(10)
    assert (browser.work.standing.what, browser["run"], browser.value and browser.value.run_id) == (
        "Look",
        "three",
        "three",
    )


@pytest.mark.parametrize("verb", ["rerun", "share", "schedule", "refresh"])
def test_what_cannot_be_done_beside_something_else_says_so(verb: str) -> None:
    """P32: a press beside anything longer than a look is refused with what is under way, and never lost."""
    browser, goes_on = looked(), threading.Event()
    browser.choose("run", "one")
    browser.work.start("Rerun", lambda _: "" if goes_on.wait(10) else None)
    browser.work.attempt(getattr(browser, verb))
    assert browser.work.standing.refused[0] == "Rerun is under way"
    goes_on.set()
    assert browser.work.wait(10)
