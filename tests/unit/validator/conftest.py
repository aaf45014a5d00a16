"""What the tests of the validator share."""

from collections.abc import Callable, Mapping
from typing import Any

import polars as pl
import pytest

from fcwork import frames
from fcwork.validator import Validator

Findings = set[tuple[int | None, str, str]]


@pytest.fixture
def findings() -> Callable[[Mapping[str, Any], Any], Findings]:
    """Check a frame by rules and return (row, field, code) of each issue."""

    def check(rules: Mapping[str, Any], frame: Any) -> Findings:
        issues = frames.enter(Validator(rules).check(frame).issues)
        return set(issues.select("row", "field", "code").iter_rows()) if issues.height else set()

    return check


@pytest.fixture
def failing(findings: Callable[..., Findings]) -> Callable[[Mapping[str, Any], list[Any] | pl.Series], list[Any]]:
    """Check one column named ``x`` by a rule on ``x`` and return the values that were refused."""

    def check(rules: Mapping[str, Any], values: list[Any] | pl.Series) -> list[Any]:
        rows = {row for row, _, _ in findings(rules, pl.DataFrame({"x": values}))}
        return [value for row, value in enumerate(values, 1) if row in rows]

    return check
