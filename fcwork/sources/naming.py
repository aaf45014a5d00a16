"""Names of written files from a template: ``orders-{date}-{part:05}.csv``."""

from __future__ import annotations

import os
import re
import string
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from fcwork.clock import Clock
from fcwork.errors import SourceError
from fcwork.names import did_you_mean
from fcwork.redact import mask
from fcwork.sources.filesystems import Filesystem
from fcwork.sources.place import Place, locate

PART = "part"
_ENDINGS = re.compile(r"((?:\.\w+)?(?:\.gz)?)$", re.IGNORECASE)
_NUMBER = re.compile(r"[-_. ]*\{part[^{}]*\}")
_UNSAFE = re.compile(r"[/\\\x00-\x1f\x7f]")


@dataclass(frozen=True)
class Names:
    """The names of the files of one write.

    Attributes:
        uri: the template, as people are told of it.
        folder: the path of the folder that holds all of them.
        fields: what stands for the names in braces.
    """

    uri: str
    folder: str
    filesystem: Filesystem
    fields: Mapping[str, object]
    _folders: tuple[str, ...]
    _name: str

    def file(self, part: int, partition: str = "") -> Place:
        """Return where a part lies; ``partition`` names folders of its own."""
        steps = [*self._folders, *filter(None, [partition]), self._name]
        return self.inside(
            "/".join(self._rendered(step, {PART: part}) if step != partition else step for step in steps)
        )

    def manifest(self, name: str = "") -> Place:
        """Return where the manifest lies: under a name that is given, or that of the files."""
        if not name:
            stem = _NUMBER.sub("", _ENDINGS.sub("", self._name)).strip("-_. ") or PART
            name = f"{stem}.manifest.json"
        if "/" in name:
            raise SourceError(f"manifest={name!r} is no name", hint="it lies in the folder of the files", uri=self.uri)
        return self.inside(self._rendered(name, {}))

    def inside(self, name: str) -> Place:
        """Return the place of a file by its name in the folder."""
        path = f"{self.folder}/{name}" if self.folder.rstrip("/") else f"{self.folder}{name}"
        return Place(path, self.filesystem.uri(path), self.filesystem)

    @property
    def root(self) -> Place:
        """The folder of all files."""
        path = self.folder or "."
        return Place(path, self.filesystem.uri(path), self.filesystem)

    def relative(self, place: Place) -> str:
        """Return the name of a file in the folder."""
        return place.path.removeprefix(self.folder).lstrip("/") if self.folder else place.path

    def value(self, text: str) -> object:
        """Return the value of a field, as JSON has it, for a text that is one in braces; any other is what it is."""
        name = text[1:-1]
        return in_json(self.fields[name]) if text == f"{{{name}}}" and name in self.fields else text

    def _rendered(self, template: str, more: Mapping[str, object]) -> str:
        return _rendered(template, {**self.fields, **more}, self.uri)


def names(
    uri: str | os.PathLike[str], ending: str, given: Mapping[str, object] | None, clock: Clock, *, numbered: bool
) -> Names:
    """Return the names that a template gives.

    Args:
        uri: the template; a folder, which ends in a slash, stands for ``part-00001`` and so on in it.
        ending: of the files of a folder.
        given: the fields besides date, time and part.
        clock: the time.
        numbered: there may be several files, so each has its number.

    Raises:
        SourceError: a field that is not known or has no value, or a template that is none.
    """
    place = locate(uri)
    now = clock.now().astimezone(UTC)
    fields = {"date": now.date(), "time": now.timetz(), **(given or {})}
    is_folder = os.fsdecode(uri).endswith("/")
    *folders, name = place.path.rstrip("/").split("/")
    if is_folder:
        folders, name = [*folders, name], f"part-{{part:05}}{ending}"
    if numbered and not any(_has_part(step) for step in [*folders, name]):
        name = _ENDINGS.sub(r"-{part:05}\1", name, count=1)
    fixed = next((at for at, step in enumerate(folders) if _has_part(step)), len(folders))
    root = "/".join(_rendered(step, fields, place.uri) for step in folders[:fixed])
    root = root or "/" * place.path.startswith("/")
    made = Names(place.uri, root, place.filesystem, fields, tuple(folders[fixed:]), name)
    made.file(1)  # what is wrong with it is told before any work is done
    return made


def in_json(value: Any) -> Any:
    """Return a field's value as JSON has it, known secrets masked."""
    if isinstance(value, datetime) and value.tzinfo:
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date | time):
        return value.isoformat()
    return value if value is None or isinstance(value, bool | int | float) else mask(str(value))


def literal(path: str | os.PathLike[str]) -> str:
    """Return the template of a path that is none: its braces are braces."""
    return os.fsdecode(path).replace("{", "{{").replace("}", "}}")


def _has_part(step: str) -> bool:
    return bool(re.search(r"(?<!\{)\{part[:}]", step))


def _rendered(template: str, fields: Mapping[str, object], uri: str) -> str:
    """Return one step of a path with its fields filled in."""
    try:
        tokens = list(string.Formatter().parse(template))
    except ValueError as error:
        told = f"{uri} is no name: {error}"
        raise SourceError(told, hint="a brace that is meant is written twice: {{ or }}", uri=uri) from error
    text = "".join(before + _filled(name, spec or "", turn, fields, uri) for before, name, spec, turn in tokens)
    if text in {"", ".", ".."} and any(name is not None for _, name, _, _ in tokens):
        raise SourceError(f"{uri} becomes a name that is none: {text!r}", hint="see fields=", uri=uri)
    return text


def _filled(name: str | None, spec: str, turn: str | None, fields: Mapping[str, object], uri: str) -> str:
    if name is None:
        return ""
    if name not in fields or turn or "{" in spec:
        shown = f"{{{name}{f'!{turn}' if turn else ''}{f':{spec}' if spec else ''}}}"
        known = f"known: {', '.join(fields)}; a brace that is meant is written twice"
        near = did_you_mean(name, fields) if name not in fields else ""
        raise SourceError(f"{shown} in {uri} is no known field{near}", hint=known, uri=uri)
    try:
        text = _shown(fields[name], spec)
    except (TypeError, ValueError) as error:
        raise SourceError(f"{{{name}}} in {uri}: {error}", hint="see fields=", uri=uri) from error
    if _UNSAFE.search(text):
        told = f"{{{name}}} in {uri} is {text!r}, which leads to another folder or is no name"
        raise SourceError(told, hint="see fields=", uri=uri)
    return text


def _shown(value: Any, spec: str) -> str:
    """Return a field's value as it stands in names; instants as in 20260101T000000Z.

    Raises:
        ValueError: it has none, or the format does not fit it.
    """
    if value is None:
        message = "it has no value"
        raise ValueError(message)
    if isinstance(value, datetime):
        if value.tzinfo is None:
            message = f"{value} has no time zone"
            raise ValueError(message)
        return format(value.astimezone(UTC), spec or "%Y%m%dT%H%M%SZ")
    if isinstance(value, time):
        return format(value, spec or "%H%M%SZ")
    return value.isoformat() if isinstance(value, date) and not spec else format(value, spec)
