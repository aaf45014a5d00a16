"""One mutation: its name, arguments and fields to return, and the texts in which it is sent.

Names and types are checked against GraphQL's grammar when an operation is made, and the fields to return are read by a
parser, so that nothing in a mapping can add to the text. Values never stand in it: they go as variables.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from fcwork.mutations.mistakes import Mistake, told

INPUT = "input"
PER_REQUEST = 5  # mutations in one request, as in SDK 0.1.56

_NAME = re.compile(r"[_A-Za-z][_0-9A-Za-z]*")  # spec.graphql.org/October2021: 2.1.9 Names
_TYPE = re.compile(r"[\[\]!_0-9A-Za-z]+")  # no blanks and no comments, which a parser would let pass


def infer_input_type(mutation: str) -> str:
    """Return the name that the input type of a mutation usually has: ``CreateOrderInput`` for ``createOrder``.

    Source: SDK 0.1.56. The schema may call it otherwise; ``typed`` asks there.
    """
    return f"{_capitalised(mutation)}Input"


@dataclass(frozen=True)
class Argument:
    """One argument of a mutation; ``type`` is in GraphQL's spelling (``ID!``), or empty where it is not known."""

    name: str
    type: str = ""


@dataclass(frozen=True)
class Operation:
    """A mutation as it will be sent.

    Attributes:
        mutation: its name in the schema.
        arguments: what it is given; the lone ``input`` that Fluent's mutations have, unless others are named.
        returns: lines of a GraphQL selection. None leaves the choice: ``id`` and ``ref`` for a lone ``input``, which
            all that Fluent creates is assumed to have, else ``id``. Empty where the answer has no fields.
        name: the operation's own; else ``createOrderMutation``, and ``BatchCreateOrders`` for several.

    Raises:
        MappingError: a name, type or line is no GraphQL of its kind, or an argument stands twice; ``problems`` lists
            all mistakes.
    """

    mutation: str
    arguments: tuple[Argument, ...] = (Argument(INPUT),)
    returns: tuple[str, ...] | None = None
    name: str = ""

    def __post_init__(self) -> None:
        mistakes = [*_name_mistakes(self), *_argument_mistakes(self.arguments), *_return_mistakes(self.returns)]
        if mistakes:
            raise told(mistakes, f"the mutation {self.mutation!r}")

    def document(self) -> str:
        """Return the text of one mutation, its variables named as its arguments.

        Raises:
            MappingError: an argument's type is not known.
        """
        declared = ", ".join(f"${item.name}: {self.type_of(item)}" for item in self.arguments)
        given = ", ".join(f"{item.name}: ${item.name}" for item in self.arguments)
        title = self.name or f"{self.mutation}Mutation"
        call = f"{self.mutation}{_in_parentheses(given)}{self.selection}"
        return f"mutation {title}{_in_parentheses(declared)} {{\n  {call}\n}}"

    def aliased(self, count: int) -> str:
        """Return the text of ``count`` mutations, the n-th one's alias and variables ending in n.

        Raises:
            ValueError: ``count`` is less than 1.
            MappingError: an argument's type is not known.
        """
        if count < 1:
            raise ValueError(f"a document holds at least one mutation, not {count}")
        return self.joined([self.numbered(number) for number in range(1, count + 1)])

    def numbered(self, number: int) -> Numbered:
        """Return what the ``number``-th of several mutations adds to their text."""
        suffix = f"{self._separator}{number}"
        names = {item.name: item.name + suffix for item in self.arguments}
        declared = ", ".join(f"${names[item.name]}: {self.type_of(item)}" for item in self.arguments)
        given = ", ".join(f"{name}: ${variable}" for name, variable in names.items())
        alias = f"{self.mutation}{number}"
        call = f"  {alias}: {self.mutation}{_in_parentheses(given)}{self.selection}"
        return Numbered(alias, names, suffix, declared, call)

    def joined(self, parts: Sequence[Numbered]) -> str:
        """Return the text that several numbered mutations make up."""
        declared = ", ".join(part.declared for part in parts if part.declared)
        calls = "\n".join(part.call for part in parts)
        return f"mutation {self._batch_name}{_in_parentheses(declared)} {{\n{calls}\n}}"

    @property
    def _batch_name(self) -> str:
        return self.name or f"Batch{_capitalised(self.mutation)}s"

    @property
    def _separator(self) -> str:
        """What keeps ``a1`` of the 1st apart from ``a`` of the 11th: nothing, unless a name ends in a digit."""
        return "_" if any(item.name[-1].isdigit() for item in self.arguments) else ""

    @cached_property
    def selection(self) -> str:
        """The fields to return, in braces; empty where the answer has none."""
        lines = self.returns
        if lines is None:
            lines = ("id", "ref") if [item.name for item in self.arguments] == [INPUT] else ("id",)
        return " {\n    " + "\n    ".join(lines) + "\n  }" if lines else ""

    def type_of(self, argument: Argument) -> str:
        """Return the type of an argument, inferred for an ``input`` that has none.

        Raises:
            MappingError: it is not known.
        """
        if argument.type:
            return argument.type
        if argument.name == INPUT:
            return f"{infer_input_type(self.mutation)}!"
        text = "its type is not known: give it as '_type', such as ID!, or a schema to look it up in"
        raise told([Mistake(f"arguments.{argument.name}", text)], f"the mutation {self.mutation!r}")


