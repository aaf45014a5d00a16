"""``fcwork inbox``: what the receiver holds."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from fcwork.receiver import Inbox
from fcwork.receiver.message import Arrival

Fcwork = Callable[..., Any]


@pytest.fixture
def held(home: Any) -> None:
    """Store a message that waits and one that is dead, whose error would act on a terminal."""
    del home
    inbox = Inbox()
    for key in ("dead-one", "new-one"):
        facts = {"scheme": "fluent", "name": "OrderCreated", "entity_ref": f"O-{key}"}
        now = datetime.now(UTC)
        usual: dict[str, Any] = {"door": "orders", "body": b'{"a":"\xff"}', "headers": {"content-type": "x"}}
        inbox.put(Arrival(replay_key=key, request_id=key, received_at=now, facts=facts, **usual)).result()
        if key == "dead-one":
            claimed = inbox.claim(["orders"])
            assert claimed
            inbox.settle(claimed, "dead", error="ValueError: \x1b[31mno")
    inbox.close()


@pytest.mark.usefixtures("held")
def test_messages_are_listed(fcwork: Fcwork) -> None:
    """The newest come first, with state, event and error; nothing in them acts on a terminal."""
    said = fcwork("inbox")
    assert said.code == 0
    assert said.out.index("new-one") < said.out.index("dead-one")
    assert "OrderCreated O-dead-one" in said.out
    assert "\x1b[31m" not in said.out
    dead = json.loads(fcwork("inbox", "--state", "dead", "--json").out)
    assert [(message["job_id"], message["state"], message["attempts"]) for message in dead] == [("dead-one", "dead", 1)]


@pytest.mark.usefixtures("held")
def test_one_is_shown(fcwork: Fcwork) -> None:
    """A message is shown by its id or its number."""
    for known_as in ("new-one", "2"):
        said = fcwork("inbox", "show", known_as)
        assert said.code == 0
        assert "OrderCreated" in said.out
        assert "9 bytes" in said.out


@pytest.mark.usefixtures("held")
def test_dead_ones_are_replayed(fcwork: Fcwork) -> None:
    """--dead has all that are dead handled again; a name does so with one."""
    assert "dead-one: waits to be handled" in fcwork("inbox", "replay", "--dead").out
    assert json.loads(fcwork("inbox", "--state", "dead", "--json").out) == []
    assert fcwork("inbox", "replay", "--dead").out == "there is none\n"
    assert fcwork("inbox", "replay", "new-one").code == 0


@pytest.mark.usefixtures("held")
def test_one_is_dropped(fcwork: Fcwork) -> None:
    """A dropped message has no body, and cannot be replayed."""
    assert fcwork("inbox", "drop", "dead-one").code == 0
    said = fcwork("inbox", "replay", "dead-one")
    assert (said.code, "has no body any more" in said.out) == (1, True)


def test_mistakes_end_with_two(fcwork: Fcwork) -> None:
    """No such state, no such message, nothing named: each is told."""
    assert fcwork("inbox").out.startswith("nothing yet in ")
    said = fcwork("inbox", "--state", "ded")
    assert (said.code, "did you mean 'dead'?" in said.err) == (2, True)
    assert fcwork("inbox", "show", "none").code == 2
    assert fcwork("inbox", "replay").code == 2
    assert fcwork("inbox", "replay", "x", "--dead").code == 2
