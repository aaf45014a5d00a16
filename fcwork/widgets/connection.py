"""``ConnectionPanel``: which platform, as whom, and does it answer."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar
from weakref import WeakMethod

import polars as pl

from fcwork import presence, session, settings
from fcwork.errors import BadKeyError, FcworkError
from fcwork.widgets.panel import Panel
from fcwork.widgets.picture import Picture
from fcwork.widgets.words import counted

if TYPE_CHECKING:
    from fcwork.client import FluentClient
    from fcwork.widgets.connection_view import ConnectionView
    from fcwork.widgets.work import Turn

ENVIRONMENT = ""  # the choice of no profile: what the environment says
WEBHOOK_KEYS = "webhook keys"
_connecting = threading.RLock()
_NOT_SET = "set FLUENT_WEBHOOK_PUBLIC_KEY to the environment's public key or its file, if you receive webhooks"


class ConnectionPanel(Panel):
    """Chooses a profile and a retailer, and tests each kind of access; ``value`` is the client.

    Args:
        profile: of the Fluent CLI, or ``simulator``; empty for what the environment says.
        retailer: the name of a retailer of the profile.
        name: tells panels apart.
    """

    title: ClassVar[str] = "Connection"

    def __init__(self, profile: str | None = None, *, retailer: str | None = None, name: str = "") -> None:
        chosen = {"profile": profile or ENVIRONMENT, "retailer": retailer or ""}
        is_new = not hasattr(self, "work")
        if not is_new and self._defaults != chosen:
            self._defaults = {}  # a retailer is one of its profile's: where the cell names another, both are the cell's
        super().__init__(name=name, choices=chosen, facts={"steps": None, "client": None})
        if is_new:
            self._asking: set[WeakMethod[Callable[[], None]]] = set()
            self.watch(self._follow)
        self.put(profiles=tuple(settings.profiles()))  # there may be more than when the cell ran before

    @property
    def value(self) -> FluentClient:
        """The client of what is chosen; nothing is sent for it.

        Raises:
            ConfigError: what is chosen cannot be connected to.
        """
        with _connecting:  # who asks at the same moment gets the same client
            if self.made is None:
                chosen = self.choices
                self.put(client=(chosen, _connected(chosen)))
            return self["client"][1]  # type: ignore[no-any-return]  # it stands behind what was chosen for it

    @property
    def made(self) -> FluentClient | None:
        """The client of what is chosen, where somebody has asked for it already."""
        made = self["client"]
        return made[1] if made and made[0] == self.choices else None

    @property
    def steps(self) -> pl.DataFrame:
        """What the last test of what is chosen found: step, ok (null: not set), seconds, answer, hint."""
        tested = self["steps"]
        rows = tested[1] if tested and tested[0] == self.choices else []
        return pl.DataFrame(rows, schema=session.PROBE_SCHEMA)

    def profiles(self) -> list[tuple[str, str]]:
        """Return what may be chosen: how it is called, and the profile."""
        named = [(name, name) for name in self["profiles"]]
        return [("as the environment says", ENVIRONMENT), *named, ("simulator (embedded)", settings.SIMULATOR)]

    def retailers(self) -> list[tuple[str, str]]:
        """Return the retailers of the profile that is chosen."""
        known = [] if self["profile"] in {ENVIRONMENT, settings.SIMULATOR} else settings.retailers(self["profile"])
        return [("none", ""), *((name, name) for name in known)]

    def choose(self, name: str, value: Any) -> None:
        """Take what was chosen; another profile has other retailers."""
        self.put(**{name: value, **({"retailer": ""} if name == "profile" else {})})

    def on_choice(self, moved: Callable[[], None]) -> None:
        """Call a method of another panel whenever something is chosen here, as long as that panel is there."""
        self._asking = {one for one in self._asking if one() is not None} | {WeakMethod(moved)}

    def test(self) -> None:
        """Ask for a token, and try each kind of access, one by one; nothing is changed."""
        self.begin("Test", self._test, leave=True)

    def picture(self) -> Picture:
        """Return which platform was chosen, and what the last test found."""
        steps = self.steps
        summary = _verdict(steps) if steps.height else "not tested"
        named = {name: label for label, name in self.profiles()}
        facts = [("profile", named.get(self["profile"], self["profile"])), ("retailer", self["retailer"] or "none")]
        tables = [("test", _told(steps))] if steps.height else []
        return Picture(title=self.title, summary=summary, facts=facts, tables=tables)

    def new_view(self) -> ConnectionView:
        """Return its controls."""
        from fcwork.widgets.connection_view import ConnectionView

        return ConnectionView(self)

    def _follow(self, changed: frozenset[str]) -> None:
        if changed & self._defaults.keys():
            for one in tuple(self._asking):
                if moved := one():
                    moved()

    def _test(self, turn: Turn) -> str:
        chosen, steps = self.choices, list[dict[str, Any]]()
        client = self.value
        for step in session.probing(client):
            steps.append(step)
            turn.put(steps=(chosen, tuple(steps)))
            turn.tell(step["step"])
        steps.append(_webhook_keys(client))
        turn.put(steps=(chosen, tuple(steps)))
        silent = [step for step in steps if step["ok"] is False]
        if silent:
            raise FcworkError(_verdict(self.steps), hint=silent[0]["hint"])
        return _verdict(self.steps)


def asks(given: FluentClient | ConnectionPanel | None, client: FluentClient | None) -> bool:
    """Say whether a panel that was given this client, or the panel that has it, asks that client's platform now."""
    return _alike(given.made if isinstance(given, ConnectionPanel) else given, client)


def _alike(one: FluentClient | None, other: FluentClient | None) -> bool:
    """Say whether two clients are as one, as where the cell that makes it was run again."""
    return one is other or (one is not None and other is not None and one.asks_as(other))


def _connected(chosen: Mapping[str, Any]) -> FluentClient:
    """Return a client; where nothing at all is set, a person gets the simulator, and sees it on the panel."""
    profile = chosen["profile"] or None
    unnamed = profile is None and not os.environ.get("FLUENT_PROFILE")
    if unnamed and presence.interactive() and settings.find() is None:
        profile = settings.SIMULATOR
    return session.connect(profile, retailer=chosen["retailer"] or None)


def _webhook_keys(client: FluentClient) -> dict[str, Any]:
    """Return the step that looks at the keys which webhooks are verified with; nobody is asked for it."""
    found: dict[str, Any] = {"step": WEBHOOK_KEYS, "seconds": 0.0, "hint": ""}
    if client.webhook_keys is None:
        return {**found, "ok": None, "answer": "none is set", "hint": _NOT_SET}
    try:
        keys = client.webhook_keys.usable()
    except BadKeyError as error:
        return {**found, "ok": False, "answer": error.message, "hint": error.hint}
    sizes = ", ".join(f"RSA {key.bits:,} bits, sha256 {key.fingerprint[:12]}…" for key in keys[:3])
    return {**found, "ok": True, "answer": f"{counted(len(keys), 'key')}: {sizes}"}


def _verdict(steps: pl.DataFrame) -> str:
    asked = steps.filter(pl.col("ok").is_not_null())
    return f"{asked['ok'].sum()} of {asked.height} answered"


def _told(steps: pl.DataFrame) -> pl.DataFrame:
    """Return the steps as people read them."""
    words = {True: "✓ answered", False: "✗ failed", None: "· not set"}
    rows: Sequence[dict[str, Any]] = steps.to_dicts()
    told = [
        {"step": row["step"], "state": words[row["ok"]], "seconds": f"{row['seconds']:.2f}", "answer": row["answer"]}
        for row in rows
    ]
    return pl.DataFrame(told)
