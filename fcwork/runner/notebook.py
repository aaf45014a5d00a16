"""Notebooks to run: found by name or path, read once, known by their hash."""

from __future__ import annotations

import difflib
import hashlib
import json
import os
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fcwork import settings
from fcwork.errors import NotebookError

SUFFIX, FORMAT = ".ipynb", 4
_LANGUAGE = ("language_info", "kernelspec")  # of the metadata, where the language is said


@dataclass(frozen=True)
class Notebook:
    """A notebook as it stood when it was read.

    Attributes:
        name: the file's name without its ending.
        path: where it was read, absolute.
        text: the file, as it was.
        kept_by: the run that kept it, where it is that of an earlier run.
    """

    name: str
    path: Path
    text: str
    kept_by: str = ""

    @property
    def sha256(self) -> str:
        """The hash of the file's bytes."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def called(self) -> str:
        """What a command calls it: by its name where that leads here, else by its path, as a shell takes it."""
        places = (folder / f"{self.name}{SUFFIX}" for folder in folders())
        known = next(filter(Path.is_file, places), None)
        return self.name if known is not None and known.absolute() == self.path else shlex.quote(str(self.path))

    @property
    def cells(self) -> list[dict[str, Any]]:
        """The cells, each a dict of ``cell_type``, ``source`` and ``metadata``."""
        cells: list[dict[str, Any]] = json.loads(self.text)["cells"]
        return cells

    @property
    def safe_to_repeat(self) -> bool:
        """Whether the notebook says of itself that to run it twice is the same as to run it once."""
        ours = json.loads(self.text).get("metadata", {}).get("fcwork")
        return isinstance(ours, dict) and ours.get("safe_to_repeat") is True


def shipped() -> Path:
    """Return the folder of the notebooks that come with fcwork: inside the package, else beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "notebooks"
    return inside if inside.is_dir() else package.parent / "notebooks"


def folders() -> list[Path]:
    """Return where a name is looked up, first come first served: the workspace's notebooks, then the shipped ones."""
    own = settings.workspace()
    return [own / "notebooks", shipped()] if own else [shipped()]


def names() -> list[str]:
    """Return the names that can be run without a path, sorted."""
    return sorted({file.stem for folder in folders() for file in folder.glob(f"*{SUFFIX}")})


def find(name: str | Path) -> Notebook:
    """Return the notebook of a name or path; a file that exists under the path goes first.

    Raises:
        NotebookError: nothing is there, or what is there is no Python notebook.
    """
    given = Path(name).expanduser()
    if given.is_file():
        return read(given)
    if not _is_path(name):
        stem = given.stem if given.suffix == SUFFIX else given.name
        for folder in folders():
            if (folder / f"{stem}{SUFFIX}").is_file():
                return read(folder / f"{stem}{SUFFIX}")
    elif given.name and given.with_name(given.name + SUFFIX).is_file():
        return read(given.with_name(given.name + SUFFIX))
    raise _missing(str(name), given)


def read(path: Path) -> Notebook:
    """Return the notebook in a file.

    Raises:
        NotebookError: the file cannot be read or holds no Python notebook.
    """
    try:
        text = path.read_bytes().decode()
    except OSError as error:
        raise NotebookError(
            f"cannot read {path}: {error.strerror}", notebook=str(path), hint="check its rights"
        ) from None
    except UnicodeDecodeError:
        text = ""
    fault = fault_of(text)
    if fault:
        raise NotebookError(
            f"{path} {fault}", notebook=str(path), hint="open it in JupyterLab and save it, or name another file"
        )
    return Notebook(path.stem, path.absolute(), text)


def fault_of(text: str) -> str:
    """Say why ``text`` is no notebook that can be run; nothing if it is one."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return "is no notebook: it holds no JSON"
    if not isinstance(content, dict) or not isinstance(content.get("cells"), list) or content.get("nbformat") != FORMAT:
        return "is no notebook of format 4: it has no cells, or is of another format"
    if not all(map(_is_cell, content["cells"])):
        return "is a damaged notebook: a cell lacks its type, source or metadata, or they are not what they are to be"
    metadata = content.get("metadata", {})
    told = [metadata, *(metadata.get(name, {}) for name in _LANGUAGE)] if isinstance(metadata, dict) else []
    if not (told and all(isinstance(facts, dict) for facts in told)):
        return "is a damaged notebook: its metadata are not what they are to be"
    _, info, spec = told
    language = info.get("name") or spec.get("language", "python")
    return "" if language == "python" else f"is written in {language}; only Python notebooks are run"


def _is_cell(cell: Any) -> bool:
    if not isinstance(cell, dict) or not isinstance(cell.get("cell_type"), str):
        return False
    source, metadata = cell.get("source"), cell.get("metadata")
    return _is_text(source) and isinstance(metadata, dict) and _is_texts(metadata.get("tags", []))


def _is_text(source: Any) -> bool:
    return isinstance(source, str) or _is_texts(source)


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _is_path(name: str | Path) -> bool:
    return os.path.dirname(str(name)) != ""  # noqa: PTH120 - a Path forgets the ./ that makes the difference


def _missing(name: str, path: Path) -> NotebookError:
    if path.is_dir():
        return NotebookError(f"{name} is a folder", notebook=name, hint="name the notebook in it: FOLDER/NAME.ipynb")
    if _is_path(name):
        return NotebookError(f"there is no file {name}", notebook=name, hint=f"paths are taken from {Path.cwd()}")
    known = names()
    nearest = difflib.get_close_matches(path.stem, known, len(known), cutoff=0.0)
    likely = difflib.get_close_matches(path.stem, known, 1)
    advice = f"did you mean {likely[0]}? " if likely else ""
    listed = ", ".join(nearest) or "none"
    return NotebookError(
        f"there is no notebook named {name}", notebook=name, hint=f"{advice}known: {listed}; a path works too"
    )
