"""Documents that people write: JSON and YAML read as they stand, and what is wrong with them told."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from fcwork import documents
from fcwork.documents import Document
from fcwork.errors import MappingError


def loaded(folder: Path, text: str | bytes, name: str = "m.yml") -> Document:
    """Return the document that a file of such content is."""
    file = folder / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return documents.load(file, what="mapping", error=MappingError)


def refused(folder: Path, text: str | bytes, name: str = "m.yml") -> str:
    """Return what is told of a file that cannot be read, its folder left out."""
    with pytest.raises(MappingError) as caught:
        loaded(folder, text, name)
    assert caught.value.hint
    assert str(folder / name) in str(caught.value)
    return str(caught.value).replace(f"{folder}{os.sep}", "")


def test_json_and_yaml_say_the_same(tmp_path: Path) -> None:
    """A file that ends in .yml or .yaml, in any case, is YAML; any other is JSON."""
    content = {"a": [1, -2, 1.5, 1e3, True, False, None, "x", "é"], "b": {"c": {}}, "d": []}
    text = json.dumps(content)
    assert loaded(tmp_path, text, "m.json").content == content
    assert loaded(tmp_path, text, "mapping").content == content
    for name in ("m.yml", "m.yaml", "M.YAML"):
        assert loaded(tmp_path, text, name).content == content
    block = "a:\n  - 1\n  - -2\n  - 1.5\n  - 1e3\n  - true\n  - false\n  - null\n  - x\n  - é\nb:\n  c: {}\nd: []\n"
    assert loaded(tmp_path, block).content == content
    assert loaded(tmp_path, text).origin == f"the mapping {tmp_path / 'm.yml'}"


@pytest.mark.parametrize(
    "text",
    [
        *("NO", "no", "off", "on", "yes", "Yes", "True", "FALSE", "Null", "012", "0x1F", "0o7", "1_000"),
        *("2025-01-15", "1:20", ".5", "5.", "+5", ".inf", ".nan", "NaN", "1,234", "="),
    ],
)
def test_what_json_does_not_have_stays_text(tmp_path: Path, text: str) -> None:
    """A plain value of YAML is a number, a truth or nothing only where JSON writes it so: NO is no truth, 012 no 10."""
    assert loaded(tmp_path, f"a: {text}\n").content == {"a": text}


@pytest.mark.parametrize(
    ("text", "value"), [("~", None), ("", None), ("null", None), ("-0", 0), ("1e3", 1000.0), ("-1.50", -1.5)]
)
def test_plain_values_of_json_are_read(tmp_path: Path, text: str, value: Any) -> None:
    """What JSON writes as a number or as nothing is read as that; so is an empty value."""
    assert loaded(tmp_path, f"a: {text}\n").content == {"a": value}


def test_texts_of_yaml_keep_what_they_hold(tmp_path: Path) -> None:
    """Quotes keep a text one, and blocks keep their lines."""
    text = 'a: \'NO\'\nb: "1"\nc: |\n  x\n  y\nd: >\n  x\n  y\ne: "\\x41\\u00e9"\n'
    assert loaded(tmp_path, text).content == {"a": "NO", "b": "1", "c": "x\ny\n", "d": "x y\n", "e": "Aé"}


def test_whole_numbers_keep_their_digits(tmp_path: Path) -> None:
    """A whole number of any size that a person writes is kept."""
    for name in ("m.json", "m.yml"):
        assert loaded(tmp_path, '{"a": 12345678901234567890123}', name).content == {"a": 12345678901234567890123}


@pytest.mark.parametrize("name", ["m.json", "m.yml"])
def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path, name: str) -> None:
    """A file that an editor of Windows saved is read as any other, also its ends of lines."""
    assert loaded(tmp_path, b'\xef\xbb\xbf{"a":\r\n 1}\r\n', name).content == {"a": 1}


def test_keys_of_yaml_are_texts(tmp_path: Path) -> None:
    """A key that YAML takes for something else is the text that JSON has for it."""
    assert loaded(tmp_path, "1: a\ntrue: b\n1.5: c\n? [x, y]\n: d\nNO: e\n").content == {
        "1": "a",
        "true": "b",
        "1.5": "c",
        '["x", "y"]': "d",
        "NO": "e",
    }


@pytest.mark.parametrize("name", ["m.json", "m.yml"])
def test_a_name_that_stands_twice_is_told_with_its_place(tmp_path: Path, name: str) -> None:
    """P32: of two values under one name only one can count, and where that is is told."""
    text = '{"fields": {"a": 1, "b": [{"c": 1, "c": 2}], "a": 2}, "x": {"y": {"z": 1, "z": 2, "z": 3}}}'
    document = loaded(tmp_path, text, name)
    assert list(zip(document.twice, document.twice_at, strict=True)) == [
        ("a", "fields"),
        ("c", "fields.b[0]"),
        ("z", "x.y"),
    ]
    assert loaded(tmp_path, '{"a": {"b": 1}, "c": {"b": 1}}', name).twice == ()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: &x 1\nb: *x", "line 2, column 4: aliases (*name) are not read"),
        ("a: &x {b: 1}\nc:\n  <<: *x", "line 3, column 7: aliases (*name) are not read"),
        ("a: &a [x]\nb: &b [*a,*a]\nc: [*b,*b]", "line 2, column 8: aliases"),
        ("a: !!python/object:os.system x", "line 1, column 4: tags (!name) are not read: a text stands in quotes"),
        ("a: !!timestamp 2025-01-15", "line 1, column 4: tags"),
        ("a: !!binary aGk=", "line 1, column 4: tags"),
        ("a: !!set {b}", "line 1, column 4: tags"),
        ("a: !!bool x", "line 1, column 4: tags"),
        ("b: 1\na: !mine x", "line 2, column 4: tags"),
        ("a:\n\tb: 1", r"line 2, column 1: found character '\t' that cannot start any token"),
        ("a: 1\n---\nb: 2", "line 2, column 1: expected a single document in the stream, but found another document"),
        ("a: [1, 2", "line 1, column 9: expected ',' or ']'"),
        ("a: b: c", "line 1, column 5: mapping values are not allowed here"),
        ("a:\n  b: 1\n c: 2", "line 3, column 2: expected <block end>"),
        ("a: 1\nb: 1e400", "line 2, column 4: 1e400 is larger than a number can be: write it as text"),
        ("a: " + "1" * 5_000, "line 1, column 4: a number of 5,000 digits: write it as text"),
        ("a: \0", "unacceptable character #x0000"),
        ("a: " + "[" * 100_000, "nested too deeply"),
        ("a: " + "[" * 900 + "]" * 900, "nested too deeply"),
        ("".join(" " * level + "a:\n" for level in range(1_200)), "nested too deeply"),
    ],
    ids=lambda item: item[:20].strip().replace("\0", "NUL"),
)
def test_what_is_no_usable_yaml_says_where(tmp_path: Path, text: str, told: str) -> None:
    """P32: YAML that cannot be read, or says what JSON cannot, is told with line and column and what to do."""
    message = refused(tmp_path, text)
    assert message.startswith(f"m.yml is no usable YAML: {told}")
    assert "→ " in message


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"a": 1,}', "line 1, column 9: "),
        ('{"a": 1}\n x', "line 2, column 2: Extra data"),
        ('{"a": 1 // c\n}', "line 1, column 9: "),
        ("{'a': 1}", "line 1, column 2: Expecting property name"),
        ('{"a": "\n"}', "line 1, column 8: Invalid control character"),
        ('{"a": NaN}', "NaN is no JSON value"),
        ('{"a": -Infinity}', "-Infinity is no JSON value"),
        ('{"a": -1e400}', "-1e400 is larger than a number can be: write it as text"),
        ('{"a": ' + "1" * 5_000 + "}", "a number of 5,000 digits: write it as text"),
        ("[" * 100_000, "nested too deeply"),
        ('{"a":' * 100_000, "nested too deeply"),
        ("a: 1", "line 1, column 1: Expecting value"),
    ],
    ids=lambda item: item[:20].strip(),
)
def test_what_is_no_json_says_where(tmp_path: Path, text: str, told: str) -> None:
    """P32: JSON that cannot be read is told with line and column, or with what stands there."""
    assert refused(tmp_path, text, "m.json").startswith(f"m.json is no JSON: {told}")


def test_a_hint_says_what_would_help(tmp_path: Path) -> None:
    """P32: the tab that YAML does not take, and YAML in a file of another name, are named as such."""
    assert refused(tmp_path, "a:\n\tb: 1").endswith("→ indent with spaces: YAML takes no tabs")
    assert refused(tmp_path, "a: 1", "m.txt").endswith("→ mend the file there; YAML is what ends in .yml or .yaml")


@pytest.mark.parametrize("text", ["", " \n\t ", b"\xef\xbb\xbf"])
def test_an_empty_file_is_told_as_that(tmp_path: Path, text: str | bytes) -> None:
    """P32: a file without anything in it is neither JSON nor YAML."""
    assert refused(tmp_path, text, "m.json") == "m.json is no JSON: it is empty\n→ write the mapping into it"
    assert refused(tmp_path, text) == "m.yml is no YAML: it is empty\n→ write the mapping into it"
    assert loaded(tmp_path, "# nothing but a comment\n").content is None


def test_what_is_no_utf_8_is_told(tmp_path: Path) -> None:
    """P24: bytes that are no UTF-8 are refused, with the first of them."""
    assert refused(tmp_path, '{"a": "é"}'.encode("latin-1"), "m.json").startswith("m.json is no UTF-8 text (byte 7)")
    assert refused(tmp_path, "a: 1".encode("utf-16")).startswith("m.yml is no UTF-8 text (byte 0)")


def test_a_file_that_no_person_wrote_is_refused_by_its_size(tmp_path: Path) -> None:
    """P24: ten megabytes of YAML would take minutes to read: they are refused at once, and as many of JSON are read."""
    message = refused(tmp_path, "a:\n" + "  - {b: 1, c: x}\n" * 600_000)
    assert message.startswith("m.yml has 10,200,003 bytes: a YAML file may have 1,000,000")
    many = '{"a": [' + '{"b": 1},' * 1_100_000 + "{}]}"
    assert len(loaded(tmp_path, many, "m.json").content["a"]) == 1_100_001
    with (tmp_path / "large.json").open("wb") as file:
        file.truncate(10**10)
    with pytest.raises(MappingError, match="has 10,000,000,000 bytes: a JSON file may have 50,000,000"):
        documents.load(tmp_path / "large.json", what="mapping", error=MappingError)


def test_a_file_that_is_not_there_is_told_with_the_nearest(tmp_path: Path) -> None:
    """P32: a path that leads to no file says so, and what may have been meant."""
    loaded(tmp_path, "{}", "orders.json")
    for name, close in [("order.json", ": did you mean 'orders.json'?"), ("stock.yml", "")]:
        with pytest.raises(MappingError) as caught:
            documents.load(tmp_path / name, what="mapping", error=MappingError)
        assert (
            str(caught.value)
            == f"there is no mapping file {tmp_path / name}{close}\n→ paths are taken from {Path.cwd()}"
        )


def test_what_is_no_file_is_told(tmp_path: Path) -> None:
    """P24: a folder, a pipe, a link that leads to itself and a path with a NUL are refused and never waited for."""
    (tmp_path / "folder.yml").mkdir()
    (tmp_path / "loop.json").symlink_to(tmp_path / "loop.json")
    os.mkfifo(tmp_path / "pipe.json")
    told = {
        "folder.yml": "is a folder\n→ give the path of a JSON or YAML file in it",
        "pipe.json": "is no regular file",
        "loop.json": "cannot be read: Too many levels of symbolic links",
        "a\0b.json": "can be no path",
        "n" * 300 + ".json": "cannot be read: File name too long",
    }
    for name, text in told.items():
        with pytest.raises(MappingError) as caught:
            documents.load(tmp_path / name, what="mapping", error=MappingError)
        assert text in str(caught.value)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read anything")
def test_a_file_that_may_not_be_read_is_told(tmp_path: Path) -> None:
    """P32: a file without permission is told as that."""
    file = tmp_path / "m.json"
    file.write_text("{}")
    file.chmod(0)
    with pytest.raises(MappingError, match=r"cannot be read: Permission denied\n→ see to its permissions"):
        documents.load(file, what="mapping", error=MappingError)


def test_braces_in_a_file_name_are_its_own(tmp_path: Path) -> None:
    """A name with braces is told as it is."""
    assert refused(tmp_path, "{", "{file} {x}.json").startswith("{file} {x}.json is no JSON: line 1, column 2")


@pytest.mark.parametrize("given", [{"fields": {}}, None, 5])
def test_what_is_no_path_is_told(given: Any) -> None:
    """A mapping itself where its file is wanted is a mistake that says so, not an error of Python's."""
    with pytest.raises(MappingError, match="is no path of a mapping file") as caught:
        documents.load(given, what="mapping", error=MappingError)
    assert "needs no loading" in caught.value.hint
