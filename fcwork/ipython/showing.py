"""Frames as IPython shows them: what stands in their cells neither acts nor takes all the room.

A terminal obeys the escapes that a cell of data holds; and polars writes texts inside lists whole, however long.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

from fcwork.unseen import spelt_out

_JOINERS = "\u200c\u200d"  # of letters and of emoji: on a page they belong there
_LINE = 400  # characters of a line of text
_CELL = 200  # characters of a cell of HTML, as in fcwork's own tables
_LONG_CELL = re.compile(rf"<td>((?:&[^;<]{{1,8}};|[^<&]){{{_CELL}}})(?:&[^;<]{{1,8}};|[^<&])+</td>")
_POLARS = ("polars.dataframe.frame", "DataFrame")
# By name, so that pandas and pyarrow need not be imported.
_OF_PANDAS = (("pandas.core.frame", "DataFrame"), ("pandas", "DataFrame"))
_KINDS = (_POLARS, *_OF_PANDAS, ("pyarrow.lib", "Table"))


def install(display_formatter: Any) -> list[Callable[[], object]]:
    """Have IPython show frames harmlessly and tidily.

    Returns:
        What puts back how each kind was shown before.
    """
    plain, html = (display_formatter.formatters[f"text/{kind}"] for kind in ("plain", "html"))
    in_html = (_installed(html, kind, _html) for kind in (_POLARS, *_OF_PANDAS))
    return [*in_html, *(_installed(plain, kind, _write) for kind in _KINDS)]


def _installed(formatter: Any, kind: tuple[str, str], show: Callable[..., Any]) -> Callable[[], object]:
    return partial(_put_back, formatter, kind, formatter.for_type_by_name(*kind, show))


def _put_back(formatter: Any, kind: tuple[str, str], before: Any) -> None:
    """Leave a kind as it was; one that was met meanwhile has moved to the formatter's list of types."""
    formatter.deferred_printers.pop(kind, None)
    for met in [met for met in formatter.type_printers if (met.__module__, met.__name__) == kind]:
        formatter.type_printers.pop(met)
    if before is not None:
        formatter.for_type_by_name(*kind, before)


def _write(frame: Any, printer: Any, cycle: bool) -> None:  # noqa: FBT001 - as IPython calls it
    del cycle
    for at, line in enumerate(spelt_out(repr(frame), keep="\n").split("\n")):
        if at:
            printer.break_()
        printer.text(line if len(line) <= _LINE else f"{line[: _LINE - 1]}…")


def _html(frame: Any) -> str | None:
    whole = frame._repr_html_()  # nothing where its library is set to show none
    return whole and _LONG_CELL.sub(r"<td>\1…</td>", spelt_out(whole, keep=_JOINERS + "\n"))
