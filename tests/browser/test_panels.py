"""What all panels share, used in JupyterLab."""

import pytest
from lab import Lab

pytestmark = pytest.mark.kernel

COUNTER = """
import fcwork as fw
from fcwork.widgets import controls
from fcwork.widgets.panel import Panel
from fcwork.widgets.view import View

class Counter(Panel):
    title = "Counter"

    def __init__(self, *, name="", step=1):
        super().__init__(name=name, choices={"step": step, "word": "a"}, facts={"count": 0})

    @property
    def value(self):
        return self["count"]

    def count(self):
        def action(turn):
            for number in range(self["step"]):
                turn.put(count=self["count"] + 1)
                turn.tell(f"number {number + 1}", (number + 1) / self["step"])
                turn.wait(0.02)
            return f"counted to {self['count']}"
        self.work.start("Counting", action)

    def fail(self):
        raise fw.errors.ConfigError("<script>alert(1)</script> is no number", hint="give a number")

    def new_view(self):
        return CounterView(self)

class CounterView(View):
    def parts(self):
        self.shown = controls.html()
        self.step = self.bind(controls.number("Step", least=1), "step")
        self.word = self.bind(controls.text("Word"), "word")
        self.on_enter(self.word, self.panel.count)
        count = self.button("Count", self.panel.count, primary=True)
        fail = self.button("Fail", self.panel.fail)
        return [controls.row(self.step, self.word), controls.row(count, fail), self.shown]

    def refresh(self, changed):
        if "count" in changed:
            self.shown.value = f"<p class='fcw-line'>at {self.panel['count']}</p>"
"""


def test_a_panel_is_used_by_clicks_and_by_keys(lab: Lab) -> None:
    """A click and a key do the same, and the way through a panel by Tab is that of its controls."""
    with lab.open(COUNTER, "counter = Counter(step=2); counter") as book:
        book.button("Count").click()
        book.sees("counted to 2")
        book.field("Step").focus()
        order = [book.focused()]
        for _ in range(3):
            book.keys("Tab")
            order.append(book.focused())
        assert order == ["Step", "Word", "Count", "Fail"]
        book.button("Count").focus()
        book.keys("Enter")
        book.sees("counted to 4")
        book.keys("Space")
        book.sees("counted to 6")
        book.fill("Word", "seven")
        book.sees("counted to 8")
        assert book.tells("counter.value, counter['word']") == "(8, 'seven')"
        book.shots_of_all_looks("counter")


def test_what_fails_is_one_line_with_what_to_do(lab: Lab) -> None:
    """P32, P25: a failure is told in a line of the panel, with no traceback and no live tag."""
    with lab.open(COUNTER, "Counter()") as book:
        book.button("Fail").click()
        book.sees("<script>alert(1)</script> is no number")
        book.sees("→ give a number")
        book.shot("counter-failed")
        assert book.page.get_by_text("Traceback").count() == 0


def test_a_panel_keeps_what_was_chosen_when_its_cell_is_run_again(lab: Lab) -> None:
    """A choice outlives another run of its cell, and what is under way goes on."""
    with lab.open(COUNTER, "counter = Counter(step=200); counter") as book:
        book.fill("Word", "kept")
        book.sees("Running")
        book.run_cell(1)
        book.sees("Running")
        assert book.field("Word").input_value() == "kept"
        book.button("Stop").click()
        book.sees("Stopped")
        assert book.tells("counter.value < 200") == "True"


def test_what_is_saved_of_a_panel_is_its_picture_too(lab: Lab) -> None:
    """Beside the controls an output holds text and HTML, for whoever opens the notebook without this kernel."""
    with lab.open(COUNTER, "Counter(step=3)") as book:
        data = "window.jupyterapp.shell.currentWidget.content.widgets[1].model.outputs.get(0).data"
        kinds = book.page.evaluate(f"() => Object.keys({data})")
        assert {"text/plain", "text/html", "application/vnd.jupyter.widget-view+json"} <= set(kinds)
