"""``fcwork check``: a file in, mapped or not; what breaks which rule told; an exit code."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from fcwork import personal
from fcwork.cli import veil
from fcwork.redact import MASK

Fcwork = Callable[..., Any]

STOCK = """\
sku,quantity,email
A-1,5,jane@shop.example
,2,joe@shop.example
C-3,x,jim@shop.example
A-1,700,jane@shop.example
E-5,7
"""
RULES = """\
required: [sku]
types: {quantity: integer}
unique: [sku]
"""
MAPPING: dict[str, Any] = {
    "mask": ["contact.email"],
    "fields": {
        "ref": {"source": "sku", "required": True},
        "qty": {"source": "quantity", "resolver": "sdk.parseInt"},
        "contact.email": {"source": "email"},
    },
}
MAPPED_RULES = """\
range: {qty: {max: 100}}
unique: [contact.email]
length: {contact.email: {max: 3}}
"""
SCHEMA = """\
type Query { a: ID }
input ItemInput { sku: String! quantity: Int }
"""


@pytest.fixture
def shop(home: Path) -> Path:
    """Return a folder with a stock file of which one row is good, and rules for it as it stands and mapped."""
    for name, content in {
        "stock.csv": STOCK,
        "rules.yml": RULES,
        "mapped.yml": MAPPED_RULES,
        "m.json": json.dumps(MAPPING),
        "schema.graphql": SCHEMA,
    }.items():
        (home / name).write_text(content, "utf-8")
    return home


@pytest.mark.usefixtures("shop")
def test_counts_add_up_and_findings_are_told(fcwork: Fcwork) -> None:
    """P26, P32: rows read are those valid and rejected; each rule that was broken is told with its first rows."""
    said = fcwork("check", "stock.csv", "--rules", "rules.yml")

    assert said.code == 3
    assert said.out.startswith("5 rows read = 1 valid + 4 rejected (1 in reading, 3 in checking)\n")
    assert "check.type  1\n    row 4  quantity  'x'" in said.out
    assert "check.required  1\n    row 3  sku" in said.out
    assert "read.ragged  1\n    row 6" in said.out
    assert "Next: add --rejected rejected.csv" in said.out


def test_valid_rows_are_exit_code_0(fcwork: Fcwork, shop: Path) -> None:
    """Rows that keep every rule end in exit code 0, and nothing more is said than that."""
    (shop / "good.csv").write_text("sku,quantity\nA,1\n", "utf-8")
    said = fcwork("check", "good.csv", "--rules", "rules.yml")

    assert (said.code, said.out) == (0, "1 row read = 1 valid + 0 rejected\n")


@pytest.mark.parametrize("ending", ["csv", "json", "jsonl", "parquet"])
def test_valid_and_rejected_rows_and_issues_are_written(fcwork: Fcwork, shop: Path, ending: str) -> None:
    """--valid, --rejected and --issues are written in the format of their endings, each row in one of the first two."""
    files = {name: f"{name}.{ending}" for name in ("valid", "rejected", "issues")}
    said = fcwork(
        "check", "stock.csv", "--rules", "rules.yml", *(x for name in files for x in (f"--{name}", files[name]))
    )

    readers: dict[str, Any] = {
        "csv": pl.read_csv, "json": pl.read_json, "jsonl": pl.read_ndjson, "parquet": pl.read_parquet,
    }  # fmt: skip
    read = {name: readers[ending](shop / file) for name, file in files.items()}
    assert read["valid"].rows() == [("A-1", "5" if ending != "csv" else 5, "jane@shop.example")]
    assert read["rejected"]["_row"].to_list() == [3, 4, 5, 6]
    assert read["rejected"]["_stage"].to_list() == ["check", "check", "check", "read"]
    assert set(read["issues"]["row"]) == {3, 4, 5, 6}
    assert f"rejected  rejected.{ending}, 4 rows" in said.out
    assert f"Next: mend the rows in rejected.{ending}" in said.out


def test_a_mapping_goes_before_the_rules(fcwork: Fcwork, shop: Path) -> None:
    """With a mapping the rows are mapped first; those rejected, by whichever stage, are written as they were read."""
    (shop / "stock.csv").write_text(STOCK.replace("jane@shop.example\n,", "j@j\n,"), "utf-8")
    said = fcwork(
        "check", "stock.csv", "-m", "m.json", "--rules", "mapped.yml", "--rejected", "bad.csv", "--valid", "v.json"
    )

    bad = pl.read_csv(shop / "bad.csv")
    assert said.code == 3
    assert said.out.startswith("5 rows read = 1 valid + 4 rejected (1 in reading, 2 in mapping, 1 in checking)\n")
    assert bad["_stage"].to_list() == ["map", "map", "check", "read"]
    assert bad["quantity"].to_list() == ["2", "x", "700", "7"]
    assert json.loads((shop / "v.json").read_text()) == [{"ref": "A-1", "qty": 5, "contact": {"email": "j@j"}}]


def test_masked_values_are_shown_nowhere(fcwork: Fcwork, shop: Path) -> None:
    """What the mapping masks stands neither on the terminal nor in issues or report: not as value, key or message."""
    files = ["--issues", "issues.csv", "--report", "page.html"]
    said = fcwork("check", "stock.csv", "-m", "m.json", "--rules", "mapped.yml", *files)

    told = said.out + said.err + (shop / "issues.csv").read_text("utf-8") + (shop / "page.html").read_text("utf-8")
    assert "check.length" in told
    assert "check.range" in told
    assert MASK in told
    assert "@shop.example" not in told


def test_records_are_shown_without_what_is_hidden() -> None:
    """A hidden name hides what is below it, whichever item of a list it stands in, and nothing else."""
    personal.hide(["a.b", "items[].price", "whole"])
    record = {"a": {"b": 1, "c": 2}, "items": [{"price": 3, "ref": "x"}], "whole": [{"z": 4}], "b": None}

    assert veil.cells(record) == {
        "a.b": MASK,
        "a.c": "2",
        "items": f'[{{"price": "{MASK}", "ref": "x"}}]',
        "whole": MASK,
        "b": "",
    }


def test_a_report_is_a_page_of_all_stages(fcwork: Fcwork, shop: Path) -> None:
    """--report is a page with the counts of the terminal, of reading and mapping too; data in it is escaped."""
    (shop / "stock.csv").write_text(STOCK.replace("C-3", "<b>C</b>").replace(",x,", ",<script>,"), "utf-8")
    said = fcwork("check", "stock.csv", "--rules", "rules.yml", "--report", "new/page.html")

    page = (shop / "new" / "page.html").read_text("utf-8")
    assert "report  new/page.html" in said.out
    assert "5 rows read = 1 valid + 4 rejected (1 in reading, 3 in checking)" in page
    assert "</span> 4 rejected</span>" in page
    assert "read.ragged" in page
    assert "<script>" not in page


def test_too_many_rows_are_refused_as_a_whole(fcwork: Fcwork, shop: Path) -> None:
    """An error of all rows together is told before all others, and is exit code 3 where every single row is valid."""
    (shop / "few.json").write_text('{"max_rows": 1}', "utf-8")
    (shop / "two.csv").write_text("a\n1\n2\n", "utf-8")
    said = fcwork("check", "two.csv", "--rules", "few.json")

    assert said.code == 3
    assert said.out.splitlines()[:2] == [
        "2 rows read = 2 valid + 0 rejected",
        "Refused as a whole: the frame has 2 rows, above the maximum 1",
    ]


def test_what_a_threshold_tolerates_is_said(fcwork: Fcwork, shop: Path) -> None:
    """A rule that is broken within its threshold rejects nothing, and is told as a warning and by name."""
    (shop / "loose.yml").write_text("required: [sku]\nthreshold: {required: '50%'}\n", "utf-8")
    (shop / "two.csv").write_text("sku,a\nA,1\n,2\n", "utf-8")
    said = fcwork("check", "two.csv", "--rules", "loose.yml")

    assert said.code == 0
    assert "check.required  1 (warning)" in said.out
    assert "Tolerated: required of sku broken by 1" in said.out


@pytest.mark.usefixtures("shop")
def test_the_rules_of_an_entity(fcwork: Fcwork) -> None:
    """--entity takes the platform's own rules, in any case of letters; of a name that is none the nearest is told."""
    said = fcwork("check", "stock.csv", "--entity", "inventory")
    wrong = fcwork("check", "stock.csv", "--entity", "INVNTORY")

    assert said.code == 3
    assert "skuRef is missing" in said.out
    assert wrong.code == 2
    assert "did you mean 'INVENTORY'?" in wrong.err


