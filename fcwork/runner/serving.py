"""A notebook as an app: the copy that is served, with its parameters, beside what the workspace keeps."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from fcwork import settings
from fcwork.errors import NotebookError
from fcwork.runner import document, notebook
from fcwork.runner.parameters import as_code, resolve


def write_app(name: str, values: Mapping[str, Any], texts: Iterable[tuple[str, str]] = (), *, key: str) -> Path:
    """Write a notebook with its parameters where a server finds it, and return the path.

    Args:
        name: of the workspace's or the shipped notebooks, or a path.
        values, texts: of the parameters, as in ``runner.run``.
        key: tells the copies of one notebook apart; one of the same key is written over.

    Raises:
        NotebookError: there is no such notebook, a parameter is not as it should be, or the copy cannot be written.
    """
    found = notebook.find(name)
    node = document.parse(found.text)
    given = resolve(found, values, texts)
    here = f'__import__("os").chdir({os.fspath(Path.cwd())!r})  # from where paths are taken'
    document.inject(
        node, ["# Parameters of this app", here, *(f"{one} = {as_code(value)}" for one, value in given.items())]
    )
    path = settings.home() / "served" / f"{found.name}-{key}.ipynb"
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_text(document.dump(node), "utf-8")
    except OSError as error:
        raise NotebookError(
            f"cannot write {path}: {error.strerror}", hint="set FCWORK_HOME to a folder that can be written"
        ) from None
    return path
