"""How rows become events, and how an event's rows are known again: in a receipt, and in the platform's log."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

import orjson
import polars as pl

from fcwork import frames
from fcwork.client.calls import encoded
from fcwork.client.packing import pack_rows
from fcwork.errors import BadRequestError

RowsAs = Literal["events", "attributes"]

MOST_ROWS = 100  # things in one event: SDK 0.1.56, template V8
_SLICE = 5_000  # rows that are written at a time to find their references
_EXACT = 2**53  # up to here a float holds each whole number
_WHOLE = (pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64)


class About(NamedTuple):
    """What an event is about, as far as its sender said; a null was left to the platform."""

    retailer_id: str | None
    name: str
    entity_type: str
    entity_ref: str | None
    entity_id: str | None


class Content(NamedTuple):
    """What a row says, told by hashes where it is long: the same for a row and for what the log holds of it.

    Attributes:
        about: of the event.
        shared: what stands in the attributes beside the rows.
        row: the row.
    """

    about: About
    shared: bytes
    row: bytes


class EventForm:
    """What an event is made of: fields that all have, and the rows.

    Args:
        envelope: the shared fields; ``attributes`` among them are shared by all events whose rows are attributes.
        rows_as: whether a row is an event's fields or its attributes.
        into: the attribute that holds an event's rows as a list; None where a row is an event of its own.
    """

    def __init__(self, envelope: Mapping[str, Any], *, rows_as: RowsAs, into: str | None = None) -> None:
        self._envelope = {name: value for name, value in envelope.items() if value is not None}
        self._as_attributes = rows_as == "attributes"
        self._into = into
        self._shared = dict(self._envelope.pop("attributes", None) or {}) if self._as_attributes else {}
        if into in self._shared:
            hint = "name another attribute with into, or leave it out of the event"
            raise BadRequestError(f"the event's attributes hold {into!r}, where its rows are to go", hint=hint)
        self._plain_envelope = orjson.loads(encoded(self._envelope, "the event"))
        self._plain_shared = orjson.loads(encoded(self._shared, "the event's attributes"))

    @property
    def is_fixed(self) -> bool:
        """Whether name and entity are the same for all rows."""
        return self._as_attributes

    def body(self, rows: pl.DataFrame) -> bytes:
        """Return the event of these rows; digits are kept as they are."""
        texts = pack_rows(rows)
        attributes: Any
        if self._into is not None:
            attributes = {**self._shared, self._into: orjson.Fragment(texts)}
        elif self._as_attributes:
            attributes = orjson.Fragment(_joined(self._shared, texts[1:-1]))
        else:
            return _joined(self._envelope, texts[1:-1])
        return encoded({**self._envelope, "attributes": attributes}, "the event")

    def refs(self, rows: pl.DataFrame) -> pl.Series:
        """Return each row's own reference, or a digest where it has none; see ``refs_of``."""
        rows = frames.without_identity(rows)
        refs = self._plain_refs(rows)
        if not refs.has_nulls():
            return refs
        written = self._written(rows.filter(refs.is_null()))
        told = pl.Series([self._ref(row) for row in written], dtype=pl.String)
        return refs.scatter(refs.is_null().arg_true(), told)

    def refs_of(self, event: Mapping[str, Any]) -> list[str]:
        """Return the references of the rows in an event that ``body`` made.

        A row's own is its ``ref``, or that of an event its ``entityRef`` or ``entityId`` and the ``ref`` of its
        attributes, as far as they are texts or whole numbers and not those that all events share.
        """
        return [self._ref(row) for row in self._rows_of(event)]

    def contents(self, rows: pl.DataFrame) -> Iterator[Content]:
        """Yield what each row says."""
        shared = _digest(self._plain_shared) if self._into is not None else b""
        for row in self._written(frames.without_identity(rows)):
            event = self._plain_envelope if self._as_attributes else row
            said = row if self._as_attributes else (event.get("attributes") or {})
            yield Content(_about(event), shared, _digest(said))

    def contents_of(self, entry: Mapping[str, Any]) -> Iterator[list[Content]]:
        """Yield what each row in an event of the log says, for each way in which its sender may have named it."""
        attributes = {one["name"]: _value(one) for one in entry.get("attributes") or () if "name" in one}
        shared, said = b"", [attributes]
        if self._into is not None:
            items = attributes.pop(self._into, None)
            shared, said = _digest(attributes), items if isinstance(items, list) else []
        told = _about(
            {**(entry.get("context") or {}), "name": entry.get("name"), "retailerId": entry.get("retailerId")}
        )
        ways = [told, told._replace(entity_id=None), told._replace(entity_ref=None)]
        for row in map(_digest, said):
            yield [Content(about, shared, row) for about in ways]

    def _rows_of(self, event: Mapping[str, Any]) -> list[Any]:
        attributes = event.get("attributes") or {}
        if self._into is not None:
            return list(attributes[self._into])
        return [attributes if self._as_attributes else event]

    def _written(self, rows: pl.DataFrame) -> Iterator[dict[str, Any]]:
        """Yield rows as they stand in an event: its attributes, one of its list, or the event itself."""
        shared = self._plain_shared if self._as_attributes else self._plain_envelope
        shared = {} if self._into is not None else shared
        for part in rows.iter_slices(_SLICE):
            yield from ({**shared, **row} for row in orjson.loads(pack_rows(part)))

    def _ref(self, row: Any) -> str:
        """Return the reference of a row as it stands in an event."""
        if self._as_attributes:
            named = [_own(row, self._plain_shared, "ref")]
        else:
            shared = self._plain_envelope
            entity = _own(row, shared, "entityRef") or _own(row, shared, "entityId")
            named = [entity, _own(row.get("attributes"), shared.get("attributes"), "ref")]
        return ":".join(filter(None, named)) or _digest(row).hex()[:32]

    def _plain_refs(self, rows: pl.DataFrame) -> pl.Series:
        """Return the references that can be told without writing the rows, null for the others."""
        name, shared = ("ref", self._plain_shared) if self._as_attributes else ("entityRef", self._plain_envelope)
        nested = not self._as_attributes and "attributes" in rows.columns
        if rows.schema.get(name) not in (pl.String, *_WHOLE) or nested:
            return pl.repeat(None, rows.height, dtype=pl.String, eager=True).alias("ref")
        text = pl.col(name).cast(pl.String)
        own = ~text.is_in(["", str(shared.get(name, ""))])
        return rows.select(pl.when(own).then(text).alias("ref")).to_series()


