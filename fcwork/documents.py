"""Documents that people write (mappings, rules): JSON or YAML, read as they stand, and what is wrong with them told."""

from __future__ import annotations

import json
import math
import re
import stat
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fcwork.errors import FcworkError
from fcwork.names import did_you_mean

YAML_ENDINGS = (".yml", ".yaml")
ENDINGS = (".json", *YAML_ENDINGS)
MOST_BYTES = {"JSON": 50_000_000, "YAML": 1_000_000}  # YAML is read a hundred times more slowly
_MOST_DIGITS = 4_000  # of a number; Python reads no more than a few more
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
        twice_at: for each of them where that object is, as in ``fields.sku``.
    """

    content: Any
    origin: str
    twice: tuple[str, ...] = ()
    twice_at: tuple[str, ...] = ()


def load(path: str | Path, *, what: str, error: type[FcworkError]) -> Document:
    """Return the document in a file; one that ends in .yml or .yaml is YAML, any other JSON.

    Args:
        path: the file.
        what: what messages call it, such as ``mapping``.
        error: raised where this is no path, or there is no such file, or it cannot be read as what it should be.
    """
    try:
        file = Path(path)
    except TypeError:
        hint = f"write the path of the {what} file; what is a dict already needs no loading"
        raise error(f"{type(path).__name__} is no path of a {what} file", hint=hint) from None
    kind = "YAML" if file.suffix.lower() in YAML_ENDINGS else "JSON"
    twice: _Twice = {}
    try:
        text = _text(file, what, kind)
        content = (_yaml if kind == "YAML" else _json)(text, lambda pairs: _once(pairs, twice))
    except _UnreadableError as problem:
        hint = problem.hint if file.suffix.lower() in ENDINGS else f"{problem.hint}; YAML is what ends in .yml or .yaml"
        raise error(f"{problem}".replace("{file}", str(file)), hint=hint) from None
    found = list(_places(content, twice)) if twice else []
    names, places = tuple(name for name, _ in found), tuple(place for _, place in found)
    return Document(content, f"the {what} {file}", names, places)


class _UnreadableError(Exception):
    def __init__(self, text: str, hint: str) -> None:
        super().__init__(text)
        self.hint = hint


def _text(file: Path, what: str, kind: str) -> str:
    try:
        status = file.stat()
        if stat.S_ISDIR(status.st_mode):
            raise _UnreadableError("{file} is a folder", "give the path of a JSON or YAML file in it")
        if not stat.S_ISREG(status.st_mode):
            raise _UnreadableError("{file} is no regular file", "give the path of a JSON or YAML file")
        if status.st_size > MOST_BYTES[kind]:
            large = f"{{file}} has {status.st_size:,} bytes: a {kind} file may have {MOST_BYTES[kind]:,}"
            raise _UnreadableError(large, "split it, or leave out what is no part of it")
        text = file.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        there = (item.name for item in file.parent.glob("*") if item.suffix in ENDINGS)
        close = did_you_mean(file.name, there)
        raise _UnreadableError(
            f"there is no {what} file {{file}}{close}", f"paths are taken from {Path.cwd()}"
        ) from None
    except OSError as error:
        raise _UnreadableError(f"{{file}} cannot be read: {error.strerror}", "see to its permissions") from None
    except UnicodeDecodeError as error:
        raise _UnreadableError(f"{{file}} is no UTF-8 text (byte {error.start})", "save it as UTF-8") from None
    except ValueError:  # a NUL in the path
        raise _UnreadableError(f"{str(file)!r} can be no path", "give the path of a JSON or YAML file") from None
    if not text.strip():
        raise _UnreadableError("{file} is no " + f"{kind}: it is empty", f"write the {what} into it")
    return text


_Pairs = list[tuple[str, Any]]
_Twice = dict[int, tuple[dict[str, Any], list[str]]]  # by the object's id, which is kept so that it stays its own


def _json(text: str, held: Callable[[_Pairs], dict[str, Any]]) -> Any:
    try:
        return json.loads(text, object_pairs_hook=held, parse_constant=_refuse, parse_int=_whole, parse_float=_finite)
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
        why = error.problem or ""
        if why.startswith("but "):
            why = f"{error.context}, {why}"
        hint = "indent with spaces: YAML takes no tabs" if r"'\t'" in why else "mend the file there"
        raise _UnreadableError(f"{{file}} is no usable YAML: {place}{why}", hint) from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        why = "nested too deeply" if isinstance(error, RecursionError) else " ".join(str(error).split())
        raise _UnreadableError(f"{{file}} is no usable YAML: {why}", "mend the file") from None


def _yaml_loader(held: Callable[[_Pairs], dict[str, Any]]) -> Any:
    """Return a loader of what JSON can say too; nothing in it refers to another place, or to a type."""
    import yaml

    class Loader(yaml.SafeLoader):
        yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - the base's own attribute

        def compose_node(self, parent: Any, index: Any) -> Any:
            event: Any = self.peek_event()  # type: ignore[no-untyped-call]  # of the base
            if self.check_event(yaml.events.AliasEvent):
                raise yaml.composer.ComposerError(None, None, "aliases (*name) are not read", event.start_mark)
            if getattr(event, "tag", None) is not None:
                told = "tags (!name) are not read: a text stands in quotes, anything else as it is"
                raise yaml.composer.ComposerError(None, None, told, event.start_mark)
            return super().compose_node(parent, index)

        def mapping(self, node: Any) -> Any:
            pairs = [(self.construct_object(key, True), self.construct_object(item, True)) for key, item in node.value]  # noqa: FBT003
            return held([(key if isinstance(key, str) else json.dumps(key, default=str), item) for key, item in pairs])

        def number(self, node: Any) -> Any:
            read = _whole if node.tag.endswith("int") else _finite
            try:
                return read(node.value)
            except ValueError as error:
                raise yaml.constructor.ConstructorError(None, None, str(error), node.start_mark) from None

    Loader.add_constructor("tag:yaml.org,2002:map", Loader.mapping)
    for tag, shape, first in _YAML_SCALARS:
        Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{shape.pattern})$"), list(first))
        if tag in {"int", "float"}:
            Loader.add_constructor(f"tag:yaml.org,2002:{tag}", Loader.number)
    return Loader


def _once(pairs: _Pairs, twice: _Twice) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        names = [name for name, times in Counter(name for name, _ in pairs).items() if times > 1]
        twice[id(content)] = content, names
    return content


def _places(content: Any, twice: _Twice) -> Iterator[tuple[str, str]]:
    """Yield each name that stands twice, and where its object is."""
    ahead: list[tuple[Any, str]] = [(content, "")]
    while ahead:
        value, here = ahead.pop()
        inner: list[tuple[Any, str]] = []
        if isinstance(value, dict):
            yield from ((name, here) for name in twice.get(id(value), (value, []))[1])
            inner = [(item, f"{here}.{name}" if here else name) for name, item in value.items()]
        elif isinstance(value, list):
            inner = [(item, f"{here}[{at}]") for at, item in enumerate(value)]
        ahead.extend(reversed(inner))


def _whole(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise ValueError(f"a number of {len(digits):,} digits: write it as text")
    return int(digits)


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError(f"{digits} is larger than a number can be: write it as text")
    return number


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no JSON value")
