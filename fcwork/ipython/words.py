"""The line of a magic: what stands behind ``%%fluent`` and ``%fluent``.

It is no shell's: what follows ``-v name=`` is Python, so its quotes and brackets stay as they are.
"""

from __future__ import annotations

import ast
import builtins
import keyword
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, get_args

from fcwork.client.fluent import Engine
from fcwork.errors import ConfigError
from fcwork.ipython import pointing
from fcwork.names import did_you_mean

ENGINES = get_args(Engine)
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_OF_IPYTHON = {"In", "Out", "_", "exit", "quit", "get_ipython", "display"}


@dataclass(frozen=True)
class Option:
    """An option of a magic.

    Attributes:
        name: the argument that it sets.
        help: what it is for.
        takes: what it takes, in a word; empty for a flag.
        known: the values it may have, where they are a few.
    """

    name: str
    help: str
    takes: str = ""
    known: tuple[str, ...] = ()


OF_A_QUERY: Mapping[str, Option] = {
    "-o": Option("name", "the name that the frame gets", "NAME"),
    "-v": Option("given", "a variable of the query, and the Python that gives its value", "VAR=EXPR"),
    "--all": Option("everything", "fetch every page, and not the first alone"),
    "--max-records": Option("max_records", "stop after so many rows", "N"),
    "--page-size": Option("page_size", "rows a page", "N"),
    "--path": Option("path", "which connection to page, where the query has several", "PATH"),
    "--engine": Option("engine", "what kind of frame", "KIND", ENGINES),
    "--explain": Option("explain", "say what would be sent, and send nothing"),
    "--write": Option("write", "carry out a mutation"),
}
OF_A_CONNECTION: Mapping[str, Option] = {
    "--profile": Option("profile", "a profile of the Fluent CLI, or simulator", "NAME"),
    "--retailer": Option("retailer", "a retailer of the profile, by name", "NAME"),
    "--simulator": Option("simulator", "the embedded simulator"),
    "--client": Option("client", "a client that is there, by its name in Python", "NAME"),
    "--schema": Option("schema", "the account's own schema: a .graphql or .json file", "FILE"),
}


@dataclass(frozen=True)
class Query:
    """What the line of a query says.

    Attributes:
        given: variables with their expressions, in their order.
    """

    name: str = ""
    given: tuple[tuple[str, str], ...] = ()
    everything: bool = False
    max_records: int | None = None
    page_size: int | None = None
    path: str | None = None
    engine: Engine = "polars"
    explain: bool = False
    write: bool = False


@dataclass(frozen=True)
class Connection:
    """What the line of ``%fluent connect`` says."""

    profile: str = ""
    retailer: str = ""
    simulator: bool = False
    client: str = ""
    schema: str = ""


def query(line: str) -> Query:
    """Read the line of a query.

    Raises:
        ConfigError: it says something that the magic does not know; with the nearest that it does.
    """
    said: dict[str, Any] = {}
    for flag, option, value in _options(line, OF_A_QUERY, "%%fluent"):
        if option.name == "given":
            said["given"] = (*said.get("given", ()), _variable(value))
        elif option.name in said:
            raise ConfigError(f"{flag} is said twice", hint="say it once")
        else:
            said[option.name] = _value(option.name, flag, value)
    return Query(**said)


def connection(line: str) -> Connection:
    """Read the line of ``%fluent connect``.

    Raises:
        ConfigError: it says something that the magic does not know; with the nearest that it does.
    """
    options = _options(line, OF_A_CONNECTION, "%fluent connect")
    said = {option.name: _as_it_is(flag, value) for flag, option, value in options}
    named = [name for name in ("profile", "simulator", "client") if said.get(name)]
    if len(named) > 1:
        raise ConfigError(f"{' and '.join(f'--{name}' for name in named)} are said together", hint="say one of them")
    return Connection(**said)


def split(line: str) -> list[str]:
    """Return the words of a line; what stands in quotes or brackets is one word with what it touches."""
    words, word, quote, closing, escaped = [], "", "", "", False
    for sign in line:
        if sign.isspace() and not quote and not closing:
            words.append(word)
            word = ""
            continue
        word += sign
        if quote:
            quote = "" if sign == quote and not escaped else quote
            escaped = sign == "\\" and not escaped
        elif sign in "'\"":
            quote = sign
        elif sign in _CLOSING:
            closing = _CLOSING[sign] + closing
        elif sign == closing[:1]:
            closing = closing[1:]
    return [word for word in [*words, word] if word]


