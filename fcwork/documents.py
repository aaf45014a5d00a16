"""Documents that people write (mappings, rules): JSON or YAML, read as they stand, and what is wrong with them told."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fcwork.errors import FcworkError
from fcwork.names import did_you_mean

YAML_ENDINGS = (".yml", ".yaml")
ENDINGS = (".json", *YAML_ENDINGS)
# what a plain scalar of YAML may be: no more than JSON has, so that NO, 012 and 2025-01-15 stay texts
_YAML_SCALARS = (
    ("bool", re.compile("true|false"), "tf"),
    ("null", re.compile("null|~|"), ["n", "~", ""]),
    ("int", re.compile("-?(?:0|[1-9][0-9]*)"), "-0123456789"),
    ("float", re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?"), "-0123456789"),
)


@dataclass(frozen=True)
class Document:
    """What a document says.

    Attributes:
        content: JSON values.
        origin: what messages call it.
        twice: the names that stand twice in one of its objects, of which only one could count.
    """

    content: Any
    origin: str
    twice: tuple[str, ...] = ()


def load(path: str | Path, *, what: str, error: type[FcworkError]) -> Document:
    """Return the document in a file; one that ends in .yml or .yaml is YAML, any other JSON.

    Args:
        path: the file.
        what: what messages call it, such as ``mapping``.
        error: raised where there is no such file, or it cannot be read as what it should be.
    """
    file = Path(path)
    twice: list[str] = []
    try:
        read = _yaml if file.suffix.lower() in YAML_ENDINGS else _json
        content = read(_text(file, what), lambda pairs: _once(pairs, twice))
    except _UnreadableError as problem:
        raise error(f"{problem}".replace("{file}", str(file)), hint=problem.hint) from None
    return Document(content, f"the {what} {file}", tuple(twice))


class _UnreadableError(Exception):
    def __init__(self, text: str, hint: str) -> None:
        super().__init__(text)
        self.hint = hint


def _text(file: Path, what: str) -> str:
    try:
        return file.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        there = (item.name for item in file.parent.glob("*") if item.suffix in ENDINGS)
        close = did_you_mean(file.name, there)
        raise _UnreadableError(
            f"there is no {what} file {{file}}{close}", f"paths are taken from {Path.cwd()}"
        ) from None
    except IsADirectoryError:
        raise _UnreadableError("{file} is a folder", "give the path of a JSON or YAML file in it") from None
    except OSError as error:
        raise _UnreadableError(f"{{file}} cannot be read: {error.strerror}", "see to its permissions") from None
    except UnicodeDecodeError as error:
        raise _UnreadableError(f"{{file}} is no UTF-8 text (byte {error.start})", "save it as UTF-8") from None


_Pairs = list[tuple[str, Any]]


def _json(text: str, held: Callable[[_Pairs], dict[str, Any]]) -> Any:
    try:
        return json.loads(text, object_pairs_hook=held, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise _UnreadableError(f"{{file}} is no JSON: {place}: {error.msg}", "mend the file there") from None
    except (RecursionError, ValueError) as error:
        why = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise _UnreadableError(f"{{file}} is no JSON: {why}", "mend the file") from None


def _yaml(text: str, held: Callable[[_Pairs], dict[str, Any]]) -> Any:
    import yaml

    try:
        return yaml.load(text, Loader=_yaml_loader(held))  # noqa: S506 - made of the safe one
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise _UnreadableError(f"{{file}} is no usable YAML: {place}{error.problem}", "mend the file there") from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        why = "nested too deeply" if isinstance(error, RecursionError) else " ".join(str(error).split())
        raise _UnreadableError(f"{{file}} is no usable YAML: {why}", "mend the file") from None


def _yaml_loader(held: Callable[[_Pairs], dict[str, Any]]) -> Any:
    """Return a loader of what JSON can say too; nothing in it refers to another place."""
    import yaml

    class Loader(yaml.SafeLoader):
        yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - the base's own attribute

        def compose_node(self, parent: Any, index: Any) -> Any:
            if self.check_event(yaml.events.AliasEvent):
                place = self.peek_event().start_mark  # type: ignore[no-untyped-call]  # of the base
                raise yaml.composer.ComposerError(None, None, "aliases (*name) are not read", place)
            return super().compose_node(parent, index)

        def mapping(self, node: Any) -> Any:
            pairs = [(self.construct_object(key, True), self.construct_object(item, True)) for key, item in node.value]  # noqa: FBT003
            return held([(key if isinstance(key, str) else json.dumps(key, default=str), item) for key, item in pairs])

    Loader.add_constructor("tag:yaml.org,2002:map", Loader.mapping)
    for tag, shape, first in _YAML_SCALARS:
        Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{shape.pattern})$"), list(first))
    return Loader


def _once(pairs: _Pairs, twice: list[str]) -> dict[str, Any]:
    twice.extend(name for name, times in Counter(name for name, _ in pairs).items() if times > 1)
    return dict(pairs)


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no JSON value")
