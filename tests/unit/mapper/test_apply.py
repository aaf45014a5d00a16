"""A mapping on a frame: what is mapped, what is rejected, and what is told."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from fcwork import frames, personal, redact
from fcwork.errors import MappingError
from fcwork.mapper import Mapper, MapResult


def told(result: MapResult) -> list[tuple[Any, ...]]:
    """Return row, field and code of each issue."""
    return frames.enter(result.issues).select("row", "field", "code").rows()


def test_a_row_with_a_fault_is_rejected_whole_and_told_field_by_field(inventory: Mapper, stock: pl.DataFrame) -> None:
    """P26: rows read are rows mapped and rows rejected; each fault of a rejected row is a line in issues."""
    result = inventory.apply(stock)
    assert result.frame.drop("_source").rows() == [("A", "INVENTORY_POSITION", 1, "USED", 1)]
    assert result.rejected["_row"].to_list() == [2, 3, 4]
    assert told(result) == [
        (2, "ref", "map.required"),
        (3, "qty", "map.type"),
        (4, "ref", "map.required"),
        (4, "qty", "map.type"),
    ]
    assert result.counts == {"read": 4, "mapped": 1, "rejected": 3, "warnings": 0}
    assert not result.ok


def test_rejected_rows_are_the_source_rows_with_their_errors(inventory: Mapper, stock: pl.DataFrame) -> None:
    """A rejected row keeps the columns it came with, so that it can be mended and mapped again."""
    rejected = inventory.apply(stock).rejected
    assert rejected.columns == [*stock.columns, "_row", "_source", "_errors"]
    assert rejected.row(2) == (None, "x", "NEW", 4, "", "map.required ref; map.type qty")
    mended = rejected.with_columns(sku=pl.lit("B"), quantity=pl.lit("7"))
    assert inventory.apply(mended).frame["_row"].to_list() == [2, 3, 4]


def test_an_issue_says_what_where_and_what_was_expected(inventory: Mapper, stock: pl.DataFrame) -> None:
    """P32: an issue holds the row, the target, the value and what would have been read."""
    issue = inventory.apply(stock.with_columns(_source=pl.lit("stock.csv"))).issues.row(1, named=True)
    assert issue == {
        "source": "stock.csv",
        "row": 3,
        "key": None,
        "stage": "map",
        "field": "qty",
        "code": "map.type",
        "severity": "error",
        "value": "1,234",
        "message": "sdk.parseInt cannot read it: expected a whole number in digits, within 64 bits",
        "attempts": 0,
        "at": datetime(2026, 1, 15, 12, tzinfo=UTC),
    }


def test_identity_is_carried_and_not_counted_again(inventory: Mapper, stock: pl.DataFrame) -> None:
    """Rows that know their line and file keep both."""
    lines = stock.head(1).with_columns(_row=pl.lit(17), _source=pl.lit("stock.csv"))
    assert inventory.apply(lines).frame.select("_row", "_source").row(0) == (17, "stock.csv")


def test_each_kind_of_frame_comes_back_as_itself(
    inventory: Mapper, kind: str, make_frame: Callable[[Any], Any]
) -> None:
    """The three frames of a result are of the kind that came in, and the caller's own is untouched."""
    rows = [{"sku": "A", "quantity": "1", "condition": None}, {"sku": None, "quantity": "1", "condition": "USED"}]
    given = make_frame(rows)
    before = frames.enter(given)
    result = inventory.apply(given)
    assert [frames.kind_of(frame) for frame in (result.frame, result.rejected, result.issues)] == [kind] * 3
    assert frames.enter(result.frame)["ref"].to_list() == ["A"]
    assert told(result) == [(2, "ref", "map.required")]
    assert frames.enter(given).equals(before)


