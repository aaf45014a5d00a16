"""Controls that look and work alike: each with a label above it, a word on each button, in the colours of the theme."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import resources
from typing import Any

import ipywidgets as ui

from fcwork.redact import mask
from fcwork.reports import page
from fcwork.widgets.words import short

Option = str | tuple[str, Any]
LONGEST_OPTION = 60  # characters
_COPY = (  # no text of anybody's stands in it
    "const code = this.previousElementSibling; getSelection().selectAllChildren(code); "
    "const told = word => { this.textContent = word; setTimeout(() => this.textContent = 'Copy', 1500); }; "
    "navigator.clipboard ? navigator.clipboard.writeText(code.textContent).then(() => told('Copied'), "
    "() => told('Selected')) : told('Selected')"
)


def text(label: str, *, value: str = "", placeholder: str = "", explain: str = "", wide: bool = False) -> Any:
    """Return a field for a line; its value changes when Enter is pressed or it is left."""
    field = ui.Text(value=value, placeholder=placeholder, continuous_update=False, **_labelled(label, explain))
    return _classed(field, "fcw-field", *(["fcw-wide"] if wide else []))


def area(label: str, *, value: str = "", placeholder: str = "", explain: str = "", lines: int = 5) -> Any:
    """Return a field for several lines."""
    field = ui.Textarea(
        value=value, placeholder=placeholder, continuous_update=False, rows=lines, **_labelled(label, explain)
    )
    return _classed(field, "fcw-field", "fcw-wide")


def number(label: str, *, value: int = 0, least: int = 0, most: int = 1_000_000_000, explain: str = "") -> Any:
    """Return a field for a whole number."""
    field = ui.BoundedIntText(value=value, min=least, max=most, continuous_update=False, **_labelled(label, explain))
    return _classed(field, "fcw-field")


def choice(label: str, options: Iterable[Option] = (), *, value: Any = None, explain: str = "") -> Any:
    """Return a list that drops down; ``offer`` changes its options."""
    field = ui.Dropdown(**_labelled(label, explain))
    offer(field, options, value)
    return _classed(field, "fcw-field")


def combo(label: str, *, placeholder: str = "", explain: str = "") -> Any:
    """Return a field for a line which offers names, and takes others too."""
    field = ui.Combobox(
        placeholder=placeholder, continuous_update=False, ensure_option=False, **_labelled(label, explain)
    )
    return _classed(field, "fcw-field")


def several(
    label: str, options: Iterable[Option] = (), *, value: Iterable[Any] = (), lines: int = 8, explain: str = ""
) -> Any:
    """Return a list of which several may be chosen."""
    field = ui.SelectMultiple(options=_options(options), value=tuple(value), rows=lines, **_labelled(label, explain))
    return _classed(field, "fcw-field")


def tick(label: str, *, value: bool = False, explain: str = "") -> Any:
    """Return a box to tick."""
    return _classed(ui.Checkbox(value=value, indent=False, **_labelled(label, explain)), "fcw-tick")


def button(label: str, press: Callable[[], object], *, primary: bool = False, explain: str = "") -> Any:
    """Return a button; what it does must not take long, so it mostly begins an action."""
    made = ui.Button(description=label, tooltip=explain or label, button_style="primary" if primary else "")
    made.on_click(lambda _: press())
    return _classed(made, "fcw-button")


def html(value: str = "") -> Any:
    """Return a place for HTML; what comes from data is escaped by whoever gives it."""
    return _classed(ui.HTML(value=value), "fcw-html")


def aside() -> Any:
    """Return a place for HTML beside other controls."""
    return _classed(html(), "fcw-aside")


def code(value: str, label: str) -> str:
    """Return code as HTML with a button that copies it; where a browser does not allow that, it selects it."""
    lines = "\n".join(map(page.text, mask(value).split("\n")))
    return (
        f'<div class="fcw-code"><pre tabindex="0" role="region" aria-label="{page.text(label)}">{lines}</pre>'
        f'<button type="button" class="fcw-copy" onclick="{_COPY}">Copy</button></div>'
    )


def row(*parts: Any) -> Any:
    """Return controls side by side, which wrap where it is narrow."""
    return _classed(ui.HBox(children=parts), "fcw-row")


def group() -> Any:
    """Return a place for controls that change, which belong together."""
    return _classed(ui.HBox(), "fcw-row", "fcw-group")


def column(*parts: Any, name: str = "fcw-column") -> Any:
    """Return controls one below the other."""
    return _classed(ui.VBox(children=parts), name)


def offer(field: Any, options: Iterable[Option], value: Any) -> None:
    """Change the options of a list; a value that is not among them is added, so that nothing changes unasked."""
    offered = _options(options)
    if value not in [one for _, one in offered]:
        offered = [(short(value, LONGEST_OPTION), value), *offered] if value not in {None, ""} else offered
    if list(field.options) != offered:
        field.options = offered
    known = [one for _, one in offered]
    field.value = value if value in known else (known[0] if known else None)


def on_enter(field: Any, press: Callable[[], object]) -> None:
    """Do something when Enter is pressed in a line; its value has come before."""
    field.on_msg(lambda _, content, __: press() if content.get("event") == "submit" else None)


def on_change(field: Any, changed: Callable[[Any], object]) -> None:
    """Do something with the value of a control when it changes."""
    field.observe(lambda change: changed(change["new"]), names="value")


def style() -> Any:
    """Return the looks of all panels."""
    css = resources.files(__package__).joinpath("panels.css").read_text(encoding="utf-8")
    return _classed(ui.HTML(value=f"<style>{css}</style>"), "fcw-style")


def _options(options: Iterable[Option]) -> list[tuple[str, Any]]:
    pairs = [one if isinstance(one, tuple) else (one, one) for one in options]
    return [(short(label, LONGEST_OPTION), value) for label, value in pairs]


def _labelled(label: str, explain: str) -> dict[str, Any]:
    return {"description": label, "tooltip": explain or label, "style": {"description_width": "auto"}}


def _classed(widget: Any, *names: str) -> Any:
    for name in names:
        widget.add_class(name)
    return widget
