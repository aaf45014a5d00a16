"""``fcwork share``: runs as pages that anybody can open."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from executed import code, html, leave_run, printed

from fcwork.redact import register

Fcwork = Callable[..., Any]


def test_runs_become_pages_and_an_index(fcwork: Fcwork) -> None:
    """Each run becomes a page, and what is written is told."""
    leave_run("# One", run_id="a1")
    leave_run("# Two", run_id="b1")

    said = fcwork("share", "a", "latest", "--to", "out", "--no-code")

    assert said.code == 0
    assert said.out.splitlines() == [f"Page   {Path('out/a1.html')}", "Page   out/b1.html", "Index  out/index.html"]


def test_a_page_is_headed_and_masked_as_asked(fcwork: Fcwork) -> None:
    """The title and the masked columns of the call are those of the page."""
    leave_run(code("x", html("<table><tr><th>Email</th></tr><tr><td>jane</td></tr></table>")), run_id="a1")
    assert fcwork("share", "a1", "--to", "out", "--title", "Mine", "--mask", "email").code == 0
    page = Path("out/a1.html").read_text("utf-8")
    assert "<h1>Mine</h1>" in page
    assert "jane" not in page


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nope", "--to", "out"), "there is no run 'nope'"),
        (("a1", "a1", "--to", "out", "--title", "T"), "--title goes with one RUN"),
        (("a1",), "Missing option '--to'"),
        (("a1", "--to", "out"), "a secret stands in run a1"),
    ],
)
def test_a_mistake_is_told(fcwork: Fcwork, arguments: tuple[str, ...], said: str) -> None:
    """P32: a mistake in the call, and a secret in the run, end with code 2 and words; nothing is written."""
    leave_run(code("x", printed("s3cr3t-token")), run_id="a1")
    register("s3cr3t-token")
    answer = fcwork("share", *arguments)
    assert answer.code == 2
    assert said in answer.err
    assert "Traceback" not in answer.err
    assert not Path("out").exists()
