"""What all panels share: what they hold, what they do, and the picture that they leave."""

import asyncio
import json
import subprocess
import sys
import threading
from typing import Any

import polars as pl
import pytest

import fcwork as fw
from fcwork import personal
from fcwork.errors import ConfigError
from fcwork.redact import MASK, Secret
from fcwork.widgets import controls, words
from fcwork.widgets.panel import Panel, forget
from fcwork.widgets.picture import Picture
from fcwork.widgets.tables import flat, table
from fcwork.widgets.view import status
from fcwork.widgets.work import Standing, Turn

HOSTILE = ["<script>alert(1)</script>", "x" * 10_000, "😀" * 3, "שלום\u202eabc", "\x1b[31mred", "</td>", "=cmd"]


class Search(Panel):
    """A panel for these tests."""

    title = "Search"

    def __init__(self, found: Any = None, *, name: str = "", word: str = "", most: int = 10) -> None:
        super().__init__(name=name, choices={"word": word, "most": most}, facts={"rows": 0})
        self.put(found=found)

    def picture(self) -> Picture:
        """Show the rows."""
        frame = pl.DataFrame({"cell": HOSTILE})
        return Picture(
            title=self.title, summary=f"{self['rows']} rows", facts=[("word", self["word"])], tables=[("cells", frame)]
        )


def done(panel: Panel, action: Any, **how: Any) -> Any:
    """Do something with a panel, and return how its work stands then."""
    assert panel.work.start("Searching", action, **how)
    assert panel.work.wait(10)
    return panel.work.standing


def test_a_choice_is_kept_when_the_cell_is_run_again() -> None:
    """A panel of the same class and name is the same one, with what was chosen and found."""
    first = Search(word="a", name="stock")
    first.put(word="b", rows=7)
    again = Search(word="a", name="stock")
    assert again is first
    assert (again["word"], again["rows"]) == ("b", 7)


def test_a_default_that_changed_wins() -> None:
    """What the cell says wins over what was chosen, once the cell says something else; other choices stay."""
    Search(word="a", most=10).put(word="b", most=20)
    assert Search(word="c", most=10).choices == {"word": "c", "most": 20}


def test_panels_are_told_apart_by_name_and_class() -> None:
    """Another name is another panel, and so is another class."""

    class Other(Search):
        pass

    assert len({id(one) for one in (Search(), Search(name="two"), Other(), Other(name="two"))}) == 4


def test_what_the_cell_gives_to_look_at_is_taken_anew() -> None:
    """A frame or a result that a cell gives is that of its last run."""
    Search("old")
    assert Search("new")["found"] == "new"


def test_forget_lets_a_panel_begin_again() -> None:
    """A panel that was forgotten begins with the defaults of its cell."""
    Search(word="a", name="one").put(word="b")
    Search(word="a", name="two").put(word="b")
    forget("one")
    assert (Search(word="a", name="one")["word"], Search(word="a", name="two")["word"]) == ("a", "b")


def test_work_is_done_in_a_thread_one_at_a_time() -> None:
    """An action does not hold its caller up, and a second is not begun beside it."""
    panel, goes_on = Search(), threading.Event()

    def action(turn: Turn) -> str:
        goes_on.wait(10)
        turn.put(rows=3)
        return "3 rows"

    assert panel.work.start("Searching", action)
    assert panel.work.standing.phase == "running"
    assert not panel.work.start("Searching", action)
    goes_on.set()
    assert panel.work.wait(10)
    assert (panel["rows"], panel.work.standing.phase, panel.work.standing.told) == (3, "done", "3 rows")


def test_what_cannot_be_drawn_ends_no_work() -> None:
    """An action goes on where its panel cannot be drawn; what a person does is told of it."""
    panel = Search()

    def breaks(_: frozenset[str]) -> None:
        raise TypeError("not drawn")

    panel.watch(breaks)
    with pytest.raises(TypeError, match="not drawn"):
        panel.put(rows=1)

    def action(turn: Turn) -> str:
        turn.put(rows=3)
        turn.tell("half")
        return "3 rows"

    standing = done(panel, action)
    assert (panel["rows"], standing.phase, standing.told) == (3, "done", "3 rows")


