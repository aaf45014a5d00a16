"""``record``: a notebook's last word, which the runner, the command line and the history read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

from fcwork import presence
from fcwork.errors import NotebookError
from fcwork.runner.display import RESULT_TYPE, figure, show
from fcwork.runner.journal import RECORDABLE
from fcwork.runner.stages import end_job


@runtime_checkable
class Recordable(Protocol):
    """A result that can say itself as JSON-like data."""

    def to_record(self) -> dict[str, Any]:
        """Return the result without its frames."""
        ...


class EndsHere(Exception):  # noqa: N818 - no error: it is meant
    """The end of a notebook that a person runs: IPython would speak of an exception, and of how to quit."""

    def _render_traceback_(self) -> list[str]:
        return ["The notebook ends here: the cells below are left out on purpose."]


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
    show({RESULT_TYPE: {**content, "early_exit": early_exit}, "text/html": _seen(content, state), "text/plain": told})
    if early_exit and presence.kernel() is not None and presence.may_ask():
        raise EndsHere
    if early_exit:
        raise SystemExit(0)


def _seen(content: Mapping[str, Any], state: str) -> str:
    """Return what a person sees: a result's own line, as its card stands above; of a plain dict all that is short."""
    from fcwork import cards

    told = content.get("summary")
    plain = {name: figure(value) for name, value in content.items() if isinstance(value, str | int | float)}
    facts = {} if told else {name: value for name, value in plain.items() if name != "state"}
    return cards.Card(line=str(told or "Recorded"), state=state, tone=cards.tone_of(state), facts=facts).html()
