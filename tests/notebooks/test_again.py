import json
import shutil
from pathlib import Path

import pytest

from fcwork import redact, runner
from fcwork.cli import run_verb
from fcwork.errors import NotebookError

pytestmark = pytest.mark.kernel
SITUATIONS = Path(__file__).parents[1] / "data" / "notebooks"


@pytest.fixture
def notebook(home: Path) -> Path:
    """Give a notebook of a workspace, which may be changed."""
    return Path(shutil.copy(SITUATIONS / "records.ipynb", home / "mine.ipynb"))


def test_a_run_is_made_again_as_it_was(notebook: Path) -> None:
    """A rerun takes the notebook as it was run and its values, whatever became of the notebook; new values go first."""
    first = runner.run(notebook, {"COUNT": 3, "NOTE": "x"})
    notebook.unlink()

    again = runner.rerun(first.run_id, texts=[("COUNT", "5")])

    assert again.state == "SUCCEEDED"
    assert again.run_id != first.run_id
    assert again.parameters == {**first.parameters, "COUNT": 5, "SINCE": None}
    assert (again.figures["read"], again.name) == (5, "mine")
    assert (first.rerun_of, again.rerun_of) == ("", first.run_id)
    assert runner.history()["rerun_of"].to_list() == [first.run_id, None]
    told = [json.loads((again.folder / name).read_text("utf-8"))["rerun_of"] for name in ("run.json", "result.json")]
    assert told == [first.run_id] * 2
    found = runner.compare(first.run_id, again.run_id)
    assert found.parameters == {"COUNT": (3, 5)}
    assert found.figures == {"read": (3, 5), "mapped": (3, 5), "delivered": (2, 4)}
    assert (found.cells, set(found.facts)) == ("", set())


def test_what_was_changed_is_not_run_again(notebook: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A run is not made again where the notebook it kept is gone, was changed by hand, or was never kept."""
    first = runner.run(notebook, {"COUNT": 1})
    source = first.folder / "source.ipynb"
    kept = source.read_bytes()

    source.write_bytes(kept.replace(b"COUNT - 1", b"COUNT"))
    assert run_verb(["runs", "rerun", "latest"]) == 2
    assert "was changed since: it is not what was run\n→ `fcwork run mine`" in capsys.readouterr().err
    source.unlink()
    with pytest.raises(NotebookError, match="is not there"):
        runner.rerun(first.run_id)
    source.write_bytes(kept)
    (first.folder / "run.json").unlink()
    with pytest.raises(NotebookError, match="what was run is not known"):
        runner.rerun(first.run_id)
    assert runner.history().height == 1


def test_a_secret_is_not_kept_for_another_run(home: Path, notebook: Path) -> None:
    """P8: a notebook with a live secret in it is kept without, and cannot be made again; nor can a masked value."""
    secret = "hunter2-and-more"
    redact.register(secret)
    notebook.write_text(notebook.read_text("utf-8").replace("A load that", f"A {secret} load that"), "utf-8")
    first = runner.run(notebook, {"COUNT": 1})

    with pytest.raises(NotebookError, match="the notebook held a secret"):
        runner.rerun(first.run_id)
    (home / "mine.ipynb").write_bytes((SITUATIONS / "records.ipynb").read_bytes())
    second = runner.run(notebook, {"COUNT": 1})
    values = json.loads((second.folder / "parameters.json").read_text("utf-8"))
    (second.folder / "parameters.json").write_text(json.dumps({**values, "NOTE": redact.MASK}), "utf-8")
    with pytest.raises(NotebookError, match="NOTE held a secret"):
        runner.rerun(second.run_id)
    files = [file for file in home.rglob("*") if file.is_file()]
    assert [file for file in files if secret.encode() in file.read_bytes()] == []


def test_a_rerun_goes_where_the_run_was_made(
    notebook: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`fcwork runs rerun` takes relative paths from the folder that the run was made in, and ends as the run does."""
    monkeypatch.setenv("FCWORK_HOME", str(notebook.parent / "home"))
    cells = json.loads(notebook.read_text("utf-8"))
    cells["cells"][-1]["source"] += '\nprint("in", os.getcwd())'
    notebook.write_text(json.dumps(cells), "utf-8")
    assert run_verb(["run", "mine.ipynb", "-p", "COUNT", "2", "-p", "STATE", "REFUSED"]) == 3
    (elsewhere := notebook.parent / "elsewhere").mkdir()
    monkeypatch.chdir(elsewhere)
    capsys.readouterr()

    assert run_verb(["runs", "rerun", "latest", "-p", "COUNT", "4"]) == 3

    said = capsys.readouterr()
    assert f"in {notebook.parent}\n" in said.err
    assert "mine REFUSED" in said.out
    assert f"in {notebook.parent}\\n" in (runner.past().folder / "notebook.ipynb").read_text("utf-8")
    assert Path.cwd() == elsewhere
