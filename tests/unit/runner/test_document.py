from fcwork import runner
from fcwork.runner import document


def test_the_step_of_a_cell_is_the_heading_above_it() -> None:
    """Progress names the step that a cell belongs to, and nothing for a cell under the runbook's own headings."""
    notebook = document.parse(runner.find("ingestion").text)
    steps = [document.step(notebook, index) for index in document.runnable(notebook)]

    assert steps[0] == ""
    assert steps[1:-1] == ["1. Connect", "2. Plan", "3. Send, and ask what became of each row", "4. Report"]
    assert steps[-1] == ""


def test_only_code_that_does_something_is_run() -> None:
    """Blank cells and cells tagged skip-execution are no cells to run."""
    notebook = document.parse(runner.find("ingestion").text)
    count = len(document.runnable(notebook))
    notebook.cells[-1].source = "  \n"
    notebook.cells[document.runnable(notebook)[0]].metadata["tags"] = ["parameters", "skip-execution"]

    assert len(document.runnable(notebook)) == count - 2
