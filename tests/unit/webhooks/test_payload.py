"""What a verified body may be: JSON that all readers read alike."""

import json
from typing import Any

import pytest
from forging import Pair, body

from fcwork.errors import MalformedEventError
from fcwork.webhooks import verify


def refusal(key: Pair, raw: bytes) -> str:
    """Return why a signed body is no event."""
    with pytest.raises(MalformedEventError) as told:
        verify(raw, key.signed(raw), key.pem)
    assert told.value.reason == "MALFORMED_EVENT"
    return str(told.value)


@pytest.mark.parametrize(
    "raw",
    [
        '{"id":"1","name":"a","id":"2"}',
        '{"id":"1","name":"a","accountId":"ACME","accountId":"OTHER"}',
        '{"id":"1","name":"a","\\u0061ccountId":"ACME","accountId":"OTHER"}',
        '{"id":"1","name":"a","attributes":{"x":1,"x":1}}',
        '{"id":"1","name":"a","attributes":[[{"x":1,"y":[{"z":1,"z":2}]}]]}',
        '{"":1,"":2}',
    ],
)
def test_a_name_that_stands_twice_is_refused(mine: Pair, raw: str) -> None:
    """Of a name that stands twice one reader takes the first and another the last; so it is no event, at any depth."""
    assert "twice" in refusal(mine, raw.encode())


@pytest.mark.parametrize(
    "raw",
    [
        b"", b" ", b"{", b"}", b"{}x", b"{}{}", b"null", b"true", b"[]", b'["id","name"]', b'"id"', b"1", b"\0", b"{]",
        b"{'id':1}", b"{id:1}", b'{"a":1,}', b'{"a":+1}', b'{"a":01}', b'{"a":.5}', b'{"a":0x1}', b'{"a":"\n"}',
        b'{"a":NaN}', b'{"a":Infinity}', b'{"a":-Infinity}', b'{"a":1e999}', b'{"a":-1e999}', b'{"a":nan}',
        b'{"a":' + b"9" * 5_000 + b"}", b'{"a":"\xff"}', b'{"a":"\xc0\x80"}', b'{"a":"\xed\xa0\x80"}',
        b'\xef\xbb\xbf{"a":1}',
        b'{"a":"\\ud800"}', b'{"\\udfff":1}', b'{"a":"\\x"}', b'{"a":"\\u12"}', b"<a/>", b"id=1&name=2", b"/**/{}",
        '{"id":"1","name":"a"}'.encode("utf-16"), '{"id":"1","name":"a"}'.encode("utf-32"), b'{"a":"\xe9"}',
        b'{"a":' * 101 + b"1" + b"}" * 101, b'{"a":' + b"[" * 500 + b"]" * 500 + b"}",
        b"[" * 100_000, b'{"a":' * 100_000,
        b"[" * 100_000 + b"]" * 100_000, b'{"a":' * 900 + b"1" + b"}" * 900,
    ],
    ids=lambda raw: repr(raw[:24]),
)  # fmt: skip
def test_what_is_no_plain_json_object_is_refused(mine: Pair, raw: bytes) -> None:
    """P3: no JSON, no object, NaN, half a character, too deep, cut off: a typed refusal without a byte of the body."""
    said = refusal(mine, raw)
    assert len(said) < 200
    assert not any(raw[at : at + 16].decode("latin-1") in said for at in range(0, max(len(raw) - 16, 0), 97))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a":1.50}', 1.5), ('{"a":1E5}', 100_000.0), ('{"a":-0}', 0), ('{"a":18446744073709551616}', 2**64),
        ('{"a":123456789012345678901234567890}', 123456789012345678901234567890), ('{"a":"\\u00e9"}', "\xe9"),
        ('{"a":"\\ud83d\\ude00"}', "\N{GRINNING FACE}"), ('{ "a" : [ 1 , 2 ] }\r\n', [1, 2]), ('{"a":"\\u0000"}', "\0"),
        ('{"a":"\\/"}', "/"), ('{"a":9007199254740993}', 9007199254740993), ('{"a":{}}', {}),
        ('{"a":' + "[" * 98 + "]" * 98 + "}", ...),
    ],
)  # fmt: skip
def test_json_is_read_as_it_is_meant(mine: Pair, text: str, value: Any) -> None:
    """Whatever way the JSON is written, numbers keep all digits and texts all characters."""
    raw = text.encode()
    event = verify(raw, mine.signed(raw), mine.pem)
    assert event.data == json.loads(text)
    assert value is ... or (event.data["a"] == value and type(event.data["a"]) is type(value))


def test_a_body_of_megabytes_is_read(mine: Pair) -> None:
    """A big event is an event, and a name twice at its end is found."""
    raw = body(attributes={"lines": [{"sku": f"S-{number}", "qty": number} for number in range(50_000)]})
    assert len(raw) > 1_000_000
    assert len(verify(raw, mine.signed(raw), mine.pem).attributes["lines"]) == 50_000
    assert "twice" in refusal(mine, raw[:-1] + b',"id":"2"}')


@pytest.mark.parametrize("wrong", [{"id": True}, {"id": 1.5}, {"id": []}, {"id": {}}, {"name": 5.0}, {"name": ["x"]}])
def test_a_field_of_an_event_is_a_text_or_a_whole_number(mine: Pair, wrong: dict[str, Any]) -> None:
    """An event whose id, name or entity is neither text nor whole number is no event, and the field is named."""
    assert next(iter(wrong)) in refusal(mine, body(**wrong))
    assert "entityRef" in refusal(mine, body(entityRef={"a": 1}))
