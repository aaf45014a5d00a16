"""What a schedule says, and what of it is due."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fcwork.errors import ConfigError, NotebookError, ParameterTypeError, SecretParameterError, UnknownParameterError
from fcwork.schedule import Policy, Schedule, argv, due

Plan = Callable[..., Schedule]
NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)


def at(hour: int, minute: int = 0, second: int = 0) -> datetime:
    """Return an instant of the day."""
    return NOON.replace(hour=hour, minute=minute, second=second)


@pytest.mark.parametrize(
    ("policy", "since", "now", "expected"),
    [
        ("once", at(12), at(12, 30), (None, at(12))),  # nothing since
        ("once", at(11, 59), at(12), (at(12), at(12))),  # on the second
        ("once", at(6), at(12, 30), (at(12), at(12))),  # six missed: the latest
        ("skip", at(6), at(12, 30), (None, at(12))),  # the latest is late too
        ("skip", at(6), at(12, 0, 59), (at(12), at(12))),  # the latest is on time
        ("skip", at(12), at(12, 0, 30), (None, at(12))),
        ("all", at(9), at(12, 30), (at(10), at(10))),  # the first of three
        ("all", at(11), at(12, 30), (at(12), at(12))),
        ("all", at(12), at(12, 30), (None, at(12))),
    ],
)
def test_what_is_due(plan: Plan, policy: Policy, since: datetime, now: datetime, expected: tuple[Any, Any]) -> None:
    """Of the missed the policy runs the latest, none that is late, or each in its turn."""
    assert due(plan(policy=policy), since, now) == expected


@pytest.mark.parametrize("policy", ["once", "all"])
def test_what_is_too_late(plan: Plan, policy: Policy) -> None:
    """What is later than it may be is never run, and what is not comes next."""
    hourly = plan(policy=policy, max_late_seconds=3600)
    assert due(hourly, at(3), at(12, 30)) == (at(12), at(12))
    assert due(plan(policy=policy, cron="0 3 * * *", max_late_seconds=3600), at(2), at(12, 30)) == (None, at(2))


def test_a_long_absence_is_looked_over_at_once(plan: Plan) -> None:
    """After months away a schedule of each second has one instant due, without a look at all of them."""
    often = plan(cron="* * * * * *", max_late_seconds=timedelta(days=3_000).total_seconds())
    assert due(often, NOON - timedelta(days=2_000), NOON) == (NOON, NOON)


def test_it_is_kept_as_it_is(plan: Plan) -> None:
    """What the store keeps as JSON is what comes back; what another version said is refused."""
    whole = plan(files=("/a.yml",), texts=(("WHO", "you"),), failure_command=("mail", "me"), timeout_seconds=5.0)
    kept = json.loads(json.dumps(whole.to_json()))
    assert Schedule.from_json(kept) == whole
    with pytest.raises(ConfigError, match="does not know"):
        Schedule.from_json({**kept, "colour": "red"})


def test_its_command(plan: Plan) -> None:
    """The command line that does the same without the store is words, not a text for a shell."""
    assert plan(texts=(("WHO", "a b; rm"),), files=("p.yml",)).command() == [
        *("fcwork", "run", "./greet.ipynb", "-f", "p.yml", "-p", "WHO", "a b; rm")
    ]
    assert plan(timeout_seconds=1.5).command()[-2:] == ["--timeout", "2s"]


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({"name": "../x"}, ConfigError),
        ({"name": ""}, ConfigError),
        ({"name": "a b"}, ConfigError),
        ({"policy": "allways"}, ConfigError),
        ({"cron": "61 * * * *"}, ConfigError),
        ({"zone": "Mars"}, ConfigError),
        ({"notebook": "./none.ipynb"}, NotebookError),
        ({"texts": (("WHOM", "x"),)}, UnknownParameterError),
        ({"texts": (("API_TOKEN", "x"),), "notebook": "./greet.ipynb"}, UnknownParameterError),
        ({"files": ("none.yml",)}, NotebookError),
        ({"failure_url": "http://example.org/hook"}, ConfigError),
        ({"failure_url": "https://me:word@example.org/hook"}, ConfigError),
        ({"failure_url": "file:///etc/passwd"}, ConfigError),
        ({"failure_secret_env": "KEY"}, ConfigError),
        ({"timeout_seconds": 0}, NotebookError),
        ({"failure_command": ("",)}, ConfigError),
        ({"failure_command": ("a", "b\0")}, ConfigError),
    ],
)
def test_mistakes_are_found_when_it_is_added(plan: Plan, given: dict[str, Any], kind: type[Exception]) -> None:
    """What could not run, or could not be told, is refused before it is kept."""
    with pytest.raises(kind):
        plan(**given).checked()


def test_secrets_are_no_parameters(plan: Plan, notebooks: Path) -> None:
    """P8: a secret as a parameter is refused, so that none is kept with a schedule."""
    text = (notebooks / "greet.ipynb").read_text("utf-8").replace("WHO: str", "API_TOKEN: str")
    (notebooks / "leak.ipynb").write_text(text, "utf-8")
    with pytest.raises(SecretParameterError):
        plan(notebook="./leak.ipynb", texts=(("API_TOKEN", "abc"),)).checked()


def test_values_of_files_are_read_anew(plan: Plan, notebooks: Path) -> None:
    """A later file goes before an earlier one, and what stands in them now counts."""
    one, two = notebooks / "one.yml", notebooks / "two.yml"
    one.write_text("WHO: you", "utf-8")
    two.write_text("WHO: me", "utf-8")
    made = plan(files=(str(one), str(two))).checked()
    assert made.values() == {"WHO": "me"}
    two.write_text("WHO: 7", "utf-8")
    with pytest.raises(ParameterTypeError):
        made.checked()


def test_commands_are_split_as_a_shell_does() -> None:
    """Quotes hold words together; nothing else of a shell is done."""
    assert argv("mail -s 'it failed' $USER ; x") == ("mail", "-s", "it failed", "$USER", ";", "x")
    with pytest.raises(ConfigError, match="cannot be read"):
        argv("mail 'me")