def test_the_rules_of_an_input_type(fcwork: Fcwork, shop: Path) -> None:
    """--schema with --input checks rows as that type; of a type that is none the nearest is told."""
    (shop / "items.json").write_text('[{"sku": "A", "quantity": 1}, {"sku": null, "quantity": 2}]', "utf-8")
    said = fcwork("check", "items.json", "--schema", "schema.graphql", "--input", "ItemInput")
    wrong = fcwork("check", "items.json", "--schema", "schema.graphql", "--input", "ItmInput")

    assert said.code == 3
    assert said.out.startswith("2 rows read = 1 valid + 1 rejected\n")
    assert wrong.code == 2
    assert "ItemInput" in wrong.err


def test_several_files_are_told_apart(fcwork: Fcwork, shop: Path) -> None:
    """Of a glob each finding names its file, and each file is safe from being written over."""
    for name in ("north", "south"):
        (shop / f"{name}.csv").write_text("sku,quantity\n,1\n", "utf-8")
    said = fcwork("check", "{north,south}.csv", "--rules", "rules.yml")
    over = fcwork("check", "{north,south}.csv", "--rules", "rules.yml", "--rejected", "south.csv")

    assert "north.csv row 2" in said.out
    assert "south.csv row 2" in said.out
    assert over.code == 2
    assert "--rejected south.csv is a file that is read here" in over.err


