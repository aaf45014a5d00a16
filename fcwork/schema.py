"""The platform's GraphQL schema, from whatever a caller has of it.

GraphQL's library is imported where it is used: ``import fcwork`` stays fast.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fcwork import names
from fcwork.errors import ConfigError

if TYPE_CHECKING:
    from graphql import GraphQLField, GraphQLInputObjectType, GraphQLSchema

HINT = "give a GraphQLSchema, SDL text, an introspection result, or the path of a .graphql or .json file with one"
ENDINGS = (".graphql", ".graphqls", ".gql", ".json", ".txt")


@cache
def platform() -> GraphQLSchema:
    """Return the schema that fcwork ships, ``fcwork/fluent.graphql``; it is built when it is first asked for.

    It is the part of the platform's schema that extractions and loads meet, by a public introspection of October 2023
    (github.com/openmindlab/fluent-dts, 23.10.1). What the platform added later, and what is an account's own, is not in
    it. It is shared: nobody may change it.
    """
    return load(resources.files("fcwork").joinpath("fluent.graphql").read_text(encoding="utf-8"))


def load(given: Any) -> GraphQLSchema:
    """Return the schema that ``given`` is, holds or leads to.

    Args:
        given: a ``GraphQLSchema``; SDL text; a path to a file of SDL or of an introspection result; or the result of
            an introspection query, with or without its ``data`` and ``__schema`` around it.

    Raises:
        ConfigError: it is none of these, the file cannot be read, or what it holds is no schema; with the place.
    """
    from graphql import GraphQLSchema

    if isinstance(given, GraphQLSchema):
        return given
    if isinstance(given, Mapping):
        return _of_introspection(given, "the introspection result")
    if isinstance(given, Path) or (isinstance(given, str) and _is_path(given)):
        return _of_text(_read(Path(given)), str(given))
    if isinstance(given, str):
        return _of_text(given, "the schema's text")
    raise ConfigError(f"{type(given).__name__} is no schema", hint=HINT)


def input_type(schema: GraphQLSchema, name: str) -> GraphQLInputObjectType:
    """Return an input type of the schema.

    Raises:
        ConfigError: there is none of that name; with the nearest one.
    """
    from graphql import GraphQLInputObjectType

    found = schema.type_map.get(str(name))
    if isinstance(found, GraphQLInputObjectType):
        return found
    known = [kind.name for kind in schema.type_map.values() if isinstance(kind, GraphQLInputObjectType)]
    what = "is a type of the schema, but no input type" if found else "is no input type of the schema"
    raise ConfigError(f"{name!r} {what}{_nearest(name, known)}", hint="input types are named such as CreateOrderInput")


def mutation(schema: GraphQLSchema, name: str) -> GraphQLField:
    """Return a mutation of the schema, whose ``args`` say what it takes.

    Raises:
        ConfigError: there is none of that name; with the nearest one.
    """
    known: Mapping[str, GraphQLField] = schema.mutation_type.fields if schema.mutation_type else {}
    if name in known:
        return known[name]
    hint = "mutations are named such as createOrder" if known else "the schema has no mutations: is it the whole one?"
    raise ConfigError(f"{name!r} is no mutation of the schema{_nearest(name, known)}", hint=hint)


def _is_path(text: str) -> bool:
    """Tell a path from SDL: a definition has braces or stands on several lines, a path ends as files do."""
    return text.strip().lower().endswith(ENDINGS) or not ("{" in text or "\n" in text or not text.strip())


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror or error}", hint=HINT) from error
    except ValueError as error:  # no UTF-8, or a path with a NUL in it
        raise ConfigError(f"{path}: cannot be read as UTF-8: {error}", hint=HINT) from error


def _of_text(text: str, where: str) -> GraphQLSchema:
    if text.lstrip("\ufeff \t\r\n").startswith("{"):
        return _of_introspection(_parsed(text, where), where)
    return _of_sdl(text.removeprefix("\ufeff"), where)


def _of_sdl(text: str, where: str) -> GraphQLSchema:
    from graphql import GraphQLError, build_schema

    try:
        return _with_types(build_schema(text), where)
    except GraphQLError as error:
        line = f", line {error.locations[0].line}" if error.locations else ""
        raise ConfigError(f"{where}{line}: no schema: {error.message}", hint=HINT) from error
    except TypeError as error:  # what the library raises for definitions that do not fit together
        raise ConfigError(f"{where}: no schema: {_first_line(error)}", hint=HINT) from error
    except RecursionError as error:
        raise ConfigError(f"{where}: no schema: it is nested too deeply", hint=HINT) from error


def _of_introspection(given: Any, where: str) -> GraphQLSchema:
    from graphql import GraphQLError, build_client_schema

    inner = _unwrapped(given, where)
    try:
        return _with_types(build_client_schema({"__schema": inner}), where)  # type: ignore[typeddict-item]
    except (GraphQLError, TypeError, KeyError, ValueError, AttributeError, RecursionError) as error:
        why = _first_line(error) or type(error).__name__
        raise ConfigError(f"{where}: no introspection result of a whole schema: {why}", hint=HINT) from error


def _with_types(schema: GraphQLSchema, where: str) -> GraphQLSchema:
    """Refuse what defines no type of its own, such as a query instead of a schema."""
    from graphql import is_introspection_type, is_specified_scalar_type

    if all(is_introspection_type(kind) or is_specified_scalar_type(kind) for kind in schema.type_map.values()):
        raise ConfigError(f"{where}: no schema: it defines no type", hint=HINT)
    return schema


def _unwrapped(given: Any, where: str) -> dict[str, Any]:
    """Return what stands under ``__schema``, in whichever wrapping it came."""
    if not isinstance(given, Mapping):
        raise ConfigError(f"{where}: no introspection result, but {type(given).__name__}", hint=HINT)
    if "types" in given and "queryType" in given:
        return dict(given)
    for name in ("data", "__schema"):
        if isinstance(given.get(name), Mapping):
            return _unwrapped(given[name], where)
    errors = given.get("errors")
    told = f": the query was answered with errors: {errors!r:.200}" if errors else ""
    held = ", ".join(map(str, list(given)[:5])) or "nothing"
    raise ConfigError(f"{where}: no introspection result: it holds {held}, and no __schema{told}", hint=HINT)


def _parsed(text: str, where: str) -> Any:
    try:
        return json.loads(text.removeprefix("\ufeff"))
    except json.JSONDecodeError as error:
        raise ConfigError(f"{where}, line {error.lineno}: no JSON: {error.msg}", hint=HINT) from error
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{where}: no usable JSON: {error}", hint=HINT) from error


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), "")


def _nearest(name: str, known: Iterable[str]) -> str:
    close = names.nearest(str(name), known)
    return f", did you mean {close!r}?" if close else ""