def test_a_mapping_without_faults_tells_nothing(inventory: Mapper) -> None:
    """A good frame gives empty rejected rows and issues, in their shapes."""
    result = inventory.apply(pl.DataFrame({"sku": ["A"], "quantity": ["1"], "condition": [""]}))
    assert result.ok
    assert result.rejected.columns == ["sku", "quantity", "condition", "_row", "_source", "_errors"]
    assert result.issues.schema == frames.ISSUES
    assert str(result) == "1 of 1 rows mapped, 0 rejected"
    assert "<b>1 of 1 rows mapped, 0 rejected</b>" in result._repr_html_()
    assert "Issues" not in result._repr_html_()
    assert result.frame["condition"].to_list() == ["NEW"]


@pytest.mark.parametrize("rows", [[], pl.DataFrame(), pl.DataFrame(schema={"sku": pl.String})])
def test_no_rows_give_no_rows(rows: Any) -> None:
    """A frame without rows maps to one without rows that has the mapping's columns."""
    result = Mapper({"fields": {"ref": {"source": "sku", "required": True}, "n": {"value": 1}}}).apply(rows)
    mapped = frames.enter(result.frame)
    assert mapped.height == 0
    assert result.counts["read"] == 0
    assert not mapped.width or mapped.columns == ["ref", "n", "_row", "_source"]


def test_dotted_targets_become_objects_in_the_order_of_the_mapping() -> None:
    """Targets with dots and nested fields are one object column, null where none of its fields has a value."""
    fields = {
        "b.x": {"source": "x"},
        "a": {"value": 1},
        "b.y.z": {"source": "y"},
        "c": {"fields": {"d": {"source": "y"}, "e": {"fields": {"f": {"value": 2}}}}},
    }
    mapped = Mapper({"fields": fields}).apply(pl.DataFrame({"x": [1, None], "y": ["p", None]})).frame
    assert mapped.columns == ["b", "a", "c", "_row", "_source"]
    assert mapped["b"].to_list() == [{"x": 1, "y": {"z": "p"}}, None]
    assert mapped["c"].to_list() == [{"d": "p", "e": {"f": 2}}, {"d": None, "e": {"f": 2}}]


def test_blanks_and_zeros_are_values(resolve: Callable[..., MapResult]) -> None:
    """Only null and the empty text are no value: a blank, 0, false and an empty list are one."""
    for values in ([" "], [0], [False], [[]]):
        assert resolve(values, required=True).ok
    for values in ([""], [None], [float("nan")]):
        assert told(resolve(values, required=True)) == [(1, "x", "map.required")]


def test_required_wins_over_the_default(resolve: Callable[..., MapResult]) -> None:
    """As in the SDK a required field never takes its default; explain says so."""
    assert told(resolve([None], required=True, defaultValue="D")) == [(1, "x", "map.required")]
    mapper = Mapper({"fields": {"x": {"source": "v", "required": True, "defaultValue": "D"}}})
    assert "defaultValue is never used" in mapper.explain()["note"][0]


def test_a_required_value_that_a_resolver_empties_is_missing(resolve: Callable[..., MapResult]) -> None:
    """Required holds for the result too: a blank that is trimmed away rejects its row (the SDK lets it pass)."""
    assert told(resolve(["a", "  "], "sdk.trim", required=True)) == [(2, "x", "map.required")]
    assert resolve(["  "], "sdk.trim").frame["x"].to_list() == [""]