def test_work_that_fails_tells_why_and_what_to_do() -> None:
    """P32: an error ends an action with its message and hint; the error itself is there for who wants to see it."""
    panel = Search()

    def action(_: Turn) -> str:
        raise ConfigError("no host", hint="name one")

    standing = done(panel, action)
    assert (standing.phase, standing.told, standing.hint) == ("failed", "no host", "name one")
    assert isinstance(panel.work.error, ConfigError)


def test_work_that_breaks_says_so_in_a_line() -> None:
    """P32: an error that nobody foresaw is a line too, and does not leave the panel at work."""
    panel = Search()

    def action(_: Turn) -> str:
        raise ZeroDivisionError("by nought")

    standing = done(panel, action)
    assert (standing.phase, standing.told) == ("failed", "ZeroDivisionError: by nought")
    assert "panel.work.error" in standing.hint


class SpeechlessError(Exception):
    """Cannot say its own text."""

    def __str__(self) -> str:
        """Fail."""
        raise ZeroDivisionError


def panic() -> None:
    """Let polars panic: its exception is none of the usual ones."""
    raise pl.exceptions.PanicException("index out of bounds")


@pytest.mark.parametrize(
    ("action", "says"),
    [
        (lambda _: sys.exit(3), "SystemExit: 3"),
        (lambda _: panic(), "PanicException: index out of bounds"),
        (lambda _: (_ for _ in ()).throw(SpeechlessError()), "SpeechlessError: <exception str() failed>"),
    ],
)
def test_work_ends_whatever_breaks_it(action: Any, says: str) -> None:
    """P32: an exit, a panic and an error without words end an action too, and the next one can begin."""
    panel = Search()
    standing = done(panel, action)
    assert (standing.phase, standing.told) == ("failed", says)
    assert done(panel, lambda _: "next").told == "next"


def test_work_that_gets_no_thread_was_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    """P32: where the system gives no thread that is told, and the next press begins as usual."""
    panel = Search()

    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as crowded:
        crowded.setattr(threading.Thread, "start", refuse)
        panel.work.attempt(lambda: panel.begin("Search", lambda _: "found"))
    assert (panel.work.standing.phase, panel.work.standing.told) == ("failed", "RuntimeError: can't start new thread")
    assert panel.work.wait(0)
    assert done(panel, lambda _: "next").told == "next"


def test_work_stops_where_it_next_tells() -> None:
    """An action that was told to stop ends where it next asks, tells or puts, and what it found before stays."""
    panel, begun = Search(), threading.Event()

    def action(turn: Turn) -> str:
        turn.put(rows=1)
        begun.set()
        turn.wait(10)
        turn.put(rows=2)
        return "all"

    assert panel.work.start("Searching", action)
    assert begun.wait(10)
    panel.stop()
    assert panel.work.wait(10)
    assert (panel["rows"], panel.work.standing.phase) == (1, "stopped")


def test_work_that_changes_nothing_is_left_alone() -> None:
    """An action that only reads is left at once when it is to stop, and what it brings later is not taken over."""
    panel, begun, answer, through = Search(), threading.Event(), threading.Event(), threading.Event()

    def action(turn: Turn) -> str:
        begun.set()
        answer.wait(10)
        try:
            turn.put(rows=2)
        finally:
            through.set()
        return "late"

    assert panel.work.start("Searching", action, leave=True)
    assert begun.wait(10)
    panel.stop()
    assert panel.work.standing.phase == "stopped"
    assert done(panel, lambda _: "next").told == "next"
    answer.set()
    assert through.wait(10)
    assert (panel["rows"], panel.work.standing.told) == (0, "next")


