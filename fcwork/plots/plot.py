"""``Plot``: a picture with the figures that it is made of, which shows itself wherever it is."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from fcwork import cards, sources
from fcwork.errors import ConfigError
from fcwork.plots.drawing import Figure
from fcwork.plots.labels import shown

MIME = "application/vnd.plotly.v1+json"
MOST_ROWS = 60  # of the figures as text and as HTML
_POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:"


@dataclass(frozen=True, repr=False)
class Plot:
    """A picture, and the same as figures for who cannot see it or has no plotly.

    Attributes:
        title: what it is of.
        summary: what it says, in one honest line.
        rows: the figures that are drawn.
        json: the picture as plotly takes it.
    """

    title: str
    summary: str
    rows: pl.DataFrame
    json: Figure

    @property
    def figure(self) -> Any:
        """The picture as a ``plotly.graph_objects.Figure``, to be changed.

        Raises:
            ConfigError: plotly is not installed.
        """
        return _plotly().graph_objects.Figure({name: self.json[name] for name in ("data", "layout")})

    def write_html(self, path: str | os.PathLike[str]) -> Path:
        """Write a page that shows it without a network, whole or not at all.

        Raises:
            ConfigError: plotly is not installed.
            SourceError: the file cannot be written.
        """
        drawn = self.figure.to_html(include_plotlyjs=True, full_html=False, config=self.json["config"])
        title = cards.text(self.title)
        page = (
            f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}"></head>'
            f"<body>{drawn}<details><summary>Figures</summary>{self._repr_html_()}</details></body></html>"
        )
        place = sources.literal(path)
        with sources.whole(place) as stream:
            stream.write(page.encode("utf-8", "backslashreplace"))
        return Path(path)

    def __str__(self) -> str:
        names = [shown(name) for name in self.rows.columns]
        body = [[shown(_text(value)) for value in row] for row in self.rows.head(MOST_ROWS).iter_rows()]
        widths = [max(map(len, column)) for column in zip(names, *body, strict=True)]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in body]
        more = [f"and {self.rows.height - MOST_ROWS:,} more"] if self.rows.height > MOST_ROWS else []
        return "\n".join([cards.line(f"{self.title}: {self.summary}"), *lines, *more])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        head = f"<p><b>{cards.text(self.title)}</b>: {cards.text(self.summary)}</p>"
        return head + cards.table(self.rows, limit=MOST_ROWS)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return {"text/plain": str(self), "text/html": self._repr_html_(), MIME: self.json}


def _text(value: Any) -> str:
    return "" if value is None else f"{value:,}" if isinstance(value, int) else str(value)


def _plotly() -> Any:
    try:
        import plotly.graph_objects
    except ImportError as error:
        raise ConfigError("plotly is not installed", hint="pip install 'fcwork[plots]'") from error
    return plotly
