"""Lazy frames: a mapping is a part of the query, worked out when it is asked for, and gives what an eager one gives."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from fcwork import frames
from fcwork.clock import ManualClock
from fcwork.errors import MappingError
from fcwork.mapper import Mapper, MapResult

ROWS = pl.DataFrame({"sku": ["A", "", "C", "D"], "q": ["1", "2", "x", "4"], "j": ["1", "2", "3", "4"]})
FIELDS = {"ref": {"source": "sku", "required": True}, "qty": {"source": "q", "resolver": "sdk.parseInt"}}
PARTS = ("frame", "rejected", "issues")


def make(fields: dict[str, Any], **arguments: Any) -> Mapper:
    """Return a mapper whose clock stands still."""
    return Mapper({"fields": fields}, clock=ManualClock(), **arguments)


class Watched:
    """A lazy frame that counts how often it is run."""

    def __init__(self, rows: pl.DataFrame) -> None:
        self.runs = 0
        self.frame = rows.lazy().map_batches(self._run)

    def _run(self, rows: pl.DataFrame) -> pl.DataFrame:
        self.runs += 1
        return rows


def assert_same(lazy: MapResult, eager: MapResult) -> None:
    """Compare the three frames of two results, and their counts."""
    for part in PARTS:
        query, frame = getattr(lazy, part), getattr(eager, part)
        assert isinstance(query, pl.LazyFrame)
        assert query.collect_schema() == frame.schema
        assert query.collect().equals(frame)
    assert lazy.counts == eager.counts


def test_apply_does_not_run_the_query() -> None:
    """Neither a mapping nor a look at its result runs what a lazy frame stands for."""
    watched = Watched(ROWS)
    result = make(FIELDS).apply(watched.frame)
    assert all(isinstance(getattr(result, part), pl.LazyFrame) for part in PARTS)
    assert str(result) == repr(result) == "a mapping of a lazy frame, not worked out yet"
    assert "<b>a mapping of a lazy frame, not worked out yet</b>" in result._repr_html_()
    assert repr(result.counts) == "counts of a lazy frame, not worked out yet"
    assert watched.runs == 0
    assert result.frame.collect().height == 2
    assert watched.runs == 1


def test_a_query_that_fails_fails_when_it_is_asked() -> None:
    """What is wrong with the source is told by whoever collects, not by apply."""

    def boom(_rows: pl.DataFrame) -> pl.DataFrame:
        raise RuntimeError("gone")

    result = make(FIELDS).apply(ROWS.lazy().map_batches(boom))
    with pytest.raises(Exception, match="gone"):
        result.frame.collect()


def test_counts_are_worked_out_once() -> None:
    """P26: the counts of a lazy result run its query once, however often they are asked for."""
    watched = Watched(ROWS)
    result = make(FIELDS).apply(watched.frame)
    assert not result.ok
    assert result.counts["rejected"] == 2
    assert dict(result.counts) == {"read": 4, "mapped": 2, "rejected": 2, "warnings": 0}
    assert len(result.counts) == 4
    assert watched.runs == 1
    assert str(result).startswith("2 of 4 rows mapped, 2 rejected")


@pytest.mark.parametrize(
    "fields",
    [
        FIELDS,
        {"a.b": {"source": "sku"}, "a.c": {"value": 1}, "l[1].x": {"source": "q"}, "m": {"value": [1, 2]}},
        {"x": {"source": ["sku", "q"], "resolver": ["sdk.trim", "sdk.toJson"]}, "y": {"source": "nope"}},
        {"x": {"source": "q", "resolver": "sdk.number", "params": {"scale": 2}, "defaultValue": "1"}},
        {"x": {"source": "sku", "lenient": True}, "r": {"source": "_row"}, "s": {"source": "_source"}},
    ],
)
def test_a_lazy_mapping_gives_what_an_eager_one_gives(fields: dict[str, Any]) -> None:
    """P26: rows, schemas, issues and counts are those of the same frame in memory."""
    mapper = make(fields)
    assert_same(mapper.apply(ROWS.lazy()), mapper.apply(ROWS))


def test_lists_and_objects_may_be_lazy_too() -> None:
    """P26: the items of lists in a lazy frame are mapped and told as in memory."""
    kind = pl.List(pl.Struct({"a": pl.Int64, "b": pl.String}))
    lists = [[{"a": 1, "b": "x"}, {"a": None, "b": None}], [], None, [{"a": 2, "b": ""}]]
    rows = pl.DataFrame({"l": pl.Series(lists, dtype=kind)})
    inner = {"x": {"source": "a", "required": True}, "y": {"source": "b"}}
    mapper = make({"o": {"source": "l", "isArray": True, "fields": inner}, "p.q": {"source": "l[0].a"}})
    assert_same(mapper.apply(rows.lazy()), mapper.apply(rows))


@pytest.mark.parametrize(
    "values",
    [
        pl.Series([None, None]),
        pl.Series(["5", None], dtype=pl.Categorical),
        pl.Series(["5", None], dtype=pl.Enum(["5"])),
        pl.Series([[1], None], dtype=pl.Array(pl.Int64, 1)),
        pl.Series([b"x", None]),
        pl.Series([2**63, None], dtype=pl.UInt64),
        pl.Series([1.5, None], dtype=pl.Float32),
        pl.Series([{"a": 5}, None], dtype=pl.Object),
    ],
    ids=lambda values: str(values.dtype),
)
@pytest.mark.parametrize("resolver", ["sdk.toString", "sdk.identity", "sdk.parseInt"])
def test_columns_of_every_type_may_be_lazy(values: pl.Series, resolver: str) -> None:
    """P26: a lazy column of any type gives what the eager one does."""
    rows = pl.DataFrame({"v": values})
    mapper = make({"x": {"source": "v", "resolver": resolver}})
    assert_same(mapper.apply(rows.lazy()), mapper.apply(rows))


def test_a_missing_required_column_is_told_at_once() -> None:
    """P32: the columns of a lazy frame are known before it runs, and so is what is not among them."""
    watched = Watched(ROWS.rename({"sku": "SKU"}))
    with pytest.raises(MappingError, match="no column 'sku': did you mean 'SKU'"):
        make(FIELDS).apply(watched.frame)
    assert watched.runs == 0


def test_a_missing_optional_column_is_a_warning_of_the_frame() -> None:
    """The warning of a frame stands once in the issues of a lazy result, and counts."""
    result = make({"x": {"source": "nope"}, "y": {"source": "q", "resolver": "sdk.parseInt"}}).apply(ROWS.lazy())
    assert result.issues.collect()["code"].to_list() == ["map.missing_column", "map.type"]
    assert result.counts == {"read": 4, "mapped": 3, "rejected": 1, "warnings": 1}


def typed(value: str) -> int:
    """Say what it gives."""
    return int(value)


def wrong(value: str) -> int:
    """Say one thing and give another."""
    return value if value == "2" else 1  # type: ignore[return-value]  # the case in question


def whole(_value: str) -> float:
    """Give a whole number where a float is promised, as Python allows."""
    return 1


def untyped(value: Any) -> Any:
    """Say nothing of what it gives."""
    return value


def column(values: pl.Series) -> pl.Series:
    """Give a column."""
    return values.str.len_chars()


@pytest.mark.parametrize(
    ("own", "runs"), [(typed, 0), (wrong, 0), (whole, 0), (untyped, 1), (column, 1)], ids=lambda item: str(item)[:14]
)
def test_only_what_does_not_say_its_type_runs_at_once(own: Callable[..., Any], runs: int) -> None:
    """A function that says what it gives waits, and is held to it; one that does not is called by apply."""
    watched = Watched(ROWS)
    mapper = make({"x": {"source": "q", "resolver": "own"}}, resolvers={"own": own})
    lazy = mapper.apply(watched.frame)
    assert watched.runs == runs
    assert_same(lazy, mapper.apply(ROWS))


@pytest.mark.parametrize(
    "config",
    [
        {"fields": {"x": {"source": "j", "resolver": "sdk.parseJson"}}},
        {"fields": {"x": {"source": "q", "resolver": "sdk.parseInt", "lenient": True}}},
        {"fields": {"x": {"source": "$n"}}, "nodes": {"n": {"extract": "j", "parse": "json"}}},
    ],
)
def test_plans_that_cannot_wait_still_give_lazy_frames(config: dict[str, Any]) -> None:
    """What is of no type before it is read is read at once, and what comes back is lazy all the same."""
    mapper = Mapper(config, clock=ManualClock())
    lazy, eager = mapper.apply(ROWS.lazy()), mapper.apply(ROWS)
    assert_same(lazy, eager)


@pytest.mark.parametrize("dtype", [pl.Int64, pl.Int32, pl.UInt64])
def test_rows_that_have_numbers_keep_them(dtype: Any) -> None:
    """``_row`` and ``_source`` of a lazy frame are kept, numbers of any width."""
    rows = ROWS.with_columns(pl.Series("_row", [5, 6, 7, 9], dtype=dtype), _source=pl.lit("stock.csv"))
    result = make(FIELDS).apply(rows.lazy())
    assert result.frame.select("_row", "_source").collect().rows() == [(5, "stock.csv"), (9, "stock.csv")]
    assert result.issues.collect()["row"].to_list() == [6, 7]


def test_numbers_of_rows_are_numbers() -> None:
    """P32: a ``_row`` that holds texts is refused when the mapping is applied."""
    with pytest.raises(TypeError, match="_row numbers the rows"):
        make(FIELDS).apply(ROWS.with_columns(_row=pl.lit("x")).lazy())


MANY = 2_000_000


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file of many rows, each thousandth of which has no number."""
    path = tmp_path_factory.mktemp("lazy") / "stock.parquet"
    at = pl.int_range(MANY, eager=True)
    quantities = pl.select(pl.when(at % 1000 == 999).then(pl.lit("x")).otherwise((at % 7).cast(pl.String))).to_series()
    pl.DataFrame({"sku": "SKU" + at.cast(pl.String), "q": quantities}).write_parquet(path, row_group_size=100_000)
    return path


