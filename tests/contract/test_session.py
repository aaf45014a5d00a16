"""From settings to a client: whose platform, and never the simulator by accident."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from jupyter_client.manager import start_new_kernel
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

import fcwork as fw
from fcwork import presence, session
from fcwork.client import FluentClient
from fcwork.errors import ConfigError
from fcwork.simulator import Simulator

FULL = {"base_url": "https://acme.api.fluentretail.com", "client_id": "acme", "client_secret": "secret-of-acme"}


@pytest.fixture(autouse=True)
def fresh_simulator() -> Iterator[None]:
    """Leave no embedded simulator behind."""
    session.forget_simulator()
    yield
    session.forget_simulator()


def test_nothing_set_is_an_error_where_nobody_sits() -> None:
    """P33: a run without a named target never falls back to the simulator outside an interactive session."""
    with pytest.raises(ConfigError, match="no platform is named") as caught:
        fw.connect()
    assert "profile='simulator'" in caught.value.hint


def test_nothing_set_is_the_simulator_for_a_person(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """P33: at a prompt the simulator is taken, and said in one loud line; headless, a prompt's marks do not count."""
    monkeypatch.setattr(sys, "ps1", ">>> ", raising=False)
    monkeypatch.setattr(presence, "kernel", lambda: None)
    assert fw.connect().target == "SIMULATOR"
    assert capsys.readouterr().err.startswith("SIMULATOR: nothing is set")
    monkeypatch.setenv("FCWORK_HEADLESS", "1")
    with pytest.raises(ConfigError):
        fw.connect()


@pytest.mark.kernel
def test_a_notebook_that_nobody_watches_gets_no_simulator(monkeypatch: pytest.MonkeyPatch) -> None:
    """P33: executed by nbclient or Papermill alone, even from inside JupyterLab, nothing set is an error."""
    monkeypatch.setenv("JPY_SESSION_NAME", "inherited.ipynb")
    cell = nbformat.v4.new_code_cell("import fcwork\nfcwork.connect()")
    with pytest.raises(CellExecutionError, match="no platform is named"):
        NotebookClient(nbformat.v4.new_notebook(cells=[cell]), kernel_name="python3").execute()


@pytest.mark.kernel
def test_a_notebook_with_a_person_in_front_gets_the_simulator() -> None:
    """P33: where the front end could ask a person, nothing set is the simulator, said in one loud line."""
    manager, client = start_new_kernel(kernel_name="python3")
    said: list[str] = []
    try:
        code = "import fcwork\nprint(fcwork.connect().target)"
        client.execute_interactive(
            code, timeout=60, output_hook=lambda message: said.append(message["content"].get("text", ""))
        )
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    assert "SIMULATOR: nothing is set" in "".join(said)
    assert "SIMULATOR\n" in "".join(said)


def test_the_simulator_named_is_one_for_the_process() -> None:
    """Two clients of the embedded simulator see the same platform, and results name it."""
    first, second = fw.connect(profile="simulator"), fw.connect(profile="simulator")
    job = first.create_job("one")
    assert second.job_status(job.id).id == job.id
    assert repr(first) == "FluentClient(SIMULATOR)"


def test_arguments_name_the_target() -> None:
    """With credentials given, the client is of that host and retailer; nothing is sent yet."""
    client = fw.connect(**FULL, retailer_id="5")
    assert client.target == "acme.api.fluentretail.com (retailer 5)"


@pytest.mark.parametrize("content", ["[1]", '{"speed": 3}', "{"])
def test_a_wrong_set_up_of_the_simulator_is_told(content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """P32: FCWORK_SIMULATOR names a file; what is wrong with it is said with its name."""
    (tmp_path / "simulator.json").write_text(content)
    monkeypatch.setenv("FCWORK_SIMULATOR", str(tmp_path / "simulator.json"))
    with pytest.raises(ConfigError, match=r"simulator\.json"):
        fw.connect(profile="simulator")


def test_the_simulator_takes_its_faults_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault script beside the notebooks sets the embedded simulator up."""
    script = {"positions": 10, "faults": [{"kind": "poison", "ref": "A"}]}
    (tmp_path / "simulator.json").write_text(json.dumps(script))
    monkeypatch.setenv("FCWORK_SIMULATOR", str(tmp_path / "simulator.json"))
    client = fw.connect(profile="simulator")
    job = client.create_job("faults")
    row = {"skuRef": "A", "locationRef": "L", "qty": 1, "type": "LAST_ON_HAND", "status": "ACTIVE"}
    with pytest.raises(fw.errors.BadRequestError):
        client.send_batch(job.id, [row])


def test_access_is_tried_step_by_step_and_changes_nothing() -> None:
    """Each kind of access is told with its answer; afterwards the platform holds no job and no event more."""
    simulator = Simulator(positions=10)
    with FluentClient(**simulator.connect(), transport=simulator.transport()) as client:
        steps = session.probe(client)
    assert steps["step"].to_list() == ["token", "graphql", "jobs", "events"]
    assert steps["ok"].all()
    assert (simulator.ledger.jobs.height, simulator.ledger.events.height) == (0, 0)


def test_without_a_token_the_other_steps_are_not_tried() -> None:
    """P32: wrong credentials are told once, with what to mend, and not four times."""
    simulator = Simulator(positions=10)
    wrong = {**simulator.connect(), "password": "not-the-word"}
    with FluentClient(**wrong, transport=simulator.transport()) as client:
        steps = session.probe(client)
    assert not steps["ok"].any()
    assert steps["answer"].to_list()[1:] == ["not tried without a token"] * 3
    assert "password" in steps["hint"][0]
