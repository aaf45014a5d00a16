"""Places elsewhere for the tests of sources: a bucket, a server and a folder, each with a way to look beside ours."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from answers import answers
from servers import Bucket
from ssh_server import password_server

from fcwork import sources
from fcwork.sources.elsewhere import named, opened_once
from fcwork.sources.filesystems import Filesystem

__all__ = ["answers", "password_server"]


@dataclass
class Elsewhere:
    """A place that is tested, and how it is looked at beside ours."""

    name: str
    put: Callable[[str, bytes], Any]
    get: Callable[[str], bytes]
    names: Callable[[], list[str]]

    @property
    def files(self) -> Filesystem:
        """The files as fcwork sees them."""
        return opened_once(named(self.name))

    def uri(self, path: str) -> str:
        """Return the URI of a path there."""
        return f"{self.name}://{path}"


@pytest.fixture(params=["s3", "sftp", "local"])
def elsewhere(request: pytest.FixtureRequest, tmp_path: Path) -> Elsewhere:
    """Return an empty place of each kind, reached by the connection ``there`` below the root ``base``."""
    if request.param == "s3":
        server: Bucket = request.getfixturevalue("s3_server")
        sources.connect("there", type="s3", **server.settings, root="base")
        return Elsewhere(
            "there",
            lambda path, content: server.put(f"base/{path}", content),
            lambda path: server.get(f"base/{path}"),
            lambda: sorted(key.removeprefix("base/") for key in server.objects()),
        )
    root = tmp_path / "base"
    root.mkdir()
    if request.param == "sftp":
        settings = request.getfixturevalue("sftp_server").settings
        sources.connect("there", type="sftp", **{**settings, "root": str(root)})
    else:
        sources.connect("there", type="local", root=str(root))
    return _folder(root)


def _folder(root: Path) -> Elsewhere:
    def put(path: str, content: bytes) -> None:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)

    def names() -> list[str]:
        return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())

    return Elsewhere("there", put, lambda path: (root / path).read_bytes(), names)
