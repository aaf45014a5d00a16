"""Rows and findings as a terminal shows them: without personal data, and issues without known secrets."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from fcwork.personal import hidden
from fcwork.personal.names import below
from fcwork.redact import mask

if TYPE_CHECKING:
    import polars as pl


def cells(record: Mapping[str, Any]) -> dict[str, str]:
    """Return a record as texts to be shown: an object's fields by dotted names, a list as JSON."""
    return {label: text(value) for label, value in _flat(hidden(record))}


def issues(found: pl.DataFrame, *rows: pl.DataFrame) -> pl.DataFrame:
    """Return issues that show neither personal data nor a known secret.

    Args:
        found: of any stages.
        rows: what they are about, as it was read and as it was mapped.
    """
    import polars as pl

    from fcwork.personal import findings

    told = findings.issues(found, *rows)
    return told.with_columns(pl.col(name).map_elements(mask, return_dtype=pl.String) for name in findings.QUOTING)


def _flat(record: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in record.items():
        if isinstance(value, Mapping):
            yield from _flat(value, below(above, name))
        else:
            yield below(above, name), value


def text(value: Any) -> str:
    """Return a value to be shown: lists and objects as JSON, null as nothing."""
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, list | dict) else str(value)
