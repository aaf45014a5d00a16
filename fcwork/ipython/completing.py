"""Completion in cells of the magic: from the schema at the cursor, in a notebook as in a terminal."""

from __future__ import annotations

import builtins
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

from graphql import GraphQLSchema
from IPython.core.completer import CompletionContext, SimpleCompletion, SimpleMatcherResult, completion_matcher

from fcwork import settings
from fcwork.client import FluentClient
from fcwork.ipython import describing, halfread, words
from fcwork.ipython.halfread import Option

IDENTIFIER = "fcwork"
_FIRST = 10_000.0  # before those that take the query for Python
_MAGIC = re.compile(r"\s*%%fluent(?=\s|\Z)")
_LINE_MAGIC = re.compile(r"\s*(?:\w+\s*=\s*)?%fluent\s+(?P<verb>\w*)(?P<rest>.*)")
_VALUE = re.compile(r"\s-v\s+\w+=(?:[^\s\"']*[^\s\"'\w.])?(?P<word>[^\W\d]\w*)\Z")
_DECLARED = re.compile(r"\$([_A-Za-z]\w*)\s*:\s*([\[\]!\w]+)")

Matcher = Callable[[CompletionContext], SimpleMatcherResult]


class _Final(list[SimpleCompletion]):
    """An answer that stands also when it is empty: of an empty one IPython goes on and takes the query for Python."""

    def __len__(self) -> int:
        return max(super().__len__(), 1)


def matcher(schema: Callable[[], GraphQLSchema], namespace: Callable[[], Mapping[str, Any]]) -> Matcher:
    """Return what completes cells of the magic, for IPython's list of custom matchers.

    Args:
        schema: called for the schema of the moment.
        namespace: called for the names of the notebook.
    """

    def complete(context: CompletionContext) -> SimpleMatcherResult:
        at = _offset(context)
        before, after = context.full_text[:at], context.full_text[at:]
        found = completions(schema(), before, after, namespace())
        if found is None:
            return SimpleMatcherResult(completions=[], suppress=False)
        word, options = found
        listed = _Final(SimpleCompletion(option.text, type=option.kind) for option in options)
        return SimpleMatcherResult(completions=listed, matched_fragment=word, suppress=True, ordered=True)

    marked: Any = completion_matcher(identifier=IDENTIFIER, priority=_FIRST, api_version=2)  # it forgets the kind
    return cast("Matcher", marked(complete))


def completions(
    schema: GraphQLSchema, before: str, after: str, namespace: Mapping[str, Any]
) -> tuple[str, list[Option]] | None:
    """Return the word at the cursor and what it may become; None where this is none of the magic's.

    Args:
        schema: of the platform.
        before, after: the cell up to the cursor, and from there on.
        namespace: the names of the notebook.
    """
    begin = _MAGIC.match(before)
    if begin is None:
        found = _LINE_MAGIC.fullmatch(before.rpartition("\n")[2])
        return _of_line(found["verb"], found["rest"], schema, namespace) if found else None
    line, newline, query = before[begin.end() :].partition("\n")
    if newline:
        spot = halfread.spot(schema, query, after)
        return spot.word, fitting(spot.options, spot.word)
    return _of_python(line, namespace) or _of_options(line, words.OF_A_QUERY, _values_of_a_query(after))


def fitting(options: Iterable[Option], word: str) -> list[Option]:
    """Return the options that begin with a word, case aside; where none does, those that hold it."""
    listed, folded = list(options), word.casefold()
    begin = [option for option in listed if option.text.casefold().startswith(folded)]
    return begin or [option for option in listed if folded in option.text.casefold()]


def _offset(context: CompletionContext) -> int:
    """Return where the cursor is in the whole cell: IPython says its line and the column there."""
    lines = context.full_text.split("\n")[: context.cursor_line]
    return sum(len(line) + 1 for line in lines) + context.cursor_position


def _of_line(
    verb: str, rest: str, schema: GraphQLSchema, namespace: Mapping[str, Any]
) -> tuple[str, list[Option]] | None:
    if not rest:
        verbs = [Option("connect", "verb"), Option("describe", "verb")]
        return verb, fitting(verbs, verb)
    if verb == "describe":
        name = rest.lstrip()
        return name, fitting([Option(known, "name") for known in describing.names(schema, name)], name)
    values = {
        "--profile": [Option(name, "profile") for name in [settings.SIMULATOR, *settings.profiles()]],
        "--client": [Option(name, "client") for name, held in namespace.items() if isinstance(held, FluentClient)],
    }
    return _of_options(rest, words.OF_A_CONNECTION, values) if verb == "connect" else None


def _values_of_a_query(query: str) -> Mapping[str, list[Option]]:
    declared = [Option(f"{name}=", kind) for name, kind in _DECLARED.findall(query)]
    return {"--engine": [Option(engine, "kind of frame") for engine in words.ENGINES], "-v": declared}


def _of_python(line: str, namespace: Mapping[str, Any]) -> tuple[str, list[Option]] | None:
    """Return the names that the value of a variable may go on with: IPython asks Jedi, which thinks for seconds."""
    found = _VALUE.search(line)
    if found is None:
        return None
    known = {**dict.fromkeys(dir(builtins), "builtin"), **dict.fromkeys(namespace, "variable")}
    begin = [Option(name, kind) for name, kind in known.items() if name.startswith(found["word"])]
    return (found["word"], begin) if begin else None


def _of_options(
    line: str, known: Mapping[str, words.Option], values: Mapping[str, list[Option]]
) -> tuple[str, list[Option]] | None:
    """Return the options of a magic's line, or the values of the one that is before the cursor; else Python's turn."""
    listed = words.split(line)
    word = listed.pop() if listed and not line[-1:].isspace() else ""
    before = listed[-1] if listed else ""
    if before in known and known[before].takes:
        found = fitting(values.get(before, ()), word)
        return (word, found) if found else None
    if word and not word.startswith("-"):
        return None
    return word, fitting([Option(name, option.help) for name, option in known.items()], word)
