"""Messages reach a notebook and a function of one's own, as they came."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest

from fcwork import runner

Start = Callable[..., Any]
Sign = Callable[..., Any]
pytestmark = [pytest.mark.socket, pytest.mark.kernel]
PARAMETERS = """
PAYLOAD: str = ""  # the body's file
HEADERS: str = ""  # the headers' file
NOTE: str = ""  # a word of one's own
"""
CELL = """
import json, pathlib
body = json.loads(pathlib.Path(PAYLOAD).read_bytes())
beside = json.loads(pathlib.Path(HEADERS).read_text("utf-8"))
told = {"id": body["id"], "note": NOTE, "payload": PAYLOAD, "attempt": beside["received"]["attempt"]}
with open("seen.jsonl", "a") as file:
    file.write(json.dumps(told) + "\\n")
assert body["id"] != "event-bad"
"""


def notebook(path: Path, code: str) -> None:
    """Write a notebook with parameters."""
    cells = [nbformat.v4.new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]}), nbformat.v4.new_code_cell(code)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)


def test_a_notebook_is_run_with_the_files_of_a_message(
    receiver: Start, sign: Sign, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A message's notebook gets the paths of its body and headers, the same when it is run again."""
    notebook(tmp_path / "mine.ipynb", CELL)
    options = ("--to", "notebook", "--notebook", "./mine.ipynb", "-p", "NOTE", "hello", "--attempts", "2")
    running = receiver(*options)
    running.post(sign("good"))
    running.post(sign("bad"))
    running.until(done=1, dead=1)
    seen = [json.loads(line) for line in (tmp_path / "seen.jsonl").read_text("utf-8").splitlines()]
    good = [line for line in seen if line["id"] == "event-good"]
    bad = [line for line in seen if line["id"] == "event-bad"]
    assert [(line["note"], line["attempt"]) for line in good] == [("hello", 1)]
    assert [line["attempt"] for line in bad] == [1, 2]
    assert len({line["payload"] for line in bad}) == 1
    assert Path(good[0]["payload"]).read_bytes() == sign("good").body
    monkeypatch.setenv("FCWORK_HOME", str(tmp_path / "home"))
    assert sorted(runner.history()["state"]) == ["FAILED", "FAILED", "SUCCEEDED"]


def test_a_function_is_given_what_was_received(receiver: Start, sign: Sign, tmp_path: Path) -> None:
    """A function gets the raw bytes, the verified event, the headers, the id and the attempt."""
    (tmp_path / "mine.py").write_text(
        "import json\n"
        "def receive(received):\n"
        "    told = {'same': received.raw == received.event.raw, 'ref': received.event.entity_ref,\n"
        "            'id': received.request_id, 'attempt': received.attempt, 'scheme': received.scheme,\n"
        "            'checked': received.event.tenant_checked, 'type': received.headers['content-type'],\n"
        "            'key': received.replay_key, 'kind': received.kind}\n"
        "    with open('told.json', 'w') as file: json.dump(told, file)\n",
        "utf-8",
    )
    running = receiver("--to", "mine:receive")
    running.post(sign(1), x_request_id="r1")
    running.until(done=1)
    assert json.loads((tmp_path / "told.json").read_text("utf-8")) == {
        "same": True,
        "ref": "O-1",
        "id": "r1",
        "attempt": 1,
        "scheme": "fluent",
        "checked": True,
        "type": "application/json",
        "key": "event-1",
        "kind": "json",
    }
