"""The same schedule for an engine that is there already: cron, systemd, Airflow or GitHub Actions, each as files.

What is written calls ``fcwork run``, which keeps the schedule's limit by itself. What of a schedule the engine cannot
do stands in a comment at the beginning; what it would do otherwise is refused.
"""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

from cronsim import CronSim

from fcwork.errors import ConfigError
from fcwork.schedule.plan import Schedule

_DAYS = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")
_ALL_HOURS, _ALL_DAYS, _ALL_WEEKDAYS = set(range(24)), set(range(1, 32)), set(range(7))
_MOST_TIMES = 24  # of a day, as lines for an engine that knows UTC alone
_UNTOLD = "Failures are told as this engine tells them, not by what the schedule says."
_UNSEEN = "That no load arrived is not told: no engine knows what a run has loaded."


def to_cron(schedule: Schedule) -> dict[str, str]:
    """Return a file of a crontab; its zone is read by cronie, not by Debian's cron."""
    _refuse_seconds(schedule, "cron")
    command = f"cd {shlex.quote(schedule.folder)} && exec {shlex.join(_command(schedule))}"
    lines = [
        *_head(schedule, "cron knows no retries and runs nothing that was missed."),
        "# CRON_TZ is read by cronie; another cron goes by the machine's zone, which then has to be this one.",
        f"CRON_TZ={schedule.zone}",
        f"{schedule.times.cron} {_one_line(command, 'cron')}".replace("%", r"\%"),
    ]
    return {f"{schedule.name}.cron": _text(lines)}


def to_systemd(schedule: Schedule) -> dict[str, str]:
    """Return a service and the timer that starts it."""
    words = " ".join(_for_systemd(word) for word in _command(schedule))
    folder = _one_line(schedule.folder, "systemd").replace("%", "%%")
    service = [
        *_head(schedule, "systemd does not repeat a run that failed."),
        "[Unit]",
        f"Description=fcwork {schedule.name}",
        "[Service]",
        "Type=oneshot",
        f"WorkingDirectory={folder}",
        f"ExecStart={words}",
        "TimeoutStartSec=infinity",
        "TimeoutStopSec=30",
    ]
    timer = [
        *_head(schedule),
        "[Timer]",
        *(f"OnCalendar={text} {schedule.zone}" for text in calendar(schedule)),
        "AccuracySec=1s",
        f"Persistent={'false' if schedule.policy == 'skip' else 'true'}",
        "[Install]",
        "WantedBy=timers.target",
    ]
    name = f"fcwork-{schedule.name}"
    return {f"{name}.service": _text(service), f"{name}.timer": _text(timer)}


def to_airflow(schedule: Schedule) -> dict[str, str]:
    """Return a DAG of Airflow 3 with one task."""
    _refuse_seconds(schedule, "Airflow")
    command = re.sub(r"\{(?=[{%#])", "{''", shlex.join(schedule.command()))  # no template of Jinja begins
    folder = re.sub(r"\{[{%#]", lambda begins: f"{{{{ '{begins[0]}' }}}}", f"{schedule.folder}/")  # as Jinja's own text
    lines = [
        *_head(schedule),
        "from datetime import datetime",
        "",
        "from airflow.providers.standard.operators.bash import BashOperator",
        "from airflow.sdk import DAG",
        "from airflow.timetables.trigger import CronTriggerTimetable",
        "",
        "with DAG(",
        f"    dag_id={schedule.name!r},",
        f"    schedule=CronTriggerTimetable({schedule.times.cron!r}, timezone={schedule.zone!r}),",
        "    start_date=datetime(2026, 1, 1),",
        f"    catchup={schedule.policy == 'all'},",
        "    max_active_runs=1,",
        "):",
        "    BashOperator(",
        '        task_id="run",',
        f"        bash_command={command + ' '!r},  # the space, and the slash: a text that ends in .sh would be a file",
        f"        cwd={folder!r},",
        "        append_env=True,",
        f"        retries={schedule.retries},",
        "    )",
    ]
    return {f"{schedule.name}_dag.py": _text(lines)}


