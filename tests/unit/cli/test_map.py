"""``fcwork map``: a file in; mapped rows out; findings told; an exit code."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from fcwork.redact import Secret

Fcwork = Callable[..., Any]

MAPPING: dict[str, Any] = {
    "name": "stock",
    "mask": ["contact.email"],
    "fields": {
        "ref": {"source": "sku", "required": True},
        "qty": {"source": "quantity", "resolver": "sdk.parseInt", "required": True},
        "condition": {"source": "condition", "defaultValue": "NEW"},
        "contact.email": {"source": "email", "resolver": "sdk.lowercase"},
    },
}
STOCK = """\
sku,quantity,condition,email
A-1,5,USED,jane@shop.example
,2,,joe@shop.example
C-3,"1,234",NEW,
D-4,x,OLD,jim@shop.example
E-5,7
F-6,8,NEW,jill@shop.example
"""
GOOD = [{"sku": "A-1", "quantity": "5", "condition": "USED"}, {"sku": "B-2", "quantity": "7", "condition": None}]
LOCATION = {
    "mutation": "createLocation",
    "mask": ["name"],
    "fields": {
        "ref": {"source": "ref", "required": True},
        "name": {"source": "name"},
        "address.city": {"source": "city"},
    },
}
SHOPS = [{"ref": f"L{n}", "name": f"Shop {n}", "city": "Oslo"} for n in range(7)]


@pytest.fixture
def shop(home: Path) -> Path:
    """Return a folder with a stock file, half of it bad, and its mapping; and shops with that of a mutation."""
    (home / "stock.csv").write_text(STOCK, "utf-8")
    (home / "stock.json").write_text(json.dumps(MAPPING), "utf-8")
    (home / "shops.json").write_text(json.dumps(SHOPS), "utf-8")
    (home / "location.json").write_text(json.dumps(LOCATION), "utf-8")
    return home


def test_counts_add_up_and_findings_are_told(fcwork: Fcwork, shop: Path) -> None:
    """P26, P32: rows read are those mapped and rejected; each code is told with its first rows, fields and values."""
    said = fcwork("map", "stock.csv", "-m", "stock.json")

    assert said.code == 3
    assert said.out.startswith("6 rows read = 2 mapped + 4 rejected (1 in reading, 3 in mapping)\n")
    assert "map.type  2\n    row 4  qty  '1,234'  sdk.parseInt cannot read it" in said.out
    assert "map.required  1\n    row 3  ref  required, but 'sku' gives no value" in said.out
    assert "read.ragged  1\n    row 6" in said.out
    assert "A-1  5    USED" in said.out
    assert "Next: add --rejected rejected.csv --issues issues.csv" in said.out
    assert sorted(path.name for path in shop.iterdir()) == ["location.json", "shops.json", "stock.csv", "stock.json"]


def test_many_findings_are_cut_to_examples(fcwork: Fcwork, shop: Path) -> None:
    """Of a code with many findings three are told, of each field one before more of any, and the rest counted."""
    rows = "".join(f"{'' if n == 9 else n},x{n}\n" for n in range(2000))
    (shop / "many.csv").write_text(f"sku,quantity\n{rows}", "utf-8")
    (shop / "m.json").write_text(
        json.dumps({"fields": {name: {"source": "quantity", "resolver": "sdk.parseInt"} for name in "abcd"}}), "utf-8"
    )
    said = fcwork("map", "many.csv", "-m", "m.json")

    assert "2,000 rows read = 0 mapped + 2,000 rejected\n" in said.out
    assert "map.type  8,000\n    row 2  a  'x0'" in said.out
    assert "row 2  b" in said.out
    assert "and 7,997 more" in said.out
    assert said.out.count("row ") < 10


@pytest.mark.parametrize("ending", ["csv", "json", "jsonl", "parquet"])
def test_the_mapped_rows_are_written_in_each_format(fcwork: Fcwork, shop: Path, ending: str) -> None:
    """--out writes the mapped rows, and them alone, in the format of its ending; what was written is told."""
    said = fcwork("map", "stock.csv", "-m", "stock.json", "-o", f"out/mapped.{ending}", "--rejected", f"bad.{ending}")

    rows = fcwork_read(shop / "out" / f"mapped.{ending}")
    assert said.code == 3
    assert rows["ref"].to_list() == ["A-1", "F-6"]
    assert rows.columns == ["ref", "qty", "condition", "contact"]
    assert f"mapped    out/mapped.{ending}, 2 rows" in said.out
    assert f"rejected  bad.{ending}, 4 rows" in said.out
    assert "jane@shop.example" not in said.out
    assert ("as JSON text, for a csv holds no objects" in said.out) == (ending == "csv")


@pytest.mark.parametrize("ending", ["csv", "json", "jsonl", "parquet", "xml"])
def test_a_source_of_each_format_is_mapped(fcwork: Fcwork, shop: Path, ending: str) -> None:
    """What is read may be csv, json, jsonl, parquet or xml; all rows mapped is exit code 0."""
    file = shop / f"in.{ending}"
    frame = pl.DataFrame(GOOD)
    items = "".join(f"<item><sku>{row['sku']}</sku><quantity>{row['quantity']}</quantity></item>" for row in GOOD)
    written: dict[str, Callable[[], Any]] = {
        "csv": lambda: frame.write_csv(file),
        "json": lambda: file.write_text(json.dumps({"data": GOOD}), "utf-8"),
        "jsonl": lambda: frame.write_ndjson(file),
        "parquet": lambda: frame.write_parquet(file),
        "xml": lambda: file.write_text(f"<items>{items}</items>", "utf-8"),
    }
    written[ending]()
    path = {"json": ["--path", "data"], "xml": ["--path", "items.item"]}.get(ending, [])
    said = fcwork("map", str(file), "-m", "stock.json", "-o", "mapped.jsonl", *path)

    assert said.code == 0, said
    assert said.out.startswith("2 rows read = 2 mapped + 0 rejected\n")
    assert [json.loads(line)["ref"] for line in (shop / "mapped.jsonl").read_text().splitlines()] == ["A-1", "B-2"]


def test_read_options_are_those_of_the_sources(fcwork: Fcwork, shop: Path) -> None:
    """--delimiter, --encoding and --format say how to read; one that the format does not take is a mistake."""
    (shop / "latin.txt").write_bytes("sku|quantity|condition\nÄ-1|5|für\n".encode("cp1252"))
    options = ["--format", "csv", "--delimiter", "|", "--encoding", "cp1252"]
    said = fcwork("map", "latin.txt", "-m", "stock.json", *options)
    wrong = fcwork("map", "stock.csv", "-m", "stock.json", "--path", "data")

    assert (said.code, wrong.code) == (0, 2)
    assert "Ä-1  5    für" in said.out
    assert "csv has no option 'path'" in wrong.err


def test_rejected_rows_are_the_source_s_own_and_can_be_mapped_again(fcwork: Fcwork, shop: Path) -> None:
    """--rejected holds the rows as they were read, with stage and reasons; mended, the file is a source again."""
    fcwork("map", "stock.csv", "-m", "stock.json", "--rejected", "bad.csv")
    bad = (shop / "bad.csv").read_text("utf-8")

    assert bad.splitlines()[0] == "sku,quantity,condition,email,_row,_source,_errors,_stage"
    assert 'C-3,"1,234",NEW,,4,stock.csv,map.type qty,map' in bad
    assert 'E-5,7,,,6,stock.csv,"line 6 has 2 fields, the header has 4",read' in bad
    (shop / "bad.csv").write_text(
        bad.replace("1,234", "1234").replace(",x,", ",9,").replace("\n,2", "\nB-2,2"), "utf-8"
    )
    again = fcwork("map", "bad.csv", "-m", "stock.json")
    assert again.code == 0
    assert again.out.startswith("4 rows read = 4 mapped + 0 rejected")


def test_issues_are_written_without_masked_values(fcwork: Fcwork, shop: Path) -> None:
    """P26: --issues has a line for each rejected row; where the mapping masks, no line of the file stands in it."""
    (shop / "stock.csv").write_text(STOCK.replace("E-5,7", "E-5,7,jack@shop.example"), "utf-8")
    said = fcwork("map", "stock.csv", "-m", "stock.json", "--issues", "issues.jsonl")

    issues = fcwork_read(shop / "issues.jsonl")
    assert sorted(issues["row"].to_list()) == [3, 4, 5, 6]
    assert "jack@" not in (shop / "issues.jsonl").read_text()
    assert "@shop.example" not in said.out + said.err
    assert "•••" in said.out


def test_a_known_secret_is_shown_nowhere(fcwork: Fcwork, shop: Path) -> None:
    """A known secret that stands in a cell is masked on the terminal and in written issues."""
    Secret("s3cr3t-in-a-cell")
    (shop / "stock.csv").write_text(
        "sku,quantity,condition,email\nA,s3cr3t-in-a-cell,,\ns3cr3t-in-a-cell,1,,\n", "utf-8"
    )
    said = fcwork("map", "stock.csv", "-m", "stock.json", "--issues", "issues.csv")

    assert "s3cr3t" not in said.out + said.err + (shop / "issues.csv").read_text("utf-8")


def test_control_characters_of_data_do_not_reach_the_terminal(fcwork: Fcwork, shop: Path) -> None:
    """P25: ANSI escapes, bells, line feeds and marks of direction in cells and names are spelt out."""
    evil = "\x1b[31mA\x07\u202e\nB\x9b"
    row = {"sku": evil, "quantity": evil, "condition": evil, "email": evil, evil: evil}
    (shop / "evil.json").write_text(json.dumps([row, {**row, "quantity": "1"}]), "utf-8")
    mapped = fcwork("map", "evil.json", "-m", "stock.json")
    preview = fcwork("map", "evil.json", "-m", "stock.json", "--preview")
    missing = fcwork("map", "evil.json", "-m", "location.json")
    sent = fcwork("map", "evil.json", "-m", mapping(shop, {"mutation": "a", **MAPPING}), "--mutations")

    assert [said.code for said in (mapped, preview, missing, sent)] == [3, 0, 2, 3]
    for said in (mapped, preview, missing, sent):
        assert not {*"\x1b\x07\u202e\x9b"} & {*said.out, *said.err}
        assert r"\x1b[31m" in said.out + said.err or "\\u001b[31m" in said.out


def test_quiet_says_nothing_but_errors(fcwork: Fcwork, shop: Path) -> None:
    """-q writes the files and says nothing; a mistake is still told."""
    said = fcwork("-q", "map", "stock.csv", "-m", "stock.json", "-o", "mapped.csv")
    wrong = fcwork("-q", "map", "nope.csv", "-m", "stock.json")

    assert (said.code, said.out, said.err) == (3, "", "")
    assert (shop / "mapped.csv").is_file()
    assert "there is no file nope.csv" in wrong.err


def test_the_context_goes_to_the_mapping(fcwork: Fcwork, shop: Path) -> None:
    """-c KEY VALUE is $context.KEY, where KEY may be dotted; one given twice, or value and object, is a mistake."""
    file = mapping(shop, {"fields": {"r": {"source": "$context.retailer"}, "c": {"source": "$context.by.name"}}})
    said = fcwork("map", "shops.json", "-m", file, "-c", "retailer", "7", "-c", "by.name", "Ann", "-o", "o.jsonl")
    twice = fcwork("map", "shops.json", "-m", file, "-c", "by", "7", "-c", "by.name", "Ann")
    lacks = fcwork("map", "shops.json", "-m", file, "-c", "retailr", "7")

    assert said.code == 0
    assert json.loads((shop / "o.jsonl").read_text().splitlines()[0]) == {"r": "7", "c": "Ann"}
    assert (twice.code, lacks.code) == (2, 2)
    assert "-c by.name: " in twice.err
    assert "the context holds no '$context.retailer': did you mean 'retailr'?" in lacks.err


def test_resolvers_of_one_s_own_come_from_the_working_folder(fcwork: Fcwork, shop: Path) -> None:
    """--resolvers module:name gives functions of one's own; one that is not there is a mistake."""
    (shop / "own_resolvers_of_map.py").write_text("resolvers = {'custom.size': lambda value: value * 2}\n", "utf-8")
    file = mapping(shop, {"fields": {"r": {"source": "ref", "resolver": "custom.size"}}})
    said = fcwork("map", "shops.json", "-m", file, "--resolvers", "own_resolvers_of_map:resolvers")
    none = fcwork("map", "shops.json", "-m", file)

    assert said.code == 0
    assert "L0L0" in said.out
    assert none.code == 2
    assert "unknown resolver 'custom.size'" in none.err


