"""Bodies and headers that were kept."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from fcwork.errors import SourceError
from fcwork.webhooks import reading

RAW = b'\xef\xbb\xbf{"a": 1}\r\n\x00\xff'


def test_a_body_is_the_exact_bytes(tmp_path: Path) -> None:
    """Nothing of a body is decoded, trimmed or changed, be it a file or base64."""
    path = tmp_path / "x.body"
    path.write_bytes(RAW)
    assert reading.read_body(path) == reading.read_body(str(path)) == RAW
    encoded = base64.encodebytes(RAW * 40).decode()
    assert reading.read_body(f"base64:{encoded}") == RAW * 40


@pytest.mark.parametrize("payload", ["base64:a", "base64:{}", "nowhere.json", ".", "nul\x00.json"])
def test_a_body_that_cannot_be_had_is_told(payload: str) -> None:
    """A missing file or a text that is no base64 is told, with what to give instead."""
    with pytest.raises(SourceError) as caught:
        reading.read_body(payload)
    assert "raw bytes" in caught.value.hint


@pytest.mark.parametrize(
    "text",
    [
        '{"headers": {"Fluent-Signature": "abc=", "x": "1"}, "received": {"door": "shop"}}',
        '{"Fluent-Signature": "abc=", "x": "1"}',
        '{"headers": [["Fluent-Signature", "abc="], ["x", "1"]]}',
        "Fluent-Signature: abc=\nx: 1\n",
        "POST /webhooks HTTP/1.1\r\nFluent-Signature:abc= \r\nx: 1\r\n\r\n{}",
        "> POST /webhooks HTTP/1.1\n> Fluent-Signature: abc=\n> x: 1\n>\n",
        "HTTP/1.1 200 OK\nFluent-Signature: abc=\nx: 1",
        "\ufeffFluent-Signature: abc=\nx: 1",
    ],
)
def test_headers_come_in_the_forms_that_people_save(text: str, tmp_path: Path) -> None:
    """JSON with or without what a receiver notes, plain lines, and what command line tools show."""
    path = tmp_path / "h"
    path.write_text(text, "utf-8", newline="")
    assert reading.read_headers(path) == [("Fluent-Signature", "abc="), ("x", "1")]


def test_headers_are_given_as_json_too() -> None:
    """A parameter can hold the headers themselves."""
    assert reading.read_headers('{"a": "1", "a": "2"}') == [("a", "1"), ("a", "2")]


def test_a_name_that_stands_twice_is_kept_twice(tmp_path: Path) -> None:
    """Two signatures are never made one: whoever verifies has to see both."""
    twice = [("fluent-signature", "a"), ("fluent-signature", "b")]
    path = tmp_path / "h.json"
    path.write_text('{"headers": {"fluent-signature": "a", "fluent-signature": "b"}}')
    assert reading.read_headers(path) == twice
    path.write_text("fluent-signature: a\nfluent-signature: b")
    assert reading.read_headers(path) == twice
    assert reading.read_headers(twice) == twice


def test_headers_are_found_beside_the_body(tmp_path: Path) -> None:
    """A sample's headers are NAME.headers.json, those of a quarantined body NAME.json, and a body is never its own."""
    assert reading.read_headers(None, body=tmp_path / "order.json") == []
    (tmp_path / "order.json").write_text("{}")
    assert reading.read_headers(None, body=tmp_path / "order.json") == []
    (tmp_path / "order.headers.json").write_text('{"headers": {"a": "1"}}')
    assert reading.read_headers(None, body=str(tmp_path / "order.json")) == [("a", "1")]
    (tmp_path / "x.body").write_bytes(b"")
    (tmp_path / "x.json").write_text('{"headers": {"b": "2"}, "received": {"door": "shop", "sha256": "0"}}')
    assert reading.read_headers(None, body=tmp_path / "x.body") == [("b", "2")]
    assert reading.read_received(None, body=tmp_path / "x.body") == {"door": "shop", "sha256": "0"}
    assert reading.read_received(None, body=tmp_path / "order.json") == {}
    assert reading.read_headers(None, body="base64:e30=") == reading.read_headers(None) == []


@pytest.mark.parametrize("content", [b"\xff", b"{", b'{"headers": 5}', b'{"headers": ["a"]}', b"no headers", b""])
def test_headers_that_are_none_are_told(content: bytes, tmp_path: Path) -> None:
    """A file without headers is a mistake in the call, and not a request without a signature."""
    path = tmp_path / "h.json"
    path.write_bytes(content)
    with pytest.raises(SourceError) as caught:
        reading.read_headers(path)
    assert caught.value.hint


def test_values_that_are_no_text_stay_visible() -> None:
    """A value that is no text is kept as its JSON, so that it is judged and not dropped."""
    given: dict[str, Any] = {"fluent-signature": ["a"], "n": 1}
    assert reading.read_headers(given) == [("fluent-signature", json.dumps(["a"])), ("n", "1")]
