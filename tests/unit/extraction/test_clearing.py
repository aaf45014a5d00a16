"""Pages of extractions that were cut off, cleared away."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fcwork import extraction, settings
from fcwork.clock import ManualClock
from fcwork.errors import ConfigError
from fcwork.extraction import spool
from fcwork.store import hold, open_store

NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)


def leave(name: str, *, hours: float) -> Path:
    """Leave the pages of an extraction that was cut off so long ago."""
    folder, at = settings.home() / spool.FOLDER / name, NOW - timedelta(hours=hours)
    spool.begin(folder, spool.Head("asked", "", "", at, "run"), claim=f"extraction:T:{name}")
    spool.Spool(folder, spool.Head("asked", "", "", at, "run"), 2)
    (folder / "part-0001" / "1.arrow").write_bytes(b"x" * 1_000)
    for file in (*folder.rglob("*"), folder):
        os.utime(file, (at.timestamp(), at.timestamp()))
    return folder


def cleaned(**given: Any) -> list[str]:
    """Return the names of what goes now."""
    return extraction.clean(**{"clock": ManualClock(NOW), **given})["name"].to_list()


def test_old_pages_go(home: Path) -> None:
    """Pages go that nobody wrote to for so long, and how much room they took is told; a dry run removes none."""
    del home
    old, new = leave("old", hours=24 * 40), leave("new", hours=24 * 20)

    told = extraction.clean(dry_run=True, clock=ManualClock(NOW))
    assert told["name"].to_list() == ["old"]
    assert told["bytes"][0] > 1_000
    assert old.exists()

    assert cleaned() == ["old"]
    assert (old.exists(), new.exists()) == (False, True)


def test_what_can_be_gone_on_with_stays(home: Path) -> None:
    """However short the age, for a day pages stay, as the extraction is gone on with."""
    del home
    leave("new", hours=23)
    leave("old", hours=25)
    assert cleaned(older_than_days=0) == ["old"]


def test_what_somebody_works_on_stays(home: Path) -> None:
    """Pages whose claim is held stay; those that do not say whose they are go by their age."""
    del home
    folder = leave("old", hours=24 * 40)
    with hold(open_store(settings.store_place()), "extraction:T:old"):
        assert cleaned() == []
    assert folder.exists()
    (folder / spool.HEAD).unlink()
    os.utime(folder, (0, 0))
    assert cleaned() == ["old"]


def test_without_extractions_nothing_goes(home: Path) -> None:
    """Where nothing was extracted nothing goes, and no folder is made."""
    assert cleaned() == []
    assert list(home.iterdir()) == []


@pytest.mark.parametrize("wrong", [-1, True, "30", float("nan")])
def test_a_wrong_age_is_refused(home: Path, wrong: Any) -> None:
    """P32: what is no number of days is refused, with what one looks like."""
    del home
    with pytest.raises(ConfigError, match="older_than_days"):
        cleaned(older_than_days=wrong)
