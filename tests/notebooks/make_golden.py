"""Execute the tour and keep it as the copy that the tests compare with: python tests/notebooks/make_golden.py."""

from pathlib import Path

import nbformat
from nbclient import NotebookClient

HERE = Path(__file__).parent
TOUR = "00_start_here.ipynb"


def main() -> None:
    """Write the executed copy."""
    tour = nbformat.read(HERE.parents[1] / "notebooks" / TOUR, as_version=4)
    beside = {"metadata": {"path": str(HERE.parents[1] / "notebooks")}}
    NotebookClient(tour, kernel_name="python3", resources=beside).execute()
    for cell in tour.cells:
        cell.metadata.pop("execution", None)
    tour.metadata = nbformat.NotebookNode({"kernelspec": tour.metadata.kernelspec, "language_info": {"name": "python"}})
    nbformat.write(tour, HERE / "golden" / TOUR)


if __name__ == "__main__":
    main()