def test_rows_are_numbered_right_when_they_stream(file: Path) -> None:
    """P26: read in batches, each row keeps its own number, and none is lost."""
    result = make(FIELDS).apply(pl.scan_parquet(file))
    mapped = result.frame.select("ref", "_row").collect(engine="streaming")
    assert mapped.height == MANY - MANY // 1000
    assert mapped.select((pl.col("ref") == "SKU" + (pl.col("_row") - 1).cast(pl.String)).all()).item()
    rejected = result.rejected.select("_row").collect(engine="streaming")["_row"]
    assert rejected.sort().equals(pl.Series("_row", range(1000, MANY + 1, 1000), dtype=pl.Int64))
    assert result.issues.select("row").collect(engine="streaming")["row"].sort().equals(rejected.sort().alias("row"))


PROBE = """
import resource, sys
import polars as pl
from fcwork.mapper import Mapper
source, target = sys.argv[1:]
fields = {"ref": {"source": "sku", "required": True}, "qty": {"source": "q", "resolver": "sdk.parseInt"}}
result = Mapper({"fields": fields}).apply(pl.scan_parquet(source))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
result.frame.sink_parquet(target)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def test_many_rows_go_to_a_file_in_bounded_memory(file: Path, tmp_path: Path) -> None:
    """P24: a mapping that is written as it is read never holds all of its rows."""
    import subprocess
    import sys

    target = tmp_path / "mapped.parquet"
    ran = subprocess.run(
        [sys.executable, "-c", PROBE, str(file), str(target)], capture_output=True, text=True, check=True
    )
    assert int(ran.stdout) < 500  # MB; all rows, read and mapped, are several hundred more
    assert pl.scan_parquet(target).select(pl.len()).collect().item() == MANY - MANY // 1000


def test_a_lazy_frame_can_be_previewed() -> None:
    """A preview of a lazy frame runs its first rows and is lazy as it came."""
    seen = make(FIELDS).preview(ROWS.lazy(), rows=2)
    assert frames.kind_of(seen) == "lazy"
    assert seen.collect().height == 4