def test_lenient_takes_the_sdk_s_answer_and_warns(fcwork: Fcwork, shop: Path) -> None:
    """--lenient rejects no row for a value that cannot be read: the SDK's answer stands, with a warning."""
    file = mapping(shop, {"fields": {"q": {"source": "name", "resolver": "sdk.parseInt"}}})
    strict, lenient = (fcwork("map", "shops.json", "-m", file, *more) for more in ([], ["--lenient"]))

    assert (strict.code, lenient.code) == (3, 0)
    assert "map.type  7 (warning)" in lenient.out


@pytest.mark.usefixtures("shop")
def test_explain_needs_no_source(fcwork: Fcwork) -> None:
    """--explain shows each target with its source, resolver and default; SOURCE may be left out."""
    said = fcwork("map", "-m", "stock.json", "--explain")

    assert said.code == 0
    assert [line.split()[:3] for line in said.out.splitlines()[2:4]] == [
        ["ref", "sku", "yes"],
        ["qty", "quantity", "sdk.parseInt"],
    ]


def test_explain_hides_the_constants_of_masked_targets(fcwork: Fcwork, shop: Path) -> None:
    """A constant of a target that the mapping masks is not shown by --explain."""
    fields = {"a": {"value": "hidden-1"}, "b": {"source": "x", "defaultValue": "hidden-2"}, "c": {"value": "shown"}}
    said = fcwork("map", "-m", mapping(shop, {"fields": fields, "mask": ["a", "b"]}), "--explain")

    assert said.code == 0
    assert "shown" in said.out
    assert "hidden" not in said.out


