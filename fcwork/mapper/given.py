"""What a caller may give for a mapping and its resolvers (a path, a dict, a name), as a Mapper."""

import importlib
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from fcwork.errors import ConfigError
from fcwork.mapper.mapper import Mapper

Resolvers = Mapping[str, Callable[..., Any]] | str | None


def mapper_of(given: Any, resolvers: Resolvers, context: Mapping[str, Any] | None) -> Mapper | None:
    """Return the Mapper of a mapping file, its content or a Mapper; None where there is none."""
    if given is None or isinstance(given, Mapper):
        return given
    named = imported(resolvers) if isinstance(resolvers, str) else resolvers
    if isinstance(given, str | Path):
        return Mapper.load(given, resolvers=named, context=context)
    return Mapper(given, resolvers=named, context=context)


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
