import json
from collections.abc import Callable
from pathlib import Path

import pytest
from executed import code

from fcwork.errors import NotebookError
from fcwork.runner.folder import RunFolder
from fcwork.runner.sharing.ended import read


def test_a_run_is_read_by_what_names_it(leave: Callable[..., Path]) -> None:
    """A run is named as everywhere: by its id, a part of it, ``latest`` or its folder."""
    leave(code(), run_id="a1", name="one")
    second = leave(code(), run_id="a12", name="two")

    assert [read(given, None).facts.name for given in ("a1", "latest", second, str(second))] == ["one", *["two"] * 3]


def test_a_run_that_has_not_ended_is_told(home: Path) -> None:
    """P32: of a run that has not ended, and of one that is not there, it is said what to do."""
    del home
    RunFolder("open")
    with pytest.raises(NotebookError, match=r"run open has no result\.json\n→ it goes on, or was cut off"):
        read("open", None)
    with pytest.raises(NotebookError, match="there is no run 'zzz'"):
        read("zzz", None)


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"started_at": null}', '{"started_at": "x"}'])
def test_a_damaged_result_is_told(leave: Callable[..., Path], content: str) -> None:
    """A result that is cut off or no result is an error in words."""
    (leave(code()) / "result.json").write_text(content, "utf-8")
    with pytest.raises(NotebookError, match="damaged"):
        read("latest", None)


def test_a_damaged_notebook_is_told(leave: Callable[..., Path]) -> None:
    """A notebook that is cut off is an error in words."""
    file = leave(code()) / "notebook.ipynb"
    file.write_text(file.read_text("utf-8")[:40], "utf-8")
    with pytest.raises(NotebookError, match="damaged"):
        read("latest", None)


def test_the_title_is_the_caller_s_or_the_heading_or_the_name(leave: Callable[..., Path]) -> None:
    """A page is headed by what the caller says, else by the notebook's first heading, else by its name."""
    leave("text\n\n# Stock of the day\n\n# More", run_id="a")
    leave(code(), run_id="b")
    assert read("a", "Mine").facts.title == "Mine"
    assert read("a", None).facts.title == "Stock of the day"
    assert read("b", None).facts.title == "load"


def test_the_reason_is_the_error_or_the_summary(leave: Callable[..., Path]) -> None:
    """A failed run says its error, another what its notebook recorded."""
    leave(code(), run_id="a", state="FAILED", ename="ValueError", evalue="boo", failed_cell=2)
    leave(code(), run_id="b")
    assert read("a", None).facts.reason == "ValueError: boo"
    assert read("b", None).facts.reason == "3 rows read"
    leave(code(), run_id="c", result={"summary": "3 rows read [SUCCEEDED]"})  # the state is told beside it
    assert read("c", None).facts.reason == "3 rows read"
    assert json.dumps(dict(read("b", None).parameters)) == '{"SOURCE": "stock.csv"}'
