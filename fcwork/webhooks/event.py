"""``Event``: what a verified request says, and what was checked of it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields
from hashlib import sha256
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from fcwork import cards
from fcwork.errors import MalformedEventError
from fcwork.personal import hidden
from fcwork.webhooks.payload import read_object

if TYPE_CHECKING:
    import polars as pl

_WIRE = MappingProxyType(
    {
        "id": "id",
        "name": "name",
        "account_id": "accountId",
        "retailer_id": "retailerId",
        "entity_id": "entityId",
        "entity_ref": "entityRef",
        "entity_type": "entityType",
        "entity_subtype": "entitySubtype",
        "entity_status": "entityStatus",
        "type": "type",
        "root_entity_type": "rootEntityType",
        "root_entity_id": "rootEntityId",
        "root_entity_ref": "rootEntityRef",
    }
)


class Proof(NamedTuple):
    """That the bytes are genuine: by which header, algorithm and key; and what is weak about that."""

    header: str
    algorithm: str
    key: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, repr=False, kw_only=True)
class Event:
    """A request whose signature belongs to its bytes.

    Attributes:
        kind: ``event`` of a workflow, with id and name; or ``http_call``, the free JSON of a rule that calls a URL.
        id, name, account_id, retailer_id, entity_id, entity_ref, entity_type, entity_subtype, entity_status, type,
            root_entity_type, root_entity_id, root_entity_ref: as the platform names them; numbers as text, None where
            there is none.
        attributes: of the event.
        data: the whole object, read from the verified bytes.
        raw: the verified bytes.
        sha256: of ``raw``, 64 hex digits.
        header, algorithm, key: what proved it; the key by its name, else its fingerprint.
        replay_key: what is the same when it is sent again: the id, or of an ``http_call`` the hash of its bytes.
        tenant_checked: whether account or retailer were among those that were expected.
        replay_checked: whether it was new.
        warnings: what was accepted and had better not be.
    """

    kind: Literal["event", "http_call"]
    id: str | None = None
    name: str | None = None
    account_id: str | None = None
    retailer_id: str | None = None
    entity_id: str | None = None
    entity_ref: str | None = None
    entity_type: str | None = None
    entity_subtype: str | None = None
    entity_status: str | None = None
    type: str | None = None
    root_entity_type: str | None = None
    root_entity_id: str | None = None
    root_entity_ref: str | None = None
    attributes: dict[str, Any] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    raw: bytes = b""
    sha256: str
    header: str
    algorithm: str
    key: str
    replay_key: str
    tenant_checked: bool = False
    replay_checked: bool = False
    warnings: tuple[str, ...] = ()

    def __str__(self) -> str:
        what = self.name or "HTTP call"
        named = hidden({"entity_ref": self.entity_ref, "entity_id": self.entity_id})
        about = " ".join(part for part in (self.entity_type, named["entity_ref"] or named["entity_id"]) if part)
        whose = f"account {self.account_id or 'not named'}, retailer {self.retailer_id or 'not named'}"
        tenant = "" if self.tenant_checked else " (not checked)"
        again = "new" if self.replay_checked else "not checked for a replay"
        proof = f"{self.algorithm} by {self.key}"
        text = f"{what}{f' of {about}' if about else ''}: {whose}{tenant}, {again}, {proof}"
        return cards.line(printable("; ".join((text, *self.warnings))))

    __repr__ = __str__

    def to_record(self) -> dict[str, Any]:
        """Return everything but the bytes, as JSON can hold it."""
        record = {each.name: getattr(self, each.name) for each in fields(self) if each.name != "raw"}
        return {**record, "warnings": list(self.warnings)}

    def frame(self) -> pl.DataFrame:
        """Return one row: the fields, with ``attributes`` and ``data`` as JSON text."""
        import polars as pl

        others = {"tenant_checked": pl.Boolean(), "replay_checked": pl.Boolean(), "warnings": pl.List(pl.String())}
        row = {name: _json(value) if isinstance(value, dict) else value for name, value in self.to_record().items()}
        return pl.DataFrame([row], schema={name: others.get(name, pl.String()) for name in row})

    def _repr_html_(self) -> str:
        facts = {name: value for name, value in hidden(self.to_record()).items() if name != "data"}
        sure = self.tenant_checked and self.replay_checked and not self.warnings
        return cards.Card(
            line=str(self),
            state="genuine" if sure else "genuine, with doubts",
            tone="good" if sure else "doubt",
            facts={name: value for name, value in facts.items() if value is not None},
        ).html()


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def read_event(raw: bytes, proof: Proof) -> Event:
    """Return what the verified bytes say.

    Raises:
        MalformedEventError: they are no JSON object, or a field of an event is not of its kind.
    """
    data = read_object(raw)
    is_event = bool(_present(data.get("id")) and _present(data.get("name")))
    found = {ours: _text(data.get(wire), wire, strict=is_event) for ours, wire in _WIRE.items()}
    attributes = data.get("attributes")
    digest = sha256(raw).hexdigest()
    facts = {
        "kind": "event" if is_event else "http_call",
        **found,
        "attributes": attributes if isinstance(attributes, dict) else {},
        "data": data,
        "raw": raw,
        "sha256": digest,
        "header": proof.header,
        "algorithm": proof.algorithm,
        "key": proof.key,
        "replay_key": (found["id"] or digest) if is_event else digest,
        "warnings": proof.warnings,
    }
    return _made({**_UNCHECKED, **facts})


def printable(text: str) -> str:
    """Spell out what a terminal would obey: the names come from outside."""
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


def noted(event: Event, **facts: Any) -> Event:
    """Return the event with what was found out since."""
    return _made({**event.__dict__, **facts})


def _made(facts: dict[str, Any]) -> Event:
    """Return an event with all its fields; a frozen dataclass sets them one by one, for a tenth of the whole time."""
    made = object.__new__(Event)
    made.__dict__.update(facts)
    return made


_UNCHECKED = MappingProxyType({"tenant_checked": False, "replay_checked": False})


def _present(value: Any) -> bool:
    return value is not None and value != ""


def _text(value: Any, wire: str, *, strict: bool) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if strict:
        raise MalformedEventError(f"{wire} of the event is neither a text nor a whole number")
    return None  # the JSON of an HTTP call is free; `data` has it