@dataclass(frozen=True)
class Numbered:
    """One of several mutations in a document.

    Attributes:
        alias: the name under which it is answered.
        variables: the variable of each argument, without ``$``.
        suffix: what sets each of them apart from the argument's name.
        declared: its part of the list of variables.
        call: its line of the selection.
    """

    alias: str
    variables: dict[str, str]
    suffix: str
    declared: str
    call: str


def _capitalised(name: str) -> str:
    return name[:1].upper() + name[1:]


def _in_parentheses(text: str) -> str:
    return f"({text})" if text else ""


def _is_name(text: Any) -> bool:
    return isinstance(text, str) and _NAME.fullmatch(text) is not None


def _name_mistakes(operation: Operation) -> Iterator[Mistake]:
    rule = "letters, digits and underscores, the first no digit"
    if not _is_name(operation.mutation):
        yield Mistake("mutation", f"a mutation's name is {rule}, not {operation.mutation!r}")
    if operation.name and not _is_name(operation.name):
        yield Mistake("operationName", f"an operation's name is {rule}, not {operation.name!r}")


def _argument_mistakes(arguments: Sequence[Argument]) -> Iterator[Mistake]:
    for argument in arguments:
        if not _is_name(argument.name):
            yield Mistake("arguments", f"{argument.name!r} can be no argument: letters, digits and underscores")
        elif argument.type and not _is_type(argument.type):
            text = (
                f"a type is a name, such as ID, with ! where it is required and [ ] around lists, not {argument.type!r}"
            )
            yield Mistake(f"arguments.{argument.name}._type", text)
    for name, times in Counter(argument.name for argument in arguments).items():
        if times > 1:
            yield Mistake(f"arguments.{name}", "stands twice, and only one can count")


def _is_type(text: Any) -> bool:
    from graphql import GraphQLSyntaxError, parse_type

    if not isinstance(text, str) or not _TYPE.fullmatch(text):
        return False
    try:
        parse_type(text)
    except (GraphQLSyntaxError, RecursionError):
        return False
    return True


def _return_mistakes(lines: Sequence[str] | None) -> Iterator[Mistake]:
    if not lines:
        return
    if isinstance(lines, str) or not all(isinstance(line, str) for line in lines):
        yield Mistake("returnFields", "a list of texts, each a field or a line of a GraphQL selection")
        return
    wrong = _wrong_in("{\n" + "\n".join(lines) + "\n}")
    if wrong:
        yield Mistake("returnFields", wrong)


def _wrong_in(text: str) -> str:
    """Return what keeps a text from being one selection that stands for itself, or nothing."""
    from graphql import (
        FragmentSpreadNode,
        GraphQLSyntaxError,
        OperationDefinitionNode,
        SelectionSetNode,
        VariableNode,
        parse,
    )

    try:
        document = parse(text)
    except GraphQLSyntaxError as error:
        line = error.locations[0].line - 1 if error.locations else 0
        return f"no GraphQL selection: {error.message} (line {line})"
    except RecursionError:
        return "nested too deeply"
    (first, *rest) = document.definitions
    if rest or not isinstance(first, OperationDefinitionNode):
        return "closes the selection and opens another: give fields only"
    nodes = list(_nodes(first))
    if any(isinstance(node, SelectionSetNode) and not node.selections for node in nodes):
        return "selects no field"
    if any(isinstance(node, VariableNode) for node in nodes):
        return "a variable cannot stand here: write the value"
    spread = any(isinstance(node, FragmentSpreadNode) for node in nodes)
    return "a named fragment cannot stand here: write its fields" if spread else ""


def _nodes(node: Any) -> Iterator[Any]:
    """Yield the nodes of a syntax tree."""
    if hasattr(node, "keys"):
        yield node
        node = [getattr(node, key) for key in node.keys if key != "loc"]
    if isinstance(node, list | tuple):
        for item in node:
            yield from _nodes(item)
