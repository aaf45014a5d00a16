"""Exports what an event speaks of: looked for first, so that neither nothing nor another's lands in the sink.

An event may be told before what it speaks of can be found, so that nothing is there yet is a failure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import polars as pl

from fcwork import frames
from fcwork.errors import ConfigError
from fcwork.extraction import ExtractResult, extract
from fcwork.extraction.entities import entity
from fcwork.reactions.naming import filters_of, plain, sink_of
from fcwork.reactions.reaction import Reaction

if TYPE_CHECKING:
    from fcwork.client import FluentClient
    from fcwork.reactions.bodies import Body


@dataclass(frozen=True)
class Export:
    """What is exported, and to where.

    Attributes:
        entity, query: one of the two, or neither: then what the event names.
        filters: of the connection; a value may be a name in braces, which is the event's. None asks for what the event
            is about.
        sink: may hold names in braces too.
        options: more of ``extract``.
    """

    entity: str | None
    query: str | None
    filters: Mapping[str, Any] | None
    sink: str | None
    options: Mapping[str, Any]

    def run(self, client: FluentClient, body: Body, *, dry_run: bool) -> Reaction:
        """Look, and unless this is a dry run extract what was found.

        Raises:
            ConfigError: the event does not say what is to be exported. Others as ``extract``.
        """
        data = body.event.data if body.event is not None else {}
        filters = {"ref": [_ref_of(data)]} if self.filters is None else filters_of(self.filters, data)
        sink = sink_of(self.sink, data) if self.sink else None
        what = self.query or self.entity or _entity_of(data)
        ask = partial(extract, client, what, filters=filters, sink=sink, **self.options)
        looked = ask(dry_run=True, on_stage=None)
        about: dict[str, Any] = {"about": body.about, "event": body.told, "target": client.target, "dry_run": dry_run}
        told = partial(Reaction, action="export", sink=sink or "", **about)
        named = filters != self.filters  # where nothing of the event is asked for, nothing may be what there is
        wrong = _wrong(looked, one=self.filters is None and not self.query) if named else ""
        if wrong:
            return told(state="FAILED", result=looked, reason=wrong)
        result = looked if dry_run else ask()
        return told(state=result.state, result=result, preview=_preview(looked))


def _preview(looked: ExtractResult) -> pl.DataFrame:
    return frames.without_identity(frames.enter(looked.frame).head(5))


def _entity_of(data: Mapping[str, Any]) -> str:
    """Return the known entity that an event names; nothing else of its text is ever asked for."""
    kind = data.get("entityType")
    if not isinstance(kind, str) or not kind:
        raise ConfigError("the event does not say of which kind its entity is", hint="name it: entity='fulfilments'")
    return entity(kind).name


def _ref_of(data: Mapping[str, Any]) -> str:
    ref = data.get("entityRef")
    if not isinstance(ref, str) or not ref:
        hint = "say what is to be exported: filters={'ref': ['{attributes.orderRef}']}"
        raise ConfigError("the event does not name its entity by ref", hint=hint)
    return plain(ref)


def _wrong(looked: ExtractResult, *, one: bool) -> str:
    """Return why what was found is not what the event is about; empty where it is."""
    found = looked.counts["read"]
    if found == 1 or (found and not one):
        return ""
    if not found:
        return f"the platform has no such {looked.entity} yet, or not for this retailer: try again later"
    return f"{found} {looked.entity} have that ref: say by filters= or query= which is meant"