@pytest.mark.usefixtures("shop")
def test_quiet_says_nothing(fcwork: Fcwork) -> None:
    """-q leaves the exit code alone to speak."""
    assert fcwork("-q", "check", "stock.csv", "--rules", "rules.yml") == (3, "", "")


def test_control_characters_of_data_do_not_reach_the_terminal(fcwork: Fcwork, shop: Path) -> None:
    """P25: escapes in cells, names of columns and errors are spelt out."""
    (shop / "evil.json").write_text(json.dumps([{"sku": "", "\x1b[31mx": "\x1b[0m", "quantity": "\x07\x9b"}]), "utf-8")
    (shop / "evil.yml").write_text('unique: ["\\e[31my"]\n', "utf-8")
    said = fcwork("check", "evil.json", "--rules", "rules.yml")
    wrong = fcwork("check", "evil.json", "--rules", "evil.yml")

    assert (said.code, wrong.code) == (3, 2)
    assert not {*"\x1b\x07\x9b"} & {*said.out, *said.err, *wrong.out, *wrong.err}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["stock.csv"], "No rules: give --rules FILE, --entity NAME, or --schema FILE with --input TYPE"),
        (["--rules", "rules.yml"], "Missing argument 'SOURCE'"),
        (["stock.csv", "--rules", "rules.yml", "--entity", "INVENTORY"], "--rules and --entity are different rules"),
        (["stock.csv", "--schema", "schema.graphql"], "give --input TYPE too"),
        (["stock.csv", "--input", "ItemInput"], "give --schema FILE too"),
        (["stock.csv", "--rules", "rules.yml", "-c", "a", "1"], "--context goes with --mapping"),
        (["stock.csv", "--rules", "none.yml"], "none.yml"),
        (["stock.csv", "--rules", "bad.yml"], "requird"),
        (["stock.csv", "--rules", "."], "is a folder"),
        (["stock.csv", "--rules", "key.yml"], "colour"),
        (["stock.csv", "--rules", "rules.yml", "-m", "none.json"], "there is no mapping file none.json"),
        (["none.csv", "--rules", "rules.yml"], "there is no file none.csv"),
        (["stock.csv", "--rules", "rules.yml", "--report", "page.pdf"], "its ending is to be one of .html"),
        (["stock.csv", "--rules", "rules.yml", "--report", "stock.csv/a.html"], "cannot be written"),
        (
            ["stock.csv", "--rules", "rules.yml", "--valid", "stock.csv"],
            "--valid stock.csv is a file that is read here",
        ),
    ],
)
def test_a_mistake_in_the_call_is_told(fcwork: Fcwork, shop: Path, arguments: list[str], said: str) -> None:
    """P32: a mistake of the caller's ends with code 2 and one message; no file appears, and none is changed."""
    (shop / "bad.yml").write_text("requird: [sku]\n", "utf-8")
    (shop / "key.yml").write_text("unique: [colour]\n", "utf-8")
    before = {path.name: path.read_bytes() for path in shop.iterdir()}
    ended = fcwork("check", *arguments)

    assert ended.code == 2
    assert said in ended.err
    assert ended.out == ""
    assert "Traceback" not in ended.err
    assert {path.name: path.read_bytes() for path in shop.iterdir()} == before
