"""The presets of the reconcile notebook with their parameters alone, from a platform on a socket and files elsewhere.

The differences, and what the platform or the channel then holds, are compared byte for byte with what was looked at
(golden/B7 …); GOLDEN=write pytest tests/notebooks/test_presets_reconcile.py writes them anew.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from golden import compare
from servers import Bucket, Sftp

from fcwork import runner
from fcwork.settings import variable
from fcwork.simulator import Simulator

pytestmark = [pytest.mark.kernel, pytest.mark.socket, pytest.mark.usefixtures("connections")]
SAMPLES = runner.shipped() / "samples"
POSITIONS = 24
PLACES = {
    "B7": {"lake://counts/incoming/north.csv": "cycle_count.csv"},
    "B8": {"lake://channels/a/stock.json": "channel_a.json", "lake://channels/b/stock.csv": "channel_b.csv"},
    "S4": {"lake://channels/amazon/listing.csv": "channel_listing.csv"},
    "S5": {"warehouse://stock/warehouse.csv": "channel_b.csv", "lake://stock/stores.json": "channel_a.json"},
    "X3": {
        "lake://transfers/receipts/january.csv": "transfer_receipts.csv",
        "lake://transfers/dispatches/january.csv": "transfer_dispatches.csv",
    },
}
STATES = {"S4": "COMPLETED_WITH_ERRORS"}  # two positions of the platform have no quantity
AGAIN = {"B7": 0, "B8": 0, "S5": 0}  # what is left to apply in a second run


def parameters(preset: str) -> dict[str, Any]:
    """Return the parameters of a preset; its mappings are the shipped ones."""
    given: dict[str, Any] = yaml.safe_load((runner.shipped() / "presets" / f"{preset}.yml").read_text("utf-8"))
    own = {name: str(runner.shipped() / given[name]) for name in ("MAPPING", "LEFT_MAPPING") if given.get(name)}
    more = {source: str(runner.shipped() / mapping) for source, mapping in given.get("MORE", {}).items()}
    return {**given, **own, **({"MORE": more} if more else {})}


@pytest.fixture
def there(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    """Run a small platform, named by the environment."""
    del home
    with Simulator(positions=POSITIONS, settle_polls=0) as simulator:
        for name, value in simulator.connect().items():
            monkeypatch.setenv(variable(name), value)
        yield simulator


@pytest.fixture
def put(s3_server: Bucket, sftp_server: Sftp) -> Callable[[str, bytes], None]:
    """Return what lays a file in its place, on S3 or on SFTP."""

    def lay(uri: str, content: bytes) -> None:
        place, _, path = uri.partition("://")
        if place == "lake":
            s3_server.put(path, content)
            return
        target = sftp_server.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)

    return lay


@pytest.mark.parametrize("preset", PLACES)
def test_a_preset_reconciles(
    preset: str, there: Simulator, put: Callable[[str, bytes], None], s3_server: Bucket
) -> None:
    """B7, B8, S4, S5 and X3 by parameters alone: the differences, what was applied, and nothing to do once more."""
    for uri, sample in PLACES[preset].items():
        put(uri, (SAMPLES / sample).read_bytes())
    result = runner.run("reconcile", parameters(preset))
    assert result.state == STATES.get(preset, "SUCCEEDED"), result.reason
    differences = pl.read_parquet(result.folder / "differences.parquet").drop("_source")
    compare(preset, "differences.csv", differences.write_csv())
    told = result.result["reconciliation"]
    assert f"{told['counts']['left']:,} left = " in (result.folder / "report.html").read_text("utf-8")
    compare(preset, "reconciliation.json", json.dumps({**told["counts"], **told["approval"]}, indent=1) + "\n")
    if "SINK" in parameters(preset):
        path = parameters(preset)["SINK"].partition("://")[2]
        feed = s3_server.get(path).decode() if path in s3_server.objects() else ""
        compare(preset, "feed.csv", feed)
    else:
        compare(preset, "quantities.csv", there.ledger.quantities.write_csv())
    if preset in AGAIN:
        again = runner.run("reconcile", parameters(preset))
        assert again.result["reconciliation"]["approval"]["approved"] == AGAIN[preset], again


def test_what_a_human_approved_is_applied_in_the_next_run(there: Simulator, put: Callable[[str, bytes], None]) -> None:
    """B7: differences.csv of one run with a yes in it lets the waiting difference go in the next."""
    put("lake://counts/incoming/north.csv", (SAMPLES / "cycle_count.csv").read_bytes())
    first = runner.run("reconcile", parameters("B7"))
    assert first.result["reconciliation"]["approval"]["waiting"] == 3
    rows = pl.read_csv(first.folder / "differences.csv", infer_schema=False)
    rows.with_columns(approve=pl.when(pl.col("code") == "beyond.absolute").then(pl.lit("yes"))).write_csv(
        "approved.csv"
    )
    second = runner.run("reconcile", {**parameters("B7"), "APPROVALS": str(Path("approved.csv").absolute())})
    assert second.state == "SUCCEEDED", second.reason
    assert second.figures["delivered"] == 1  # what was within is equal since the first run
    assert 281 in there.ledger.quantities["qty"]


def test_a_dry_run_changes_nothing(there: Simulator, put: Callable[[str, bytes], None], s3_server: Bucket) -> None:
    """P33: unless DRY_RUN is false nothing is sent and no feed is written, and the summary says so."""
    for preset in ("B7", "S4"):
        for uri, sample in PLACES[preset].items():
            put(uri, (SAMPLES / sample).read_bytes())
        result = runner.run("reconcile", {**parameters(preset), "DRY_RUN": True})
        assert "DRY RUN" in result.result["summary"]
    assert there.ledger.count("POST", "/job/*/batch") == 0
    assert "channels/amazon/feed.csv" not in s3_server.objects()


def test_files_are_compared_without_a_platform(home: Path, put: Callable[[str, bytes], None]) -> None:
    """X3: where both sides are files and a file is written, nobody is asked for credentials."""
    del home
    for uri, sample in PLACES["X3"].items():
        put(uri, (SAMPLES / sample).read_bytes())
    result = runner.run("reconcile", parameters("X3"))
    assert result.state == "SUCCEEDED", result.reason
    page = (result.folder / "report.html").read_text("utf-8")
    assert "Waiting for approval" in page
    assert f"<strong>{result.result['reconciliation']['counts']['left']} left = " in page


def test_rows_that_cannot_be_compared_hold_everything_back(there: Simulator, put: Callable[[str, bytes], None]) -> None:
    """P33: with a bin counted as "?" nothing is applied, and the run ends as REFUSED."""
    content = (SAMPLES / "cycle_count.csv").read_bytes().replace(b"SKU-00001,11,", b"SKU-00001,?,")
    put("lake://counts/incoming/north.csv", content)
    result = runner.run("reconcile", parameters("B7"))
    assert result.state == "REFUSED"
    assert there.ledger.count("POST", "/job/*/batch") == 0


@pytest.mark.parametrize("preset", PLACES)
def test_a_preset_says_what_it_is(preset: str) -> None:
    """Each preset begins with a comment that says what it does, and names parameters of the notebook alone."""
    text = (runner.shipped() / "presets" / f"{preset}.yml").read_text("utf-8")
    declared = {parameter.name for parameter in runner.declared(runner.find("reconcile"))}
    assert text.startswith(f"# {preset}, ")
    assert set(yaml.safe_load(text)) <= declared
