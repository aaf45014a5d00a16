"""An operation beside the schema: what it left open is filled in, and what cannot be is told with the nearest name."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from fcwork.mutations.mistakes import Mistake, told, unknown
from fcwork.mutations.operation import Argument, Operation

if TYPE_CHECKING:
    from graphql import GraphQLArgument, GraphQLField, GraphQLOutputType, GraphQLSchema

_USUAL = ("id", "ref")


def typed(operation: Operation, schema: GraphQLSchema) -> Operation:
    """Return an operation with the schema's types for arguments that have none, and with fields to return.

    A type that the operation gives stays, if the schema takes it. Fields that are left open become those of ``id`` and
    ``ref`` that the answer has, ``__typename`` where it has neither, and none where it is a single value.

    Raises:
        MappingError: the schema has no such mutation, argument, type or field, or asks for an argument that is not
            there; ``problems`` lists all mistakes, each with the nearest known name.
    """
    what = f"the mutation {operation.mutation!r}"
    known = schema.mutation_type.fields if schema.mutation_type else {}
    field = known.get(operation.mutation)
    if field is None:
        raise told([unknown("mutation", "the schema has no mutation", operation.mutation, known)], what)
    sound = tuple(Argument(name, str(argument.type)) for name, argument in field.args.items())
    answered = dataclasses.replace(operation, arguments=sound, returns=operation.returns or _usual_fields(field.type))
    mistakes = [*_argument_mistakes(operation, field, schema), *_selection_mistakes(answered, schema)]
    if mistakes:
        raise told(mistakes, what)
    arguments = tuple(Argument(item.name, item.type or str(field.args[item.name].type)) for item in operation.arguments)
    return dataclasses.replace(answered, arguments=arguments)


def _argument_mistakes(operation: Operation, field: GraphQLField, schema: GraphQLSchema) -> Iterator[Mistake]:
    from graphql import is_required_argument

    for argument in operation.arguments:
        where = f"arguments.{argument.name}"
        expected = field.args.get(argument.name)
        if expected is None:
            yield unknown(where, f"{operation.mutation} takes no argument", argument.name, field.args)
        elif argument.type:
            yield from _type_mistakes(argument, expected, schema)
    given = {argument.name for argument in operation.arguments}
    for name, expected in field.args.items():
        if name not in given and is_required_argument(expected):
            yield Mistake(f"arguments.{name}", f"{operation.mutation} requires it, of type {expected.type}")


def _type_mistakes(argument: Argument, expected: GraphQLArgument, schema: GraphQLSchema) -> Iterator[Mistake]:
    """Yield what keeps a variable of the given type from standing where the schema expects its own, or a default.

    Source: spec.graphql.org/October2021, 5.8.5 All Variable Usages Are Allowed.
    """
    from graphql import (
        get_named_type,
        get_nullable_type,
        is_input_type,
        is_required_argument,
        parse_type,
        type_from_ast,
    )
    from graphql.utilities import is_type_sub_type_of

    where = f"arguments.{argument.name}._type"
    given = type_from_ast(schema, parse_type(argument.type))
    required = expected.type if is_required_argument(expected) else get_nullable_type(expected.type)
    if given is None or not is_input_type(given):
        names = [name for name, kind in schema.type_map.items() if is_input_type(kind)]
        bare = argument.type.strip("[]!")
        mistake = unknown(where, "the schema has no input type", bare, [str(get_named_type(expected.type)), *names])
        yield dataclasses.replace(mistake, text=f"{mistake.text} (it takes {expected.type} here)")
    elif not is_type_sub_type_of(schema, given, required):
        yield Mistake(where, f"{argument.type} does not fit: the schema takes {expected.type}", (str(expected.type),))


def _usual_fields(answer: GraphQLOutputType) -> tuple[str, ...]:
    from graphql import get_named_type, is_leaf_type

    kind = get_named_type(answer)
    if is_leaf_type(kind):
        return ()
    fields: Mapping[str, object] = getattr(kind, "fields", {})  # a union has none
    return tuple(name for name in _USUAL if name in fields) or ("__typename",)


def _selection_mistakes(operation: Operation, schema: GraphQLSchema) -> Iterator[Mistake]:
    """Yield what the schema has against the text of an operation whose arguments are the schema's own."""
    from graphql import parse, validate

    for error in validate(schema, parse(operation.document())):
        yield Mistake("returnFields", error.message)
