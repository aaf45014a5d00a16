"""Records of nested texts as columns: what repeats in one is a list in all, what has parts in one has them in all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import polars as pl

from fcwork import frames
from fcwork.errors import SourceError
from fcwork.sources.pieces import MAX_DEPTH, check_cells, check_width, too_deep

if TYPE_CHECKING:
    import pyarrow as pa
    from polars.datatypes import DataTypeClass

    _Kind: TypeAlias = pl.DataType | DataTypeClass

TEXT = "#text"  # what a text is called that stands beside attributes or elements


class Names(dict[str, str]):
    """What the names of one file are called in its records, and how much these come to hold.

    The keys are the names as the parser has them: ``namespace}name}prefix``, of which only the name is always there.
    """

    def __init__(self, uri: str, *, prefixes: bool = False, whole: bool = True) -> None:
        super().__init__()
        self.uri = uri
        self.prefixes = prefixes
        self.whole = whole  # whether all rows of the file come to stand in one frame
        self._places = 0
        self._cells = 0

    def __missing__(self, tag: str) -> str:
        check_width(len(self) + 1, uri=self.uri, format="xml")
        *before, last = tag.split("}")
        self[tag] = f"{last}:{before[1]}" if self.prefixes and len(before) > 1 else last
        return self[tag]

    def place(self, name: str, held: Mapping[str, Any]) -> None:
        """Count a new place in the records, beside those ``held``.

        Raises:
            SourceError: there are too many, or a name of another namespace has it.
        """
        self._places += 1
        check_width(self._places, uri=self.uri, format="xml")
        if name in held and not self.prefixes:
            raise SourceError(
                f"{name!r} is a name of two namespaces at one place of the records of {self.uri}",
                hint='keep their prefixes: namespaces="keep"',
                uri=self.uri,
                format="xml",
            )

    def fill(self, cells: int) -> None:
        """Count cells of the frame.

        Raises:
            SourceError: they are more than a frame can hold.
        """
        self._cells += cells
        check_cells(self._cells, uri=self.uri, format="xml")


class Shape(dict[str, "Shape"]):
    """What the elements at one place of the records hold; the keys are the parser's names of the elements in them.

    Attributes:
        name: what the element is called.
        fields: the columns within, by name: an attribute has no shape of its own.
        attributes: the names of the attributes.
        many: whether it ever repeats.
        text: whether a text ever stands beside attributes or elements.
    """

    __slots__ = ("_cells", "_count", "_depth", "_names", "attributes", "fields", "many", "name", "text")

    def __init__(self, name: str, names: Names, depth: int = 0) -> None:
        super().__init__()
        self.name = name
        self.fields: dict[str, Shape | None] = {}
        self.attributes = _Attributes(self.fields, names)
        self.many = False
        self.text = False
        self._names = names
        self._depth = depth
        self._count = 0  # elements, those that are not there included
        self._cells = 0  # that they are counted for

    def __missing__(self, tag: str) -> Shape:
        name = self._names[tag]
        self._names.place(name, self.fields)
        if self._depth == MAX_DEPTH:
            raise too_deep(uri=self._names.uri, format="xml")
        if self.fields.get(name) is None:
            self.fields[name] = Shape(name, self._names, self._depth + 1)
        self[tag] = shape = cast("Shape", self.fields[name])
        return shape

    def columns(self, values: Sequence[Any]) -> dict[str, pa.Array]:
        """Return elements as columns, all of them as long as ``values``: texts, dicts or None.

        Raises:
            SourceError: they stand for more cells than a frame can hold.
        """
        import pyarrow as pa

        self.text |= str in set(map(type, values))
        self.fill(len(values))
        dicts = [{TEXT: value} if type(value) is str else value or {} for value in values]
        columns = {}
        for name, shape in self.fields.items():
            told = [part.get(name) for part in dicts]
            columns[name] = pa.array(told, pa.large_string()) if shape is None else shape.column(told)
        if self.text:
            columns[TEXT] = pa.array([part.get(TEXT) for part in dicts], pa.large_string())
        return columns

    def column(self, values: Sequence[Any]) -> pa.Array:
        """Return one element's values, one a record, as a column: of lists where the element ever repeats."""
        import pyarrow as pa

        if not self.many:
            return self._single(values)
        lists = [value if type(value) is list or value is None else [value] for value in values]
        ends = accumulate((len(items) if items else 0 for items in lists), initial=0)
        starts = [start if items else None for start, items in zip(ends, [*lists, [None]], strict=True)]
        return pa.LargeListArray.from_arrays(
            pa.array(starts, pa.int64()), self._single([item for items in lists if items for item in items])
        )

    def _single(self, values: Sequence[Any]) -> pa.Array:
        import pyarrow as pa

        if not self.fields:
            return pa.array(values, pa.large_string())
        columns = self.columns(values)
        return pa.StructArray.from_arrays(
            list(columns.values()), names=list(columns), mask=pa.array([value is None for value in values], pa.bool_())
        )

    def state(self) -> int:
        """Return a number that changes with what is known of the elements."""
        inner = sum(shape.state() for shape in self.fields.values() if shape is not None)
        return inner + len(self.fields) + self.many + self.text

    def fill(self, count: int) -> None:
        """Count the cells that elements stand for: all there were so far get every column.

        Raises:
            SourceError: they are more than a frame can hold.
        """
        self._count = count + (self._count if self._names.whole else 0)
        cells = self._count * len(self.fields)
        self._names.fill(cells - self._cells)
        self._cells = cells


