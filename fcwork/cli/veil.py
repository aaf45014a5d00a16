"""What a mapping masks, kept from the terminal and from issues."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fcwork.redact import MASK, mask

if TYPE_CHECKING:
    import polars as pl

_INDEX = re.compile(r"\[\d+\]")
_STEP = re.compile(r"(?=[.\[])")
_QUOTES = "not shown, as it quotes a masked value"
_QUOTING = ("key", "value", "message")


class Veil:
    """Hides the values of masked targets.

    Args:
        targets: as a mapping's ``mask`` names them: ``email``, ``address.city``, ``items[].price``.
    """

    def __init__(self, targets: Sequence[str] = ()) -> None:
        self._targets = {_unnumbered(target) for target in targets}

    def __bool__(self) -> bool:
        return bool(self._targets)

    def covers(self, label: str) -> bool:
        """Say whether a target, or an object or list around it, is masked."""
        steps = _STEP.split(_unnumbered(label))
        return any("".join(steps[:depth]) in self._targets for depth in range(1, len(steps) + 1))

    def cells(self, record: Mapping[str, Any]) -> dict[str, str]:
        """Return a record as texts to be shown: an object's fields by dotted names, a list as JSON."""
        return {label: text(self.hidden(value, label)) for label, value in _flat(record)}

    def hidden(self, value: Any, label: str = "") -> Any:
        """Return the value of a target, or a whole record, with what is masked in it replaced."""
        if value is not None and label and self.covers(label):
            return MASK
        if isinstance(value, Mapping):
            return {name: self.hidden(item, _below(label, name)) for name, item in value.items()}
        return [self.hidden(item, f"{label}[]") for item in value] if isinstance(value, list) else value

    def issues(self, issues: pl.DataFrame, rows: pl.DataFrame | None = None) -> pl.DataFrame:
        """Return issues that show neither a masked value nor a known secret.

        Those of reading quote whole lines, which are hidden where anything is masked; those of mapping have none; those
        of checking are known by their field, and by the masked values of their row.

        Args:
            issues: of any stages.
            rows: the mapped rows that were checked.
        """
        import polars as pl

        if self:
            read = (pl.col("stage") == "read") & pl.col("value").is_not_null()
            issues = issues.with_columns(pl.when(read).then(pl.lit(MASK)).otherwise("value").alias("value"))
            issues = issues if rows is None else self._checked(issues, rows)
        return issues.with_columns(pl.col(name).map_elements(mask, return_dtype=pl.String) for name in _QUOTING)

    def _checked(self, issues: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
        import polars as pl

        from fcwork.frames import IDENTITY, ROW, SOURCE

        told = issues.filter(pl.col("stage") == "check").select(
            pl.col("row").alias(ROW), pl.col("source").alias(SOURCE)
        )
        at_fault = rows.join(told, on=IDENTITY, how="semi")
        masked = {(row[ROW], row[SOURCE]): set(self._values(row)) for row in at_fault.iter_rows(named=True)}
        lines = [
            self._without(line, masked.get((line["row"], line["source"]), set()))
            for line in issues.iter_rows(named=True)
        ]
        return pl.DataFrame(lines, schema=issues.schema)

    def _without(self, line: dict[str, Any], values: set[str]) -> dict[str, Any]:
        if line["stage"] != "check":
            return line
        quoting = {name for name in _QUOTING if any(value in (line[name] or "") for value in values)}
        if line["value"] is not None and any(self.covers(field) for field in (line["field"] or "").split(", ")):
            quoting.add("value")
        return {**line, **{name: _QUOTES if name == "message" else MASK for name in quoting}}

    def _values(self, row: Mapping[str, Any]) -> Iterator[str]:
        for label, value in _flat(row):
            for item, inner in _leaves(value, label):
                if self.covers(inner) and item not in {None, ""}:
                    yield str(item)


def _flat(record: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in record.items():
        if isinstance(value, Mapping):
            yield from _flat(value, _below(above, name))
        else:
            yield _below(above, name), value


def _leaves(value: Any, label: str) -> Iterator[tuple[Any, str]]:
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _leaves(item, _below(label, name))
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item, f"{label}[]")
    else:
        yield value, label


def _below(label: str, name: Any) -> str:
    return f"{label}.{name}" if label else str(name)


def _unnumbered(label: str) -> str:
    return _INDEX.sub("[]", label)


def text(value: Any) -> str:
    """Return a value to be shown: lists and objects as JSON, null as nothing."""
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, list | dict) else str(value)