def test_whoever_watches_is_told_which_names_changed() -> None:
    """A watcher is called with the names that changed, ``work`` among them."""
    panel, seen = Search(), []
    panel.watch(seen.append)
    panel.put(rows=1, word="x")
    done(panel, lambda turn: turn.tell("half", 0.5))
    assert seen[0] == {"rows", "word"}
    assert set(seen[1:]) == {frozenset({"work"})}


def test_outside_a_kernel_a_panel_is_a_picture() -> None:
    """Where nobody can press a button a panel is text and HTML, and no widget is made."""
    shown = Search(word="a")._repr_mimebundle_()
    assert set(shown) == {"text/plain", "text/html"}
    assert shown["text/plain"].startswith("Search: 0 rows\n  word  a")


def test_a_panel_without_controls_of_its_own_tells_how_it_stands() -> None:
    """Title, state and Stop are there for every panel, and follow what it does."""
    panel = Search()
    heading, foot = panel.view.root.children[1], panel.view.root.children[-1]
    assert "Search" in heading.value
    line, stop = foot.children
    done(panel, lambda _: "3 found")
    assert ("3 found" in line.value, stop.description) == (True, "Stop")
    assert len(panel.view.root.children) == 3


def test_a_picture_has_no_live_tag_and_fits() -> None:
    """P25: whatever stands in the data, a picture has no tag of it, shows what is not seen, and cuts what is long."""
    search = Search(word=HOSTILE[0] + HOSTILE[3] + HOSTILE[4])
    html, text = (search._repr_mimebundle_()[kind] for kind in ("text/html", "text/plain"))
    assert "<script" not in html
    assert "</td></td>" not in html
    assert "\u202e" not in html + text
    assert "\x1b" not in html + text
    assert "(10,000 characters)" in html
    assert "😀😀😀" in html
    assert len(html) < 5_000


def test_a_known_secret_is_masked_in_a_picture() -> None:
    """A secret that is known is not shown, neither as text nor as HTML."""
    secret = Secret("hunter2-of-the-panel")
    shown = json.dumps(Search(word=f"it is {secret.reveal()}")._repr_mimebundle_())
    assert "hunter2" not in shown


def test_a_table_shows_some_rows_of_a_big_frame() -> None:
    """Of a frame of a million rows a table shows a page, and says which."""
    shown = table(pl.DataFrame({"n": range(1_000_000)}), caption="numbers", first=50, rows=25)
    assert "51 to 75 of 1,000,000 rows" in shown
    assert shown.count("<tr>") == 26


def test_a_table_says_what_it_leaves_out() -> None:
    """A frame that is too wide says how many columns are not shown; an empty one says what is empty."""
    assert "60 more columns not shown" in table(pl.DataFrame({f"c{n}": [1] for n in range(100)}), caption="wide")
    assert "issues: none found" in table(pl.DataFrame({"a": []}), caption="issues", empty="none found")


def test_objects_are_shown_as_columns() -> None:
    """What is in objects has columns of its own at any depth; lists, and what would take another's name, stay."""
    frame = pl.DataFrame(
        {"a": [{"b": {"c": 1}, "d": [2]}, None], "x": [{"y": 1}, {"y": 2}], "x.y": [3, 4], "e": [{}, {}]}
    )
    shown = flat(frame)
    assert shown.columns == ["a.b.c", "a.d", "x", "x.y", "e"]
    assert shown["a.b.c"].to_list() == [1, None]
    assert flat(pl.DataFrame()).columns == []


def test_what_cannot_be_done_meanwhile_is_told_beside_what_is_under_way() -> None:
    """P32: a button that fails while an action is under way says so, until another one is pressed."""
    panel, goes_on = Search(), threading.Event()
    panel.work.start("Searching", lambda _: "found" if goes_on.wait(10) else None)

    def fail() -> None:
        raise ConfigError("it is locked", hint="unlock it")

    panel.work.attempt(fail)
    assert (panel.work.standing.phase, panel.work.standing.refused) == ("running", ("it is locked", "unlock it"))
    goes_on.set()
    assert panel.work.wait(10)
    shown = status(panel.work.standing)
    assert "Searching: found" in shown
    assert "Not done</b> it is locked" in shown
    assert "→ unlock it" in shown
    panel.work.attempt(lambda: None)
    assert panel.work.standing.refused == ("", "")


