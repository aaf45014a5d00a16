import json
import os
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fcwork import runner
from fcwork.errors import NotebookError
from fcwork.runner.folder import RunFolder
from fcwork.runner.history import INDEX

Made = Callable[..., Path]
AT = datetime.fromisoformat("2026-01-15T12:00:00Z")


def states() -> dict[str, str]:
    """Return the state of each run."""
    known = runner.history()
    return dict(zip(known["run_id"], known["state"], strict=True))


def test_history_tells_each_run_the_latest_first(made: Made) -> None:
    """The history is what the run folders say, the latest first; figures and times have their types."""
    for day, run_id in enumerate(("a", "b")):
        made(run_id, day=day, state="SUCCEEDED", target="T", read=day, ended_at=f"2026-01-1{day + 5}T12:00:01.25+00:00")

    known = runner.history()

    assert known["run_id"].to_list() == ["b", "a"]
    latest = known.row(0, named=True)
    assert (latest["name"], latest["target"], latest["read"], latest["delivered"]) == ("load", "T", 1, None)
    assert (latest["started_at"], latest["duration_seconds"]) == (AT + timedelta(days=1), 1.5)
    assert latest["ended_at"] == AT + timedelta(days=1, seconds=1.25)
    assert latest["folder"] == str(runner.runs() / "b")


def test_history_of_nothing_is_an_empty_frame(home: Path) -> None:
    """Without runs the history has its columns and no rows, and makes no folder."""
    assert runner.history().height == 0
    assert "run_id" in runner.history("x", state="FAILED", since=AT, limit=1).columns
    assert not (home / ".fcwork").exists()


def test_a_run_without_a_result_is_told_by_its_process(made: Made) -> None:
    """A run without a result is RUNNING, LOST where its process is gone, and UNFINISHED where nobody here can tell."""
    made("mine")
    for run_id, process in (("gone", "-1:"), ("elsewhere", "")):
        file = made(run_id) / "run.json"
        told = json.loads(file.read_text("utf-8"))
        host, _, space, rest = told["runner"].rsplit(":", 3)
        told["runner"] = f"{host}:4194305{process}{space}:{rest}" if process else f"other:1-1:{space}:{rest}"
        file.write_text(json.dumps(told), "utf-8")
    RunFolder("bare")
    half = made("half")
    (half / "result.json").write_text('{"state": "SUCC', "utf-8")

    expected = {"mine": "RUNNING", "gone": "LOST", "elsewhere": "UNFINISHED", "bare": "UNFINISHED", "half": "RUNNING"}
    assert states() == expected
    assert states() == expected
    assert runner.history(state="LOST")["name"].to_list() == ["load"]


def test_history_can_be_narrowed(made: Made) -> None:
    """Name, state, beginning and number choose among the runs."""
    for day, state in enumerate(("SUCCEEDED", "FAILED", "REFUSED")):
        made(f"r{day}", day=day, state=state, name=f"load-{day}")

    def found(*name: str, **chosen: Any) -> list[str]:
        return list(runner.history(*name, **chosen)["run_id"])

    assert found("load-1") == ["r1"]
    assert found("load-*") == ["r2", "r1", "r0"]
    assert found("[") == []
    assert found(state="FAILED") == ["r1"]
    assert found(state=["FAILED", "SUCCEEDED"]) == ["r1", "r0"]
    assert found(since=AT + timedelta(days=1)) == ["r2", "r1"]
    assert found(limit=1) == ["r2"]
    assert found(limit=0) == []


@pytest.mark.parametrize(
    ("chosen", "told"),
    [
        ({"state": "FALED"}, "did you mean 'FAILED'"),
        ({"since": datetime(2026, 1, 15)}, "no instant"),  # noqa: DTZ001 - that is what is refused
        ({"since": "2d"}, "no instant"),
        ({"limit": -1}, "no number of runs"),
        ({"limit": True}, "no number of runs"),
    ],
)
def test_a_wrong_choice_is_refused(home: Path, chosen: dict[str, Any], told: str) -> None:
    """A choice that cannot be meant is refused, with the nearest that can."""
    del home
    with pytest.raises(NotebookError, match=told):
        runner.history(**chosen)


def test_the_index_is_made_again_when_it_is_lost_or_damaged(made: Made) -> None:
    """The folders are the truth: whatever is in the index's file, or is not, the history is the same."""
    made("a", state="SUCCEEDED", read=1)
    made("b", day=1, state="FAILED")
    whole = runner.history()
    index = runner.runs() / INDEX
    kept = index.read_bytes()

    for damage in (
        b"",
        b"{",
        kept[: len(kept) // 2],
        b"[]",
        b'{"version": 1, "runs": {"a": 3, "x": {"state": "FAILED"}}}',
    ):
        index.write_bytes(damage)
        assert runner.history().equals(whole)
        assert index.read_bytes() == kept
    index.unlink()
    assert runner.history().equals(whole)


def test_the_index_never_tells_of_what_changed_or_went(made: Made) -> None:
    """A run that was removed is not in the history, and a result that changed is told as it is now."""
    folder = made("a", state="SUCCEEDED")
    made("b", state="FAILED")
    assert states() == {"a": "SUCCEEDED", "b": "FAILED"}

    RunFolder("c").write_json("result.json", {"state": "REFUSED"})
    shutil.rmtree(runner.runs() / "b")
    (folder / "result.json").write_text('{"state": "CANCELLED"}', "utf-8")

    assert states() == {"a": "CANCELLED", "c": "REFUSED"}


def test_ended_runs_are_read_once(made: Made) -> None:
    """An ended run is read from the index: its file is not opened again."""
    file = made("a", state="SUCCEEDED", read=7) / "result.json"
    runner.history()
    size, times = file.stat().st_size, (file.stat().st_atime_ns, file.stat().st_mtime_ns)
    with file.open("r+b") as stream:  # the same file, as long and as old as before
        stream.write(b"?" * size)
    os.utime(file, ns=times)

    assert runner.history()["read"].to_list() == [7]


def test_an_index_that_cannot_be_written_is_done_without(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    """The history needs no right to write, and no room: the index only saves time."""
    made("a", state="SUCCEEDED")

    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError

    with monkeypatch.context() as patch:
        patch.setattr("tempfile.mkstemp", refuse)
        assert states() == {"a": "SUCCEEDED"}
        patch.undo()
        patch.setattr(Path, "replace", refuse)
        assert states() == {"a": "SUCCEEDED"}
    assert [file.name for file in runner.runs().iterdir()] == ["a"]


def test_strange_results_do_no_harm(home: Path) -> None:
    """A result of wrong types, huge numbers or half a character is a run with what can be told."""
    del home
    strange = (
        '{"state": "FAILED", "name": 3, "read": "x", "written": 99999999999999999999999, "ready": true, "target": '
    )
    for run_id, rest in (("a", '"\\ud800", "started_at": "2026-01-15"}'), ("b", '[1], "started_at": 5}')):
        (RunFolder(run_id).path / "result.json").write_text(strange + rest, "utf-8")
    deep = RunFolder("c").path / "result.json"
    deep.write_text("[" * 100_000, "utf-8")

    for _ in range(2):
        known = runner.history().sort("run_id")
        assert known["state"].to_list() == ["FAILED", "FAILED", "UNFINISHED"]
        assert known["target"].to_list() == ["?", None, None]
        for column in ("name", "read", "written", "ready", "started_at"):
            assert known[column].null_count() == 3
