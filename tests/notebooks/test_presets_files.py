"""The presets B1 to B6: an inbox on S3 or SFTP through the ingestion notebook, against a platform on a socket.

What the platform holds, what lies where, and each file's log are compared byte for byte with what was looked at
(golden/B1 …); GOLDEN=write pytest tests/notebooks/test_presets_files.py writes them anew.
"""

import json
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from golden import compare
from servers import Bucket, Sftp

from fcwork import runner
from fcwork.settings import variable
from fcwork.simulator import Simulator

pytestmark = [pytest.mark.kernel, pytest.mark.socket, pytest.mark.usefixtures("connections")]
SAMPLES = runner.shipped() / "samples"
WRITTEN = 1_795_600_000  # an instant in the past of every run
CSV, JSON, XML = ("inventory_stock.csv",), ("inventory_array.json", "inventory_records.json"), ("inventory_many.xml",)
BAD = {"csv": b"\xef\xbb\xbf", "json": b'[{"locationRef": "DC-1",', "xml": b"<inventories><inventory>"}
VARIABLE = {
    r'"(\w+_at)": "[^"]+"': r'"\1": "TIME"',
    r"127\.0\.0\.1:\d+": "HOST",
    r'"run_id": "[^"]+"': '"run_id": "RUN"',
}


@dataclass(frozen=True)
class Case:
    """A preset, and the samples that are its good files."""

    preset: str
    samples: tuple[str, ...]

    @property
    def parameters(self) -> dict[str, Any]:
        """The preset's parameters; its mapping is the shipped one."""
        path = runner.shipped() / "presets" / f"{self.preset}.yml"
        given: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
        return {**given, "MAPPING": str(runner.shipped() / given["MAPPING"])}

    @property
    def form(self) -> str:
        """The ending of its files."""
        return Path(self.samples[0]).suffix[1:]


CASES = {
    case.preset: case
    for case in (
        Case("B1", CSV),
        Case("B2", (*JSON, "inventory_envelope.json")),
        Case("B3", (*XML, "inventory_one.xml")),
        Case("B4", CSV),
        Case("B5", (*JSON, "inventory_envelope.json")),
        Case("B6", (*XML, "inventory_one.xml")),
    )
}


class Inbox:
    """The folder of a source, on S3 or on SFTP."""

    def __init__(self, source: str, s3: Bucket, sftp: Sftp) -> None:
        place, _, path = source.partition("://")
        self._s3, self._root = (s3 if place == "lake" else None), sftp.root
        self._folder = path.rpartition("/")[0]

    def put(self, name: str, content: bytes, *, after: int = 0) -> None:
        """Deliver a file; on SFTP with a time of writing."""
        if self._s3:
            self._s3.put(f"{self._folder}/{name}", content)
            return
        path = self._root / self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (WRITTEN + after, WRITTEN + after))

    def held(self) -> dict[str, bytes]:
        """Return all files, by their paths from the inbox."""
        if self._s3:
            names = [key.removeprefix(f"{self._folder}/") for key in self._s3.objects()]
            return {name: self._s3.get(f"{self._folder}/{name}") for name in names}
        base = self._root / self._folder
        return {path.relative_to(base).as_posix(): path.read_bytes() for path in base.rglob("*") if path.is_file()}

    def below(self, folder: str) -> dict[str, bytes]:
        """Return the files of a folder by their names."""
        files = {name.rpartition("/")[::2]: content for name, content in self.held().items()}
        return {name: content for (where, name), content in files.items() if where == folder}


