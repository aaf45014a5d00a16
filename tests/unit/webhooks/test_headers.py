"""Signature headers: found in whatever a framework hands on, and read strictly."""

import base64
from collections.abc import Callable
from email.message import Message
from typing import Any

import httpx
import pytest
from forging import Pair
from werkzeug.datastructures import EnvironHeaders, Headers

from fcwork.errors import InvalidSignatureError, MalformedSignatureError, MissingSignatureError, WebhookError
from fcwork.webhooks import MD5, verify

BOTH = ("SHA512withRSA", "MD5withRSA")


def message(name: str, value: str) -> Message:
    """Return headers as http.server has them."""
    found = Message()
    found[name] = value
    return found


FORMS: dict[str, Callable[[str, str], Any]] = {
    "dict": lambda name, value: {name: value},
    "dict of bytes": lambda name, value: {name.encode(): value.encode()},
    "dict of lists": lambda name, value: {name: [value]},
    "pairs": lambda name, value: [("host", "x"), (name, value)],
    "pairs of bytes, as ASGI has them": lambda name, value: [(name.lower().encode(), value.encode())],
    "tuple of lists": lambda name, value: ([name, value],),
    "generator": lambda name, value: (pair for pair in [(name, value)]),
    "werkzeug": lambda name, value: Headers([(name, value)]),
    "environ": lambda name, value: EnvironHeaders({f"HTTP_{name.upper().replace('-', '_')}": value}),
    "WSGI environ": lambda name, value: {f"HTTP_{name.upper().replace('-', '_')}": value, "wsgi.input": object()},
    "httpx": lambda name, value: httpx.Headers({name: value}),
    "message": message,
    "among other things": lambda name, value: {5: 6, None: None, b"\xff": b"\xff", name: value, "x": object()},
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ["fluent-signature", "Fluent-Signature", "X-FLUENT-SIGNATURE", "x-fluent-signature"])
def test_a_signature_is_found_in_all_kinds_of_headers(form: str, name: str, mine: Pair, raw: bytes) -> None:
    """Header names have no case, and mappings, pairs, WSGI and ASGI headers are all read."""
    (value,) = mine.signed(raw).values()
    event = verify(raw, FORMS[form](name, value), mine.pem)
    assert (event.header, event.algorithm) == (name.lower(), "SHA512withRSA")


@pytest.mark.parametrize("name", ["flex.signature", "Flex.Signature", "flex-signature", "FLEX_SIGNATURE"])
def test_the_old_header_is_found(name: str, mine: Pair, raw: bytes) -> None:
    """The MD5 signature is found under each of its names, where it is asked for."""
    (value,) = mine.signed(raw, MD5).values()
    assert verify(raw, {name: value}, mine.pem, algorithms=BOTH).algorithm == "MD5withRSA"


def damaged(signature: bytes) -> dict[str, str]:
    """Return header values that are none, made of a right signature."""
    text = base64.b64encode(signature).decode()
    return {
        "empty": "",
        "white space": " \t ",
        "cut off": text[:-4],
        "cut to a group": text[:4],
        "one character": "A",
        "only padding": "====",
        "without padding": text.rstrip("="),
        "too much padding": f"{text}=",
        "padding in the middle": f"{text[:40]}={text[40:]}",
        "twice, with a comma": f"{text},{text}",
        "twice, with a comma and a space": f"{text}, {text}",
        "twice": text + text,
        "versioned, as svix": f"v1,{text}",
        "versioned and cut off": "v1,",
        "with a name": f"sha512={text}",
        "in quotes": f'"{text}"',
        "in hex": signature.hex(),
        "raw bytes": signature.decode("latin-1"),
        "url-safe": text.replace("+", "-").replace("/", "_") + "-",
        "a space inside": f"{text[:40]} {text[40:]}",
        "in lines": base64.encodebytes(signature).decode(),
        "a line end behind": f"{text}\n",
        "a line break inside": f"{text[:40]}\r\n {text[40:]}",
        "another header inside": f"{text}\r\nx: y",
        "NUL inside": f"{text[:40]}\0{text[40:]}",
        "NUL behind": f"{text}\0",
        "a letter of another script": f"{text[:-5]}\u0410{text[-4:]}",
        "a space of another kind": f"\u00a0{text}",
        "half a character": f"{text}\ud800",
        "a megabyte": "A" * 1_000_000,
        "a number": "0",
        "null": "null",
        "base64 of base64": base64.b64encode(text.encode()).decode(),
    }


def test_a_damaged_signature_is_malformed(mine: Pair, raw: bytes) -> None:
    """P3: a header that is cut off, empty, too long, no base64 or doubled is refused as such, without a byte of it."""
    for name, value in damaged(mine.sign(raw)).items():
        for given in ({"fluent-signature": value}, [("fluent-signature", value)]):
            with pytest.raises(MalformedSignatureError) as told:
                verify(raw, given, mine.pem)
            assert told.value.reason == "MALFORMED_SIGNATURE", name
            text = f"{told.value}{told.value.facts()}"
            assert not any(value[at : at + 8] in text for at in range(min(len(value), 400) - 8)), name
            assert "ACME" not in text
            assert len(text) < 400


def test_bits_that_say_nothing_are_refused(mine: Pair, raw: bytes) -> None:
    """P3: base64 whose last bits mean nothing would give one signature many texts; only the proper text is read."""
    (value,) = mine.signed(raw).values()
    assert value.endswith("==")
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    at = letters.index(value[-3])
    assert at % 16 == 0
    for other in letters[at + 1 : at + 16]:
        twin = f"{value[:-3]}{other}=="
        assert base64.b64decode(twin) == base64.b64decode(value)
        with pytest.raises(MalformedSignatureError, match="proper base64"):
            verify(raw, {"fluent-signature": twin}, mine.pem)


