import json
from collections.abc import Callable
from pathlib import Path

from fcwork import personal, runner
from fcwork.cli import pastruns
from fcwork.redact import MASK

Made = Callable[..., Path]


def test_runs_that_are_alike_differ_in_nothing(made: Made) -> None:
    """Two runs of one notebook with the same values and figures have no difference."""
    for run_id in ("a", "b"):
        made(run_id, state="SUCCEEDED", read=1, parameters={"A": [1]})

    found = runner.compare("a", "b")

    assert found.is_empty
    assert found.sources_known
    assert str(found) == "a and b differ in nothing"


def test_what_differs_is_told_before_and_after(made: Made) -> None:
    """State, target, parameters and figures that differ are told of both runs; what one has not is None."""
    made("a", state="SUCCEEDED", target="T", read=1, parameters={"A": 1, "B": 2})
    made(
        "b",
        state="FAILED",
        ename="E",
        evalue="boo",
        target="T",
        read=2,
        rejected=1,
        parameters={"A": 1, "B": 3, "C": 4},
    )

    found = runner.compare("a", "b")

    assert found.facts == {"state": ("SUCCEEDED", "FAILED"), "reason": (None, "E: boo")}
    assert found.parameters == {"B": (2, 3), "C": (None, 4)}
    assert found.figures == {"read": (1, 2), "rejected": (None, 1)}
    assert json.loads(json.dumps(found.to_dict()))["parameters"]["B"] == {"before": 2, "after": 3}
    assert str(found) == "a and b differ in 2 facts, 2 parameters, 2 figures"


def test_changed_cells_are_a_unified_diff(made: Made) -> None:
    """Of the notebooks only the cells that changed are shown, each with its number and as a unified diff."""
    made("a", sources=("import x", "one = 1\ntwo = 2", "same"), state="SUCCEEDED")
    made("b", sources=("import x", "one = 1\ntwo = 3", "same", "more"), state="SUCCEEDED")

    assert runner.compare("a", "b").cells.splitlines() == [
        "--- cell 2 (code)",
        "+++ cell 2 (code)",
        "@@ -1,2 +1,2 @@",
        " one = 1",
        "-two = 2",
        "+two = 3",
        "--- no cell",
        "+++ cell 4 (code)",
        "@@ -0,0 +1 @@",
        "+more",
    ]


def test_a_run_that_kept_no_notebook_can_still_be_compared(made: Made) -> None:
    """Where a notebook was not kept, or is damaged, the rest is compared, and that it is not known is told."""
    made("a", state="SUCCEEDED")
    for run_id, text in (("b", None), ("c", "{"), ("d", '{"cells": 3}')):
        source = made(run_id, state="SUCCEEDED") / "source.ipynb"
        source.unlink() if text is None else source.write_text(text, "utf-8")
        found = runner.compare("a", run_id)
        assert (found.cells, found.sources_known) == ("", False)


def test_a_difference_shows_itself_escaped(made: Made) -> None:
    """P25: the cells of a notebook are text in HTML."""
    made("a", sources=("<script>",), state="SUCCEEDED")
    made("b", sources=("1",), state="SUCCEEDED")
    shown = runner.compare("a", "b")._repr_html_()
    assert "&lt;script&gt;" in shown
    assert "<script>" not in shown


def test_a_difference_shows_no_personal_data(made: Made) -> None:
    """P8: a parameter of a hidden name is hidden wherever a difference is shown."""
    personal.hide("email")
    for run_id, email in (("a", "ann@x.example"), ("b", "bob@x.example")):
        made(run_id, state="SUCCEEDED", parameters={"EMAIL": email, "N": run_id})
    found = runner.compare("a", "b")
    for shown in (found._repr_html_(), "\n".join(pastruns.difference(found)), "\n".join(pastruns.page(found.after))):
        assert "EMAIL" in shown
        assert "x.example" not in shown
        assert MASK in shown
