"""``CheckReport``: what a check found, by code; down to the rows, and out to a file."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import polars as pl

from fcwork import frames, sources
from fcwork.errors import ConfigError
from fcwork.frames import ROW, SOURCE
from fcwork.personal import hidden_names
from fcwork.personal.columns import masked
from fcwork.widgets.panel import Panel
from fcwork.widgets.picture import Picture
from fcwork.widgets.tables import ROWS
from fcwork.widgets.words import counted

if TYPE_CHECKING:
    from fcwork.widgets.findings_view import FindingsView
    from fcwork.widgets.work import Turn

ALL = ""
ISSUES_SHOWN = ("row", "message", "field", "value", "key", "code", "severity")  # what tells most first
_SEARCHED = ("key", "field", "value", "message")


class CheckReport(Panel):
    """Shows the issues of a result by code, and the rows that they speak of; ``value`` is the issues that are shown.

    Args:
        result: of a check, a mapping or a load: it has ``issues``, and mostly ``rejected`` rows.
        code, field, contains: which issues are shown; empty for all.
        name: tells panels apart.
    """

    title: ClassVar[str] = "Check report"

    def __init__(self, result: Any, *, code: str = ALL, field: str = ALL, contains: str = "", name: str = "") -> None:
        if not hasattr(result, "issues"):
            raise ConfigError(
                f"{type(result).__name__} has no issues to report",
                hint="give the result of a check, a mapping or a load, such as Validator(...).check(rows)",
            )
        chosen = {"code": code, "field": field, "contains": contains, "show": "issues", "path": "issues.csv"}
        super().__init__(name=name, choices=chosen, facts={"first": 0, "result": None})
        if self["result"] is not result:
            self._found = _Found(result)
            self.put(result=result, first=0)

    @property
    def value(self) -> Any:
        """The issues that are shown, as the kind of frame that the result has."""
        return frames.leave(self.issues, frames.kind_of(self["result"].issues))

    @property
    def issues(self) -> pl.DataFrame:
        """The issues that are shown."""
        return self._found.issues.filter(self._wanted())

    @property
    def rows(self) -> pl.DataFrame:
        """The rows that the shown issues speak of."""
        rejected = self._found.rejected
        if not {ROW, SOURCE} <= set(rejected.columns):
            return rejected.clear()
        spoken = self.issues.select(pl.col("row").alias(ROW), pl.col("source").alias(SOURCE)).unique()
        return rejected.join(spoken, on=[ROW, SOURCE], how="semi", maintain_order="left")

    @property
    def listed(self) -> pl.DataFrame:
        """What the table goes through: the issues, or their rows as they are."""
        return self.rows if self["show"] == "rows" else self.issues.select(ISSUES_SHOWN)

    @property
    def shown(self) -> pl.DataFrame:
        """What the table shows of it: one page, without what is hidden."""
        page = self.listed.slice(self["first"], ROWS)
        return masked(page) if self["show"] == "rows" else page

    def codes(self) -> list[tuple[str, str]]:
        """Return the codes that may be chosen, the most frequent first, with how many issues each has."""
        return self._counted("code")

    def fields(self) -> list[tuple[str, str]]:
        """Return the fields that may be chosen, with how many issues each has."""
        return self._counted("field")

    def choose(self, name: str, value: Any) -> None:
        """Take what was chosen, and begin with the first rows again."""
        self.put(**{name: value, "first": 0})

    def turn_page(self, pages: int) -> None:
        """Show the rows that are so many pages on."""
        last = max(self.listed.height - 1, 0) // ROWS * ROWS
        self.put(first=min(max(self["first"] + pages * ROWS, 0), last))

    def export(self) -> None:
        """Write what is listed to the file that is named, safe for spreadsheets; rows as they are, nothing hidden."""
        self.begin("Export", self._export)

    def picture(self) -> Picture:
        """Return the counts by code, and the first issues that are shown."""
        codes = (
            self._found.issues.group_by("code", "severity")
            .len("issues")
            .sort("issues", "code", descending=[True, False])
        )
        tables = [("by code", codes), ("issues", self.issues.select(ISSUES_SHOWN))] if codes.height else []
        chosen = [(name, self[name]) for name in ("code", "field", "contains") if self[name]]
        return Picture(title=self.title, summary=self.summary, facts=chosen, tables=tables)

    @property
    def summary(self) -> str:
        """The result in one line."""
        told = getattr(self["result"], "summary", "")
        return str(told) if told else counted(self._found.issues.height, "issue")

    def new_view(self) -> FindingsView:
        """Return its controls."""
        from fcwork.widgets.findings_view import FindingsView

        return FindingsView(self)

    def _wanted(self) -> pl.Expr:
        asked = [pl.col(name) == self[name] for name in ("code", "field") if self[name]]
        if self["contains"]:
            text = self["contains"].lower()
            asked.append(
                pl.any_horizontal(
                    pl.col(name).fill_null("").str.to_lowercase().str.contains(text, literal=True) for name in _SEARCHED
                )
            )
        return pl.all_horizontal(asked) if asked else pl.lit(True)  # noqa: FBT003 - a literal

    def _counted(self, column: str) -> list[tuple[str, str]]:
        issues = self._found.issues
        by = issues.filter(pl.col(column).fill_null("") != "").group_by(column).len()
        rows = by.sort("len", column, descending=[True, False]).iter_rows()
        return [(f"all ({issues.height:,})", ALL), *((f"{one} ({count:,})", one) for one, count in rows)]

    def _export(self, turn: Turn) -> str:
        path = self["path"].strip()
        if not path:
            raise ConfigError("no file is named", hint="write where to in the field, such as issues.csv")
        if Path(path).exists():
            raise ConfigError(f"{path} is there already", hint="name another file, or move that one away")
        rows = self["show"] == "rows"
        what = self.rows if rows else self.issues
        turn.tell(path)
        written = sources.write(what, sources.literal(path), safe="spreadsheet", identity=True)
        told = f"{counted(what.height, 'row')} in {written.uri}"
        return f"{told}, with what is hidden here" if rows and hidden_names() else told


class _Found:
    """The frames of a result, each entered once."""

    def __init__(self, result: Any) -> None:
        self._result = result

    @cached_property
    def issues(self) -> pl.DataFrame:
        return frames.enter_issues(self._result.issues)

    @cached_property
    def rejected(self) -> pl.DataFrame:
        rejected = getattr(self._result, "rejected", None)
        return pl.DataFrame() if rejected is None else frames.enter(rejected)
