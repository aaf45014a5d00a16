"""The panel that edits mappings."""

import json
import shutil
import threading
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest

from fcwork import schema
from fcwork.errors import ConfigError, MappingError
from fcwork.mapper import Mapper
from fcwork.widgets import MappingEditor, mapping_file, mapping_lines
from fcwork.widgets.source_names import names_in_items
from fcwork.widgets.suggesting import nearest
from fcwork.widgets.wanted import targets

MAPPINGS = Path(__file__).parents[3] / "notebooks" / "mappings"
FILES = sorted(MAPPINGS.rglob("*.json"))
ROWS = pl.DataFrame(
    {"location_ref": ["L1", "L1", "L2"], "sku": ["A", "B", "C"], "Qty": ["1", "x", "3"], "=1+1": ["a", "b", "c"]}
)


def tried(editor: MappingEditor) -> Any:
    """Return what the mapping makes of the rows."""
    editor.preview()
    assert editor.work.wait(20)
    return editor["preview"]


def _buttons(part: Any) -> list[Any]:
    inner = getattr(part, "children", ())
    return [part] if hasattr(part, "click") else [button for one in inner for button in _buttons(one)]


def stock(**more: Any) -> MappingEditor:
    """An editor with a mapping of stock that is whole."""
    editor = MappingEditor(ROWS, target="inventory", **more)
    for target, source in (("locationRef", "location_ref"), ("skuRef", "sku"), ("qty", "Qty")):
        editor.source(target, source)
    editor.source("type", "=LAST_ON_HAND")
    editor.source("status", "=ACTIVE")
    return editor


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_lines_are_the_targets_that_the_mapper_reads(file: Path) -> None:
    """A file in any dialect has the lines that the mapper has targets."""
    document = json.loads(file.read_text("utf-8"))
    named = set(_resolvers(document))
    mapper = Mapper(document, resolvers=dict.fromkeys(named, _own))
    targets_read = mapper.explain()["target"].to_list()
    found = [line.target for line in mapping_lines.lines(document)]
    assert [target for target in targets_read if target in found] == found
    assert all(any(one.startswith(f"{target}.") for one in found) for target in set(targets_read) - set(found))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_file_is_saved_as_it_was(file: Path, tmp_path: Path) -> None:
    """A mapping that is opened and saved is the same file, in the style in which it was written, with all in it."""
    copy = tmp_path / file.name
    shutil.copy(file, copy)
    editor = MappingEditor(path=copy)
    editor.save()
    assert editor.is_saved
    assert copy.read_bytes() == file.read_bytes()


def test_a_file_that_cannot_be_opened_changes_nothing(tmp_path: Path) -> None:
    """P32: a cell that names a broken file leaves the panel as it was; run again, it opens the mended file."""
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text('{"fields": {"a": {"value": 1}}}')
    bad.write_text('{"fields": ')
    editor = MappingEditor(path=good)
    with pytest.raises(MappingError):
        MappingEditor(ROWS, path=bad, target="inventory")
    assert (editor["path"], editor["target"], editor.columns()) == (str(good), "", [])
    assert editor.document == {"fields": {"a": {"value": 1}}}
    bad.write_text('{"fields": {"b": {"value": 2}}}')
    MappingEditor(ROWS, path=bad)
    assert (editor["path"], editor.document) == (str(bad), {"fields": {"b": {"value": 2}}})
    assert editor.is_saved


def test_a_change_leaves_all_else_of_the_file(tmp_path: Path) -> None:
    """What the panel does not show (notes, nodes, names of one's own) stays, and so does the order."""
    copy = tmp_path / "orders.json"
    shutil.copy(MAPPINGS / "orders.json", copy)
    editor = MappingEditor(path=copy)
    assert (editor.goal, editor.missing) == ("createOrderAndCustomer", [])
    editor.source("input.customer.firstName", "other.first")
    editor.source("input.customer.title", "customer.title")
    editor.default("input.customer.title", "Mx")
    editor.resolver("input.items[].quantity", "sdk.parseInt")
    editor.save()
    before, after = (json.loads(path.read_text("utf-8")) for path in (MAPPINGS / "orders.json", copy))
    customer, items = after["arguments"]["input"]["customer"], after["arguments"]["input"]["items"]
    assert customer.pop("title") == {"source": "customer.title", "defaultValue": "Mx"}
    assert customer["firstName"] == "other.first"
    assert items["quantity"] == {"source": "quantity", "required": True, "resolver": "sdk.parseInt"}
    customer["firstName"] = "customer.first-name"
    items["quantity"] = {"source": "quantity", "required": True, "transform": "parseInt"}
    assert json.dumps(after) == json.dumps(before)


