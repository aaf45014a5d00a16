"""A picture as plotly's JSON: bars, or a line over time; made without plotly, which only draws it."""

from __future__ import annotations

import html
import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import polars as pl

from fcwork.plots.labels import LABEL, harmless, shown

Figure: TypeAlias = dict[str, Any]
_INK = "#777777"  # is read on white and on black
_GRID = "rgba(128, 128, 128, .25)"
_BAR_PIXELS, _BELOW_PIXELS, _LINE_PIXELS = 30, 60, 260
_SUMMARY, _LINE = 300, 64  # characters of the summary, and of each of its lines
_CONFIG = {"displaylogo": False, "plotlyServerURL": "", "modeBarButtonsToRemove": ["lasso2d"]}


@dataclass(frozen=True)
class Series:
    """One kind of what is drawn, told by its word, its colour and its pattern.

    Attributes:
        name: its column.
        colour: as CSS has it.
        pattern: as plotly has it; empty for none.
    """

    name: str
    colour: str
    pattern: str = ""


_PILES = (
    Series("read", "#4c78a8"),
    Series("mapped", "#72b7b2", "."),
    Series("ready", "#72b7b2", "."),
    Series("delivered", "#2a9d63"),
    Series("written", "#2a9d63"),
    Series("rejected", "#d1495b", "/"),
    Series("unknown", "#e0a030", "x"),
    Series("error", "#d1495b", "/"),
    Series("warning", "#e0a030", "x"),
    Series("info", "#4c78a8"),
)
_KNOWN = {series.name: series for series in _PILES}
_OTHERS = ("#4c78a8", "#e0a030", "#72b7b2", "#b07aa1", "#9c755f", "#2a9d63", "#d1495b")
_PATTERNS = ("", "/", "x", "-", ".", "|", "+")


def series_of(names: Sequence[str]) -> list[Series]:
    """Return how columns are drawn: what is known by its name always alike."""
    others = [name for name in names if name not in _KNOWN]
    made = {name: _other(name, at) for at, name in enumerate(others)}
    return [_KNOWN[name] if name in _KNOWN else made[name] for name in names]


def bars(rows: pl.DataFrame, names: Sequence[str], *, title: str, summary: str, unit: str) -> Figure:
    """Return bars that lie, one a row, its series behind each other, each with its number.

    Args:
        rows: ``LABEL`` and the series, the first on top.
        names: the series.
        title, summary: stand above.
        unit: what is counted.
    """
    labels, places = [harmless(label) for label in rows[LABEL]], list(range(rows.height))
    traces = [_bar(rows, one, labels, places) for one in series_of(names)]
    layout = _layout(title, summary, height=_BAR_PIXELS * rows.height + _BELOW_PIXELS)
    layout |= {
        "barmode": "relative",
        "showlegend": len(names) > 1,
        "yaxis": {**_axis(), "tickvals": places, "ticktext": labels, "autorange": "reversed", "showgrid": False},
        "xaxis": {**_axis(harmless(unit)), "rangemode": "tozero"},
    }
    return {"data": traces, "layout": layout, "config": _CONFIG}


def line(rows: pl.DataFrame, *, title: str, summary: str, unit: str) -> Figure:
    """Return a line over time that stays at each value until the next.

    Args:
        rows: ``at`` and ``value``.
        title, summary: stand above.
        unit: what is counted.
    """
    at = [instant.isoformat() for instant in rows["at"]]
    trace = {
        "type": "scatter",
        "mode": "lines",
        "x": at,
        "y": [_number(value) for value in rows["value"]],
        "line": {"shape": "hv", "color": "#4c78a8", "width": 2},
        "fill": "tozeroy",
        "fillcolor": "rgba(76, 120, 168, .18)",
        "hovertemplate": "%{x}<br>%{y:,.4~g}<extra></extra>",
    }
    layout = _layout(title, summary, height=_LINE_PIXELS)
    layout |= {
        "showlegend": False,
        "xaxis": {**_axis("UTC"), "type": "date"},
        "yaxis": {**_axis(harmless(unit)), "rangemode": "tozero"},
    }
    return {"data": [trace], "layout": layout, "config": _CONFIG}


def _bar(rows: pl.DataFrame, series: Series, labels: Sequence[str], places: Sequence[int]) -> dict[str, Any]:
    values = [_number(value) for value in rows[series.name]]
    texts = [_told(value) for value in values]
    name = harmless(series.name)
    return {
        "type": "bar",
        "orientation": "h",
        "name": name,
        "x": values,
        "y": places,
        "text": texts,
        "textposition": "auto",
        "textangle": 0,
        "marker": {
            "color": series.colour,
            "pattern": {"shape": series.pattern, "fillmode": "overlay", "fgcolor": "#ffffff", "fgopacity": 0.4},
        },
        "hoverinfo": "text",
        "hovertext": [f"{label}<br>{name}: {text or 0}" for label, text in zip(labels, texts, strict=True)],
    }


def _layout(title: str, summary: str, *, height: int) -> dict[str, Any]:
    lines = [html.escape(one) for one in textwrap.wrap(shown(summary, _SUMMARY), _LINE)]
    head = f"<b>{harmless(title)}</b><br><span style='font-size:12px'>{'<br>'.join(lines)}</span>"
    above = 72 + 18 * len(lines)
    return {
        "title": {
            "text": head,
            "x": 0,
            "xref": "paper",
            "xanchor": "left",
            "y": 1,
            "yref": "container",
            "yanchor": "top",
            "pad": {"t": 26},
            "font": {"size": 15},
        },
        "font": {"color": _INK, "size": 13},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "hoverlabel": {"bgcolor": "#333333", "font": {"color": "#ffffff"}},
        "legend": {"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom"},
        "margin": {"l": 10, "r": 20, "t": above, "b": 45},
        "height": height + above,
    }


def _axis(title: str = "") -> dict[str, Any]:
    named = {"title": {"text": title}} if title else {}
    return {"automargin": True, "gridcolor": _GRID, "zerolinecolor": _GRID, "fixedrange": False, **named}


def _number(value: Any) -> float | int | None:
    """Return a number as JSON has it."""
    return None if value is None or not math.isfinite(value) else value


def _told(value: float | None) -> str:
    """Return a number on its bar; nothing where there is none."""
    if not value:
        return ""
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.4g}"


def _other(name: str, at: int) -> Series:
    return Series(name, _OTHERS[at % len(_OTHERS)], _PATTERNS[at % len(_PATTERNS)])
