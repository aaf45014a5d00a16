"""The one order in which a request is judged: keys, signature, what it says, whose it is, whether it is new."""

import json
import pickle

import pytest
from forging import Pair, body, pair

from fcwork.errors import (
    AlgorithmUnavailableError,
    BadKeyError,
    DuplicateEventError,
    InvalidSignatureError,
    MalformedEventError,
    WebhookError,
    WrongTenantError,
)
from fcwork.webhooks import KeyRing, load_key, verify, verify_signature


class Counted:
    """Knows how often it was asked."""

    def __init__(self, answer: object = True) -> None:  # noqa: FBT002
        self.asked: list[str] = []
        self.answer = answer

    def first(self, key: str) -> bool:
        """Note the key."""
        self.asked.append(key)
        return self.answer  # type: ignore[return-value]


def test_a_genuine_event_says_what_it_is_and_what_was_checked(mine: Pair, raw: bytes) -> None:
    """P2: compact JSON signed by the environment's key verifies over its exact bytes, by each form of the key."""
    for key in (mine.pem, mine.der, mine.bare, load_key(mine.pem), KeyRing(mine.pem), [mine.bare], {"ours": mine.pem}):
        event = verify(raw, mine.signed(raw), key)  # type: ignore[arg-type]
        assert (event.kind, event.name, event.account_id, event.retailer_id) == ("event", "OrderCreated", "ACME", "2")
        assert (event.raw, event.data) == (raw, json.loads(raw))
        assert (event.tenant_checked, event.replay_checked, event.warnings) == (False, False, ())
    assert verify(bytearray(raw), mine.signed(raw), mine.pem).raw == raw  # type: ignore[arg-type]
    assert verify(memoryview(raw), mine.signed(raw), mine.pem).raw == raw  # type: ignore[arg-type]


def test_other_bytes_are_another_body(mine: Pair, raw: bytes) -> None:
    """P2: each flipped bit, a body dumped anew, a line end, a BOM or another charset is not what was signed."""
    signed = mine.signed(raw)
    flipped = [bytes([*raw[:at], raw[at] ^ (1 << at % 8), *raw[at + 1 :]]) for at in range(len(raw))]
    dumped = [json.dumps(json.loads(raw)), json.dumps(json.loads(raw), indent=2), json.dumps(json.loads(raw)) + "\n"]
    dumped += [
        json.dumps(json.loads(raw), separators=(",", ":")),
        raw.decode().replace("\N{LATIN SMALL LETTER E WITH ACUTE}", "e\u0301"),
    ]
    changed = [
        raw + b"\n",
        raw + b"\r\n",
        raw + b" ",
        raw + b"\0",
        b"\n" + raw,
        b"\xef\xbb\xbf" + raw,
        raw[:-1],
        b"",
        raw * 2,
    ]
    charset = [raw.decode().encode("latin-1"), raw.decode().encode("utf-16")]
    for other in (*flipped, *(text.encode() for text in dumped), *changed, *charset):
        assert other != raw
        with pytest.raises(InvalidSignatureError) as told:
            verify(other, signed, mine.pem)
        assert told.value.reason == "INVALID_SIGNATURE"
    assert "ACME" not in str(told.value)


def test_a_parsed_body_is_no_body(mine: Pair, raw: bytes) -> None:
    """P2: a text or a parsed body is told as the mistake that it is, as no signature can be over it."""
    for parsed in (raw.decode(), json.loads(raw), None, 5, [raw], object()):
        with pytest.raises(MalformedEventError, match="not bytes") as told:
            verify(parsed, mine.signed(raw), mine.pem)  # type: ignore[arg-type]
        assert "raw bytes" in told.value.hint


def test_a_small_key_is_accepted_with_a_warning(raw: bytes) -> None:
    """P2: a key of 1,024 bits, as there are in the field, verifies with a warning; a smaller one is refused."""
    key = pair(1_024)
    (warning,) = verify(raw, key.signed(raw), key.bare).warnings
    assert "1024 bits" in warning
    with pytest.raises(BadKeyError, match="1016 bits"):
        verify(raw, pair(1_016).signed(raw), pair(1_016).bare)


def test_an_event_of_another_tenant_is_genuine_and_refused(mine: Pair, raw: bytes) -> None:
    """P7: a signed event of another account or retailer is WRONG_TENANT; a text is one account, its case aside."""
    headers = mine.signed(raw)
    for accounts, retailers in (
        ("ACME", None),
        ("acme", "2"),
        (["other", "Acme"], [2]),
        (None, 2),
        ({"ACME"}, {"1", "2"}),
        (iter(["acme"]), (2,)),
    ):
        assert verify(raw, headers, mine.pem, accounts=accounts, retailers=retailers).tenant_checked
    for accounts, retailers in (
        ("OTHER", None),
        ("ACM", None),
        ("ACMEX", None),
        ("A", None),
        (["A", "C", "M", "E"], None),
        ("ACME", "1"),
        ("ACME", 22),
        (None, "02"),
        ([], None),
        ("", None),
        ([""], None),
        (None, []),
        ("ACME", []),
        (set(), {2}),
        (True, None),
        (b"ACME", None),
        (5.0, None),
        ([None], None),
        ([["ACME"]], None),
        (None, True),
        ("*", None),
        (object(), None),
    ):
        seen = Counted()
        with pytest.raises(WrongTenantError) as told:
            verify(raw, headers, mine.pem, accounts=accounts, retailers=retailers, seen=seen)  # type: ignore[arg-type]
        assert told.value.reason == "WRONG_TENANT"
        assert seen.asked == []
        assert "ACME" not in str(told.value)


