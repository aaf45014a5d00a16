from collections.abc import Callable
from pathlib import Path

import pytest

from fcwork import runner

SITUATIONS = Path(__file__).parents[1] / "data" / "notebooks"


@pytest.fixture
def situation(home: Path) -> Callable[..., runner.RunResult]:
    """Run one of the notebooks under tests/data/notebooks by its name."""
    del home
    return lambda name, *parameters, **options: runner.run(SITUATIONS / f"{name}.ipynb", *parameters, **options)
