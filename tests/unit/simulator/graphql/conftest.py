"""A seeded world, its GraphQL, and a way to ask that says at once what went wrong."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLField, get_named_type, is_leaf_type

from fcwork.clock import ManualClock
from fcwork.simulator.graphql import GraphQLService
from fcwork.simulator.world import World

Ask = Callable[..., dict[str, Any]]
POSITIONS = 300


@pytest.fixture(scope="session")
def seeded() -> GraphQLService:
    """One service for all tests that only read."""
    return GraphQLService(World.seeded(1, POSITIONS), clock=ManualClock())


@pytest.fixture
def world(clock: ManualClock) -> World:
    """A world that a test may change."""
    return World.seeded(1, POSITIONS, clock=clock)


@pytest.fixture
def service(world: World, clock: ManualClock) -> GraphQLService:
    """The GraphQL of a world that a test may change."""
    return GraphQLService(world, clock=clock)


@pytest.fixture
def ask(service: GraphQLService) -> Ask:
    """Ask the changeable world and return the data, which must have come without errors."""
    return _asking(service)


@pytest.fixture(scope="session")
def read(seeded: GraphQLService) -> Ask:
    """Ask the world that no test changes."""
    return _asking(seeded)


@pytest.fixture(scope="session")
def codes(seeded: GraphQLService) -> Callable[..., list[str]]:
    """Ask the world that no test changes and return the codes of the errors."""

    def ask_for_codes(query: str, **variables: Any) -> list[str]:
        return [error["extensions"]["code"] for error in seeded.execute(query, variables).get("errors", ())]

    return ask_for_codes


@pytest.fixture(scope="session")
def documents() -> str:
    """The documents that jobs send to the platform."""
    return (Path(__file__).parents[3] / "data" / "queries" / "fluent.graphql").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def select() -> Callable[[Any, int], str]:
    """Write a selection of all fields of a type, down to a depth."""
    return _selection


def _asking(service: GraphQLService) -> Ask:
    def ask(query: str, variables: dict[str, Any] | None = None, name: str | None = None) -> dict[str, Any]:
        answer = service.execute(query, variables, name)
        assert "errors" not in answer, answer["errors"][:3]
        data: dict[str, Any] = answer["data"]
        return data

    return ask


def _selection(kind: Any, depth: int) -> str:
    named = get_named_type(kind)
    if named.name.endswith("Connection"):
        node = named.fields["edges"].type.of_type.fields["node"].type
        return f"{{ edges {{ cursor node {_selection(node, depth)} }} pageInfo {{ hasNextPage hasPreviousPage }} }}"
    fields = [_field(name, field, depth) for name, field in named.fields.items()]
    return f"{{ __typename {' '.join(fields)} }}"


def _field(name: str, field: GraphQLField, depth: int) -> str:
    if is_leaf_type(get_named_type(field.type)):
        return name
    size = "(first: 2)" if "first" in field.args else ""
    return f"{name}{size} {_selection(field.type, depth - 1)}" if depth else ""
