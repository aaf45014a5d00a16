"""Panels of one test are not those of another."""

from collections.abc import Iterator

import pytest

from fcwork.widgets import forget


@pytest.fixture(autouse=True)
def no_panels() -> Iterator[None]:
    """Begin without panels, and leave none."""
    forget()
    yield
    forget()
