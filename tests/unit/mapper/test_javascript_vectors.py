"""The lenient resolvers and transforms against the SDK's own answers (0.1.56); the table says where they differ."""

import json
import math
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from fcwork.mapper.javascript import LENIENT, TRANSFORMS_LENIENT, UNDEFINED

DATA = Path(__file__).parents[2] / "data"
VECTORS = json.loads((DATA / "vectors" / "javascript.json").read_text("utf-8"))
ROWS = yaml.safe_load((DATA / "deviations.yml").read_text("utf-8"))["javascript"]
DIFFERENT = {(row["area"], row["case"]): row for row in ROWS}
SPECIAL = {
    "__nan__": lambda _: math.nan,
    "__negzero__": lambda _: -0.0,
    "__inf__": lambda sign: math.inf * sign,
    "__date__": lambda text: text and datetime.fromisoformat(text),
    "__bigint__": int,
    "__undefined__": lambda _: UNDEFINED,
    "__fn__": lambda _: print,
}


def decoded(value: Any, root: Any = None) -> Any:
    """Return a vector's input with the spellings for what JSON lacks read."""
    if isinstance(value, dict) and len(value) == 1 and (special := SPECIAL.get(next(iter(value)))):
        return special(next(iter(value.values())))
    if isinstance(value, dict):
        made: dict[str, Any] = {}
        for name, item in value.items():
            made[name] = (root or made) if item == {"__circular__": True} else decoded(item, root or made)
        return made
    return [decoded(item, root) for item in value] if isinstance(value, list) else value


def spelled(value: Any, *around: int) -> Any:
    """Return a value in the vectors' spelling."""
    if id(value) in around:
        return {"__circular__": True}
    if isinstance(value, dict):
        return {name: spelled(item, *around, id(value)) for name, item in value.items()}
    if isinstance(value, list):
        return [spelled(item, *around, id(value)) for item in value]
    if isinstance(value, datetime):
        return {"__date__": value.isoformat(timespec="milliseconds").replace("+00:00", "Z")}
    if isinstance(value, float):
        return _number(value)
    return {"__undefined__": True} if value is UNDEFINED else value


def _number(value: float) -> Any:
    if math.isnan(value):
        return {"__nan__": True}
    return {"__inf__": int(math.copysign(1, value))} if math.isinf(value) else value


def answer(vector: dict[str, Any]) -> Any:
    """Return what our function gives for a vector."""
    name = vector["area"].rpartition("transform.")[2]
    functions = TRANSFORMS_LENIENT if vector["area"].startswith("mapper.") else LENIENT
    named = vector["input"].get("resolver") or name.removeprefix("resolver.")
    return spelled(functions[named](decoded(vector["input"]["value"])))


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: f"{vector['area']} {vector['case']}")
def test_a_lenient_function_answers_as_the_sdk(vector: dict[str, Any]) -> None:
    """A lenient function gives the SDK's own answer, but where the table says otherwise, and there it does differ."""
    ours = answer(vector)
    row = DIFFERENT.get((vector["area"], vector["case"]))
    same = ours == vector["output"] and isinstance(ours, bool) == isinstance(vector["output"], bool)
    assert same == (row is None)
    if row is not None:
        assert ours == row["ours"]


def test_each_row_of_the_table_is_about_a_vector() -> None:
    """The table states no difference that no vector shows, and none twice."""
    known = {(vector["area"], vector["case"]) for vector in VECTORS}
    assert len(DIFFERENT) == len(ROWS)
    assert known >= DIFFERENT.keys()
    assert all(row["why"].endswith(".") for row in ROWS)


@pytest.mark.parametrize("name", [*LENIENT, *TRANSFORMS_LENIENT])
def test_a_lenient_function_never_raises(name: str) -> None:
    """No value that JSON, a date or a decimal can be makes a lenient function raise."""
    function = {**LENIENT, **TRANSFORMS_LENIENT}[name]
    deep: list[Any] = []
    for _ in range(5000):
        deep = [deep]
    texts = ["", "9" * 5000, "0" * 5000 + "1", "1e999", "[" * 5000, "(" * 50, "\ud800", "99999999999999999999-01-01"]
    zoneless = datetime.max  # noqa: DTZ901 - as a frame may hold it
    moments = [datetime.min.replace(tzinfo=UTC), zoneless, datetime(2025, 1, 15, tzinfo=UTC).date()]
    numbers = [10**400, -1, math.inf, math.nan, Decimal("1E+999999"), Decimal("NaN"), Decimal("-0.00"), 8.64e15]
    for value in [None, UNDEFINED, True, *texts, *moments, *numbers, deep, {1: {"a": [{}]}}]:
        function(value)
