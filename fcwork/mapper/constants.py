"""Constants of a mapping: literal values, defaults and values of the context, each as a column of one item."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping
from typing import Any

import polars as pl

from fcwork.mapper.plan import Step
from fcwork.names import did_you_mean
from fcwork.shapes import check_depth

CONTEXT = "$context."
_VARIABLE = re.compile(r"\$\{(\w+)\}")
_SECRET = re.compile("SECRET|PASSW|PASSPHRASE|PWD|TOKEN|KEY|CREDENTIAL", re.IGNORECASE)


def constant(value: Any) -> pl.Series:
    """Return a JSON value as a column of one item.

    Raises:
        ValueError: no column can hold it; the text says why.
    """
    check_depth(value)
    if not _is_finite(value):
        raise ValueError("a number that is infinite or none cannot be a column's value")
    try:
        column = pl.Series([value], strict=True)
    except (TypeError, ValueError, OverflowError, pl.exceptions.PolarsError) as error:
        raise ValueError("a list whose items share no type cannot be a column's value") from error
    if column.dtype == pl.Object:
        raise ValueError(f"{type(value).__name__} cannot be a column's value")
    if column.dtype.is_integer() and column.dtype != pl.Int64:
        raise ValueError("a whole number past 64 bits: write it as text")
    return column


def _is_finite(value: Any) -> bool:
    """Say whether all numbers in a value are some."""
    if isinstance(value, Mapping | list):
        return all(map(_is_finite, value.values() if isinstance(value, Mapping) else value))
    return not isinstance(value, float) or math.isfinite(value)


def from_environment(value: Any) -> Any:
    """Return a value, or, where all of it is ``${NAME}``, what the environment variable holds.

    Raises:
        ValueError: there is no such variable, or its name says that it holds a secret.
    """
    named = _VARIABLE.fullmatch(value) if isinstance(value, str) else None
    if not named:
        return value
    if _SECRET.search(named[1]):
        raise ValueError(f"the environment variable {named[1]} may hold a secret, which no mapping sends")
    if not os.environ.get(named[1]):
        raise ValueError(f"the environment variable {named[1]} is not set")
    return os.environ[named[1]]


def from_context(source: str, context: Mapping[str, Any]) -> pl.Series:
    """Return what ``$context.x`` names.

    Raises:
        LookupError: there is no such thing in the context; the text says what there is.
        ValueError: no column can hold it.
    """
    value: Any = context
    for segment in source.removeprefix(CONTEXT).split("."):
        known = [str(name) for name in value] if isinstance(value, Mapping) else []
        if segment not in known:
            holds = f"context= holds {', '.join(known) or 'nothing'}"
            raise LookupError(f"the context holds no {source!r}{did_you_mean(segment, known)} ({holds})")
        value = value[segment]
    return constant(value)


def is_empty(column: pl.Series | None) -> bool:
    """Say whether a constant holds no value: null or an empty text."""
    return column is None or column[0] is None or (column.dtype == pl.String and not column[0])


def unread(column: pl.Series, step: Step | None) -> str:
    """Return what a resolver would have expected instead of a constant, or nothing where it can read it."""
    if step is None or step.sdk is None or not step.sdk.expected or is_empty(column):
        return ""
    value, _ = step.sdk.read(pl.col("constant"), column.dtype)
    failed = column.alias("constant").to_frame().select(value.is_null().any()).item()
    return step.sdk.expected if failed else ""
