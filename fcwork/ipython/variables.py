"""Variables of a query: Python gives their values, the query says their types, and the two are compared at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    OperationDefinitionNode,
    VariableDefinitionNode,
    is_required_input_field,
    print_ast,
    type_from_ast,
)

from fcwork.client.calls import encoded
from fcwork.client.variables import AS_NULL, below, lost
from fcwork.errors import BadRequestError
from fcwork.ipython import checking, pointing
from fcwork.ipython.pointing import Mistake
from fcwork.names import did_you_mean

_WHAT: Mapping[str, tuple[type, ...]] = {"Int": (int,), "Float": (int, float), "String": (str,), "ID": (str, int)}


def bound(
    query: str,
    operation: OperationDefinitionNode,
    given: Sequence[tuple[str, str]],
    namespace: dict[str, Any],
    schema: GraphQLSchema,
) -> dict[str, Any]:
    """Return the values of a query's variables by name.

    Args:
        query: the cell.
        operation: of it.
        given: names with expressions.
        namespace: the user's, in which they are worked out.
        schema: the types that are declared.

    Raises:
        BadRequestError: an expression fails, a value is not of its declared type, one is missing, or the query
            declares no such variable; all of it at once, each with its place.
    """
    declared = {node.variable.name.value: node for node in operation.variable_definitions or ()}
    values: dict[str, Any] = {}
    mistakes: list[Mistake] = []
    for name, expression in given:
        node = declared.get(name)
        if node is None:
            mistakes.append(_undeclared(name, expression, declared))
            continue
        try:
            values[name] = _evaluated(expression, namespace)
        except Exception as error:  # noqa: BLE001 - a caller's own expression may raise anything
            mistakes.append(pointing.at(node, _failed(name, expression, error, namespace)))
            continue
        mistakes += _misfits(node, name, expression, values[name], schema)
    told = {name for name, _ in given}
    mistakes += [_missing(node, name) for name, node in declared.items() if name not in told and _is_needed(node)]
    if mistakes:
        raise pointing.told(query, mistakes, checking.NOTHING_SENT)
    return values


def _evaluated(expression: str, namespace: dict[str, Any]) -> Any:
    value = eval(compile(expression.strip(), "<-v>", "eval"), namespace)  # noqa: S307 - the user's own Python
    is_single = getattr(value, "shape", None) == ()
    is_time = getattr(getattr(value, "dtype", None), "kind", "") in ("m", "M")  # its item may be a number, or None
    return value.item() if is_single and not is_time else value


def _undeclared(name: str, expression: str, declared: Mapping[str, Any]) -> Mistake:
    known, said = ", ".join(f"${one}" for one in declared) or "none", pointing.shortened(expression)
    return Mistake(
        f"-v {name}={said}: the query declares no variable ${name}{did_you_mean(name, declared)}",
        hint=f"it declares {known}; a variable is declared as in query (${name}: String) {{ … }}",
    )


def _failed(name: str, expression: str, error: Exception, namespace: Mapping[str, Any]) -> str:
    close = did_you_mean(error.name, namespace) if isinstance(error, NameError) and error.name else ""
    why = f"{type(error).__name__}: {pointing.shortened(str(error), 200)}"
    return f"-v {name}={pointing.shortened(expression)} failed: {why}{close}"


def _missing(node: VariableDefinitionNode, name: str) -> Mistake:
    return pointing.at(node, f"the query needs ${name} of type {print_ast(node.type)}", f"give it with -v {name}=…")


def _is_needed(node: VariableDefinitionNode) -> bool:
    return print_ast(node.type).endswith("!") and node.default_value is None


def _misfits(
    node: VariableDefinitionNode, name: str, expression: str, value: Any, schema: GraphQLSchema
) -> Iterator[Mistake]:
    """Yield what keeps a value from being of the type that its variable declares."""
    said = f"${name} takes {print_ast(node.type)}, and {pointing.shortened(expression)} is"
    try:
        plain = orjson.loads(encoded(value, expression))
    except BadRequestError as error:
        yield pointing.at(node, f"{said} {_kind(value)}: {error.message}", error.hint)
        return
    except ValueError as error:
        yield pointing.at(node, f"{said} nothing that JSON can hold: {error}")
        return
    kind = type_from_ast(schema, node.type)
    emptied = dict.fromkeys(lost(value, plain), AS_NULL)
    faults = _faults(kind, plain) if kind else ()
    for where, what in (*emptied.items(), *((where, what) for where, what in faults if where not in emptied)):
        place = f" at {where}" if where else ""
        yield pointing.at(node, f"{said} {_kind(value)} {pointing.shortened(repr(value))}{place}: {what}")


def _faults(kind: Any, value: Any, where: str = "") -> Iterator[tuple[str, str]]:
    """Yield where in a value of JSON something is not of its type, and what it should be."""
    if isinstance(kind, GraphQLNonNull):
        if value is None:
            yield where, f"it must not be null, as {kind} may not be"
        else:
            yield from _faults(kind.of_type, value, where)
    elif value is None:
        return
    elif isinstance(kind, GraphQLList):
        items = enumerate(value) if isinstance(value, list) else [(None, value)]  # one is a list of one
        for at, item in items:
            yield from _faults(kind.of_type, item, where if at is None else f"{where}[{at}]")
    elif isinstance(kind, GraphQLInputObjectType):
        yield from _of_object(kind, value, where)
    elif isinstance(kind, GraphQLEnumType):
        if not isinstance(value, str) or value not in kind.values:
            yield where, f"{kind.name} is one of {', '.join(kind.values)}{did_you_mean(str(value), kind.values)}"
    else:
        yield from ((where, fault) for fault in [_of_scalar(kind.name, value)] if fault)


def _of_object(kind: GraphQLInputObjectType, value: Any, where: str) -> Iterator[tuple[str, str]]:
    if not isinstance(value, dict):
        yield where, f"{kind.name} is a dict with {', '.join(kind.fields)}"
        return
    for name, item in value.items():
        place = below(where, name)
        if name in kind.fields:
            yield from _faults(kind.fields[name].type, item, place)
        else:
            yield place, f"{kind.name} has no {name!r}{did_you_mean(name, kind.fields)}"
    for name, field in kind.fields.items():
        if is_required_input_field(field) and name not in value:
            yield where, f"{kind.name} needs {name!r}, a {field.type}"


def _of_scalar(name: str, value: Any) -> str:
    """Return what is wrong with a single value, or nothing; of a scalar that is the account's own nothing is known."""
    if name == "Boolean":
        return "" if isinstance(value, bool) else "it should be True or False"
    if name == "DateTime":
        return "" if _is_instant(value) else "it should be a datetime, or a text such as 2026-01-15T00:00:00Z"
    kinds = _WHAT.get(name)
    if kinds is None:
        return ""
    if not isinstance(value, kinds) or isinstance(value, bool):
        return f"it should be {' or '.join(kind.__name__ for kind in kinds)}"
    is_wide = name == "Int" and isinstance(value, int) and not -(2**31) <= value < 2**31
    return "it is more than 32 bits hold" if is_wide else ""


def _is_instant(value: Any) -> bool:
    try:
        return bool(datetime.fromisoformat(value))
    except (TypeError, ValueError):
        return False


def _kind(value: Any) -> str:
    return type(value).__name__
