"""What a cell would send, without sending it."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLSchema, parse, print_ast

from fcwork import redact
from fcwork.client.calls import encoded
from fcwork.client.documents import operation_of
from fcwork.client.queries import FORWARD, PagedQuery, plan
from fcwork.ipython.cell import Cell
from fcwork.ipython.pointing import ABOVE
from fcwork.ipython.words import Query
from fcwork.unseen import spelt_out

_SHOWN = 200


@dataclass(frozen=True)
class Explanation:
    """What would be sent; it shows itself.

    Attributes:
        lines: what is told, by name.
        query: the text, with what paging adds.
    """

    lines: Mapping[str, str]
    query: str

    def __repr__(self) -> str:
        told = (f"{name:<10} {value}" for name, value in self._shown().items())
        return "\n".join([*told, "", redact.mask(self.query)])

    def _repr_html_(self) -> str:
        rows = "".join(
            f'<tr><th style="text-align: left">{html.escape(name)}</th>'
            f'<td style="text-align: left; overflow-wrap: anywhere">{html.escape(value)}</td></tr>'
            for name, value in self._shown().items()
        )
        return f"<table><tbody>{rows}</tbody></table><pre>{html.escape(redact.mask(self.query))}</pre>"

    def _shown(self) -> dict[str, str]:
        return {name: redact.mask(spelt_out(value)) for name, value in self.lines.items()}


def explained(cell: Cell, variables: Mapping[str, Any], *, schema: GraphQLSchema, target: str) -> Explanation:
    """Return what a cell would send.

    Args:
        cell: the cell.
        variables: the values of its variables.
        schema: what costs are worked out by.
        target: the platform.

    Raises:
        BadRequestError: the query cannot be paged as asked.
    """
    how = _paging(cell, variables) if cell.is_paged else None
    refused = "; refused without --write" if cell.writes and not cell.said.write else ""
    sized = {**variables, **(how.sizes if how else {})}
    text = how.text if how else cell.query
    lines = {
        "target": f"{target}; nothing was sent",
        "operation": f"{cell.operation.operation.value} of {', '.join(cell.roots)}{refused}",
        "pages": _pages(how, cell.said) if how else "one request, as there is no connection in it",
        "variables": _variables(cell, sized),
        "cost": "not known" if cell.unknown else _cost(schema, text, sized),
    }
    if how and (beside := list(cell.beside(how.path))):
        lines["left out"] = f"{', '.join(beside)}: asked for, and not in the frame"
    if cell.unknown:
        lines["unknown"] = "; ".join(f"{mistake.text} (line {mistake.line + ABOVE})" for mistake in cell.unknown)
    return Explanation(lines, text.strip())


def _paging(cell: Cell, variables: Mapping[str, Any]) -> PagedQuery:
    return plan(cell.query, variables, path=cell.said.path, page_size=cell.said.page_size, nested="follow")


def _pages(how: PagedQuery, said: Query) -> str:
    extent = "every page" if said.everything else "the first page"
    if said.max_records:
        extent = f"up to {said.max_records:,} rows"
    way = "forward" if how.way is FORWARD else "backward"
    nested = f"; followed to their end inside: {', '.join('.'.join(path) for path, _ in how.nested)}"
    return (
        f"{extent} of {'.'.join(how.path)}, {how.size} rows a page, {way} by ${how.cursor}"
        f"{nested if how.nested else ''}"
    )


def _variables(cell: Cell, values: Mapping[str, Any]) -> str:
    declared = {node.variable.name.value: print_ast(node.type) for node in cell.operation.variable_definitions or ()}
    told = [f"${name}: {declared.get(name, 'Int')} = {_value(value)}" for name, value in values.items()]
    return ", ".join(told) or "none"


def _value(value: Any) -> str:
    text = json.dumps(json.loads(encoded(value, "a variable")), ensure_ascii=False)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def _cost(schema: GraphQLSchema, text: str, variables: Mapping[str, Any]) -> str:
    from fcwork.simulator.graphql.complexity import MAX_COMPLEXITY, complexity

    document = parse(text)
    cost = complexity(schema, document, operation_of(document, None), variables)
    over = "; too much, and asked for in smaller pages" if cost > MAX_COMPLEXITY else ""
    return f"about {cost:,} of the {MAX_COMPLEXITY:,} that a request may cost (assumed: one a connection){over}"
