"""``connect``: from settings to a client, or to the one embedded simulator of this process."""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from fcwork import presence, settings
from fcwork.client import FluentClient
from fcwork.clock import SYSTEM, Clock
from fcwork.errors import ConfigError, FcworkError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from fcwork.simulator import Simulator

TARGET = "SIMULATOR"
_OF_A_CALL = ("retailer_id", "account", "webhook_public_key")  # what the simulator does not decide
PROBE_SCHEMA = pl.Schema(
    {"step": pl.String(), "ok": pl.Boolean(), "seconds": pl.Float64(), "answer": pl.String(), "hint": pl.String()}
)

_lock = threading.Lock()
_simulator: Simulator | None = None


def connect(profile: str | None = None, **arguments: Any) -> FluentClient:
    """Return a client of the platform that the settings name; nothing is sent yet.

    Arguments go before the environment (``FLUENT_*``), which goes before the Fluent CLI profile that
    ``FLUENT_PROFILE`` names; a profile named here goes before the environment, which fills what it lacks, but nothing
    where ``FLUENT_BASE_URL`` is another than the profile's. ``profile="simulator"`` is the embedded simulator. Where
    nothing at all is set, an interactive session gets the simulator, in one loud line; a headless run gets an error, as
    it must never mistake the simulator for the platform.

    Args:
        profile: a Fluent CLI profile, an entry of the vault (``fcwork vault add``), or ``simulator``.
        **arguments: ``retailer`` (the name of a retailer of the profile), ``base_url``, ``client_id``,
            ``client_secret``, ``username``, ``password``, ``retailer_id``, ``account``, ``webhook_public_key``,
            ``allow_private``.

    Raises:
        ConfigError: nothing is set and nobody is there to see it, or the settings are half set or not allowed.
    """
    arguments = settings.protected(arguments)
    settings.hide_personal_data()
    named = profile or (os.environ.get("FLUENT_PROFILE") if "base_url" not in arguments else None)
    if named == settings.SIMULATOR:
        return _embedded(arguments)
    found = settings.find(profile=profile, **arguments)
    if found is not None:
        return FluentClient.from_settings(found)
    if not presence.interactive():
        raise ConfigError(
            "no platform is named: no arguments, no FLUENT_* variables, no profile",
            hint="name a profile (profile=, PROFILE, FLUENT_PROFILE), set FLUENT_BASE_URL and the credentials, "
            "or say profile='simulator' if the simulator is meant",
        )
    print(f"{TARGET}: nothing is set, so this session talks to the embedded simulator.", file=sys.stderr)  # noqa: T201
    return _embedded(arguments)


def embedded_simulator() -> Simulator:
    """Return this process's simulator, started on first use.

    ``FCWORK_SIMULATOR`` may name a JSON file that sets it up: ``positions``, ``seed`` and a fault script, ``faults``.
    """
    global _simulator  # noqa: PLW0603 - one simulator a process, so that two connects see the same platform
    with _lock:
        if _simulator is None:
            from fcwork.simulator import Faults, Simulator

            options = _simulator_options(os.environ.get("FCWORK_SIMULATOR", ""))
            if "faults" in options:
                options["faults"] = Faults.load({"faults": options["faults"]})
            _simulator = Simulator(**options)
        return _simulator


def forget_simulator() -> None:
    """Drop this process's simulator: the next connect starts a fresh one."""
    global _simulator  # noqa: PLW0603 - see embedded_simulator
    with _lock:
        _simulator = None


def probe(client: FluentClient, *, clock: Clock = SYSTEM) -> pl.DataFrame:
    """Ask the platform for a token and for GraphQL, job and event access, one by one, changing nothing.

    Returns:
        A frame of ``step, ok, seconds, answer, hint``, one row a step.
    """
    return pl.DataFrame(list(probing(client, clock=clock)), schema=PROBE_SCHEMA)


def probing(client: FluentClient, *, clock: Clock = SYSTEM) -> Iterator[dict[str, Any]]:
    """Yield the steps of ``probe`` one by one, each when it is through."""
    (first, sign_in), *others = client.access_checks()
    signed_in = _step(first, sign_in, clock)
    yield signed_in
    for name, ask in others:
        yield _step(name, ask, clock) if signed_in["ok"] else {**_NOT_TRIED, "step": name}


_NOT_TRIED = {"ok": False, "seconds": 0.0, "answer": "not tried without a token", "hint": ""}


def _step(name: str, ask: Callable[[], str], clock: Clock) -> dict[str, Any]:
    started = clock.monotonic()
    try:
        answer, ok, hint = ask(), True, ""
    except FcworkError as error:
        answer, ok, hint = error.message, False, error.hint
    return {"step": name, "ok": ok, "seconds": clock.monotonic() - started, "answer": answer, "hint": hint}


def _embedded(arguments: Mapping[str, Any]) -> FluentClient:
    simulator = embedded_simulator()
    said = {name: arguments[name] for name in _OF_A_CALL if arguments.get(name)}
    found = settings.find(**{**simulator.connect(), **said})
    assert found is not None  # noqa: S101 - the simulator's own settings are complete
    return FluentClient.from_settings(found, transport=simulator.transport(), target=TARGET)


def _simulator_options(file: str) -> dict[str, Any]:
    if not file:
        return {}
    try:
        options = json.loads(Path(file).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"FCWORK_SIMULATOR names {file}, which cannot be read: {error}") from None
    unknown = set(options) - {"seed", "positions", "faults"} if isinstance(options, dict) else {"(no object)"}
    if unknown:
        known = "seed, positions, faults"
        raise ConfigError(
            f"{file} sets up the simulator with unknown {', '.join(sorted(unknown))}", hint=f"known: {known}"
        )
    return dict(options)
