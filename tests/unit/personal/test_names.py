import json

import pytest

from fcwork import personal


@pytest.mark.parametrize(
    ("path", "hidden"),
    [
        ("email", True),
        ("Email", True),
        ("customer.email", True),
        ("orders[3].email.work", True),
        ("@email", True),
        ("$.email", True),
        ("e.mail", False),
        ("emails", False),
        ("e-mail", False),
        ("customer.phone", True),
        ("order.customer.phone", True),
        ("customers[].phone", False),
        ("phone", False),
        ("", False),
    ],
)
def test_a_name_hides_what_is_called_so_and_all_in_it(path: str, *, hidden: bool) -> None:
    """A name is matched whole, at any depth and in any case of its letters; one of several steps only where all are."""
    personal.hide(["email", "customer.phone"])
    assert personal.covers(path) is hidden


def test_nothing_is_hidden_unless_somebody_says_so() -> None:
    """Without a name nothing is hidden, and an empty name is none."""
    personal.hide(["", " ", "$context.email"])
    assert not personal.hidden_names()
    assert not personal.covers("email")
    assert personal.written() == ""


@pytest.mark.parametrize("text", ["email, customer.phone", '["email", "customer.phone"]', '["email", customer.phone'])
def test_the_environment_names_columns(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """FCWORK_MASK holds names with commas between them or a JSON list; a list that is broken hides what it can name."""
    monkeypatch.setenv(personal.VARIABLE, text)
    assert personal.covers("email")
    assert personal.covers("a.customer.phone")
    monkeypatch.delenv(personal.VARIABLE)
    assert not personal.covers("email")


def test_names_travel_to_another_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one process hides, and more, is written so that another hides it: dots and commas in a name stay there."""
    personal.hide(["['e.mail'].x", "last name, first"])
    text = personal.written("phone")
    assert json.loads(text) == ["['e.mail'].x", "last name, first", "phone"]
    monkeypatch.setattr("fcwork.personal.names._known", frozenset())
    monkeypatch.setenv(personal.VARIABLE, text)
    assert [personal.covers(path) for path in ("['e.mail'].x", "e.mail.x", "last name, first", "phone")] == [
        True,
        False,
        True,
        True,
    ]


def test_what_is_no_list_of_names_names_nothing() -> None:
    """A parameter that is called like the list of names and holds something else hides nothing."""
    assert [personal.named(value) for value in (None, True, 3, {"a": 1}, [1, "b", ""], "a,b")] == [
        [],
        [],
        [],
        [],
        ["b"],
        ["a", "b"],
    ]


def test_a_result_names_what_is_hidden_anyway_too() -> None:
    """What a mapping masks stands first, as it is written; what is hidden anyway is added where it is not there."""
    personal.hide(["EMAIL", "customer.phone"])
    assert personal.together(["Email", "ref", "Email"]) == ("Email", "ref", "customer.phone")