def test_outer_white_space_of_a_header_is_no_part_of_it(mine: Pair, raw: bytes) -> None:
    """Spaces and tabs around a header's value belong to HTTP and are left out."""
    (value,) = mine.signed(raw).values()
    assert verify(raw, {"fluent-signature": f" \t{value}\t "}, mine.pem).kind == "event"


def test_a_second_signature_is_one_too_many(mine: Pair, other: Pair, raw: bytes) -> None:
    """P3: a header that stands twice is refused, whichever of the two is right, and also if they are alike."""
    (good,), (bad,) = mine.signed(raw).values(), other.signed(raw).values()
    for first, second in ((good, bad), (bad, good), (good, good), (good, ""), ("", good)):
        for given in (
            [("fluent-signature", first), ("fluent-signature", second)],
            [(b"Fluent-Signature", first.encode()), (b"fluent-signature", second.encode())],
            {"fluent-signature": first, "Fluent-Signature": second},
            {"fluent-signature": [first, second]},
            Headers([("fluent-signature", first), ("fluent-signature", second)]),
            httpx.Headers([("fluent-signature", first), ("fluent-signature", second)]),
        ):
            with pytest.raises(MalformedSignatureError, match="more than one"):
                verify(raw, given, mine.pem)
    for first, second in ((good, bad), (bad, good)):
        with pytest.raises(MalformedSignatureError, match="more than one"):
            verify(raw, {"fluent-signature": first, "x-fluent-signature": second}, mine.pem)
    assert verify(raw, {"fluent-signature": good, "x-fluent-signature": good}, mine.pem).header == "fluent-signature"


def test_a_request_without_a_signature(mine: Pair, raw: bytes) -> None:
    """P3: no headers, others, or an empty value of a framework is a missing signature."""
    for given in ({}, [], None, {"x-signature": "x"}, {"fluent-signature": None}, {"fluent-signature": []}, {"": ""}):
        with pytest.raises(MissingSignatureError, match="no signature") as told:
            verify(raw, given, mine.pem)
        assert told.value.reason == "MISSING_SIGNATURE"


def test_what_is_no_headers_is_told_so(mine: Pair, raw: bytes) -> None:
    """P3: texts, numbers and pairs of three are no headers; a value that is no text is no signature."""
    for given in ("fluent-signature: x", b"x", 5, object(), [1], ["ab"], [("a", "b", "c")], [("a",)]):
        with pytest.raises(MalformedSignatureError, match="holds no headers"):
            verify(raw, given, mine.pem)
    for value in (5, 5.0, True, object(), {"a": "b"}, [5], [None, b"x"]):
        with pytest.raises(WebhookError):
            verify(raw, {"fluent-signature": value}, mine.pem)


def test_the_md5_header_is_never_a_way_around(mine: Pair, other: Pair, raw: bytes) -> None:
    """P4: MD5 is taken only where it is named, and never where a SHA-512 header is there and not right."""
    md5 = mine.signed(raw, MD5)
    with pytest.raises(MissingSignatureError, match=r"only flex\.signature"):
        verify(raw, md5, mine.pem)
    with pytest.raises(InvalidSignatureError):
        verify(raw, {**md5, **other.signed(raw)}, mine.pem)
    for algorithms in (BOTH, ("MD5withRSA", "SHA512withRSA"), ("MD5withRSA",), "MD5withRSA"):
        event = verify(raw, md5, mine.pem, algorithms=algorithms)
        assert event.algorithm == "MD5withRSA"
        assert any("MD5" in warning for warning in event.warnings)
        with pytest.raises(InvalidSignatureError):
            verify(raw, {**md5, **other.signed(raw)}, mine.pem, algorithms=algorithms)
        with pytest.raises(InvalidSignatureError):
            verify(raw, {"flex.signature": md5["flex.signature"], **mine.signed(raw + b" ")}, mine.pem, algorithms=BOTH)
        for value in damaged(mine.sign(raw)).values():
            with pytest.raises(MalformedSignatureError):
                verify(raw, {**md5, "fluent-signature": value}, mine.pem, algorithms=algorithms)


def test_each_header_is_its_own_algorithm(mine: Pair, raw: bytes) -> None:
    """P4: an MD5 signature in the SHA-512 header is wrong, and the other way round; both right is SHA-512."""
    (sha,), (md5,) = mine.signed(raw).values(), mine.signed(raw, MD5).values()
    with pytest.raises(InvalidSignatureError):
        verify(raw, {"fluent-signature": md5}, mine.pem, algorithms=BOTH)
    with pytest.raises(InvalidSignatureError):
        verify(raw, {"flex.signature": sha}, mine.pem, algorithms=BOTH)
    event = verify(raw, {"flex.signature": md5, "fluent-signature": sha}, mine.pem, algorithms=BOTH)
    assert (event.algorithm, event.warnings) == ("SHA512withRSA", ())
    assert verify(raw, {"flex.signature": "junk", "fluent-signature": sha}, mine.pem).algorithm == "SHA512withRSA"
    for junk in ("junk", "", sha):
        event = verify(raw, {"flex.signature": junk, "fluent-signature": sha}, mine.pem, algorithms=BOTH)
        assert event.algorithm == "SHA512withRSA"
    with pytest.raises(MissingSignatureError):
        verify(raw, {"fluent-signature": sha}, mine.pem, algorithms=["MD5withRSA"])
    assert verify(raw, {"flex.signature": md5, "fluent-signature": sha}, mine.pem, algorithms=[MD5]).algorithm == MD5
