"""What a sweep runs: all of its rows judged before the first is run, and told apart from what another plan says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from fcwork.errors import NotebookError, ParameterTypeError, SecretParameterError, UnknownParameterError
from fcwork.redact import mask_values
from fcwork.runner.notebook import Notebook
from fcwork.runner.parameters import as_json, declared, effective, resolve
from fcwork.runner.sweeping.given import Given

RUN = "run"  # the column that names rows
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_GRAVITY = (SecretParameterError, UnknownParameterError, ParameterTypeError, NotebookError)
_SHOWN = 60  # signs of a value


@dataclass(frozen=True)
class Row:
    """A run to be made.

    Attributes:
        number: counted from 1.
        place: where the row was given, such as ``line 4``.
        values: all parameters that are given, as JSON has them.
        name: from the column ``run``; empty without one.
    """

    number: int
    place: str
    values: dict[str, Any]
    name: str = ""


@dataclass(frozen=True)
class Plan:
    """A sweep: one notebook and the rows that it is run with.

    Attributes:
        sweep_id: names it, and begins the ids of its runs.
        name, path, sha256: of the notebook.
        columns: the parameters that differ from row to row, in their order.
        rows: of all runs.
        created_at: an instant in UTC.
        folder: where relative paths are taken from.
    """

    sweep_id: str
    name: str
    path: str
    sha256: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    created_at: datetime
    folder: str

    def run_id(self, row: Row, attempt: int) -> str:
        """Return the id of an attempt's run: of the sweep, the row's number, its name, and which repetition it is."""
        number = f"{row.number:0{len(str(len(self.rows)))}d}"
        again = f"again{attempt - 1}" if attempt > 1 else ""
        return "-".join(filter(None, (self.sweep_id, number, row.name, again)))

    def to_json(self) -> dict[str, Any]:
        """Return the plan as JSON-like data, known secrets masked."""
        rows = [vars(row) for row in self.rows]
        told = {**vars(self), "columns": list(self.columns), "rows": rows, "created_at": self.created_at.isoformat()}
        return dict(mask_values(told))

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Plan:
        """Return the plan that was written as JSON; what is no plan is a KeyError, TypeError or ValueError."""
        rows = tuple(Row(**row) for row in told["rows"])
        at = datetime.fromisoformat(told["created_at"])
        texts = {name: str(told[name]) for name in ("sweep_id", "name", "path", "sha256", "folder")}
        return cls(**texts, columns=tuple(told["columns"]), rows=rows, created_at=at)


def planned(
    sweep_id: str,
    notebook: Notebook,
    rows: Sequence[Given],
    *,
    values: Mapping[str, Any],
    texts: Iterable[tuple[str, str]] = (),
    at: datetime,
) -> Plan:
    """Return a plan whose every row can be run.

    Args:
        sweep_id: names it.
        notebook: declares the parameters, by which each row is judged.
        rows: as they are given; a column ``run`` names them, unless the notebook declares such a parameter.
        values: of all rows that do not say otherwise.
        texts: the same as typed in a shell, and of no parameter that a row gives.
        at: when it is made.

    Raises:
        NotebookError: the id is none; or (its subclasses) something is wrong with rows: all of it, by their places.
    """
    check_id(sweep_id)
    judge = _Judge(notebook, values, list(texts))
    judged = tuple(judge.row(number, row) for number, row in enumerate(rows, 1))
    judge.raise_if_any()
    columns = dict.fromkeys(name for row in rows for name in row.names if name in judge.known)
    folder = str(Path.cwd())
    return Plan(sweep_id, notebook.name, str(notebook.path), notebook.sha256, tuple(columns), judged, at, folder)


def check_id(sweep_id: str) -> None:
    """Refuse what is no id of a sweep.

    Raises:
        NotebookError: it is none.
    """
    if not _ID.fullmatch(sweep_id):
        raise NotebookError(f"{sweep_id!r} is no id of a sweep", hint="letters, digits and . _ - only, at most 80")


def differences(before: Plan, now: Plan) -> Iterator[str]:
    """Yield what is not the same in two plans, in words."""
    if before.name != now.name:
        yield f"the notebook was {before.name}, and is {now.name}"
    elif before.sha256 != now.sha256:
        yield f"the notebook {now.path} was changed since"
    if len(before.rows) != len(now.rows):
        yield f"there were {len(before.rows):,} rows, and are {len(now.rows):,}"
    for was, row in zip(before.rows, now.rows, strict=False):
        values, earlier = mask_values(row.values), was.values
        if was.name != row.name:
            yield f"row {row.number} was called {was.name or 'nothing'}, and is {row.name or 'nothing'}"
        for name in dict.fromkeys([*earlier, *values]):
            if name not in earlier or name not in values or earlier[name] != values[name]:
                yield f"row {row.number}: {name} was {_told(earlier, name)}, and is {_told(values, name)}"


class _Judge:
    """Reads rows one by one, and gathers what is wrong with any of them."""

    def __init__(self, notebook: Notebook, values: Mapping[str, Any], texts: list[tuple[str, str]]) -> None:
        self.known = {parameter.name for parameter in declared(notebook)}
        self._notebook, self._values, self._texts = notebook, values, texts
        self._wrong: dict[str, list[str]] = {}  # where, by what
        self._kinds: set[type[NotebookError]] = set()
        self._rows = 0
        self._seen: dict[str, tuple[str, str]] = {}  # where and under which name, by its content
        self._names: dict[str, str] = {}

    def row(self, number: int, given: Given) -> Row:
        """Return a row, as far as it is right."""
        self._rows += 1
        name = self._name(given)
        own = {key: value for key, value in given.values.items() if not self._names_rows(key)}
        typed = {key: text for key, text in given.texts.items() if not self._names_rows(key)}
        for key in (name for name, _ in self._texts if name in own or name in typed):
            self._add(NotebookError, given.place, f"{key}: given for all rows and by this row too")
        others = [(key, text) for key, text in self._texts if key not in own and key not in typed]
        values = {key: value for key, value in self._values.items() if key not in typed}
        try:
            found = as_json(resolve(self._notebook, {**values, **own}, [*others, *typed.items()]))
        except NotebookError as error:
            for problem in error.problems:
                self._add(type(error), given.place, problem)
            return Row(number, given.place, {}, name)
        self._tell_apart(found, name, given.place)
        return Row(number, given.place, found, name)

    def raise_if_any(self) -> None:
        """Raise what is wrong with the rows, the same fault of several rows once.

        Raises:
            NotebookError: of the gravest kind that there is.
        """
        if not self._wrong:
            return
        texts = [f"{self._places(places)}: {what}" for what, places in self._wrong.items()]
        kind = min(self._kinds, key=_GRAVITY.index)
        raise kind(
            f"no row of the sweep of {self._notebook.name} was run:\n" + "\n".join(f"  {text}" for text in texts),
            notebook=str(self._notebook.path),
            problems=texts,
            hint=f"`fcwork run {self._notebook.called} --help` lists the parameters",
        )

    def _names_rows(self, column: str) -> bool:
        return column == RUN and RUN not in self.known

    def _name(self, given: Given) -> str:
        if RUN in self.known:
            return ""
        told = given.texts.get(RUN, given.values.get(RUN))
        name = "" if told is None else str(told)
        if told is not None and (isinstance(told, bool | float | list | dict) or not _NAME.fullmatch(name)):
            what = f"{RUN}: {name[:_SHOWN]!r} is no name: letters, digits and . _ - only, at most 40"
            self._add(NotebookError, given.place, what)
            return ""
        before = self._names.setdefault(name, given.place) if name else given.place
        if before != given.place:
            self._add(NotebookError, given.place, f"{RUN}: {name!r} is the name of {before} too")
        return name

    def _tell_apart(self, found: Mapping[str, Any], name: str, place: str) -> None:
        """Refuse a row that would do what another does, unless both have names, which say that it is meant."""
        content = json.dumps(effective(self._notebook, found), sort_keys=True, default=str)
        before, its_name = self._seen.setdefault(content, (place, name))
        if before != place and not (name and its_name):
            told = f"a run with the same parameters as {before}; name both in a column `{RUN}` if it is meant"
            self._add(NotebookError, place, told)

    def _add(self, kind: type[NotebookError], place: str, what: str) -> None:
        self._kinds.add(kind if kind in _GRAVITY else NotebookError)
        self._wrong.setdefault(what, []).append(place)

    def _places(self, places: Sequence[str]) -> str:
        """Return places in words: lines that follow one another as one."""
        if len(places) == self._rows > 1:
            return "every row"
        word = places[0].partition(" ")[0]
        numbers = [int(place.partition(" ")[2]) for place in places]
        spans: list[list[int]] = []
        for number in numbers:
            if spans and number == spans[-1][1] + 1:
                spans[-1][1] = number
            else:
                spans.append([number, number])
        told = ", ".join(f"{first}" if first == last else f"{first}-{last}" for first, last in spans)
        return f"{word if len(numbers) == 1 else f'{word}s'} {told}"


def _told(values: Mapping[str, Any], name: str) -> str:
    if name not in values:
        return "not given"
    text = json.dumps(values[name], ensure_ascii=False)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
