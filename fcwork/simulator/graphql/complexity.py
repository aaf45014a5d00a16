"""How much work an operation asks for.

The platform counts the queries it would run (docs.fluentcommerce.com: graphql-query-limits). Assumed here: a
connection is one query for each node it hangs on, and nothing else costs. The limit of 11,111 is then five
connections inside one another with ten nodes a page.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
)

from fcwork.simulator.graphql.paging import DEFAULT_SIZE, SIZES

MAX_COMPLEXITY = 11_111  # docs.fluentcommerce.com: graphql-query-limits


def complexity(
    schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode, variables: Mapping[str, Any]
) -> int:
    """Return how many queries a valid operation would be on the platform."""
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    defaults = {
        node.variable.name.value: _number(node.default_value, {})
        for node in operation.variable_definitions or ()
        if node.default_value
    }
    root = schema.get_root_type(operation.operation)
    return _Estimate(schema, fragments, {**defaults, **variables}).of(operation.selection_set, root)


@dataclass
class _Estimate:
    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, Any]
    known: dict[str, int] = field(default_factory=dict)  # of fragments, as one may be spread many times

    def of(self, selection: SelectionSetNode | None, kind: GraphQLNamedType | None) -> int:
        return sum(self._of_node(node, kind) for node in selection.selections) if selection else 0

    def _of_node(self, node: SelectionNode, kind: GraphQLNamedType | None) -> int:
        if isinstance(node, FieldNode):
            return self._of_field(node, kind)
        if isinstance(node, FragmentSpreadNode):
            return self._of_fragment(node.name.value)
        if isinstance(node, InlineFragmentNode) and node.type_condition:
            kind = self.schema.get_type(node.type_condition.name.value)
        return self.of(getattr(node, "selection_set", None), kind)

    def _of_field(self, node: FieldNode, kind: GraphQLNamedType | None) -> int:
        fields = kind.fields if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType) else {}
        if node.name.value not in fields:  # introspection
            return 0
        inner = get_named_type(fields[node.name.value].type)
        within = self.of(node.selection_set, inner)
        return 1 + self._size(node) * within if inner.name.endswith("Connection") else within

    def _of_fragment(self, name: str) -> int:
        if name not in self.known:
            fragment = self.fragments[name]
            kind = self.schema.get_type(fragment.type_condition.name.value)
            self.known[name] = self.of(fragment.selection_set, kind)
        return self.known[name]

    def _size(self, node: FieldNode) -> int:
        sizes = [_number(part.value, self.variables) for part in node.arguments or () if part.name.value in SIZES]
        return max((size for size in sizes if isinstance(size, int)), default=DEFAULT_SIZE)


def _number(node: ValueNode | None, variables: Mapping[str, Any]) -> Any:
    if isinstance(node, VariableNode):
        return variables.get(node.name.value)
    return int(node.value) if isinstance(node, IntValueNode) else None
