"""A schedule made of a run: the same notebook with the same values, by the clock."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fcwork import runner
from fcwork.errors import ConfigError, FcworkError, NotebookError
from fcwork.redact import MASK
from fcwork.runner.parameters import effective, resolve
from fcwork.schedule import Book, Schedule

if TYPE_CHECKING:
    from fcwork.runner import Notebook, PastRun

NEXT = 3  # instants that are told
_TIME = "%Y-%m-%d %H:%M"


def planned(run: PastRun, *, name: str, cron: str, zone: str) -> Schedule:
    """Return the schedule, checked; it is not kept yet.

    Raises:
        ConfigError: its name or times cannot be used, or a value of the run was a secret.
        NotebookError: the notebook is gone, or takes the run's values no more.
    """
    if not name:
        raise ConfigError("the schedule has no name", hint="letters, digits, _ and -, such as nightly-stock")
    notebook, begun = _notebook(run), run.beginning
    folder = begun.get("working_folder")
    return Schedule(
        name=name,
        notebook=str(notebook.path),
        cron=cron,
        zone=zone or "UTC",
        folder=folder if isinstance(folder, str) and Path(folder).is_dir() else str(Path.cwd()),
        texts=tuple(_texts(run, notebook).items()),
    ).checked()


def keep(schedule: Schedule, *, changes_nothing: bool) -> str:
    """Keep a schedule, and say when it is due next.

    Raises:
        ConfigError: there is one of that name.
    """
    book = Book()
    book.add(schedule)
    instants = [f"{at:{_TIME}}" for at in islice(schedule.times.following(book.clock.now()), NEXT)]
    dry = ", as a DRY RUN" if changes_nothing else ""
    return f"{schedule.name} is kept{dry}; next (UTC): {', '.join(instants)}; `fcwork scheduler` runs it"


def _notebook(run: PastRun) -> Notebook:
    origin = run.facts.get("notebook")
    path = origin.get("path") if isinstance(origin, dict) else None
    if not isinstance(path, str):
        raise NotebookError(
            f"run {run.run_id} does not say which notebook it ran", hint="`fcwork schedule add` takes one"
        )
    return runner.find(path)


def _texts(run: PastRun, notebook: Notebook) -> dict[str, str]:
    """Return the values that are not the notebook's own, as typed in a shell."""
    usual = effective(notebook, {})
    values = {name: value for name, value in run.parameters.items() if name not in usual or usual[name] != value}
    masked = [name for name, value in values.items() if MASK in str(value)]
    if masked:
        raise ConfigError(f"{', '.join(masked)} held a secret, which was not kept", hint="schedule it by hand")
    texts = {name: _text(value) for name, value in values.items()}
    if resolve(notebook, {}, texts.items()) != resolve(notebook, values):
        raise FcworkError("the run's values cannot be written as text", hint="`fcwork schedule add -f` takes a file")
    return texts


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
