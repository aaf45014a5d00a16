"""A query, built of what was chosen: its text, its variables, and the code that asks it elsewhere."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import get_named_type

from fcwork.errors import ConfigError
from fcwork.widgets import typed
from fcwork.widgets.askable import Askable, Filter, field_of, is_connection

_Tree = dict[str, Any]  # each name with what is asked below it; nothing below a value


@dataclass(frozen=True)
class Built:
    """A query.

    Attributes:
        root: what is asked for.
        text: of the query.
        variables: by name, as they are sent.
        paged: whether its rows come in pages.
        page_size: rows a page.
    """

    root: str
    text: str
    variables: Mapping[str, Any]
    paged: bool
    page_size: int

    @property
    def name(self) -> str:
        """What the frame is called in code."""
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", self.root).lower()

    @property
    def cell(self) -> str:
        """The query as a cell of the magic, which fetches every page."""
        paging = f" --all --page-size {self.page_size}" if self.paged else ""
        given = "".join(f" -v {name}={value!r}" for name, value in self.variables.items())
        return f"%%fluent -o {self.name}{paging}{given}\n{self.text}"

    @property
    def python(self) -> str:
        """The query as Python that fetches every page with a ``client``."""
        text = textwrap.indent(self.text, "    ")
        given = f"    {dict(self.variables)!r},\n" if self.variables else ""
        call, end = (
            ("frame", f"    page_size={self.page_size},\n)") if self.paged else ("graphql", f').data["{self.root}"]')
        )
        return f'{self.name} = client.{call}(\n    """\n{text}\n    """,\n{given}{end}'


def built(
    askable: Askable, root: str, fields: Iterable[str], filters: Mapping[str, str], *, page_size: int = 100
) -> Built:
    """Return the query of what was chosen.

    Args:
        askable: the schema.
        root: what is asked for.
        fields: paths of values, as ``items.ref``.
        filters: what was written for each, by path; an empty one does not count.
        page_size: rows a page.

    Raises:
        ConfigError: nothing is chosen, something chosen is not there, or a filter is needed or not of its type.
    """
    fields = tuple(fields)
    if not fields:
        raise ConfigError(f"no field of {root} is chosen", hint="tick at least one")
    for path in fields:
        askable.check_field(root, path)
    variables = _variables(askable, root, filters)
    arguments = askable.root(root).args
    declared = ", ".join(f"${name}: {arguments[name].type}" for name in variables)
    passed = ", ".join(f"{name}: ${name}" for name in variables)
    head = f"query ({declared}) {{" if declared else "query {"
    field = askable.root(root)
    lines = _selected(f"{root}({passed})" if passed else root, field.type, _tree(fields), "  ")
    return Built(root, "\n".join([head, *lines, "}"]), variables, askable.is_paged(root), page_size)


def _variables(askable: Askable, root: str, filters: Mapping[str, str]) -> dict[str, Any]:
    texts = {path: text for path, text in filters.items() if text.strip()}
    known = askable.filters(root)
    for path in texts:
        askable.filter(root, path)
    missing = [path for path, one in known.items() if path not in texts and _counts(one, texts, known)]
    if missing:
        raise ConfigError(f"{root} needs {', '.join(missing)}", hint=f"it takes {typed.takes(known[missing[0]].kind)}")
    variables: dict[str, Any] = {}
    for path in known:
        if path in texts:
            _put(variables, path.split("."), typed.value(texts[path], known[path].kind, path))
    return variables


def _counts(one: Filter, texts: Mapping[str, str], known: Mapping[str, Filter]) -> bool:
    """Say whether a filter must be given: always, or as part of an object of which another part is."""
    above = one.path.rpartition(".")[0]
    begun = bool(above) and any(path.startswith(f"{above}.") for path in texts if path in known)
    return one.required or (begun and str(one.kind).endswith("!"))


def _put(variables: dict[str, Any], path: list[str], value: Any) -> None:
    *above, name = path
    for step in above:
        variables = variables.setdefault(step, {})
    variables[name] = value


def _tree(paths: Iterable[str]) -> _Tree:
    tree: _Tree = {}
    for path in paths:
        place = tree
        for name in path.split("."):
            place = place.setdefault(name, {})
    return tree


def _selected(written: str, kind: Any, below: _Tree, indent: str) -> Iterator[str]:
    """Yield the lines of a field and what is asked of it; of a connection, of its nodes."""
    named = get_named_type(kind)
    if not below:
        yield f"{indent}{written}"
        return
    yield f"{indent}{written} {{"
    if is_connection(kind):
        edges = field_of(named, "edges")
        yield f"{indent}  edges {{"
        node = field_of(get_named_type(edges.type), "node")
        yield from _selected("node", node.type, below, f"{indent}    ")
        yield f"{indent}  }}"
    else:
        for name, inner in below.items():
            yield from _selected(name, field_of(named, name).type, inner, f"{indent}  ")
    yield f"{indent}}}"
