"""Frames and series of pandas as they are displayed, as ``display`` has it for those of polars."""

from __future__ import annotations

import copy
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from fcwork.personal.columns import NAMING
from fcwork.personal.display import ENDS
from fcwork.personal.names import covers, hidden_names
from fcwork.personal.records import shows_otherwise
from fcwork.redact import MASK, holds_secret, mask

if TYPE_CHECKING:
    import pandas as pd
    from pandas.io.formats.style import Styler

MOST_LABELS = 1_000  # of an index that are looked at as names: a frame turned on its side has no more


def frame(given: pd.DataFrame) -> tuple[pd.DataFrame, bool]:
    """Return a frame as it is displayed, and whether a known secret stood in that."""
    shown, secret = given.copy(deep=False), False
    meant = _named_by_another(given)
    for at, name in enumerate(given.columns):
        column, told = _series(given.iloc[:, at], _path(name), meant if name == "value" else ())
        secret = secret or told
        if column is not None:
            shown.isetitem(at, column.array)
    shown.index, shown.columns = _index(given.index), _index(given.columns)
    return shown, secret


def series(given: pd.Series[Any]) -> tuple[pd.Series[Any], bool]:
    """Return a series as it is displayed, and whether a known secret stood in that."""
    shown, secret = _series(given, _path(given.name))
    shown = given.copy(deep=False) if shown is None else shown
    shown.index = _index(given.index)
    return shown, secret


def index(given: pd.Index[Any]) -> tuple[pd.Index[Any], bool]:
    """Return an index as it is displayed: one that is named as what is hidden holds it."""
    return _index(given), False


def styler(given: Any) -> tuple[Styler, bool]:
    """Return a styled frame as it is displayed: without hidden columns, as styles are made for values and no marks."""
    names = given.data.columns
    left_out = [at for at, name in enumerate(names) if covers(_path(name)) or at in given.hidden_columns]
    told = copy.copy(given).hide(names[left_out], axis="columns") if left_out else given
    if any(name is not None and covers(_path(name)) for name in given.data.index.names):
        told = copy.copy(told).hide(axis="index")
    return told, False


def _series(given: pd.Series[Any], path: str, meant: Collection[int] = ()) -> tuple[pd.Series[Any] | None, bool]:
    """Return what is shown of a series, or None where it is shown as it is; ``meant`` are places that are hidden."""
    import pandas as pd

    if path and covers(path):
        return given.astype(object).where(given.isna(), MASK), False
    labels = [*_hidden_labels(given.index), *meant]
    texts = given.dtype == object or given.dtype.name in {"str", "string", "category"}
    at = _displayed(len(given)) if texts else range(0)
    null = given.isna().to_numpy() if labels else ()
    found, secret = {place: MASK for place in labels if not null[place]}, False
    for place in at:
        value = given.iloc[place]
        safe, told = _value(value, path)
        secret = secret or told
        if safe is not value and place not in found:
            found[place] = safe
    if not found:
        return None, False
    made = given.to_numpy(dtype=object, copy=True)
    for place, safe in found.items():
        made[place] = safe
    return pd.Series(made, index=given.index, name=given.name), secret


def _value(value: Any, path: str) -> tuple[Any, bool]:
    """Return a value as it is shown, the same object where nothing is hidden in it, and whether a secret is."""
    if value is None or isinstance(value, int | float):
        return value, False
    safe = shows_otherwise(value, path)
    text = str(safe)
    return (mask(text), True) if holds_secret(text) else (safe, False)


def _displayed(length: int) -> range | list[int]:
    import pandas as pd

    most = pd.get_option("display.max_rows")
    ends = max(ENDS, int(most)) if most else length
    return range(length) if length <= 2 * ends else [*range(ends), *range(length - ends, length)]


def _index(given: pd.Index[Any]) -> pd.Index[Any]:
    """Return an index as it is shown: one that is named as what is hidden holds it."""
    import pandas as pd

    if not any(name is not None and covers(_path(name)) for name in given.names):
        return given
    levels = [
        level.where(level.isna(), MASK) if name is not None and covers(_path(name)) else level
        for name, level in ((name, given.get_level_values(at).astype(object)) for at, name in enumerate(given.names))
    ]
    return levels[0] if len(levels) == 1 else pd.MultiIndex.from_arrays(levels, names=given.names)


def _named_by_another(given: pd.DataFrame) -> list[int]:
    """Return the places of ``value`` that the column beside it names as hidden, as in a frame that was melted."""
    if not hidden_names():
        return []
    naming = [given[name] for name in NAMING if name in given.columns and "value" in given.columns]
    columns = [column for column in naming if column.ndim == 1]
    named = {name for column in columns for name in column if isinstance(name, str)}
    covered = frozenset(filter(covers, named))
    return [
        at
        for column in columns
        if covered
        for at, name in enumerate(column)
        if isinstance(name, str) and name in covered
    ]


def _hidden_labels(index: pd.Index[Any]) -> list[int]:
    """Return the places whose label is a hidden name, as in a row that was taken out of its frame."""
    if not hidden_names() or len(index) > MOST_LABELS:
        return []
    return [at for at, label in enumerate(index) if isinstance(label, str | tuple) and covers(_path(label))]


def _path(name: Any) -> str:
    if name is None:
        return ""
    return ".".join(map(str, name)) if isinstance(name, tuple) else str(name)
