"""``record``: a notebook's last word, which the runner, the command line and the history read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

from fcwork.errors import NotebookError
from fcwork.runner.display import RESULT_TYPE, show, table
from fcwork.runner.journal import RECORDABLE
from fcwork.runner.stages import end_job


@runtime_checkable
class Recordable(Protocol):
    """A result that can say itself as JSON-like data."""

    def to_record(self) -> dict[str, Any]:
        """Return the result without its frames."""
        ...


def record(result: Recordable | Mapping[str, Any], *, early_exit: bool = False) -> None:
    """Record what the notebook found: shown here, kept in the run's ``result.json``.

    Args:
        result: a result of ours, or a dict of small JSON-like values. Its ``state``, if any, becomes the run's:
            SUCCEEDED, COMPLETED_WITH_ERRORS, SKIPPED, REFUSED or FAILED; ``read``, ``mapped``, ``rejected``,
            ``delivered``, ``unknown``, ``ready`` and ``written`` are its figures.
        early_exit: the cells below are left out on purpose; the notebook ends here.

    Raises:
        NotebookError: the result is not JSON-like, or its state is none of these.
    """
    content = dict(result) if isinstance(result, Mapping) else result.to_record()
    state = content.get("state", "SUCCEEDED")
    if state not in RECORDABLE:
        raise NotebookError(f"a notebook cannot record the state {state!r}", hint=f"known: {', '.join(RECORDABLE)}")
    try:
        json.dumps(content, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise NotebookError(f"the result cannot be recorded: {error}", hint="record texts, numbers and lists") from None
    end_job()
    told = str(content.get("summary") or state)
    plain = {name: value for name, value in content.items() if isinstance(value, str | int | float)}
    show(
        {
            RESULT_TYPE: {**content, "early_exit": early_exit},
            "text/html": table(plain.items()),
            "text/plain": told,
        }
    )
    if early_exit:
        raise SystemExit(0)
