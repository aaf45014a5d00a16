"""What an event says of itself: as a record, a row, a line and a page."""

import json
import pickle
from hashlib import sha256

import polars as pl
from forging import Pair, body

from fcwork import personal
from fcwork.redact import MASK
from fcwork.webhooks import verify
from fcwork.webhooks.hexview import hex_view


def test_the_free_json_of_a_rule_is_a_kind_of_its_own(mine: Pair) -> None:
    """JSON without id or name is an `http_call`: what it names is there, and it is known again by its hash."""
    fields = {"entityId": "7", "entityRef": "HD_1", "entityType": "ORDER", "triggerSource": "x", "retailerId": 2}
    for more in (
        {},
        {"id": "1"},
        {"name": "x"},
        {"id": None, "name": "x"},
        {"id": "", "name": "x"},
        {"entityRef": {"a": [1]}},
    ):
        raw = json.dumps({**fields, **more}).encode()
        event = verify(raw, mine.signed(raw), mine.pem, retailers=2)
        assert (event.kind, event.entity_id, event.retailer_id) == ("http_call", "7", "2")
        assert event.replay_key == event.sha256 == sha256(raw).hexdigest()
        assert event.data == {**fields, **more}
    assert event.entity_ref is None
    assert str(event).startswith("HTTP call of ORDER 7: account not named, retailer 2, not checked for a replay")


def test_an_event_is_a_record_and_a_row(mine: Pair, raw: bytes) -> None:
    """A record is JSON and a frame is one row, with the same names; neither holds the raw bytes."""
    event = verify(raw, mine.signed(raw), {"ours": mine.pem}, accounts="acme")
    record = json.loads(json.dumps(event.to_record()))
    assert record["attributes"] == {"size": "40\xe9"}
    assert "raw" not in record
    row = event.frame()
    assert row.columns == list(record)
    assert row.select("id", "key", "tenant_checked", "replay_checked").row(0) == (event.id, "ours", True, False)
    assert json.loads(row["data"][0]) == json.loads(raw)
    assert row.schema["warnings"] == pl.List(pl.String())
    bare = b"{}"
    assert verify(bare, mine.signed(bare), mine.pem).frame().schema == row.schema
    assert pickle.loads(pickle.dumps(event)) == event  # noqa: S301
    assert "entityRef" not in repr(event)


def test_the_line_of_an_event_does_not_claim_what_was_not_checked(mine: Pair, raw: bytes) -> None:
    """A line says what, whose and by which key, and what was not checked."""
    line = str(verify(raw, mine.signed(raw), {"ours": mine.pem}))
    assert line == (
        "OrderCreated of ORDER HD_1: account ACME, retailer 2 (not checked), not checked for a replay, "
        "SHA512withRSA by ours"
    )
    checked = verify(raw, mine.signed(raw), {"ours": mine.pem}, accounts="ACME")
    assert str(checked).startswith("OrderCreated of ORDER HD_1: account ACME, retailer 2, not checked for a replay")


def test_hostile_names_do_nothing_on_a_page_or_a_terminal(mine: Pair) -> None:
    """P25: markup in a signed event is text on the page, and control characters are spelled out in the line."""
    evil = "<script>alert(1)</script>\x1b[2J\u202e</td>"
    raw = body(name=evil, entityRef=evil, attributes={evil: evil, "long": "x" * 10_000})
    event = verify(raw, mine.signed(raw), mine.pem)
    page = event._repr_html_()
    assert "<script" not in page
    assert page.count("</td>") == page.count("<td ")
    assert len(page) < 10_000
    assert event.attributes["long"] == "x" * 10_000
    for text in (str(event), page):
        assert "\x1b" not in text
        assert "\u202e" not in text


def test_an_event_shows_nothing_that_is_hidden(mine: Pair) -> None:
    """P9: the attributes of an event are shown without personal data, and the event itself has them."""
    personal.hide("email")
    raw = b'{"id":"1","name":"N","attributes":{"email":"q@tok","n":1}}'
    event = verify(raw, mine.signed(raw), mine.pem)
    assert "q@tok" not in event._repr_html_()
    assert MASK in event._repr_html_()
    assert event.attributes["email"] == "q@tok"


def test_bytes_of_a_hidden_value_are_not_shown() -> None:
    """P9: of two bodies beside each other what stands under a hidden name is shown neither as digits nor as text."""
    received, signed = b'{"email":"q@tok","n":1}\n', b'{"email":"q@tok","n":1}'
    assert b"q@tok".hex(" ") in " ".join(hex_view(received, signed, "signed")["hex"])
    personal.hide("email")
    shown = hex_view(received, signed, "signed")
    told = " ".join([*shown["hex"], *shown["text"]])
    assert b"q@".hex(" ") not in told
    assert "q@" not in told
    assert "•••" in told
    assert "n" in told