def test_what_a_person_asks_for_is_begun_or_refused() -> None:
    """P32: a press leaves a look that is under way; beside anything else it is refused by what that is."""
    panel, goes_on = Search(), threading.Event()
    panel.begin("Look", lambda _: "late" if goes_on.wait(10) else None, leave=True)
    panel.begin("Share", lambda _: "shared" if goes_on.wait(10) else None)
    panel.work.attempt(lambda: panel.begin("Rerun", lambda _: "again"))
    assert panel.work.standing.refused == ("Share is under way", "press Stop, or wait for its end")
    goes_on.set()
    assert panel.work.wait(10)
    assert (panel.work.standing.what, panel.work.standing.told) == ("Share", "shared")


def test_what_was_not_done_outlives_what_begins_by_itself() -> None:
    """P32: what a button could not do is still told when an action follows by itself; the next press ends it."""
    panel = Search()

    def fail() -> None:
        raise ConfigError("it is locked", hint="unlock it")

    panel.work.attempt(fail)
    assert panel.work.standing.phase == "failed"
    panel.work.start("Preview", lambda _: "as it was")
    assert panel.work.wait(10)
    assert (panel.work.standing.phase, panel.work.standing.refused) == ("done", ("it is locked", "unlock it"))
    panel.work.attempt(fail)
    panel.work.attempt(lambda: panel.work.start("Search", lambda _: "found"))
    assert panel.work.wait(10)
    assert (panel.work.standing.phase, panel.work.standing.refused) == ("done", ("", ""))


def test_a_click_waits_a_moment_for_what_was_typed() -> None:
    """A button goes by what stood in the fields when it was pressed, though a page may tell of the click first."""
    done: list[str] = []
    pressed = controls.button("Save", lambda: done.append("saved"))

    async def page() -> None:
        pressed.click()
        done.append("typed")
        await asyncio.sleep(0.5)

    asyncio.run(page())
    assert done == ["typed", "saved"]


def test_who_waits_waits_for_what_follows_too() -> None:
    """An action that begins the next one as it ends is waited for with it, from whichever moment."""
    panel = Search()
    left = iter(range(20))

    def again(changed: frozenset[str]) -> None:
        if "work" in changed and panel.work.standing.phase == "done" and next(left, None) is not None:
            panel.work.start("again", lambda _: None)

    panel.watch(again)
    panel.work.start("first", lambda _: None)
    assert panel.work.wait(20)
    assert next(left, None) is None


def test_the_names_of_the_panels_are_those_in_all() -> None:
    """Each name in ``widgets.__all__`` can be had, and an unknown one is an AttributeError."""
    assert [name for name in fw.widgets.__all__ if getattr(fw.widgets, name, None) is None] == []
    with pytest.raises(AttributeError, match="no attribute 'Pannel'"):
        _ = fw.widgets.Pannel


def test_no_panel_imports_ipywidgets_before_it_is_shown() -> None:
    """All panels can be had, made and pictured without ipywidgets: it is imported with their controls."""
    program = (
        "import sys\nimport fcwork as fw\n"
        "print(fw.widgets.ConnectionPanel('simulator'), fw.widgets.JobBoard(), fw.widgets.WebhookInspector())\n"
        "assert fw.widgets.CheckReport and 'ipywidgets' not in sys.modules"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr


def test_what_a_panel_says_shows_nothing_that_is_hidden() -> None:
    """P8: a status line, a refusal and a summary hide what stands in them under a hidden name."""
    personal.hide("email")
    told = 'refused {"email": "q@tok", "qty": 2}'
    for shown in (
        words.short(told),
        words.safe(told),
        words.plain(told),
        status(Standing("failed", "Send", told, told)),
    ):
        assert "q@tok" not in shown
        assert MASK in shown
    assert "q@tok" not in Picture(title="Send", summary=told).html()