def test_the_file_is_never_written_over_what_somebody_else_wrote(tmp_path: Path) -> None:
    """A file that changed since it was opened, or that was not opened, is not written over."""
    path = tmp_path / "stock.json"
    editor = stock(path=path)
    editor.save()
    path.write_text('{"fields": {"a": {"value": 1}}}')
    editor.source("qty", "sku")
    with pytest.raises(ConfigError, match="has changed since"):
        editor.save()
    assert not editor.is_saved
    editor.open()
    assert editor.document == {"fields": {"a": {"value": 1}}}
    (tmp_path / "other.json").write_text("{}")
    editor.choose("path", str(tmp_path / "other.json"))
    with pytest.raises(ConfigError, match="is there already"):
        editor.save()


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("cut.json", '{"fields": {"a": {"sour', "is no JSON"),
        ("list.json", "[1]", "holds no object"),
        ("twice.json", '{"fields": {"a": {"value": 1}, "a": {"value": 2}}}', "'a' stands twice"),
    ],
)
def test_a_file_that_cannot_be_edited_whole_is_refused(name: str, text: str, told: str, tmp_path: Path) -> None:
    """P32: a broken file, or one of which saving would lose something, is told and left alone."""
    (tmp_path / name).write_text(text)
    with pytest.raises(MappingError, match=told):
        MappingEditor(path=tmp_path / name)


def test_what_is_not_saved_is_lost_at_the_second_press_alone(tmp_path: Path) -> None:
    """Open, pressed where changes would be lost, says so; pressed again it opens the file."""
    editor = stock(path=tmp_path / "stock.json")
    editor.save()
    opens = next(one for one in _buttons(editor.view.root) if one.description == "Open")
    opens.click()
    assert editor.work.error is None
    editor.source("qty", "sku")
    assert editor.work.wait(20)
    opens.click()
    assert "press Open again" in editor.work.standing.hint
    assert not editor.is_saved
    opens.click()
    assert editor.is_saved


def test_yaml_is_opened_and_saved_as_json_alone(tmp_path: Path) -> None:
    """A mapping in YAML is read; as its comments would be lost, it is saved under another name."""
    (tmp_path / "stock.yml").write_text("fields:\n  a: {source: sku}  # a note\n")
    editor = MappingEditor(ROWS, path=tmp_path / "stock.yml")
    with pytest.raises(ConfigError, match="comments would be lost"):
        editor.save()
    editor.choose("path", str(tmp_path / "stock.json"))
    editor.save()
    assert json.loads((tmp_path / "stock.json").read_text()) == {"fields": {"a": {"source": "sku"}}}


def test_needed_targets_that_are_open_are_named() -> None:
    """What the platform needs is told until it is mapped; in an optional object only once something of it is."""
    wanted = {one.path: one for one in targets(schema.platform(), "createOrder")}
    missed = [path for path, one in wanted.items() if one.is_missed(["ref", "billingAddress.city", "items[]"])]
    assert {"type", "retailer.id", "customer.id", "items[].quantity"} <= set(missed)
    assert not {"ref", "attributes[].name", "fulfilmentChoice.deliveryType"} & set(missed)
    editor = MappingEditor(ROWS, target="inventory")
    assert editor.missing == ["locationRef", "skuRef", "qty", "type", "status"]
    assert stock(name="whole").missing == []


def test_lists_and_objects_are_built_from_nothing() -> None:
    """A mutation that is mapped from nothing becomes a mapping that the mapper reads, lists and objects too."""
    rows = [{"ref": "O1", "lines": [{"sku": "A", "n": "2"}, {"sku": "B", "n": "x"}]}]
    editor = MappingEditor(rows, target="createOrder")
    editor.source("ref", "ref")
    editor.source("retailer.id", "=1")
    editor.source("items[]", "lines")
    editor.source("items[].productRef", "$.sku")
    editor.source("items[].quantity", "$.n")
    assert editor.document["mutation"] == "createOrder"
    assert editor.value.explain()["target"].to_list() == [
        "ref",
        "retailer.id",
        "items[]",
        "items[].productRef",
        "items[].quantity",
    ]
    preview = tried(editor)
    assert (preview.rows, preview.mapped) == (1, 0)
    assert preview.failing() == {"items[].quantity": 1}
    editor.source("items[].quantity", "")
    editor.source("items[].productRef", "")
    editor.source("items[]", "")
    assert editor.document["fields"] == {
        "ref": {"source": "ref", "required": True},
        "retailer.id": {"value": "1", "required": True},
    }


