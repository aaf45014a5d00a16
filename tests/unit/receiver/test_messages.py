"""What is kept of a request, and the files that it becomes."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock

import pytest

from fcwork.receiver import Limits, Received, ToFolder
from fcwork.receiver.answers import RefusedError, answer
from fcwork.receiver.handlers import plain
from fcwork.receiver.limits import Room
from fcwork.receiver.message import kept_headers, kind_of
from fcwork.receiver.request import Request
from fcwork.store import SQLiteStore
from fcwork.webhooks.api_keys import ApiKeys


def received(**given: Any) -> Received:
    """Return what a handler is given."""
    usual: dict[str, Any] = {"raw": b'{"a":1}', "headers": {}, "event": None, "request_id": "r", "attempt": 1}
    usual |= {"replay_key": "event-1", "door": "d", "scheme": "none", "facts": {}}
    return Received(**{**usual, "received_at": datetime(2026, 1, 15, tzinfo=UTC), **given})


def test_credentials_are_not_kept() -> None:
    """Headers that hold credentials are left out, whatever their spelling; signatures stay, and repeats are joined."""
    names = ("Authorization", "X-API-Key", "x-apikey", "Cookie", "X-Auth-Token", "X-Client-Secret", "password")
    headers = [(name, "abcd") for name in names]
    headers += [("Fluent-Signature", "c2ln"), ("x-forwarded-for", "1"), ("X-Forwarded-For", "2")]
    headers += [(name, "abcd") for name in ("api_key", "x-auth", "X-Session-Id", "access-key", "private-key", "jwt")]
    headers += [("idempotency-key", "k")]
    assert kept_headers(headers) == {"idempotency-key": "k", "fluent-signature": "c2ln", "x-forwarded-for": "1, 2"}


def test_a_key_in_another_header_is_masked(tmp_path: Path) -> None:
    """An API key that stands where none belongs is not kept, and no job is called like it."""
    key = ApiKeys(SQLiteStore(tmp_path / "state.sqlite")).create().key.reveal()
    assert kept_headers([("user-agent", f"a {key} b")]) == {"user-agent": "a ••• b"}
    scope = {"method": "POST", "path": "/", "headers": [(b"x-request-id", key.encode())]}
    assert Request(scope, AsyncMock(), Limits(), Room(1)).id.startswith("wh-")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{}", "json"),
        (b" \n[1]", "json"),
        (b"\xef\xbb\xbf<a/>", "xml"),
        (b"<a/>", "xml"),
        (b"a=b", "bin"),
        (b"", "bin"),
    ],
)
def test_the_kind_of_a_body_is_seen(body: bytes, kind: str) -> None:
    """A body's own beginning says what it is, not its content type."""
    assert kind_of(body) == kind


def test_a_message_becomes_two_files(tmp_path: Path) -> None:
    """The body is written byte for byte, what is known of it beside; the same again changes nothing."""
    for attempt in (1, 2):
        ToFolder(tmp_path / "in")(received(attempt=attempt))
    assert sorted(file.name for file in (tmp_path / "in").iterdir()) == ["event-1.headers.json", "event-1.json"]
    assert (tmp_path / "in" / "event-1.json").read_bytes() == b'{"a":1}'
    assert json.loads((tmp_path / "in" / "event-1.headers.json").read_text("utf-8"))["received"]["attempt"] == 2


def test_another_body_under_the_same_name_gets_its_own(tmp_path: Path) -> None:
    """A body never writes over another's: two doors may lead to one folder."""
    ToFolder(tmp_path)(received())
    ToFolder(tmp_path)(received(raw=b"{}"))
    bodies = {file.read_bytes() for file in tmp_path.glob("*.json") if not file.name.endswith(".headers.json")}
    assert bodies == {b'{"a":1}', b"{}"}
    assert len(list(tmp_path.iterdir())) == 4


@pytest.mark.parametrize("key", ["x.headers", "x.HEADERS"])
def test_no_body_lies_where_headers_do(key: str, tmp_path: Path) -> None:
    """A message called like another's headers file takes nothing from it, whichever comes first."""
    ToFolder(tmp_path)(received(replay_key=key, raw=b'{"mine":1}'))
    ToFolder(tmp_path)(received(replay_key="x"))
    assert (tmp_path / "x.json").read_bytes() == b'{"a":1}'
    assert (tmp_path / f"{plain(key)}.json").read_bytes() == b'{"mine":1}'
    assert len(list(tmp_path.iterdir())) == 4


@pytest.mark.parametrize("key", ["../../etc/passwd", "a/b", "", ".hid", "x" * 300, "a b", "é", "a.", "\ud800", "-rf"])
def test_no_key_leaves_the_folder(key: str, tmp_path: Path) -> None:
    """A key that is no plain name is written under its hash."""
    ToFolder(tmp_path)(received(replay_key=key))
    assert len(plain(key)) == 64
    assert {file.name.split(".")[0] for file in tmp_path.iterdir()} == {plain(key)}


def test_xml_answers_are_escaped() -> None:
    """What the sender gave as an id does not become markup."""
    assert b"<id>&lt;x&gt;</id>" in answer(200, "<x>").content("xml")[1]


def test_a_refusal_has_its_reason_for_a_text() -> None:
    """A refusal without words is told by its reason."""
    assert str(RefusedError(404, "NO_DOOR")) == "NO_DOOR"