def test_an_event_that_names_no_tenant_is_of_none(mine: Pair) -> None:
    """P7: where account or retailer is asked for, an event without it, or with no text there, is refused."""
    for field, wanted in (("accountId", {"accounts": "ACME"}), ("retailerId", {"retailers": "2"})):
        for value in (..., None, ""):
            raw = body(**{field: value})
            with pytest.raises(WrongTenantError):
                verify(raw, mine.signed(raw), mine.pem, **wanted)  # type: ignore[arg-type]
        for value in (True, ["ACME", "2"], {"x": "ACME"}, 2.0):
            raw = body(**{field: value})
            with pytest.raises(MalformedEventError):
                verify(raw, mine.signed(raw), mine.pem, **wanted)  # type: ignore[arg-type]
    for name in ("\u212a", "\u017f"):  # letters that Unicode folds to k and s
        raw = body(accountId=name)
        with pytest.raises(WrongTenantError):
            verify(raw, mine.signed(raw), mine.pem, accounts=["k", "s"])


def test_a_number_and_its_text_are_one_id(mine: Pair) -> None:
    """Ids that are numbers in the JSON are read, compared and remembered as their text."""
    raw = body(id=17, retailerId=2, entityId=6469, accountId=0)
    event = verify(raw, mine.signed(raw), mine.pem, retailers="2", accounts=0)
    assert (event.id, event.retailer_id, event.entity_id, event.replay_key) == ("17", "2", "6469", "17")


def test_the_same_event_is_taken_once(mine: Pair, raw: bytes) -> None:
    """P6: a second time the event is a DUPLICATE, which carries it, so that the answer can be 200 without effect."""
    seen = Counted()
    first = verify(raw, mine.signed(raw), mine.pem, seen=seen)
    assert first.replay_checked
    assert seen.asked == [first.id]
    seen.answer = False
    with pytest.raises(DuplicateEventError) as told:
        verify(raw, mine.signed(raw), mine.pem, seen=seen)
    assert told.value.reason == "DUPLICATE"
    assert told.value.event.id == first.id
    assert not told.value.event.replay_checked
    assert "ACME" not in str(told.value)
    assert pickle.loads(pickle.dumps(told.value)).event == told.value.event  # noqa: S301


def test_nothing_that_was_refused_is_remembered(mine: Pair, other: Pair, raw: bytes) -> None:
    """P6: a forged, malformed or foreign request does not use up the id of the genuine one."""
    seen = Counted()
    broken = body(name=[1])
    for given, headers, options in (
        (raw, other.signed(raw), {}),
        (raw, {}, {}),
        (broken, mine.signed(broken), {}),
        (raw, mine.signed(raw), {"accounts": "other"}),
    ):
        with pytest.raises(WebhookError):
            verify(given, headers, mine.pem, seen=seen, **options)  # type: ignore[arg-type]
    assert seen.asked == []


def test_the_keys_come_first(raw: bytes) -> None:
    """P5: without a usable key nothing is accepted, and nothing else is said, whatever the request is like."""
    for keys in (None, "", [], {}, [None], "garbage", b"\0"):
        for given in (raw, b"", "text"):
            for headers in ({}, None, {"fluent-signature": ""}):
                with pytest.raises((BadKeyError, MalformedEventError)) as told:
                    verify(given, headers, keys)  # type: ignore[arg-type]
                assert isinstance(told.value, BadKeyError) or isinstance(given, str)


def test_unknown_algorithms_are_a_mistake_of_the_call(mine: Pair, raw: bytes) -> None:
    """No algorithm, or one that is not known, is told as such and never taken for a default."""
    for algorithms in ((), [], "", "none", None, ["SHA1withRSA"], ["SHA512withRSA", "x"], [None], 5, "SHA512"):
        with pytest.raises(AlgorithmUnavailableError):
            verify(raw, mine.signed(raw), mine.pem, algorithms=algorithms)  # type: ignore[arg-type]
    with pytest.raises(AlgorithmUnavailableError, match="did you mean 'MD5withRSA'"):
        verify(raw, mine.signed(raw), mine.pem, algorithms=["md5withrsa"])


def test_a_signature_can_be_asked_for_alone(mine: Pair) -> None:
    """`verify_signature` judges bytes that are no event; `verify` says of the same bytes that they are none."""
    raw = b"<order/>"
    proof = verify_signature(raw, mine.signed(raw), {"ours": mine.pem})
    assert proof == ("fluent-signature", "SHA512withRSA", "ours", ())
    with pytest.raises(MalformedEventError):
        verify(raw, mine.signed(raw), mine.pem)