def test_columns_are_suggested_by_the_nearest_name() -> None:
    """Suggest maps what is open to the column whose name is most like it, each once, with its usual resolver."""
    editor = MappingEditor(ROWS, target="inventory")
    assert editor.suggest() == "2 targets"
    assert editor.document["fields"] == {
        "locationRef": {"source": "location_ref", "required": True},
        "qty": {"source": "Qty", "required": True, "resolver": "sdk.parseInt"},
    }
    assert nearest("customer.firstName", ["first-name", "last_name"]) == "first-name"
    assert nearest("qty", ["", "_", "price"]) == ""


def test_a_target_in_a_list_is_mapped_from_its_items() -> None:
    """What is offered and suggested for a target in a list are the names in its items, at any depth."""
    rows = pl.DataFrame(
        {"productRef": ["of the order"], "held": [{"lines": [{"productRef": "A", "qty": "2", "$n": 1}]}]}
    )
    editor = MappingEditor(rows, target="createOrder", context={"shop": "1"})
    assert editor.columns("items[].quantity") == ["$context.shop"]
    editor.source("items[]", "held.lines")
    assert editor.columns("items[].quantity") == ["productRef", "qty", "['$n']", "$context.shop"]
    assert int(editor.suggest().split()[0]) > 0
    fields = editor.document["fields"]["items"]["fields"]
    assert fields["productRef"] == {"source": "productRef", "required": True}
    assert set(fields) == {"productRef"}
    deep = pl.DataFrame({"a": [{"b": [{"c": {"d": [{"e": 1}]}}]}]})
    assert names_in_items(deep, ["a.b", "$.c.d"]) == ["e"]
    assert names_in_items(deep, ["a.x", "c"]) == []


def test_a_preview_tells_issues_by_row() -> None:
    """The first rows are tried: how many fit, which row fails in which target, and what becomes of the first."""
    preview = tried(stock())
    assert preview.summary == "2 of the first 3 rows mapped, 1 rejected"
    assert preview.issues.select("row", "field").rows() == [(2, "qty")]
    assert preview.examples["locationRef"] == ("L1", "L1")
    assert preview.frame["qty"].to_list() == [1, 3]


def test_all_rows_are_tried_when_asked() -> None:
    """Only the first rows are tried while one edits; Try all rows takes every one."""
    editor = stock(sample=1)
    assert tried(editor).summary == "1 of the first 1 row mapped, 0 rejected"
    editor.try_all()
    assert editor.work.wait(20)
    assert editor["preview"].summary == "2 of 3 rows mapped, 1 rejected"


def test_all_rows_are_tried_also_while_the_first_are() -> None:
    """Try all rows, pressed while a preview is under way, is done; pressed twice, it says that it is under way."""
    begun, goes_on = threading.Event(), threading.Event()

    def slow(value: Any) -> Any:
        begun.set()
        goes_on.wait(20)
        return value

    editor = stock(resolvers={"slow": slow})
    editor.resolver("skuRef", "slow")
    editor.preview()
    assert begun.wait(20)
    editor.try_all()
    assert editor.work.standing.what == "All rows"
    with pytest.raises(ConfigError, match="all rows are being tried"):
        editor.try_all()
    goes_on.set()
    assert editor.work.wait(20)
    assert editor["preview"].of_all


def test_a_change_while_it_is_tried_is_tried_too() -> None:
    """What is shown at last is of the mapping as it stands, however fast one writes."""
    editor = stock()
    assert editor.view
    for source in ("sku", "Qty", "location_ref", "Qty"):
        editor.source("qty", source)
    assert editor.work.wait(20)
    assert editor["preview"].version == editor["version"]
    assert editor["preview"].mapped == 2


def test_what_was_written_for_a_target_is_of_no_other() -> None:
    """What comes from a control after other targets are shown is still for the target that it stood for."""
    editor = MappingEditor(ROWS, target="inventory")
    control = editor.view._entries["skuRef"]._source
    editor.choose("find", "qty")
    control.value = "sku"
    assert set(editor.document["fields"]) == {"skuRef"}
    editor.choose("find", "")
    assert control.value == "sku"
    control.value = ""
    assert editor.document["fields"] == {}


def test_mistakes_of_the_mapping_are_told_with_their_places() -> None:
    """P32: a mapping that the mapper would refuse is told so, and the value raises the same."""
    editor = stock()
    editor.resolver("qty", "sdk.parseInte")
    assert tried(editor).problems[0].startswith("fields.qty.resolver: unknown resolver")
    with pytest.raises(MappingError, match=r"did you mean 'sdk.parseInt'"):
        assert editor.value


def test_constants_and_defaults_have_the_type_that_is_wanted() -> None:
    """A constant for a number is a number, for a text a text, and one in quotes is always a text."""
    editor = stock()
    editor.source("qty", "=5")
    editor.source("skuRef", "=007")
    editor.default("locationRef", '"12"')
    fields = editor.document["fields"]
    assert (fields["qty"]["value"], fields["skuRef"]["value"], fields["locationRef"]["defaultValue"]) == (
        5,
        "007",
        "12",
    )


