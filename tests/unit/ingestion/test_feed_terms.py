"""What may be expected of a load."""

from typing import Any

import pytest

from fcwork.errors import ConfigError
from fcwork.ingestion import Expect


def test_what_is_usual() -> None:
    """P33: {} expects what is usual, and what is None is not looked at."""
    usual = Expect.read({})
    assert (usual.share("rows"), usual.share("zeros"), usual.share("empty")) == (0.5, 0.2, None)
    assert (usual.history, usual.min_loads, usual.missing_locations, usual.on_doubt) == (7, 3, 0, "refuse")
    assert Expect.read({"rows": None, "zeros": " 7.5 % "}) == Expect(rows=None, zeros=" 7.5 % ")
    assert Expect.read(usual) is usual


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"rwos": "50%"}, "did you mean 'rows'"),
        ({"rows": "50", "zeros": 20}, "rows is '50'.*zeros is 20"),
        ({"rows": 0.5}, "not a share"),
        ({"history": 0}, "history is 0"),
        ({"history": 31}, "from 1 to 30"),
        ({"history": True}, "history is True"),
        ({"history": 2}, "min_loads is 3"),
        ({"min_loads": "3"}, "min_loads is '3'"),
        ({"missing_locations": -1}, "missing_locations is -1"),
        ({"missing_locations": "5%"}, "whole number"),
        ({"on_doubt": "ignore"}, "refuse or warn"),
        ({"location": ""}, "location is ''"),
        ([], "not a dict"),
        ("{}", "not a dict"),
        (True, "not a dict"),
    ],
)
def test_what_cannot_be_expected_is_refused(given: Any, told: str) -> None:
    """P32: each mistake is named, all of them at once, before anything is read."""
    with pytest.raises(ConfigError, match=told):
        Expect.read(given)
