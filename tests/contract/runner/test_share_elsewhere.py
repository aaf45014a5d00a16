"""Runs shared to a store of S3's kind and over SFTP."""

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from executed import code, leave_run, printed
from servers import Bucket, Sftp

from fcwork import runner
from fcwork.errors import SecretFoundError
from fcwork.redact import register

pytestmark = pytest.mark.socket


def listed(index: str) -> list[str]:
    """Return the runs that an index leads to."""
    return re.findall(r'<a href="\./(\w+)\.html">', index)


@pytest.mark.usefixtures("home", "connections")
def test_pages_on_s3_are_shown_by_a_browser(s3_server: Bucket, s3_client: Any) -> None:
    """A page and the index on S3 are whole, and are served as HTML, so that a browser shows them."""
    leave_run("# Load", code("x", printed("shown")), run_id="a")

    shared = runner.share("a", "lake://reports")

    assert shared.page == "lake://reports/a.html"
    assert s3_server.objects() == ["reports/a.html", "reports/index.html"]
    assert b"shown" in s3_server.get("reports/a.html")
    for key in s3_server.objects():
        assert s3_client.head_object(Bucket=s3_server.bucket, Key=key)["ContentType"] == "text/html; charset=utf-8"


@pytest.mark.usefixtures("home", "connections")
def test_all_that_share_to_s3_at_once_are_in_the_index(s3_server: Bucket) -> None:
    """Of runs that are shared at the same time none is missing in the index."""
    names = [f"r{number}" for number in range(4)]
    for name in names:
        leave_run("# Load", run_id=name)
    with ThreadPoolExecutor(len(names)) as pool:
        list(pool.map(lambda name: runner.share(name, "lake://reports"), names))
    assert sorted(listed(s3_server.get("reports/index.html").decode())) == names


@pytest.mark.usefixtures("home", "connections")
def test_pages_go_over_sftp(sftp_server: Sftp) -> None:
    """A page and the index are written over SFTP too, and a page that goes away is gone from the next index."""
    for name in ("a", "b"):
        leave_run("# Load", run_id=name)
        runner.share(name, "warehouse://reports")
    folder = Path(sftp_server.root) / "reports"
    assert sorted(file.name for file in folder.iterdir()) == ["a.html", "b.html", "index.html"]
    (folder / "a.html").unlink()
    runner.share("b", "warehouse://reports")
    assert listed((folder / "index.html").read_text("utf-8")) == ["b"]


@pytest.mark.usefixtures("home", "connections")
def test_nothing_goes_anywhere_of_a_run_that_shows_a_secret(s3_server: Bucket) -> None:
    """P8: where a known secret stands in a run nothing is sent."""
    leave_run(code("x", printed("s3cr3t-token")), run_id="a")
    register("s3cr3t-token")
    with pytest.raises(SecretFoundError):
        runner.share("a", "lake://reports")
    assert s3_server.objects() == []