def test_a_column_that_looks_like_a_constant_is_a_column() -> None:
    """A column whose name begins with = can be mapped."""
    editor = stock()
    editor.source("skuRef", "=1+1")
    assert editor.document["fields"]["skuRef"] == {"source": "=1+1", "required": True}


@pytest.mark.parametrize(
    "name", ["$.y", "$context.x", "['x']", "a.b", "items[]", "x[0]", "[0]", "{}", "a\nb", " ", "<b>", "\u202e", "."]
)
def test_a_column_of_any_name_can_be_mapped(name: str) -> None:
    """What is offered for a column reads that column, also where its name would be read as another path."""
    editor = MappingEditor(pl.DataFrame({name: ["own"], "y": ["other"]}), target="inventory", context={"x": "other"})
    assert editor.columns()[1:] == ["y", "$context.x"]
    editor.source("skuRef", editor.columns()[0])
    assert editor.value.apply(pl.DataFrame({name: ["own"], "y": ["other"]})).frame["skuRef"].to_list() == ["own"]


def test_a_column_without_a_name_is_not_offered() -> None:
    """What cannot be written as a source is not offered: no name, quotes of both kinds, a page of text."""
    rows = pl.DataFrame({"": [1], "['x\"": [1], "n" * 10_000: [1], "sku": [1]})
    assert MappingEditor(rows, target="inventory").columns() == ["sku"]


def test_what_was_edited_stays_when_the_cell_is_run_again(tmp_path: Path) -> None:
    """Another run of the cell keeps the mapping and takes the new rows; another path is opened."""
    stock()
    again = MappingEditor(ROWS.rename({"sku": "SKU"}), target="inventory")
    assert again.document["fields"]["skuRef"]["source"] == "sku"
    assert "SKU" in again.columns()
    (tmp_path / "a.json").write_text('{"fields": {"a": {"source": "SKU"}}}')
    assert MappingEditor(ROWS, target="inventory", path=tmp_path / "a.json").document["fields"] == {
        "a": {"source": "SKU"}
    }


def test_only_the_first_of_many_rows_are_looked_at() -> None:
    """P23: a frame of a million rows is edited by its first rows; the others are not even entered."""
    many = pl.LazyFrame({"sku": range(1_000_000)}).with_columns(pl.col("sku").cast(pl.String))
    editor = MappingEditor(many, target="inventory")
    editor.source("skuRef", "sku")
    assert tried(editor).rows == 200
    assert MappingEditor(pd.DataFrame({"a": range(5)}), sample=2, name="pandas").columns() == ["a"]


def test_another_target_than_there_is_is_told() -> None:
    """P32: what a mapping is for is looked up, with the nearest that there is."""
    with pytest.raises(ConfigError, match="did you mean 'createOrder'"):
        MappingEditor(ROWS, target="createOrdr")
    editor = stock()
    with pytest.raises(ConfigError, match="'skuReff'"):
        editor.source("skuReff", "sku")


def test_a_picture_has_the_mapping_and_what_is_missing() -> None:
    """P25: in a run the mapping is shown line by line, nothing is tried, and no tag of the data's is live."""
    editor = MappingEditor(pl.DataFrame({"<script>alert(1)</script>": ["x"]}), target="inventory")
    editor.source("skuRef", "<script>alert(1)</script>")
    shown = editor._repr_mimebundle_()
    assert "4 needed ones not" in shown["text/plain"]
    assert "&lt;script&gt;" in shown["text/html"]
    assert "<script" not in shown["text/html"]
    assert editor["preview"] is None


def test_masked_values_are_not_shown() -> None:
    """What the mapping masks is not shown in the preview."""
    editor = MappingEditor(pl.DataFrame({"mail": ["ann@example.com"]}), name="masked")
    editor.put(document={"fields": {"email": {"source": "mail"}}, "mask": ["email"]})
    preview = tried(editor)
    assert "ann@" not in str(preview.frame.to_dicts())
    assert "ann@" not in str(preview.examples)


def test_a_save_that_is_cut_off_leaves_the_file(tmp_path: Path) -> None:
    """Where the folder is gone the file is told, and nothing half written stands anywhere."""
    with pytest.raises(Exception, match="cannot be written"):
        mapping_file.save(tmp_path / "gone" / "a.json", {"fields": {}}, "")


def _own(value: Any, record: Any, *, words: bool = False) -> Any:
    return value if record and not words else None


def _resolvers(said: Any) -> list[str]:
    if isinstance(said, dict):
        own = [said["resolver"]] if isinstance(said.get("resolver"), str) and "custom." in said["resolver"] else []
        return own + [name for item in said.values() for name in _resolvers(item)]
    return []
