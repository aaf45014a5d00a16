"""The steps of a diagnosis, as they are asked: the first that is refused ends the story, and nothing is raised."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import polars as pl

from fcwork.errors import BadKeyError, FcworkError, MalformedSignatureError, MissingSignatureError, WebhookError
from fcwork.webhooks.event import printable
from fcwork.webhooks.verdict import STEPS

FAILED = "FAILED"  # the reason of what is no refusal: a store that cannot be asked, a caller's own object that raises
UNPROVEN = frozenset({"MISSING_SIGNATURE", "INVALID_SIGNATURE", "MALFORMED_SIGNATURE"})
_Answer = TypeVar("_Answer")
_BY_TYPE: dict[type[WebhookError], str] = {
    BadKeyError: "keys",
    MissingSignatureError: "header",
    MalformedSignatureError: "header",
}


class Story:
    """What was asked and answered so far.

    Args:
        steps: all there are, in order.
    """

    def __init__(self, steps: Sequence[str]) -> None:
        self._steps = steps
        self._rows: dict[str, tuple[bool | None, str, str]] = {}
        self.reason = self.message = self.hint = ""

    @property
    def goes_on(self) -> bool:
        """Whether nothing was refused yet."""
        return not self.reason

    def ask(self, step: str, question: Callable[[], _Answer]) -> _Answer | None:
        """Return the answer, or None where the story has ended, now or before."""
        if not self.goes_on:
            return None
        try:
            return question()
        except FcworkError as error:
            reason = error.reason if isinstance(error, WebhookError) else FAILED
            self._ended(_BY_TYPE.get(type(error), step) if step == "signature" else step, reason, error)  # type: ignore[arg-type]
        except Exception as error:  # noqa: BLE001 - headers, keys and stores are the caller's own objects
            self._ended(step, FAILED, FcworkError(f"{type(error).__name__}: {error}"))
        return None

    def quietly(self, question: Callable[[], _Answer]) -> _Answer | None:
        """Return the answer to what only helps to tell, or None; the story goes on as it was."""
        try:
            return question()
        except Exception:  # noqa: BLE001 - headers and keys are the caller's own objects
            return None

    def add(self, step: str, found: str) -> None:
        """Say more of a step that was told."""
        if step in self._rows:
            ok, before, hint = self._rows[step]
            self._rows[step] = (ok, f"{before}; {_one_line(found)}", hint)

    def tell(self, step: str, found: str, hint: str = "", *, ok: bool | None = True) -> None:
        """Note what was found in a step that was not refused."""
        if step not in self._rows:
            self._rows[step] = (ok, _one_line(found), _one_line(hint))

    def advise(self, hint: str) -> None:
        """Say what to do next, which is more to the point than what was said before."""
        self.hint = _one_line(hint)
        for step, (ok, found, _) in self._rows.items():
            if ok is False:
                self._rows[step] = (ok, found, self.hint)

    def frame(self) -> pl.DataFrame:
        """Return the steps; those after the end were not reached."""
        rows = [(step, *self._rows.get(step, (None, "not reached", ""))) for step in self._steps]
        return pl.DataFrame(rows, schema=STEPS, orient="row")

    def _ended(self, step: str, reason: str, error: FcworkError) -> None:
        self.reason, self.message, self.hint = reason or FAILED, _one_line(error.message), _one_line(error.hint)
        self._rows[step] = (False, self.message, self.hint)


def _one_line(text: str) -> str:
    return printable(" ".join(text.split()))
