import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from answers import answers

from fcwork.clock import ManualClock
from fcwork.schedule import Book, Schedule
from fcwork.store import SQLiteStore

__all__ = ["answers"]
START = datetime(2026, 1, 15, 12, tzinfo=UTC)
SOURCES = {
    "greet": ("WHO: str = 'world'  # whom", "print(WHO)"),
    "fail": ("WHO: str = 'world'  # whom", "raise ValueError('no ' + WHO)"),
    "second": (
        "FLAG: str  # a file that the first attempt leaves",
        "import pathlib\nflag = pathlib.Path(FLAG)\nthere = flag.exists()\nflag.touch()\nassert there",
    ),
    "load": (
        "ROWS: int = 1  # how many\nSTATE: str = 'SUCCEEDED'  # how it ends",
        "from fcwork import runner\nrunner.record({'state': STATE, 'read': ROWS, 'delivered': ROWS})",
    ),
    "tells": ("", "import os\nprint(os.environ['HOOK'], os.environ['SIGNS'])"),
    "slow": ("SECONDS: int = 60  # how long", "import time\ntime.sleep(SECONDS)"),
}


@pytest.fixture
def notebooks(home: Path) -> Path:
    """Write notebooks that greet, fail, succeed the second time, tell of their environment, and take their time."""
    for name, (parameters, source) in SOURCES.items():
        cells = [
            {
                "id": f"c{n}",
                "cell_type": "code",
                "metadata": told,
                "source": text,
                "outputs": [],
                "execution_count": None,
            }
            for n, (told, text) in enumerate((({"tags": ["parameters"]}, parameters), ({}, source)))
        ]
        notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        (home / f"{name}.ipynb").write_text(json.dumps(notebook), "utf-8")
    return home


@pytest.fixture
def clock() -> ManualClock:
    """Midday of 2026-01-15."""
    return ManualClock(START)


@pytest.fixture
def book(home: Path, clock: ManualClock) -> Book:
    """A book in a file of its own."""
    return Book(SQLiteStore(home / "state.sqlite", clock=clock), clock=clock)


@pytest.fixture
def plan(notebooks: Path) -> Callable[..., Schedule]:
    """Make a schedule of an hourly greeting, or of what is given."""

    def make(**given: Any) -> Schedule:
        usual = {"name": "hourly", "notebook": "./greet.ipynb", "cron": "0 * * * *", "folder": str(notebooks)}
        return Schedule(**{**usual, **given})

    return make