@pytest.fixture
def there(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    """Run a platform without stock, named by the environment."""
    del home
    with Simulator(positions=0, settle_polls=0) as simulator:
        for name, value in simulator.connect().items():
            monkeypatch.setenv(variable(name), value)
        yield simulator


@pytest.fixture
def inbox(s3_server: Bucket, sftp_server: Sftp) -> Callable[[Case], Inbox]:
    """Return the inbox of a case."""
    return lambda case: Inbox(case.parameters["SOURCE"], s3_server, sftp_server)


def deliver(case: Case, files: Inbox, change: Callable[[bytes], bytes] = bytes) -> dict[str, bytes]:
    """Deliver the good files of a case, and return them."""
    good = {name: change((SAMPLES / name).read_bytes()) for name in case.samples}
    for at, (name, content) in enumerate(good.items()):
        files.put(name, content, after=at)
    return good


def masked(log: bytes) -> str:
    """Return a log without what differs from run to run."""
    text = log.decode()
    for pattern, instead in VARIABLE.items():
        text = re.sub(pattern, instead, text)
    return text + "\n"


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_preset_works_through_its_inbox(case: Case, there: Simulator, inbox: Callable[[Case], Inbox]) -> None:
    """B1 to B6 by parameters alone: good files are loaded and archived as they were, a bad one put away, each logged.

    Delivered once more they are skipped; a new version is loaded.
    """
    files, bad = inbox(case), f"broken.{case.form}"
    good = deliver(case, files)
    files.put(bad, BAD[case.form], after=60)

    result = runner.run("ingestion", case.parameters)
    assert result.state == "COMPLETED_WITH_ERRORS", result.reason
    assert files.below("archive") == good
    assert files.below("errors").pop(bad) == BAD[case.form]
    assert files.below("") == {}
    logs = {name.rpartition("-")[0]: masked(content) for name, content in files.below("logs").items()}
    assert sorted(logs) == sorted([*good, bad])
    for name, log in logs.items():
        compare(case.preset, f"{name}.log.json", log)
    ledger = there.ledger
    jobs = ledger.jobs.select("job_id", "name", "batches").to_dicts()
    compare(case.preset, "ledger.json", json.dumps([jobs, ledger.quantities.to_dicts()], indent=1) + "\n")

    deliver(case, files)
    files.put(case.samples[0], (SAMPLES / case.samples[0]).read_bytes().replace(b"120", b"121"), after=90)
    again = runner.run("ingestion", case.parameters)
    assert again.state == "SUCCEEDED", again.reason
    assert again.figures["delivered"] == 3
    assert len(files.below("archive")) == len(good) + 1
    assert files.below("") == {}
    assert 121 in ledger.quantities["qty"]


@pytest.mark.parametrize("preset", ["B1", "B5"])
def test_the_same_delivery_is_skipped_and_put_away(
    preset: str, there: Simulator, inbox: Callable[[Case], Inbox]
) -> None:
    """P31: what was loaded last is SKIPPED, and goes out of the inbox; an empty inbox is SKIPPED too."""
    case = CASES[preset]
    files = inbox(case)
    good = deliver(case, files)
    assert runner.run("ingestion", case.parameters).state == "SUCCEEDED"
    deliver(case, files)
    posted = there.ledger.count("POST", "/job/*/batch")
    skipped = runner.run("ingestion", case.parameters)
    assert (skipped.state, "loaded already" in skipped.reason) == ("SKIPPED", True)
    assert (files.below(""), files.below("archive")) == ({}, good)
    empty = runner.run("ingestion", case.parameters)
    assert (empty.state, "no file is there" in empty.reason) == ("SKIPPED", True)
    assert there.ledger.count("POST", "/job/*/batch") == posted


@pytest.mark.parametrize(
    ("preset", "sample", "told"),
    [
        ("B2", "inventory_lines.jsonl", {"SOURCE": "lake://inventory/incoming/*.jsonl"}),
        ("B5", "inventory_one.json", {"RECORDS": "$", "CONTEXT": {"retailerId": "7"}}),
    ],
)
def test_other_shapes_are_told_by_a_parameter(
    preset: str, sample: str, told: dict[str, Any], there: Simulator, inbox: Callable[[Case], Inbox]
) -> None:
    """JSON lines, and a file that is one object, are loaded by the same preset; a context is a parameter."""
    files = inbox(CASES[preset])
    files.put(sample, (SAMPLES / sample).read_bytes())
    result = runner.run("ingestion", {**CASES[preset].parameters, **told})
    assert result.state == "SUCCEEDED", result.reason
    assert list(files.below("archive")) == [sample]
    assert there.ledger.quantities.height == result.figures["delivered"]


@pytest.mark.parametrize("preset", CASES)
def test_a_preset_says_what_it_is(preset: str) -> None:
    """Each preset begins with a comment that says what it does, and names parameters of the notebook alone."""
    text = (runner.shipped() / "presets" / f"{preset}.yml").read_text("utf-8")
    declared = {parameter.name for parameter in runner.declared(runner.find("ingestion"))}
    assert text.startswith(f"# {preset}, ")
    assert set(yaml.safe_load(text)) <= declared
