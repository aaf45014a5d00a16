import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from fcwork import passing, recovery, runner
from fcwork.clock import ManualClock
from fcwork.errors import NotebookError, ServerError
from fcwork.store import workers

Made = Callable[..., Path]
AT = datetime(2026, 1, 15, 12, tzinfo=UTC)
NOW = ManualClock(AT + timedelta(days=100))
pytestmark = pytest.mark.usefixtures("temporary")


def touched(path: Path, *, day: int) -> Path:
    """Let everything in a folder be written some days after the first."""
    at = (AT + timedelta(days=day)).timestamp()
    for file in (*path.rglob("*"), path):
        os.utime(file, (at, at))
    return path


@pytest.fixture
def three(made: Made) -> list[Path]:
    """Leave three runs, of day 0, 10 and 20."""
    return [touched(made(f"r{day}", day=day, state="SUCCEEDED"), day=day) for day in (0, 10, 20)]


def left(checkpoint: str) -> None:
    """Leave a send whose rows did not get through."""

    def down(records: list[dict[str, Any]]) -> None:
        raise ServerError(f"503 for {len(records)}")

    recovery.send(pl.DataFrame({"ref": ["a"]}), down, checkpoint=checkpoint, max_retries=0, clock=ManualClock())


def cleaned(**given: Any) -> list[str]:
    """Return the ids of what goes at day 100."""
    return sorted(runner.clean(**{"keep": 0, "clock": NOW, **given})["id"])


def test_runs_go_by_their_age(three: list[Path]) -> None:
    """A run goes that nobody wrote into for so long, with its folder; what it was and had is returned."""
    gone = runner.clean(older_than_days=85, keep=0, clock=NOW)

    assert gone.select("kind", "id", "state", "touched_at").rows() == [
        ("run", "r10", "SUCCEEDED", AT + timedelta(days=10)),
        ("run", "r0", "SUCCEEDED", AT),
    ]
    assert gone["bytes"].min() > 300  # type: ignore[operator]  # a number
    assert [path.exists() for path in three] == [False, False, True]
    assert runner.history()["run_id"].to_list() == ["r20"]
    assert sorted(file.name for file in runner.runs().iterdir()) == ["index.json", "r20"]


def test_so_many_of_the_latest_stay(three: list[Path]) -> None:
    """The latest runs stay, however old they are."""
    assert cleaned(older_than_days=0, keep=2) == ["r0"]
    assert [path.exists() for path in three] == [False, True, True]


def test_a_dry_run_removes_nothing(three: list[Path]) -> None:
    """With dry_run= what would go is returned, and stays."""
    assert cleaned(dry_run=True) == ["r0", "r10", "r20"]
    assert all(path.exists() for path in three)


def test_a_run_that_is_under_way_stays(made: Made) -> None:
    """A run whose process is there stays at any age, one of who knows where for a week, a lost one goes."""
    touched(made("mine"), day=0)
    for run_id, process, day in (
        ("elsewhere", "other:1-1:x:y", 99),
        ("long-ago", "other:1-1:x:y", 90),
        ("lost", None, 99),
    ):
        folder = made(run_id)
        told = json.loads((folder / "run.json").read_text("utf-8"))
        host, _, space, rest = told["runner"].rsplit(":", 3)
        told["runner"] = process or f"{host}:4194305-1:{space}:{rest}"
        (folder / "run.json").write_text(json.dumps(told), "utf-8")
        touched(folder, day=day)

    assert cleaned(older_than_days=0) == ["long-ago", "lost"]


def test_a_run_that_a_checkpoint_belongs_to_stays(made: Made) -> None:
    """A run stays as long as rows of its are left to send, also where it was killed before it could say so."""
    left("stock")
    for run_id, recorded in (
        ("a", {"checkpoints": ["stock"]}),
        ("b", {"checkpoint": "stock"}),
        ("c", {"checkpoint": "x"}),
    ):
        touched(made(run_id, state="COMPLETED_WITH_ERRORS", result=recorded), day=1)
    touched(made("killed"), day=0)
    killed = runner.runs() / "killed" / "run.json"
    killed.write_text(killed.read_text("utf-8").replace(f":{os.getpid()}-", ":4194305-"), "utf-8")
    touched(runner.runs() / "killed", day=0)
    made_at = recovery.checkpoints()["created_at"][0]

    assert made_at == AT
    assert cleaned() == ["c"]
    recovery.drop("stock")
    assert cleaned() == ["a", "b", "killed"]


