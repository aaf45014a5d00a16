"""A folder of small files, written byte for byte."""

from collections.abc import Callable
from pathlib import Path

import pytest

Put = Callable[[str, bytes], str]


@pytest.fixture
def put(tmp_path: Path) -> Put:
    """Return what writes a file of the test's folder and gives its path."""

    def write(name: str, content: bytes) -> str:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return str(path)

    return write
