"""The text of a mutation, alone and beside others, and what the schema says of it."""

from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLSchema, build_schema, parse, validate

import fcwork
from fcwork.errors import MappingError
from fcwork.mutations import Argument, Operation, typed

PLATFORM = build_schema((Path(fcwork.__file__).parent / "fluent.graphql").read_text("utf-8"))
SMALL = build_schema("""
    input AddInput { ref: String! }
    type Query { ping: Boolean }
    type Thing { id: ID! name(upper: Boolean): String kind: Kind }
    type Kind { label: String }
    union Any = Thing | Kind
    type Mutation {
      add(input: AddInput!, times: Int! = 1, tags: [String!]): Thing
      remove(id: ID!): Boolean
      turn(id: ID!): Any
      mark(label: String): Kind
    }
""")


def problems(operation: Operation, schema: GraphQLSchema = SMALL) -> list[str]:
    """Return all that the schema has against an operation."""
    with pytest.raises(MappingError) as caught:
        typed(operation, schema)
    return list(caught.value.problems)


def refused(*arguments: Any, **named: Any) -> list[str]:
    """Return all that keeps an operation from being made."""
    with pytest.raises(MappingError) as caught:
        Operation(*arguments, **named)
    return list(caught.value.problems)


def test_a_lone_input_needs_nothing_but_the_name() -> None:
    """Without a schema the input's type is inferred, and id and ref are returned."""
    assert Operation("createOrder").document() == (
        "mutation createOrderMutation($input: CreateOrderInput!) {\n"
        "  createOrder(input: $input) {\n    id\n    ref\n  }\n}"
    )


def test_several_mutations_have_each_its_own_variables() -> None:
    """Any number of arguments is numbered with its alias, in the types of the operation."""
    operation = Operation("updateX", (Argument("id", "ID!"), Argument("input", "X")), ("id",))
    assert operation.aliased(2) == (
        "mutation BatchUpdateXs($id1: ID!, $input1: X, $id2: ID!, $input2: X) {\n"
        "  updateX1: updateX(id: $id1, input: $input1) {\n    id\n  }\n"
        "  updateX2: updateX(id: $id2, input: $input2) {\n    id\n  }\n}"
    )


def test_no_two_variables_share_a_name() -> None:
    """An argument that ends in a digit does not meet another's number: a1 of the 1st is not a of the 11th."""
    text = Operation("m", (Argument("a", "Int"), Argument("a1", "Int"))).aliased(11)
    declared = [item.variable.name.value for item in parse(text).definitions[0].variable_definitions]
    assert len(set(declared)) == 22


def test_an_operation_without_arguments_or_fields_has_neither_parentheses_nor_braces() -> None:
    """What has no arguments is called without parentheses, and an answer without fields selects none."""
    operation = Operation("ping", (), ())
    assert operation.document() == "mutation pingMutation {\n  ping\n}"
    assert operation.aliased(2) == "mutation BatchPings {\n  ping1: ping\n  ping2: ping\n}"


def test_no_mutation_is_no_document() -> None:
    """A text of less than one mutation is a wrong call."""
    with pytest.raises(ValueError, match="at least one mutation, not 0"):
        Operation("ping").aliased(0)


def test_a_type_that_nobody_knows_is_asked_for() -> None:
    """Only an input's type can be inferred; for any other argument the mapping or a schema has to tell it."""
    with pytest.raises(MappingError, match=r"arguments.id: its type is not known") as caught:
        Operation("deleteX", (Argument("id"),)).document()
    assert caught.value.path == "arguments.id"


@pytest.mark.parametrize(
    ("named", "where"),
    [
        ({"mutation": "x { id } y"}, "mutation"),
        ({"mutation": "créer"}, "mutation"),
        ({"mutation": "x\n"}, "mutation"),
        ({"mutation": None}, "mutation"),
        ({"mutation": "x", "name": "A(b: 1)"}, "operationName"),
        ({"mutation": "x", "arguments": (Argument("a: 1, b"),)}, "arguments"),
        ({"mutation": "x", "arguments": (Argument(""),)}, "arguments"),
        ({"mutation": "x", "arguments": (Argument("a", "ID! #"),)}, "arguments.a._type"),
        ({"mutation": "x", "arguments": (Argument("a", "ID!, $b: ID"),)}, "arguments.a._type"),
        ({"mutation": "x", "arguments": (Argument("a", "[ID"),)}, "arguments.a._type"),
        ({"mutation": "x", "arguments": (Argument("a", "ID!!"),)}, "arguments.a._type"),
        ({"mutation": "x", "arguments": (Argument("a", "["*5000 + "ID"),)}, "arguments.a._type"),
        ({"mutation": "x", "arguments": (Argument("a"), Argument("a"))}, "arguments.a"),
        ({"mutation": "x", "returns": ("id } } mutation y { z { id",)}, "returnFields"),
        ({"mutation": "x", "returns": ("id } { id",)}, "returnFields"),
        ({"mutation": "x", "returns": ("items {",)}, "returnFields"),
        ({"mutation": "x", "returns": ("a {" * 5000 + "b" + "}" * 5000,)}, "returnFields"),
        ({"mutation": "x", "returns": ("# id",)}, "returnFields"),
        ({"mutation": "x", "returns": ("name(upper: $up)",)}, "returnFields"),
        ({"mutation": "x", "returns": ("...Usual",)}, "returnFields"),
        ({"mutation": "x", "returns": "id"}, "returnFields"),
        ({"mutation": "x", "returns": (7,)}, "returnFields"),
    ],
)  # fmt: skip
def test_nothing_in_a_mapping_can_add_to_the_text(named: dict[str, Any], where: str) -> None:
    """A name, type or line that is not only what it should be is a mistake with its place."""
    assert [problem.partition(":")[0] for problem in refused(**named)] == [where]


