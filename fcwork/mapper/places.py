"""Places: where a path leads in a frame, walked over the types of its columns, as an expression."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache, reduce
from typing import Any, NamedTuple

import polars as pl

from fcwork.frames import OWN
from fcwork.mapper.paths import ITSELF, NUMBER, ROOT, Every, Index, Key, Path, Step, Where, parse
from fcwork.mapper.resolvers import text

TEXT_KEYS = ("#text", "_")  # how XML readers call an element's own text
_ATTRIBUTES = "$"  # where some XML readers keep all attributes of an element


class Place(NamedTuple):
    """A value in its frame.

    Attributes:
        value: the expression.
        dtype: its type.
        several: where it cannot be told which of several items is meant.
        beyond: the path leads into what holds nothing in any row.
    """

    value: pl.Expr
    dtype: pl.DataType
    several: pl.Expr | None = None
    beyond: bool = False


NOWHERE = Place(pl.lit(None), pl.Null())


class _Named(Mapping[str, Place]):
    """Places by name, each made when it is asked for: a frame or an object may have any number of them."""

    def __init__(self, types: Mapping[str, pl.DataType], make: Callable[[str, pl.DataType], Place]) -> None:
        self._types, self._make = types, make

    def __getitem__(self, name: str) -> Place:
        return self._make(name, self._types[name])

    def __contains__(self, name: object) -> bool:
        return name in self._types

    def __iter__(self) -> Iterator[str]:
        return iter(self._types)

    def __len__(self) -> int:
        return len(self._types)


@dataclass(frozen=True)
class Scope:
    """What paths are taken from: the columns of a frame, or the fields of one value in it.

    Attributes:
        fields: by name.
        value: the value itself; None of a frame.
        root: where ``$root`` leads; None where that is here.
        called: the last name on the way to a list whose item this is.
    """

    fields: Mapping[str, Place]
    value: Place | None = None
    root: Scope | None = None
    called: str = ""

    @cached_property
    def whole(self) -> Place:
        """The value itself; of a frame, an object of all its columns but fcwork's own."""
        if self.value is not None:
            return self.value
        own = {name: place for name, place in self.fields.items() if name not in OWN}
        value = pl.struct(place.value.alias(name) for name, place in own.items())
        return Place(value, pl.Struct({name: place.dtype for name, place in own.items()})) if own else NOWHERE

    def locate(self, path: Path) -> Place | None:
        """Return the place that ``path`` names, or None where there is none."""
        if path.text in ITSELF and path.text not in self.fields:
            return self.whole
        head = path.steps[0]
        if isinstance(head, Key) and head.name not in self.fields:
            if head.name == ROOT:
                return (self.root or self).inside(path.after(1))
            if head.name in ITSELF:
                return self.inside(path.after(1))
        return self.inside(path)

    def inside(self, path: Path) -> Place | None:
        """Return the place that ``path`` names from here, special names aside."""
        if not path.steps:
            return self.whole
        found = _named(self.fields, path, 0) if self.fields else None
        return found if found or self.value is None else walk(self.value, path, 0)


def of_value(place: Place, root: Scope | None, *, called: str = "") -> Scope:
    """Return the scope of one value: the fields of an object, of a list of one those of its item."""
    return Scope(_inside(one_of(_variable(place))), place, root, called)


def of_items(place: Place, root: Scope, *, called: str) -> Scope:
    """Return the scope of an item of a list, to see what it has."""
    return of_value(Place(pl.element(), inner_of(as_list(place).dtype)), root, called=called)


def of_columns(columns: Mapping[str, pl.DataType]) -> Scope:
    """Return the scope of a frame's rows."""
    return Scope(_Named(columns, _column))


def _column(name: str, dtype: pl.DataType) -> Place:
    exactly = f"^{re.escape(name)}$" if _is_pattern(name) else name
    return NOWHERE if dtype == pl.Null else Place(pl.col(exactly), dtype)


