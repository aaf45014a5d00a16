"""Schedules written for other engines: what they would run, and when."""

import ast
import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jinja2
import pytest
import yaml

from fcwork.errors import ConfigError
from fcwork.schedule import Schedule, Times
from fcwork.schedule.exporting import ENGINES, calendar, to_airflow, to_cron, to_github_actions, to_systemd

Plan = Callable[..., Schedule]
NASTY = "a 'b' \"c\" $HOME `id` %d \\ {{ 1 }} {% x %} ${{ secrets.X }} ; rm é #"
SHOW = "import json, sys; print(json.dumps(sys.argv[1:]))"
bash = pytest.mark.skipif(shutil.which("bash") is None, reason="needs a shell")


@pytest.fixture
def nightly(plan: Plan, home: Path) -> Schedule:
    """A schedule whose parameters hold what every engine has a meaning for."""
    folder = home / "it's 100% {{mine}}"
    folder.mkdir()
    given = {"cron": "30 2 * * mon-fri", "zone": "Australia/Sydney", "texts": (("WHO", NASTY),)}
    return plan(folder=str(folder), files=(str(folder / "p.yml"),), retries=2, timeout_seconds=5400.0, **given)


def ran(text: str, program: str) -> list[str]:
    """Return the words that a shell gives a program, which stands in the text."""
    shown = text.replace(program, f"{shlex.quote(sys.executable)} -c {shlex.quote(SHOW)}", 1)
    said = subprocess.run(["bash", "-c", shown], capture_output=True, text=True, check=True)
    words: list[str] = json.loads(said.stdout)
    return words


@bash
def test_cron(nightly: Schedule) -> None:
    """The line has its zone before it, and the shell gives the program the very words."""
    [text] = to_cron(nightly).values()
    *_, zone, line = text.splitlines()
    assert zone == "CRON_TZ=Australia/Sydney"
    assert line.startswith("30 2 * * mon-fri ")
    assert not re.search(r"(?<!\\)%", line)  # cron ends the line there
    command = line.removeprefix("30 2 * * mon-fri ").replace("\\%", "%")
    assert ran(command, f"{shlex.quote(sys.executable)} -m fcwork") == nightly.command()[1:]


