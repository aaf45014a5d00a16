"""``Panel``: what it holds by name, what it does, and how it shows itself."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

from fcwork import log
from fcwork.errors import ConfigError
from fcwork.widgets.picture import Picture
from fcwork.widgets.presence import is_live
from fcwork.widgets.work import Action, Work

if TYPE_CHECKING:
    from fcwork.widgets.view import View

WORK = "work"  # the name under which a change of the work is told
LOOK = "Look"  # an action that only reads and mostly began by itself: it gives way to what a person asks for
Watcher = Callable[[frozenset[str]], None]
_panels: dict[tuple[type, str], Panel] = {}


class Panel:
    """One panel of a kernel: a class and a name are always the same object, however often its cell is run.

    A subclass calls ``super().__init__`` with its choices and then puts what it was given to look at; it has ``value``,
    ``picture`` and ``new_view``. Its ``__init__`` runs each time its cell does, on the same object: a choice keeps what
    it was changed to until its default changes, and facts are put anew by whoever has them.

    Args:
        name: tells panels of a class apart.
        choices: what a person can choose, with the defaults.
        facts: what actions find, with what stands there before any did.
    """

    title: ClassVar[str] = "Panel"

    def __new__(cls, *_: Any, name: str = "", **__: Any) -> Self:
        """Return the panel of that name, made where there is none."""
        found = _panels.get((cls, name))
        return super().__new__(cls) if found is None else found  # type: ignore[return-value]  # the key holds the class

    def __init__(self, *, name: str, choices: Mapping[str, Any], facts: Mapping[str, Any] | None = None) -> None:
        if not hasattr(self, "work"):
            self._lock = threading.RLock()
            self._held: dict[str, Any] = dict(facts or {})
            self._defaults: dict[str, Any] = {}
            self._watchers: list[Watcher] = []
            self._view: View[Any] | None = None
            self.name, self.work = name, Work(self.put, lambda: self._tell({WORK}))
            _panels[type(self), name] = self
        changed = {key: value for key, value in choices.items() if self._defaults.get(key, _NEVER) != value}
        self._defaults = dict(choices)
        self.put(**changed)

    @property
    def value(self) -> Any:
        """What code goes on with."""
        return None

    @property
    def choices(self) -> dict[str, Any]:
        """What is chosen, by name."""
        return {name: self[name] for name in self._defaults}

    def __getitem__(self, name: str) -> Any:
        with self._lock:
            return self._held[name]

    def held(self) -> frozenset[str]:
        """Return the names of all that it holds."""
        return frozenset(self._held)

    def choose(self, name: str, value: Any) -> None:
        """Take what a person chose; a subclass may refuse it by an error, or let other choices follow."""
        self.put(**{name: value})

    def put(self, **values: Any) -> None:
        """Change what it holds, and tell whoever watches. From any thread."""
        with self._lock:
            self._held.update(values)
        if values:
            self._tell(values)

    def watch(self, watcher: Watcher) -> None:
        """Call ``watcher`` after each change with the names that changed, from the thread that changed them."""
        self._watchers.append(watcher)

    def begin(self, what: str, action: Action, *, leave: bool = False) -> None:
        """Begin what a person asked for; a look that is under way is left for it.

        Args:
            what, action, leave: as ``Work.start`` takes them.

        Raises:
            ConfigError: something else is under way.
        """
        standing = self.work.standing
        if standing.at_work and standing.what == LOOK:
            self.work.stop()
        if not self.work.start(what, action, leave=leave):
            raise ConfigError(f"{self.work.standing.what} is under way", hint="press Stop, or wait for its end")

    def stop(self) -> None:
        """Ask what is under way to stop."""
        self.work.stop()

    def picture(self) -> Picture:
        """Return what is to be seen where no button can be pressed."""
        return Picture(title=self.title, summary=f"panel {self.name!r}", facts=list(self.choices.items()))

    def new_view(self) -> View[Any]:
        """Return its controls; ipywidgets is imported here and not before."""
        from fcwork.widgets.view import View

        return View(self)

    @property
    def view(self) -> View[Any]:
        """Its controls, made when they are first asked for, and anew where somebody closed them."""
        if self._view is not None and self._view.is_closed:
            self._watchers.remove(self._view.follow)
            self._view = None
        if self._view is None:
            self._view = self.new_view()
        return self._view

    def __str__(self) -> str:
        return self.picture().text()

    def __repr__(self) -> str:
        return self.picture().text()

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        picture = self.picture()
        shown = {"text/plain": picture.text(), "text/html": picture.html()}
        return {**self.view.bundle(), **shown} if is_live() else shown

    def _tell(self, names: Iterable[str]) -> None:
        changed = frozenset(names)
        for watcher in tuple(self._watchers):
            try:
                watcher(changed)
            except Exception as error:
                by_a_person = threading.current_thread() is threading.main_thread()
                if by_a_person and not self.work.standing.at_work:
                    raise
                # What cannot be drawn must not end a send that is under way.
                trouble = f"{type(error).__name__}: {error}"
                log.get("widgets").warning("panel.not_shown", panel=self.title, trouble=trouble)


class _Never:
    """Is equal to no default."""


_NEVER = _Never()


def forget(name: str | None = None) -> None:
    """Forget the panels of a name, or all: their cells begin with the defaults again. What is under way is stopped."""
    for key in [key for key in _panels if name is None or key[1] == name]:
        _panels.pop(key).stop()
