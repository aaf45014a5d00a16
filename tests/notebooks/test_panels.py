"""Panels in a run, where nobody can press a button: they do nothing, and leave a picture."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import papermill
import pytest
from nbconvert import HTMLExporter
from papermill.engines import papermill_engines

from fcwork import runner
from fcwork.runner.standalone import PapermillEngine

pytestmark = pytest.mark.kernel
WIDGET = "application/vnd.jupyter.widget-view+json"
PARAMETERS = "PROFILE: str = 'simulator'  # whose platform"
EVIL = "<script>alert(1)</script>\\x1b[31m\\u202e"
REPORT = f"""
rows = pl.DataFrame({{'qty': ['1', '{EVIL}']}})
report = fw.widgets.CheckReport(fw.Validator({{'types': {{'qty': 'integer'}}}}).check(rows))
report
"""
CELLS = (
    "import fcwork as fw\nimport polars as pl",
    "connection = fw.widgets.ConnectionPanel(PROFILE)\nconnection",
    REPORT,
    "fw.widgets.JobBoard()",
    "fw.widgets.WebhookInspector()",
    "fw.widgets.BatchMonitor(rows, print, dry_run=False)",
    "fw.widgets.RunBrowser()",
    "fw.widgets.QueryExplorer(connection, root='orders', fields=['ref', 'status'])",
    "fw.widgets.MappingEditor(rows)",
    "fw.widgets.OperationsDesk(connection)",
    "fw.plots.orders(pl.DataFrame({'status': ['BOOKED', '<script>alert(1)</script>']}))",
    "import sys\nprint(connection['client'], connection.work.standing.phase, 'ipywidgets' in sys.modules)",
    "print(connection.value.target, report.value['code'].to_list())",
)


@pytest.fixture
def notebook(home: Path) -> Path:
    """A notebook with each panel."""
    cells = [nbformat.v4.new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]})]
    cells += [nbformat.v4.new_code_cell(cell) for cell in CELLS]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    file = home / "panels.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), file)
    return file


def by_runner(notebook: Path) -> Any:
    """Run it as ``fcwork run`` does."""
    result = runner.run(notebook)
    assert result.ok, result.reason
    return nbformat.read(Path(result.folder) / "notebook.ipynb", 4)


def by_command(notebook: Path) -> Any:
    """Run it by ``fcwork run`` in a process of its own."""
    _called("fcwork", "run", str(notebook))
    return nbformat.read(runner.past("latest").folder / "notebook.ipynb", 4)


def by_papermill(notebook: Path, engine: str | None = None) -> Any:
    """Run it by papermill's own engine."""
    done = notebook.with_name("done.ipynb")
    papermill.execute_notebook(notebook, done, progress_bar=False, engine_name=engine)
    return nbformat.read(done, 4)


def by_engine(notebook: Path) -> Any:
    """Run it by papermill with the engine that stands under our name."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(papermill_engines._engines, "fcwork", PapermillEngine)
        return by_papermill(notebook, "fcwork")


def by_nbconvert(notebook: Path) -> Any:
    """Run it by ``jupyter nbconvert --execute``."""
    _called("nbconvert", "--to", "notebook", "--execute", "--output", "done.ipynb", str(notebook))
    return nbformat.read(notebook.with_name("done.ipynb"), 4)


def _called(module: str, *arguments: str) -> None:
    done = subprocess.run([sys.executable, "-m", module, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("how", [by_runner, by_command, by_papermill, by_engine, by_nbconvert])
def test_a_run_leaves_pictures_and_does_nothing(how: Callable[[Path], Any], notebook: Path) -> None:
    """P25: in a run a panel is text and harmless HTML, makes no widget and asks nothing; its value is the default's."""
    executed = how(notebook)
    outputs = [output for cell in executed.cells for output in cell.get("outputs", [])]
    pictures = [output.data for output in outputs if output.output_type == "execute_result"]
    told = [picture["text/plain"].partition("\n")[0] for picture in pictures]
    assert told == [
        "Connection: not tested",
        "Check report: 2 rows: 1 valid, 1 rejected (check.type 1)",
        "Jobs: not looked at",
        "Webhook inspector: not inspected",
        "Batch monitor: 2 rows to send; not sent yet",
        "Runs: not looked at",
        "Query explorer: not asked",
        "Mapping editor: 0 targets mapped, 0 needed ones not",
        "Operations: not looked at",
        "Orders by state: 2 orders in 2 states",
    ]
    assert WIDGET not in json.dumps(executed)
    for picture in pictures:
        assert not any(sign in picture["text/html"] for sign in ("<script", "\x1b", "\u202e"))
        assert not any(sign in picture["text/plain"] for sign in ("\x1b", "\u202e"))
    printed = "".join(output.text for output in outputs if output.output_type == "stream" and output.name == "stdout")
    assert printed.splitlines() == ["None idle False", "SIMULATOR ['check.type']"]
    page, _ = HTMLExporter(template_name="basic").from_notebook_node(executed)
    assert "2 rows: 1 valid, 1 rejected" in page


def test_a_shared_run_shows_the_pictures(notebook: Path) -> None:
    """The page of a run shows what its panels held."""
    page = Path(runner.share(runner.run(notebook), "out").page).read_text("utf-8")
    assert "not tested" in page
    assert "1 valid, 1 rejected (check.type 1)" in page
    assert "2 orders in 2 states" in page
    assert "BOOKED" in page
    assert "<script>alert" not in page
