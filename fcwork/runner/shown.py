"""Frames as a notebook shows them: what polars, pandas and pyarrow display is without personal data and known secrets.

A display takes values out of their columns and cuts them short, and in the text that leaves the kernel they can no more
be told apart. So the libraries are given a frame without these values when they are asked to show one, and only then.
"""

from __future__ import annotations

import builtins
import functools
import html
import importlib
import sys
from collections.abc import Callable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from fcwork import personal
from fcwork.redact import knows_secrets

_METHODS: dict[str, dict[str, tuple[str, tuple[str, ...]]]] = {
    "polars": {
        "DataFrame": ("display.frame", ("__str__", "__repr__", "_repr_html_", "glimpse")),
        "Series": ("display.series", ("__str__", "__repr__", "_repr_html_")),
    },
    "pandas": {
        "DataFrame": ("pandas_frames.frame", ("__repr__", "_repr_html_", "to_string", "to_markdown", "to_html")),
        "Index": ("pandas_frames.index", ("__repr__",)),
        "Series": ("pandas_frames.series", ("__repr__", "to_string", "to_markdown")),
    },
    "pandas.io.formats.style": {"Styler": ("pandas_frames.styler", ("_repr_html_", "to_html"))},
}
_TABLES = (("pyarrow.lib", "Table"), ("pyarrow.lib", "RecordBatch"))  # of a kind that cannot be given other methods
_RECORDS = (dict, list, tuple)
_LONGEST = 1_001  # items of a list, of which a display shows a thousand
_state = {"installed": False, "secret": False}


def install() -> None:
    """Have frames and records displayed and printed in this kernel without what is hidden."""
    if _state["installed"]:
        return
    _state["installed"] = True
    for library in _METHODS:
        if library in sys.modules:
            _teach(sys.modules[library])
    sys.meta_path.insert(0, _Afterwards())
    builtins.print = _printing(builtins.print)
    _teach_display()


def held_secret() -> bool:
    """Say whether a frame that was shown since this was last asked held a known secret."""
    told, _state["secret"] = _state["secret"], False
    return told


class _Afterwards(MetaPathFinder):
    """Teaches a library right after it was imported for the first time."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return where the others find the library, with what is to be done afterwards."""
        if fullname not in _METHODS:
            return None
        others = (finder.find_spec(fullname, path, target) for finder in sys.meta_path if finder is not self)
        spec = next(filter(None, others), None)
        if spec is None or spec.loader is None:
            return spec
        run = spec.loader.exec_module

        def then_teach(module: ModuleType) -> None:
            run(module)
            _teach(module)

        spec.loader.exec_module = then_teach  # type: ignore[method-assign]  # of this one loader
        return spec


def _teach(library: ModuleType) -> None:
    for kind, (how, methods) in _METHODS[library.__name__].items():
        owner = getattr(library, kind)
        for name in methods:
            setattr(owner, name, _showing(getattr(owner, name), how))


def _showing(method: Callable[..., Any], how: str) -> Callable[..., Any]:
    @functools.wraps(method)
    def showing(self: Any, *args: Any, **options: Any) -> Any:
        shown = _safe(self, how)
        return html.escape(shown) if isinstance(shown, str) else method(shown, *args, **options)

    return showing


def _safe(frame: Any, how: str) -> Any:
    """Return what is shown of a frame, which is the frame itself where nothing is hidden; or a text where it fails."""
    if not (personal.hidden_names() or knows_secrets()):
        return frame
    module, _, function = how.partition(".")
    try:
        shown, secret = getattr(importlib.import_module(f"fcwork.personal.{module}"), function)(frame)
    except Exception as error:  # noqa: BLE001 - a display has no other way to fail, and must not show it all
        kind = type(error).__name__
        return f"a {type(frame).__name__} that is not shown, as what is hidden in it cannot be told apart ({kind})"
    _state["secret"] = _state["secret"] or secret
    return shown


def _printing(printed: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(printed)
    def printing(*values: Any, **options: Any) -> None:
        printed(*map(_printable, values), **options)

    return printing


def _printable(value: Any) -> Any:
    kind = type(value)
    if kind in _RECORDS:
        return personal.hidden(value)
    return _safe(value, "display.table") if (kind.__module__, kind.__name__) in _TABLES else value


def _teach_display() -> None:
    """Have records and tables displayed without what is hidden."""
    from IPython import get_ipython

    formatter = get_ipython().display_formatter.formatters["text/plain"]
    for kind in _RECORDS:
        formatter.for_type(kind, _pretty(formatter.lookup_by_type(kind)))
    for module, name in _TABLES:
        formatter.for_type_by_name(module, name, lambda table, printer, _: printer.text(str(_printable(table))))


def _pretty(usual: Callable[..., None]) -> Callable[..., None]:
    def pretty(value: Any, printer: Any, cycle: bool) -> None:  # noqa: FBT001 - as IPython calls it
        shown = value if isinstance(value, dict) else value[:_LONGEST]
        usual(personal.hidden(shown), printer, cycle)

    return pretty
