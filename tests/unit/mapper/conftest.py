"""What the tests of the mapper share."""

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from fcwork.clock import ManualClock
from fcwork.errors import MappingError
from fcwork.mapper import Mapper, MapResult

INVENTORY: dict[str, Any] = {
    "fields": {
        "ref": {"source": "sku", "required": True},
        "type": {"value": "INVENTORY_POSITION"},
        "qty": {"source": "quantity", "resolver": "sdk.parseInt", "required": True},
        "condition": {"source": "condition", "defaultValue": "NEW"},
    }
}


FRAMES: dict[str, Callable[[Any], Any]] = {
    "polars": pl.DataFrame,
    "lazy": pl.LazyFrame,
    "pandas": pd.DataFrame,
    "pyarrow": pa.Table.from_pylist,
    "records": list,
}


@pytest.fixture(params=FRAMES)
def kind(request: pytest.FixtureRequest) -> str:
    """Return each kind of frame in turn."""
    return str(request.param)


@pytest.fixture
def make_frame(kind: str) -> Callable[[Any], Any]:
    """Return what makes a frame of the kind of records."""
    return FRAMES[kind]


@pytest.fixture
def inventory() -> Mapper:
    """Return a mapper of stock lines, its clock at midday."""
    return Mapper(INVENTORY, clock=ManualClock())


@pytest.fixture
def stock() -> pl.DataFrame:
    """Return four stock lines: one good, one without a reference, one without a number, one with both faults."""
    return pl.DataFrame(
        {
            "sku": ["A", "", "C", None],
            "quantity": ["1", "2", "1,234", "x"],
            "condition": ["USED", None, "", "NEW"],
        }
    )


@pytest.fixture
def resolve() -> Callable[..., MapResult]:
    """Return what maps one column ``v`` to one target ``x`` by a resolver, other keys of the field given by name."""

    def mapped(values: Sequence[Any] | pl.Series, resolver: str | None = None, **field: Any) -> MapResult:
        config = {"source": "v", **({"resolver": resolver} if resolver else {}), **field}
        return Mapper({"fields": {"x": config}}).apply(pl.DataFrame({"v": values}))

    return mapped


@pytest.fixture
def mistakes() -> Callable[..., list[str]]:
    """Return what gives all problems of a mapping that must not stand."""

    def problems(config: Any, **arguments: Any) -> list[str]:
        with pytest.raises(MappingError) as caught:
            Mapper(config, **arguments)
        return list(caught.value.problems)

    return problems
