"""To whom messages go: a folder, a function, or a notebook."""

from __future__ import annotations

import json
import os
import re
import secrets
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from fcwork import settings
from fcwork.errors import ConfigError, FcworkError
from fcwork.receiver.inbox_file import sync_folder
from fcwork.receiver.message import Received

_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,119}")
_GIVEN = ("PAYLOAD", "HEADERS", "SCHEME")


@dataclass(frozen=True)
class Handled:
    """How a handling ended that came to its end.

    Attributes:
        message: in words.
        details: facts for its job, as JSON-like data.
        with_errors: whether a part of it failed.
    """

    message: str
    details: Mapping[str, Any] = field(default_factory=dict)
    with_errors: bool = False


class RefusedByHandlerError(FcworkError):
    """The message will not be taken however often it is tried."""


class Handler(Protocol):
    """What is done with a message; any exception means that it is to be tried again."""

    @property
    def target(self) -> str:
        """Where messages go, for people."""
        ...

    def __call__(self, received: Received) -> Handled:
        """Handle a message."""
        ...


@dataclass(frozen=True)
class ToFolder:
    """Writes each message as ``<id>.json``, ``.xml`` or ``.bin`` with ``<id>.headers.json`` beside it.

    A file appears whole, the headers first. The same message again gives the same files.
    """

    folder: Path

    @property
    def target(self) -> str:
        """The folder."""
        return f"folder {self.folder}"

    def __call__(self, received: Received) -> Handled:
        """Write both files."""
        body, _ = written(self.folder, received)
        return Handled(f"written to {body.name}", {"file": str(body)})


@dataclass(frozen=True)
class ToFunction:
    """Calls ``module:name`` with the ``Received``; what it returns is not looked at."""

    name: str
    function: Callable[[Received], Any]

    @classmethod
    def load(cls, name: str) -> ToFunction:
        """Import a function, from the working folder or an installed package.

        Raises:
            ConfigError: it cannot be imported, or is none.
        """
        module, _, attribute = name.partition(":")
        if str(Path.cwd()) not in sys.path:
            sys.path.insert(0, str(Path.cwd()))
        try:
            found = getattr(import_module(module), attribute)
        except Exception as error:
            hint = "write module:name, as in shop:receive; the module lies in this folder or is installed"
            raise ConfigError(f"{name!r} cannot be imported: {type(error).__name__}: {error}", hint=hint) from error
        if not callable(found):
            raise ConfigError(f"{name!r} is no function", hint="it is called with one argument, the Received")
        return cls(name, found)

    @property
    def target(self) -> str:
        """The function."""
        return f"function {self.name}"

    def __call__(self, received: Received) -> Handled:
        """Call it."""
        self.function(received)
        return Handled(f"handled by {self.name}")


@dataclass(frozen=True)
class ToNotebook:
    """Runs a notebook with PAYLOAD and HEADERS, the paths of a message's files.

    The paths are the same whenever the same message is handled again, so that what keeps a ledger of files knows it.

    Attributes:
        name: of the notebook, or its path.
        parameters: that it gets besides.
        texts: the same as typed in a shell.
        folder: where the files are written.
    """

    name: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    texts: Sequence[tuple[str, str]] = ()
    folder: Path = field(default_factory=lambda: settings.home() / "receiver" / "bodies")

    def check(self) -> None:
        """See that there is such a notebook, and that it takes the parameters.

        Raises:
            NotebookError: there is none, or it does not.
        """
        from fcwork import runner
        from fcwork.runner.parameters import resolve

        notebook = runner.find(self.name)
        for name in _GIVEN:
            if name in {*self.parameters, *dict(self.texts)}:
                raise ConfigError(f"{name} is given by the receiver itself", hint=f"leave out -p {name}")
        values = {**self.parameters, **self._own(notebook, Path("payload"), Path("headers"), "fluent")}
        resolve(notebook, values, list(self.texts))

    @property
    def target(self) -> str:
        """The notebook."""
        return f"notebook {self.name}"

    def __call__(self, received: Received) -> Handled:
        """Run it.

        Raises:
            NotebookFailedError: it did not come to its end.
            RefusedByHandlerError: it refused the message.
        """
        from fcwork import runner

        body, headers = written(self.folder / plain(received.door), received)
        values = {**self.parameters, **self._own(runner.find(self.name), body, headers, received.scheme)}
        result = runner.run(self.name, values, texts=self.texts)
        details = {"run": result.run_id, "state": result.state, "report": str(result.report)}
        if result.state == "REFUSED":
            raise RefusedByHandlerError(
                f"run {result.run_id} refused it: {result.reason}", hint=f"read {result.report}"
            )
        result.raise_if_failed()
        return Handled(result.reason or f"run {result.run_id}", details, with_errors=not result.ok)

    def _own(self, notebook: Any, body: Path, headers: Path, scheme: str) -> dict[str, Any]:
        from fcwork import runner

        own: dict[str, Any] = {"PAYLOAD": str(body), "HEADERS": str(headers)}
        if scheme != "fluent" and any(each.name == "SCHEME" for each in runner.declared(notebook)):
            own["SCHEME"] = "receiver"
        return own


def written(folder: Path, received: Received) -> tuple[Path, Path]:
    """Write a message's headers and its body, each whole and on the disk, and return the body's path and theirs.

    Where another body lies under its name it gets one of its own.
    """
    folder.mkdir(parents=True, exist_ok=True)
    stem = plain(received.replay_key)
    body = folder / f"{stem}.{received.kind}"
    if body.exists() and body.read_bytes() != received.raw:
        stem = f"{stem}-{sha256(received.raw).hexdigest()[:16]}"
        body = folder / f"{stem}.{received.kind}"
    headers = folder / f"{stem}.headers.json"
    beside = json.dumps(received.beside(), indent=2, ensure_ascii=False).encode("utf-8", "replace")
    _write({headers: beside, body: received.raw})
    sync_folder(folder)
    return body.absolute(), headers.absolute()


def plain(key: str) -> str:
    """Return a replay key as a file is called: itself where it is plain, else by its hash.

    One that ends as our own names do is none: its body would lie where another message's headers do.
    """
    if _PLAIN.fullmatch(key) and not key.lower().endswith((".", ".headers")):
        return key
    return sha256(key.encode("utf-8", "replace")).hexdigest()


def _write(contents: Mapping[Path, bytes]) -> None:
    """Write files one after the other under passing names, then sync all, as one sync mostly does for the others."""
    passing = {path: path.with_name(f".{path.name}.{secrets.token_hex(4)}") for path in contents}
    try:
        with ExitStack() as opened:
            files = [opened.enter_context(passing[path].open("wb")) for path in contents]
            for file, content in zip(files, contents.values(), strict=True):
                file.write(content)
                file.flush()
            for file in files:
                os.fsync(file.fileno())
        for path, written_as in passing.items():
            written_as.replace(path)
    finally:
        for left in passing.values():
            left.unlink(missing_ok=True)