class _Attributes(dict[str, str]):
    """What the attributes at one place are called: ``@`` and the name."""

    __slots__ = ("_fields", "_names")

    def __init__(self, fields: dict[str, Shape | None], names: Names) -> None:
        super().__init__()
        self._fields = fields
        self._names = names

    def __missing__(self, tag: str) -> str:
        name = f"@{self._names[tag]}"
        self._names.place(name, self._fields)
        self._fields[name] = None
        self[tag] = name
        return name


def joined(parts: Sequence[pl.DataFrame], uri: str) -> pl.DataFrame:
    """Return rows as one frame, each column of a type that holds what it is in any of the parts.

    Raises:
        SourceError: they stand for more cells than a frame can hold.
    """
    kinds = parts[0].schema if all(part.schema == parts[0].schema for part in parts) else _kinds(parts)
    order = sorted(kinds, key=frames.IDENTITY.__contains__)
    if any(list(part.schema.items()) != [(name, kinds[name]) for name in order] for part in parts):
        width = sum(map(_width, kinds.values()))
        check_width(width, uri=uri, format="xml")
        check_cells(width * sum(part.height for part in parts), uri=uri, format="xml")
        parts = [part.select(_fit(part, name, kinds[name]) for name in order) for part in parts]
    return pl.concat(parts)


def _kinds(parts: Sequence[pl.DataFrame]) -> dict[str, _Kind]:
    """Return types by name that hold what is in any of the parts."""
    kinds: dict[str, _Kind] = {}
    for part in parts:
        for name in part.columns:
            kind = _known(part[name])
            kinds[name] = _merged(kinds[name], kind) if name in kinds else kind
    return {name: _certain(kind) for name, kind in kinds.items()}


def _known(values: pl.Series) -> _Kind:
    """Return the type of values, but of empty elements alone, which may come to have parts, none."""
    if isinstance(values.dtype, pl.List):
        return pl.List(_known(values.list.explode(empty_as_null=False, keep_nulls=False)))
    if isinstance(values.dtype, pl.Struct):
        return pl.Struct({name: _known(values.struct.field(name)) for name in values.struct.fields})
    return pl.Null() if values.dtype == pl.String and values.null_count() == len(values) else values.dtype


def _certain(kind: _Kind) -> _Kind:
    """Return a type in which what no part knew of is a text."""
    if isinstance(kind, pl.List):
        return pl.List(_certain(kind.inner))
    if isinstance(kind, pl.Struct):
        return pl.Struct({name: _certain(inner) for name, inner in kind})
    return pl.String() if kind == pl.Null else kind


def _merged(one: _Kind, other: _Kind) -> _Kind:
    """Return the type that holds values of both: a list before an object before a text."""
    if other in (one, pl.Null):
        return one
    if one == pl.Null:
        return other
    if isinstance(one, pl.List) or isinstance(other, pl.List):
        return pl.List(_merged(_item(one), _item(other)))
    fields: dict[str, _Kind] = {}
    for kind in (one, other):
        for name, inner in kind if isinstance(kind, pl.Struct) else [(TEXT, kind)]:
            fields[name] = _merged(fields[name], inner) if name in fields else inner
    return pl.Struct(dict(sorted(fields.items(), key=lambda entry: entry[0] == TEXT)))


def _item(kind: _Kind) -> _Kind:
    return kind.inner if isinstance(kind, pl.List) else kind


def _width(kind: _Kind) -> int:
    """Return how many columns of texts a type stands for."""
    kind = _item(kind)
    return sum(_width(inner) for _, inner in kind) if isinstance(kind, pl.Struct) else 1


def _fit(part: pl.DataFrame, name: str, kind: _Kind) -> pl.Expr:
    had = part.schema.get(name)
    return (pl.lit(None, dtype=kind) if had is None else _as(kind, pl.col(name), had)).alias(name)


def _as(kind: _Kind, value: pl.Expr, had: _Kind) -> pl.Expr:
    """Return an expression for a value of one type, as one of a ``kind`` that holds it."""
    if had == kind:
        return value
    if isinstance(kind, pl.List):
        if isinstance(had, pl.List):
            return value.list.eval(_as(kind.inner, pl.element(), had.inner))
        return pl.when(value.is_not_null()).then(pl.concat_list(_as(kind.inner, value, had)))
    fields = {name: (value.struct.field(name), inner) for name, inner in had} if isinstance(had, pl.Struct) else {}
    fields = fields or {TEXT: (value, had)}
    parts = [
        (_as(inner, *fields[name]) if name in fields else pl.lit(None, dtype=inner)).alias(name)
        for name, inner in cast("pl.Struct", kind)
    ]
    return pl.when(value.is_not_null()).then(pl.struct(parts))
