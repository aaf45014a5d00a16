"""Rule files: JSON or YAML, read so that what stands in them is what is meant."""

from __future__ import annotations

import json
import re
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from fcwork.errors import ConfigError

if TYPE_CHECKING:
    from yaml import YAMLError

YAML_ENDINGS = {".yaml", ".yml"}
MAX_BYTES = 20_000_000  # a longer list of values is a frame for `reference`, not a file to read rules from
MAX_DEPTH = 100
HINT = "a rule file is an object of rules, in JSON or YAML"


def parsed(path: Path) -> Any:
    """Return what a rule file holds; what ends in .yml or .yaml is YAML, anything else JSON.

    Raises:
        ConfigError: it cannot be read, is too large, or is no JSON or YAML; with the line.
    """
    text = _text(path)
    return _yaml(text, path) if path.suffix.lower() in YAML_ENDINGS else _json(text, path)


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of rule files."""
    text = resources.files(__package__).joinpath("rules.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def _text(path: Path) -> str:
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise ConfigError(f"{path}: {size:,} bytes, above {MAX_BYTES:,}", hint="give long lists as a frame")
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror or error}", hint=HINT) from error
    except ValueError as error:  # no UTF-8, or a path with a NUL in it
        kind = "YAML" if path.suffix.lower() in YAML_ENDINGS else "JSON"
        raise ConfigError(f"{path}: no usable {kind}: {error}", hint=HINT) from error


def _json(text: str, path: Path) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise ConfigError(f"{path}, line {error.lineno}: no JSON: {error.msg}", hint=HINT) from error
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: no usable JSON: {error}", hint=HINT) from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a name that stands twice, of which JSON would keep the last."""
    known: dict[str, Any] = {}
    for name, value in pairs:
        if name in known:
            raise ValueError(f"{name!r} stands twice in one object")
        known[name] = value
    return known


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _yaml(text: str, path: Path) -> Any:
    import yaml

    try:
        _refuse_aliases(text, path)
        return yaml.load(text, Loader=_loader())  # noqa: S506 - a safe loader, and stricter
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}{_line(error)}: no YAML: {_problem(error)}", hint=HINT) from error
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: no usable YAML: {error}", hint=HINT) from error


def _refuse_aliases(text: str, path: Path) -> None:
    """Refuse what grows when it is read (ten aliases of ten aliases), and what is nested without end."""
    import yaml

    depth = 0
    for event in yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        line = f"{path}, line {event.start_mark.line + 1 if event.start_mark else 1}"
        if isinstance(event, yaml.AliasEvent):
            raise ConfigError(f"{line}: no usable YAML: the alias *{event.anchor}", hint="write the value out")
        if depth > MAX_DEPTH:
            raise ConfigError(f"{line}: no usable YAML: nested more than {MAX_DEPTH} deep", hint=HINT)


def _loader() -> Any:
    """Return a loader that reads plain words as JSON would: ``no``, ``2026-01-31`` and ``007`` are text."""
    import yaml

    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
        yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - as the library declares it

        def construct_mapping(self, node: Any, deep: bool = False) -> Any:  # noqa: FBT001, FBT002 - the library's
            known = set()
            for key in [key for key, _ in node.value if isinstance(key, yaml.ScalarNode)]:
                if key.value in known:
                    told = f"{key.value!r} stands twice in one object"
                    raise yaml.constructor.ConstructorError(None, None, told, key.start_mark)
                known.add(key.value)
            return super().construct_mapping(node, deep=deep)

    for tag, pattern, first in _PLAIN:
        Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(pattern), first)
    return Loader


_PLAIN = (
    ("bool", r"^(?:true|false)$", list("tf")),
    ("null", r"^(?:null|~|)$", ["n", "~", ""]),
    ("int", r"^-?(?:0|[1-9][0-9]*)$", list("-0123456789")),
    ("float", r"^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?$", list("-0123456789")),
)


def _line(error: YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    return f", line {mark.line + 1}" if mark else ""


def _problem(error: YAMLError) -> str:
    return str(getattr(error, "problem", None) or next(iter(str(error).splitlines()), "it cannot be read"))
