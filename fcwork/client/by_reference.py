"""Updates what rows name by a reference: its id, which the mutation wants, is looked up just before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from fcwork import log
from fcwork.client.entities import Entity
from fcwork.client.existing import Existing, Node, Updates
from fcwork.client.mutation_form import MutationForm, body_of
from fcwork.client.mutation_sender import Going, MutationSender, Told
from fcwork.errors import ConfigError
from fcwork.mutations import INPUT

NOT_FOUND, NOT_NAMED, AMBIGUOUS = "NOT_FOUND", "NOT_NAMED", "AMBIGUOUS"

_logger = log.get("client")


class ByReference:
    """What is done with rows that name an entity by its reference, where the mutation wants its id.

    Args:
        sender: sends the mutations.
        existing: finds the entities.
        form: of the mutation.
        updates: makes its input.
        retailer_id: whose entities are meant where a row does not say; None for any.
    """

    leaves = False

    def __init__(
        self,
        sender: MutationSender,
        existing: Existing,
        *,
        form: MutationForm,
        updates: Updates,
        retailer_id: str | None,
    ) -> None:
        self._sender, self._existing = sender, existing
        self._form, self._updates = form, updates
        self._retailer_id = retailer_id

    def check(self, rows: pl.DataFrame) -> None:
        """Refuse rows that name the entity twice.

        Raises:
            ConfigError: so they do.
        """
        if "id" in rows.columns:
            raise ConfigError(
                "the rows have an id, and find_by looks it up", hint="drop the column, or leave find_by out"
            )

    def send(self, body: bytes, going: Sequence[Going]) -> dict[int, Told]:
        """Look up what the rows name, send those of which it is one, and return what became of the row at each place.

        Raises:
            ApiError: nothing could be looked up, so nothing was done; or as ``MutationSender.send``.
        """
        del body  # it says the references
        wanted = [self._named(way.values.get(INPUT) or {}) for way in going]
        found = dict(zip((way.at for way in going), self._existing.candidates(wanted), strict=True))
        told = {way.at: self._refusal(named, found[way.at]) for way, named in zip(going, wanted, strict=True)}
        left = [self._changed(way, found[way.at][0]) for way in going if told[way.at] is None]
        sent = self._sender.send(body_of(self._form.operation, [way[1:] for way in left]), left) if left else {}
        _logger.info("mutation.found", rows=len(going), found=len(left))
        return {at: sent[at] if refusal is None else refusal for at, refusal in told.items()}

    def _changed(self, way: Going, node: Node) -> Going:
        return way._replace(values={INPUT: self._updates.input(way.values[INPUT], node)})

    def _named(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what a row says of the entity, the retailer added where it tells entities of one ref apart."""
        if self._retailer_id and ("retailer", "id") in self._existing.entity.identity:
            return {"retailer": {"id": self._retailer_id}, **given}
        return given

    def _refusal(self, named: Mapping[str, Any], found: Sequence[Node]) -> Told | None:
        entity = self._existing.entity
        ref, kind = entity.key_of(named), entity.root
        if not ref:
            return Told("rejected", NOT_NAMED, f"the row has no {entity.key}, by which its entity is found")
        if not found:
            whose = f" of retailer {self._retailer_id}" if ("retailer", "id") in entity.identity else ""
            return Told("rejected", NOT_FOUND, f"none of the {kind}{whose} has the {entity.key} {ref!r}")
        if len(found) > 1:
            apart = " and ".join(".".join(path) for path in entity.identity[1:])
            text = f"{len(found)} {kind} have the {entity.key} {ref!r}: say {apart} too" if apart else "there are twins"
            return Told("rejected", AMBIGUOUS, text)
        return None


def entity_of(mutation: str, find_by: str, known: Mapping[str, Entity]) -> Entity:
    """Return what is known of what a mutation updates.

    Raises:
        ConfigError: nothing is, or it is found by another field.
    """
    entity = next((one for one in known.values() if one.update == mutation), None)
    if entity is None:
        updates = ", ".join(dict.fromkeys(one.update for one in known.values() if one.update))
        raise ConfigError(f"find_by={find_by!r} cannot be had for {mutation}", hint=f"it can for {updates}")
    if entity.key != find_by:
        raise ConfigError(f"{mutation} finds nothing by {find_by!r}", hint=f'it does by find_by="{entity.key}"')
    return entity
