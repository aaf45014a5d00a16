"""``FluentClient.mutations``: what a caller says of a mutation, made into its route."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, Protocol, get_args, runtime_checkable

from fcwork import schema as schemas
from fcwork.client.by_reference import ByReference, entity_of
from fcwork.client.entities import ENTITIES, Entity
from fcwork.client.existing import Existing, Updates
from fcwork.client.graphql import GraphQL
from fcwork.client.http import Http
from fcwork.client.mutation_form import KEYS, MutationForm
from fcwork.client.mutation_route import MutationRoute
from fcwork.client.mutation_sender import MutationSender
from fcwork.client.upsert import Upsert
from fcwork.errors import ConfigError
from fcwork.mutations import INPUT, PER_REQUEST, Argument, Operation, typed

if TYPE_CHECKING:
    from graphql import GraphQLInputObjectType, GraphQLSchema

IfExists = Literal["fail", "skip", "update"]


@runtime_checkable
class OfMutation(Protocol):
    """What rows are mapped for a mutation with, such as a ``Mapper``."""

    @property
    def operation(self) -> Operation | None:
        """What is called for each row, if anything."""
        ...

    @property
    def per_request(self) -> int | None:
        """How many mutations it wants in one request, where it says so."""
        ...


class Mutating:
    """The part of the client that makes routes of mutations."""

    target: str
    retailer_id: str | None
    _http: Http
    _graphql: GraphQL

    def mutations(
        self,
        spec: str | Operation | OfMutation,
        *,
        per_request: int | None = None,
        if_exists: IfExists = "fail",
        create_only: Sequence[str] = (),
        find_by: str | None = None,
        key: str | None = None,
        repeat_safe: bool | None = None,
        rate_per_second: float | None = 10.0,
        schema: Any = None,
    ) -> MutationRoute:
        """Return the route of ``recovery.send`` that sends rows as GraphQL mutations, several in one request.

        A row is the ``input`` of a mutation that takes nothing else; otherwise its columns are named by its arguments.
        Nulls are left out. The answer tells of every row: what was refused is rejected with the platform's code, and a
        row that made the platform refuse a whole request leaves the others to be sent again.

        With ``if_exists`` rows that exist already, by what the platform tells entities of their kind apart by, are
        looked up just before each request leaves. ``skip`` counts them as delivered and leaves them as they are.
        ``update`` updates them in the same request; what a row leaves out stays as it is. A field that the update does
        not take is never dropped unsaid: it is refused before anything is sent, unless ``create_only`` names it. Only
        what names the entity (``ref``, and for a location its address's) gives way to its id.

        With ``find_by`` the rows of an update name what they change by that field: ``mutations("updateOrder",
        find_by="ref")``. Its id, which the mutation wants, is looked up just before each request leaves. A row whose
        reference is not there, or is that of several, is rejected. Orders are those of the client's retailer unless a
        row has ``retailer.id``; a row of a fulfilment may say ``order.id``.

        Args:
            spec: the mutation's name, such as ``createLocation``; an ``fcwork.mutations.Operation``; or the ``Mapper``
                that maps the rows for it.
            per_request: the most mutations in one request; else what the mapping's ``aliasBatching`` says, else 5. It
                is lowered to what the platform's limit of complexity allows (docs.fluentcommerce.com:
                graphql-query-limits).
            if_exists: ``fail`` lets the platform refuse rows that exist, ``skip`` or ``update``; for creates.
            create_only: fields that go with creates and not with updates; dotted inside an object.
            find_by: the field by which rows name what they change; for updates of what can be looked up.
            key: the field that a row's results are told under; else the first of ``ref``, ``id`` and ``username`` that
                it has, else a digest of the row.
            repeat_safe: whether sending rows twice has no further effect, so that a request whose answer was lost is
                sent again. Unless given, ``update…`` is; so are ``skip`` and ``update``, where a repeat finds what
                exists; any other mutation is not.
            rate_per_second: requests a second that all workers together may send; None for no limit.
            schema: the platform's schema, by which types, fields to return and those that an update takes are looked
                up: whatever ``fcwork.schema.load`` takes. Without it types are named as the SDK infers them, and what
                an update takes is that of the platform's schema 23.10.1.

        Raises:
            ConfigError: an argument is wrong, ``spec`` is of no mutation, or what it creates cannot be looked up.
            MappingError: the mutation has mistakes, or does not fit the schema.
        """
        _check_names(create_only, key)
        loaded = None if schema is None else schemas.load(schema)
        operation = _operation_of(spec, loaded)
        entity = _entity_of(operation, if_exists)
        named = _named(operation, if_exists, find_by)
        repeats = _repeats(operation, if_exists) if repeat_safe is None else repeat_safe
        keys = (key,) if key else (entity.key,) if entity else (find_by,) if find_by else KEYS
        sender = MutationSender(self._http, operation.mutation, repeat_safe=repeats)
        existing = Existing(self._graphql, entity) if entity else None
        upsert: Upsert | ByReference | None = None
        if named:
            upsert = ByReference(
                sender,
                Existing(self._graphql, named),
                form=MutationForm(operation, ()),
                updates=Updates(named, (), None),
                retailer_id=self.retailer_id,
            )
        if existing and if_exists != "fail":
            upsert = _upsert(sender, existing, operation, loaded, if_exists=if_exists, create_only=create_only)
        return MutationRoute(
            sender,
            MutationForm(operation, keys, needs_key=bool(key)),
            target=self.target,
            per_request=_size(per_request, spec),
            existing=existing,
            upsert=upsert,
            repeat_safe=repeats,
            rate_per_second=_rate(rate_per_second),
        )


def _check_names(create_only: Any, key: Any) -> None:
    if isinstance(create_only, str):
        raise ConfigError(f"create_only is {create_only!r}", hint=f"give a list of fields: [{create_only!r}]")
    if not isinstance(create_only, Collection) or not all(isinstance(name, str) for name in create_only):
        raise ConfigError(f"create_only is {create_only!r}", hint="give a list of fields' names, or leave it out")
    if key is not None and (not isinstance(key, str) or not key):
        raise ConfigError(f"key is {key!r}", hint="give the name of one field, or leave it out")


def _operation_of(spec: Any, schema: GraphQLSchema | None) -> Operation:
    """Return the operation that ``spec`` is, has or names, typed by the schema."""
    operation = spec
    if isinstance(spec, str):
        entity = ENTITIES.get(spec)
        operation = Operation(spec, returns=entity.returns if entity else None)
    elif isinstance(spec, OfMutation):
        operation = spec.operation
    if not isinstance(operation, Operation):
        hint = (
            'give the name of one, such as "createLocation", an Operation, or a Mapper whose mapping has a "mutation"'
        )
        raise ConfigError(f"{spec!r} is of no mutation", hint=hint)
    return operation if schema is None else typed(operation, schema)


def _entity_of(operation: Operation, if_exists: IfExists) -> Entity | None:
    """Return what is known of what an operation creates."""
    if if_exists not in get_args(IfExists):
        raise ConfigError(f"if_exists={if_exists!r} is not known", hint="if_exists is 'fail', 'skip' or 'update'")
    lone = [item.name for item in operation.arguments] == [INPUT]
    entity = ENTITIES.get(operation.mutation) if lone else None
    known = [name for name, it in ENTITIES.items() if it.update or if_exists == "skip"]
    if if_exists != "fail" and (entity is None or operation.mutation not in known):
        text = f"if_exists={if_exists!r} cannot be had for {operation.mutation}"
        raise ConfigError(text, hint=f"it can for {', '.join(known)}")
    return entity


def _named(operation: Operation, if_exists: IfExists, find_by: Any) -> Entity | None:
    """Return what rows name by a field; None where they do not, or the mutation itself takes that field."""
    if find_by is None:
        return None
    if not isinstance(find_by, str) or not find_by:
        raise ConfigError(f"find_by is {find_by!r}", hint='give the name of one field, such as "ref", or leave it out')
    if if_exists != "fail":
        raise ConfigError("find_by is for updates, and if_exists for creates", hint="leave one of them out")
    entity = entity_of(operation.mutation, find_by, ENTITIES)
    return entity if entity.by_id else None


def _repeats(operation: Operation, if_exists: IfExists) -> bool:
    return operation.mutation.startswith("update") or if_exists != "fail"


def _upsert(
    sender: MutationSender,
    existing: Existing,
    operation: Operation,
    schema: GraphQLSchema | None,
    *,
    if_exists: IfExists,
    create_only: Sequence[str],
) -> Upsert:
    if if_exists == "skip":
        return Upsert(sender, existing, creates=operation, form=None, updates=Updates(existing.entity, (), None))
    change = replace(operation, mutation=existing.entity.update, arguments=(Argument(INPUT),), name="")
    taken = None
    if schema is not None:
        change = typed(change, schema)
        taken = _input_type(schema, change)
    form = MutationForm(change, ())
    return Upsert(sender, existing, creates=operation, form=form, updates=Updates(existing.entity, create_only, taken))


def _input_type(schema: GraphQLSchema, operation: Operation) -> GraphQLInputObjectType:
    name = operation.type_of(operation.arguments[0]).strip("[]!")
    return schemas.input_type(schema, name)


def _size(per_request: Any, spec: Any) -> int:
    wanted = getattr(spec, "per_request", None) if per_request is None else per_request
    size = PER_REQUEST if wanted is None else wanted
    if isinstance(size, bool) or not isinstance(size, int) or size < 1:
        raise ConfigError(f"per_request is {size!r}", hint="it is a whole number of 1 or more")
    return size


def _rate(rate: Any) -> float | None:
    if rate is None:
        return None
    if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 < rate < math.inf:
        raise ConfigError(f"rate_per_second is {rate!r}", hint="it is a number above zero, or None for no limit")
    return float(rate)