def test_all_mistakes_are_told_at_once() -> None:
    """An operation with several mistakes names each of them, and the first one's place."""
    with pytest.raises(MappingError, match="the mutation '2x' has 3 mistakes") as caught:
        Operation("2x", (Argument("a b", "ID"),), ("{",))
    assert caught.value.path == "mutation"
    assert len(caught.value.problems) == 3


def test_lines_of_a_selection_may_nest() -> None:
    """Fields to return may be any selection: nested, with aliases, values and inline fragments, over several lines."""
    lines = ("id", "items { edges {", "node { id: ref } } }", '... on Order { note(as: """two\nlines""") }')
    assert validate_grammar(Operation("createOrder", returns=lines))


def validate_grammar(operation: Operation) -> bool:
    """Say whether both texts of an operation parse."""
    return bool(parse(operation.document()) and parse(operation.aliased(3)))


def test_the_schema_fills_in_what_is_left_open() -> None:
    """Types come from the schema's arguments, and the fields to return are id and ref where the answer has them."""
    arguments = (Argument("input"), Argument("tags"))
    operation = typed(Operation("add", arguments), SMALL)
    assert operation == Operation("add", (Argument("input", "AddInput!"), Argument("tags", "[String!]")), ("id",))
    assert typed(Operation("createOrder"), PLATFORM).returns == ("id", "ref")


def test_a_single_value_is_returned_without_fields() -> None:
    """An answer without fields selects none, and one with neither id nor ref tells its type."""
    assert typed(Operation("remove", (Argument("id"),)), SMALL).returns == ()
    assert typed(Operation("mark", (Argument("label"),)), SMALL).returns == ("__typename",)
    assert typed(Operation("turn", (Argument("id"),)), SMALL).returns == ("__typename",)


def test_an_empty_list_of_fields_is_filled_in_too() -> None:
    """The schema knows that an answer has fields, so none at all means that the choice is left open."""
    assert typed(Operation("createLocation", returns=()), PLATFORM).returns == ("id", "ref")


def test_every_mutation_of_the_platform_can_be_sent() -> None:
    """From a mutation's name alone the schema makes texts that it takes."""
    assert PLATFORM.mutation_type
    for name in PLATFORM.mutation_type.fields:
        operation = typed(Operation(name), PLATFORM)
        for text in (operation.document(), operation.aliased(3)):
            assert validate(PLATFORM, parse(text)) == []


def test_a_given_type_stays_where_the_schema_takes_it() -> None:
    """A stricter type than the schema's is the mapping's to choose, and an argument with a default may be left out."""
    arguments = (Argument("input", "AddInput!"), Argument("tags", "[String!]!"), Argument("times", "Int"))
    assert typed(Operation("add", arguments), SMALL).arguments == arguments


def test_a_given_type_that_cannot_fit_is_told_with_the_right_one() -> None:
    """A type of another kind, a looser one or one that is not known comes with what the schema takes."""
    arguments = (Argument("input", "AddInput"), Argument("tags", "[Strin!]"), Argument("times", "Thing"))
    assert problems(Operation("add", arguments)) == [
        "arguments.input._type: AddInput does not fit: the schema takes AddInput!",
        "arguments.tags._type: the schema has no input type 'Strin': did you mean 'String'? (it takes [String!] here)",
        "arguments.times._type: the schema has no input type 'Thing': did you mean 'String'? (it takes Int! here)",
    ]


def test_an_unknown_name_is_told_with_the_nearest() -> None:
    """A mutation, argument or field that the schema lacks comes with the nearest one it has, all at once."""
    assert problems(Operation("createOder"), PLATFORM) == [
        "mutation: the schema has no mutation 'createOder': did you mean 'createOrder'?"
    ]
    assert problems(Operation("add", (Argument("inputs"),), ("nam",))) == [
        "arguments.inputs: add takes no argument 'inputs': did you mean 'input'?",
        "arguments.input: add requires it, of type AddInput!",
        "returnFields: Cannot query field 'nam' on type 'Thing'. Did you mean 'name'?",
    ]


def test_a_selection_is_judged_by_the_schema() -> None:
    """Fields of a single value, none of an object and wrong values of arguments are mistakes of returnFields."""
    for operation in (
        Operation("remove", (Argument("id"),), ("id",)),
        Operation("add", returns=("kind",)),
        Operation("add", returns=("name(upper: 3)",)),
    ):
        (problem,) = problems(operation)
        assert problem.startswith("returnFields: ")


def test_a_schema_without_mutations_knows_none() -> None:
    """Where a schema has no mutations, each one is unknown."""
    schema = build_schema("type Query { ping: Boolean }")
    assert problems(Operation("add"), schema) == ["mutation: the schema has no mutation 'add'"]