def test_what_people_ran_and_what_was_half_written_goes_too(home: Path, made: Made) -> None:
    """Folders of interactive notebooks, drafts of killed processes and folders that were half removed go as well."""
    folder = made("r", state="SUCCEEDED")
    touched(folder, day=100)
    (own := home / ".fcwork" / "interactive" / "mine").mkdir(parents=True)
    drafts = [runner.runs() / ".index.json.x", folder / ".notebook.ipynb.y"]
    for draft in drafts:
        draft.write_text("half", "utf-8")
    (half := runner.runs() / ".gone-old").mkdir()
    (half / "notebook.html").write_text("x", "utf-8")
    for path in (own, half, *drafts):
        touched(path, day=10)
    (fresh := folder / ".result.json.z").write_text("under way", "utf-8")
    os.utime(fresh, (NOW.now().timestamp(), NOW.now().timestamp()))

    assert cleaned() == [".index.json.x", ".notebook.ipynb.y", "mine", "old"]
    assert sorted(file.name for file in runner.runs().iterdir()) == ["index.json", "r"]
    assert fresh.exists()
    assert not own.exists()


def test_what_killed_processes_had_in_the_temporary_folder_goes_at_any_age(home: Path, temporary: Path) -> None:
    """A folder whose process is gone goes; one of a living process, or of another machine's, stays."""
    del home
    owners = {"dead": f"{workers.someone().partition(':')[0]}:1-2:{workers._space()}:x", "elsewhere": "other:1-2:s:x"}
    for name, owner in {**owners, "unknown": "", "alive": workers.someone()}.items():
        (folder := temporary / f"fcw-{name}").mkdir()
        (folder / "kernel.json").write_text("{}", "utf-8")
        if owner:
            (folder / passing.OWNER).write_text(owner, "utf-8")
    gone = runner.clean(dry_run=True)
    assert gone.select("kind", "id").rows() == [("passing", "fcw-dead")]

    assert runner.clean()["id"].to_list() == ["fcw-dead"]
    assert sorted(path.name for path in temporary.iterdir()) == ["fcw-alive", "fcw-elsewhere", "fcw-unknown"]
    for path in temporary.iterdir():
        touched(path, day=90)
    assert cleaned() == ["fcw-unknown"]


def test_what_a_link_leads_to_stays(home: Path, made: Made) -> None:
    """A link among the runs is removed as a link: what it leads to is not ours."""
    folder = made("r", state="SUCCEEDED")
    folder.rename(home / "elsewhere")
    folder.symlink_to(home / "elsewhere")
    at = AT.timestamp()
    os.utime(folder, (at, at), follow_symlinks=False)

    assert cleaned() == ["r"]
    assert not folder.is_symlink()
    assert (home / "elsewhere" / "result.json").is_file()


def test_what_cannot_be_removed_stays_and_is_not_told_as_gone(
    three: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that cannot be removed is not among what went; the others go."""
    rename = Path.rename

    def some(path: Path, target: Path) -> Path:
        if path.name == "r10":
            raise PermissionError(13, "no right")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", some)
    assert cleaned() == ["r0", "r20"]
    assert [path.exists() for path in three] == [False, True, False]


@pytest.mark.parametrize(
    "wrong",
    [{"older_than_days": -1}, {"older_than_days": "30"}, {"older_than_days": True}, {"keep": -1}, {"keep": 1.0}],
)
def test_a_wrong_age_or_number_is_refused(three: list[Path], wrong: dict[str, Any]) -> None:
    """Nothing goes by an age or a number that is none."""
    with pytest.raises(NotebookError, match=r"older_than_days is|is no number of runs"):
        runner.clean(**wrong)
    assert all(path.exists() for path in three)


def test_without_runs_nothing_goes(home: Path) -> None:
    """Where there is nothing, nothing goes, and no folder is made."""
    assert runner.clean().is_empty()
    assert not (home / ".fcwork").exists()
