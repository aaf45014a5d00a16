"""Known secrets in what is to be shared, and where they stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from fcwork import settings, sources
from fcwork.errors import FcworkError, SecretFoundError
from fcwork.redact import holds_secret
from fcwork.runner import document
from fcwork.runner.sharing.ended import EndedRun

_SHOWN = 5


def learn() -> None:
    """Make known each secret that the settings of this machine hold: environment, profiles, connections, store."""
    with suppress(FcworkError):
        settings.find()
    with suppress(FcworkError, OSError):
        settings.store_place()
    with suppress(FcworkError, OSError):
        sources.connections()
    for profile in settings.profiles():
        for retailer in ("", *_retailers(profile)):
            with suppress(FcworkError, OSError):
                settings.read_profile(profile, retailer, ask=False)


def refuse(run: EndedRun) -> None:
    """Refuse to share a run that shows a known secret.

    Raises:
        SecretFoundError: with each place where one stands.
    """
    places = list(dict.fromkeys(_places(run)))
    if places:
        raise found(run.facts.run_id, places)


def found(run_id: str, places: list[str]) -> SecretFoundError:
    """Return what to say of secrets that stand in these places."""
    more = f" and {len(places) - _SHOWN} more places" if len(places) > _SHOWN else ""
    return SecretFoundError(
        f"a secret stands in run {run_id}, so it is not shared: {', '.join(places[:_SHOWN])}{more}",
        hint="change that secret, as it lies in the run's folder; take it out of the notebook and run it again",
        places=places,
    )


def _places(run: EndedRun) -> Iterator[str]:
    if holds_secret(run.facts.title):
        yield "the title"
    for name, value in run.content.items():
        if name not in {"parameters", "result"} and _holds(value):
            yield f"{name} of result.json"
    for name, value in run.parameters.items():
        if _holds({name: value}):
            yield f"the parameter {name}" if not holds_secret(name) else "the name of a parameter"
    if _holds(run.content.get("result")):
        yield "the recorded result"
    yield from _in_cells(run)


def _in_cells(run: EndedRun) -> Iterator[str]:
    numbers = {index: f"cell [{number}]" for number, index in enumerate(document.runnable(run.notebook), 1)}
    for index, cell in enumerate(run.notebook.cells):
        called = numbers.get(index, f"the {cell.cell_type} at place {index + 1}")
        if holds_secret(cell.source) or _holds(cell.get("attachments")):
            yield f"the source of {called}"
        if _holds(cell.get("outputs")):
            yield f"the output of {called}"


def _holds(value: Any) -> bool:
    if isinstance(value, str):
        return holds_secret(value)
    if isinstance(value, Mapping):
        return any(holds_secret(str(name)) or _holds(item) for name, item in value.items())
    return isinstance(value, list | tuple) and any(map(_holds, value))


def _retailers(profile: str) -> list[str]:
    files = (settings.profile_root() / profile).glob("retailer.*.json")
    return [file.name.removeprefix("retailer.").removesuffix(".json") for file in files]