def test_systemd(nightly: Schedule) -> None:
    """The service has each word as it is, with what systemd would fill in spelt out; the timer has the zone."""
    files = to_systemd(nightly)
    service, timer = files["fcwork-hourly.service"], files["fcwork-hourly.timer"]
    line = re.search(r"^ExecStart=(.*)$", service, re.MULTILINE)
    assert line
    words = [json.loads(f'"{word}"') for word in re.findall(r'"((?:[^"\\]|\\.)*)"', line[1])]
    assert [word.replace("%%", "%").replace("$$", "$") for word in words][2:] == nightly.command()
    assert "OnCalendar=Mon,Tue,Wed,Thu,Fri *-*-* 02:30:00 Australia/Sydney" in timer
    assert "TimeoutStartSec=infinity" in service
    assert words[-2:] == ["--timeout", "5400s"]  # the run keeps its limit, and says that it did
    assert "100%% {{mine}}" in service


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
@pytest.mark.parametrize("cron", ["30 2 * * *", "*/20 6-8 * * 1", "0 0 1 */3 *", "15 10 13 * fri", "*/30 * * * * *"])
def test_systemd_s_calendar(plan: Plan, cron: str) -> None:
    """The next five times of systemd are those of the schedule."""
    start = datetime(2026, 1, 15, 12, tzinfo=UTC)
    ours = Times(cron).following(start)
    found = set()
    for text in calendar(plan(cron=cron)):
        command = ["systemd-analyze", "calendar", "--iterations=5", f"--base-time={start:%Y-%m-%d %H:%M:%S} UTC"]
        said = subprocess.run([*command, f"{text} UTC"], capture_output=True, text=True, check=True).stdout
        found |= set(re.findall(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC", said))
    assert {f"{next(ours):%Y-%m-%d %H:%M:%S}" for _ in range(5)} <= found


def test_calendar_days(plan: Plan) -> None:
    """Day of the month or of the week, as cron has it, are two events; a last day is refused."""
    assert calendar(plan(cron="15 10 13 * 5")) == ["*-*-13 10:15:00", "Fri *-*-* 10:15:00"]
    assert calendar(plan(cron="0 0 * * 7")) == ["Sun *-*-* 00:00:00"]
    for cron in ("0 2 L * *", "0 2 * * 1#2"):
        with pytest.raises(ConfigError, match="no words for"):
            calendar(plan(cron=cron))


@bash
def test_airflow(nightly: Schedule) -> None:
    """The DAG is Python, and what Airflow makes of command and folder, as they are templates, is the very words."""
    [text] = to_airflow(replace(nightly, policy="all")).values()
    called: dict[str, Any] = {}
    for node in ast.walk(ast.parse(text)):
        for keyword in node.keywords if isinstance(node, ast.Call) else []:
            if isinstance(keyword.value, ast.Constant):
                called[str(keyword.arg)] = keyword.value.value
    assert not re.search(r"\{[{%#]", called["bash_command"])
    assert ran(called["bash_command"], "fcwork") == nightly.command()[1:]
    assert jinja2.Template(called["cwd"]).render() == f"{nightly.folder}/"
    assert (called["retries"], called["catchup"], called["timezone"]) == (2, True, "Australia/Sydney")


@bash
def test_github_actions(nightly: Schedule, tmp_path: Path) -> None:
    """Each offset of the zone has its times in UTC; what was started for the other offset runs nothing."""
    [text] = to_github_actions(nightly).values()
    workflow = yaml.safe_load(text)
    crons = [each["cron"] for each in workflow["on"]["schedule"]]
    assert crons == ["30 15 * * 0,1,2,3,4", "30 16 * * 0,1,2,3,4"]
    step = workflow["jobs"]["run"]["steps"][-1]
    assert step["run"].count("${{") == 1
    offset = datetime.now(UTC).astimezone(nightly.times._zone).utcoffset()
    rightly = "30 15 * * 0,1,2,3,4" if offset == timedelta(hours=11) else "30 16 * * 0,1,2,3,4"
    words = [*nightly.command()[1:]]
    words[words.index("-f") + 1] = "./p.yml"
    for started, runs in ((rightly, True), ("", True), (next(each for each in crons if each != rightly), False)):
        script = step["run"].replace("${{ github.event.schedule }}", started)
        at = script.rindex("fcwork run")
        shown = f"{script[:at]}{shlex.quote(sys.executable)} -c {shlex.quote(SHOW)}{script[at + len('fcwork') :]}"
        said = subprocess.run(["bash", "-e", "-c", shown], capture_output=True, text=True, check=True, cwd=tmp_path)
        assert said.stdout == (f"{json.dumps(words)}\n" if runs else "not at this offset\n")


def test_github_actions_in_utc(plan: Plan) -> None:
    """Where the zone is UTC, or each hour has its run, the text is the same; what cannot be said in UTC is refused."""
    for given in ({"cron": "0 2 * * 1"}, {"cron": "7 * * * *", "zone": "America/New_York"}):
        [text] = to_github_actions(plan(**given)).values()
        assert yaml.safe_load(text)["on"]["schedule"] == [{"cron": given["cron"]}]
        assert "case" not in text
    for cron in ("0 2 1 * *", "*/5 1-9 * * *"):
        with pytest.raises(ConfigError, match="no words for"):
            to_github_actions(plan(cron=cron, zone="Australia/Sydney"))


@pytest.mark.parametrize(("weekdays", "told"), [("7", "0"), ("5-7", "0,5,6"), ("*/7", "*/7"), ("sun", "sun")])
def test_github_actions_on_sundays(plan: Plan, weekdays: str, told: str) -> None:
    """GitHub knows no day 7, so a Sunday is its day 0."""
    [text] = to_github_actions(plan(cron=f"0 2 * * {weekdays}")).values()
    assert yaml.safe_load(text)["on"]["schedule"] == [{"cron": f"0 2 * * {told}"}]


@pytest.mark.parametrize("engine", ["cron", "airflow", "github-actions"])
def test_seconds_are_refused(plan: Plan, engine: str) -> None:
    """An engine that knows no seconds is given none."""
    with pytest.raises(ConfigError, match="seconds"):
        ENGINES[engine](plan(cron="*/5 * * * * *"))


def test_lines_are_refused_by_cron(plan: Plan) -> None:
    """P25: a parameter of several lines cannot add a line to a crontab."""
    with pytest.raises(ConfigError, match="one line"):
        to_cron(plan(texts=(("WHO", "x\n* * * * * evil"),)))
    service = to_systemd(plan(texts=(("WHO", "x\nExecStart=evil"),)))["fcwork-hourly.service"]
    assert service.count("\nExecStart=") == 1
