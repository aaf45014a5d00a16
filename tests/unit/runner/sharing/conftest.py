from collections.abc import Callable
from pathlib import Path

import pytest
from executed import leave_run


@pytest.fixture
def leave(home: Path) -> Callable[..., Path]:
    """Leave a run with these cells in its folder, as the runner does."""
    del home
    return leave_run