def walk(place: Place, path: Path, at: int) -> Place | None:
    """Return where the steps of ``path`` from ``at`` on lead, or None where there is no such place."""
    if at == len(path.steps):
        return place
    place = _variable(place)
    if place.dtype == pl.Null:
        return place._replace(value=pl.lit(None), beyond=True)
    step = path.steps[at]
    if isinstance(step, Every):
        return _each(place, path, at)
    if isinstance(step, Where):
        return walk(_first(place, step), path, at + 1)
    index = _index(step, place.dtype)
    return _by_name(place, path, at) if index is None else walk(_item(place, index), path, at + 1)


def _by_name(place: Place, path: Path, at: int) -> Place | None:
    step = path.steps[at]
    if isinstance(place.dtype, pl.Struct):
        found = _named(_inside(place), path, at)
        if found is None and at and isinstance(step, Key) and NUMBER.fullmatch(step.name):
            return walk(_item(place, int(step.name)), path, at + 1)
        return found
    found = walk(one_of(place), path, at) if _is_list_of_objects(place.dtype) else None
    if found is None and isinstance(step, Key) and step.name == "length" and at == len(path.steps) - 1:
        return _length(place)
    return found


def unwrapped(place: Place) -> Place:
    """Return the text of an XML element that has nothing else but attributes; any other place as it is."""
    if _is_list_of_objects(place.dtype):
        inner = unwrapped(Place(pl.element(), inner_of(place.dtype)))
        if isinstance(inner.dtype, pl.Struct):
            return place
        return place._replace(value=place.value.list.eval(inner.value), dtype=pl.List(inner.dtype))
    fields = fields_of(place.dtype)
    text = next((name for name in TEXT_KEYS if name in fields), None)
    if text is None or any(name not in {text, _ATTRIBUTES} and name[:1] != "@" for name in fields):
        return place
    return _field(place, text, fields[text])


def as_list(place: Place) -> Place:
    """Return a place as a list of items: of a connection its nodes, of a list itself, of anything else a list of one.

    Null gives an empty list, and so do the texts, numbers and truths that stand for nothing in JavaScript.
    """
    value, dtype = place.value, place.dtype
    if dtype == pl.Null:
        return place._replace(value=pl.lit([], dtype=pl.List(pl.Null)), dtype=pl.List(pl.Null))
    if isinstance(dtype, pl.Array):
        return as_list(_variable(place))
    if isinstance(dtype, pl.Struct) and "edges" in fields_of(dtype):
        return _nodes(_field(place, "edges", fields_of(dtype)["edges"]))
    if isinstance(dtype, pl.List):
        inner = inner_of(dtype)
        if not isinstance(inner, pl.List):
            return place
        items = pl.element().explode(empty_as_null=False, keep_nulls=False)
        return as_list(Place(value.list.eval(items), inner))
    filled = value.is_not_null() & (value != "") if dtype == pl.String else value.is_not_null()
    one = pl.when(filled).then(pl.concat_list(value)).otherwise(pl.lit([], dtype=pl.List(dtype)))
    return place._replace(value=one, dtype=pl.List(dtype))


def _nodes(edges: Place) -> Place:
    """Return the nodes of a connection; an edge without a node counts as one, as in the SDK."""
    edges = as_list(edges)
    inner = inner_of(edges.dtype)
    fields = fields_of(inner)
    if "node" not in fields:
        return edges
    element = Place(pl.element(), inner)
    node = _field(element, "node", fields["node"])
    others = {name: dtype for name, dtype in fields.items() if name not in {"node", "cursor"}}
    if not others:
        return edges._replace(value=edges.value.list.eval(node.value), dtype=pl.List(node.dtype))
    own = fields_of(node.dtype)
    merged: dict[str, Place] = {}
    for name in {**own, **others}:
        choices = [place for place in (_known(node, own, name), _known(element, others, name)) if place]
        merged[name] = choices[0] if len(choices) == 1 else _either(node.value, *choices)
    value = pl.struct(place.value.alias(name) for name, place in merged.items())
    dtype = pl.Struct({name: place.dtype for name, place in merged.items()})
    return edges._replace(value=edges.value.list.eval(value), dtype=pl.List(dtype))


