"""The panel of the connection."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from fcwork import session
from fcwork.client import FluentClient
from fcwork.errors import ConfigError
from fcwork.widgets import ConnectionPanel


@pytest.fixture(autouse=True)
def own_simulator() -> None:
    """Begin with a fresh simulator."""
    session.forget_simulator()


@pytest.fixture
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A profile with two retailers."""
    folder = tmp_path / "profiles" / "acme"
    folder.mkdir(parents=True)
    user = {"id": "i", "baseUrl": "https://acme.api.fluentretail.com", "clientSecret": "sesame-of-acme", "user": "u"}
    (folder / "profile.json").write_text(json.dumps(user))
    (folder / "user.u.json").write_text(json.dumps({"username": "u", "password": "word-of-acme"}))
    for number in (1, 2):
        (folder / f"retailer.R{number}.json").write_text(json.dumps({"id": number}))
    monkeypatch.setenv("FLUENT_PROFILE_DIR", str(folder.parent))
    return folder


def through(panel: ConnectionPanel) -> ConnectionPanel:
    """Test, and wait for it."""
    panel.test()
    assert panel.work.wait(30)
    return panel


def test_the_value_is_a_client_of_what_is_chosen() -> None:
    """The value is a client, the same one as long as nothing else is chosen."""
    panel = ConnectionPanel("simulator")
    client = panel.value
    assert isinstance(client, FluentClient)
    assert client.target == "SIMULATOR"
    assert panel.value is client


def test_who_asks_at_the_same_moment_gets_the_same_client(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two panels that ask at once are given one client, as what each found is known by it."""
    connect, calls, two = session.connect, list[str](), threading.Event()

    def slow(profile: str, **more: Any) -> FluentClient:
        calls.append(profile)
        if len(calls) > 1:
            two.set()
        two.wait(0.1)
        return connect(profile, **more)

    monkeypatch.setattr(session, "connect", slow)
    panel = ConnectionPanel("simulator")
    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(lambda _: panel.value, range(2))
    assert one is other is panel.value
    assert calls == ["simulator"]


def test_each_kind_of_access_is_tested_and_timed() -> None:
    """A test tries token, GraphQL, jobs, events and the keys of webhooks, and says how many answered."""
    panel = through(ConnectionPanel("simulator"))
    assert panel.steps["step"].to_list() == ["token", "graphql", "jobs", "events", "webhook keys"]
    assert panel.steps["ok"].all()
    assert (panel.work.standing.phase, panel.work.standing.told) == ("done", "5 of 5 answered")
    assert "5 of 5 answered" in str(panel)


def test_nothing_is_asked_before_the_button() -> None:
    """A panel that was only shown has asked the platform for nothing."""
    panel = ConnectionPanel("simulator")
    assert "not tested" in panel._repr_mimebundle_()["text/html"]
    assert panel["client"] is None
    assert session._simulator is None


def test_a_platform_that_does_not_answer_is_told_with_what_to_do(acme: Path) -> None:
    """P32: what cannot be reached is a step that failed, and the line of the panel says what to do."""
    profile = json.loads((acme / "profile.json").read_text())
    (acme / "profile.json").write_text(json.dumps({**profile, "baseUrl": "http://127.0.0.1:9"}))
    panel = through(ConnectionPanel("acme", retailer="R1"))
    assert panel.work.standing.phase == "failed"
    assert panel.work.standing.told == "0 of 4 answered"
    assert panel.work.standing.hint
    assert panel.steps.row(-1, named=True)["answer"] == "none is set"


def test_profiles_and_their_retailers_may_be_chosen(acme: Path) -> None:
    """The lists hold the profiles of the Fluent CLI and the simulator, and the retailers of the profile chosen."""
    assert acme.is_dir()
    panel = ConnectionPanel("acme", retailer="R2")
    assert [name for _, name in panel.profiles()] == ["", "acme", "simulator"]
    assert [name for _, name in panel.retailers()] == ["", "R1", "R2"]
    assert panel.value.retailer_id == "2"
    panel.choose("profile", "simulator")
    assert panel.choices == {"profile": "simulator", "retailer": ""}
    assert panel.value.target == "SIMULATOR"


def test_a_cell_that_names_another_profile_has_its_own_retailer(acme: Path) -> None:
    """A retailer that was chosen goes with its profile when the cell names another; the same cell keeps it."""
    assert acme.is_dir()
    panel = ConnectionPanel("acme")
    panel.choose("retailer", "R1")
    ConnectionPanel("acme")
    assert panel.choices == {"profile": "acme", "retailer": "R1"}
    ConnectionPanel("simulator")
    assert panel.choices == {"profile": "simulator", "retailer": ""}
    ConnectionPanel("acme", retailer="R2")
    panel.choose("profile", "simulator")
    ConnectionPanel("acme", retailer="R1")
    assert panel.choices == {"profile": "acme", "retailer": "R1"}


def test_another_choice_is_not_tested_yet() -> None:
    """What a test found is shown of what was tested, and of nothing else."""
    panel = through(ConnectionPanel("simulator"))
    panel.choose("profile", "other")
    assert panel.steps.height == 0
    panel.choose("profile", "simulator")
    assert panel.steps.height == 5


def test_an_unknown_profile_fails_in_a_line() -> None:
    """P32: a profile that is not there is a line with what to do, and a ConfigError for code."""
    panel = through(ConnectionPanel("acmee"))
    assert "no profile 'acmee'" in panel.work.standing.told
    with pytest.raises(ConfigError, match="no profile"):
        _ = panel.value


def test_a_run_without_a_named_platform_gets_no_simulator() -> None:
    """P33: where nobody sits, nothing that is set is an error and never the simulator."""
    with pytest.raises(ConfigError, match="no platform is named"):
        _ = ConnectionPanel().value
