"""How a simulator is set up."""

from typing import Any

import pytest

from fcwork.errors import ConfigError
from fcwork.simulator import Simulator


@pytest.mark.parametrize(
    ("arguments", "told"),
    [({"dialect": "modul6"}, "'modul6' is not known\n→ known: platform, module6"), ({"positions": -1}, "positions is")],
)
def test_a_wrong_setting_is_told(arguments: dict[str, Any], told: str) -> None:
    """P32: a simulator that cannot be set up says so when it is made, not with the first request."""
    with pytest.raises(ConfigError, match=told):
        Simulator(**arguments)


def test_an_empty_world_can_be_asked() -> None:
    """A simulator without positions answers like any other."""
    assert Simulator(positions=0).ledger.count() == 0
