"""How the answer to a query shows itself: what came under each of its fields, what went wrong, and the data."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from fcwork.cards import Card, Tone, line, text
from fcwork.personal import hidden
from fcwork.redact import mask

if TYPE_CHECKING:
    from fcwork.client.graphql import GraphQLResult

_SHOWN = 4_000  # characters of the data
_OF_ONE = 80  # characters of one object in a line
_FIELDS = 8  # told in the line


def told(answer: GraphQLResult) -> str:
    """Return an answer in one honest line."""
    data = answer.data
    fields = list(_fields(data)) if isinstance(data, Mapping) else []
    more = [f"and {len(fields) - _FIELDS:,} more fields"] * (len(fields) > _FIELDS)
    parts = [*fields[:_FIELDS], *more] if fields else ["no data" if data is None else _brief(data)]
    parts += _counted(len(answer.errors), "error") + _counted(len(answer.warnings), "warning")
    first = next((error.get("message") for error in (*answer.errors, *answer.warnings)), None)
    return line("; ".join(parts) + (f": {_cut(str(first))}" if first else ""))


def card(answer: GraphQLResult) -> Card:
    """Return what is to be seen of an answer."""
    state, tone = _state(answer)
    return Card(
        line=told(answer),
        state=state,
        tone=tone,
        below=[_messages("Errors", answer.errors), _messages("Warnings", answer.warnings), _data(answer.data)],
    )


def _state(answer: GraphQLResult) -> tuple[str, Tone]:
    if answer.errors:
        return ("no data", "bad") if answer.data is None else ("partial", "doubt")
    return ("answered, with warnings", "doubt") if answer.warnings else ("answered", "good")


def _fields(data: Mapping[str, Any]) -> Iterator[str]:
    """Yield what came under each field: of a connection how many, and whether there is more."""
    for name, value in hidden(data).items():
        edges = value.get("edges") if isinstance(value, Mapping) else None
        if isinstance(edges, list):
            page = value.get("pageInfo") or {}
            more = ", there is more" if page.get("hasNextPage") else ""
            yield f"{name}: {len(edges):,} node{'' if len(edges) == 1 else 's'}{more}"
        elif isinstance(value, list):
            yield f"{name}: {len(value):,} item{'' if len(value) == 1 else 's'}"
        else:
            yield f"{name}: none" if value is None else f"{name}: {_brief(value)}"


def _messages(title: str, entries: tuple[Mapping[str, Any], ...]) -> str:
    items = "".join(f"<li>{text(hidden(_cut(str(entry.get('message')))))}</li>" for entry in entries[:_FIELDS])
    rest = f"<li>and {len(entries) - _FIELDS:,} more</li>" if len(entries) > _FIELDS else ""
    return f"<p>{title}</p><ul>{items}{rest}</ul>" if entries else ""


def _data(data: Any) -> str:
    if data is None:
        return ""
    whole = mask(json.dumps(hidden(data), ensure_ascii=False, default=str, indent=2))
    shown = whole if len(whole) <= _SHOWN else f"{whole[:_SHOWN]}…\n({len(whole):,} characters)"
    looks = "max-height:22em;overflow:auto;white-space:pre-wrap;overflow-wrap:anywhere;unicode-bidi:isolate"
    return f'<pre style="{looks}">{text(shown, keep=chr(10))}</pre>'


def _brief(value: Any) -> str:
    return _cut(json.dumps(hidden(value), ensure_ascii=False, default=str), _OF_ONE)


def _cut(shown: str, most: int = 300) -> str:
    whole = mask(shown)
    return whole if len(whole) <= most else f"{whole[:most]}…"


def _counted(number: int, one: str) -> list[str]:
    return [f"{number:,} {one}{'' if number == 1 else 's'}"] if number else []
