"""A run made again: the notebook as it was run then, with the values that it had."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from fcwork.errors import NotebookError
from fcwork.redact import MASK
from fcwork.runner.execution import run
from fcwork.runner.folder import SOURCE
from fcwork.runner.notebook import Notebook
from fcwork.runner.past import PastRun, past
from fcwork.runner.result import RunResult


def rerun(
    which: str | Path | PastRun,
    parameters: Mapping[str, Any] | None = None,
    *,
    texts: Iterable[tuple[str, str]] = (),
    **options: Any,
) -> RunResult:
    """Run again what was run before: the notebook as it stood then, and the values of its parameters.

    It is a run like others, in a folder of its own, and names the earlier one as ``rerun_of``. Relative paths are taken
    from the present working folder.

    Args:
        which: the run, or what ``past`` takes.
        parameters: values that differ this time.
        texts: the same as typed in a shell; they go first.
        **options: of ``run``, such as ``on_event``.

    Raises:
        NotebookError: there is no such run, its notebook was not kept or is not what was run, or a value was a secret.
    """
    earlier = which if isinstance(which, PastRun) else past(which)
    notebook, typed = pinned(earlier), list(texts)
    values = {**earlier.parameters, **(parameters or {})}
    left = {name: value for name, value in values.items() if name not in dict(typed)}
    _refuse_masked(earlier, left)
    return run(notebook, left, texts=typed, **options)


def pinned(earlier: PastRun) -> Notebook:
    """Return the notebook that a run was made of, as it stood then.

    Raises:
        NotebookError: it was not kept, is gone, is not what was run any more, or held a secret.
    """
    path, begun = earlier.folder / SOURCE, earlier.beginning
    kept, origin = begun.get("source"), begun.get("notebook")
    if not isinstance(kept, dict) or not isinstance(origin, dict) or not path.is_file():
        raise _refused(earlier, f"{path} is not there, so what was run is not known")
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != kept.get("sha256"):
        raise _refused(earlier, f"{path} was changed since: it is not what was run")
    if kept.get("masked"):
        raise _refused(earlier, f"the notebook held a secret, which {path} does not")
    place = Path(str(origin.get("path") or path))
    return Notebook(earlier.name, place, content.decode("utf-8"), kept_by=earlier.run_id)


def _refuse_masked(earlier: PastRun, values: Mapping[str, Any]) -> None:
    masked = [name for name, value in values.items() if MASK in str(value)]
    if masked:
        raise NotebookError(
            f"run {earlier.run_id} cannot be made again: {', '.join(masked)} held a secret, which was not kept",
            notebook=earlier.name,
            hint=f"give it anew: `fcwork runs rerun {earlier.run_id} -p {masked[0]} VALUE`",
        )


def _refused(earlier: PastRun, why: str) -> NotebookError:
    return NotebookError(
        f"run {earlier.run_id} cannot be made again: {why}",
        notebook=earlier.name,
        hint=f"`fcwork run {earlier.name or 'NAME'}` runs the notebook as it is now",
    )