def _known(place: Place, fields: Mapping[str, pl.DataType], name: str) -> Place | None:
    return _field(place, name, fields[name]) if name in fields else None


def _either(held: pl.Expr, first: Place, second: Place) -> Place:
    dtype = first.dtype if first.dtype != pl.Null else second.dtype
    value = pl.when(held.is_not_null()).then(first.value).otherwise(second.value.cast(dtype, strict=False))
    return Place(value, dtype)


def _named(fields: Mapping[str, Place], path: Path, at: int) -> Place | None:
    """Follow the longest run of steps whose text is a field's name and from which the rest leads on."""
    step = path.steps[at]
    if isinstance(step, Key):
        for end in range(len(path.steps), at, -1):
            name = step.name if end == at + 1 else path.raw(at, end)
            found = walk(fields[name], path, end) if name in fields else None
            if found:
                return _or_hidden(found, fields, path, at) if end == at + 1 else found
    elif path.raw(at, at + 1) in fields:
        return walk(fields[path.raw(at, at + 1)], path, at + 1)
    return _hidden(fields, path, at)


def _or_hidden(found: Place, fields: Mapping[str, Place], path: Path, at: int) -> Place:
    """Return a place, and for rows that have it below ``$`` what stands there."""
    step = path.steps[at]
    hidden = (
        _hidden(fields, path, at) if isinstance(step, Key) and step.name[:1] == "@" and _ATTRIBUTES in fields else None
    )
    if hidden is None or hidden.dtype != found.dtype:
        return found
    return found._replace(value=pl.coalesce(found.value, hidden.value))


def _hidden(fields: Mapping[str, Place], path: Path, at: int) -> Place | None:
    """Look where XML readers may keep it: attributes below ``$``, children below the text, ``name[0]`` as a name."""
    step = path.steps[at]
    if not isinstance(step, Key):
        return None
    if at + 1 < len(path.steps) and step.name not in fields:
        joined = path.raw(at, at + 2)
        if joined in fields:
            return walk(fields[joined], path, at + 2)
    if step.name[:1] == "@" and _ATTRIBUTES in fields:
        inner = fields_of(fields[_ATTRIBUTES].dtype)
        if step.name[1:] in inner:
            return walk(_field(fields[_ATTRIBUTES], step.name[1:], inner[step.name[1:]]), path, at + 1)
    below = [fields[name] for name in TEXT_KEYS if name in fields and isinstance(fields[name].dtype, pl.Struct)]
    return walk(below[0], path, at) if below else None


def _index(step: Step, dtype: pl.DataType) -> int | None:
    if isinstance(step, Index):
        return step.at
    numbered = isinstance(step, Key) and isinstance(dtype, pl.List) and NUMBER.fullmatch(step.name)
    return int(step.name) if numbered and isinstance(step, Key) else None


def _item(place: Place, index: int) -> Place:
    if isinstance(place.dtype, pl.List):
        return place._replace(value=place.value.list.get(index, null_on_oob=True), dtype=inner_of(place.dtype))
    return place if index in {0, -1} else Place(pl.lit(None, dtype=place.dtype), place.dtype, place.several)


def _each(place: Place, path: Path, at: int) -> Place | None:
    if not isinstance(place.dtype, pl.List):
        place = as_list(place)
    inner = walk(Place(pl.element(), inner_of(place.dtype)), path, at + 1)
    if inner is None:
        return None
    several = [place.several] if place.several is not None else []
    if inner.several is not None:
        several.append(place.value.list.eval(inner.several).list.any())
    value = inner.value if inner.dtype != pl.Null else pl.when(pl.element().is_null()).then(None)
    return Place(
        place.value.list.eval(value),
        pl.List(inner.dtype),
        reduce(lambda one, other: one | other, several) if several else None,
        inner.beyond,
    )


