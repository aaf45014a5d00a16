import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from servers import write_connections

Fcwork = Callable[..., Any]


@pytest.fixture
def file(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write a connections.toml with ``box``, a folder, and ``gone``, one that is missing."""
    (home / "box").mkdir()
    tables = {name: {"type": "local", "root": str(home / name)} for name in ("box", "gone")}
    write_connections(home / "own.toml", **tables)
    monkeypatch.setenv("FCWORK_CONNECTIONS", str(home / "own.toml"))
    return home / "own.toml"


def test_a_named_place_is_tested_step_by_step(fcwork: Fcwork, file: Path) -> None:
    """`fcwork connect NAME` lists, writes, reads back and deletes, and leaves nothing behind."""
    ended = fcwork("connect", "box")
    assert ended.code == 0
    assert ended.out.startswith("box://\n")
    assert re.findall(r"✓ (\w+)", ended.out) == ["list", "write", "read", "delete"]
    assert list((file.parent / "box").iterdir()) == []
    assert re.findall(r"✓ (\w+)", fcwork("connect", "box", "--read-only").out) == ["list"]


def test_a_place_that_fails_is_told_with_what_to_do(fcwork: Fcwork, file: Path) -> None:
    """P32: a step that failed has its reason and its hint, what follows is not tried, and the code is 1."""
    ended = fcwork("connect", "gone")
    assert ended.code == 1
    assert re.search(r"✗ list +0\.\d\d s +the root .*gone is no folder\n +→ make it", ended.out)
    assert ended.out.count("not tried") == 3
    assert not (file.parent / "gone").exists()


def test_all_are_tested_whatever_one_of_them_says(fcwork: Fcwork, file: Path) -> None:
    """`--all` tests the platform and every connection; the worst of their codes is its own."""
    del file
    ended = fcwork("connect", "--all", "--profile", "simulator")
    assert ended.code == 1
    assert [part in ended.out for part in ("SIMULATOR", "✓ token", "box://", "gone://")] == [True] * 4
    ended = fcwork("connect", "--all")
    assert ended.code == 2
    assert "✗ no platform is named" in ended.out
    assert "✓ delete" in ended.out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["bix"], "there is no connection 'bix': did you mean 'box'?"),
        (["box", "--all"], "goes with --read-only alone"),
        (["box", "--profile", "simulator"], "goes with --read-only alone"),
    ],
)
def test_a_mistake_in_the_call_is_code_2(fcwork: Fcwork, file: Path, arguments: list[str], told: str) -> None:
    """P32: an unknown name, or options that do not go together, are told before anything is tried."""
    del file
    ended = fcwork("connect", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert told in ended.err
