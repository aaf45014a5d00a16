"""Refused bodies: so many and no more."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fcwork.clock import ManualClock
from fcwork.receiver import Quarantine

AT = datetime(2026, 1, 15, 12, tzinfo=UTC)


def fill(quarantine: Quarantine, clock: ManualClock, count: int, size: int = 10) -> None:
    """Keep bodies, one a second."""
    for number in range(count):
        clock.advance(1)
        body = f"{number:>{size}}".encode()
        assert quarantine.keep(body, {}, reason="INVALID_SIGNATURE", at=AT + timedelta(seconds=number))


def test_a_pair_of_files_is_kept(tmp_path: Path) -> None:
    """A body lies beside its headers and the reason, under a name that says when and why."""
    kept = Quarantine(tmp_path / "q").keep(b"\x00\xff", {"a": "b"}, reason="WRONG_TENANT", at=AT, door="orders")
    assert kept
    assert kept.name == "20260115T120000000000Z-wrong_tenant-06eb7d6a.body"
    assert kept.read_bytes() == b"\x00\xff"
    told = json.loads(kept.with_suffix(".json").read_text("utf-8"))
    assert told["headers"] == {"a": "b"}
    assert told["refused"] == {"at": AT.isoformat(), "reason": "WRONG_TENANT", "door": "orders"}


def test_the_oldest_go(tmp_path: Path) -> None:
    """There are never more than so many; those that came last stay, with their headers."""
    clock = ManualClock()
    quarantine = Quarantine(tmp_path, most=20, clock=clock)
    fill(quarantine, clock, 70)
    left = sorted(tmp_path.glob("*.body"))
    assert 15 <= len(left) <= 20
    assert left[-1].read_bytes().strip() == b"69"
    assert {file.stem for file in left} == {file.stem for file in tmp_path.glob("*.json")}


def test_bytes_are_bounded_too(tmp_path: Path) -> None:
    """Large bodies go before there are many."""
    clock = ManualClock()
    quarantine = Quarantine(tmp_path, most=1_000, most_bytes=100_000, clock=clock)
    fill(quarantine, clock, 60, size=9_000)
    assert sum(file.stat().st_size for file in tmp_path.glob("*.body")) <= 100_000


def test_what_lies_there_from_before_counts(tmp_path: Path) -> None:
    """A new process goes on with the folder as it is."""
    clock = ManualClock()
    fill(Quarantine(tmp_path, most=20, clock=clock), clock, 20)
    fill(Quarantine(tmp_path, most=20, clock=clock), clock, 5)
    assert len(list(tmp_path.glob("*.body"))) <= 20


def test_a_flood_is_not_kept(tmp_path: Path) -> None:
    """Of many in one second some are kept: a flood of forgeries keeps no disk busy."""
    quarantine = Quarantine(tmp_path, clock=ManualClock())
    kept = [quarantine.keep(bytes([n]), {}, reason="X", at=AT) for n in range(100)]
    assert 0 < sum(path is not None for path in kept) < 50


def test_a_folder_that_cannot_be_written_ends_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where nothing can be kept that is logged, and the answer is not delayed by it."""
    (tmp_path / "file").touch()
    assert Quarantine(tmp_path / "file").keep(b"x", {}, reason="X", at=AT) is None
    assert "quarantine.not_kept" in capsys.readouterr().err


def test_headers_never_lie_there_alone(tmp_path: Path) -> None:
    """Where a body cannot be kept its headers are not either: what is tidied is known by its body."""
    name = "20260115T120000000000Z-wrong_tenant-ca978112.body"
    (tmp_path / name).mkdir()
    assert Quarantine(tmp_path).keep(b"a", {}, reason="WRONG_TENANT", at=AT) is None
    assert [file.name for file in tmp_path.iterdir()] == [name]


def test_old_pairs_go(tmp_path: Path) -> None:
    """Pairs that are older than said go, and what they had is told; a dry run only tells."""
    clock = ManualClock()
    quarantine = Quarantine(tmp_path, clock=clock)
    fill(quarantine, clock, 2, size=1_000)
    for number, file in enumerate(sorted(tmp_path.glob("*.body"))):
        at = clock.now().timestamp() - (1 - number) * 100
        for one in (file, file.with_suffix(".json")):
            os.utime(one, (at, at))
    count, size = quarantine.clean(older_than_seconds=50, dry_run=True)
    assert (count, 1_000 < size < 2_000, len(list(tmp_path.iterdir()))) == (1, True, 4)
    assert quarantine.clean(older_than_seconds=50) == (count, size)
    (left,) = tmp_path.glob("*.body")
    assert left.read_bytes().strip() == b"1"
    assert left.with_suffix(".json").exists()
