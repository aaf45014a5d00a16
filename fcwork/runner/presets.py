"""Presets: files of parameters beside the notebooks, each for the notebook that declares them all."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import Any

from fcwork.errors import NotebookError
from fcwork.names import nearest
from fcwork.runner import notebook as notebooks
from fcwork.runner.parameters import Parameter, declared, read_file

FOLDER, SUFFIX = "presets", ".yml"
_SENTENCE = re.compile(r"(.+?\.)(?:\s|$)")


@dataclass(frozen=True)
class Preset:
    """A file of parameters.

    Attributes:
        name: of the file, without its ending.
        path: where it is; its own paths are taken from the folder of the notebooks, two above it.
        about: the comment that it begins with.
        notebook: the name of the one that it is for; empty where none declares all of its parameters.
        values: the parameters by their names.
        parameters: what the notebook declares.
        trouble: why it cannot be read; empty where it can.
    """

    name: str
    path: Path
    about: str
    notebook: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    parameters: tuple[Parameter, ...] = ()
    trouble: str = ""

    @property
    def title(self) -> str:
        """The first sentence of what it is about."""
        plain = " ".join(self.about.split())
        sentence = _SENTENCE.match(plain)
        return sentence[1] if sentence else plain


def presets() -> list[Preset]:
    """Return the presets of the workspace and the shipped ones, of one name the workspace's; E2 goes before E10."""
    found: dict[str, Path] = {}
    for folder in notebooks.folders():
        for file in (folder / FOLDER).glob(f"*{SUFFIX}"):
            found.setdefault(file.stem, file)
    known = _declared()
    return [_preset(found[name], known) for name in sorted(found, key=_natural)]


def preset(name: str) -> Preset:
    """Return a preset by its name, in any case of its letters.

    Raises:
        NotebookError: there is none of that name, or it cannot be read.
    """
    wanted = name.removesuffix(SUFFIX).casefold()
    known = presets()
    found = next((one for one in known if one.name.casefold() == wanted), None)
    if found is None:
        names = [one.name for one in known]
        near = nearest(wanted, names)
        advice = f"did you mean {near}? " if near else ""
        raise NotebookError(f"there is no preset {name}", hint=f"{advice}known: {', '.join(names) or 'none'}")
    if found.trouble:
        raise NotebookError(found.trouble, hint="write one NAME: value a line")
    return found


def _preset(path: Path, known: Mapping[str, tuple[Parameter, ...]]) -> Preset:
    try:
        values = read_file(path)
    except NotebookError as error:
        return Preset(path.stem, path, "", trouble=error.message)
    fitting = [name for name, parameters in known.items() if values.keys() <= {one.name for one in parameters}]
    # of several the one whose first parameter it gives, which is what the notebook is about; else the smallest
    closest = min(fitting, key=lambda name: (known[name][0].name not in values, len(known[name])), default="")
    return Preset(path.stem, path, _comment(path), closest, values, known.get(closest, ()))


def _declared() -> dict[str, tuple[Parameter, ...]]:
    """Return the parameters of each notebook that takes some; one that cannot be read is nobody's."""
    found: dict[str, tuple[Parameter, ...]] = {}
    for name in notebooks.names():
        with suppress(NotebookError):
            found[name] = tuple(declared(notebooks.find(name)))
    return {name: parameters for name, parameters in found.items() if parameters}


def _comment(path: Path) -> str:
    lines = takewhile(lambda line: line.startswith("#"), path.read_text("utf-8").splitlines())
    return "\n".join(line.removeprefix("#").removeprefix(" ").rstrip() for line in lines)


def _natural(name: str) -> list[str | int]:
    """Return what sorts names with the numbers in them as numbers."""
    return [int(part) if at % 2 else part.casefold() for at, part in enumerate(re.split(r"(\d+)", name))]
