"""Annotations of parameters, read as types without running anything, and values judged against them."""

from __future__ import annotations

import ast
import functools
import json
import operator
from datetime import date, datetime
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from pydantic import TypeAdapter

_NAMES: dict[str, Any] = {
    "str": str,
    "int": int,
    "float": float,
    "bool": bool,
    "date": date,
    "datetime": datetime,
    "list": list[Any],
    "dict": dict[str, Any],
}


class NotOfTypeError(ValueError):
    """A value is not of its declared type; the text says why."""


def from_text(annotation: str, text: str) -> Any:
    """Return a value as typed in a shell: plain for a scalar, JSON for lists, dicts and ``null``.

    Raises:
        NotOfTypeError: the text is no such value.
    """
    from pydantic import ValidationError

    adapter = _adapter(annotation)
    if _type(_parse(annotation)) is Any:
        return _json_or_text(text)
    try:
        return adapter.validate_strings(text)
    except ValidationError as plain:
        try:
            return adapter.validate_json("null" if text == "None" else text, strict=True)
        except ValidationError:
            raise NotOfTypeError(_why(plain)) from None


def from_value(annotation: str, value: Any) -> Any:
    """Return a value of Python, JSON or YAML, strictly: no text passes for a number; a date may be ISO text.

    Raises:
        NotOfTypeError: the value is of another type, or no parameter can hold it.
    """
    from pydantic import ValidationError

    try:
        written = json.dumps(value, default=_plain, allow_nan=False)
        return _adapter(annotation).validate_json(written, strict=True)
    except ValidationError as error:
        raise NotOfTypeError(_why(error)) from None
    except (TypeError, ValueError) as error:
        raise NotOfTypeError(str(error)) from None


@functools.cache
def _adapter(annotation: str) -> TypeAdapter[Any]:
    from pydantic import ConfigDict, TypeAdapter

    return TypeAdapter(_type(_parse(annotation)), config=ConfigDict(allow_inf_nan=False))


def _parse(annotation: str) -> ast.expr:
    try:
        return ast.parse(annotation, mode="eval").body
    except SyntaxError:
        return ast.Name("Any")


def _type(node: ast.expr) -> Any:
    """Return the type that an annotation names; what is not known here may be anything."""
    match node:
        case ast.Constant(value=None):
            return None
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return _NAMES.get(name, Any)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return _either(_type(left), _type(right))
        case ast.Subscript(value=ast.Name(id=name) | ast.Attribute(attr=name), slice=inner):
            return _generic(name, inner)
        case _:
            return Any


def _generic(name: str, inner: ast.expr) -> Any:
    items = inner.elts if isinstance(inner, ast.Tuple) else [inner]
    if name == "Literal":
        return Literal[tuple(item.value for item in items if isinstance(item, ast.Constant))]
    parts = [_type(item) for item in items]
    if name == "Optional":
        return _either(parts[0], None)
    if name == "Union":
        return functools.reduce(_either, parts)
    return {"list": list[parts[0]], "dict": dict[str, parts[-1]]}.get(name, Any)  # type: ignore[valid-type]  # known only when run


def _either(one: Any, other: Any) -> Any:
    return Any if Any in (one, other) else operator.or_(one, other)


def _json_or_text(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _plain(value: Any) -> str:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, PurePath):
        return str(value)
    raise TypeError(f"a {type(value).__name__} cannot be written into a notebook")


def _why(error: Any) -> str:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    return str(first["msg"][:1].lower() + first["msg"][1:])
