import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from executed import code

from fcwork.errors import NotebookError
from fcwork.runner.folder import RunFolder
from fcwork.runner.sharing.ended import read


def test_a_run_is_found_by_what_names_it(leave: Callable[..., Path], home: Path) -> None:
    """A run is named by its id, the beginning of it, ``latest`` or its folder; the id goes before a longer one."""
    first = leave(code(), run_id="a1", name="one")
    second = leave(code(), run_id="a12", name="two")
    os.utime(first / "result.json", (1, 1))

    names = [read(given, None).facts.name for given in ("a1", "a12", "latest", second, str(first))]

    assert names == ["one", "two", "two", "two", "one"]
    assert read(Path(".fcwork") / "runs" / "a1", None).facts.run_id == "a1"
    assert home.exists()


def test_a_run_that_is_not_there_is_told(leave: Callable[..., Path], home: Path) -> None:
    """P32: no such run, several of them, no such folder, and a run that has not ended are each told with what to do."""
    del home
    with pytest.raises(NotebookError, match="there is no run latest"):
        read("latest", None)
    leave(code(), run_id="b1")
    leave(code(), run_id="b2")
    RunFolder("open")
    with pytest.raises(NotebookError, match=r"2 runs begin with b\n→ give more of the id: b1, b2"):
        read("b", None)
    with pytest.raises(NotebookError, match="there is no run zzz"):
        read("zzz", None)
    with pytest.raises(NotebookError, match=r"there is no folder \./zzz"):
        read("./zzz", None)
    with pytest.raises(NotebookError, match=r"run open has no result\.json\n→ it goes on, or was cut off"):
        read("open", None)


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
