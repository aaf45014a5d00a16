"""A query that is still being written, read up to the cursor: what may stand there.

Nothing that is half written is an error here: what cannot be made sense of is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, NamedTuple

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_composite_type,
    is_input_type,
    is_introspection_type,
    is_required_argument,
    is_required_input_field,
)

from fcwork.ipython.tokens import split

_WORD = re.compile(r"(?<![0-9A-Za-z_])[_A-Za-z][_0-9A-Za-z]*\Z")
_FRAGMENT = re.compile(r"\bfragment\s+([_A-Za-z]\w*)\s+on\b")
_CLOSING = frozenset(")]}")
_OPERATIONS = ("query", "mutation", "fragment")
_DIRECTIVES: Mapping[str, str] = {"include": "if: Boolean!", "skip": "if: Boolean!"}


class Option(NamedTuple):
    """What may stand at the cursor.

    Attributes:
        text: as it is written.
        kind: what it is, for people: a type of the schema, or a word.
    """

    text: str
    kind: str


Options = Callable[[], Iterable[Option]]


class Spot(NamedTuple):
    """The place of the cursor.

    Attributes:
        word: what of a name stands before the cursor.
        options: what may stand there, whatever the word.
    """

    word: str
    options: tuple[Option, ...]


def spot(schema: GraphQLSchema, before: str, after: str = "") -> Spot:
    """Return what may stand at the cursor.

    Args:
        schema: of the platform.
        before: the query up to the cursor.
        after: what follows: fragments may be defined there.
    """
    found = _WORD.search(before)
    word = found[0] if found else ""
    tokens = split(before[: len(before) - len(word)])
    if tokens is None:
        return Spot(word, ())
    reader = _Reader(schema, tokens, fragments=_FRAGMENT.findall(before + "\n" + after))
    reader.has_colon = after.lstrip(" \t").startswith(":")
    try:
        reader.document()
    except _Here as here:
        return Spot(word, tuple(dict.fromkeys(here.options())))
    except RecursionError:
        pass
    return Spot(word, ())


class _Here(Exception):  # noqa: N818 - no error: the cursor was reached
    def __init__(self, options: Options) -> None:
        self.options = options
        super().__init__()


class _Reader:
    """Reads tokens as far as there are, and then says what may come next."""

    def __init__(self, schema: GraphQLSchema, tokens: list[str], fragments: list[str]) -> None:
        self._schema = schema
        self._tokens = tokens
        self._fragments = fragments
        self._at = 0
        self._declared: dict[str, str] = {}
        self.has_colon = False

    def document(self) -> None:
        """Read all of it."""
        words = [Option(word, "keyword") for word in _OPERATIONS]
        while met := self._next(lambda: words):
            if met == "{":
                self._selection(self._schema.query_type)
            elif met in ("query", "mutation"):
                self._operation(self._schema.query_type if met == "query" else self._schema.mutation_type)
            elif met == "fragment":
                self._fragment()

    def _operation(self, root: Any) -> None:
        self._declared = {}
        if _is_name(self._peek(_nothing)):
            self._at += 1
        if self._peek(_nothing) == "(":
            self._at += 1
            self._definitions()
        self._directives(_nothing)
        if self._peek(_nothing) == "{":
            self._at += 1
            self._selection(root)

    def _fragment(self) -> None:
        if _is_name(self._peek(_nothing)):
            self._at += 1
        if self._next(lambda: [Option("on", "keyword")]) == "on":
            kind = self._schema.type_map.get(self._next(partial(self._types, is_composite_type)))
            if self._peek(_nothing) == "{":
                self._at += 1
                self._selection(kind)

    def _definitions(self) -> None:
        """Read ``$name: Type = default …)``."""
        while (met := self._next(_nothing)) != ")":
            if met != "$":
                continue
            name = self._next(_nothing)
            if self._peek(_nothing) != ":":
                continue
            self._at += 1
            kind = self._type()
            self._declared[name] = kind
            if self._peek(_nothing) == "=":
                self._at += 1
                self._value(self._schema.type_map.get(kind.strip("[]!")))

    def _type(self) -> str:
        written = ""
        while not _is_name(met := self._next(partial(self._types, is_input_type))):
            if met != "[":
                return written
            written += met
        written += met
        while self._peek(_nothing) in ("!", "]"):
            written += self._next(_nothing)
        return written

    def _selection(self, owner: Any) -> None:
        while (met := self._next(partial(self._fields, owner))) != "}":
            if met == "...":
                self._spread(owner)
            elif met == "{":
                self._selection(None)
            elif _is_name(met):
                self._field(owner, met)

    def _field(self, owner: Any, name: str) -> None:
        others = partial(self._fields, owner)
        if self._peek(others) == ":":
            self._at += 1
            if not _is_name(self._peek(others)):
                return
            name = self._next(others)
        field = _fields_of(owner).get(name)
        if self._peek(others) == "(":
            self._at += 1
            self._arguments(field.args if field else {})
        self._directives(others)
        if self._peek(others) == "{":
            self._at += 1
            self._selection(get_named_type(field.type) if field else None)

    def _spread(self, owner: Any) -> None:
        options = [Option("on", "keyword"), *(Option(name, "fragment") for name in self._fragments)]
        met = self._peek(lambda: options)
        if met == "on":
            self._at += 1
            owner = self._schema.type_map.get(self._next(partial(self._narrower, owner)))
        elif _is_name(met):
            self._at += 1
            return
        self._directives(_nothing)
        if self._peek(partial(self._fields, owner)) == "{":
            self._at += 1
            self._selection(owner)

    def _directives(self, otherwise: Options) -> None:
        while self._peek(otherwise) == "@":
            self._at += 1
            self._next(lambda: [Option(name, kind) for name, kind in _DIRECTIVES.items()])
            if self._peek(otherwise) == "(":
                self._at += 1
                self._arguments(self._schema.get_directive("include").args)  # type: ignore[union-attr]

    def _arguments(self, known: Mapping[str, Any], closing: str = ")") -> None:
        given: set[str] = set()
        names = partial(self._names, known, given)
        while (met := self._next(names)) != closing:
            if not _is_name(met) or self._peek(names) != ":":
                continue
            given.add(met)
            self._at += 1
            self._value(known[met].type if met in known else None)

    def _value(self, kind: Any) -> None:
        values = partial(self._values, kind)
        met = self._peek(values)
        if met in _CLOSING:
            return
        self._at += 1
        if met == "$":
            self._next(partial(self._variables, kind))
        elif met == "[":
            inner = _item_of(kind)
            while self._peek(partial(self._values, inner)) not in _CLOSING:
                self._value(inner)
            self._at += self._peek(_nothing) == "]"
        elif met == "{":
            named = get_named_type(kind) if kind else None
            self._arguments(named.fields if isinstance(named, GraphQLInputObjectType) else {}, "}")

    def _fields(self, owner: Any) -> list[Option]:
        fields = [Option(name, str(field.type)) for name, field in _fields_of(owner).items()]
        named = is_composite_type(owner)
        return [*fields, Option("__typename", "String!")] if named else fields

    def _names(self, known: Mapping[str, Any], given: set[str]) -> list[Option]:
        """Return arguments, or fields of an input, that are not there yet: the required ones first."""
        colon = "" if self.has_colon else ": "
        left = [(name, part) for name, part in known.items() if name not in given]
        left.sort(key=lambda item: not _is_required(item[1]))
        return [Option(f"{name}{colon}", str(part.type)) for name, part in left]

    def _values(self, kind: Any) -> list[Option]:
        named = get_named_type(kind) if kind else None
        variables = [Option(f"${option.text}", option.kind) for option in self._variables(kind)]
        if isinstance(named, GraphQLEnumType):
            return [*(Option(value, named.name) for value in named.values), *variables]
        if named and named.name == "Boolean":
            return [Option("true", "Boolean"), Option("false", "Boolean"), *variables]
        return variables

    def _variables(self, kind: Any) -> list[Option]:
        """Return the declared variables, those of the wanted type first."""
        wanted = str(get_named_type(kind)) if kind else ""
        declared = sorted(self._declared.items(), key=lambda item: item[1].strip("[]!") != wanted)
        return [Option(name, written) for name, written in declared]

    def _types(self, fits: Callable[[Any], bool]) -> list[Option]:
        kinds = self._schema.type_map.values()
        return [Option(kind.name, "type") for kind in kinds if fits(kind) and not is_introspection_type(kind)]

    def _narrower(self, owner: Any) -> list[Option]:
        """Return the types that something may turn out to be."""
        if isinstance(owner, GraphQLInterfaceType | GraphQLUnionType):
            return [Option(kind.name, "type") for kind in self._schema.get_possible_types(owner)]
        return [Option(owner.name, "type")] if owner else self._types(is_composite_type)

    def _peek(self, options: Options) -> str:
        if self._at >= len(self._tokens):
            raise _Here(options)
        return self._tokens[self._at]

    def _next(self, options: Options) -> str:
        met = self._peek(options)
        self._at += 1
        return met


def _nothing() -> tuple[Option, ...]:
    return ()


def _is_name(met: str) -> bool:
    return met[0].isalpha() or met[0] == "_"


def _fields_of(owner: Any) -> Mapping[str, Any]:
    return owner.fields if isinstance(owner, GraphQLObjectType | GraphQLInterfaceType) else {}


def _item_of(kind: Any) -> Any:
    kind = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
    return kind.of_type if isinstance(kind, GraphQLList) else kind


def _is_required(part: Any) -> bool:
    return is_required_argument(part) if isinstance(part, GraphQLArgument) else is_required_input_field(part)