@pytest.mark.parametrize(
    ("values", "default", "mapped"),
    [
        ([None, "", "a"], "D", ["D", "D", "a"]),
        ([None, "5"], 0, ["0", "5"]),
        ([None, None], 0, [0, 0]),
        ([None, 5], 0, [0, 5]),
        ([None, 5], 0.5, ["0.5", "5"]),
        ([None, 5.5], 0, [0.0, 5.5]),
        ([None, Decimal("1.50")], 2, [Decimal("2.00"), Decimal("1.50")]),
        (pl.Series([2**63, None], dtype=pl.UInt64), -1, [str(2**63), "-1"]),
        (pl.Series([5, None], dtype=pl.Int8), 300, [5, 300]),
        ([None, 5], "none", ["none", "5"]),
        ([None, True], False, [False, True]),
        ([None, 1.0, 2.5], "none", ["none", "1", "2.5"]),
        ([None, [1]], [2], [[2], [1]]),
        ([None, ["a"]], [], [[], ["a"]]),
        ([None, {"a": 1}], {"a": 2}, [{"a": 2}, {"a": 1}]),
        ([None, {"a": 1}], {"b": 2}, ['{"b":2}', '{"a":1}']),
    ],
)
def test_a_default_fills_what_is_empty(
    resolve: Callable[..., MapResult], values: Any, default: Any, mapped: Any
) -> None:
    """A default stands in for null and empty text; where no type holds both, the column becomes text."""
    assert resolve(values, defaultValue=default).frame["x"].to_list() == mapped


def test_a_default_goes_through_the_resolver(resolve: Callable[..., MapResult]) -> None:
    """The default comes before the resolver, as in the SDK."""
    assert resolve([None, "7"], "sdk.parseInt", defaultValue="5").frame["x"].to_list() == [5, 7]
    assert resolve([None, "7"], "sdk.parseInt", defaultValue=5).frame["x"].to_list() == [5, 7]


@pytest.mark.parametrize("value", ["a", "", 0, 1.5, True, None, [1, 2], [], {}, {"a": [{"b": 1}]}])
def test_a_literal_stands_in_every_row(value: Any) -> None:
    """A literal of any JSON type fills its column."""
    mapped = Mapper({"fields": {"x": {"value": value}, "y": {"source": "v"}}}).apply(pl.DataFrame({"v": [1, 2]}))
    assert mapped.frame["x"].to_list() == [value, value]


def test_a_missing_required_column_stops_the_mapping(inventory: Mapper) -> None:
    """P32: a column that is not there at all is the caller's mistake, told with the nearest columns there are."""
    with pytest.raises(MappingError) as caught:
        inventory.apply(pl.DataFrame({"SKU": ["A"], "quantiy": ["1"], "condition": ["NEW"]}))
    assert caught.value.problems == [
        "fields.ref.source: the rows have no column 'sku': did you mean 'SKU'?",
        "fields.qty.source: the rows have no column 'quantity': did you mean 'quantiy'?",
    ]
    assert caught.value.path == "fields.ref.source"
    assert list(caught.value.known) == ["SKU", "quantiy", "condition"]
    assert "SKU, quantiy, condition" in str(caught.value)


def test_a_missing_optional_column_is_a_warning_of_the_frame(inventory: Mapper) -> None:
    """A column that nobody needs may be missing: its default stands in, and one warning says so."""
    result = inventory.apply(pl.DataFrame({"sku": ["A"], "quantity": ["1"], "Conditions": ["USED"]}))
    (warning,) = result.issues.to_dicts()
    assert (warning["row"], warning["code"], warning["severity"]) == (None, "map.missing_column", "warning")
    assert warning["message"].startswith("the rows have no column 'condition': did you mean 'Conditions'?")
    assert result.frame["condition"].to_list() == ["NEW"]
    assert result.ok
    assert result.counts["warnings"] == 1


def test_masked_targets_keep_their_values_out_of_issues() -> None:
    """P9: the values of targets under mask, nested ones too, stand in no issue, nor does a text that may quote them."""
    fields = {"who.tax": {"source": "tax", "resolver": "sdk.parseInt"}, "pin": {"source": "pin", "resolver": "own"}}
    mapper = Mapper({"mask": ["who", "pin"], "fields": fields}, resolvers={"own": int})
    issues = mapper.apply(pl.DataFrame({"tax": ["geheim"], "pin": ["kennwort"]})).issues
    assert issues["value"].to_list() == [redact.MASK, redact.MASK]
    assert issues["message"].to_list()[1] == "own failed: ValueError"
    assert "geheim" not in str(issues.to_dicts())
    assert "kennwort" not in str(issues.to_dicts())