@pytest.mark.usefixtures("shop")
def test_preview_shows_source_and_target_side_by_side(fcwork: Fcwork) -> None:
    """--preview ROWS shows what stands in the source beside what becomes of it, masked targets hidden, and why not."""
    said = fcwork("map", "stock.csv", "-m", "stock.json", "--preview", "2")

    assert said.code == 0
    assert [line.split() for line in said.out.splitlines()[1:5]] == [
        ["2", "sku", "A-1", "ref", "A-1"],
        ["quantity", "5", "qty", "5"],
        ["condition", "USED", "condition", "USED"],
        ["email", "•••", "contact.email", "•••"],
    ]
    assert "✗ required, but 'sku' gives no value" in said.out
    assert "C-3" not in said.out
    assert "1 line of stock.csv could not be read as a row" in said.out


def test_mutations_are_written_as_json_lines(fcwork: Fcwork, shop: Path) -> None:
    """--mutations writes each request as a line, all rows in them; --per-request says how many go in one."""
    said = fcwork("map", "shops.json", "-m", "location.json", "--mutations", "--per-request", "3", "-o", "r.jsonl")

    requests = [json.loads(line) for line in (shop / "r.jsonl").read_text("utf-8").splitlines()]
    assert said.code == 0
    assert "requests  r.jsonl, 3 requests" in said.out
    assert [list(request) for request in requests] == [["query", "variables"]] * 3
    assert [item["ref"] for request in requests for item in request["variables"].values()] == [
        f"L{n}" for n in range(7)
    ]
    assert requests[0]["variables"]["input1"] == {"ref": "L0", "name": "Shop 0", "address": {"city": "Oslo"}}


