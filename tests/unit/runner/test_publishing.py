import hashlib
import json
import stat
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from fcwork import personal, runner
from fcwork.errors import ConfigError, NotebookError, SourceError
from fcwork.redact import MASK, Secret
from fcwork.runner import stages
from fcwork.runner.folder import RunFolder

ROWS = pl.DataFrame(
    {"_row": [1, 2], "ref": ["a", None], "price": [Decimal("1.50"), None], "on": [date(2026, 1, 15), None]},
    schema_overrides={"price": pl.Decimal(10, 2)},
)


@pytest.fixture
def run_folder(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Be in the kernel of a headless run."""
    del home
    folder = RunFolder("r").path
    monkeypatch.setattr(stages, "_current", None)
    monkeypatch.setenv("FCWORK_RUN_ID", "r")
    monkeypatch.setenv("FCWORK_RUN_FOLDER", str(folder))
    return folder


def test_a_frame_is_published_beside_the_notebook(run_folder: Path) -> None:
    """A frame is a Parquet file of the run, with its rows, columns, size and hash in a manifest; types are kept."""
    one = runner.publish("rejected", ROWS)

    content = (run_folder / "frames" / "rejected.parquet").read_bytes()
    manifest = json.loads((run_folder / "frames" / "manifest.json").read_text("utf-8"))
    assert manifest["frames"]["rejected"] == {
        "file": "rejected.parquet",
        "rows": 2,
        "columns": ["_row", "ref", "price", "on"],
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "masked": [],
    }
    assert str(one) == f"rejected: 2 rows of 4 columns ({one.path})"
    assert runner.load("r", "rejected").equals(ROWS)
    assert runner.load("r", "rejected").schema == ROWS.schema
    assert runner.past("r").frames == {"rejected": one}
    assert sorted(file.name for file in (run_folder / "frames").iterdir()) == ["manifest.json", "rejected.parquet"]
    assert stat.S_IMODE((run_folder / "frames").stat().st_mode) == 0o700


@pytest.mark.parametrize("frame", [ROWS.lazy(), ROWS.to_arrow(), ROWS.to_pandas(), ROWS.to_dicts()])
def test_any_kind_of_frame_can_be_published(run_folder: Path, frame: Any) -> None:
    """All kinds of frames go in, and come out as the kind that is asked for."""
    runner.publish("x", frame)
    for engine, kind in (("polars", pl.DataFrame), ("lazy", pl.LazyFrame), ("pandas", pd.DataFrame), ("records", list)):
        assert isinstance(runner.load(run_folder, "x", engine=engine), kind)  # type: ignore[arg-type]
    assert isinstance(runner.load(run_folder, "x", engine="pyarrow"), pa.Table)
    assert runner.load(run_folder, "x", engine="records")[0]["ref"] == "a"


def test_frames_stand_beside_each_other_and_the_last_of_a_name_counts(run_folder: Path) -> None:
    """A second name is a second frame; the same name again replaces the frame; a frame may be empty."""
    runner.publish("a", ROWS)
    runner.publish("b", ROWS.clear())
    runner.publish("a", ROWS.head(1))
    assert {name: one.rows for name, one in runner.past("r").frames.items()} == {"a": 1, "b": 0}
    assert runner.load(run_folder, "a").height == 1
    assert runner.load(run_folder, "b").schema == ROWS.schema


def test_a_notebook_that_a_person_runs_publishes_into_its_job_s_folder(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a headless run the frame lies in the folder of the notebook's job, by which it is read back."""
    monkeypatch.setattr(stages, "_current", None)
    job = runner.job()
    one = runner.publish("x", ROWS)
    assert one.path.parent == job.folder / "frames"
    assert one.path.is_relative_to(home / ".fcwork" / "interactive")
    assert runner.load(job, "x").equals(ROWS)


@pytest.mark.parametrize("name", ["", "../x", "a/b", "a.b", ".x", "x" * 65, "manifest.json", "ä", "a\n"])
def test_a_name_leads_nowhere_else(run_folder: Path, name: str) -> None:
    """A frame's name is plain, so that it cannot leave the folder or hide there."""
    with pytest.raises(NotebookError, match="no name for a frame"):
        runner.publish(name, ROWS)
    assert list(run_folder.iterdir()) == []


def test_masked_columns_only_show_that_there_is_a_value(run_folder: Path) -> None:
    """Columns under mask= are masked in the file, whatever their type; what is null stays null."""
    runner.publish("x", ROWS, mask=["ref", "price"])
    assert runner.load(run_folder, "x").select("ref", "price").rows() == [(MASK, MASK), (None, None)]
    assert runner.past("r").frames["x"].masked == ("ref", "price")
    assert runner.publish("y", ROWS, mask="ref").masked == ("ref",)
    with pytest.raises(NotebookError, match="no column 'reff' to mask: did you mean 'ref'"):
        runner.publish("z", ROWS, mask=["reff"])


SECRET = 'live"secret-value'


@pytest.mark.parametrize(
    "values",
    [
        {"a": [None, f"x {SECRET} y"]},
        {"a": [{"b": [SECRET]}]},
        {"a": [[SECRET]]},
        {"a": [SECRET.encode()]},
        {"a": pl.Series([SECRET], dtype=pl.Categorical)},
        {SECRET: [1]},
    ],
)
def test_a_frame_with_a_live_secret_is_not_published(run_folder: Path, values: dict[str, Any]) -> None:
    """P8: a known secret anywhere in a frame keeps it from being published, and is not told; masked, it may be."""
    Secret(SECRET)
    with pytest.raises(NotebookError, match="was not published: a live secret stands in its column") as caught:
        runner.publish("x", pl.DataFrame(values))
    assert SECRET not in str(caught.value)
    assert list(run_folder.iterdir()) == []
    if "a" in values:
        runner.publish("x", pl.DataFrame(values), mask="a")
        assert SECRET.encode() not in b"".join(file.read_bytes() for file in (run_folder / "frames").iterdir())


def test_a_file_that_is_not_what_was_published_is_refused(run_folder: Path) -> None:
    """A frame that was changed, cut off or removed since is not read."""
    one = runner.publish("x", ROWS)
    content = one.path.read_bytes()
    for changed in (content[:-1], content + b"x", b""):
        one.path.write_bytes(changed)
        with pytest.raises(SourceError, match="is not what was published"):
            runner.load("r", "x")
    one.path.unlink()
    with pytest.raises(SourceError, match="cannot be read: No such file"):
        runner.load(run_folder, "x")


def test_the_manifest_leads_nowhere_else(run_folder: Path) -> None:
    """A manifest that was tampered with or damaged names no file outside the run's frames."""
    runner.publish("x", ROWS)
    manifest = run_folder / "frames" / "manifest.json"
    facts = json.loads(manifest.read_text("utf-8"))["frames"]["x"]
    for text in (
        json.dumps({"frames": {"../../x": facts}}),
        json.dumps({"frames": {"x": {"rows": "?"}, "y": 3}}),
        '{"frames": [1]}',
        "{",
    ):
        manifest.write_text(text, "utf-8")
        assert runner.past("r").frames == {}
        with pytest.raises(NotebookError, match="published no frame"):
            runner.load("r", "x")


def test_a_frame_that_is_not_there_is_told_with_those_that_are(run_folder: Path) -> None:
    """A wrong name, or a wrong kind of frame, is told with those there are."""
    with pytest.raises(NotebookError, match="published no frame 'x'") as caught:
        runner.load(run_folder, "x")
    assert caught.value.hint == "it published none"
    runner.publish("rejected", ROWS)
    with pytest.raises(NotebookError, match="did you mean 'rejected'"):
        runner.load(run_folder, "rejectd")
    with pytest.raises(NotebookError, match="no kind of frame"):
        runner.load(run_folder, "rejected", engine="dask")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="no frame"):
        runner.publish("x", 3)  # type: ignore[arg-type]


def test_a_folder_that_cannot_be_written_is_told(run_folder: Path) -> None:
    """Where the folder cannot be written the error says so, and what to do."""
    (run_folder / "frames").write_text("a file", "utf-8")
    with pytest.raises(ConfigError, match="cannot write"):
        runner.publish("x", ROWS)


@pytest.mark.usefixtures("run_folder")
def test_what_is_hidden_everywhere_is_hidden_in_published_frames() -> None:
    """P9: hidden columns and fields are masked without being named, and the manifest says which columns they are in."""
    personal.hide(["email", "customer.phone"])
    rows = pl.DataFrame({"ref": ["a"], "email": ["q"], "customer": [{"phone": "1", "n": "x"}]})
    one = runner.publish("rows", rows, mask="ref")
    assert one.masked == ("ref", "email", "customer")
    assert pl.read_parquet(one.path).to_dicts() == [{"ref": MASK, "email": MASK, "customer": {"phone": MASK, "n": "x"}}]
