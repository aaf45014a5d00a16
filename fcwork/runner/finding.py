"""Which run is meant: its id or a part of it, the latest, or the path of its folder."""

from __future__ import annotations

import os
from pathlib import Path

from fcwork.errors import NotebookError
from fcwork.names import nearest
from fcwork.runner.folder import BEGINNING, EVENTS, RESULT, runs
from fcwork.runner.history import history

LATEST = "latest"
_SHOWN = 3  # ids
_HINT = "`fcwork runs` lists them"


def folder_of(which: str | Path) -> Path:
    """Return the folder of a run.

    Args:
        which: its id, as much of the beginning or as many of the last digits as no other has; ``latest``, which is the
            one that began last; or the path of its folder, with a slash in it where it is a text.

    Raises:
        NotebookError: there is no such run, or there are several.
    """
    if isinstance(which, Path) or os.path.dirname(which):  # noqa: PTH120 - a Path forgets the ./ that makes the difference
        return _at(Path(which).expanduser().absolute())
    return runs() / (_latest() if which == LATEST else _id(which))


def _at(folder: Path) -> Path:
    if not folder.is_dir():
        raise NotebookError(f"there is no folder {folder}", hint=f"runs lie in {runs()}; {_HINT}")
    if not any((folder / name).is_file() for name in (RESULT, BEGINNING, EVENTS)):
        raise NotebookError(f"{folder} is not the folder of a run", hint=f"runs lie in {runs()}; {_HINT}")
    return folder


def _latest() -> str:
    found = history(limit=1)["run_id"].to_list()
    if not found:
        raise NotebookError(f"there are no runs in {runs()}", hint="`fcwork run NAME` makes one")
    return str(found[0])


def _id(which: str) -> str:
    known = sorted(folder.name for folder in runs().glob("*/") if not folder.name.startswith("."))
    if which in known:
        return which
    found = [name for name in known if which and (name.startswith(which) or name.rpartition("-")[2] == which)]
    if len(found) == 1:
        return found[0]
    if found:
        rest = f" and {len(found) - _SHOWN:,} more" if len(found) > _SHOWN else ""
        raise NotebookError(
            f"{which!r} may be any of {', '.join(found[:_SHOWN])}{rest}", hint="give more of the id, or all of it"
        )
    near = nearest(which, known)
    advice = f"did you mean {near}? " if near else ""
    raise NotebookError(f"there is no run {which!r} in {runs()}", hint=f"{advice}{_HINT}")
