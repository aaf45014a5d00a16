"""Controls that look and work alike: each with a label above it, a word on each button, in the colours of the theme."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from importlib import resources
from typing import Any

import ipywidgets as ui

from fcwork import cards
from fcwork.widgets.words import short

Option = str | tuple[str, Any]
LONGEST_OPTION = 60  # characters
_MOMENT_SECONDS = 0.1
_COPY = (  # no text of anybody's stands in it
    "const code = this.previousElementSibling; getSelection().selectAllChildren(code); "
    "const told = word => { this.textContent = word; setTimeout(() => this.textContent = 'Copy', 1500); }; "
    "navigator.clipboard ? navigator.clipboard.writeText(code.textContent).then(() => told('Copied'), "
    "() => told('Selected')) : told('Selected')"
)
_OWN_KEYS = (  # in a list or on a button JupyterLab takes a letter for a command, such as x, which cuts the cell
    "const panel = this.closest('.fcw-panel'), "
    "own = (at, yes) => at.matches(':read-write') || at.toggleAttribute('data-lm-suppress-shortcuts', yes); "
    "panel.addEventListener('focusin', event => own(event.target, true)); "
    "for (const name of ['keydown', 'keyup']) panel.addEventListener(name, event => "  # Ctrl+S saves as ever
    "['Control', 'Meta'].includes(event.key) && own(event.target, name === 'keyup'))"
)
_LATE = {"continuous_update": False}
_WIDTH = {"description_width": "auto"}
_shared: dict[tuple[Any, ...], Any] = {}


def text(label: str, *, value: str = "", placeholder: str = "", explain: str = "", wide: bool = False) -> Any:
    """Return a field for a line; its value changes when Enter is pressed or it is left."""
    classes = ("fcw-field", "fcw-wide") if wide else ("fcw-field",)
    return _made(ui.Text, *classes, value=value, placeholder=placeholder, **_LATE, **_labelled(label, explain))


def area(label: str, *, value: str = "", placeholder: str = "", explain: str = "", lines: int = 5) -> Any:
    """Return a field for several lines."""
    given = {"value": value, "placeholder": placeholder, "rows": lines}
    return _made(ui.Textarea, "fcw-field", "fcw-wide", **given, **_LATE, **_labelled(label, explain))


def number(label: str, *, value: int = 0, least: int = 0, most: int = 1_000_000_000, explain: str = "") -> Any:
    """Return a field for a whole number."""
    given = {"value": value, "min": least, "max": most}
    return _made(ui.BoundedIntText, "fcw-field", **given, **_LATE, **_labelled(label, explain))


def choice(label: str, options: Iterable[Option] = (), *, value: Any = None, explain: str = "") -> Any:
    """Return a list that drops down; ``offer`` changes its options."""
    offered, chosen = _offered(options, value)
    return _made(ui.Dropdown, "fcw-field", options=offered, value=chosen, **_labelled(label, explain))


def combo(label: str, options: Iterable[str] = (), *, value: str = "", placeholder: str = "", explain: str = "") -> Any:
    """Return a field for a line which offers names, and takes others too."""
    given = {"options": tuple(options), "value": value, "placeholder": placeholder, "ensure_option": False}
    return _made(ui.Combobox, "fcw-field", **given, **_LATE, **_labelled(label, explain))


def tick(label: str, *, value: bool = False, explain: str = "") -> Any:
    """Return a box to tick."""
    return _made(ui.Checkbox, "fcw-tick", value=value, indent=False, **_labelled(label, explain))


def button(label: str, press: Callable[[], object], *, primary: bool = False, explain: str = "") -> Any:
    """Return a button; what it does must not take long, so it mostly begins an action."""
    looks = {"tooltip": explain or label, "button_style": "primary" if primary else ""}
    made = _made(ui.Button, "fcw-button", description=label, **looks)
    made.on_click(lambda _: _soon(press))
    return made


def html(value: str = "", *classes: str) -> Any:
    """Return a place for HTML; what comes from data is escaped by whoever gives it."""
    return _made(ui.HTML, "fcw-html", *classes, value=value)


def aside() -> Any:
    """Return a place for HTML beside other controls."""
    return html("", "fcw-aside")


def code(value: str, label: str) -> str:
    """Return code as HTML with a button that copies it; where a browser does not allow that, it selects it."""
    lines = cards.text(value, keep="\t\n")
    return (
        f'<div class="fcw-code"><pre tabindex="0" role="region" aria-label="{cards.text(label)}">{lines}</pre>'
        f'<button type="button" class="fcw-copy" onclick="{_COPY}">Copy</button></div>'
    )


def row(*parts: Any, name: str = "") -> Any:
    """Return controls side by side, which wrap where it is narrow."""
    return _made(ui.HBox, "fcw-row", *([name] if name else []), children=parts)


def group() -> Any:
    """Return a place for controls that change, which belong together."""
    return _made(ui.HBox, "fcw-row", "fcw-group")


def column(*parts: Any, name: str = "fcw-column") -> Any:
    """Return controls one below the other."""
    return _made(ui.VBox, name, children=parts)


def show(part: Any, *, yes: bool) -> None:
    """Show a part of a panel, or hide it."""
    part.layout = _looks(ui.Layout, **({} if yes else {"display": "none"}))


def offer(field: Any, options: Iterable[Option], value: Any) -> None:
    """Change the options of a list; a value that is not among them is added, so that nothing changes unasked."""
    offered, chosen = _offered(options, value)
    if list(field.options) != offered:
        field.options = offered
    field.value = chosen


def on_enter(field: Any, press: Callable[[], object]) -> None:
    """Do something when Enter is pressed in a line, with what stands in it then."""
    field.on_msg(lambda _, content, __: _soon(press) if content.get("event") == "submit" else None)


def on_change(field: Any, changed: Callable[[Any], object]) -> None:
    """Do something with the value of a control when it changes."""
    field.observe(lambda change: changed(change["new"]), names="value")


def style() -> Any:
    """Return the looks of all panels; with them goes that the keys in a panel are its own."""
    css = resources.files(__package__).joinpath("panels.css").read_text(encoding="utf-8")
    return _made(ui.HTML, "fcw-style", value=f'<style onload="{_OWN_KEYS}">{css}</style>')


def _offered(options: Iterable[Option], value: Any) -> tuple[list[tuple[str, Any]], Any]:
    """Return what a list offers, and which of it is chosen."""
    offered = _options(options)
    if value not in [one for _, one in offered]:
        offered = [(short(value, LONGEST_OPTION), value), *offered] if value not in {None, ""} else offered
    known = [one for _, one in offered]
    return offered, value if value in known else (known[0] if known else None)


def _soon(press: Callable[[], object]) -> None:
    """Do something in a moment: a page may tell of Enter or a click before it tells what was typed before that."""
    try:
        asyncio.get_running_loop().call_later(_MOMENT_SECONDS, press)
    except RuntimeError:  # no kernel
        press()


def _options(options: Iterable[Option]) -> list[tuple[str, Any]]:
    pairs = [one if isinstance(one, tuple) else (one, one) for one in options]
    return [(short(label, LONGEST_OPTION), value) for label, value in pairs]


def _labelled(label: str, explain: str) -> dict[str, Any]:
    return {"description": label, "tooltip": explain or label}


def _made(kind: Any, *classes: str, **traits: Any) -> Any:
    """Return a control of a kind.

    Its looks are those of all of its kind: a page waits for each model that it is told of, and a control with its own
    layout and style is three.
    """
    own = kind.class_traits().get("style")
    styled = {"style": _looks(own.klass, **_WIDTH if own.klass.class_traits().keys() & _WIDTH else {})} if own else {}
    return kind(_dom_classes=classes, layout=_looks(ui.Layout), **styled, **traits)


def _looks(kind: Any, **traits: Any) -> Any:
    """Return a layout or style that is shared by whoever looks like this; a closed one is of no use any more."""
    key = (kind, *traits.items())
    if key not in _shared or _shared[key].comm is None:
        _shared[key] = kind(**traits)
    return _shared[key]