def _joined(shared: Mapping[str, Any], row: bytes) -> bytes:
    """Return a row's JSON object with the shared fields that it does not have itself before its own."""
    if not shared:
        return row
    own = orjson.loads(row)
    head = encoded({name: value for name, value in shared.items() if name not in own}, "the event")
    if head == b"{}" or not own:
        return row if own else head
    return head[:-1] + b"," + row[1:]


def _own(fields: Any, shared: Any, name: str) -> str:
    """Return a reference that a row gives itself, as text; empty where it gives none."""
    value = fields.get(name) if isinstance(fields, Mapping) else None
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    given = shared.get(name) if isinstance(shared, Mapping) else None
    return "" if given is not None and str(value) == str(given) else str(value)


def _about(event: Mapping[str, Any]) -> About:
    told = [event.get(name) for name in ("retailerId", "name", "entityType", "entityRef", "entityId")]
    retailer, name, entity_type, ref, number = (None if value in (None, "") else str(value) for value in told)
    return About(retailer, name or "", entity_type or "", ref, number)


def _digest(value: Any) -> bytes:
    """Return a hash of a JSON value: the same for 9 and 9.0, whatever the order of its fields."""
    return hashlib.sha256(orjson.dumps(_alike(value), option=orjson.OPT_SORT_KEYS)).digest()


def _alike(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _alike(item) for name, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_alike(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT else value


def _value(attribute: Mapping[str, Any]) -> Any:
    """Return an attribute's value as it was sent; the log may spell one as text (assumed)."""
    value, kind = attribute.get("value"), attribute.get("type")
    if not isinstance(value, str) or kind in {None, "STRING"}:
        return value
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        return value
