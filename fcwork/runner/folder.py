"""The folder of one run: made exclusively, and every file in it masked and written whole or not at all."""

from __future__ import annotations

import json
import os
import re
import secrets
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from fcwork import settings
from fcwork.errors import ConfigError, NotebookError
from fcwork.redact import mask, mask_values

RESULT, NOTEBOOK, PAGE, PARAMETERS, EVENTS = (
    "result.json",
    "notebook.ipynb",
    "notebook.html",
    "parameters.json",
    "events.jsonl",
)
SOURCE, BEGINNING, MEASURED = "source.ipynb", "run.json", "figures.json"
PRIVATE = 0o600


def runs() -> Path:
    """Return the folder that holds one folder a run."""
    return settings.home() / "runs"


def new_id(name: str, at: datetime) -> str:
    """Return an id for a run of ``name``: its UTC second, the name and eight random digits."""
    return f"{at:%Y%m%dT%H%M%SZ}-{plain(name)}-{secrets.token_hex(4)}"


def plain(name: str) -> str:
    """Return a notebook's name as an id may have it."""
    return (re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-") or "notebook")[:60]


def check_id(run_id: str) -> None:
    """Refuse what is no plain name.

    Raises:
        NotebookError: it is none.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,150}", run_id):
        raise NotebookError(f"{run_id!r} is no run id", hint="letters, digits and . _ - only, at most 151")


class RunFolder:
    """Where one run writes.

    Args:
        run_id: names the folder under ``runs()``.

    Raises:
        NotebookError: the id was used before, or is no plain name.
        ConfigError: the folder cannot be made.
    """

    def __init__(self, run_id: str) -> None:
        check_id(run_id)
        self.run_id = run_id
        self.path = runs() / run_id
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.mkdir(mode=0o700)
        except FileExistsError:
            raise NotebookError(
                f"run {run_id} was made before: nothing was run", hint=f"its files are in {self.path}"
            ) from None
        except OSError as error:
            raise unwritable(self.path, error) from None

    def write(self, name: str, text: str) -> Path:
        """Write a file under its final name, masked and whole, and return its path.

        Raises:
            ConfigError: the disk is full or the folder cannot be written.
        """
        return write_whole(self.path / name, mask(text).encode("utf-8", "backslashreplace"))

    def write_json(self, name: str, content: Any) -> Path:
        """Write JSON, masked and whole; a date becomes ISO text."""
        return self.write(name, json.dumps(mask_values(content), indent=2, ensure_ascii=False, default=str) + "\n")

    def mask_again(self, name: str) -> None:
        """Mask a file anew, by what became known after it was written."""
        written = (self.path / name).read_text("utf-8")
        if mask(written) != written:
            self.write(name, written)

    def append(self, name: str, content: Any) -> None:
        """Add one line of JSON to a file, masked, in one write."""
        line = json.dumps(mask_values(content), ensure_ascii=False, default=str) + "\n"
        try:
            with (self.path / name).open("ab", buffering=0) as stream:
                stream.write(line.encode("utf-8", "backslashreplace"))
        except OSError as error:
            raise unwritable(self.path / name, error) from None


def write_whole(path: Path, content: bytes, *, mode: int = PRIVATE) -> Path:
    """Write a file that appears under its name when all of it is there, with these rights, and return its path.

    Raises:
        ConfigError: the disk is full or the folder cannot be written.
    """
    try:
        handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)
            if mode != PRIVATE:
                Path(draft).chmod(mode)
            Path(draft).replace(path)
        except OSError:
            Path(draft).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise unwritable(path, error) from None
    return path


def read_json(path: Path) -> dict[str, Any]:
    """Return the object in a file of JSON; an empty one where there is none, or only half of it."""
    try:
        return parse(path.read_bytes())
    except OSError:
        return {}


def parse(text: bytes) -> dict[str, Any]:
    """Return the object of a JSON text; an empty one where it is none. Half a character becomes a question mark."""
    try:
        content = orjson.loads(text)
    except ValueError:
        content = _leniently(text)
    return content if isinstance(content, dict) else {}


def _leniently(text: bytes) -> Any:
    try:
        return orjson.loads(json.dumps(json.loads(text), ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None


def unwritable(path: Path, error: OSError) -> ConfigError:
    """Return what to tell of a file that cannot be written."""
    return ConfigError(
        f"cannot write {path}: {error.strerror}",
        hint="make room or give yourself the right to write there, or set FCWORK_HOME to a folder that has both",
    )
