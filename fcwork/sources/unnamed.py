"""Which elements of an XML file are its records, where no path says so."""

from __future__ import annotations

from typing import Any

from fcwork import log
from fcwork.errors import SourceError
from fcwork.sources.elements import SHOWN_NAMES, Reader
from fcwork.sources.shapes import TEXT, Shape

# of attributes that say how to read a file, and nothing of what is in it
_STANDARD = ("http://www.w3.org/2001/XMLSchema-instance}", "http://www.w3.org/XML/1998/namespace}")
_logger = log.get("sources")


class Finder(Reader):
    """Takes the root for the one record, until the elements in it show that they are the records.

    They are where the root has their plural as its name, or where all have one name. A root that holds elements of
    several names, each once, is a record itself. Any other file does not tell.
    """

    _root: Shape | None = None  # once records are found in it
    _alone = False  # whether an element of another name would raise a doubt

    @property
    def is_between_records(self) -> bool:
        """As for any reader, once it is known which elements are the records."""
        return self._root is not None and super().is_between_records

    def _meet_root(self, name: str) -> None:
        self._steps = [name]
        self.shape.name = name

    def _go_inside(self, attributes: dict[str, str]) -> None:
        super()._go_inside(attributes)
        if self._root is None:
            self._expat.EndElementHandler = self._close_inside

    def _close_inside(self, tag: str) -> None:
        depth = self._builder.depth
        self._builder.close(tag)
        if depth == 1:
            self._weigh(self.shape[tag])

    def _weigh(self, child: Shape) -> None:
        """Judge by an element of the root that has just ended."""
        if _is_plural(self.shape.name, child.name):
            self._choose(child)
        elif child.many and len(_children(self.shape)) == 1:
            self._alone = True
            self._choose(child)
        elif child.many:
            raise self._doubt(self.shape, [child.name])

    def _choose(self, child: Shape) -> None:
        """Take the elements of this name for the records: those met so far, and those to come."""
        held = self._builder.values[child.name]
        self.records += held if child.many else [held]
        self._steps = [self.shape.name, child.name]
        self._reached = len(self._steps)
        self._root, self.shape = self.shape, child
        self._began = -1
        self._go_outside()

    def _miss(self, name: str) -> None:
        super()._miss(name)
        if self._root is not None and self._alone and len(self._trail) == 1:
            raise self._doubt(self._root, [self.shape.name, name])

    def _done(self, value: Any) -> None:
        if self._root is not None:
            super()._done(value)
            return
        children = _children(self.shape)
        if len(children) < 2 and _attributes(self.shape):  # noqa: PLR2004 - of several names
            raise self._doubt(self.shape, [child.name for child in children])
        if len(children) == 1 and TEXT not in value:
            self._choose(children[0])
        elif value is not None:
            self.records.append(value)
        self._close()

    def _end(self) -> None:
        super()._end()
        if self._root is not None:
            inside = _attributes(self._root) + [child.name for child in _children(self._root)]
            passed = [name for depth, name in self._missed if depth == 1]
            left_out = [name for name in dict.fromkeys(inside + passed) if name != self.shape.name]
            if left_out:
                _logger.info("source.outside_left_out", uri=self.uri, names=left_out)

    def _doubt(self, root: Shape, names: list[str]) -> SourceError:
        found = [child.name for child in _children(root)]
        held = ", ".join(dict.fromkeys([*found, *names][:SHOWN_NAMES])) or "attributes alone"
        inner = [f"path='{root.name}.{name}'" for name in names[:SHOWN_NAMES]]
        others = f"{' or '.join(inner)} for the elements in it" if inner else "a path to elements for a list of none"
        return self.error(
            f"{self.uri} does not tell what its records are: <{root.name}> holds {held}",
            f"say which: path={root.name!r} for the whole as one record, {others}",
        )


def _children(shape: Shape) -> list[Shape]:
    return [child for child in shape.fields.values() if child is not None]


def _attributes(shape: Shape) -> list[str]:
    return [name for tag, name in shape.attributes.items() if not tag.startswith(_STANDARD)]


def _is_plural(name: str, one: str) -> bool:
    """Tell whether a name is that of several: orders, inventories, boxes, OrderList, ArrayOfOrder."""
    many, one = name.lower(), one.lower()
    plurals = {f"{one}s", f"{one}es", f"{one}list", f"{one}_list", f"{one}-list", f"arrayof{one}"}
    return many in plurals or (one.endswith("y") and many == f"{one[:-1]}ies")
