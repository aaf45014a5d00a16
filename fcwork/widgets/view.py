"""``View``: the controls of a panel, which show what it holds and change it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

from fcwork.widgets import controls
from fcwork.widgets.panel import WORK, Panel
from fcwork.widgets.words import safe
from fcwork.widgets.work import Standing

LONGEST_LINE = 400  # characters of what is told
_MARKS = {"running": "…", "stopping": "…", "done": "✓", "stopped": "■", "failed": "✗"}
_WORDS = {"running": "Running", "stopping": "Stopping", "done": "Done", "stopped": "Stopped", "failed": "Failed"}
PanelT = TypeVar("PanelT", bound=Panel)


class View(Generic[PanelT]):
    """The controls of one panel: its title, how it stands, and Stop.

    A subclass adds ``parts`` and, for what is not bound, ``refresh``.

    What this class keeps for itself begins with ``_own``.

    Args:
        panel: what they show. It may change from any thread.
    """

    def __init__(self, panel: PanelT) -> None:
        self.panel = panel
        self._own_lock = threading.RLock()
        self._own_showing = threading.local()
        self._own_fields: dict[str, list[Any]] = {}
        self._own_status = controls.html()
        self._own_stop = controls.button("Stop", panel.stop, explain="Stop what is under way")
        heading = controls.html(f'<h3 class="fcw-title">{safe(panel.title)}</h3>')
        foot = controls.row(self._own_status, self._own_stop, name="fcw-foot")
        self.root = controls.column(controls.style(), heading, *self.parts(), foot, name="fcw-panel")
        panel.watch(self.follow)
        self.follow(frozenset({WORK, *panel.held()}))

    def parts(self) -> Sequence[Any]:
        """Return the controls between the title and the line that tells how it stands."""
        return ()

    def refresh(self, changed: frozenset[str]) -> None:
        """Show what changed, apart from what is bound; at first that is everything."""

    def bind(self, field: Any, name: str) -> Any:
        """Tie a control to what the panel holds under a name, both ways; return the control."""
        self._own_fields.setdefault(name, []).append(field)
        controls.on_change(field, lambda value: self._chosen(name, value))
        return field

    def button(self, label: str, press: Callable[[], object], *, primary: bool = False, explain: str = "") -> Any:
        """Return a button; what goes wrong at once is told in a line of the panel."""
        return controls.button(label, lambda: self.panel.work.attempt(press), primary=primary, explain=explain)

    def on_enter(self, field: Any, press: Callable[[], object]) -> None:
        """Do what a button does when Enter is pressed in a line."""
        controls.on_enter(field, lambda: self.panel.work.attempt(press))

    @property
    def is_closed(self) -> bool:
        """Whether no front end can show it any more, as after ``Widget.close_all()``."""
        return self.root.comm is None

    def bundle(self) -> dict[str, Any]:
        """Return what shows it in a front end with widgets."""
        shown = self.root._repr_mimebundle_()
        return dict(shown[0] if isinstance(shown, tuple) else shown)

    def follow(self, changed: frozenset[str]) -> None:
        """Show what changed, from any thread."""
        with self._own_lock, self._showing():
            for name in changed & self._own_fields.keys():
                for field in self._own_fields[name]:
                    _show(field, self.panel[name])
            if WORK in changed:
                self._show_standing(self.panel.work.standing)
            self.refresh(changed)

    def _chosen(self, name: str, value: Any) -> None:
        """Take what a person chose; what changes while the view shows something is nobody's choice."""
        if not getattr(self._own_showing, "now", False) and self.panel[name] != value:
            self.panel.work.attempt(lambda: self.panel.choose(name, value))

    @contextmanager
    def _showing(self) -> Iterator[None]:
        before = getattr(self._own_showing, "now", False)
        self._own_showing.now = True
        try:
            yield
        finally:
            self._own_showing.now = before

    def _show_standing(self, standing: Standing) -> None:
        self._own_status.value = status(standing)
        controls.show(self._own_stop, yes=standing.at_work)


def status(standing: Standing) -> str:
    """Return how the work stands, as HTML: a sign, a word, what was told, what to do, and what was not done."""
    if standing.phase == "idle":
        return '<div class="fcw-status" role="status"></div>'
    time = "" if standing.at_work or standing.seconds < 0.05 else f" · {standing.seconds:,.1f} s"  # noqa: PLR2004 - shows as 0.0
    told = ": ".join(safe(part, LONGEST_LINE) for part in (standing.what, standing.told) if part)
    hint = _hint(standing.hint)
    why, instead = standing.refused
    refused = (
        f'<div class="fcw-failed"><b>✗ Not done</b> {safe(why, LONGEST_LINE)}{_hint(instead)}</div>' if why else ""
    )
    bar = "" if standing.share is None else f'<progress max="1" value="{standing.share:.3f}"></progress>'
    word = f"{_MARKS[standing.phase]} {_WORDS[standing.phase]}"
    inner = f"<b>{word}</b> {told}{time}{bar}{hint}{refused}"
    return f'<div class="fcw-status fcw-{standing.phase}" role="status">{inner}</div>'


def _hint(told: str) -> str:
    return f'<div class="fcw-hint">→ {safe(told, LONGEST_LINE)}</div>' if told else ""


def _show(field: Any, value: Any) -> None:
    if field.value == value:
        return
    if hasattr(field, "index") and not hasattr(field, "rows"):  # a list that drops down
        controls.offer(field, [one if isinstance(one, tuple) else (str(one), one) for one in field.options], value)
    else:
        field.value = value