def to_github_actions(schedule: Schedule) -> dict[str, str]:
    """Return a workflow; GitHub knows UTC alone, so each offset of the zone has its times, and the other's are left."""
    import yaml

    _refuse_seconds(schedule, "GitHub Actions")
    by_offset = {offset: _in_utc(schedule, offset) for offset in _offsets(schedule)}
    guard = _guard(schedule, by_offset)
    files = [_inside(file, schedule) for file in schedule.files]
    words = Schedule(**{**vars(schedule), "notebook": _inside(schedule.notebook, schedule), "files": files}).command()
    run = shlex.join(words).replace("${{", "$''{{")  # no expression of GitHub begins
    secrets = {
        name: f"${{{{ secrets.{name} }}}}"
        for name in ("FLUENT_BASE_URL", "FLUENT_CLIENT_ID", "FLUENT_CLIENT_SECRET", "FLUENT_RETAILER_ID")
    }
    steps: list[dict[str, Any]] = [
        {"uses": "actions/checkout@v4"},
        {"uses": "actions/setup-python@v5", "with": {"python-version": "3.12"}},
        {"run": "pip install fcwork"},
        {"run": f"{guard}{run}", "shell": "bash", "env": secrets},
    ]
    crons = sorted({text for texts in by_offset.values() for text in texts})
    workflow = {
        "name": schedule.name,
        "on": {"schedule": [{"cron": text} for text in crons], "workflow_dispatch": {}},
        "concurrency": {"group": schedule.name, "cancel-in-progress": False},
        "jobs": {"run": {"runs-on": "ubuntu-latest", "steps": steps}},
    }
    head = _head(schedule, "GitHub starts late at times, and neither repeats a run nor makes up for a missed one.")
    return {f"{schedule.name}.yml": _text(head) + yaml.safe_dump(workflow, sort_keys=False, width=1_000)}


ENGINES: Mapping[str, Callable[[Schedule], dict[str, str]]] = MappingProxyType(
    {"cron": to_cron, "systemd": to_systemd, "airflow": to_airflow, "github-actions": to_github_actions}
)


def calendar(schedule: Schedule) -> list[str]:
    """Return the events of systemd's calendar that are the instants of a schedule, without the zone.

    Raises:
        ConfigError: it names days that systemd's calendar has no words for.
    """
    fields = _fields(schedule, "systemd")
    date = f"*-{_listed(fields.months, 12)}"
    at = f"{_listed(fields.hours, 24)}:{_listed(fields.minutes, 60)}:{_listed(fields.seconds, 60)}"
    weekdays = "" if _is_all(fields.weekdays) else _named(fields.weekdays) + " "
    days = _listed(fields.days, 31)
    if fields.day_and:
        return [f"{weekdays}{date}-{days} {at}"]
    return [f"{date}-{days} {at}", f"{weekdays}{date}-* {at}"]  # cron: the one or the other


def _in_utc(schedule: Schedule, offset: timedelta) -> list[str]:
    """Return cron texts in UTC for when the zone is so far from it."""
    fields = _fields(schedule, "GitHub Actions")
    if not offset or (fields.hours == _ALL_HOURS and not offset % timedelta(hours=1) and _each_day(fields)):
        return [_numbered(schedule.times.cron, fields)]
    at = [(hour, minute) for hour in sorted(fields.hours) for minute in sorted(fields.minutes)]
    if len(at) > _MOST_TIMES:
        raise _unable(schedule, "GitHub Actions", f"{len(at)} times a day in another zone than UTC")
    _, _, days, months, weekdays = _numbered(schedule.times.cron, fields).split(" ")
    texts = []
    for hour, minute in at:
        moved = timedelta(hours=hour, minutes=minute) - offset
        shift, (hours, rest) = moved.days, divmod(moved.seconds, 3_600)
        if shift and (days, months) != ("*", "*"):
            raise _unable(schedule, "GitHub Actions", "days of a month that are others in UTC")
        on = weekdays if not shift or _is_all(fields.weekdays) else _moved(fields.weekdays, shift)
        texts.append(f"{rest // 60} {hours} {days} {months} {on}")
    return texts


def _numbered(cron: str, fields: CronSim) -> str:
    """Return a cron text with Sunday as 0: GitHub knows no day 7."""
    head, _, weekdays = cron.rpartition(" ")
    return cron if "7" not in weekdays or weekdays.startswith("*") else f"{head} {_moved(fields.weekdays, 0)}"


