"""``frame.fluent``: the verbs of a frame."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest

import fcwork as fw
from fcwork.errors import ConfigError, MappingError
from fcwork.ipython import accessors

ROWS = [{"sku": " A ", "n": "1"}, {"sku": "B", "n": "x"}]
MAPPING = {
    "fields": {
        "ref": {"source": "sku", "resolver": "sdk.trim", "required": True},
        "qty": {"source": "n", "resolver": "sdk.parseInt", "required": True},
    }
}
FRAMES = {"polars": pl.DataFrame(ROWS), "lazy": pl.LazyFrame(ROWS), "pandas": pd.DataFrame(ROWS)}


@pytest.fixture(autouse=True)
def registered() -> Iterator[None]:
    """Give frames their verbs, and take them away again."""
    assert accessors.register() == []
    yield
    accessors.unregister()


def as_polars(frame: Any) -> pl.DataFrame:
    """Return a frame of any kind as polars."""
    return fw.frames.enter(frame)


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
def test_a_verb_is_the_plain_function(frame: Any) -> None:
    """P23: a frame's verbs take the arguments of the plain functions and give their results, for each kind of frame."""
    mapper, validator = fw.Mapper(MAPPING), fw.Validator({"required": ["sku"], "types": {"n": "integer"}})

    mapped, plain = frame.fluent.map(MAPPING), mapper.apply(frame)
    assert type(mapped.frame) is type(frame)
    assert as_polars(mapped.frame).equals(as_polars(plain.frame))
    assert as_polars(mapped.rejected).equals(as_polars(plain.rejected))
    assert as_polars(frame.fluent.preview(mapper, 1)).equals(as_polars(mapper.preview(frame, 1)))
    checked = frame.fluent.check(validator)
    assert checked.counts == validator.check(frame).counts == {"check.type": 1}
    assert as_polars(frame).equals(pl.DataFrame(ROWS))


def test_a_frame_sends_itself(home: Path) -> None:
    """``send`` takes the arguments of ``recovery.send`` and gives its result."""
    del home
    got: list[dict[str, Any]] = []
    result = pd.DataFrame(ROWS).fluent.send(got.extend, key="sku", batch_size=1)
    assert got == ROWS
    assert result.counts["delivered"] == 2
    assert isinstance(result.delivered, pd.DataFrame)


def test_files_and_entities_are_named(home: Path) -> None:
    """A mapping or rules may be the path of a file, rules also an entity."""
    (home / "mapping.json").write_text(json.dumps(MAPPING))
    (home / "rules.json").write_text(json.dumps({"required": ["sku"]}))
    rows = pl.DataFrame(ROWS)
    assert rows.fluent.map("mapping.json").counts == rows.fluent.map(home / "mapping.json").counts
    assert rows.fluent.check("rules.json").ok
    assert not rows.fluent.check("INVENTORY").ok
    with pytest.raises(ConfigError, match="did you mean 'INVENTORY'"):
        rows.fluent.check("INVENTRY")
    with pytest.raises(MappingError, match=r"none\.json"):
        rows.fluent.map("none.json")


def test_options_belong_to_a_mapper_that_is_made_here() -> None:
    """Options beside a finished mapper are refused, as they would have no effect."""
    own = {"fields": {"ref": {"source": "sku", "resolver": "custom.low"}}}
    low = {"custom.low": lambda value: value.strip().lower()}
    assert pl.DataFrame(ROWS).fluent.map(own, resolvers=low).frame["ref"].to_list() == ["a", "b"]
    with pytest.raises(ConfigError, match="a Mapper is given, and resolvers too"):
        pl.DataFrame(ROWS).fluent.map(fw.Mapper(MAPPING), resolvers=low)


def test_the_verbs_name_themselves() -> None:
    """A frame's ``fluent`` alone says what can be done with it."""
    assert repr(pl.DataFrame(ROWS).fluent) == (
        "fluent: .map(mapping), .preview(mapping), .check(rules) and .send(route) of this frame"
    )


def test_registering_twice_changes_nothing() -> None:
    """Registration is idempotent."""
    before = pl.DataFrame.fluent, pd.DataFrame.fluent
    assert accessors.register() == []
    assert (pl.DataFrame.fluent, pd.DataFrame.fluent) == before
