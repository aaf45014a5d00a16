"""The magic in a real Jupyter kernel, as a front end speaks with it."""

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager, start_new_kernel
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

pytestmark = pytest.mark.kernel

ROOT = Path(__file__).parents[3]
POSITIONS = "{ inventoryPositions(first: 10) { edges { node { ref onHand } } } }"


class Kernel:
    """A kernel and what it says.

    Attributes:
        manager: of the kernel.
    """

    def __init__(self, manager: KernelManager, client: BlockingKernelClient) -> None:
        self.manager = manager
        self._client = client
        self.said: list[tuple[str, dict[str, Any]]] = []

    def run(self, code: str, *, at_first: Any = None) -> dict[str, Any]:
        """Run a cell; ``at_first`` is called when it puts out the first line that can be changed."""
        self.said = []

        def note(message: dict[str, Any]) -> None:
            self.said.append((message["msg_type"], message["content"]))
            if at_first and message["content"].get("transient", {}).get("display_id"):
                at_first()

        reply = self._client.execute_interactive(code, timeout=60, output_hook=note, allow_stdin=False)
        return dict(reply["content"])

    def shown(self, kind: str) -> list[str]:
        """Return the texts of what was put out, of one kind of message."""
        return [content["data"]["text/plain"] for name, content in self.said if name == kind]

    def complete(self, code: str) -> dict[str, Any]:
        """Ask what the word at the bar may become."""
        at = code.index("|")
        return dict(self._client.complete(code.replace("|", ""), at, reply=True, timeout=30)["content"])


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """Start a kernel that has loaded the extension and is connected to a slow simulator."""
    home = tmp_path_factory.mktemp("kernel")
    slow = {"kind": "slow", "seconds": 0.3, "path": "/graphql", "match": "onHand"}
    (home / "simulator.json").write_text(json.dumps({"positions": 200, "faults": [slow]}))
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("FLUENT_", "FCWORK_"))}
    own = {"PYTHONPATH": str(ROOT), "FCWORK_SIMULATOR": str(home / "simulator.json"), "IPYTHONDIR": str(home)}
    manager, client = start_new_kernel(kernel_name="python3", env={**kept, **own}, cwd=str(home))
    one = Kernel(manager, client)
    try:
        assert one.run("%load_ext fcwork\n%fluent connect --simulator")["status"] == "ok"
        yield one
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def test_a_query_is_completed(kernel: Kernel) -> None:
    """A front end is offered fields by the schema, with their types, in the place of the word at the cursor."""
    reply = kernel.complete("%%fluent -o x\n{ inventoryPositions(first: 3) { edges { node { onH| } } } }")
    assert reply["matches"] == ["onHand"]
    assert reply["cursor_end"] - reply["cursor_start"] == len("onH")
    assert [one["type"] for one in reply["metadata"]["_jupyter_types_experimental"]] == ["Int"]
    assert "createOrder" in kernel.complete("%%fluent\nmutation { |")["matches"]
    assert kernel.complete("%%fluent -o x --en|\n{")["matches"] == ["--engine"]
    assert kernel.complete("%fluent conn|")["matches"] == ["connect"]


def test_nothing_of_python_s_is_offered_in_a_query(kernel: Kernel) -> None:
    """A word that the schema does not know is not taken for Python; outside of the magic Python is completed."""
    kernel.run("zebra = 1")
    assert kernel.complete("%%fluent\n{ zeb|")["matches"] == []
    assert kernel.complete('%%fluent\n{ orders(ref: "zeb|')["matches"] == []
    assert kernel.complete("zeb|")["matches"] == ["zebra"]
    assert kernel.complete("%%fluent -v a=zeb|\n{ x }")["matches"] == ["zebra"]


def test_progress_takes_one_line(kernel: Kernel) -> None:
    """While pages come one line changes; what stays of it is the honest one, above the frame."""
    assert kernel.run(f"%%fluent -o stock --all\n{POSITIONS.replace('10', '50')}")["status"] == "ok"
    assert [name for name, _ in self_written(kernel)] == ["display_data"]
    *_, last = kernel.shown("update_display_data")
    assert last.startswith("SIMULATOR: 200 rows · 4 pages · complete")
    assert len(kernel.shown("execute_result")) == 1


def self_written(kernel: Kernel) -> list[tuple[str, dict[str, Any]]]:
    """Return what was put out beside the result."""
    return [(name, content) for name, content in kernel.said if name in ("display_data", "stream")]


def test_an_interrupt_keeps_what_there_is(kernel: Kernel) -> None:
    """P28: interrupting the kernel keeps the rows so far, says so, and fails the cell in one line."""
    reply = kernel.run(f"%%fluent -o stock --all\n{POSITIONS}", at_first=lambda: interrupted(kernel))
    assert reply["status"] == "error"
    assert len(reply["traceback"]) == 1
    assert "stock holds the" in reply["traceback"][0]
    assert "incomplete: interrupted" in kernel.shown("update_display_data")[-1]
    assert kernel.run("assert 0 < stock.height < 200, stock.height")["status"] == "ok"


def interrupted(kernel: Kernel) -> None:
    """Interrupt the kernel, as a person would, in the middle of a request."""
    time.sleep(0.1)
    kernel.manager.signal_kernel(signal.SIGINT)


def test_an_error_is_no_traceback(kernel: Kernel) -> None:
    """P32: a mistake in a query is one message with the line and a caret."""
    reply = kernel.run("%%fluent\n{ orderz { id } }")
    [told] = reply["traceback"]
    assert told.startswith(
        "BadRequestError: Cannot query field 'orderz' on type 'Query': did you mean 'order' or 'orders'"
    )
    assert "  2 │ { orderz { id } }\n    │   ^^^^^^" in told


def test_pandas_has_its_verbs_when_it_is_imported_later(kernel: Kernel) -> None:
    """Loading the extension imports no pandas; the cell that does finds its frames' verbs."""
    assert kernel.run("import sys; assert 'pan' 'das' not in sys.modules")["status"] == "ok"
    code = "import pandas as pd\nassert pd.DataFrame({'a': ['']}).fluent.check({'required': ['a']}).rejected_count == 1"
    assert kernel.run(code)["status"] == "ok"


def executed(*cells: str) -> nbformat.NotebookNode:
    """Execute a notebook as nbclient and Papermill do: nobody sits in front."""
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    return NotebookClient(made, kernel_name="python3").execute()


def test_a_notebook_that_nobody_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    """P33: headless the magic needs a platform that is named; its outputs are then static, and a failed cell fails."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    load = "%load_ext fcwork"
    book = executed(load, "%fluent connect --simulator", f"%%fluent -o stock --all\n{POSITIONS}")
    texts = [output["data"]["text/plain"] for output in book.cells[2].outputs]
    assert "2,500 rows · 250 pages · complete" in texts[0]
    assert texts[1].startswith("shape: (2_500, 2)")
    with pytest.raises(CellExecutionError, match="no platform is named"):
        executed(load, f"%%fluent\n{POSITIONS}")
