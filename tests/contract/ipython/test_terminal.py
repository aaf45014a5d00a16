"""The magic in IPython in a terminal, typed as a person would."""

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pexpect = pytest.importorskip("pexpect", reason="a terminal to type in: pexpect, which IPython brings on POSIX")

ROOT = Path(__file__).parents[3]
PATIENCE = 30  # seconds
SLOW = """
import time
import httpx
from fcwork import FluentClient, settings
from fcwork.simulator import Simulator


class Slow(httpx.BaseTransport):
    def __init__(self, inner):
        self.inner, self.asked = inner, 0

    def handle_request(self, request):
        self.asked += request.url.path.endswith("/graphql")
        if self.asked == 3:
            print("the third page is asked for")
            time.sleep(60)
        return self.inner.handle_request(request)


simulator = Simulator(positions=25)
found = settings.find(**simulator.connect())
client = FluentClient.from_settings(found, transport=Slow(simulator.transport()), target="acme")
"""


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Any]:
    """Start IPython in a terminal, and load the extension."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("FLUENT_", "FCWORK_"))}
    own = {"PYTHONPATH": str(ROOT), "IPYTHONDIR": str(tmp_path), "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1"}
    options = ["-m", "IPython", "--no-banner", "--no-confirm-exit", "--colors=nocolor"]
    child = pexpect.spawn(sys.executable, options, env={**kept, **own}, dimensions=(40, 120), timeout=PATIENCE)
    child.delaybeforesend = 0.3  # what comes at once is taken for pasted
    child.expect(r"In \[1\]")
    child.send("%load_ext fcwork\r")
    child.expect(r"In \[2\]")
    yield child
    child.close(force=True)


def run(terminal: Any) -> None:
    """End a cell: a line that is empty."""
    for _ in range(3):
        terminal.send("\r")


def plain(data: bytes) -> str:
    """Return what a terminal would show, without what moves its cursor."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", data.decode("utf-8", "replace"))


def test_a_query_is_typed_completed_and_run(terminal: Any) -> None:
    """In a terminal Tab completes from the schema too, and the frame is written under its honest line."""
    terminal.send("%fluent connect --simulator\r")
    terminal.expect("connected to SIMULATOR")
    terminal.expect(r"In \[3\]")
    terminal.send("%%fluent\r")
    terminal.send("{ inventoryPositio\t")  # two begin like this: what they share is written
    terminal.expect("inventoryPositions")
    terminal.send("s(fir\t")
    terminal.expect("st:")  # a terminal may be sent no more than what was not typed
    terminal.send("3) { edges { node { ref onHand } } } }")
    run(terminal)
    terminal.expect("SIMULATOR: 3 rows")
    terminal.expect(r"shape: \(3, 2\)")


def test_a_mistake_is_told_without_a_traceback(terminal: Any) -> None:
    """P32: in a terminal too a mistake is its message, with a caret."""
    terminal.send("%%fluent\r")
    terminal.send("{ orders { edgs } }")
    run(terminal)
    terminal.expect("did you mean 'edges'")
    terminal.expect(r"In \[3\]")
    assert "^^^^" in plain(terminal.before)
    assert "Traceback" not in plain(terminal.before)


def test_ctrl_c_keeps_what_there_is(terminal: Any, tmp_path: Path) -> None:
    """P28: Ctrl-C in the middle of a page leaves the pages before it, said in one line, and the terminal goes on."""
    (tmp_path / "slow.py").write_text(SLOW, "utf-8")
    terminal.send(f"%run {tmp_path / 'slow.py'}\r")
    terminal.expect(r"In \[3\]")
    terminal.send("%fluent connect --client client\r")
    terminal.expect("connected to acme")
    terminal.send("%%fluent -o stock --all\r")
    terminal.send("{ inventoryPositions(first: 10) { edges { node { ref onHand } } } }")
    run(terminal)
    terminal.expect("the third page is asked for")
    terminal.sendintr()
    terminal.expect("KeyboardInterrupt: stock holds the 20 rows that came before")
    assert "Traceback" not in plain(terminal.before)
    terminal.send("stock.shape\r")
    terminal.expect(r"\(20, 2\)")
