import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from fcwork import runner
from fcwork.errors import NotebookError
from fcwork.runner import Notebook

Make = Callable[..., Notebook]


def test_the_shipped_notebooks_are_known_by_name() -> None:
    """The notebooks that come with fcwork are found without a path."""
    assert {"00_start_here", "ingestion"} <= set(runner.names())
    assert runner.find("ingestion").path == runner.shipped() / "ingestion.ipynb"


def test_a_path_goes_before_a_name(make: Make, home: Path) -> None:
    """A file that exists where the path says is what runs, also when a shipped notebook has its name."""
    make("x = 1", name="ingestion")

    assert runner.find("ingestion.ipynb").path == home / "ingestion.ipynb"
    assert runner.find("./ingestion").path == home / "ingestion.ipynb"
    assert runner.find("ingestion").path == runner.shipped() / "ingestion.ipynb"


def test_the_workspace_goes_before_the_shipped(make: Make, home: Path) -> None:
    """A notebook of the workspace wins over the shipped one of its name, from any folder below."""
    own = make("x = 1", name="ingestion").path
    (home / ".fcwork").mkdir()
    (home / ".fcwork" / "workspace.json").write_text("{}", "utf-8")
    (home / "notebooks").mkdir()
    own.rename(home / "notebooks" / own.name)

    assert runner.find("ingestion").path == home / "notebooks" / "ingestion.ipynb"
    assert "00_start_here" in runner.names()


def test_what_ran_is_known_by_its_hash(make: Make) -> None:
    """The hash of a notebook is that of the file's bytes."""
    notebook = make("print('ü')")

    assert runner.find(notebook.path).sha256 == hashlib.sha256(notebook.path.read_bytes()).hexdigest()


def test_an_unknown_name_brings_the_nearest(home: Path) -> None:
    """P32: an unknown name is answered with the nearest one and all that there are."""
    del home
    with pytest.raises(NotebookError, match="no notebook named ingestoin") as caught:
        runner.find("ingestoin")
    assert caught.value.hint.startswith("did you mean ingestion? known: ingestion, ")


def test_a_missing_path_and_a_folder_are_told_apart(home: Path) -> None:
    """P32: a path without a file and a folder each have their own message."""
    with pytest.raises(NotebookError, match=r"there is no file a/b\.ipynb"):
        runner.find("a/b.ipynb")
    for folder in (home, "./", "."):
        with pytest.raises(NotebookError, match="is a folder"):
            runner.find(folder)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "holds no JSON"),
        (b"\xff\xfe\x00", "holds no JSON"),
        (b"[" * 100_000, "holds no JSON"),
        (b"[]", "has no cells"),
        (b'{"worksheets": []}', "has no cells"),
        (b'{"cells": [1], "metadata": {}, "nbformat": 4}', "damaged"),
        (b'{"cells": [{"source": "x"}], "metadata": {}, "nbformat": 4}', "damaged"),
        (
            json.dumps({"cells": [], "nbformat": 4, "metadata": {"language_info": {"name": "R"}}}).encode(),
            "written in R",
        ),
    ],
)
def test_what_is_no_python_notebook_is_refused(home: Path, content: bytes, fault: str) -> None:
    """P32: a file that is no Python notebook is refused with the reason."""
    (home / "x.ipynb").write_bytes(content)

    with pytest.raises(NotebookError, match=fault):
        runner.find("x.ipynb")


@pytest.mark.parametrize(
    "damage",
    [
        {"metadata": []},
        {"metadata": {"language_info": "python"}},
        {"metadata": {"kernelspec": None}},
        {"nbformat": 3},
        {"nbformat": "x"},
        {"cells": [{"cell_type": "code", "source": "1", "metadata": None}]},
        {"cells": [{"cell_type": "code", "source": "1", "metadata": {"tags": None}}]},
        {"cells": [{"cell_type": "code", "source": "1", "metadata": {"tags": "parameters"}}]},
        {"cells": [{"cell_type": "code", "source": 5, "metadata": {}}]},
        {"cells": [{"cell_type": None, "source": "1", "metadata": {}}]},
    ],
)
def test_a_notebook_of_the_wrong_shape_is_refused(home: Path, damage: dict[str, object]) -> None:
    """P32: whatever stands where a notebook has something else is told, and ends in no traceback of ours."""
    sound = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (home / "x.ipynb").write_text(json.dumps({**sound, **damage}), "utf-8")

    with pytest.raises(NotebookError, match=r"damaged|format 4"):
        runner.find("x.ipynb")


def test_a_notebook_is_called_so_that_a_command_finds_it(home: Path) -> None:
    """P32: advice names a notebook as it is found again: by its name, else by its path, quoted for a shell."""
    (home / "my own.ipynb").write_text('{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}', "utf-8")

    assert runner.find("ingestion").called == "ingestion"
    assert runner.find("my own.ipynb").called == f"'{home}/my own.ipynb'"
