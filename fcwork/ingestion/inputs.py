"""What a caller of ``ingest`` may give (paths, dicts, frames, names) as the things that the stages work with."""

import importlib
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from fcwork.errors import ConfigError
from fcwork.mapper import Mapper
from fcwork.routes import Route
from fcwork.validator import Validator

Resolvers = Mapping[str, Callable[..., Any]] | str | None
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


def mapper_of(given: Any, resolvers: Resolvers, context: Mapping[str, Any] | None) -> Mapper | None:
    """Return the Mapper of a mapping file, its content or a Mapper; None where there is none."""
    if given is None or isinstance(given, Mapper):
        return given
    named = imported(resolvers) if isinstance(resolvers, str) else resolvers
    if isinstance(given, str | Path):
        return Mapper.load(given, resolvers=named, context=context)
    return Mapper(given, resolvers=named, context=context)


def validator_of(given: Any, entity_type: str | None) -> Validator | None:
    """Return the Validator of a rule file, its content or a Validator; without one, that of the entity; none for {}."""
    if isinstance(given, Validator):
        return given
    if given is None:
        return Validator.for_entity(entity_type) if entity_type else None
    if isinstance(given, str | Path):
        return Validator.load(given)
    return Validator(dict(given)) if given else None


def imported(name: str) -> Mapping[str, Callable[..., Any]]:
    """Import ``module:name``, a dict of functions, from the working folder or an installed package.

    A name alone is a module that makes its functions known by ``@fw.resolver``.
    """
    module, _, attribute = name.partition(":")
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        loaded = importlib.import_module(module)
        found = getattr(loaded, attribute) if attribute else {}
    except Exception as error:  # noqa: BLE001 - the user's own module may raise anything
        hint = "write module:name, as in shop:resolvers, or the name of a module that uses @fw.resolver"
        raise ConfigError(
            f"RESOLVERS {name!r} cannot be imported: {type(error).__name__}: {error}", hint=hint
        ) from None
    if not isinstance(found, Mapping):
        raise ConfigError(f"RESOLVERS {name!r} is no dict of functions", hint="resolvers = {'custom.size': size}")
    return found
