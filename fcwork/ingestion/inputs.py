"""What a caller of ``ingest`` may give (paths, dicts, frames, names) as the things that the stages work with."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fcwork.errors import ConfigError
from fcwork.routes import Route
from fcwork.validator import Validator

CHOICES = {
    "route": ("batch", "event", "mutation"),
    "job": ("per-run", "per-file", "daily"),
    "preprocessing": ("skip", "enabled"),
}
LEAST = {"batch_size": 1, "workers": 1, "max_retries": 0, "max_unknown": 0}


def check_options(options: Mapping[str, Any]) -> None:
    """Refuse an option that cannot be, so that no dry run passes where the load itself would not."""
    for name, known in CHOICES.items():
        given = options[name]
        if given not in known and not (name == "route" and isinstance(given, Route)):
            raise ConfigError(f"there is no {name} {given!r}", hint=f"known: {', '.join(known)}")
    for name, least in LEAST.items():
        given = options[name]
        if not isinstance(given, int) or isinstance(given, bool) or given < least:
            raise ConfigError(f"{name} is {given!r}", hint=f"give a whole number of {least} or more")
    if not isinstance(options["workflow"], str) or not options["workflow"].strip():
        raise ConfigError(f"workflow is {options['workflow']!r}", hint="give the name of what is loaded, such as stock")


def validator_of(given: Any, entity_type: str | None) -> Validator | None:
    """Return the Validator of a rule file, its content or a Validator; without one, that of the entity; none for {}."""
    if isinstance(given, Validator):
        return given
    if given is None:
        return Validator.for_entity(entity_type) if entity_type else None
    if isinstance(given, str | Path):
        return Validator.load(given)
    return Validator(dict(given)) if given else None
