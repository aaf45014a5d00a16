"""Which run is meant."""

from collections.abc import Callable
from pathlib import Path

import pytest

from fcwork import runner
from fcwork.errors import NotebookError

Made = Callable[..., Path]


def test_a_run_is_known_by_a_part_of_its_id(made: Made) -> None:
    """An id, an unambiguous beginning of it, its last digits, its folder and `latest` name a run."""
    made("20260115T120000Z-load-aaaa1111", state="SUCCEEDED")
    made("20260116T120000Z-load-bbbb2222", day=1, state="FAILED")
    made("20260116T120000Z-load-bbbb2222-2", day=-1, state="FAILED")

    for which in ("20260115T120000Z-load-aaaa1111", "20260115", "aaaa1111"):
        assert runner.past(which).run_id == "20260115T120000Z-load-aaaa1111"
    assert runner.past("20260116T120000Z-load-bbbb2222").state == "FAILED"
    assert runner.past(Path(".fcwork") / "runs" / "20260115T120000Z-load-aaaa1111").state == "SUCCEEDED"
    assert runner.past("./.fcwork/runs/20260115T120000Z-load-aaaa1111/").run_id == "20260115T120000Z-load-aaaa1111"
    assert runner.past().run_id == runner.past("latest").run_id == "20260116T120000Z-load-bbbb2222"


@pytest.mark.parametrize(
    ("which", "told"),
    [
        ("2026", "may be any of 20260115T1-load, 20260116T1-load, 20260117T1-load and 1 more"),
        ("20260116T1-laod", "did you mean 20260116T1-load"),
        ("", "there is no run ''"),
        ("./x", "there is no folder .*/x"),
        ("./.fcwork/runs", "runs is not the folder of a run"),
        (".", r"there is no run '\.'"),
    ],
)
def test_an_id_that_names_no_run_is_refused(made: Made, which: str, told: str) -> None:
    """P32: what is ambiguous, unknown or no run's folder is refused, and the nearest ids are told."""
    for day in range(5, 9):
        made(f"2026011{day}T1-load", state="SUCCEEDED")
    with pytest.raises(NotebookError, match=told):
        runner.past(which)


def test_without_runs_there_is_no_latest(home: Path) -> None:
    """`latest` of no runs is refused, with how to make one."""
    del home
    with pytest.raises(NotebookError, match="there are no runs") as caught:
        runner.past()
    assert "fcwork run NAME" in caught.value.hint
