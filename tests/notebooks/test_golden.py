"""The tour, cell by cell, against the executed copy that was looked at."""

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
import pytest

from fcwork import runner

if TYPE_CHECKING:
    from pytest_notebook.nb_regression import NBRegressionFixture

pytestmark = pytest.mark.kernel
GOLDEN = Path(__file__).parent / "golden" / "00_start_here.ipynb"
SECONDS = "/cells/*/outputs/*/data/application/vnd.fcwork.result+json"  # how long each stage took


def test_the_golden_copy_is_of_the_shipped_notebook() -> None:
    """The executed copy has the cells of the notebook that is shipped; make_golden.py makes it again."""
    shipped = nbformat.read(runner.shipped() / GOLDEN.name, as_version=4)
    golden = nbformat.read(GOLDEN, as_version=4)
    assert [cell.source for cell in golden.cells] == [cell.source for cell in shipped.cells]


def test_the_tour_shows_what_it_showed(nb_regression: "NBRegressionFixture") -> None:
    """Each cell of the tour gives the outputs of the executed copy."""
    nb_regression.diff_ignore = ("/metadata/language_info", "/cells/*/metadata", "/cells/*/execution_count", SECONDS)
    nb_regression.exec_cwd = str(runner.shipped())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zmq and nbdime warn of their own affairs
        nb_regression.check(str(GOLDEN))