def test_columns_that_hold_masked_values_are_named() -> None:
    """The columns before and after mapping that hold what is masked are named, and no others."""
    items = {"source": "people", "isArray": True, "fields": {"mail": {"source": "mail"}}}
    fields = {"who.tax": {"source": "$.customer.tax_no"}, "ref": {"source": "ref"}, "list": items}
    mapper = Mapper({"mask": ["who.tax", "list[].mail"], "fields": fields})
    assert {"who", "who.tax", "customer", "tax_no", "mail"} <= set(mapper.masked_columns)
    assert "ref" not in mapper.masked_columns
    whole = Mapper({"mask": ["list"], "fields": fields})
    assert {"list", "people", "mail"} <= set(whole.masked_columns)
    assert Mapper({"fields": fields}).masked_columns == ()


def test_the_context_gives_values_to_all_rows() -> None:
    """A $context source is taken from context=; without one it is a column of the rows, as the SDK has it."""
    fields = {"fields": {"r": {"source": "$context.retailer.id"}}}
    rows = [{"a": 1}, {"a": 2}]
    mapped = Mapper(fields, context={"retailer": {"id": "R1"}}).apply(rows).frame
    assert [row["r"] for row in mapped] == ["R1", "R1"]
    assert Mapper(fields).map({"$context": {"retailer": {"id": "R2"}}}) == {"r": "R2"}


def test_apply_takes_frames_only(inventory: Mapper) -> None:
    """Anything but a frame is refused with what would be one."""
    with pytest.raises(TypeError, match="give a pandas or polars DataFrame"):
        inventory.apply("stock.csv")  # type: ignore[arg-type]


def test_a_result_says_its_numbers_and_shows_no_live_tag() -> None:
    """P25: a result's line adds up, and its HTML holds no markup of the data's."""
    rows = pl.DataFrame({"v": ["<script>x</script>", "2"]})
    result = Mapper({"fields": {"<b>": {"source": "v", "resolver": "sdk.parseInt"}}}).apply(rows)
    assert str(result) == "1 of 2 rows mapped, 1 rejected (map.type 1)"
    shown = result._repr_html_()
    assert "<script>" not in shown
    assert shown.count("<b>") == 1  # ours
    assert "&lt;script&gt;" in shown


def test_what_is_hidden_anyway_is_as_if_the_mapping_masked_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """P9: a target or source that the environment names is masked in issues and previews of every mapping."""
    monkeypatch.setenv("FCWORK_MASK", "who,tel")
    fields = {
        "who": {"source": "name", "resolver": "sdk.parseInt"},
        "phone": {"source": "tel", "resolver": "sdk.parseInt"},
        "ref": {"source": "sku", "resolver": "sdk.parseInt"},
    }
    mapper = Mapper({"fields": fields})
    rows = [{"name": "Ann", "tel": "4711x", "sku": "A"}]
    assert [issue["value"] for issue in mapper.apply(rows).issues] == [redact.MASK, redact.MASK, "A"]
    assert [line["from"] for line in mapper.preview(rows)] == [redact.MASK, redact.MASK, "A"]
    assert set(mapper.masked_columns) == {"who", "name", "phone", "tel"}


def test_what_a_mapping_masks_is_hidden_in_this_process_and_masks_nothing_of_another() -> None:
    """P9: once a mapping is read, its masked targets and their sources are hidden wherever values are shown."""
    fields = {"contact.mail": {"source": "person.email"}, "ref": {"source": "email"}}
    Mapper({"mask": ["contact.mail"], "fields": fields})
    assert [personal.covers(path) for path in ("contact.mail", "person.email", "email")] == [True, True, False]
    assert Mapper({"fields": {"person.email": {"source": "x"}}}).masked_columns == ()