def test_the_first_mutation_is_shown(fcwork: Fcwork, shop: Path) -> None:
    """Without --out the first request is shown, what the mapping masks hidden in its variables."""
    said = fcwork("map", "shops.json", "-m", "location.json", "--mutations", "--per-request", "1")
    file = mapping(
        shop, {"mutation": "a", "mask": ["input.name"], "arguments": {"input": {"name": "name"}, "id1": "ref"}}
    )
    (shop / "schema.graphql").write_text(
        "type Query { a: ID } input I { name: String } type Mutation { a(input: I, id1: ID): ID }", "utf-8"
    )
    typed = fcwork("map", "shops.json", "-m", file, "--mutations", "--schema", "schema.graphql")

    assert (said.code, typed.code) == (0, 0)
    assert "The first of 7 requests" in said.out
    assert "createLocation(input: $input)" in said.out
    assert '"ref": "L0"' in said.out
    assert "Shop 0" not in said.out + typed.out
    assert "$input_1: I, $id1_1: ID" in typed.out


def test_a_request_that_is_too_large_is_told(fcwork: Fcwork, shop: Path) -> None:
    """A row that alone needs more than a request may hold is written, told, and ends in exit code 3."""
    (shop / "large.json").write_text(json.dumps([{"ref": "L", "name": "x" * 2_100_000, "city": "Oslo"}]), "utf-8")
    said = fcwork("map", "large.json", "-m", "location.json", "--mutations", "-o", "r.jsonl")

    assert said.code == 3
    assert "1 request too large to be taken" in said.out


