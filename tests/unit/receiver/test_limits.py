"""How much may come."""

import pytest

from fcwork.clock import ManualClock
from fcwork.receiver.limits import ADDRESSES, Rate, Room


def test_an_address_may_ask_so_often() -> None:
    """A second's worth may come at once; then each has to wait its turn, which is told."""
    clock = ManualClock()
    rate = Rate(2, 100, clock=clock)
    assert [rate.wait_seconds("a") for _ in range(3)] == [0.0, 0.0, pytest.approx(0.5)]
    assert rate.wait_seconds("b") == 0.0
    clock.advance(0.5)
    assert rate.wait_seconds("a") == 0.0
    clock.advance(3_600)
    assert [rate.wait_seconds("a") > 0 for _ in range(3)] == [False, False, True]


def test_all_together_may_ask_so_often() -> None:
    """Many addresses are no way round the rate of all."""
    rate = Rate(10, 3, clock=ManualClock())
    assert [rate.wait_seconds(str(number)) > 0 for number in range(5)] == [False, False, False, True, True]


def test_a_network_of_ipv6_is_one_address() -> None:
    """Who has a /64 has more addresses than anybody can count, and is one."""
    rate = Rate(1, 100, clock=ManualClock())
    assert rate.wait_seconds("2001:db8::1") == 0.0
    assert rate.wait_seconds("2001:db8::2") > 0
    assert rate.wait_seconds("2001:db8:0:1::1") == 0.0
    assert rate.wait_seconds("fe80::1%eth0") == 0.0
    assert rate.wait_seconds("no:address") == 0.0


def test_addresses_are_forgotten() -> None:
    """Ever new addresses take no more memory than so many."""
    rate = Rate(1_000_000, 1_000_000, clock=ManualClock())
    for number in range(ADDRESSES + 50):
        rate.wait_seconds(str(number))
    assert len(rate._known) == ADDRESSES


def test_so_many_bytes_are_held_at_once() -> None:
    """Bodies of many connections together take no more than the room there is, and give it back."""
    room = Room(10)
    assert [room.take(6), room.take(6), room.take(4)] == [True, False, True]
    room.give(6)
    assert room.take(6)
