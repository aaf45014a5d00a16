"""The options by which a verb takes a mapping, and the mapper that they make."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import click

from fcwork.errors import ConfigError

if TYPE_CHECKING:
    from fcwork.client import FluentClient
    from fcwork.mapper import Mapper

_Command = TypeVar("_Command", bound=Callable[..., Any])
_CONTEXT = click.option(
    "-c",
    "--context",
    "context",
    type=(str, str),
    multiple=True,
    metavar="KEY VALUE",
    help="What the mapping takes as $context.KEY, as text; KEY may be dotted. Repeatable.",
)
_RESOLVERS = click.option(
    "--resolvers", metavar="MODULE:NAME", help="A dict of functions of your own, from this folder or a package."
)
_LENIENT = click.option(
    "--lenient", is_flag=True, help="Where a value cannot be read, take what the SDK would give, and warn."
)


def maps(*, required: bool) -> Callable[[_Command], _Command]:
    """Give a verb the options of a mapping."""
    mapping = click.option("-m", "--mapping", required=required, metavar="FILE", help="The mapping file: JSON or YAML.")

    def decorated(command: _Command) -> _Command:
        for decorate in (_LENIENT, _RESOLVERS, _CONTEXT, mapping):
            command = decorate(command)
        return command

    return decorated


def load(given: Mapping[str, Any]) -> Mapper:
    """Return the mapper of the options.

    Raises:
        MappingError: the file cannot be read, or has mistakes; all of them are told.
        ConfigError: the resolvers cannot be imported, or a context key is given twice.
    """
    from fcwork.mapper import Mapper

    resolvers = None
    if given["resolvers"]:
        from fcwork.mapper.given import imported

        resolvers = imported(given["resolvers"])
    context = nested(given["context"])
    return Mapper.load(
        given["mapping"], resolvers=resolvers, context=context or None, lenient=True if given["lenient"] else None
    )


def of_client(given: Mapping[str, Any], client: FluentClient) -> Mapper | None:
    """Return the mapper of a call, if it has a mapping; the client's retailer is known to it unless the call names one.

    Raises:
        MappingError, ConfigError: as ``load``.
    """
    if not given["mapping"]:
        return None
    named = any(key == "retailerId" for key, _ in given["context"])
    own = () if named or client.retailer_id is None else (("retailerId", client.retailer_id),)
    return load({**given, "context": (*own, *given["context"])})


def nested(pairs: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    """Return texts by their dotted keys as objects in objects.

    Raises:
        ConfigError: a key stands twice, or is both a value and an object.
    """
    found: dict[str, Any] = {}
    for key, value in pairs:
        *above, last = key.split(".")
        here: Any = found
        for step in above:
            here = here.setdefault(step, {}) if isinstance(here, dict) else here
        if not isinstance(here, dict) or last in here or not all([*above, last]):
            raise ConfigError(
                f"-c {key}: such a key is empty, or given already", hint="give each key once: -c KEY VALUE"
            )
        here[last] = value
    return found
