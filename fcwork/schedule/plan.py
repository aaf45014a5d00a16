"""What a schedule says: when, which notebook with which parameters, and what is done about the late and the failed."""

from __future__ import annotations

import math
import re
import shlex
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal, Self, get_args

from fcwork import runner
from fcwork.errors import ConfigError
from fcwork.names import did_you_mean
from fcwork.runner.limits import Limits
from fcwork.runner.parameters import resolve
from fcwork.schedule.notifying import check_address, check_command
from fcwork.schedule.times import Times

Policy = Literal["once", "skip", "all"]
POLICIES: tuple[Policy, ...] = get_args(Policy)
ON_TIME_SECONDS = 60.0
MAX_LATE_SECONDS = 86_400.0
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}")
_TUPLES = ("files", "texts", "failure_command")


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """One schedule.

    Attributes:
        name: letters, digits, _ and -; runs are named by it and the instant that they are for.
        notebook: a name or a path, as ``runner.run`` takes it.
        cron, zone: when; see ``Times``.
        folder: from where notebook, files and the notebook's own paths are taken.
        files: parameter files, read anew at each run.
        texts: parameters as pairs of name and text; they go before the files.
        policy: of instants that passed while nobody ran the schedule: ``once`` runs the latest, ``skip`` none that is
            over a minute late, ``all`` each.
        max_late_seconds: an instant that is later than this is never run.
        retries: how often a failed run is repeated; only what is safe to repeat should have any.
        timeout_seconds: after which an attempt is stopped; it is TIMEOUT then.
        failure_url: is told of failures by a POST; ``env:NAME`` takes it from the environment.
        failure_secret_env: the variable whose value signs what is posted.
        failure_command: is run at a failure, without a shell.
        expect_seconds: after which without a load whoever is told of failures is told of that; None where none is
            expected.
        paused: whether it is left alone.
    """

    name: str
    notebook: str
    cron: str
    zone: str = "UTC"
    folder: str = ""
    files: tuple[str, ...] = ()
    texts: tuple[tuple[str, str], ...] = ()
    policy: Policy = "once"
    max_late_seconds: float = MAX_LATE_SECONDS
    retries: int = 0
    timeout_seconds: float | None = None
    failure_url: str = ""
    failure_secret_env: str = ""
    failure_command: tuple[str, ...] = ()
    expect_seconds: float | None = None
    paused: bool = False

    @property
    def times(self) -> Times:
        """When it is due."""
        return Times(self.cron, self.zone)

    def run_id(self, instant: datetime, attempt: int, *, by_hand: bool = False) -> str:
        """Return the one id that an attempt at the run of an instant can have."""
        by = "-by-hand" if by_hand else ""
        again = f"-{attempt}" if attempt > 1 else ""
        return f"{self.name}-{instant:%Y%m%dT%H%M%SZ}{by}{again}"

    def values(self) -> dict[str, Any]:
        """Return the parameters of its files as they are now; a later file goes before an earlier one."""
        return {name: value for file in self.files for name, value in runner.read_file(file).items()}

    def command(self) -> list[str]:
        """Return the command line that runs its notebook within its limit, each instant for itself and once."""
        files = [part for file in self.files for part in ("-f", file)]
        texts = [part for text in self.texts for part in ("-p", *text)]
        limit = ["--timeout", f"{math.ceil(self.timeout_seconds)}s"] if self.timeout_seconds else []
        return ["fcwork", "run", self.notebook, *files, *texts, *limit]

    def checked(self) -> Self:
        """Return it, if it can be run: its notebook is there and its parameters are right, as far as can be known.

        Raises:
            ConfigError: its name, times, policy or whom it tells of failures cannot be used.
            NotebookError: there is no such notebook, its parameters are wrong, or its limit is none.
        """
        if not _NAME.fullmatch(self.name):
            raise ConfigError(f"{self.name!r} is no name of a schedule", hint="letters, digits, _ and -, at most 80")
        if self.policy not in POLICIES:
            raise ConfigError(f"{self.policy!r} is no policy{did_you_mean(self.policy, POLICIES)}")
        self.times  # noqa: B018 - raises where they are none
        Limits(self.timeout_seconds)
        check_address(self.failure_url, self.failure_secret_env)
        check_command(self.failure_command)
        resolve(runner.find(self.notebook), self.values(), self.texts)
        return self

    def to_json(self) -> dict[str, Any]:
        """Return it as the store keeps it."""
        return asdict(self)

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Self:
        """Return what was kept.

        Raises:
            ConfigError: another version of fcwork kept it.
        """
        strange = set(kept) - {field.name for field in fields(cls)}
        if strange:
            raise ConfigError(
                f"the schedule {kept.get('name')!r} says {min(strange)!r}, which this fcwork does not know",
                hint="update fcwork, or remove the schedule and add it anew",
            )
        texts = tuple((name, text) for name, text in kept.get("texts", ()))
        rest = {name: tuple(kept[name]) for name in _TUPLES if name in kept}
        return cls(**{**kept, **rest, "texts": texts})


def due(schedule: Schedule, since: datetime, now: datetime) -> tuple[datetime | None, datetime]:
    """Return the instant to run now, or None, and up to where all is decided then.

    Args:
        schedule: says when, and what becomes of the late.
        since: up to where all was decided before.
        now: the present instant.
    """
    start = max(since, now - timedelta(seconds=schedule.max_late_seconds))
    if schedule.policy == "all":
        first = schedule.times.after(start)
        return (first, first) if first and first <= now else (None, since)
    last = schedule.times.latest(start, now)
    if last is None:
        return None, since
    late = (now - last).total_seconds()
    return (None if schedule.policy == "skip" and late > ON_TIME_SECONDS else last), last


def argv(text: str) -> tuple[str, ...]:
    """Return the words of a command as a shell splits them; nothing else of a shell is done.

    Raises:
        ConfigError: a quote is not closed.
    """
    try:
        return tuple(shlex.split(text))
    except ValueError as error:
        raise ConfigError(f"the command {text!r} cannot be read: {error}", hint="close the quote") from None


def absolute(path: str) -> str:
    """Return a path that means the same from everywhere."""
    return str(Path(path).expanduser().absolute())
