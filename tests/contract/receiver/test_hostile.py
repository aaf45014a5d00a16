"""Senders who are not who they say, or who go away: nothing of theirs is handled, and others are served."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fcwork.receiver import BySignature, Door, Receiver, Terms, ToFunction
from fcwork.simulator import Fault, Faults, SignedWebhook, Simulator
from fcwork.webhooks import KeyRing

pytestmark = pytest.mark.socket

FAULTS = {
    "webhook_unsigned": 401,
    "webhook_md5_only": 401,
    "webhook_tampered": 401,
    "webhook_wrong_key": 401,
    "webhook_other_account": 403,
}


class Ours(list[bytes]):
    """The bodies that were handled, and the simulator and the address that they came from and to."""

    sim: Simulator
    url: str

    def post(self, signed: SignedWebhook) -> int | None:
        """Post a webhook, and return what was answered."""
        return self.sim.post_webhook(signed, self.url).status

    def wait(self, count: int) -> None:
        """Wait until so many are handled."""
        until = time.monotonic() + 20
        while len(self) < count and time.monotonic() < until:
            time.sleep(0.01)


@pytest.fixture
def ours(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ours]:
    """A receiver of the simulator's webhooks, and what it handled."""
    monkeypatch.setenv("FCWORK_HOME", str(home))
    handled = Ours()
    handled.sim = Simulator(positions=0, faults=Faults([Fault(kind, match=kind) for kind in FAULTS]))
    check = BySignature(KeyRing({"sim": handled.sim.webhook_public_key}), accounts=["SIMULATOR"], retailers=["2"])
    door = Door("webhooks", "/webhooks", check, ToFunction("keep", lambda received: handled.append(received.raw)))
    with Receiver([door], Terms(port=0)) as receiver:
        handled.url = f"{receiver.url}/webhooks"
        yield handled


def _webhook(sim: Simulator, **facts: Any) -> SignedWebhook:
    return sim.webhook(**{"name": "Assigned", "entity_type": "FULFILMENT", "entity_ref": "FUL-00003", **facts})


def test_spoilt_webhooks_are_refused_and_good_ones_among_them_taken(ours: Ours, home: Path) -> None:
    """P1, P4, P6: what is unsigned, signed by another key or MD5 alone, changed, or another account's is refused."""
    spoilt = {kind: _webhook(ours.sim, attributes={"spoilt": kind}) for kind in FAULTS}
    good = [_webhook(ours.sim) for _ in range(10)]
    with ThreadPoolExecutor(8) as threads:
        refused = {kind: threads.submit(ours.post, signed) for kind, signed in spoilt.items()}
        taken = [threads.submit(ours.post, signed) for signed in good]
        assert {kind: answer.result() for kind, answer in refused.items()} == FAULTS
        assert [answer.result() for answer in taken] == [200] * len(good)
    ours.wait(len(good))
    assert sorted(ours) == sorted(signed.body for signed in good)
    assert len(list((home / "receiver" / "quarantine").glob("*.body"))) == len(FAULTS)


def test_a_refused_webhook_does_not_shut_out_the_genuine_one(ours: Ours) -> None:
    """P5: an id that a forger used is not remembered, so the genuine event of that id is taken, and once."""
    genuine = _webhook(ours.sim, id="the-same")
    forged = replace(_webhook(ours.sim, id="the-same", attributes={"forged": True}), headers=genuine.headers)
    assert [ours.post(signed) for signed in (forged, genuine, forged, genuine)] == [401, 200, 401, 200]
    ours.wait(1)
    assert ours == [genuine.body]


def test_an_id_with_other_bytes_is_no_duplicate(ours: Ours) -> None:
    """P5: two genuine events of one id are not one: the second is refused and told, never taken for a repeat."""
    first, second = (_webhook(ours.sim, id="the-same", attributes={"n": n}) for n in (1, 2))
    assert [ours.post(signed) for signed in (first, second)] == [200, 409]
    ours.wait(1)
    assert ours == [first.body]
