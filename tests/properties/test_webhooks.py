"""Any bytes at all end in an event or in a `WebhookError`."""

import base64
import json
from typing import Any

import pytest
from forging import Pair, body, pair
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from fcwork.errors import BadKeyError, MalformedEventError, WebhookError
from fcwork.webhooks import KeyRing, load_key, verify

KEY = pair(1_024)  # signs and checks fastest
RING = KeyRing({"ours": KEY.pem})
GENUINE = body()
SIGNED = KEY.signed(GENUINE)["fluent-signature"]
NAMES = st.sampled_from(["fluent-signature", "Fluent-Signature", "HTTP_FLUENT_SIGNATURE", b"flex-signature", "host"])
VALUES = (
    st.sampled_from([SIGNED, SIGNED[:-4], SIGNED.encode(), "", None, [SIGNED, SIGNED], 5])
    | st.binary(max_size=140).map(lambda raw: base64.b64encode(raw).decode())
    | st.binary(min_size=128, max_size=128).map(base64.b64encode)
    | st.text(max_size=20)
)
HEADERS = (
    st.dictionaries(NAMES, VALUES, max_size=3) | st.lists(st.tuples(NAMES, VALUES), max_size=3) | st.text(max_size=5)
)
BODIES = st.sampled_from([GENUINE, GENUINE[:-1], b"{}", "text", None]) | st.binary(max_size=60)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
FIELDS = st.sampled_from(["id", "name", "accountId", "retailerId", "entityRef", "attributes", "type"]) | st.text(
    max_size=4
)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS, inner, max_size=4), max_leaves=10
)
TEXTS = st.dictionaries(FIELDS, JSON, max_size=6).map(lambda value: json.dumps(value).encode("utf-8", "surrogatepass"))
PIECES = st.lists(
    st.sampled_from([b"{", b"}", b"[", b"]", b",", b":", b'"id"', b'"name"', b'"x"', b"1", b"\\ud800", b'"', b" "]),
    max_size=16,
).map(b"".join)  # fmt: skip
QUICK = settings(max_examples=10_000, deadline=None, database=None, suppress_health_check=list(HealthCheck))
FEWER = settings(QUICK, max_examples=1_000)


def assert_told(error: WebhookError) -> None:
    """Hold that an error says in one word why, and in its text no byte of the genuine event."""
    assert error.reason
    assert "HD_1" not in str(error)


@QUICK
@given(raw=BODIES, headers=HEADERS, accounts=st.sampled_from([None, "ACME", "x"]))
@example(raw=GENUINE, headers={"fluent-signature": SIGNED}, accounts="acme")
def test_any_request_is_an_event_or_a_typed_refusal(raw: Any, headers: Any, accounts: str | None) -> None:
    """P3: whatever the bytes and headers are, they end in an event, which is the signed one, or in a WebhookError."""
    try:
        event = verify(raw, headers, RING, algorithms=("SHA512withRSA", "MD5withRSA"), accounts=accounts)
    except WebhookError as error:
        assert_told(error)
        return
    assert event.raw == GENUINE
    assert accounts in {None, "ACME", "acme"}


@FEWER
@given(raw=TEXTS | PIECES | st.binary(max_size=30))
@example(raw=b'{"id":"1","name":"x"}')
@example(raw=b'{"id":"\\ud800","name":"x"}')
def test_any_signed_bytes_are_an_event_or_a_typed_refusal(raw: bytes) -> None:
    """P3: whatever was signed ends in an event that can be recorded, shown and framed, or in a WebhookError."""
    try:
        event = verify(raw, KEY.signed(raw), RING)
    except MalformedEventError as error:
        assert_told(error)
        return
    assert event.data == json.loads(raw)
    assert json.loads(json.dumps(event.to_record()))["sha256"] == event.sha256
    assert f"{event}{event._repr_html_()}".encode()
    assert event.frame().height == 1


@st.composite
def changed(draw: st.DrawFn) -> bytes:
    """Return a key in some form, with a few bytes of it changed, left out or put in."""
    key: Pair = pair(draw(st.sampled_from([1_024, 2_048])))
    raw = bytearray(draw(st.sampled_from([key.der, key.pem.encode(), key.bare.encode()])))
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, len(raw) - 1))
        end = place + draw(st.sampled_from([0, 1, 1, 4, 50]))
        raw[place:end] = draw(st.binary(max_size=3))
        raw = raw or bytearray(b"\0")
    return bytes(raw)


@FEWER
@given(data=st.binary(max_size=80) | st.text(max_size=80) | changed())
@example(data=KEY.der)
def test_any_key_is_a_key_or_a_bad_key(data: bytes | str) -> None:
    """P5: whatever is given as a key is a key of at least 1,024 bits and a proper exponent, or a BadKeyError."""
    try:
        key = load_key(data)
    except BadKeyError:
        return
    assert key.bits >= 1_024
    assert key.exponent >= 65_537
    assert key.check("SHA512withRSA", b"\0" * key.size, b"") is False


@pytest.mark.parametrize("raw", [GENUINE])
def test_the_examples_hold_a_genuine_request(raw: bytes) -> None:
    """The request that the examples are made of is accepted as it is."""
    assert verify(raw, {"fluent-signature": SIGNED}, RING).name == "OrderCreated"