def _options(line: str, known: Mapping[str, Option], magic: str) -> Iterator[tuple[str, Option, Any]]:
    """Yield the options of a line with their values; that of a flag is true."""
    words = iter(split(line))
    for word in words:
        flag, equals, value = word.partition("=") if word.startswith("--") else (word, "", "")
        option = known.get(flag)
        if option is None:
            raise _stray(word, known, magic)
        if option.takes and not equals:
            value = next(words, "")
        if bool(value) != bool(option.takes):
            what = f"{flag} is followed by {option.takes}" if option.takes else f"{flag} takes no value"
            raise ConfigError(f"{magic} {word}: {what}", hint=f"{flag} is {option.help}")
        yield flag, option, value or True


def _stray(word: str, known: Mapping[str, Option], magic: str) -> ConfigError:
    if word.startswith("-"):
        return ConfigError(
            f"{magic} has no option {pointing.shortened(word)!r}{did_you_mean(word, known)}",
            hint=f"options are {', '.join(known)}",
        )
    return ConfigError(
        f"{magic} can do nothing with {pointing.shortened(word)!r}",
        hint=f"options are {', '.join(known)}; an expression with blanks stands in brackets: -v n=(a + b)",
    )


def _variable(word: str) -> tuple[str, str]:
    """Read ``name=expression``; a name alone stands for the Python variable of that name."""
    name, equals, expression = _unquoted(word).partition("=")
    expression = expression if equals else name
    try:
        ast.parse(expression, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:  # the last two where it is nested deeply
        why = getattr(error, "msg", None) or str(error) or "it is nested too deeply"
        raise ConfigError(
            f"-v {pointing.shortened(word)}: no Python expression: {why}",
            hint='write -v name=expression; with blanks in it, in brackets or quotes: -v n=(a + b) -v ref="A B"',
        ) from None
    if not re.fullmatch(r"[_A-Za-z][_0-9A-Za-z]*", name):
        raise ConfigError(
            f"-v {pointing.shortened(word)}: {pointing.shortened(name)!r} is no name of a variable",
            hint="write -v name=expression",
        )
    return name, expression


def _unquoted(word: str) -> str:
    return word[1:-1] if len(word) > 1 and word[0] == word[-1] and word[0] in "'\"" else word


def _value(name: str, flag: str, value: Any) -> Any:
    return _VALUES[name](flag, value) if name in _VALUES else _as_it_is(flag, value)


def _as_it_is(_: str, value: Any) -> Any:
    return _unquoted(value) if isinstance(value, str) else value


def _frame_name(flag: str, value: str) -> str:
    """Return the name as Python reads it; one that something else needs would break later cells."""
    name = unicodedata.normalize("NFKC", value)
    if not name.isidentifier() or keyword.iskeyword(name):
        raise ConfigError(f"{flag} {pointing.shortened(value)}: no name of Python's", hint="write -o orders")
    if hasattr(builtins, name) or name in _OF_IPYTHON or name.startswith("__"):
        raise ConfigError(f"{flag} {value}: that name is Python's own", hint=f"write {flag} {name.strip('_')}_frame")
    return name


def _engine(flag: str, value: str) -> str:
    if value in ENGINES and find_spec(value) is None:
        raise ConfigError(f"{flag} {value}: {value} is not installed here", hint=f"%pip install {value}")
    if value in ENGINES:
        return value
    raise ConfigError(
        f"{flag} {pointing.shortened(value)!r} is not known{did_you_mean(value, ENGINES)}", hint=", ".join(ENGINES)
    )


def _whole(flag: str, value: str) -> int:
    if re.fullmatch(r"[1-9](_?[0-9]){0,12}", value):
        return int(value)
    raise ConfigError(f"{flag} {pointing.shortened(value)!r} is no whole number above zero", hint=f"write {flag} 500")


_VALUES: Mapping[str, Callable[[str, str], Any]] = {
    "name": _frame_name,
    "engine": _engine,
    "max_records": _whole,
    "page_size": _whole,
}