def _first(place: Place, step: Where) -> Place:
    if not isinstance(place.dtype, pl.List):
        place = place._replace(value=pl.concat_list(place.value), dtype=pl.List(place.dtype))
    inner = inner_of(place.dtype)
    kept = place.value.list.eval(pl.element().filter(_matches(Place(pl.element(), inner), step)))
    return place._replace(value=kept.list.first(), dtype=inner)


def _matches(place: Place, step: Where) -> pl.Expr:
    name = step.name.removeprefix("@")
    paths = [parse(f"['@{name}']")] + ([parse(f"['{name}']")] if step.name == name else [])
    found = [unwrapped(there) for path in paths if (there := walk(place, path, 0))]
    texts = [text(there.value, there.dtype) == step.value for there in found if not there.dtype.is_nested()]
    return reduce(lambda one, other: one | other, texts, pl.lit(value=False)).fill_null(value=False)


def _length(place: Place) -> Place | None:
    if place.dtype == pl.String:
        return Place(place.value.str.len_chars().cast(pl.Int64), pl.Int64(), place.several)
    if isinstance(place.dtype, pl.List):
        return Place(place.value.list.len().cast(pl.Int64), pl.Int64(), place.several)
    return None


def one_of(place: Place) -> Place:
    """Return the only item of a list of objects: the first, and where there are several."""
    if not _is_list_of_objects(place.dtype):
        return place
    several = place.value.list.len() > 1
    if place.several is not None:
        several |= place.several
    value = place.value.list.get(0, null_on_oob=True)  # a row with several is rejected: only one reference grows a path
    return Place(value, inner_of(place.dtype), several)


def _is_list_of_objects(dtype: pl.DataType) -> bool:
    return isinstance(dtype, pl.List) and isinstance(dtype.inner, pl.Struct)


def _field(place: Place, name: str, dtype: pl.DataType) -> Place:
    if dtype == pl.Null:
        return Place(pl.lit(None), dtype, place.several)
    value = place.value
    if _is_pattern(name):  # polars would take it for several names
        names = list(fields_of(place.dtype))
        value, name = value.struct.rename_fields([str(at) for at in range(len(names))]), str(names.index(name))
    return Place(value.struct.field(name), dtype, place.several)


def _is_pattern(name: str) -> bool:
    return name == "*" or (name[:1] == "^" and name[-1:] == "$")


def _inside(place: Place) -> Mapping[str, Place]:
    return _Named(fields_of(place.dtype), lambda name, dtype: _field(place, name, dtype))


def _variable(place: Place) -> Place:
    """Return an array of a fixed length as a list; any other place as it is."""
    if not isinstance(place.dtype, pl.Array):
        return place
    return place._replace(value=place.value.arr.to_list(), dtype=pl.List(place.dtype.inner))


def fields_of(dtype: pl.DataType) -> Mapping[str, pl.DataType]:
    """Return the fields of an object by name; of any other type none."""
    return _types(_Same(dtype)) if isinstance(dtype, pl.Struct) else {}


class _Same:
    """A type as a key: two types of many fields are compared field by field, the same object at once."""

    def __init__(self, dtype: pl.Struct) -> None:
        self.dtype = dtype

    def __hash__(self) -> int:
        return id(self.dtype)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.dtype is other.dtype


@lru_cache(maxsize=256)
def _types(of: _Same) -> Mapping[str, pl.DataType]:
    return {field.name: _typed(field.dtype) for field in of.dtype.fields}


def inner_of(dtype: pl.DataType) -> pl.DataType:
    """Return the type of a list's items; of any other type none."""
    return _typed(dtype.inner) if isinstance(dtype, pl.List) else pl.Null()


def _typed(dtype: Any) -> pl.DataType:
    found: pl.DataType = dtype if isinstance(dtype, pl.DataType) else dtype()  # polars takes a class for its default
    return found