@pytest.mark.usefixtures("shop")
def test_a_mapping_of_a_mutation_says_how_to_make_its_requests(fcwork: Fcwork) -> None:
    """Mapped without --mutations, a mapping of a mutation gives rows, and says that it could give requests."""
    said = fcwork("map", "shops.json", "-m", "location.json")

    assert said.code == 0
    assert "The first 5 of 7 mapped rows" in said.out
    assert "of the mutation createLocation: --mutations" in said.out
    assert fcwork("map", "stock.csv", "-m", "stock.json", "--mutations").code == 2


def test_all_mistakes_of_a_mapping_are_told(fcwork: Fcwork, shop: Path) -> None:
    """P32: a mapping with ten mistakes ends in exit code 2 and names all of them, one a line; nothing is written."""
    file = mapping(shop, {"fields": {f"f{n}": {"source": "ref", "resolver": f"sdk.trimm{n}"} for n in range(10)}})
    said = fcwork("map", "shops.json", "-m", file, "-o", "mapped.csv")

    assert said.code == 2
    assert f"the mapping {file} has 10 mistakes:" in said.err
    assert all(f"\n  fields.f{n}.resolver: unknown resolver" in said.err for n in range(10))
    assert not (shop / "mapped.csv").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-m", "stock.json"], "Missing argument 'SOURCE'"),
        (["stock.csv"], "Missing option '-m' / '--mapping'"),
        (["", "-m", "stock.json"], "SOURCE is empty"),
        (["nope.csv", "-m", "stock.json"], "there is no file nope.csv"),
        ([".", "-m", "stock.json"], ". is a folder"),
        (["empty.csv", "-m", "stock.json"], "empty.csv is empty"),
        (["stock.csv", "-m", "stok.json"], "did you mean 'stock.json'?"),
        (["stock.csv", "-m", "."], ". is a folder"),
        (["stock.csv", "-m", "stock.csv"], "stock.csv is no JSON: line 1"),
        (["stock.csv", "-m", "location.json"], "the rows have no column 'ref'"),
        (["stock.csv", "-m", "stock.json", "-o", "stock.csv"], "--out stock.csv is a file that is read here"),
        (["*.csv", "-m", "stock.json", "-o", "./stock.csv"], "is a file that is read here"),
        (["stock.csv", "-m", "stock.json", "--issues", "link.json"], "--issues link.json is a file that is read here"),
        (["stock.csv", "-m", "stock.json", "-o", "a.csv", "--issues", "a.csv"], "--issues a.csv is the file of --out"),
        (["stock.csv", "-m", "stock.json", "-o", "out.xlsx"], "its ending is to be one of .csv, .json"),
        (["stock.csv", "-m", "stock.json", "-o", "stock.csv/out.csv"], "cannot be written"),
        (["stock.csv", "-m", "stock.json", "-o", "folder.csv"], "cannot be written"),
        (["shops.json", "-m", "location.json", "--mutations", "-o", "r.csv"], "its ending is to be one of .jsonl"),
        (["stock.csv", "-m", "stock.json", "-o", "a.csv", "--preview"], "--preview shows and does nothing else"),
        (["-m", "stock.json", "--explain", "--preview"], "are two calls"),
        (["-m", "stock.json", "--preview", "stock.csv"], "write SOURCE before it"),
        (["stock.csv", "-m", "stock.json", "--preview", "0"], "'0' is no number of rows"),
        (["stock.csv", "-m", "stock.json", "--schema", "s.graphql"], "--schema goes with --mutations"),
        (["stock.csv", "-m", "stock.json", "--per-request", "5"], "--per-request goes with --mutations"),
        (["stock.csv", "-m", "stock.json", "--resolvers", "no_such_module:x"], "cannot be imported"),
        (["stock.csv", "-m", "stock.json", "--format", "xls"], "format='xls' is not known"),
    ],
)
def test_a_mistake_in_the_call_is_told(fcwork: Fcwork, shop: Path, arguments: list[str], said: str) -> None:
    """P32: a mistake of the caller's ends with code 2 and one message; no file appears, and none is changed."""
    (shop / "empty.csv").write_text("", "utf-8")
    (shop / "folder.csv").mkdir()
    (shop / "link.json").symlink_to(shop / "stock.json")
    before = {path.name: path.read_bytes() for path in shop.iterdir() if path.is_file()}
    ended = fcwork("map", *arguments)

    assert ended.code == 2
    assert said in ended.err
    assert ended.out == ""
    assert "Traceback" not in ended.err
    assert {path.name: path.read_bytes() for path in shop.iterdir() if path.is_file()} == before


def test_no_rows_are_no_mistake(fcwork: Fcwork, shop: Path) -> None:
    """A file with a header and no rows maps to a file with a header and no rows."""
    (shop / "none.csv").write_text("sku,quantity,condition,email\n", "utf-8")
    said = fcwork("map", "none.csv", "-m", "stock.json", "-o", "mapped.csv", "--rejected", "bad.csv")

    assert said.code == 0
    assert said.out.startswith("0 rows read = 0 mapped + 0 rejected")
    assert (shop / "mapped.csv").read_text("utf-8") == "ref,qty,condition,contact\n"


def mapping(folder: Path, config: dict[str, Any]) -> str:
    """Write a mapping and return its name."""
    (folder / "m.json").write_text(json.dumps(config), "utf-8")
    return "m.json"


def fcwork_read(path: Path) -> pl.DataFrame:
    """Return the rows of a file that was written, by another reader than ours."""
    readers: dict[str, Callable[[Path], pl.DataFrame]] = {
        ".csv": pl.read_csv,
        ".json": pl.read_json,
        ".jsonl": pl.read_ndjson,
        ".parquet": pl.read_parquet,
    }
    return readers[path.suffix](path)
