"""The controls of panels, without a front end: what they show and what they change."""

import json
from pathlib import Path
from typing import Any

import pytest
from ipywidgets import Widget

from fcwork.widgets import ConnectionPanel, controls
from fcwork.widgets.view import status
from fcwork.widgets.work import Standing

controls_of = {"text": controls.text, "number": controls.number, "area": controls.area, "tick": controls.tick}


@pytest.fixture
def profiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of profiles, with one that has a retailer."""
    monkeypatch.setenv("FLUENT_PROFILE_DIR", str(tmp_path))
    (tmp_path / "acme").mkdir()
    (tmp_path / "acme" / "profile.json").write_text("{}")
    (tmp_path / "acme" / "retailer.R2.json").write_text(json.dumps({"id": 2}))
    return tmp_path


def chosen(view: Any, label: str) -> Any:
    """Return the list of a view by its label."""
    return next(field for fields in view._own_fields.values() for field in fields if field.description == label)


def test_another_offer_is_no_choice(profiles: Path) -> None:
    """That there are more profiles now changes what is offered, and nothing of what was chosen."""
    view = ConnectionPanel("acme", retailer="R2").view
    (profiles / "aaa").mkdir()
    (profiles / "aaa" / "profile.json").write_text("{}")
    again = ConnectionPanel("acme", retailer="R2")
    assert again.view is view
    assert again.choices == {"profile": "acme", "retailer": "R2"}
    assert [value for _, value in chosen(view, "Profile").options] == ["", "aaa", "acme", "simulator"]
    assert (chosen(view, "Profile").value, chosen(view, "Retailer").value) == ("acme", "R2")


def test_a_control_changes_the_panel_and_the_panel_its_control(profiles: Path) -> None:
    """A control and what the panel holds under its name are the same, whichever changed."""
    assert profiles.is_dir()
    panel = ConnectionPanel("acme", retailer="R2")
    profile = chosen(panel.view, "Profile")
    profile.value = "simulator"
    assert panel.choices == {"profile": "simulator", "retailer": ""}
    panel.choose("profile", "acme")
    assert profile.value == "acme"


def test_a_choice_that_is_not_offered_is_kept(profiles: Path) -> None:
    """A profile that the cell names and that is not there stays chosen, so that nothing is asked of another."""
    assert profiles.is_dir()
    panel = ConnectionPanel("gone")
    assert chosen(panel.view, "Profile").value == "gone"
    assert panel["profile"] == "gone"


@pytest.mark.parametrize("kind", controls_of)
def test_each_control_has_a_label(kind: str) -> None:
    """Each control has words that say what it is, also for readers of the screen."""
    made = controls_of[kind]("Rows", explain="How many")
    assert (made.description, made.tooltip) == ("Rows", "How many")


def test_controls_of_a_kind_share_their_looks() -> None:
    """A page is told of one layout and one style for all controls of a kind; one that is hidden hides no other."""
    one, other = controls.text("One"), controls.text("Other")
    assert (one.layout, one.style) == (other.layout, other.style)
    controls.show(one, yes=False)
    assert (one.layout.display, other.layout.display) == ("none", None)
    controls.show(one, yes=True)
    assert one.layout is other.layout


def test_controls_that_somebody_closed_are_made_anew() -> None:
    """After ``Widget.close_all()`` a panel has controls again when it is next shown, which show what it holds."""
    panel = ConnectionPanel("simulator")
    before = panel.view
    Widget.close_all()
    assert panel.view is not before
    panel.choose("profile", "")
    assert chosen(panel.view, "Profile").value == ""
    assert chosen(before, "Profile").value == "simulator"
    assert not panel.view.is_closed
    assert panel.view.root.layout.comm is not None


@pytest.mark.parametrize("phase", ["running", "stopping", "done", "stopped", "failed"])
def test_a_state_is_told_in_words(phase: Any) -> None:
    """P25: how the work stands is a word and not a colour alone, and nothing of what it tells is a tag."""
    told = status(Standing(phase, "Load", "<b>x</b>" * 1_000, hint="<i>y</i>"))
    assert phase.capitalize() in told
    assert "<b>x" not in told
    assert "<i>" not in told
    assert len(told) < 2_500
