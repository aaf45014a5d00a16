"""What is different between two runs: how they ended, their parameters and figures, and the notebook that was run."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

import polars as pl

from fcwork import cards, personal
from fcwork.runner.folder import SOURCE, read_json
from fcwork.runner.past import PastRun, past

Pair = tuple[Any, Any]
_Cell = tuple[int, str, str]  # its number in the notebook, its kind and its source


@dataclass(frozen=True, repr=False)
class Difference:
    """Two runs beside each other; whatever is alike is left out.

    Attributes:
        before, after: the runs.
        facts: state, target, reason, notebook and fcwork's version, by name: before and after.
        parameters, figures: by name: before and after; None where one of them has none.
        cells: the changed cells of the notebook as a unified diff; empty where none changed, or cannot be told.
        sources_known: whether both runs kept the notebook that was run.
    """

    before: PastRun
    after: PastRun
    facts: dict[str, Pair]
    parameters: dict[str, Pair]
    figures: dict[str, Pair]
    cells: str
    sources_known: bool

    @property
    def is_empty(self) -> bool:
        """Whether nothing is different, as far as it can be told."""
        return not (self.facts or self.parameters or self.figures or self.cells)

    def shown(self) -> dict[str, dict[str, Pair]]:
        """Return what is different by a heading and a name, as people may see it: without personal data."""
        parameters = {
            name: (personal.hidden(before, name), personal.hidden(after, name))
            for name, (before, after) in self.parameters.items()
        }
        piles = {"Run": self.facts, "Parameters": parameters, "Figures": self.figures}
        return {heading: pairs for heading, pairs in piles.items() if pairs}

    def to_dict(self) -> dict[str, Any]:
        """Return the difference as JSON-like data."""
        piles = {"facts": self.facts, "parameters": self.parameters, "figures": self.figures}
        told = {
            pile: {name: {"before": before, "after": after} for name, (before, after) in pairs.items()}
            for pile, pairs in piles.items()
        }
        ids = {"before": self.before.run_id, "after": self.after.run_id}
        return {**ids, **told, "cells": self.cells, "sources_known": self.sources_known}

    def __str__(self) -> str:
        counted = (("fact", self.facts), ("parameter", self.parameters), ("figure", self.figures))
        piles = [f"{len(pairs)} {what}{'s' if len(pairs) > 1 else ''}" for what, pairs in counted if pairs]
        piles += ["the notebook"] if self.cells else []
        return cards.line(f"{self.before.run_id} and {self.after.run_id} differ in {', '.join(piles) or 'nothing'}")

    __repr__ = __str__

    def _repr_html_(self) -> str:
        tables = [_table(heading.lower(), pairs) for heading, pairs in self.shown().items()]
        return cards.Card(
            line=str(self),
            state="alike" if self.is_empty else "different",
            facts={"Notebook": "" if self.sources_known else "one of the runs did not keep it"},
            below=[*tables, cards.pre(self.cells)],
        ).html()


def _table(caption: str, pairs: Mapping[str, Pair]) -> str:
    """Return what is different by name."""
    sides = {side: [_told(pair[at]) for pair in pairs.values()] for at, side in enumerate(("before", "after"))}
    frame = pl.DataFrame({"name": list(pairs), **sides}, schema=dict.fromkeys(("name", "before", "after"), pl.String()))
    return cards.table(frame, limit=frame.height, caption=caption, ours=True)


def _told(value: Any) -> str | None:
    return value if isinstance(value, str | None) else json.dumps(value, ensure_ascii=False, default=str)


def compare(before: str | Path | PastRun, after: str | Path | PastRun) -> Difference:
    """Return what is different between two runs.

    Args:
        before, after: runs, or what ``past`` takes.

    Raises:
        NotebookError: there is no such run, or there are several.
    """
    one, other = (run if isinstance(run, PastRun) else past(run) for run in (before, after))
    sources = [_cells(run) for run in (one, other)]
    known = all(source is not None for source in sources)
    return Difference(
        one,
        other,
        facts=_changed(_facts(one), _facts(other)),
        parameters=_changed(one.parameters, other.parameters),
        figures=_changed(one.figures, other.figures),
        cells="".join(_diff(sources[0] or [], sources[1] or [])) if known else "",
        sources_known=known,
    )


def _facts(run: PastRun) -> dict[str, Any]:
    notebook = run.facts.get("notebook")
    origin = notebook if isinstance(notebook, Mapping) else {}
    return {
        "state": run.state,
        "reason": run.reason or None,
        "target": run.target or None,
        "notebook": origin.get("path"),
        "version": str(origin.get("sha256") or "")[:12] or None,
        "fcwork": run.facts.get("fcwork"),
    }


def _changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Pair]:
    pairs = {name: (before.get(name), after.get(name)) for name in {**before, **after}}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _cells(run: PastRun) -> list[_Cell] | None:
    """Return the cells of the notebook that was run; None where it was not kept, or is damaged."""
    cells = read_json(run.folder / SOURCE).get("cells")
    if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
        return None
    return [(number, str(cell.get("cell_type")), _text(cell.get("source"))) for number, cell in enumerate(cells, 1)]


def _text(source: Any) -> str:
    return "".join(map(str, source)) if isinstance(source, list) else str(source or "")


def _diff(before: Sequence[_Cell], after: Sequence[_Cell]) -> Iterator[str]:
    """Yield the lines of a unified diff of each cell that is not in both as it is."""
    one, other = ([cell[1:] for cell in cells] for cells in (before, after))
    matcher = difflib.SequenceMatcher(None, one, other, autojunk=False)
    for kind, from_a, to_a, from_b, to_b in matcher.get_opcodes():
        if kind != "equal":
            for old, new in zip_longest(before[from_a:to_a], after[from_b:to_b]):
                yield from _of_cell(old, new)


def _of_cell(before: _Cell | None, after: _Cell | None) -> Iterator[str]:
    yield from difflib.unified_diff(_lines(before), _lines(after), _title(before), _title(after))


def _lines(cell: _Cell | None) -> list[str]:
    return [f"{line}\n" for line in cell[2].split("\n")] if cell else []


def _title(cell: _Cell | None) -> str:
    return f"cell {cell[0]} ({cell[1]})" if cell else "no cell"
