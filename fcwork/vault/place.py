"""Where the vault lies, and what may be told of it without its passphrase."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from fcwork import locks
from fcwork.errors import ConfigError
from fcwork.vault import sealed

NAME = "fcwork.vault"
_LARGEST = 4_000_000  # bytes
_PASSING = ".passing"  # ends the name of what is being written


def file() -> Path:
    """Return the vault's file: ``FCWORK_VAULT``, else ``fcwork.vault`` beside the profiles of the Fluent CLI."""
    if named := os.environ.get("FCWORK_VAULT"):
        return Path(named).expanduser()
    return Path(os.environ.get("FLUENT_PROFILE_DIR") or Path.home() / ".fluentcommerce") / NAME


def names() -> list[str]:
    """Return the names of the entries, which are no secret; none where there is no vault, or none that can be read."""
    try:
        return sealed.names(read(file()), file()) if file().is_file() else []
    except ConfigError:
        return []


def read(path: Path) -> bytes:
    """Return the file's bytes.

    Raises:
        ConfigError: it cannot be read, or is no vault by its size.
    """
    return stamped(path)[1]


def stamped(path: Path) -> tuple[tuple[int, int], bytes]:
    """Return the file's time and size, and then its bytes: of a change in between the next look shows another stamp.

    Raises:
        ConfigError: as ``read``.
    """
    try:
        state = path.stat()
        if state.st_size > _LARGEST:
            raise ConfigError(f"{path} is too large for a vault", hint="see to FCWORK_VAULT: it names another file")
        return (state.st_mtime_ns, state.st_size), path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}", hint="see to its permissions") from error


def write(path: Path, content: bytes) -> None:
    """Write the file, whole or not at all, for its owner alone; where it is a link, what that leads to.

    Raises:
        ConfigError: it cannot be written.
    """
    path = path.resolve()
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, passing = tempfile.mkstemp(_PASSING, _before(path), path.parent)  # 0600
        try:
            with os.fdopen(handle, "wb") as out:
                out.write(content)
                out.flush()
                os.fsync(out.fileno())
            Path(passing).replace(path)
        except OSError:
            Path(passing).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}", hint="name a place of yours") from error


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Be the only one who changes the vault meanwhile; others wait.

    The folder is what is locked, so that nothing stays beside the file. Where a system locks no folders, who writes
    still finds out what was changed meanwhile.
    """
    path = path.resolve()
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder = os.open(path.parent, os.O_RDONLY)
    except OSError:  # it cannot be made, which the write tells, or folders are not opened here
        yield
        return
    try:
        with suppress(OSError):
            locks.wait_for(folder)
            for left in path.parent.iterdir():
                if left.name.startswith(_before(path)) and left.name.endswith(_PASSING):
                    left.unlink()  # its process was killed
        yield
    finally:
        os.close(folder)


def _before(path: Path) -> str:
    return f".{path.name[:40]}."
