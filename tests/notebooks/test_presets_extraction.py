"""The presets E1 to E13: the extraction notebook with its parameters alone, from a platform on a socket to S3 or SFTP.

Every file is compared byte for byte with the copy that was looked at (golden/E1 …); GOLDEN=write pytest
tests/notebooks/test_presets_extraction.py writes them anew.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from golden import compare
from servers import Bucket, Sftp

from fcwork import extraction, runner, sources
from fcwork.settings import variable
from fcwork.simulator import Simulator

pytestmark = [pytest.mark.kernel, pytest.mark.socket, pytest.mark.usefixtures("connections")]
PRESETS = [f"E{number}" for number in range(1, 14)]
POSITIONS = 40
UNTIL = "2026-01-31"  # of the window: after all that the platform holds
VARIABLE = {rb'"written_at": "[^"]+"': b'"written_at": "TIME"', rb'"run": "[^"]+"': b'"run": "RUN"'}
REJECTED = {"E3": 2, "E4": 2}  # positions without a quantity on hand, which their consumers need


def parameters(preset: str) -> dict[str, Any]:
    """Return the parameters of a preset; its mapping is the shipped one."""
    given: dict[str, Any] = yaml.safe_load((runner.shipped() / "presets" / f"{preset}.yml").read_text("utf-8"))
    return {**given, "MAPPING": str(runner.shipped() / given["MAPPING"]), "TO": UNTIL}


@pytest.fixture
def there(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    """Run a small platform, named by the environment."""
    del home
    with Simulator(positions=POSITIONS) as simulator:
        for name, value in simulator.connect().items():
            monkeypatch.setenv(variable(name), value)
        yield simulator


def files(s3: Bucket, sftp: Sftp) -> dict[str, bytes]:
    """Return what lies on both servers, by the files' paths."""
    on_s3 = {key: s3.get(key) for key in s3.objects()}
    on_sftp = {path.relative_to(sftp.root).as_posix(): path for path in sftp.root.rglob("*") if path.is_file()}
    return {**on_s3, **{name: path.read_bytes() for name, path in on_sftp.items()}}


def settled(content: bytes) -> bytes:
    """Return a file without what a manifest says of its run."""
    for pattern, instead in VARIABLE.items():
        content = re.sub(pattern, instead, content)
    return content


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_extracts_to_its_place(preset: str, there: Simulator, s3_server: Bucket, sftp_server: Sftp) -> None:
    """E1 to E13 by parameters alone: the file at its place, byte for byte, and a second run that finds nothing new."""
    del there
    given = parameters(preset)
    result = runner.run("extraction", given)
    written = files(s3_server, sftp_server)
    told = result.result

    state = "COMPLETED_WITH_ERRORS" if preset in REJECTED else "SUCCEEDED"
    assert (result.state, told["complete"], told["rejected"]) == (state, True, REJECTED.get(preset, 0)), result
    assert extraction.watermarks()["name"].to_list() == [given["WATERMARK"]]
    for name, content in written.items():
        compare(preset, Path(name).name, settled(content))
    folder = given["SINK"].partition("://")[2].rpartition("/")[0]
    assert {name.rpartition("/")[0] for name in written} == {folder}

    again = runner.run("extraction", {**given, "TO": "2026-02-01"})
    assert (again.state, again.result["rows"]) == (state, 0), again


def test_a_split_extraction_has_a_manifest(there: Simulator, s3_server: Bucket, sftp_server: Sftp) -> None:
    """E5: files of so many rows, a manifest that lists them, and together all rows."""
    del there, sftp_server
    result = runner.run("extraction", {**parameters("E5"), "SPLIT_ROWS": 20})
    names = sorted(s3_server.objects())
    parts = [name for name in names if name.endswith(".csv")]

    assert result.ok, result
    assert len(parts) > 2
    assert [name for name in names if name.endswith(".manifest.json")]
    rows = [sources.read(f"lake://{name}").height for name in parts]
    assert sum(rows) == result.result["rows"]
    assert all(count == 20 for count in rows[:-1])


def test_an_ad_hoc_file_leaves_the_watermark(there: Simulator, s3_server: Bucket) -> None:
    """E9: a file beside those of the schedule touches no watermark."""
    del there
    result = runner.run(
        "extraction",
        {**parameters("E9"), "UPDATE_STATE": False, "SINK": "lake://products/products-adhoc-{time}.json"},
    )

    assert result.ok, result
    assert extraction.watermarks().height == 0
    assert [name for name in s3_server.objects() if name.startswith("products/products-adhoc-")]


def test_a_dry_run_writes_nothing(there: Simulator, s3_server: Bucket, sftp_server: Sftp) -> None:
    """P33: unless DRY_RUN is false a preset looks at one page, writes nothing and says so."""
    del there
    result = runner.run("extraction", {**parameters("E7"), "DRY_RUN": True})

    assert result.ok, result
    assert "DRY RUN" in result.result["summary"]
    assert not files(s3_server, sftp_server)