def _guard(schedule: Schedule, by_offset: Mapping[timedelta, Sequence[str]]) -> str:
    """Return lines that end the step where what started it is meant for the other offset of the zone."""
    if len({tuple(texts) for texts in by_offset.values()}) == 1:
        return ""
    lines = ['started="${{ github.event.schedule }}"', f'case "$(TZ={schedule.zone} date +%z) $started" in']
    for offset, texts in by_offset.items():
        sign, minutes = "-" if offset < timedelta(0) else "+", abs(offset) // timedelta(minutes=1)
        shown = f"{sign}{minutes // 60:02}{minutes % 60:02}"
        lines.append(f"  {' | '.join(shlex.quote(f'{shown} {text}') for text in texts)}) ;;")
    lines += ['  *" ") ;;  # by hand', '  *) echo "not at this offset"; exit 0 ;;', "esac", ""]
    return "\n".join(lines)


def _offsets(schedule: Schedule) -> list[timedelta]:
    """Return how far the zone is from UTC in the course of a year."""
    start = datetime(2026, 1, 1, 12, tzinfo=UTC)
    days = (schedule.times.local(start + timedelta(days=day)).utcoffset() for day in range(366))
    return sorted({offset for offset in days if offset is not None})


def _fields(schedule: Schedule, engine: str) -> CronSim:
    fields = CronSim(schedule.times.cron, datetime(2026, 1, 1))  # noqa: DTZ001 - only for its fields
    if min(fields.days) < 0 or not all(isinstance(day, int) for day in fields.weekdays):
        raise _unable(schedule, engine, "a last or an n-th day of the month")
    return fields


def _each_day(fields: CronSim) -> bool:
    return fields.days == _ALL_DAYS and len(fields.months) == len(range(12)) and _is_all(fields.weekdays)


def _is_all(weekdays: Iterable[Any]) -> bool:
    return {day % 7 for day in weekdays} == _ALL_WEEKDAYS


def _named(weekdays: Iterable[Any]) -> str:
    return ",".join(_DAYS[day] for day in sorted({day % 7 for day in weekdays}))


def _moved(weekdays: Iterable[Any], shift: int) -> str:
    return ",".join(str(day) for day in sorted({(day + shift) % 7 for day in weekdays}))


def _listed(numbers: set[int], whole: int) -> str:
    return "*" if len(numbers) == whole else ",".join(f"{number:02}" for number in sorted(numbers))


def _command(schedule: Schedule) -> list[str]:
    """Return the command by the Python that runs now: what starts it knows no PATH of a person's."""
    return [sys.executable, "-m", *schedule.command()]


def _inside(path: str, schedule: Schedule) -> str:
    """Return a path as it is in a checkout of the schedule's folder."""
    folder = Path(schedule.folder)
    return f"./{Path(path).relative_to(folder)}" if Path(path).is_relative_to(folder) else path


def _for_systemd(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    return f'"{escaped.replace("%", "%%").replace("$", "$$")}"'


def _one_line(text: str, engine: str) -> str:
    if "\n" in text or "\r" in text:
        raise ConfigError(
            f"{engine} takes one line, and this has several: {text!r}", hint="write it into a file, for -f"
        )
    return text


def _refuse_seconds(schedule: Schedule, engine: str) -> None:
    if len(schedule.times.cron.split(" ")) > len(("minute", "hour", "day", "month", "weekday")):
        raise _unable(schedule, engine, "seconds")


def _unable(schedule: Schedule, engine: str, what: str) -> ConfigError:
    return ConfigError(
        f"{engine} has no words for {what}: {schedule.name} is {schedule.cron!r} in {schedule.zone}",
        hint="give the schedule other times, or let `fcwork scheduler` run it",
    )


def _head(schedule: Schedule, *notes: str) -> list[str]:
    told = [_UNTOLD] if schedule.failure_url or schedule.failure_command else []
    told += [_UNSEEN] if schedule.expect_seconds else []
    return [f"# {schedule.name}, by fcwork schedule export.", *(f"# {note}" for note in (*notes, *told))]


def _text(lines: Iterable[str]) -> str:
    return "\n".join([*lines, ""])
